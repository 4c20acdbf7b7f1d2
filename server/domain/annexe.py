"""The arithmetic of annexe 1: from rights in stock to yearly rates (art. 4, R441-5).

A is the number of dwellings of a commune, B its six exclusions, C = A - B what the flux applies
to (art. 2.2). A rate is rights divided by A of the line's perimeter, never by C, in 1/100 %
rounded half-up; the signed, rounded rates are the law of the year and the bailleur's share of a
commune is what they leave. Rates of different perimeters are never added; rights are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from server.domain import labels
from server.errors import Motif

WHOLE_BP = 10_000
"""100 % in hundredths of a percent."""

STATE_CEILING_BP = 3_000
"""The State holds at most 30 % of the bailleur's yearly flux (R441-5-2 I)."""

FONCTIONNAIRES_CEILING_BP = 500
"""Of which at most 5 % for civil and military agents (R441-5-2 I)."""

GUARANTEE_CEILING_BP = 2_000
"""What loan guarantees alone may reserve, all guarantors together (R441-5-4)."""


class ExclusionCode(StrEnum):
    """Why a dwelling stays managed in stock: the six columns of the annexe (art. 2.2)."""

    DEFENSE_SECURITE = "defense_securite"
    SANTE = "sante"
    PLAN_VENTE = "plan_vente"
    DEMOLITION = "demolition"
    PLAI_ADAPTE = "plai_adapte"
    GENS_DU_VOYAGE = "gens_du_voyage"


class Contingent(StrEnum):
    """Which of the State's two contingents a line is, if any (R441-5-2)."""

    NONE = "none"
    FONCTIONNAIRES = "fonctionnaires"
    RS = "rs"


STATE = frozenset({Contingent.FONCTIONNAIRES, Contingent.RS})


class Denominator(StrEnum):
    """By what a line's rights are divided: A as the signed annexes do, or C (Q2)."""

    TOTAL = "total"
    FLUX = "flux"


@dataclass(frozen=True, kw_only=True)
class CommuneStock:
    """One row of the first table: the bailleur's dwellings in a commune on 1 January."""

    insee: str
    name: str
    total: int
    exclusions: Mapping[ExclusionCode, int]

    @property
    def excluded(self) -> int:
        return sum(self.exclusions.values())

    @property
    def flux(self) -> int:
        return self.total - self.excluded


@dataclass(frozen=True, kw_only=True)
class Line:
    """One row of the second table, as entered.

    Either `droits`, from which the rate follows, or `imposed_rate_bp` in 1/100 % (the State's
    lines), from which the rights follow. `perimeter` holds INSEE codes: it belongs to the line,
    not to the kind of reservataire. `is_guarantee`: its rights were given for loan guarantees.
    """

    key: str
    reservataire: str
    contingent: Contingent
    perimeter: frozenset[str]
    droits: Decimal | None = None
    imposed_rate_bp: int | None = None
    is_guarantee: bool = False
    denominator: Denominator = Denominator.TOTAL


@dataclass(frozen=True, kw_only=True)
class LineRate:
    """A line with its rate: `denominator` is A of its perimeter (or C, as the line says), `exact`
    is not rounded.
    """

    line: Line
    droits: Decimal
    denominator: int
    rate_bp: int
    exact: Fraction

    def covers(self, insee: str) -> bool:
        return insee in self.line.perimeter


