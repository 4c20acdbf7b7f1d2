"""The typography of what leaves: spaces that never break, and nothing else touched."""

from __future__ import annotations

import pytest

from server.documents.typography import typeset


@pytest.mark.parametrize(
    ("written", "typeset_as"),
    [
        ("<p>Motif : absent</p>", "<p>Motif~: absent</p>"),
        ("<b>Motif</b> : absent", "<b>Motif</b>~: absent"),
        ("<p>Lu ; pourquoi ? Ici !</p>", "<p>Lu~; pourquoi~? Ici~!</p>"),
        ("<p>dit « partout » ici</p>", "<p>dit «~partout~» ici</p>"),
        ("<p>à 14:30, voir https://exemple.fr</p>", "<p>à 14:30, voir https://exemple.fr</p>"),
        ('<input value="Motif : absent">', '<input value="Motif : absent">'),
        ("<textarea>\nMotif : absent</textarea>", "<textarea>\nMotif : absent</textarea>"),
        ("<code>{ a : 1 }</code> : oui", "<code>{ a : 1 }</code>~: oui"),
        ("<style>a :hover { top : 0 }</style>", "<style>a :hover { top : 0 }</style>"),
    ],
)
def test_spaces_that_never_break(written: str, typeset_as: str) -> None:
    """What would be sent back or copied keeps every character."""
    assert typeset(written) == typeset_as.replace("~", "\u00a0")
