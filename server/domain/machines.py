"""What an access for a machine may be: its name, how long, from which networks.

A rule of the house, not of the law: an access ends within a year, and somebody renews it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from server.domain.deadlines import PARIS
from server.errors import Motif

LONGEST = timedelta(days=365)
NAME_LENGTH = 80
CLIENT_LENGTH = 200
MOST_NETWORKS = 20
NOTICE_DAYS = (30, 7)
"""How long before its end an access is announced to its organisme, once each."""


def name_motifs(name: str, taken: Iterable[str]) -> tuple[Motif, ...]:
    """`taken`: the names of the accesses in force."""
    if not name or len(name) > NAME_LENGTH:
        message = f"Nommez l'outil qui se servira de cet accès, en {NAME_LENGTH} signes au plus."
        return (Motif(code="name_required", message=message, field="name"),)
    if name.casefold() in {one.casefold() for one in taken}:
        message = "Un accès en cours porte déjà ce nom : révoquez-le, ou nommez celui-ci autrement."
        return (Motif(code="name_taken", message=message, field="name"),)
    return ()


def client_motifs(client_id: str) -> tuple[Motif, ...]:
    """The identifier of a client of the issuer, as its tokens carry it."""
    if client_id and len(client_id) <= CLIENT_LENGTH and client_id.isprintable():
        return ()
    message = "Indiquez l'identifiant du client, tel que le serveur d'identité le connaît."
    return (Motif(code="client_required", message=message, field="client_id"),)


def last_day_motifs(last_day: date | None, today: date) -> tuple[Motif, ...]:
    """The last day of use: from today on, within a year."""
    if last_day is not None and today <= last_day <= today + LONGEST - timedelta(days=1):
        return ()
    limit = today + LONGEST - timedelta(days=1)
    message = f"Choisissez un dernier jour entre aujourd'hui et le {limit:%d/%m/%Y}, un an au plus."
    return (Motif(code="expiry_invalid", message=message, field="last_day"),)


def end_of(last_day: date) -> datetime:
    """The exclusive end of the last day, in Paris."""
    return datetime.combine(last_day + timedelta(days=1), time(), PARIS)


def noticed_at_first(last_day: date, today: date) -> int | None:
    """The notices that an access made for a short time no longer needs: who makes it knows."""
    left = (last_day - today).days
    return min((days for days in NOTICE_DAYS if left <= days), default=None)


# --- Networks -----------------------------------------------------------------------------------


def read_networks(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[Motif, ...]]:
    """The ranges of these lines in their canonical form, and what is wrong with them."""
    found: list[str] = []
    for line in filter(None, (line.strip() for line in lines)):
        network = _network(line)
        if network is None:
            message = (
                f"« {line[:50]} » n'est pas une plage d'adresses, comme 192.0.2.0/24 "
                "ou 2001:db8::/48."
            )
            return (), (Motif(code="network_invalid", message=message, field="networks"),)
        found.append(str(network))
    if len(found) > MOST_NETWORKS:
        message = f"Indiquez {MOST_NETWORKS} plages au plus."
        return (), (Motif(code="network_too_many", message=message, field="networks"),)
    return tuple(dict.fromkeys(found)), ()


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """A range that is not the whole internet; an address alone is a range of one."""
    try:
        network = ip_network(text)
    except ValueError:
        return None
    return network if network.prefixlen else None


def is_allowed(address: str, networks: Sequence[str]) -> bool:
    """Whether a call may come from this address; no range: from anywhere. Unreadable: no."""
    if not networks:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ip_network(network) for network in networks)