@dataclass(frozen=True, kw_only=True)
class CommuneShare:
    """A commune with the rates that apply there and what they leave to the bailleur.

    `bailleur_share_bp` is the remainder of the signed rates; `exact_bailleur_share` serves the
    explanation only.
    """

    stock: CommuneStock
    rates: tuple[tuple[LineRate, int], ...]
    bailleur_share_bp: int
    exact_bailleur_share: Fraction


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The total row of the first table: A, B and C of the EPCI."""

    total: int
    excluded: int
    flux: int
    exclusions: Mapping[ExclusionCode, int]


@dataclass(frozen=True, kw_only=True)
class Annexe:
    """Annexe 1, computed. There is no total of rates: their denominators differ.

    `motifs` forbid publication; `warnings` are shown and allowed.
    """

    communes: tuple[CommuneShare, ...]
    lines: tuple[LineRate, ...]
    totals: Totals
    total_droits: Decimal
    bailleur_droits: Decimal
    motifs: tuple[Motif, ...]
    warnings: tuple[Motif, ...]

    def commune(self, insee: str) -> CommuneShare | None:
        return next((share for share in self.communes if share.stock.insee == insee), None)


def rate_bp(droits: Decimal | int, denominator: int) -> int:
    """Rights over A in 1/100 %, rounded half-up on the exact fraction.

    ValueError if the denominator is not positive.
    """
    if denominator < 1:
        raise ValueError("a rate needs a perimeter that has dwellings")
    return floor(Fraction(droits) * WHOLE_BP / denominator + Fraction(1, 2))


def rate_text(rate: int) -> str:
    """A rate of the API, with a point and two decimals: 484 gives "4.84"."""
    sign = "-" if rate < 0 else ""
    whole, rest = divmod(abs(rate), 100)
    return f"{sign}{whole}.{rest:02d}"


def rates_on(annexe: Annexe, insee: str) -> tuple[tuple[LineRate, int], ...]:
    """The lines that cover the commune, with their rate in 1/100 %, in the printed order."""
    return tuple((rate, rate.rate_bp) for rate in annexe.lines if rate.covers(insee))


def compute(communes: Sequence[CommuneStock], lines: Sequence[Line]) -> Annexe:
    """Compute annexe 1 from the photograph of the stock and the rights (art. 4).

    Always answers, so that a draft can be looked at; `motifs` says why it may not be published.
    """
    rates = tuple(_line_rate(line, communes) for line in lines)
    shares = tuple(_commune_share(commune, rates) for commune in communes)
    total_droits = sum((rate.droits for rate in rates), Decimal(0))
    totals = _totals(communes)
    return Annexe(
        communes=shares,
        lines=rates,
        totals=totals,
        total_droits=total_droits,
        bailleur_droits=totals.total - total_droits,
        motifs=(*_input_motifs(communes, lines), *_rate_motifs(rates, shares)),
        warnings=tuple(_warnings(shares, totals.total)),
    )


def divisor(line: Line, communes: Sequence[CommuneStock]) -> int:
    """The dwellings of the line's perimeter by which its rights are divided."""
    covered = [commune for commune in communes if commune.insee in line.perimeter]
    if line.denominator is Denominator.FLUX:
        return sum(commune.flux for commune in covered)
    return sum(commune.total for commune in covered)


def _line_rate(line: Line, communes: Sequence[CommuneStock]) -> LineRate:
    denominator = divisor(line, communes)
    droits = _droits(line, denominator)
    if line.imposed_rate_bp is not None:
        rate, exact = line.imposed_rate_bp, Fraction(line.imposed_rate_bp, WHOLE_BP)
    elif denominator > 0:
        rate, exact = rate_bp(droits, denominator), Fraction(droits) / denominator
    else:
        rate, exact = 0, Fraction(0)
    return LineRate(line=line, droits=droits, denominator=denominator, rate_bp=rate, exact=exact)


def _droits(line: Line, denominator: int) -> Decimal:
    """Rights of a line; those of an imposed rate stay decimal (25 % of 607 is 151.75)."""
    if line.imposed_rate_bp is not None:
        return Decimal(line.imposed_rate_bp * denominator) / WHOLE_BP
    return line.droits or Decimal(0)


def _commune_share(stock: CommuneStock, rates: Sequence[LineRate]) -> CommuneShare:
    covering = tuple((rate, rate.rate_bp) for rate in rates if rate.covers(stock.insee))
    return CommuneShare(
        stock=stock,
        rates=covering,
        bailleur_share_bp=WHOLE_BP - sum(signed for _, signed in covering),
        exact_bailleur_share=1 - sum((rate.exact for rate, _ in covering), Fraction(0)),
    )


def _totals(communes: Sequence[CommuneStock]) -> Totals:
    by_code: Counter[ExclusionCode] = Counter()
    for commune in communes:
        by_code.update(commune.exclusions)
    return Totals(
        total=sum(commune.total for commune in communes),
        excluded=sum(commune.excluded for commune in communes),
        flux=sum(commune.flux for commune in communes),
        exclusions={code: by_code[code] for code in ExclusionCode},
    )


def _input_motifs(communes: Sequence[CommuneStock], lines: Sequence[Line]) -> Iterator[Motif]:
    for commune in communes:
        yield from _stock_motifs(commune)
    keys = Counter(line.key for line in lines)
    known = {commune.insee for commune in communes}
    for line in lines:
        if keys[line.key] > 1:
            yield _motif("line_duplicated", f"La ligne « {line.reservataire} » est répétée.", line)
        yield from _perimeter_motifs(line, known)
        yield from _droits_motifs(line, communes)


