"""From the rows of the database to the facts that the law of the bilan counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server.db.bilans import BilanRow
from server.domain.bilans import Nature, OrientationRow, VacancyRow
from server.domain.deadlines import local_day
from server.domain.dwellings import Financing, Typology
from server.domain.flux import BAILLEUR
from server.domain.orientations import Acceptance, State
from server.operations.flux import party_key

OWN = "own"


@dataclass(frozen=True, kw_only=True)
class BilanFacts:
    """What `compile_bilan` takes, and the row of each vacancy for what it leaves aside."""

    vacancies: tuple[VacancyRow, ...]
    orientations: tuple[OrientationRow, ...]
    rows: dict[str, BilanRow]


def facts_of(rows: Sequence[BilanRow]) -> BilanFacts:
    by_vacancy = {str(row.vacancy_id): row for row in rows}
    offers = [_orientation(row) for row in rows if row.orientation_id is not None]
    kept = [_kept(row, offers) for row in by_vacancy.values() if row.nature == OWN]
    return BilanFacts(
        vacancies=tuple(_vacancy(row) for row in by_vacancy.values()),
        orientations=(*offers, *kept),
        rows=by_vacancy,
    )


def _vacancy(row: BilanRow) -> VacancyRow:
    charged = row.charged_reservataire_id
    return VacancyRow(
        key=str(row.vacancy_id),
        on=row.registered_on,
        nature=Nature.FLUX if row.nature == OWN else Nature(row.nature),
        insee=row.insee,
        commune_name=row.commune_name,
        address=row.address,
        dwelling_ref=row.reference,
        typology=Typology(row.typology),
        financing=Financing(row.financing),
        is_qpv=row.is_qpv,
        built_year=row.built_year,
        surface=int(row.surface_m2),
        rpls_id=row.rpls_id,
        charged_to=party_key(charged, row.charged_contingent) if charged else None,
    )


def _orientation(row: BilanRow) -> OrientationRow:
    return OrientationRow(
        key=str(row.orientation_id),
        vacancy_key=str(row.vacancy_id),
        party_key=f"{row.reservataire_id}:{row.contingent}",
        rank=row.rank or 1,
        state=State(str(row.state)),
        sent_on=row.sent_on,
        acceptance=Acceptance(row.acceptance_mode) if row.acceptance_mode else None,
        answered_on=row.accepted_on or _day(row.answered_at),
        candidates_on=_day(row.candidates_at),
        candidate_count=row.candidate_count,
        caleol_on=_day(row.caleol_at),
        attributed_on=row.attributed_on,
        leased_on=row.leased_on,
        is_droit_unique=row.is_droit_unique,
    )


def _kept(row: BilanRow, offers: Iterable[OrientationRow]) -> OrientationRow:
    """A dwelling kept on the bailleur's own share counts as oriented to itself (T7)."""
    vacancy_key = str(row.vacancy_id)
    earlier = sum(one.vacancy_key == vacancy_key for one in offers)
    return OrientationRow(
        key=f"{vacancy_key}:{OWN}",
        vacancy_key=vacancy_key,
        party_key=BAILLEUR,
        rank=1 + earlier,
        state=State.SEARCHING,
        sent_on=row.registered_on,
    )


def _day(instant: datetime | None) -> date | None:
    return local_day(instant) if instant else None
