"""Conventions and annexes 1 of the demonstration.

Haute-Savoie Habitat with the CC des Sources du Lac is the annexe printed with the convention of
Doussard, and the parameters of the conventions are theirs. Everything about the stock of Publier,
the State's conventions and the dates said to be those of signature is synthetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.demo.world_cast import (
    CC_PAYS_D_EVIAN,
    CC_SOURCES_DU_LAC,
    DOUSSARD,
    FAVERGES,
    PUBLIER,
)

YEARS = (2025, 2026)
PRINTED_CHARTE = "Version du 19 avril 2023"
UNDATED_CHARTE = "Version non précisée par la convention"
MODEL = "Convention bilatérale de réservation, gestion en flux"
STATE_MODEL = "Convention de l'État, gestion en flux"


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """A convention; `has_mailbox` is False when its address was left blank."""

    bailleur: str
    reservataire: str
    starts_on: date
    perimeter: tuple[str, ...]
    charte_version: str = UNDATED_CHARTE
    model_version: str = MODEL
    has_mailbox: bool = True


@dataclass(frozen=True, kw_only=True)
class Stock:
    """A row of table 1: A and those of the six counters of B that are not zero."""

    insee: str
    total: int
    exclusions: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class DroitsLine:
    """A row of table 2: droits of the former stock, or the rate imposed by the State."""

    reservataire: str
    perimeter: tuple[str, ...]
    contingent: str = "none"
    droits: int | None = None
    imposed_rate_bp: int | None = None


@dataclass(frozen=True, kw_only=True)
class AnnexeOne:
    bailleur: str
    epci_siren: str
    stock: tuple[Stock, ...]
    lines: tuple[DroitsLine, ...]


SOURCES_DU_LAC = (DOUSSARD, FAVERGES)
THREE_COMMUNES = (*SOURCES_DU_LAC, PUBLIER)
CUT_OFF = date(2023, 11, 23)


def _hsh(reservataire: str, *perimeter: str, model: str = MODEL) -> Agreement:
    return Agreement(
        bailleur="haute-savoie-habitat",
        reservataire=reservataire,
        starts_on=CUT_OFF,
        perimeter=perimeter,
        model_version=model,
    )


def _publier(
    bailleur: str,
    signed_on: date,
    *,
    reservataire: str = "publier",
    charte: str = UNDATED_CHARTE,
    has_mailbox: bool = True,
) -> Agreement:
    return Agreement(
        bailleur=bailleur,
        reservataire=reservataire,
        starts_on=signed_on,
        perimeter=(PUBLIER,),
        charte_version=charte,
        has_mailbox=has_mailbox,
    )


def _shared(bailleur: str) -> tuple[Agreement, Agreement]:
    """The State and Action Logement have a convention with every bailleur of Publier."""
    return (
        Agreement(
            bailleur=bailleur,
            reservataire="prefecture",
            starts_on=CUT_OFF,
            perimeter=(PUBLIER,),
            model_version=STATE_MODEL,
        ),
        Agreement(
            bailleur=bailleur,
            reservataire="action-logement",
            starts_on=CUT_OFF,
            perimeter=(PUBLIER,),
        ),
    )


AGREEMENTS = (
    _hsh("doussard", DOUSSARD),
    _hsh("faverges-seythenex", FAVERGES),
    _hsh("departement", *SOURCES_DU_LAC),
    _hsh("action-logement", *THREE_COMMUNES),
    _hsh("prefecture", *THREE_COMMUNES, model=STATE_MODEL),
    _publier("haute-savoie-habitat", date(2023, 11, 23)),
    _publier(
        *("alliade-habitat", date(2023, 11, 6)),
        reservataire="ccas-publier",
        charte=PRINTED_CHARTE,
    ),
    _publier("leman-habitat", date(2023, 11, 15)),
    _publier("vilogia", date(2023, 11, 20)),
    _publier("le-mont-blanc", date(2023, 11, 17)),
    _publier("semcoda", date(2023, 11, 13), charte=PRINTED_CHARTE, has_mailbox=False),
    *_shared("alliade-habitat"),
    *_shared("leman-habitat"),
    *_shared("vilogia"),
    *_shared("le-mont-blanc"),
    *_shared("semcoda"),
)


def _state_lines(*perimeter: str) -> tuple[DroitsLine, DroitsLine]:
    """5 % for civil and military agents, 25 % for the RS contingent, imposed."""
    return (
        DroitsLine(
            reservataire="prefecture",
            contingent="fonctionnaires",
            perimeter=perimeter,
            imposed_rate_bp=500,
        ),
        DroitsLine(
            reservataire="prefecture", contingent="rs", perimeter=perimeter, imposed_rate_bp=2500
        ),
    )


def _of_publier(
    bailleur: str,
    total: int,
    *,
    town: int,
    action_logement: int,
    reservataire: str = "publier",
    exclusions: dict[str, int] | None = None,
) -> AnnexeOne:
    return AnnexeOne(
        bailleur=bailleur,
        epci_siren=CC_PAYS_D_EVIAN,
        stock=(Stock(insee=PUBLIER, total=total, exclusions=exclusions or {}),),
        lines=(
            DroitsLine(
                reservataire="action-logement", perimeter=(PUBLIER,), droits=action_logement
            ),
            DroitsLine(reservataire=reservataire, perimeter=(PUBLIER,), droits=town),
            *_state_lines(PUBLIER),
        ),
    )


ANNEXES = (
    AnnexeOne(
        bailleur="haute-savoie-habitat",
        epci_siren=CC_SOURCES_DU_LAC,
        stock=(
            Stock(insee=DOUSSARD, total=54, exclusions={}),
            Stock(insee=FAVERGES, total=586, exclusions={"plan_vente": 33}),
        ),
        lines=(
            DroitsLine(reservataire="action-logement", perimeter=SOURCES_DU_LAC, droits=31),
            DroitsLine(reservataire="doussard", perimeter=(DOUSSARD,), droits=16),
            DroitsLine(reservataire="faverges-seythenex", perimeter=(FAVERGES,), droits=143),
            DroitsLine(reservataire="departement", perimeter=(DOUSSARD,), droits=8),
            *_state_lines(*SOURCES_DU_LAC),
        ),
    ),
    _of_publier("haute-savoie-habitat", 168, town=30, action_logement=9),
    _of_publier("leman-habitat", 142, town=28, action_logement=7, exclusions={"plan_vente": 6}),
    _of_publier("alliade-habitat", 74, town=13, action_logement=8, reservataire="ccas-publier"),
    _of_publier("le-mont-blanc", 61, town=12, action_logement=4),
    _of_publier("semcoda", 52, town=9, action_logement=5, exclusions={"plai_adapte": 2}),
    _of_publier("vilogia", 43, town=8, action_logement=4, exclusions={"defense_securite": 3}),
)
