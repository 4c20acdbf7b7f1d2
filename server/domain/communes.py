"""Communes that merge: an old code means the new commune from the day of the merger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Merger:
    """`old_insee` is part of `new_insee` from `on_date`, first day of the new commune."""

    old_insee: str
    new_insee: str
    on_date: date
    old_name: str = ""


def commune_at(insee: str, mergers: Iterable[Merger], on: date) -> str:
    """The code of that day for a code of any day; what is unknown is left as it is."""
    into = {one.old_insee: one.new_insee for one in mergers if one.on_date <= on}
    seen = {insee}
    while insee in into and into[insee] not in seen:
        insee = into[insee]
        seen.add(insee)
    return insee


def perimeter_at(insees: Iterable[str], mergers: Iterable[Merger], on: date) -> frozenset[str]:
    """A perimeter written with codes of any day, in the codes of that day."""
    known = tuple(mergers)
    return frozenset(commune_at(insee, known, on) for insee in insees)


def codes_at(insee: str, mergers: Iterable[Merger], on: date) -> frozenset[str]:
    """All the codes that mean on that day the same commune as this one."""
    known = tuple(mergers)
    wanted = commune_at(insee, known, on)
    return frozenset({wanted, insee}) | {
        one.old_insee for one in known if commune_at(one.old_insee, known, on) == wanted
    }


def codes_merged(mergers: Iterable[Merger], on: date) -> dict[str, str]:
    """Each code that names no commune any more on that day → the commune that has it then."""
    known = tuple(mergers)
    now = {one.old_insee: commune_at(one.old_insee, known, on) for one in known}
    return {old: new for old, new in now.items() if old != new}
