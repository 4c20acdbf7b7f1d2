"""What each column of the quarterly review of the people means."""

from __future__ import annotations

from server.documents.exports import Column, Kind

COLUMNS = (
    Column(code="nom", label="Nom", description="Nom donné dans l'invitation."),
    Column(
        code="role",
        label="Rôle",
        description="Responsable (gère les personnes), agent (agit) ou lecture seule.",
    ),
    Column(
        code="qualite",
        label="Qualité",
        description="Qualité de l'organisme : bailleur, réservataire, préfecture ou EPCI.",
    ),
    Column(
        code="contingents",
        label="Contingents",
        description="Contingents de l'État que la personne suit, s'il y en a.",
    ),
    Column(
        code="depuis",
        label="Depuis le",
        kind=Kind.DATE,
        description="Jour où la personne a accepté son invitation.",
    ),
    Column(
        code="connexion",
        label="Dernière connexion",
        kind=Kind.INSTANT,
        description="Dernière connexion au nom de cet organisme ; vide si jamais.",
    ),
    Column(
        code="etat",
        label="État",
        description="Active, sans connexion (prévenue), retirée, ou close faute de connexion.",
    ),
    Column(
        code="prevenue_le",
        label="Prévenue le",
        kind=Kind.DATE,
        description="Jour où l'organisme a été prévenu que le compte ne sert pas.",
    ),
    Column(
        code="fin_le",
        label="Fin le",
        kind=Kind.DATE,
        description="Jour où l'accès a été retiré ou clos.",
    ),
)