def _stock_motifs(commune: CommuneStock) -> Iterator[Motif]:
    if commune.total < 0 or any(count < 0 for count in commune.exclusions.values()):
        message = f"{commune.name} : un nombre de logements ne peut pas être négatif."
        yield Motif(code="negative_number", message=message, field=commune.insee)
    elif commune.excluded > commune.total:
        message = (
            f"{commune.name} : {commune.excluded} logements exclus sur {commune.total} ; "
            "un logement ne porte qu'un seul motif d'exclusion (art. 2.2)."
        )
        yield Motif(code="exclusions_exceed_total", message=message, field=commune.insee)


def _perimeter_motifs(line: Line, known: set[str]) -> Iterator[Motif]:
    if not line.perimeter:
        message = f"La ligne « {line.reservataire} » n'a pas de périmètre."
        yield _motif("perimeter_empty", message, line)
    elif not line.perimeter <= known:
        unknown = ", ".join(sorted(line.perimeter - known))
        message = f"La ligne « {line.reservataire} » porte sur une commune inconnue ({unknown})."
        yield _motif("perimeter_unknown", message, line)


def _droits_motifs(line: Line, communes: Sequence[CommuneStock]) -> Iterator[Motif]:
    imposed, droits = line.imposed_rate_bp, line.droits
    if imposed is None and droits is None:
        message = f"La ligne « {line.reservataire} » n'a ni droits ni taux."
        yield _motif("line_without_droits", message, line)
    elif min(droits or 0, imposed or 0) < 0:
        message = f"La ligne « {line.reservataire} » a un nombre négatif."
        yield _motif("negative_number", message, line)
    elif _contradicts(line, communes):
        message = f"La ligne « {line.reservataire} » a des droits qui contredisent son taux imposé."
        yield _motif("droits_contradict_rate", message, line)


def _contradicts(line: Line, communes: Sequence[CommuneStock]) -> bool:
    if line.imposed_rate_bp is None or line.droits is None:
        return False
    return line.droits != _droits(line, divisor(line, communes))


def _rate_motifs(rates: Sequence[LineRate], shares: Sequence[CommuneShare]) -> Iterator[Motif]:
    for rate in rates:
        if rate.denominator < 1 and rate.droits > 0:
            message = (
                f"La ligne « {rate.line.reservataire} » a des droits sur un périmètre où le "
                "bailleur n'a aucun logement : aucun taux ne peut en sortir."
            )
            yield _motif("perimeter_without_dwellings", message, rate.line)
        if rate.rate_bp > WHOLE_BP:
            message = (
                f"La ligne « {rate.line.reservataire} » a {labels.number(rate.droits)} droits pour "
                f"{rate.denominator} logements : son taux dépasse 100 %."
            )
            yield _motif("rate_over_whole", message, rate.line)
    for share in shares:
        if share.bailleur_share_bp < 0:
            total = labels.percent(WHOLE_BP - share.bailleur_share_bp)
            message = f"{share.stock.name} : la somme des taux est de {total}, plus de 100 %."
            yield Motif(code="sum_over_whole", message=message, field=share.stock.insee)


def _warnings(shares: Sequence[CommuneShare], total: int) -> Iterator[Motif]:
    """Ceilings over the bailleur's whole flux, weighted by A (R441-5-2 I, R441-5-4)."""
    state = _share_bp(shares, total, lambda line: line.contingent in STATE)
    agents = _share_bp(shares, total, lambda line: line.contingent is Contingent.FONCTIONNAIRES)
    guarantors = _share_bp(shares, total, lambda line: line.is_guarantee)
    if state > STATE_CEILING_BP:
        message = (
            f"L'État recevrait {labels.percent(floor(state))} du flux : "
            "au-delà de 30 %, il faut une dérogation du préfet (R441-5-2)."
        )
        yield Motif(code="state_over_ceiling", message=message)
    if agents > FONCTIONNAIRES_CEILING_BP:
        message = (
            f"Les fonctionnaires recevraient {labels.percent(floor(agents))} du flux, "
            "plus que les 5 % permis (R441-5-2)."
        )
        yield Motif(code="fonctionnaires_over_ceiling", message=message)
    if guarantors > GUARANTEE_CEILING_BP:
        message = (
            f"Les garanties d'emprunt réservent {labels.percent(floor(guarantors))} du flux : à "
            "elles toutes elles n'ouvrent pas plus de 20 % (R441-5-4)."
        )
        yield Motif(code="guarantee_over_ceiling", message=message)


def _share_bp(
    shares: Sequence[CommuneShare], total: int, counts: Callable[[Line], bool]
) -> Fraction:
    weighted = sum(
        signed * share.stock.total
        for share in shares
        for rate, signed in share.rates
        if counts(rate.line)
    )
    return Fraction(weighted, total) if total > 0 else Fraction(0)


def _motif(code: str, message: str, line: Line) -> Motif:
    return Motif(code=code, message=message, field=line.key)
