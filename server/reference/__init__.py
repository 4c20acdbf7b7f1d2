"""Reference data that ships with the portal; ATTRIBUTION.md gives source and licence of each."""

from __future__ import annotations

import json
import unicodedata
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def sort_key(label: str) -> str:
    """Lower case without accents: PostgreSQL without ICU cannot sort or search French."""
    decomposed = unicodedata.normalize("NFKD", label)
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign)).casefold()


def load_epcis() -> list[dict[str, Any]]:
    """Rows of the table `epcis`."""
    return [
        {
            "siren": epci["siren"],
            "name": epci["nom"],
            "kind": epci["type"],
            "population": epci["population_totale"],
        }
        for epci in _read("epci74.json")["epci"]
    ]


def load_communes() -> list[dict[str, Any]]:
    """Rows of the table `communes`: the 279 communes of 2026."""
    return [
        {
            "insee": commune["code_insee"],
            "name": commune["nom"],
            "sort_name": sort_key(commune["nom"]),
            "siren": commune["siren"],
            "epci_siren": commune["epci_siren"],
            "population": commune["population_municipale_cog"],
        }
        for commune in _read("communes74.json")["communes"]
    ]


def load_lec_territories() -> list[dict[str, Any]]:
    """Rows of the table `lec_territories`: EPCI whose president receives the bilan (art. 7)."""
    return [
        {
            "epci_siren": territory["epci_siren"],
            "from_on": date.fromisoformat(territory["from_on"]),
            "to_on": None,
        }
        for territory in _read("lec74.json")["territories"]
    ]


def load_zones() -> list[dict[str, Any]]:
    """Rows of the table `commune_zones`: ABC before and since the arrêté of 5 July 2024."""
    content = _read("zones74.json")
    days = [date.fromisoformat(content["from_on"][year]) for year in ("2022", "2024")]
    return [
        {"insee": insee, "from_on": day, "zone": zone, "has_qpv": has_qpv}
        for insee, before, since, has_qpv in content["zones"]
        for day, zone in zip(days, (before, since), strict=True)
    ]


def load_mergers() -> list[dict[str, Any]]:
    """Rows of the table `commune_mergers`: former codes that files still carry."""
    return [
        {
            "old_insee": old,
            "old_name": name,
            "new_insee": new,
            "on_date": date.fromisoformat(on_date),
        }
        for old, name, new, on_date in _read("mergers74.json")["mergers"]
    ]


@cache
def load_outlines() -> tuple[str, dict[str, str]]:
    """The view box of the map, and the outline of each commune by its INSEE code (SVG paths)."""
    content = _read("communes74-svg-paths.json")
    return content["viewBox"], content["paths"]


@cache
def load_rpls() -> dict[str, Any]:
    """Fields and codes of the declaration to the RPLS (arrêté du 5 janvier 2010, annexe)."""
    return _read("rpls.json")
