"""One frozen settings object, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from server.errors import ConfigurationError

Mode = Literal["demo", "production"]

DEFAULT_OIDC_SCOPES = "openid profile email"
DEFAULT_ALGORITHM = "RS256"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Where the portal runs and with whom it talks.

    `database_url` and `worker_database_url` are libpq addresses of logins without power
    (`portail_app`, `portail_worker`); `public_url` has no trailing slash.
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
    smtp_url: str | None = None
    mail_from: str = "portail@portail-du-flux.invalid"
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
    return Settings(
        mode=mode,
        database_url=_required(environment, "DATABASE_URL"),
        worker_database_url=_required(environment, "WORKER_DATABASE_URL"),
        public_url=public_url,
        secret_key=_required(environment, "SECRET_KEY"),
        oidc_issuer=_required(environment, "OIDC_ISSUER").rstrip("/"),
        oidc_client_id=_required(environment, "OIDC_CLIENT_ID"),
        oidc_client_secret=_required(environment, "OIDC_CLIENT_SECRET"),
        oidc_scopes=environment.get("OIDC_SCOPES", DEFAULT_OIDC_SCOPES),
        oidc_algorithm=environment.get("OIDC_ALGORITHM", DEFAULT_ALGORITHM),
        smtp_url=smtp_url,
        mail_from=environment.get("MAIL_FROM", "portail@portail-du-flux.invalid"),
        demo_file=environment.get("PORTAIL_DEMO_FILE"),
    )
