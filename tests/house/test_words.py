"""Words that must be in the house, and words that must not."""

from __future__ import annotations

import ast
import hashlib
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

import server.domain
from tests.house.sources import (
    ROOT,
    at,
    files,
    functions,
    is_vendored,
    name_of,
    nodes,
    python_files,
    text_of,
)

# architecture.md §5: nouns that keep the French of the law.
FRENCH_NOUNS = {
    *("bailleur", "reservataire", "contingent", "flux", "assiette", "decompte", "orientation"),
    *("caleol", "bilan", "convention", "charte", "annexe", "commune", "epci", "qpv", "dalo"),
    *("siren", "nud", "motif", "attribution"),
}
# Other French nouns that identifiers use: each must have its line in the glossary.
OTHER_FRENCH_NOUNS = {"droits", "prefecture", "urgence"}
# architecture.md §5: words that have an exact English one.
TRANSLATED = {
    *("logement", "liberation", "candidat", "loyer", "taux", "echeance", "delai", "locataire"),
    *("demande", "demandeur", "offre", "refus", "bail", "ville", "prefet", "organisme_id"),
    *("date_fin", "menage", "utilisateur", "envoi", "reponse", "seance", "adresse"),
}
RESERVED = {"decompte"}  # art. 7; the count of a period comes with a later issue

UNFINISHED = re.compile(
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK|WI" r"P|NotImplemented" r"Error|lorem ip" r"sum)\b"
)
E_MAIL = re.compile(r"[\w.+%-]+@[a-zA-Z0-9][\w-]*(?:\.[\w-]+)+")
REGISTRIES = re.compile(
    r"(pypi\.|pythonhosted\.|npmjs\.|unpkg\.|jsdelivr\.|docker\.io|ghcr\.io|quay\.io|crates\.io"
    r"|test\.pypi|artifactory|nexus|extra-index-url\s*=|index-url\s*=)"
)
OUTSIDE = re.compile(r"(\.\./shared|/work" r"/shared)")

