"""In plain French, what each capacity reads (domain.md §1.2); a test holds it to the policies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Something the portal keeps: its table, and what each capacity reads of it.

    `reach` has no entry for a capacity that reads nothing of it.
    """

    code: str
    label: str
    table: str
    reach: dict[str, str]


class Sight(StrEnum):
    """What somebody may see of a dwelling and of its offer."""

    ADDRESS = "address"
    DWELLING = "dwelling"
    OFFER = "offer"
    CANDIDATES = "candidates"
    AGENDA = "agenda"


SIGHTS = {
    Sight.ADDRESS: "le logement et son adresse",
    Sight.DWELLING: "le logement, sans son adresse",
    Sight.OFFER: "l'offre, ses échéances et ses actes",
    Sight.CANDIDATES: "les candidats (numéro unique, priorité) et les décisions",
    Sight.AGENDA: "l'ordre du jour de la séance",
}

_TERRITORY = "Ceux de votre territoire"

SUBJECTS = (
    Subject(
        code="dwellings",
        label="Logements",
        table="dwellings",
        reach={
            "bailleur": "Ceux de votre patrimoine.",
            "reservataire": "Ceux qui vous ont été proposés, et eux seuls.",
            "prefecture": "Ceux du département, sans leur adresse.",
            "epci": f"{_TERRITORY}, sans leur adresse.",
        },
    ),
    Subject(
        code="conventions",
        label="Conventions",
        table="conventions",
        reach={
            "bailleur": "Les vôtres, avec chaque réservataire.",
            "reservataire": "Les vôtres, avec chaque bailleur.",
            "prefecture": "Celles du département (R441-5).",
            "epci": f"{_TERRITORY.replace('Ceux', 'Celles')}, sans leur boîte de courriel.",
        },
    ),
    Subject(
        code="annexes",
        label="Annexes 1 (flux)",
        table="annexes",
        reach={
            "bailleur": "Les vôtres, brouillons compris.",
            "reservataire": "Celles de vos bailleurs, publiées, avec les lignes des autres "
            "réservataires.",
            "prefecture": "Celles du département, publiées.",
            "epci": f"{_TERRITORY.replace('Ceux', 'Celles')}, publiées.",
        },
    ),
    Subject(
        code="vacancies",
        label="Libérations",
        table="vacancies",
        reach={
            "bailleur": "Les vôtres.",
            "reservataire": "Leur nombre par commune de vos conventions, sans le logement.",
            "prefecture": "Celles du département.",
        },
    ),
    Subject(
        code="orientations",
        label="Orientations",
        table="orientations",
        reach={
            "bailleur": "Celles que vous avez envoyées.",
            "reservataire": "Celles que vous avez reçues, pour vos contingents.",
            "prefecture": "Celles du département, sans l'adresse du logement.",
        },
    ),
    Subject(
        code="candidates",
        label="Candidats",
        table="candidates",
        reach={
            "bailleur": "Ceux présentés pour vos logements : numéro unique et priorité.",
            "reservataire": "Les vôtres, et ceux présentés pour votre compte.",
            "prefecture": "Les ménages reconnus DALO ; chaque lecture d'un dossier qui n'est pas "
            "de vos contingents est inscrite et montrée aux organismes concernés.",
        },
    ),
    Subject(
        code="caleol_sessions",
        label="Séances de la CALEOL",
        table="caleol_sessions",
        reach={
            "bailleur": "Les vôtres.",
            "reservataire": "Celles où vous êtes invité, pour vos logements.",
            "prefecture": "Celles où vous êtes invitée.",
            "epci": "Celles où vous siégez, sans les candidats.",
        },
    ),
    Subject(
        code="decisions",
        label="Décisions de la CALEOL",
        table="decisions",
        reach={
            "bailleur": "Celles de vos commissions.",
            "reservataire": "Celles sur vos candidats.",
            "prefecture": "Celles sur les ménages reconnus DALO.",
        },
    ),
    Subject(
        code="urgences",
        label="Affectations d'urgence",
        table="urgences",
        reach={
            "bailleur": "Vos demandes.",
            "reservataire": "Celles qui vous sont imputées, ou qu'on propose de vous imputer.",
            "prefecture": "Celles du département.",
            "epci": f"{_TERRITORY.replace('Ceux', 'Celles')}.",
        },
    ),
    Subject(
        code="bilans",
        label="Bilans annuels",
        table="bilans",
        reach={
            "bailleur": "Les vôtres.",
            "reservataire": "Ceux que vos bailleurs vous ont transmis.",
            "prefecture": "Ceux du département, une fois publiés.",
            "epci": "Ceux qui vous ont été transmis (R441-5-1).",
        },
    ),
    Subject(
        code="scenarios",
        label="Simulations du flux",
        table="scenarios",
        reach={
            "bailleur": "Les vôtres.",
            "reservataire": "Celles qu'un bailleur vous montre.",
            "prefecture": "Celles qu'un bailleur vous montre.",
        },
    ),
    Subject(
        code="journal",
        label="Journal des actes",
        table="journal",
        reach={
            "bailleur": "Les actes sur vos dossiers.",
            "reservataire": "Les actes sur vos dossiers, pour vos contingents.",
            "prefecture": "Vos actes, et ceux sur les urgences.",
            "epci": "Vos actes.",
        },
    ),
    Subject(
        code="nominative_readings",
        label="Lectures nominatives de la préfecture",
        table="nominative_readings",
        reach={
            "bailleur": "Celles de vos dossiers.",
            "reservataire": "Celles de vos dossiers, pour vos contingents.",
            "prefecture": "Les vôtres.",
        },
    ),
    Subject(
        code="notifications",
        label="Notifications",
        table="notifications",
        reach=dict.fromkeys(
            ("bailleur", "reservataire", "prefecture", "epci"), "Celles qui vous sont adressées."
        ),
    ),
)

# What a permission lets one write: the code of the subject, and the words.
WRITES = {
    "import.act": ("dwellings", "importer le patrimoine"),
    "exclusion.date": ("dwellings", "dater une exclusion de l'assiette"),
    "convention.prepare": ("conventions", "préparer une convention"),
    "convention.sign": ("conventions", "la signer"),
    "vacancy.register": ("vacancies", "enregistrer une libération"),
    "orientation.send": ("orientations", "offrir un logement, retirer une offre"),
    "orientation.answer": ("orientations", "accepter ou refuser une offre"),
    "candidates.present": ("candidates", "présenter et retirer vos candidats"),
    "candidates.complete": ("candidates", "compléter la liste pour le compte du réservataire"),
    "caleol.hold": ("caleol_sessions", "convoquer une séance, enregistrer ses décisions"),
    "lease.record": ("orientations", "enregistrer un bail"),
    "urgence.request": ("urgences", "demander une affectation"),
    "urgence.decide": ("urgences", "décider, et dire à qui elle est imputée"),
    "annexe.prepare": ("annexes", "préparer et publier les annexes 1"),
    "scenario.prepare": ("scenarios", "faire une simulation, la partager"),
    "bilan.publish": ("bilans", "publier et transmettre le bilan"),
}
