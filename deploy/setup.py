"""Prepare .venv from uv.lock with nothing but Python: run by the Makefile, before anything else.

`demo` installs what the demonstration needs, `all` the tools too, `lock` renews uv.lock. A second
run finds its stamp and does nothing.
"""

# ruff: noqa: S603, T201, INP001 # own commands only; a script that prints, in no package
import ast
import fcntl
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

UV = "uv==0.13.9"
OLDEST = (3, 11)
VERSION = f"python{sys.version_info[0]}.{sys.version_info[1]}"
ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
PLACE = VENV / "portail-place"
GROUPS = {"demo": ["--no-default-groups", "--group", "demo"], "all": ["--all-groups"]}
PLACEHOLDER = "https://index.invalid"  # the lock pins versions and hashes, the machine says where

NO_VENV = """Il manque à ce Python ({0}) de quoi créer un environnement (venv et ensurepip).
  Debian, Ubuntu : apt install python3-venv
  Autres systèmes : installez le Python complet, avec pip. Puis relancez."""
TOO_OLD = """Il faut Python 3.11 ou plus récent ; « {0} » est en version {1}.
  Debian 12, Ubuntu 24.04 et suivants : apt install python3 python3-venv
  Si un Python plus récent est déjà là : make demo PYTHON=/chemin/vers/python3"""
NO_REGISTRY = """Les paquets Python n'ont pas pu être téléchargés ({0}).
  Vérifiez que cette machine atteint un dépôt de paquets Python. Derrière un miroir, indiquez-le :
  pip config set global.index-url https://adresse-du-miroir/simple
  Derrière un relais : export HTTPS_PROXY=http://adresse:port. Puis relancez."""


def fail(sentence: str, *facts: object) -> NoReturn:
    sys.exit("\n" + sentence.format(*facts))


def run(command: list, env: Mapping = os.environ) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)


def download(label: str, command: list, env: Mapping = os.environ) -> None:
    begun = time.monotonic()
    print(f"  {label:<50}", end="", flush=True)
    answer = run(command, env)
    if answer.returncode != 0:
        print("\n" + (answer.stdout + answer.stderr).strip()[-2000:])
        fail(NO_REGISTRY, label)
    print(f"{time.monotonic() - begun:5.1f} s".replace(".", ","), flush=True)


def use_recent_python() -> None:
    """Continue under a newer Python of this machine when `python3` is an old one."""
    if sys.version_info >= OLDEST:
        return
    for minor in range(20, OLDEST[1] - 1, -1):
        newer = shutil.which(f"python3.{minor}")
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(newer, [newer, *sys.argv])  # noqa: S606 # a Python found on the PATH
    fail(TOO_OLD, sys.executable, sys.version.split()[0])


def make_venv() -> None:
    works = (VENV / "lib" / VERSION).exists() and run([PYTHON, "-c", ""]).returncode == 0
    moved = PLACE.exists() and PLACE.read_text() != str(ROOT)
    if works and not moved and (VENV / "bin" / "uv").exists():
        return
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        fail(NO_VENV, sys.executable)
    options = ["--clear"] if moved or not works else []
    answer = run([sys.executable, "-m", "venv", *options, VENV])
    if answer.returncode != 0:
        print((answer.stdout + answer.stderr).strip()[-2000:])
        if not os.access(ROOT, os.W_OK):
            fail("Impossible d'écrire dans {0} : accès refusé.", ROOT)
        fail(NO_VENV, sys.executable)
    download("Installateur uv", [PYTHON, "-m", "pip", "install", "--quiet", UV])
    PLACE.write_text(str(ROOT))


def index_environment() -> dict:
    """Environment of uv, which does not read pip's configuration: mirrors are often said there."""
    env = {**os.environ, "VIRTUAL_ENV": str(VENV)}
    if any(name.startswith("UV_") and "INDEX" in name for name in env):
        return env
    pip = {}
    for line in run([PYTHON, "-m", "pip", "config", "list"]).stdout.splitlines():
        name, _, value = line.partition("=")
        pip[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    if "index-url" in pip:
        env["UV_DEFAULT_INDEX"] = pip["index-url"]
        env["UV_INDEX"] = " ".join(pip.get("extra-index-url", "").split())
        env["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # as pip does; the hashes decide
    if "cert" in pip:
        env.setdefault("SSL_CERT_FILE", pip["cert"])
    return env


def install(wanted: str) -> None:
    content = (ROOT / "uv.lock").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    key = hashlib.sha256(content + f"{ROOT} {VERSION}".encode()).hexdigest()
    stamps = [VENV / f"portail-{name}" for name in ("all", wanted)]
    if any(stamp.exists() and stamp.read_text() == key for stamp in stamps):
        return
    print("Préparation de l'environnement Python (.venv)", flush=True)
    make_venv()
    uv, env = VENV / "bin" / "uv", index_environment()
    listed = run([uv, "export", "--quiet", "--frozen", "--no-emit-project", *GROUPS[wanted]], env)
    if listed.returncode != 0:
        fail("uv.lock ne se lit pas :\n{0}", listed.stderr)
    pins = VENV / "requirements.txt"
    pins.write_text(listed.stdout)
    pip_install = [uv, "pip", "install", "--quiet", "--python", PYTHON]
    download("Bibliothèques", [*pip_install, "--require-hashes", "-r", pins], env)
    download("Commande portail", [*pip_install, "--no-deps", "-e", "."], env)
    stamps[-1].write_text(key)


def lock() -> None:
    """Renew the lock, then hide where this machine happened to find the packages."""
    path = ROOT / "uv.lock"
    answer = run([VENV / "bin" / "uv", "lock"], index_environment())
    print(answer.stderr.strip())
    if answer.returncode != 0:
        fail(NO_REGISTRY, "uv lock")
    text = re.sub(r'registry = "https?://[^"]+"', f'registry = "{PLACEHOLDER}"', path.read_text())
    text = re.sub(r'url = "https?://[^"]*?(/packages)?/', rf'url = "{PLACEHOLDER}\1/', text)
    path.write_text(text)


def main() -> None:
    use_recent_python()
    alone = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(alone, fcntl.LOCK_EX)  # `make demo` and `make test` may start together
    wanted = sys.argv[1]
    install("all" if wanted == "lock" else wanted)
    if wanted == "lock":
        lock()


main()