# sha256 of the names of real people in the source texts of the project: lower case, no accent,
# words separated by one space; in both orders, and alone when the surname is rare.
REAL_NAMES = frozenset(
    {
        "00f698f32ed72c8b09dbdf10f322e48e694f50b726002a65f68ee66cc4df6b50",
        "102a35f34670590809cbdf4fd5ac01e50092ce51f2d2224203d751903538fdc2",
        "14b0e7c50d7631b91352f9b1bd81f447940658038ad38a2a0f4a897133706ca1",
        "18907a41816e280e2725766f2fbf6979d669de9b5868135e03b07656551c8113",
        "1c69c5a9051e036a0b9d7ddcdc830506210b088c4542bf0cea6b3a19d7a43ad4",
        "1eba8b7e28157f14cc78a9efbc7ecfc802ac58f7ab0bf35ed65e95fb5ada15c2",
        "1f8c180739654a46b827dcf667aeb27af962c48ab94a35cb67442dfe16a7ddef",
        "1f9f2e484db61dce4897fcedbf2daabe3330201f91791dbbf2132d81ba962205",
        "2bd7e630161cc1fde03c9f71af7a532b15cc71f3abf93250633ad392663c301e",
        "2c62460b8a4f9c8cb611cf0ba6a58a3c978b4cccfc5c3dc0b6bbee7b52150c6d",
        "2ebf6aca2e91e269d363b6d830760c3421cfc0c7784f96d6abf9bd7c74c88a60",
        "303fc03e6aa080b2a89da2728a9c17fb948490802a1ee057a19f0052594590eb",
        "30e44c7e98acc91e993abd20f43e56b319c01576a23a12639776c07116d60b97",
        "47e552ba4b594b539a36968f21ecd1b700084db861f22d1b32f160b0107d44fd",
        "496771a6c0f11ba90cff54e12ea41e679787707c65b6df2f24504b0c213749de",
        "541bc24d521f0e3c74e1064d46b7ef9d132f1b7d79f3b6038247fc269de1fb2c",
        "57f5cd5388c3469ff7b1e04fae7fef90a18d7a95b5624594031dce1d8fed9a17",
        "5c2d3c4e884b3bb7a5704c2f97b1fddc49b62fd6b8219d1c2fc3ba5aeafc4927",
        "5fde807c1e798102259f717093d9a192fc8534f86ea00ea52491041a9a1da3fd",
        "6d3867ff3fe4da7fd0f828d32b7388aa512273c90e06ce6a16a4fb1141aaaf5a",
        "6f74e6ee26fe54afae1b409287fe5b18ac9a2b3b00ca259b32f544b9519ccde3",
        "8e18ac4f403649902de286136eb25bd8463a37f7bffde1c38376c7d32bab801b",
        "9034f87fe73c54f00e4acba3a234170ff72784933958231c5601f5f7c9a186e5",
        "922b0f99070cfb15d67e2e3339aad03fcf4365e95a4d9b16cb80e21402760d33",
        "985f53db9559eef64cf601056261b8d27208d2d9be16109ac69cc35a69059e48",
        "996e777649d1f3e6392203fcc25c554a458b55a8dd2c320efd51f9ed5da96bbb",
        "9d0c55ecb85fbb4706c5b8e9034b3cfadf56e4a812d06aacb0792291c3faeddf",
        "a4249e521a881a8aad33e8cab0b6a2f5919b8ee353dcc106f0a9b5c633426987",
        "a65d6e4718fd2c31869d94728ad7a4c7336ccd1d98803175e5bebb8ebd4457c2",
        "a6df78dea36eeac929886275877765de1a966c567646b818e1735180d06bfbff",
        "b650fb33fbda504681a4478205a7f5dc34cf16276285a04e877bc865bd4ca58e",
        "b6ffbdddda0e8dd3074cf859117084ee5e8cbc6b44c34dd4e7c62e5f7d00d7f2",
        "bb9de63effe012e72b2ab961c307e70b877b6ce1834b5300d0c0dc95c2a136c0",
        "c043e1bfda71cc48bc60b6b7898191144c107982cfcb002f65a9a08c635e3674",
        "c0466ce2f63791931bb7f67c1102dc5f82a1d39cc6c6c7bd30fcafb072d47789",
        "c38ac0a22de102155963f96b976e7cc29986e512c0ec209f0b939b3227c67ba9",
        "c552af4bdd74e36512878e74983e42745dbc9952fb445e8fc9a8cf0ffd22a8f6",
        "c6c7049a9bfad628e0758b3ba250898b881751aa8a726795464b84face9dbe4f",
        "ca224802acc44817b4f8b84fefea43c817663de8df08f6083ef73d7fd48e1b86",
        "d170d553555a1d7c5c26c342e191afcc8a07d9bf1b333244d458890ff32f0c28",
        "db5246b4b2d432bb9db3a41e70a736b7b7b0e70d011653c96e1a751a22b6c90b",
        "e61ecd6c5096a7be1d6606f5ed362b2cabd85e9552790a97c1e973e06c21944f",
        "e681062e129e1e15cf06d223b832e04107c608eb508c3d7b2e0132d231e52493",
        "ebee98e44eee78a6ae2ed20b0d635b4304dd6ba2255269ab409309c6cce42a35",
        "ed5801ea0936e97712d508276e502c15896f78035128e5b7dfa30ce0a9e1546b",
        "ee728873d05785e5b6e85bec989e18db0c6185d0538c8ae656b0d54e9de543b5",
        "eea20d6c5325083da2acd30205f4c14de8a9394c3014d90f0a2cc1b59e13bee4",
        "f454b267c7cfbbddd203c8b60bc3bd73db4bbb8e630f9dd475051f73abb8e03a",
        "f5ab8a6123fda1ac04ae3db50f080385576aa5ba99a386445636494407141e51",
        "f81f583cf6f779f84722270929190ef0e3020aaf39a9cc7d6818950785953cd9",
    }
)
LONGEST_NAME = 4


def test_no_unfinished_mark_remains() -> None:
    assert [
        at(path, number, line.strip())
        for path in files()
        if not is_vendored(path)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if UNFINISHED.search(line)
    ] == []


def test_no_function_is_a_stub() -> None:
    """A body that only passes or says `...` belongs to a protocol or an overload, nothing else."""
    assert [
        at(path, function.lineno, function.name)
        for path in python_files()
        for function in functions(path)
        if _is_empty(function) and not _is_declaration(function, path)
    ] == []


