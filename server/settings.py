"""One frozen settings object, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from server.errors import ConfigurationError

Mode = Literal["demo", "production"]

DEFAULT_OIDC_SCOPES = "openid"  # nothing about a person is asked for that is not kept
DEFAULT_ALGORITHM = "RS256"
ALGORITHMS = ("ES256", "PS256", "RS256")
"""What may sign an identity: never a shared secret (HS256), never nothing (none)."""
CAPACITIES = ("bailleur", "reservataire", "prefecture", "epci")


@dataclass(frozen=True, kw_only=True)
class MachineIssuer:
    """Who gives machines their access tokens (client_credentials), besides our own tokens.

    `audience` and `scope` are what a token must carry to be for the portal; `jwks_url` "": found
    by discovery; `accepts_plain_jwt`: also `typ: JWT`, as Keycloak gives unless told otherwise.
    """

    issuer: str
    audience: str
    scope: str = "portail"
    algorithms: tuple[str, ...] = ("ES256",)
    jwks_url: str = ""
    accepts_plain_jwt: bool = False


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the portal runs and with whom it talks.

    `database_url` and `worker_database_url` are libpq addresses of logins without power
    (`portail_app`, `portail_worker`); `public_url` has no trailing slash. `oidc_client_key` is a
    private key in PEM: with it the portal signs (private_key_jwt) and the secret is not sent.
    `oidc_acr_mfa` are the values of `acr` that tell of several factors, `mfa_capacities` the
    capacities in which nobody acts with less. `mail_return`: where mails come back, with a signed
    suffix (`+…`); without it, to the sender. `api_points` is what an organisme may spend of the
    API before it waits, full again in `api_seconds`.
    """

    mode: Mode
    database_url: str
    worker_database_url: str
    public_url: str
    secret_key: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_scopes: str = DEFAULT_OIDC_SCOPES
    oidc_algorithm: str = DEFAULT_ALGORITHM
    oidc_client_key: str = ""
    oidc_acr_mfa: tuple[str, ...] = ()
    mfa_capacities: frozenset[str] = frozenset()
    api_points: int = 50_000
    api_seconds: int = 100
    machine_issuer: MachineIssuer | None = None
    smtp_url: str | None = None
    mail_from: str = "portail@portail-du-flux.invalid"
    mail_return: str | None = None
    demo_file: str | None = None

    @property
    def is_demo(self) -> bool:
        return self.mode == "demo"

    @property
    def is_https(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "").strip()
    if not value:
        raise ConfigurationError(f"La variable d'environnement {name} est obligatoire.")
    return value


def _mode(environment: Mapping[str, str]) -> Mode:
    if environment.get("PORTAIL_MODE", "production") == "demo":
        return "demo"
    return "production"


def _algorithm(environment: Mapping[str, str]) -> str:
    algorithm = environment.get("OIDC_ALGORITHM", "").strip() or DEFAULT_ALGORITHM
    if algorithm not in ALGORITHMS:
        raise ConfigurationError(
            f"OIDC_ALGORITHM={algorithm} est refusé : choisissez {', '.join(ALGORITHMS)}."
        )
    return algorithm


def _issuer(environment: Mapping[str, str], mode: Mode) -> str:
    issuer = _required(environment, "OIDC_ISSUER").rstrip("/")
    if mode == "production" and urlsplit(issuer).scheme != "https":
        raise ConfigurationError("OIDC_ISSUER doit commencer par https:// hors démonstration.")
    return issuer


def _client_key(environment: Mapping[str, str]) -> str:
    """The private key of the portal before the provider, or "" where a secret does."""
    name = environment.get("OIDC_CLIENT_KEY_FILE", "").strip()
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"La clé privée OIDC_CLIENT_KEY_FILE={name} ne se lit pas."
        ) from error


