"""The frozen content of a bilan, volet by volet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import strawberry

from server.domain import labels
from server.domain.annexe import rate_text
from server.domain.bilans import Dimension
from server.domain.dwellings import MUTATION_CEILING_BP
from server.schema.codes import (
    BilanAnswer,
    BilanNature,
    BilanOutcome,
    ContingentCode,
    DimensionCode,
    FinancingCode,
    IndicatorCode,
    MutationLevel,
    TypologyCode,
)
from server.schema.quantities import Quantity, quantity

_PARTY = "Clé de l'organisme, à chercher dans « parties »."
_DUE = "Ce qui lui revient."
_ORIENTED = "Logements orientés vers lui."
_ATTRIBUTED = "Logements attribués en CALEOL."
_LEASED = "Logements attribués suivis d'un bail."
_GAP = "Écart au décompte ; négatif, en retard."


@strawberry.type(description="Un organisme compté dans le bilan, et ses totaux.")
class BilanParty:
    key: str = strawberry.field(description="Clé de l'organisme dans ce bilan.")
    name: str = strawberry.field(description="Nom de l'organisme.")
    siren: str = strawberry.field(description="SIREN de l'organisme.")
    contingent: str = strawberry.field(
        description="Contingent de l'État, s'il y en a un.", graphql_type=ContingentCode
    )
    due: Quantity = strawberry.field(description=_DUE)
    oriented: int = strawberry.field(description=_ORIENTED)
    attributed: int = strawberry.field(description=_ATTRIBUTED)
    leased: int = strawberry.field(description=_LEASED)
    gap: Quantity = strawberry.field(description=_GAP)


@strawberry.type(description="Une ligne d'un tableau consolidé : un organisme, une valeur.")
class BilanCell:
    party_key: str = strawberry.field(description=_PARTY)
    value: str = strawberry.field(description="Code de la valeur ; code INSEE pour une commune.")
    label: str = strawberry.field(description="La valeur, en français.")
    due: Quantity = strawberry.field(description=_DUE)
    oriented: int = strawberry.field(description=_ORIENTED)
    attributed: int = strawberry.field(description=_ATTRIBUTED)
    leased: int = strawberry.field(description=_LEASED)
    gap: Quantity = strawberry.field(description=_GAP)


@strawberry.type(description="Un tableau du volet 2 : le bilan ventilé selon un critère.")
class BilanTable:
    dimension: str = strawberry.field(description="Le critère.", graphql_type=DimensionCode)
    cells: list[BilanCell] = strawberry.field(description="Les lignes du tableau.")


@strawberry.type(description="Un taux signé, tel qu'il a servi au bilan.")
class BilanRate:
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    party_key: str = strawberry.field(description=_PARTY)
    rate: str = strawberry.field(description="Taux en pour cent : 4.84.")
    rate_bp: int = strawberry.field(description="Taux en centièmes de pour cent : 484.")


@strawberry.type(description="Une ligne du volet 1 : une libération et l'une de ses offres.")
class BilanDetail:
    rpls_id: str = strawberry.field(description="Identifiant au répertoire RPLS.")
    reference: str = strawberry.field(description="Référence chez le bailleur.")
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    commune_name: str = strawberry.field(description="Nom de la commune.")
    epci_siren: str | None = strawberry.field(description="SIREN de l'EPCI.")
    address: str = strawberry.field(description="Adresse du logement.")
    typology: str = strawberry.field(description="Typologie.", graphql_type=TypologyCode)
    surface_m2: str = strawberry.field(description="Surface en mètres carrés.")
    financing: str = strawberry.field(description="Financement.", graphql_type=FinancingCode)
    is_qpv: bool = strawberry.field(description="S'il est en quartier prioritaire.")
    built_year: int | None = strawberry.field(description="Année d'achèvement.")
    period: str = strawberry.field(description="Code de la période de construction.")
    registered_on: date = strawberry.field(description="Jour où la libération a été enregistrée.")
    free_on: date = strawberry.field(description="Premier jour où le logement est libre.")
    nature: str = strawberry.field(description="Nature de la ligne.", graphql_type=BilanNature)
    is_in_flux: bool = strawberry.field(description="Si elle compte dans le flux.")
    party_key: str | None = strawberry.field(description="À qui il a été offert. " + _PARTY)
    charged_to: str | None = strawberry.field(description="Sur le quota de qui. " + _PARTY)
    rank: int | None = strawberry.field(description="Rang de l'offre.")
    sent_on: date | None = strawberry.field(description="Jour de l'envoi.")
    answer: str | None = strawberry.field(
        description="La réponse.", graphql_type=BilanAnswer | None
    )
    answered_on: date | None = strawberry.field(description="Jour de la réponse.")
    candidates_on: date | None = strawberry.field(description="Jour des derniers candidats.")
    candidate_count: int | None = strawberry.field(description="Nombre de candidats.")
    caleol_on: date | None = strawberry.field(description="Jour de la commission.")
    outcome: str | None = strawberry.field(
        description="Ce qu'elle en a fait.", graphql_type=BilanOutcome | None
    )
    leased_on: date | None = strawberry.field(description="Jour de signature du bail.")


@strawberry.type(description="Une ligne du volet 3 : des libérations hors du flux.")
class BilanOut:
    nature: str = strawberry.field(description="Pourquoi.", graphql_type=BilanNature)
    insee: str = strawberry.field(description="Code INSEE de la commune.")
    commune_name: str = strawberry.field(description="Nom de la commune.")
    typology: str = strawberry.field(description="Typologie.", graphql_type=TypologyCode)
    count: int = strawberry.field(description="Nombre de libérations.")


@strawberry.type(description="La part des mutations internes dans l'année (art. 2.3).")
class BilanMutations:
    count: int = strawberry.field(description="Mutations internes.")
    total: int = strawberry.field(description="Libérations de l'assiette.")
    ratio: str | None = strawberry.field(description="Part en pour cent : 8.33.")
    ratio_bp: int | None = strawberry.field(description="Part en centièmes de pour cent.")
    ceiling_bp: int = strawberry.field(
        description="Plafond de la charte cette année-là, en centièmes de pour cent."
    )
    level: str = strawberry.field(description="Au regard du plafond.", graphql_type=MutationLevel)


@strawberry.type(description="Un contrôle : deux comptes qui doivent être égaux.")
class BilanCheck:
    code: str = strawberry.field(description="Code du contrôle.")
    label: str = strawberry.field(description="Le contrôle, en français.")
    expected: int = strawberry.field(description="Le compte attendu.")
    found: int = strawberry.field(description="Le compte trouvé.")
    is_ok: bool = strawberry.field(description="S'ils sont égaux.")


@strawberry.type(description="Le contenu arrêté d'un bilan (R441-5-1), sans donnée de ménage.")
class BilanContent:
    format: int = strawberry.field(description="Version de cette structure.")
    year: int = strawberry.field(description="Année du bilan.")
    bailleur_id: UUID = strawberry.field(description="Identifiant du bailleur.")
    bailleur_name: str = strawberry.field(description="Nom du bailleur.")
    bailleur_siren: str = strawberry.field(description="SIREN du bailleur.")
    is_provisional: bool = strawberry.field(description="Si l'année n'est pas finie.")
    basis: str = strawberry.field(
        description="Le compte qui sert de base au décompte.", graphql_type=IndicatorCode
    )
    parties: list[BilanParty] = strawberry.field(description="Les organismes et leurs totaux.")
    rates: list[BilanRate] = strawberry.field(description="Les taux signés de l'année.")
    detailed: list[BilanDetail] = strawberry.field(description="Volet 1 : détaillé à l'adresse.")
    consolidated: list[BilanTable] = strawberry.field(
        description="Volet 2 : consolidé par réservataire, un critère à la fois."
    )
    out_of_flux: list[BilanOut] = strawberry.field(description="Volet 3 : hors du flux.")
    mutations: BilanMutations = strawberry.field(description="La part des mutations internes.")
    checks: list[BilanCheck] = strawberry.field(description="Les contrôles du bilan.")


# --- From the frozen JSON ---------------------------------------------------------------------

Frozen = Mapping[str, Any]
_NAMES = {"party": "party_key", "commune": "commune_name", "surface": "surface_m2"}
_VALUES: Mapping[str, Mapping[str, str]] = {
    Dimension.TYPOLOGY: labels.TYPOLOGIES,
    Dimension.FINANCING: labels.FINANCINGS,
    Dimension.QPV: labels.QPV,
    Dimension.PERIOD: labels.PERIODS,
}


def _plain(row: Frozen, **extra: Any) -> Any:
    """A row of the JSON as an object: its days are days, its dwellings are quantities."""
    values = {_NAMES.get(key, key): _value(key, value) for key, value in row.items()}
    return SimpleNamespace(**values, **extra)


def _value(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key.endswith("_on"):
        return date.fromisoformat(value)
    return quantity(value) if key in {"due", "gap"} else value


def _table(dimension: str, cells: list[Frozen], communes: Mapping[str, str]) -> BilanTable:
    words = _VALUES.get(dimension, communes)
    return BilanTable(
        dimension=dimension,
        cells=[_plain(one, label=words.get(one["value"], one["value"])) for one in cells],
    )


def _mutations(row: Frozen) -> BilanMutations:
    ratio = row["ratio_bp"]
    known = {name: row[name] for name in ("count", "total", "ratio_bp", "level")}
    ceiling = row.get("ceiling_bp", MUTATION_CEILING_BP)
    return BilanMutations(
        **known, ceiling_bp=ceiling, ratio=None if ratio is None else rate_text(ratio)
    )


def bilan_content(content: Frozen) -> BilanContent:
    bailleur = content["bailleur"]
    return BilanContent(
        format=content["format"],
        year=content["year"],
        bailleur_id=UUID(bailleur["id"]),
        bailleur_name=bailleur["name"],
        bailleur_siren=bailleur["siren"],
        is_provisional=content["is_provisional"],
        basis=content["basis"],
        parties=[_plain(one) for one in content["parties"]],
        rates=[_plain(one, rate=rate_text(one["rate_bp"])) for one in content["rates"]],
        detailed=[_plain(one) for one in content["detailed"]],
        consolidated=[
            _table(dimension.value, content["tables"][dimension.value], content["communes"])
            for dimension in Dimension
        ],
        out_of_flux=[_plain(one) for one in content["out_of_flux"]],
        mutations=_mutations(content["mutations"]),
        checks=[
            _plain(one, label=labels.CHECKS.get(one["code"], one["code"]))
            for one in content["checks"]
        ],
    )