def _is_empty(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    statements = [one for one in function.body if not _is_docstring(one)]
    return all(
        isinstance(one, ast.Pass)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))
        for one in statements
    )


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _is_declaration(function: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> bool:
    inside_protocol = any(
        isinstance(node, ast.ClassDef)
        and any("Protocol" in ast.unparse(base) for base in node.bases)
        and function in node.body
        for node in nodes(path)
    )
    return inside_protocol or any("overload" in ast.unparse(one) for one in function.decorator_list)


# --- The glossary -------------------------------------------------------------------------------


def glossary() -> dict[str, str]:
    """The lines "word: meaning [article]" of the docstring of the domain."""
    lines = (server.domain.__doc__ or "").splitlines()
    begun = next(number for number, line in enumerate(lines) if line.startswith("Glossary"))
    entries = [line for line in lines[begun + 1 :] if ": " in line]
    return dict(line.split(": ", 1) for line in entries)


def test_the_glossary_has_the_nouns_of_the_law() -> None:
    assert set(glossary()) == FRENCH_NOUNS | OTHER_FRENCH_NOUNS


def test_each_entry_has_its_meaning_and_its_source() -> None:
    assert [
        word for word, line in glossary().items() if not re.search(r"\w+.* \[.+\]$", line)
    ] == []


def test_each_noun_of_the_glossary_is_used() -> None:
    words = {word for path in python_files("server") for word in _words_of_identifiers(path)}
    assert [
        noun for noun in set(glossary()) - RESERVED if not {noun, f"{noun}s", noun[:-1]} & words
    ] == []


def test_identifiers_translate_what_has_an_english_word() -> None:
    assert [
        f"{name_of(path)}: {word}"
        for path in python_files()
        for word in sorted(_words_of_identifiers(path) & _forbidden_words())
    ] == []


def _forbidden_words() -> set[str]:
    return TRANSLATED | {f"{word}s" for word in TRANSLATED}


@cache
def _words_of_identifiers(path: Path) -> frozenset[str]:
    names = {name for node in nodes(path) for name in _identifiers(node)}
    found: set[str] = set()
    for name in names:
        ours = re.sub(r"action_logement", "", name, flags=re.IGNORECASE)  # an organisme
        spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", ours)
        found |= set(spaced.lower().split("_"))
    return frozenset(found)


def _identifiers(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return [name]
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.keyword(arg=str(name)):
            return [name]
    return []


# --- People, mailboxes, places --------------------------------------------------------------------


def _hashes(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    words = re.findall("[a-z]+", plain)
    grams = {
        " ".join(words[start : start + length])
        for length in range(1, LONGEST_NAME + 1)
        for start in range(len(words) - length + 1)
    }
    return {hashlib.sha256(gram.encode()).hexdigest() for gram in grams}


def test_no_real_person_is_named() -> None:
    """No mayor, director or elected member of the source texts is in the repository."""
    named = [
        name_of(path)
        for path in files()
        if not is_vendored(path) and path.suffix not in {".svg", ".json"}
        if _hashes(text_of(path)) & REAL_NAMES
    ]
    assert named == []


def test_reference_data_names_no_real_person_either() -> None:
    data = [path for path in files() if path.suffix == ".json" and "svg" not in path.name]
    assert [name_of(path) for path in data if _hashes(text_of(path)) & REAL_NAMES] == []


def test_every_mailbox_is_invalid() -> None:
    """No mail can leave for a real address: only the reserved domain `.invalid`."""
    assert [
        at(path, number, found)
        for path in files()
        if not is_vendored(path)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        for found in E_MAIL.findall(line)
        if not found.endswith(".invalid")
    ] == []


def test_no_package_registry_is_named() -> None:
    """The house does not say from where a machine fetches its packages."""
    assert [
        at(path, number, line.strip())
        for path in files()
        if not is_vendored(path) and path != Path(__file__)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if REGISTRIES.search(line)
    ] == []


def test_the_lock_names_no_machine() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    hosts = set(re.findall(r"https?://([^/\"\s]+)", lock))
    assert [host for host in hosts if not host.endswith(".invalid")] == []


def test_nothing_reads_outside_the_repository() -> None:
    assert [
        at(path, number, line.strip())
        for path in files()
        if not is_vendored(path)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if OUTSIDE.search(line)
    ] == []


# --- Reasons beside exceptions --------------------------------------------------------------------


def test_each_ignored_rule_of_ruff_carries_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    tables = {"[tool.ruff.lint]", "[tool.ruff.lint.per-file-ignores]"}
    inside, missing = False, []
    for number, line in enumerate(lines, start=1):
        if line.startswith("["):
            inside = line in tables
        if inside and re.search(r'"[A-Z]+[0-9]*"', line) and not _has_reason(line):
            missing.append(f"pyproject.toml:{number} {line.strip()}")
    assert missing == []
    configured = tomllib.loads("\n".join(lines))["tool"]["ruff"]["lint"]
    assert configured["select"] == ["ALL"]


def _has_reason(line: str) -> bool:
    return "ALL" in line or bool(re.search(r"# \w+", line))


def test_each_exception_in_the_code_carries_its_reason() -> None:
    """`noqa: CODE` and `type: ignore[code]` are followed by why."""
    exception = re.compile(r"#\s*(?:ruff:\s*)?(?:noqa|type:\s*ignore)(.*)$")
    explained = re.compile(r"^(?:: [A-Z0-9, ]+|\[[\w, -]+\])\s*[-#–—]\s*\w+")
    assert [
        at(path, number, line.strip())
        for path in python_files()
        if path != Path(__file__)
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if (found := exception.search(line)) and not explained.match(found.group(1))
    ] == []
