"""What each column of the file of the bilans means."""

from __future__ import annotations

from server.documents.exports import Column, Kind

COLUMNS = (
    Column(code="bailleur", label="Bailleur", description="Bailleur qui doit le bilan (art. 7)."),
    Column(code="annee", label="Année", description="Année dont le bilan rend compte."),
    Column(
        code="version",
        label="Version",
        kind=Kind.INTEGER,
        description="Numéro de la dernière version transmise.",
    ),
    Column(
        code="provisoire",
        label="Provisoire",
        kind=Kind.BOOLEAN,
        description="Publié avant la fin de l'année.",
    ),
    Column(
        code="publie_le", label="Publié le", kind=Kind.INSTANT, description="Quand il a été figé."
    ),
    Column(
        code="transmis_le",
        label="Transmis le",
        kind=Kind.INSTANT,
        description="Quand il est parti à ses destinataires ; vide pendant sa préparation.",
    ),
    Column(
        code="destinataires",
        label="Destinataires",
        kind=Kind.INTEGER,
        description="Transmissions que vous pouvez lire : la vôtre, ou toutes pour le bailleur.",
    ),
    Column(
        code="lecteurs",
        label="Ouvert par",
        kind=Kind.INTEGER,
        description="Combien de ces destinataires l'ont ouvert.",
    ),
    Column(
        code="lu_le",
        label="Ouvert le",
        kind=Kind.INSTANT,
        description="Première ouverture par l'un d'eux.",
    ),
)
