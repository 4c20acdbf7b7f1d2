"""The sheet that an assembly votes on: its rights in stock before, its rates in flux now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.documents.conventions import TO_FILL
from server.documents.papers import (
    Block,
    Grid,
    Heading,
    Items,
    Paper,
    Party,
    Signatures,
    Text,
)


@dataclass(frozen=True, kw_only=True)
class CouncilLine:
    """A bailleur: droits in stock before, what they are now a share of, rate in flux now."""

    bailleur: str
    perimeter: str
    droits: str
    denominator: str
    rate: str


@dataclass(frozen=True, kw_only=True)
class CouncilFacts:
    """What is put to the vote: `unpublished` are the bailleurs whose annexe 1 is awaited."""

    reservataire: str
    year: int
    lines: tuple[CouncilLine, ...]
    unpublished: tuple[str, ...]


def council_sheet(facts: CouncilFacts) -> Paper:
    """For each bailleur, the rights before and now; then what the assembly is asked to decide."""
    return Paper(
        title="Fiche pour la délibération : réservations en flux",
        subtitle=f"{facts.reservataire}, annexes 1 de {facts.year}",
        footer=f"{facts.reservataire} – fiche pour la délibération, {facts.year}",
        blocks=tuple(_council(facts)),
    )


def _council(facts: CouncilFacts) -> Iterator[Block]:
    yield Heading(text="Ce qui change")
    yield Text(
        text="Jusqu'ici, des logements désignés étaient réservés à chaque réservataire : le stock. "
        "Désormais chacun dispose d'un pourcentage des logements que le bailleur remet en location "
        "dans l'année : le flux (loi du 23 novembre 2018, article 114 ; R441-5 et suivants)."
    )
    yield Heading(text="Droits avant, taux maintenant")
    if facts.lines:
        yield Grid(
            header=(
                "Bailleur",
                "Périmètre",
                "Droits en stock, avant",
                "Logements du bailleur (A)",
                "Taux en flux, maintenant",
            ),
            rows=tuple(
                (one.bailleur, one.perimeter, one.droits, one.denominator, one.rate)
                for one in facts.lines
            ),
            widths=(4, 3, 2, 2, 2),
            numeric=(2, 3, 4),
        )
        first = facts.lines[0]
        yield Text(
            text=f"Lecture, première ligne : {first.droits} droits sur {first.denominator} "
            f"logements font {first.rate} des logements de {first.bailleur} qui se libèrent."
        )
    else:
        yield Text(text=f"Aucune annexe 1 de {facts.year} ne porte encore de ligne à ce nom.")
    if facts.unpublished:
        names = ", ".join(facts.unpublished)
        yield Text(text=f"Annexe 1 de {facts.year} pas encore reçue de : {names}.")
    yield from _asked(facts)


def _asked(facts: CouncilFacts) -> Iterator[Block]:
    yield Heading(text="Ce qui est proposé à l'assemblée")
    names = list(dict.fromkeys([*(one.bailleur for one in facts.lines), *facts.unpublished]))
    yield Items(
        items=(
            f"approuver les conventions de réservation en flux avec : {', '.join(names)} ;"
            if names
            else "approuver les conventions de réservation en flux jointes ;",
            "autoriser l'exécutif à les signer, avec tout document qui s'y rapporte ;",
            "transmettre la délibération au contrôle de légalité, puis la publier.",
        )
    )
    yield Grid(
        header=("Vote", "Nombre de voix"),
        rows=(("Pour", ""), ("Contre", ""), ("Abstentions", "")),
        widths=(2, 2),
    )
    party = Party(name=facts.reservataire, lines=(f"Séance du {TO_FILL}",))
    yield Signatures(parties=(party,))
