"""The link of one offer, for a mailbox that several people read: no account, no session.

It is sealed with the secret key of the portal and carries nothing readable: which offer, whose,
for which contingent. It opens as long as the offer waits for its answer; row-level security is
that of the réservataire itself, whatever the link says.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from uuid import UUID

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from server.tenants.actors import Actor, Capacity, Channel, Role

PURPOSE = b"portail: answer link\0"
HEADER = {"alg": "dir", "enc": "A256GCM"}
MAX_LENGTH = 400


@dataclass(frozen=True, kw_only=True)
class AnswerLink:
    """One offer and its addressee."""

    orientation_id: UUID
    reservataire_id: UUID
    contingent: str

    def holder(self, name: str = "") -> Actor:
        """Whoever has the link, under the name that she gives."""
        return Actor(
            tenant_id=self.reservataire_id,
            tenant_name="",
            capacity=Capacity.RESERVATAIRE,
            role=Role.MAILBOX,
            channel=Channel.MAIL,
            person_name=name,
            contingents=frozenset({self.contingent}),
        )


def _key(secret_key: str) -> OctKey:
    return OctKey.import_key(hashlib.sha256(PURPOSE + secret_key.encode()).digest())


def seal(secret_key: str, link: AnswerLink) -> str:
    facts = [link.orientation_id.hex, link.reservataire_id.hex, link.contingent]
    return jwe.encrypt_compact(HEADER, json.dumps(facts), _key(secret_key))


def unseal(secret_key: str, token: str) -> AnswerLink | None:
    """None for whatever was not sealed here, bent or cut short."""
    if len(token) > MAX_LENGTH:
        return None
    try:
        opened = jwe.decrypt_compact(token, _key(secret_key), algorithms=list(HEADER.values()))
        orientation, reservataire, contingent = json.loads(opened.plaintext or b"")
        return AnswerLink(
            orientation_id=UUID(orientation),
            reservataire_id=UUID(reservataire),
            contingent=contingent,
        )
    except (JoseError, ValueError):
        return None
