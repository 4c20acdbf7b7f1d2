"""Templates: one environment, macros for every page, a block alone when htmx asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from server.documents.typography import typeset
from server.domain import labels
from server.domain.annexe import rate_text

TEMPLATES = Path(__file__).resolve().parents[2] / "web" / "templates"


def create_environment() -> Environment:
    """Autoescape for every file, no undefined variable, macros under `ui`, labels under `fr`."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["ui"] = environment.get_template("ui.html").module
    environment.globals["fr"] = labels
    environment.filters["taux"] = labels.percent
    environment.filters["taux_api"] = rate_text
    environment.filters["logements"] = labels.dwelling_count
    environment.filters["jour"] = labels.french_day
    environment.filters["jour_semaine"] = labels.french_weekday
    environment.filters["echeance"] = labels.french_deadline
    environment.filters["instant"] = labels.french_instant
    return environment


class Renderer:
    """Renders pages and their fragments."""

    def __init__(self) -> None:
        self.environment = create_environment()

    def page(self, template: str, context: Mapping[str, Any]) -> str:
        return typeset(self.environment.get_template(template).render(context))

    def block(self, template: str, block: str, context: Mapping[str, Any]) -> str:
        return typeset(render_block(self.environment, template, block, **context))
