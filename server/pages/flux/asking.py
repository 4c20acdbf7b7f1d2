"""What the address of a page of the flux asks; what it asks wrongly is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.flux import Indicator
from server.operations.fairness import Wanted
from server.pages import views
from server.pages.flux.annexes import BASIS_LABELS, FIRST_YEAR
from server.pages.views import View
from server.pages.visits import Visit, parse_uuid


def asked_year(visit: Visit, this_year: int) -> int:
    known = {str(one): one for one in range(FIRST_YEAR, this_year + 1)}
    return known.get(visit.query("annee"), this_year)


def asked_basis(visit: Visit) -> Indicator:
    code = visit.query("compter")
    return Indicator(code) if code in set(Indicator) else Indicator.ORIENTED


def asked_day(visit: Visit, year: int, today: date) -> date | None:
    """A day of the year that is over, « au »; None: today, or the end of a past year."""
    try:
        day = date.fromisoformat(visit.query("au"))
    except ValueError:
        return None
    return day if day.year == year and day < today else None


def basis_code(basis: Indicator) -> str:
    """As addresses write it: nothing for the count that pages show by default."""
    return basis.value if basis is not Indicator.ORIENTED else ""


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The filters of a page about one line, with its address changed by one of them."""

    path: str
    wanted: Wanted

    def href(self, path: str = "", **changes: object) -> str:
        wanted = self.wanted
        values: dict[str, object] = {
            "annee": wanted.year,
            "au": wanted.until.isoformat() if wanted.until else "",
            "bailleur": wanted.bailleur_id or "",
            "ligne": wanted.party,
            "compter": basis_code(wanted.basis),
        }
        return views.address(path or self.path, **{**values, **changes})


def asked_fairness(visit: Visit, today: date) -> Wanted:
    year = asked_year(visit, today.year)
    return Wanted(
        year=year,
        party=visit.query("ligne"),
        bailleur_id=parse_uuid(visit.query("bailleur")),
        until=asked_day(visit, year, today),
        basis=asked_basis(visit),
    )


def year_options(this_year: int) -> list[View]:
    return options((str(year), str(year)) for year in range(this_year, FIRST_YEAR - 1, -1))


def basis_options() -> list[View]:
    return options((one.value, views.capital(label)) for one, label in BASIS_LABELS.items())


def options(pairs: Iterable[tuple[str, str]]) -> list[View]:
    return [{"value": value, "label": label} for value, label in dict(pairs).items()]