def _words(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(word for part in environment.get(name, "").split(",") if (word := part.strip()))


def _multi_factor(environment: Mapping[str, str]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Which acr tell of several factors, and who needs one; a slip must not open a door."""
    values = _words(environment, "OIDC_ACR_MFA")
    capacities = frozenset(_words(environment, "MFA_CAPACITIES"))
    unknown = capacities - set(CAPACITIES)
    if unknown:
        raise ConfigurationError(
            f"MFA_CAPACITIES nomme une qualité inconnue : {', '.join(sorted(unknown))} "
            f"(connues : {', '.join(CAPACITIES)})."
        )
    if capacities and not values:
        raise ConfigurationError(
            "MFA_CAPACITIES demande OIDC_ACR_MFA : les valeurs d'acr qui valent double "
            "authentification chez votre fournisseur d'identité."
        )
    return values, capacities


def _number(environment: Mapping[str, str], name: str, *, least: int, default: int) -> int:
    text = environment.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) < least:
        raise ConfigurationError(f"{name} doit être un nombre entier, au moins {least}.")
    return int(text)


def _machine_issuer(
    environment: Mapping[str, str], mode: Mode, public_url: str
) -> MachineIssuer | None:
    """The issuer of the machines, None when none is set: then only tokens of the portal call."""
    issuer = environment.get("MACHINE_ISSUER", "").strip().rstrip("/")
    if not issuer:
        return None
    jwks_url = environment.get("MACHINE_JWKS_URL", "").strip()
    if mode == "production" and {urlsplit(one).scheme for one in (issuer, jwks_url or issuer)} != {
        "https"
    }:
        raise ConfigurationError(
            "MACHINE_ISSUER et MACHINE_JWKS_URL doivent commencer par https:// hors démonstration."
        )
    algorithms = _words(environment, "MACHINE_ALGORITHMS") or ("ES256",)
    if not set(algorithms) <= set(ALGORITHMS):
        raise ConfigurationError(f"MACHINE_ALGORITHMS n'accepte que {', '.join(ALGORITHMS)}.")
    audience = environment.get("MACHINE_AUDIENCE", "").strip() or public_url
    if audience == environment.get("OIDC_CLIENT_ID", "").strip():
        raise ConfigurationError(
            "MACHINE_AUDIENCE doit différer d'OIDC_CLIENT_ID : sinon le jeton d'identité d'une "
            "personne ressemblerait à celui d'un outil."
        )
    return MachineIssuer(
        issuer=issuer,
        audience=audience,
        scope=environment.get("MACHINE_SCOPE", "").strip() or "portail",
        algorithms=algorithms,
        jwks_url=jwks_url,
        accepts_plain_jwt=environment.get("MACHINE_PLAIN_JWT", "").strip() == "1",
    )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raise ConfigurationError with the name of what is missing or unsafe."""
    mode = _mode(environment)
    smtp_url = environment.get("SMTP_URL") or None
    if mode == "demo" and smtp_url:
        raise ConfigurationError(
            "La démonstration refuse SMTP_URL : ses courriels se lisent à /demo/courriels."
        )
    public_url = _required(environment, "PUBLIC_URL").rstrip("/")
    if mode == "production" and urlsplit(public_url).scheme != "https":
        raise ConfigurationError("PUBLIC_URL doit commencer par https:// hors démonstration.")
    client_key = _client_key(environment)
    acr_mfa, mfa_capacities = _multi_factor(environment)
    return Settings(
        mode=mode,
        database_url=_required(environment, "DATABASE_URL"),
        worker_database_url=_required(environment, "WORKER_DATABASE_URL"),
        public_url=public_url,
        secret_key=_required(environment, "SECRET_KEY"),
        oidc_issuer=_issuer(environment, mode),
        oidc_client_id=_required(environment, "OIDC_CLIENT_ID"),
        oidc_client_secret="" if client_key else _required(environment, "OIDC_CLIENT_SECRET"),
        oidc_scopes=environment.get("OIDC_SCOPES", DEFAULT_OIDC_SCOPES),
        oidc_algorithm=_algorithm(environment),
        oidc_client_key=client_key,
        oidc_acr_mfa=acr_mfa,
        mfa_capacities=mfa_capacities,
        api_points=_number(environment, "API_POINTS", least=5_000, default=50_000),
        api_seconds=_number(environment, "API_SECONDS", least=1, default=100),
        machine_issuer=_machine_issuer(environment, mode, public_url),
        smtp_url=smtp_url,
        mail_from=environment.get("MAIL_FROM", "portail@portail-du-flux.invalid"),
        mail_return=environment.get("MAIL_RETURN", "").strip() or None,
        demo_file=environment.get("PORTAIL_DEMO_FILE"),
    )
