"""Annexe 1 by the API: drafts prepared and published, versions read and compared (art. 4)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated
from uuid import UUID

import strawberry

from server.domain.annexe import LineRate, rate_text
from server.domain.annexe_drafts import on_flux
from server.errors import Invalid, Motif
from server.operations import annexes
from server.operations.annexe_rates import ComputedAnnexe
from server.operations.annexes import ChangeLine, ReadVersion, StartDraft
from server.schema.acts import ID, INPUT, Answer, changed, perform
from server.schema.codes import ContingentCode
from server.schema.context import Info
from server.schema.errors import ActError
from server.schema.flux import FluxCommune, checked_year, flux_commune, number_text
from server.tenants.transactions import TenantTransaction


@strawberry.type(description="Une ligne du tableau 2 : droits, dénominateur, taux.")
class AnnexeLine:
    id: UUID = strawberry.field(description="Identifiant de la ligne dans cette version.")
    reservataire_id: UUID = strawberry.field(description="Identifiant du réservataire.")
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    droits: str = strawberry.field(description="Droits, en logements.")
    denominator: int = strawberry.field(description="Logements qui divisent les droits.")
    denominator_kind: str = strawberry.field(description="total : A ; flux : C.")
    rate: str = strawberry.field(description="Taux en pour cent : 4.84.")
    rate_over_flux: str | None = strawberry.field(
        description="Simulation, sans effet : ce que les mêmes droits donneraient sur C."
    )
    perimeter: list[str] = strawberry.field(description="Codes INSEE du périmètre.")
    origin: str = strawberry.field(description="garantie, terrain, financement ou autre.")
    previous_droits: str | None = strawberry.field(description="Droits de l'annexe précédente.")
    expired: str = strawberry.field(description="Droits expirés depuis.")
    added: str = strawberry.field(description="Droits nouveaux depuis.")
    reason: str | None = strawberry.field(description="Pourquoi les droits ont changé.")


@strawberry.type(description="Une ligne du tableau 3 : des logements dus une seule fois.")
class AnnexeDroitUnique:
    reservataire_id: UUID = strawberry.field(description="Identifiant du réservataire.")
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    programme: str = strawberry.field(description="Le programme.")
    remaining: int = strawberry.field(description="Logements restant dus.")


@strawberry.type(description="Une ligne qui a changé depuis la version précédente.")
class AnnexeLineChange:
    reservataire_name: str = strawberry.field(description="Nom du réservataire.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    droits_before: str | None = strawberry.field(description="Droits d'avant ; absent : nouvelle.")
    droits_now: str | None = strawberry.field(description="Droits d'ici ; absent : retirée.")
    rate_before: str | None = strawberry.field(description="Taux d'avant.")
    rate_now: str | None = strawberry.field(description="Taux d'ici.")
    reason: str = strawberry.field(description="Motif du changement.")


@strawberry.type(description="Un brouillon ou une version publiée, qui ne change plus.")
class AnnexeVersion:
    id: UUID = strawberry.field(description="Identifiant de la version.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    epci_siren: str = strawberry.field(description="SIREN de l'EPCI.")
    year: int = strawberry.field(description="Année des taux.")
    version: int = strawberry.field(description="Numéro de version dans l'année.")
    revision: int = strawberry.field(description="À rendre avec chaque acte sur un brouillon.")
    photo_on: date | None = strawberry.field(description="Jour du comptage des logements.")
    published_at: datetime | None = strawberry.field(description="Absent : brouillon.")
    published_by: str | None = strawberry.field(description="Qui l'a publiée.")
    reason: str | None = strawberry.field(description="Motif de la rectification.")
    communes: list[FluxCommune] = strawberry.field(description="Tableau 1 et parts du bailleur.")
    lines: list[AnnexeLine] = strawberry.field(description="Tableau 2, dans son ordre.")
    total_droits: str = strawberry.field(description="Total des droits ; jamais des taux.")
    droits_uniques: list[AnnexeDroitUnique] = strawberry.field(description="Tableau 3.")
    previous_id: UUID | None = strawberry.field(description="La version comparée.")
    changes: list[AnnexeLineChange] = strawberry.field(
        description="Les lignes changées depuis la version précédente."
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else number_text(value)


def _line(rate: LineRate, computed: ComputedAnnexe) -> AnnexeLine:
    row = next(
        one
        for one in computed.facts.lines
        if f"{one.reservataire_id}:{one.contingent}" == rate.line.key
    )
    over = on_flux(rate, [share.stock for share in computed.annexe.communes])
    return AnnexeLine(
        id=row.id,
        reservataire_id=row.reservataire_id,
        reservataire_name=row.reservataire_name,
        contingent=row.contingent,
        droits=number_text(rate.droits),
        denominator=rate.denominator,
        denominator_kind=row.denominator,
        rate=rate_text(rate.rate_bp),
        rate_over_flux=None if over is None else rate_text(over),
        perimeter=sorted(row.perimeter),
        origin=row.origin,
        previous_droits=_text(row.previous_droits),
        expired=number_text(row.expired),
        added=number_text(row.added),
        reason=row.change_reason,
    )


def _changes(found: ReadVersion) -> list[AnnexeLineChange]:
    moved = [one for one in found.comparison.lines if one.is_changed] if found.comparison else []
    return [
        AnnexeLineChange(
            reservataire_name=one.reservataire,
            contingent=one.contingent,
            droits_before=_text(one.before.droits) if one.before else None,
            droits_now=_text(one.now.droits) if one.now else None,
            rate_before=rate_text(one.before.rate_bp) if one.before else None,
            rate_now=rate_text(one.now.rate_bp) if one.now else None,
            reason=one.reason,
        )
        for one in moved
    ]


def annexe_version(found: ReadVersion) -> AnnexeVersion:
    computed = found.computed
    facts = computed.facts
    return AnnexeVersion(
        id=facts.id,
        bailleur_id=facts.bailleur_id,
        epci_siren=facts.epci_siren,
        year=facts.year,
        version=facts.version,
        revision=facts.revision,
        photo_on=facts.photo_on,
        published_at=facts.published_at,
        published_by=facts.published_by,
        reason=facts.reason,
        communes=[flux_commune(share) for share in computed.annexe.communes],
        lines=[_line(rate, computed) for rate in computed.annexe.lines],
        total_droits=number_text(computed.annexe.total_droits),
        droits_uniques=[
            AnnexeDroitUnique(
                reservataire_id=one.reservataire_id,
                reservataire_name=one.reservataire_name,
                programme=one.programme,
                remaining=one.remaining,
            )
            for one in facts.droits_uniques
        ],
        previous_id=found.comparison.before.facts.id if found.comparison else None,
        changes=_changes(found),
    )


async def one_annexe(info: Info, annexe_id: Annotated[UUID, ID]) -> AnnexeVersion:
    return annexe_version(await annexes.read(await info.context.read(), annexe_id))


# --- Acts ---------------------------------------------------------------------------------------


@strawberry.input(description="L'EPCI et l'année de l'annexe à préparer.")
class StartAnnexeInput:
    epci_siren: str = strawberry.field(description="SIREN de l'EPCI.")
    year: int = strawberry.field(description="Année des taux.")
    reason: str = strawberry.field(
        default="", description="Motif, si l'annexe de cette année est déjà publiée."
    )


@strawberry.input(description="Les droits d'une ligne d'un brouillon.")
class ChangeAnnexeLineInput:
    annexe_id: UUID = strawberry.field(description="Le brouillon.")
    line_id: UUID = strawberry.field(description="La ligne.")
    revision: int = strawberry.field(description="La révision lue.")
    perimeter: list[str] = strawberry.field(description="Codes INSEE du périmètre.")
    expired: str = strawberry.field(default="0", description="Droits expirés, deux décimales.")
    added: str = strawberry.field(default="0", description="Droits nouveaux, deux décimales.")
    rate_bp: int | None = strawberry.field(
        default=None, description="Taux imposé d'une ligne de l'État, en centièmes de pour cent."
    )
    origin: str = strawberry.field(
        default="autre", description="garantie, terrain, financement ou autre."
    )
    denominator_kind: str = strawberry.field(default="total", description="total : A ; flux : C.")
    reason: str = strawberry.field(default="", description="Pourquoi les droits changent.")


@strawberry.input(description="Le brouillon à publier, tel qu'il a été lu.")
class PublishAnnexeInput:
    id: UUID = strawberry.field(description="Le brouillon.")
    revision: int = strawberry.field(description="La révision lue.")


@strawberry.type(description="L'annexe 1 changée, ou pourquoi elle ne l'est pas.")
class AnnexePayload:
    annexe = strawberry.field(
        resolver=changed,
        graphql_type=AnnexeVersion | None,
        description="Le brouillon ou la version.",
    )
    errors: list[ActError] = strawberry.field(description="Les motifs du refus ; vide si fait.")


async def start_annexe(
    info: Info, command: Annotated[StartAnnexeInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def work(tx: TenantTransaction) -> AnnexeVersion:
        draft = StartDraft(
            epci_siren=command.epci_siren, year=checked_year(command.year), reason=command.reason
        )
        return annexe_version(await annexes.read(tx, await annexes.start(tx, draft)))

    return await perform(info, work)


def droits_of(text: str, field: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        message = "Donnez un nombre, par exemple 14.5."
        raise Invalid(Motif(code="number_invalid", message=message, field=field))
    return value


async def annexe_after(
    info: Info, annexe_id: UUID, act: Callable[[TenantTransaction], Awaitable[object]]
) -> Answer[AnnexeVersion]:
    """The annexe as the act leaves it."""

    async def work(tx: TenantTransaction) -> AnnexeVersion:
        await act(tx)
        return annexe_version(await annexes.read(tx, annexe_id))

    return await perform(info, work)


async def change_annexe_line(
    info: Info, command: Annotated[ChangeAnnexeLineInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        line = ChangeLine(
            annexe_id=command.annexe_id,
            line_id=command.line_id,
            revision=command.revision,
            perimeter=frozenset(command.perimeter),
            expired=droits_of(command.expired, "expired"),
            added=droits_of(command.added, "added"),
            rate_bp=command.rate_bp,
            origin=command.origin,
            denominator=command.denominator_kind,
            reason=command.reason,
        )
        await annexes.change_line(tx, line)

    return await annexe_after(info, command.annexe_id, act)


async def publish_annexe(
    info: Info, command: Annotated[PublishAnnexeInput, INPUT]
) -> Answer[AnnexeVersion]:
    async def act(tx: TenantTransaction) -> None:
        await annexes.publish(tx, command.id, command.revision)

    return await annexe_after(info, command.id, act)
