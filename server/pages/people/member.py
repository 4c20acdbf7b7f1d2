"""One person of the organisme: her role, her contingents, the end of her access."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from server.db.people import Member
from server.errors import Conflict, Invalid, Motif
from server.operations import people
from server.operations.people import ChangeRole
from server.pages import views
from server.pages.people.inviting import chosen_contingents
from server.pages.people.words import (
    FIELDS,
    LIST,
    PATH,
    ROLE_OPTIONS,
    ROLES,
    contingent_options,
    contingents_text,
    day,
    ends_on,
    state_of,
)
from server.pages.visits import Form, Visit
from server.tenants.permissions import Permission, require


async def show(visit: Visit) -> Response:
    return await _page(visit, FormData())


async def _page(
    visit: Visit, data: FormData, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        member = await people.get(tx, visit.path_id())
        is_last = await people.is_last_responsable(tx, member)
        is_within_reach = people.is_within_reach(tx, member)
        contingents = people.grantable(tx)
    visit.breadcrumb = [LIST, {"label": member.name}]
    return visit.render(
        "personne.html",
        title=member.name,
        status=status,
        motifs=motifs,
        state=state_of(member),
        facts=_facts(member),
        path=f"{PATH}/{member.id}",
        can_change=is_within_reach,
        is_last_responsable=is_last,
        is_self=member.person_id == visit.actor.person_id,
        is_over=member.revoked_at is not None,
        roles=ROLE_OPTIONS,
        contingents=contingent_options(contingents),
        typed={
            "role": Form(data=data).text("role") or member.role,
            "contingents": chosen_contingents(data) or list(member.contingents),
        },
    )


def _facts(one: Member) -> list[dict[str, Any]]:
    facts = [
        ("Rôle", ROLES[one.role]),
        ("Contingents", contingents_text(one.contingents)),
        ("Dans l'organisme depuis le", day(one.created_at)),
        ("Dernière connexion pour l'organisme", day(one.last_sign_in_at) or "Jamais"),
        ("Organisme prévenu de l'absence de connexion le", day(one.dormant_warned_at)),
        ("Fermeture prévue le", ends_on(one)),
        ("Accès terminé le", day(one.revoked_at)),
    ]
    return [{"term": term, "value": value} for term, value in facts if value]


async def change_role(visit: Visit) -> Response:
    data = await visit.form()
    command = ChangeRole(
        membership_id=visit.path_id(),
        role=Form(data=data).text("role"),
        contingents=frozenset(chosen_contingents(data)),
    )
    try:
        async with visit.writing() as tx:
            member = await people.change_role(tx, command)
    except (Invalid, Conflict) as error:
        motifs = views.renamed(error.motifs, FIELDS)
        return await _page(visit, data, motifs=motifs, status=error.status)
    message = f"Droits de {member.name} changés : ils valent dès sa prochaine page."
    return visit.redirect("/" if _is_own(visit, member) else _path(member), message=message)


async def ask_removal(visit: Visit) -> Response:
    return await _removal_page(visit)


async def _removal_page(
    visit: Visit, *, motifs: Sequence[Motif] = (), status: int = 200
) -> Response:
    async with visit.reading() as tx:
        require(tx.actor, Permission.PEOPLE_MANAGE)
        member = await people.get(tx, visit.path_id())
    visit.breadcrumb = [LIST, {"label": member.name, "href": _path(member)}, {"label": "Retirer"}]
    return visit.render(
        "personne_retirer.html",
        title=f"Retirer l'accès de {member.name}",
        status=status,
        motifs=motifs,
        name=member.name,
        path=_path(member),
        is_over=member.revoked_at is not None,
    )


async def remove(visit: Visit) -> Response:
    try:
        async with visit.writing() as tx:
            member = await people.remove(tx, visit.path_id())
    except Conflict as error:
        return await _removal_page(visit, motifs=error.motifs, status=error.status)
    message = f"L'accès de {member.name} est retiré, dès maintenant."
    return visit.redirect("/" if _is_own(visit, member) else PATH, message=message)


def _path(member: Member) -> str:
    return f"{PATH}/{member.id}"


def _is_own(visit: Visit, member: Member) -> bool:
    """She may have just given up the right to see the page."""
    return member.person_id == visit.actor.person_id
