"""What one types of a scenario: a change, the hypotheses of its year."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

import strawberry

from server.domain import scenarios as law
from server.domain.flux import Indicator
from server.errors import Invalid, Motif
from server.schema.codes import IndicatorCode, ScenarioChangeKind


@strawberry.input(description="Un changement ; chaque sorte lit ses propres champs.")
class ScenarioChangeInput:
    kind: str = strawberry.field(description="Ce qui change.", graphql_type=ScenarioChangeKind)
    from_on: date = strawberry.field(description="À compter de ce jour ; livraison d'un programme.")
    party_key: str = strawberry.field(
        default="", description="droits, rate : la ligne, partyKey de lines."
    )
    epci_siren: str = strawberry.field(default="", description="droits, rate : l'EPCI.")
    droits: str | None = strawberry.field(
        default=None, description="droits : le total de la ligne."
    )
    rate_bp: int | None = strawberry.field(
        default=None,
        description="rate, mutation_share : en centièmes de pour cent.",
    )
    insee: str = strawberry.field(default="", description="exclusion, programme : la commune.")
    number: int = strawberry.field(default=0, description="exclusion, programme : logements.")
    code: str = strawberry.field(
        default="", description="exclusion : le motif ; indicator : ce que le flux compte."
    )
    typology: str = strawberry.field(default="", description="programme : de t1 à t6.")
    financing: str = strawberry.field(
        default="", description="programme : plai, plus, pls ou other."
    )
    name: str = strawberry.field(default="", description="programme : son nom.")

    def change(self) -> law.Change:
        return law.Change(
            kind=law.ChangeKind(str(self.kind)),
            from_on=self.from_on,
            party_key=self.party_key,
            epci_siren=self.epci_siren,
            droits=None if self.droits is None else _droits(self.droits),
            rate_bp=self.rate_bp,
            insee=self.insee,
            number=self.number,
            code=self.code,
            typology=self.typology,
            financing=self.financing,
            name=self.name[:80],
        )


def _droits(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite():
        message = "Donnez un nombre, par exemple 14.5."
        raise Invalid(Motif(code="number_invalid", message=message, field="droits"))
    return value


@strawberry.input(description="Ce que personne ne sait de l'année, en centièmes de pour cent.")
class ScenarioHypothesesInput:
    turnover_bp: int = strawberry.field(description="Logements libérés dans l'année.")
    mutation_bp: int = strawberry.field(description="Mutations internes parmi les libérations.")
    indicator: str = strawberry.field(
        description="Ce que le flux compte.", graphql_type=IndicatorCode
    )
    refusal_bp: int = strawberry.field(default=1_500, description="Offres refusées.")
    caleol_failure_bp: int = strawberry.field(
        default=800, description="Sans attribution en CALEOL."
    )
    lease_failure_bp: int = strawberry.field(default=1_000, description="Attribués, sans bail.")

    def hypotheses(self) -> law.Hypotheses:
        return law.Hypotheses(
            turnover_bp=self.turnover_bp,
            mutation_bp=self.mutation_bp,
            indicator=Indicator(str(self.indicator)),
            refusal_bp=self.refusal_bp,
            caleol_failure_bp=self.caleol_failure_bp,
            lease_failure_bp=self.lease_failure_bp,
        )
