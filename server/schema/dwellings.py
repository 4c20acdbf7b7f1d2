"""Dwellings, their vacancies, and who should receive them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import strawberry

from server.db.dwellings import DwellingFilter
from server.db.dwellings import Vacancy as VacancyRow
from server.domain.annexe import rate_text
from server.domain.flux import BAILLEUR
from server.errors import Invalid, Motif
from server.operations import advice, vacancies
from server.operations.advice import ExplainedAdvice
from server.operations.flux import split_party_key
from server.operations.vacancies import RegisterVacancy
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.codes import (
    ContingentCode,
    ExclusionCode,
    FinancingCode,
    KeptNature,
    KindCode,
    SetAsideReason,
    StratumFamily,
    TypologyCode,
    VacancyNature,
    VacancyState,
)
from server.schema.context import Context, Info
from server.schema.errors import ActError
from server.schema.objects import Single
from server.schema.paging import (
    DEFAULT_PAGE,
    After,
    Connection,
    First,
    PageInfo,
    connection,
    page_request,
)
from server.schema.quantities import Quantity, quantity
from server.schema.selection import Selection, selection
from server.tenants.transactions import TenantTransaction

MAX_SEARCH = 200
"""Each word of a search costs the database a comparison."""


@strawberry.type(description="Un logement social.")
class Dwelling:
    id: UUID = strawberry.field(description="Identifiant du logement.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    reference: str | None = strawberry.field(
        description="Référence chez le bailleur ; réservée aux parties."
    )
    rpls_id: str | None = strawberry.field(
        description="Identifiant au répertoire RPLS ; réservé aux parties."
    )
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    commune_name: str = strawberry.field(description="Nom de la commune.")
    address: str | None = strawberry.field(description="Adresse ; réservée aux parties.")
    kind: str = strawberry.field(description="Nature du logement.", graphql_type=KindCode)
    typology: str = strawberry.field(description="Typologie.", graphql_type=TypologyCode)
    surface_m2: Decimal = strawberry.field(description="Surface en mètres carrés.")
    financing: str = strawberry.field(description="Financement.", graphql_type=FinancingCode)
    built_year: int = strawberry.field(description="Année d'achèvement.")
    delivered_on: date | None = strawberry.field(description="Date de livraison, s'il est neuf.")
    is_qpv: bool = strawberry.field(description="S'il est en quartier prioritaire de la ville.")
    exclusion: str | None = strawberry.field(
        description="Motif d'exclusion de l'assiette, s'il y en a un.",
        graphql_type=ExclusionCode | None,
    )
    left_on: date | None = strawberry.field(
        description="Premier jour hors du patrimoine, s'il en est sorti."
    )


@strawberry.type(description="Le retard d'un organisme dans une strate du flux (R441-5-1).")
class StratumLag:
    family: str = strawberry.field(
        description="Ce que la strate partage.", graphql_type=StratumFamily
    )
    value: str = strawberry.field(description="Sa valeur, en code ; vide pour le total.")
    lag: Quantity = strawberry.field(description="Retard ; négatif, avance.")


@strawberry.type(description="Un organisme qui peut recevoir le logement.")
class Proposal:
    name: str = strawberry.field(description="Nom de l'organisme, contingent compris.")
    is_bailleur: bool = strawberry.field(description="S'il s'agit de la part du bailleur.")
    reservataire_id: UUID | None = strawberry.field(
        description="Identifiant du réservataire ; absent pour la part du bailleur."
    )
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    rank: int = strawberry.field(description="Rang de la proposition, à partir de 1.")
    lag: Quantity = strawberry.field(description="Retard sur son quota ; négatif, avance.")
    rate: str = strawberry.field(description="Taux dans la commune, en pour cent : 4.84.")
    rate_bp: int = strawberry.field(description="Le même en centièmes de pour cent.")
    sentence: str = strawberry.field(description="Pourquoi, en une phrase.")
    score: Quantity | None = strawberry.field(
        description="Somme pondérée des retards, qui donne l'ordre."
    )
    strata: list[StratumLag] = strawberry.field(
        description="Son retard dans chaque strate du logement, le total d'abord."
    )


@strawberry.type(description="Un organisme qui ne peut pas recevoir le logement.")
class SetAside:
    name: str = strawberry.field(description="Nom de l'organisme, contingent compris.")
    reservataire_id: UUID | None = strawberry.field(description="Identifiant du réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    code: str = strawberry.field(description="Pourquoi, en code.", graphql_type=SetAsideReason)
    sentence: str = strawberry.field(description="Pourquoi, en une phrase.")


@strawberry.type(description="Le conseil du portail ; le bailleur décide (art. 5.1).")
class Advice:
    year: int = strawberry.field(description="Année des annexes et des comptes lus.")
    proposals: list[Proposal] = strawberry.field(description="Du plus en retard au moins.")
    set_aside: list[SetAside] = strawberry.field(description="Les organismes écartés.")
    note: str | None = strawberry.field(description="Une particularité, en une phrase.")
    droit_unique_id: UUID | None = strawberry.field(
        description="Le droit unique à servir, quand le logement revient à la part du bailleur."
    )
    own_share: str | None = strawberry.field(description="Pourquoi celui-là, en une phrase.")
    rule_version: str | None = strawberry.field(description="Version de la règle qui ordonne.")
    settings_version: str | None = strawberry.field(
        description="Version de la charte qui fixe ce qui compte."
    )
    ledger_position: int | None = strawberry.field(
        description="Dernière écriture du registre comptée."
    )
    annexe_id: UUID | None = strawberry.field(description="Annexe 1 dont viennent les taux.")


def _vacancy_advice(root: strawberry.Parent[VacancyRow], info: Info) -> Any:
    return info.context.loaded.advice.of(root.id)


@strawberry.type(description="Un logement qui se libère.")
class Vacancy:
    id: UUID = strawberry.field(description="Identifiant de la libération.")
    dwelling: Dwelling = strawberry.field(description="Le logement.")
    nature: str = strawberry.field(
        description="Ce que la libération est pour le flux.", graphql_type=VacancyNature
    )
    state: str = strawberry.field(description="État de la libération.", graphql_type=VacancyState)
    notice_on: date | None = strawberry.field(description="Jour de réception du congé.")
    free_on: date = strawberry.field(description="Premier jour où le logement est libre.")
    registered_at: datetime = strawberry.field(description="Instant de l'enregistrement.")
    registered_on: date = strawberry.field(description="Jour de l'enregistrement, à Paris.")
    charged_reservataire_id: UUID | None = strawberry.field(
        description="Réservataire auquel une affectation d'urgence est imputée."
    )
    charged_contingent: str = strawberry.field(
        description="Son contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    version: int = strawberry.field(description="Numéro de version, qui croît à chaque acte.")
    advice = strawberry.field(
        resolver=_vacancy_advice,
        graphql_type=Advice,
        description="Qui devrait recevoir ce logement, et pourquoi.",
    )


@strawberry.type(description="Une libération dans une page.")
class VacancyEdge:
    node: Vacancy = strawberry.field(description="La libération.")
    cursor: str = strawberry.field(description="Son curseur.")


@strawberry.type(description="Une page de libérations, de la plus récente à la plus ancienne.")
class VacancyConnection:
    edges: list[VacancyEdge] = strawberry.field(description="Les libérations de la page.")
    page_info: PageInfo = strawberry.field(description="Où se trouve la page.")


# --- Advice -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class _Party:
    """A party of an advice, from its key in the domain."""

    reservataire_id: UUID | None
    contingent: str


def party_of(key: str) -> _Party:
    if ":" not in key:
        return _Party(reservataire_id=None, contingent="none")
    reservataire_id, contingent = split_party_key(key)
    return _Party(reservataire_id=reservataire_id, contingent=contingent)


def advice_of(explained: ExplainedAdvice) -> Advice:
    return frozen_advice(explained.snapshot(), explained.names)


def frozen_advice(snapshot: dict[str, Any], names: dict[str, str]) -> Advice:
    """An advice as it is kept with the decision; the name is the head of the sentence."""
    return Advice(
        year=snapshot["year"],
        note=snapshot["note"],
        droit_unique_id=UUID(snapshot["droit_unique"]) if snapshot.get("droit_unique") else None,
        own_share=snapshot.get("own_share"),
        rule_version=snapshot.get("rule"),
        settings_version=snapshot.get("settings"),
        ledger_position=snapshot.get("position"),
        annexe_id=UUID(snapshot["annexe"]) if snapshot.get("annexe") else None,
        proposals=[
            Proposal(
                **vars(party_of(one["party"])),
                name=names.get(one["party"]) or _head(one["sentence"]),
                is_bailleur=one["party"] == BAILLEUR,
                rank=one["rank"],
                lag=quantity(one["lag"]),
                rate=rate_text(one["rate_bp"]),
                rate_bp=one["rate_bp"],
                sentence=one["sentence"],
                score=quantity(one["score"]) if "score" in one else None,
                strata=_strata(snapshot, one),
            )
            for one in snapshot["proposals"]
        ],
        set_aside=[
            SetAside(
                **vars(party_of(one["party"])),
                name=names.get(one["party"]) or _head(one["sentence"]),
                code=one["code"],
                sentence=one["sentence"],
            )
            for one in snapshot["set_aside"]
        ],
    )


def _strata(snapshot: dict[str, Any], one: dict[str, Any]) -> list[StratumLag]:
    """None in the advices kept before the ledger."""
    values = snapshot.get("strata", {})
    return [
        StratumLag(family=family, value=values[family], lag=quantity(lag))
        for family, lag in one.get("lags", {}).items()
    ]


def _head(sentence: str) -> str:
    return sentence.split(" : ", maxsplit=1)[0]


async def look_ahead(
    context: Context, tx: TenantTransaction, rows: Sequence[VacancyRow], wanted: Selection
) -> None:
    """Read what was selected below these vacancies, in one go for all of them."""
    if "advice" in wanted and rows:
        found = await advice.advise_each(tx, rows)
        ids = [row.id for row in rows]
        context.loaded.advice.keep(ids, {key: advice_of(one) for key, one in found.items()}, None)


# --- Queries ----------------------------------------------------------------------------------


async def dwellings(
    info: Info,
    search: Annotated[
        str, strawberry.argument(description="Mots de la référence, de l'adresse, de la commune.")
    ] = "",
    insee: Annotated[
        str | None, strawberry.argument(description="Code INSEE de la commune.")
    ] = None,
) -> Any:
    if len(search) > MAX_SEARCH:
        message = f"Une recherche compte au plus {MAX_SEARCH} caractères."
        raise Invalid(Motif(code="search_too_long", message=message, field="search"))
    wanted = DwellingFilter(text=search, insee=insee)
    return await vacancies.search_dwellings(await info.context.read(), wanted)


_vacancy = Single(vacancies.get, look_ahead)


async def vacancy_page(
    info: Info,
    first: First = DEFAULT_PAGE,
    after: After = None,
    state: Annotated[
        str | None,
        strawberry.argument(description="Cet état seulement.", graphql_type=VacancyState | None),
    ] = None,
    awaiting: Annotated[
        bool,
        strawberry.argument(description="Seulement celles du flux qui attendent une orientation."),
    ] = False,
) -> Connection:
    request = page_request(first, after)
    tx = await info.context.read()
    page = await vacancies.list_page(tx, request, state=state, awaiting=awaiting)
    await look_ahead(info.context, tx, page.items, selection(info).at("edges", "node"))
    return connection(page, "registered_at", after=after)


async def one_vacancy(
    info: Info,
    vacancy_id: Annotated[UUID, ID],
) -> Any:
    return await _vacancy.asked(info, vacancy_id)


# --- Mutations --------------------------------------------------------------------------------


@strawberry.type(description="La libération changée, ou pourquoi rien n'a changé.")
class VacancyPayload:
    vacancy = strawberry.field(
        resolver=changed, graphql_type=Vacancy | None, description="La libération."
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


@strawberry.input(description="Un locataire s'en va.")
class RegisterVacancyInput:
    dwelling_id: UUID = strawberry.field(description="Le logement.")
    free_on: date = strawberry.field(description="Premier jour où il est libre.")
    notice_on: date | None = strawberry.field(
        description="Jour de réception du congé.", default=None
    )


@strawberry.input(description="Le bailleur garde un logement libéré.")
class KeepVacancyInput:
    vacancy_id: UUID = strawberry.field(description="La libération.")
    nature: str = strawberry.field(description="Pourquoi.", graphql_type=KeptNature)
    reason: str = strawberry.field(description="Précision, portée au journal.", default="")


async def register_vacancy(
    info: Info, command: Annotated[RegisterVacancyInput, INPUT]
) -> Answer[VacancyRow]:
    async def work(tx: TenantTransaction) -> VacancyRow:
        vacancy_id = await vacancies.register(tx, RegisterVacancy(**vars(command)))
        return await _vacancy.changed(info, tx, vacancy_id, "vacancy")

    return await perform(info, work)


async def keep_vacancy(
    info: Info, command: Annotated[KeepVacancyInput, INPUT]
) -> Answer[VacancyRow]:
    async def work(tx: TenantTransaction) -> VacancyRow:
        await vacancies.keep(tx, command.vacancy_id, nature=command.nature, reason=command.reason)
        return await _vacancy.changed(info, tx, command.vacancy_id, "vacancy")

    return await perform(info, work)
