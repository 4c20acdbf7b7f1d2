"""Annexe 1 from a plain file: anyone can compute a signed annexe again, without any database.

The file is the JSON of README; the arithmetic is `server.domain.annexe`, the same as the portal's.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from server.documents.plain_fields import Fields, Pairs, Place, told
from server.domain import labels
from server.domain.annexe import (
    Annexe,
    CommuneStock,
    Contingent,
    ExclusionCode,
    Line,
    compute,
    rate_text,
)
from server.errors import ConfigurationError, Invalid, Motif

MAX_BYTES = 10_000_000
LONGEST_INT = 20
GUARANTEE = "garantie"
ORIGINS = (GUARANTEE, "terrain", "financement", "autre")
READ = {
    "": {"communes", "lines", "droits_uniques"},
    "communes": {"insee", "name", "total", "exclusions"},
    "lines": {"reservataire", "contingent", "perimeter", "droits", "rate", "origin"},
    "droits_uniques": {"reservataire", "programme", "remaining"},
}
"""The fields that are read of the file and of an object of each list; any other is told."""
WHOLE_FILE = "*"
"""In a perimeter: every commune of the file."""


@dataclass(frozen=True, kw_only=True)
class PlainAnnexe:
    """What a file says; the key of a line is its place in the file."""

    communes: tuple[CommuneStock, ...]
    lines: tuple[Line, ...]
    warnings: tuple[Motif, ...]


def read(text: str) -> PlainAnnexe:
    """The annexe of a text in JSON; Invalid carries every fault with its place in the file."""
    root = Fields(_parse(text), Place(()))
    if not isinstance(root.content, dict):
        root.refuse("field_invalid", "attendu : un objet, avec « communes » et « lines »")
        raise Invalid(*root.motifs)
    communes = tuple(_commune(row) for row in root.rows("communes", required=True))
    everywhere = frozenset(commune.insee for commune in communes)
    lines = tuple(_line(row, everywhere) for row in root.rows("lines"))
    for row in root.rows("droits_uniques", optional=True):
        _check_droit_unique(row)
    root.motifs.extend(_duplicates(communes, lines))
    if root.motifs:
        raise Invalid(*root.motifs)
    return PlainAnnexe(communes=communes, lines=lines, warnings=tuple(_unread(root)))


def _unread(root: Fields) -> Iterator[Motif]:
    """A misspelt field is no fault, and must not go unseen either."""
    objects = [(name, row) for name in READ if name for row in root.rows(name, optional=True)]
    for name, row in (("", root), *objects):
        for unknown in sorted(row.names() - READ[name]):
            place = told(str(row.place.at(unknown)))
            message = f"{place} : ce champ n'est pas connu, il n'a pas été lu."
            yield Motif(code="field_unknown", message=message, field=place)


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_int=_int, parse_float=Decimal, object_pairs_hook=Pairs)
    except json.JSONDecodeError as error:
        message = (
            f"Le fichier n'est pas du JSON lisible : ligne {error.lineno}, colonne {error.colno}."
        )
    except RecursionError:
        message = "Le fichier est imbriqué trop profondément pour être une annexe."
    raise Invalid(Motif(code="file_unreadable", message=message))


def _int(digits: str) -> int | Decimal:
    """Python refuses to read integers of thousands of digits; a field refuses what they are."""
    return int(digits) if len(digits) < LONGEST_INT else Decimal(digits)


def _commune(row: Fields) -> CommuneStock:
    insee = row.insee("insee")
    return CommuneStock(
        insee=insee,
        name=row.text("name") or insee,
        total=row.count("total"),
        exclusions=_exclusions(row),
    )


def _exclusions(row: Fields) -> Mapping[ExclusionCode, int]:
    counts = row.inner("exclusions")
    known = {code.value for code in ExclusionCode}
    for name in counts.names() - known:
        counts.refuse(
            "exclusion_unknown", f"motif d'exclusion inconnu ; connus : {', '.join(sorted(known))}",
            name,
        )  # fmt: skip
    return {ExclusionCode(name): counts.count(name) for name in sorted(counts.names() & known)}


def _line(row: Fields, everywhere: frozenset[str]) -> Line:
    has_droits, has_rate = row.has("droits"), row.has("rate")
    if has_droits == has_rate:
        row.refuse("droits_or_rate", "donnez des droits (« droits ») ou un taux imposé (« rate »)")
    return Line(
        key=str(row.place),
        reservataire=row.text("reservataire"),
        contingent=_contingent(row),
        perimeter=_perimeter(row, everywhere),
        droits=row.hundredths("droits") if has_droits else None,
        imposed_rate_bp=int(row.rate("rate") * 100) if has_rate else None,
        is_guarantee=_origin(row) == GUARANTEE,
    )


def _origin(row: Fields) -> str | None:
    """What the rights were given for, when the file says it."""
    origin = row.value("origin")
    if origin is not None and origin not in ORIGINS:
        choices = ", ".join(f"« {name} »" for name in ORIGINS)
        row.refuse("origin_unknown", f"attendu : {choices}", "origin")
    return origin if isinstance(origin, str) else None


def _contingent(row: Fields) -> Contingent:
    known = {code.value for code in Contingent if code is not Contingent.NONE}
    value = row.value("contingent")
    if value is None:
        return Contingent.NONE
    if not isinstance(value, str) or value not in known:
        choices = " ou ".join(f"« {name} »" for name in sorted(known))
        row.refuse("contingent_unknown", f"attendu : {choices}, ou null", "contingent")
        return Contingent.NONE
    return Contingent(value)


def _perimeter(row: Fields, everywhere: frozenset[str]) -> frozenset[str]:
    codes = row.texts("perimeter")
    if codes is None:
        return frozenset()
    if not codes:
        row.refuse("perimeter_empty", "le périmètre est vide", "perimeter")
    for code in sorted(codes - everywhere - {WHOLE_FILE}):
        message = f"la commune « {told(code)} » n'est pas dans le fichier"
        row.refuse("perimeter_unknown", message, "perimeter")
    return everywhere if WHOLE_FILE in codes else codes


def _check_droit_unique(row: Fields) -> None:
    row.text("reservataire")
    row.text("programme")
    row.count("remaining")


def _duplicates(communes: Sequence[CommuneStock], lines: Sequence[Line]) -> Iterator[Motif]:
    twice = Counter(commune.insee for commune in communes)
    for index, commune in enumerate(communes):
        if commune.insee and twice[commune.insee] > 1:
            place = f"communes[{index}].insee"
            message = f"{place} : la commune {commune.insee} est répétée."
            yield Motif(code="commune_duplicated", message=message, field=place)
    seen = Counter((line.reservataire, line.contingent, line.perimeter) for line in lines)
    for line in lines:
        if seen[line.reservataire, line.contingent, line.perimeter] > 1:
            message = f"{line.key} : la ligne « {line.reservataire} » est répétée."
            yield Motif(code="line_duplicated", message=message, field=line.key)


# --- What is answered -----------------------------------------------------------------------------


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def as_json(annexe: Annexe) -> dict[str, Any]:
    """Rates and shares as texts with two decimals, in the order of the file."""
    return {
        "communes": [
            {
                "insee": share.stock.insee,
                "total": share.stock.total,
                "excluded": share.stock.excluded,
                "flux": share.stock.flux,
                "bailleur_share": rate_text(share.bailleur_share_bp),
            }
            for share in annexe.communes
        ],
        "total": {
            "total": annexe.totals.total,
            "excluded": annexe.totals.excluded,
            "flux": annexe.totals.flux,
        },
        "lines": [
            {
                "reservataire": rate.line.reservataire,
                "contingent": None
                if rate.line.contingent is Contingent.NONE
                else rate.line.contingent.value,
                "droits": _number(rate.droits),
                "denominator": rate.denominator,
                "rate": rate_text(rate.rate_bp),
            }
            for rate in annexe.lines
        ],
        "total_droits": _number(annexe.total_droits),
        "warnings": [{"code": one.code, "message": one.message} for one in annexe.warnings],
    }


def as_text(annexe: Annexe) -> str:
    """The two tables of the annexe, for a person; there is no total of rates."""
    total = annexe.totals
    stock = [
        ("Échelle", "A", "B", "C = A - B", "part du bailleur"),
        *(
            (
                share.stock.name,
                str(share.stock.total),
                str(share.stock.excluded),
                str(share.stock.flux),
                labels.percent(share.bailleur_share_bp),
            )
            for share in annexe.communes
        ),
        ("Total", str(total.total), str(total.excluded), str(total.flux), ""),
    ]
    rights = [
        ("Réservataire", "contingent", "droits", "A du périmètre", "taux"),
        *(
            (
                rate.line.reservataire,
                rate.line.contingent.value.replace("none", ""),
                labels.number(rate.droits),
                str(rate.denominator),
                labels.percent(rate.rate_bp),
            )
            for rate in annexe.lines
        ),
        ("Total", "", labels.number(annexe.total_droits), "", ""),
    ]
    warnings = [f"Attention : {warning.message}" for warning in annexe.warnings]
    return "\n\n".join([_table(stock), _table(rights), *warnings])


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        numbers = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines)


def computed(text: str) -> Annexe:
    """The annexe of a file, publishable: Invalid when a check that blocks publication fails."""
    plain = read(text)
    annexe = compute(plain.communes, plain.lines)
    if annexe.motifs:
        raise Invalid(*(_placed(motif, plain) for motif in annexe.motifs))
    return replace(annexe, warnings=(*annexe.warnings, *plain.warnings))


def _placed(motif: Motif, plain: PlainAnnexe) -> Motif:
    """The same fault with its place in the file: the law names a commune by its code."""
    places = {commune.insee: f"communes[{index}]" for index, commune in enumerate(plain.communes)}
    place = places.get(motif.field or "", motif.field or "")
    return replace(motif, message=f"{place} : {motif.message}", field=place)


def answer(path: str, *, as_data: bool) -> str:
    """What `portail annexe` prints; Invalid says why the annexe of this file may not be published.

    ConfigurationError when there is no such readable file.
    """
    annexe = computed(_text_of(Path(path)))
    return json.dumps(as_json(annexe), ensure_ascii=False) if as_data else as_text(annexe)


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ConfigurationError(f"{path} : plus de {MAX_BYTES // 1_000_000} Mo, refusé.")
        return path.read_text(encoding="utf-8-sig")
    except OSError:
        raise ConfigurationError(f"{path} : ce fichier est introuvable ou illisible.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} : ce fichier n'est pas un texte en UTF-8.") from None
