"""Who calls the API with a bearer: a token of the portal, or one of the configured issuer.

Every refusal looks the same from outside. Inside it has a reason, for the security log, and for
the calls of the organisme once it is known whose access was refused.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from server.db import machines
from server.db.machines import Credential
from server.domain.machines import is_allowed
from server.settings import MachineIssuer
from server.tenants.actors import Actor, Capacity, Channel, Role
from server.tenants.jwks import KeyCache
from server.tenants.machine_tokens import BadToken, TokenReader
from server.tenants.sessions import TOKEN_PREFIX, digest
from server.tenants.transactions import Database, Transaction

logger = structlog.get_logger()

USED_EVERY = timedelta(minutes=1)
MOST_OCTETS = 200  # of a token of the portal: those that it makes have 47
ATTACHMENT_HEADER = "portail-rattachement"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whose access was presented, and why it is refused ("" when it is not)."""

    actor: Actor
    refusal: str = ""


@dataclass(kw_only=True)
class Bearers:
    """The door of the machines; `issuer` None: tokens of the portal only."""

    database: Database
    issuer: MachineIssuer | None = None
    clock: Callable[[], datetime] = _now
    reader: TokenReader | None = field(default=None)

    def __post_init__(self) -> None:
        if self.issuer is not None and self.reader is None:
            keys = KeyCache(self.issuer.issuer, self.issuer.jwks_url)
            self.reader = TokenReader(issuer=self.issuer, keys=keys)

    async def find(self, bearer: str, *, address: str, attachment: str = "") -> Caller | None:
        """Whom this bearer acts for, from this address; None when it is nobody's.

        `attachment` is the code that binds a client of the issuer to its organisme, once.
        """
        try:
            if bearer.startswith(TOKEN_PREFIX):
                found = await self._by_token(bearer, address)
            else:
                found = await self._by_client(bearer, address, attachment)
        except BadToken as error:
            logger.warning("security.token_refused", reason=error.reason)
            return None
        if found.refusal:
            logger.warning(
                "security.token_refused",
                reason=found.refusal,
                machine_id=str(found.actor.machine_id),
                tenant_id=str(found.actor.tenant_id),
            )
        return found

    async def _by_token(self, token: str, address: str) -> Caller:
        if len(token) > MOST_OCTETS:
            raise BadToken("size")
        async with self.database.identity_transaction() as tx:
            found = await machines.find_token(tx, digest(token))
            return await self._admit(tx, found, address)

    async def _by_client(self, token: str, address: str, attachment: str) -> Caller:
        if self.reader is None:
            raise BadToken("no_issuer")
        client_id = await self.reader.client_of(token)
        issuer = self.reader.issuer.issuer
        async with self.database.identity_transaction() as tx:
            if attachment and await machines.attach_client(
                tx,
                issuer=issuer,
                client_id=client_id,
                attachment_hash=digest(attachment),
                at=self.clock(),
            ):
                logger.info("security.client_attached")
            found = await machines.find_client(tx, issuer, client_id)
            return await self._admit(tx, found, address)

    async def _admit(self, tx: Transaction, found: Credential | None, address: str) -> Caller:
        if found is None:
            raise BadToken("unknown")
        now = self.clock()
        refusal = _refusal(found, address, now)
        if not refusal and (found.last_used_at is None or now - found.last_used_at > USED_EVERY):
            await machines.touch_machine(tx, found.kind, found.id, now)
        return Caller(actor=_actor(found), refusal=refusal)


def _refusal(found: Credential, address: str, now: datetime) -> str:
    if found.revoked_at is not None:
        return "access_revoked"
    if found.expires_at <= now:
        return "access_expired"
    return "" if is_allowed(address, found.networks) else "network_refused"


def _actor(found: Credential) -> Actor:
    return Actor(
        tenant_id=found.tenant_id,
        tenant_name=found.tenant_name,
        capacity=Capacity(found.capacity),
        role=Role.MACHINE,
        channel=Channel.API,
        person_name=found.name,
        contingents=frozenset(found.contingents),
        is_absorbed=found.is_absorbed,
        scopes=frozenset(found.scopes),
        machine_id=found.id,
    )
