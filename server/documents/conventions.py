"""The convention to sign, in the portal's own words.

The order of the articles is that of the model used in the département; each sentence says what the
convention recorded on the portal says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

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
from server.domain import labels
from server.domain.closures import ClosureRule
from server.domain.convention_terms import Management, Terms
from server.domain.conventions import ConventionPeriod

TO_FILL = "………………"
CLOSED = {
    ClosureRule.COUNTED: "Les jours de fermeture du réservataire comptent : ils ne suspendent "
    "aucun de ces délais.",
    ClosureRule.SUSPENDED: "Les jours de fermeture que le réservataire a déclarés sur le portail "
    "avant l'envoi d'une proposition ne comptent pas dans les délais de celle-ci.",
}


@dataclass(frozen=True, kw_only=True)
class SignedBy:
    """A party: `on` and `function` are None until it has signed."""

    name: str
    on: date | None
    function: str | None


@dataclass(frozen=True, kw_only=True)
class RightsLine:
    """A line of the annexe 1 of the year that this convention gives, already in French."""

    label: str
    droits: str
    denominator: str
    rate: str


@dataclass(frozen=True, kw_only=True)
class ConventionFacts:
    """What the convention says; `deliberation` is the sentence of the vote, or empty."""

    bailleur: SignedBy
    siren: str
    reservataire: SignedBy
    is_state: bool
    deliberation: str
    communes: tuple[str, ...]
    terms: Terms
    starts_on: date
    at_signature: bool
    periods: tuple[ConventionPeriod, ...]
    year: int
    lines: tuple[RightsLine, ...]
    is_project: bool


def convention_paper(facts: ConventionFacts) -> Paper:
    """The whole convention, articles 1 to 9, the rights of the year, the signatures."""
    return Paper(
        title="Convention de réservation en flux de logements sociaux",
        subtitle=f"{facts.bailleur.name} – {facts.reservataire.name}",
        notice="Projet : ce document n'engage personne avant la signature des deux parties."
        if facts.is_project
        else "",
        footer=f"Convention {facts.bailleur.name} – {facts.reservataire.name}",
        blocks=tuple(_blocks(facts)),
    )


def _blocks(facts: ConventionFacts) -> Iterator[Block]:
    yield from _parties(facts)
    yield from _stock(facts)
    yield from _rights(facts)
    yield from _orientations(facts)
    yield from _duties(facts)
    yield from _follow_up(facts)
    yield from _life(facts)
    yield Signatures(parties=(_signature(facts.reservataire), _signature(facts.bailleur)))


def _parties(facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Entre les soussignés")
    yield Items(
        items=(
            f"{facts.bailleur.name}, numéro SIREN {facts.siren}, ci-après « le bailleur » ;",
            f"{facts.reservataire.name}, ci-après « le réservataire ».",
        )
    )
    yield Text(
        text="Textes appliqués : code de la construction et de l'habitation, articles L441-1 et "
        "R441-5 à R441-5-4 ; loi n° 2018-1021 du 23 novembre 2018, article 114 ; décret "
        "n° 2020-145 du 20 février 2020."
    )
    if facts.deliberation:
        yield Text(text=facts.deliberation)
    charte = facts.terms.charte_version
    yield Heading(text="Article 1. Objet")
    yield Text(
        text="Le réservataire dispose d'une part des logements que le bailleur remet en location "
        "chaque année, et non plus de logements désignés d'avance. Cette convention fixe comment "
        "cette part se calcule, comment les logements sont proposés et comment les deux parties "
        "en rendent compte. Elle applique la charte départementale, "
        f"{charte[:1].lower()}{charte[1:]}."
    )
    if facts.is_state:
        yield Text(
            text="L'État est un seul réservataire pour deux contingents, suivis séparément : celui "
            "des agents civils et militaires, et celui des ménages prioritaires (RS). Ensemble ils "
            "ne dépassent pas 30 % du flux annuel du bailleur, dont 5 % pour les agents."
        )


def _stock(facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Article 2. Logements concernés")
    yield Heading(text="2.1 Périmètre et assiette", level=2)
    yield Text(text=f"La convention porte sur : {', '.join(facts.communes)}.")
    yield Text(
        text="Le parc du bailleur dans ce périmètre (A), diminué des logements exclus du flux (B), "
        "donne le volume soumis au flux (C = A − B). Foyers, résidences universitaires et "
        "logements intermédiaires n'y entrent jamais."
    )
    yield Heading(text="2.2 Logements exclus", level=2)
    yield Text(text="Restent gérés en stock les logements :")
    yield Items(
        items=(
            "réservés à la défense nationale et à la sécurité intérieure ;",
            "réservés à des établissements publics de santé par une convention propre ;",
            "inscrits au plan de vente du bailleur ;",
            "destinés à la démolition ;",
            "financés en PLAI adapté, ou dédiés aux gens du voyage.",
        )
    )
    yield Heading(text="2.3 Logements soustraits", level=2)
    rate = labels.percent(facts.terms.mutation_rate_bp)
    yield Text(
        text="Pour les mutations de ses locataires, le bailleur retire du flux, au fil de l'année, "
        f"au plus {rate} des logements libérés. Il annonce chaque année, avant le 28 février, "
        "combien il prévoit d'en retirer."
    )
    yield Heading(text="2.4 Urgence", level=2)
    yield Text(
        text="Quand une crise locale impose de reloger vite des ménages, les partenaires "
        "conviennent, sous le contrôle du préfet, du réservataire auquel le logement est imputé."
    )
    yield Heading(text="Article 3. Logements neufs")
    yield Text(
        text="La première mise en location d'un logement livré dans l'année se fait hors flux, "
        "après concertation du bailleur avec ses réservataires. Le logement entre dans l'assiette "
        "l'année suivante."
    )


def _rights(facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Article 4. Du stock au flux")
    yield Text(
        text="Les droits de réservation en cours de validité, rapportés au parc du périmètre (A), "
        "donnent un taux. L'annexe 1 le porte ; le bailleur la met à jour et l'adresse au "
        "réservataire avant le 28 février, en retirant les droits échus et en ajoutant les "
        "nouveaux. Les droits uniques d'autres réservataires se prennent sur la part du bailleur."
    )
    if facts.lines:
        yield Text(text=f"Droits du réservataire dans les annexes 1 de {facts.year} :")
        yield Grid(
            header=("Périmètre", "Droits", "Logements (A)", "Taux"),
            rows=tuple((one.label, one.droits, one.denominator, one.rate) for one in facts.lines),
            widths=(4, 1, 2, 1),
            numeric=(1, 2, 3),
        )
    else:
        yield Text(text=f"L'annexe 1 de {facts.year} n'est pas encore publiée.")


def _orientations(facts: ConventionFacts) -> Iterator[Block]:
    terms = facts.terms
    yield Heading(text="Article 5. Comment les logements sont proposés")
    yield Heading(text="5.1 Répartition", level=2)
    yield Text(
        text="Le bailleur répartit équitablement entre les réservataires les tailles, les "
        "financements, les secteurs tendus ou non, le récent et l'ancien, y compris les logements "
        "moins demandés, dans la limite de ce qui se libère."
    )
    yield Heading(text="5.2 Mode de gestion", level=2)
    direct = terms.management == Management.DIRECT
    yield Text(
        text="La gestion est directe : le réservataire cherche et désigne lui-même ses candidats."
        if direct
        else "La gestion est déléguée : le bailleur cherche les candidats pour le réservataire, "
        "sur la part de celui-ci et selon ses priorités."
    )
    yield from _delays(terms)


def _delays(terms: Terms) -> Iterator[Block]:
    yield Heading(text="5.3 Délais", level=2)
    yield Text(
        text="Chaque proposition part par voie électronique à l'adresse "
        f"{terms.mailbox or TO_FILL}."
    )
    yield Items(
        items=(
            (
                f"Le réservataire accepte ou refuse dans les {terms.answer_days} jours ouvrés ; "
                "son silence vaut acceptation."
            ),
            "S'il refuse, le bailleur propose le logement à un autre réservataire.",
            (
                f"S'il accepte, il a {terms.candidate_days} jours ouvrés pour présenter trois "
                "candidats, ou un seul s'il est reconnu prioritaire au titre du DALO (R441-3)."
            ),
            "Avec moins de trois candidats, le bailleur peut compléter la liste pour son compte.",
            (
                "Sans candidat à ce terme, le bailleur peut en chercher pour le compte du "
                "réservataire, se tourner vers un autre réservataire, ou prolonger le délai."
            ),
            CLOSED[ClosureRule(terms.closure_rule)],
        )
    )


def _duties(_facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Article 6. Engagements")
    yield Heading(text="6.1 Le réservataire", level=2)
    yield Items(
        items=(
            "accepte des logements variés et tient les délais de l'article 5.3 ;",
            (
                "désigne chaque candidat par son numéro unique de demande et indique, s'il y a "
                "lieu, le critère de priorité (L441-1) ;"
            ),
            "prend sa part des 25 % d'attributions aux ménages prioritaires ;",
            "invite les candidats à déposer leurs pièces dans le système national (SNE).",
        )
    )
    yield Heading(text="6.2 Le bailleur", level=2)
    yield Items(
        items=(
            "informe les candidats par écrit et reprend les pièces déposées dans le SNE ;",
            (
                "renseigne sans attendre dans le SNE les propositions, les décisions motivées de "
                "la CALEOL et les refus, et radie la demande à la signature du bail ;"
            ),
            "invite le réservataire aux CALEOL et lui en transmet les procès-verbaux.",
        )
    )
    yield Heading(text="6.3 Ménages reconnus DALO", level=2)
    yield Text(
        text="Un ménage reconnu DALO est présenté seul. L'offre écrite dit la date limite de la "
        "réponse, que le silence vaut refus, qu'elle est faite au titre du DALO et ce qu'un refus "
        "fait perdre. Le bailleur transmet aussitôt à la DDETS les pièces d'un refus."
    )


def _follow_up(facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Article 7. Bilan annuel")
    indicator = labels.INDICATORS[facts.terms.indicator]
    yield Text(
        text="Avant le 28 février, le bailleur adresse au réservataire le bilan de l'année passée "
        "(R441-5-1) : le flux à l'adresse, le flux consolidé et le hors flux, dont les mutations. "
        f"Le décompte du flux retient les logements {indicator}. Dans les territoires concernés, "
        "le bilan va aussi au président de l'EPCI, avant l'examen par la conférence "
        "intercommunale du logement."
    )


def _life(facts: ConventionFacts) -> Iterator[Block]:
    yield Heading(text="Article 8. Durée et modifications")
    start = (
        "à compter de la dernière des deux signatures"
        if facts.at_signature and facts.is_project
        else f"à compter du {labels.french_day(facts.starts_on)}"
    )
    yield Text(
        text=f"La convention est conclue pour un an {start}, et reconduite tacitement deux fois au "
        "plus. Chaque partie peut s'opposer à la reconduction jusqu'à la veille de l'anniversaire."
    )
    if not (facts.at_signature and facts.is_project):
        yield Grid(
            header=("Année", "Du", "Au"),
            rows=tuple(
                (str(one.number), labels.french_day(one.from_on), labels.french_day(one.until_on))
                for one in facts.periods
            ),
            widths=(1, 2, 2),
        )
    yield Text(
        text="Un avenant est signé pour toute modification substantielle et pour faire entrer une "
        "révision de la charte départementale. La mise à jour annuelle de l'annexe 1 n'en demande "
        "pas."
    )
    yield Heading(text="Article 9. Inexécution")
    yield Text(
        text="En cas de manquement, les parties s'écrivent d'abord. Puis l'une met l'autre en "
        "demeure par lettre recommandée ; un mois plus tard, sans effet ni accord, elle peut "
        "demander une réunion de concertation. Faute d'accord écrit dans le mois de cette réunion, "
        "le litige va devant le tribunal compétent."
    )
    yield Text(text="Fait en deux exemplaires. Annexes : charte départementale, annexe 1.")


def _signature(party: SignedBy) -> Party:
    on = f"Le {labels.french_day(party.on)}" if party.on else f"À {TO_FILL}, le {TO_FILL}"
    return Party(name=party.name, lines=(on, party.function or "Nom et fonction :"))
