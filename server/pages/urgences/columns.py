"""What each column of the file of the urgency allocations means."""

from __future__ import annotations

from server.documents.exports import Column, Kind

COLUMNS = (
    Column(
        code="demandee_le",
        label="Demandée le",
        kind=Kind.INSTANT,
        description="Quand le bailleur a fait la demande.",
    ),
    Column(code="nature", label="Nature", description="La crise : incendie, péril, inondation…"),
    Column(code="demande", label="Demande", description="Ce que le bailleur en dit."),
    Column(code="bailleur", label="Bailleur", description="Bailleur qui demande l'affectation."),
    Column(code="logement", label="Logement", description="Logement à affecter."),
    Column(code="insee", label="Code INSEE", description="Code de la commune du logement."),
    Column(code="commune", label="Commune", description="Commune du logement."),
    Column(code="menages", label="Ménages", kind=Kind.INTEGER, description="Ménages à reloger."),
    Column(code="etat", label="État", description="À décider, validée ou refusée (art. 2.4)."),
    Column(
        code="decidee_le",
        label="Décidée le",
        kind=Kind.INSTANT,
        description="Quand la préfecture a décidé.",
    ),
    Column(
        code="heures",
        label="Délai (heures)",
        kind=Kind.INTEGER,
        description="Heures entières de la demande à la décision.",
    ),
    Column(
        code="imputation",
        label="Imputation",
        description="Part du flux à laquelle le logement est imputé, ou dont l'imputation est "
        "proposée.",
    ),
)
