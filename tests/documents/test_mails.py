"""Mails and invitations: facts in, bytes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from server.documents.calendars import Invitation, invitation
from server.documents.mails import Message, render, to_mime

SENT_AT = datetime(2026, 4, 30, 8, tzinfo=UTC)
MESSAGE = Message(
    subject="[À répondre avant le mar. 05/05 à 24 h] T3 PLUS – Doussard",
    preheader="Réponse attendue avant le mardi 5 mai 2026 à 24 h.",
    paragraphs=("Le bailleur vous propose un logement libéré.",),
    details=(("Logement", "T3 <b>PLUS</b>"),),
    deadline="Réponse attendue avant le mardi 5 mai 2026 à 24 h.",
    consequence="Que se passe-t-il si vous ne répondez pas ?",
    action_label="Répondre à l'offre",
    action_url="https://portail.invalid/orientations/1",
    footer=("Message automatique.",),
)
INVITATION = Invitation(
    uid="caleol-1@portail.invalid",
    sequence=3,
    starts_at=datetime(2026, 5, 12, 7, 30, tzinfo=UTC),
    summary="CALEOL – Haute-Savoie Habitat",
    description="Ouvrir la séance : https://portail.invalid/caleol/1",
    place="Siège ; salle 2, Annecy",
    url="https://portail.invalid/caleol/1",
    organizer_name="Haute-Savoie Habitat",
    organizer_address="portail@portail.invalid",
    attendee_address="logement@doussard.invalid",
    stamped_at=SENT_AT,
)


def test_a_mail_is_html_and_text_with_styles_inside_the_tags() -> None:
    rendered = render(MESSAGE)
    assert '<html lang="fr">' in rendered.html
    assert 'class="action" href="https://portail.invalid/orientations/1" style=' in rendered.html
    assert "@media" in rendered.html
    assert "Répondre à l'offre :\nhttps://portail.invalid/orientations/1" in rendered.text


def test_what_is_typed_is_escaped_in_html_only() -> None:
    rendered = render(MESSAGE)
    assert "T3 &lt;b&gt;PLUS&lt;/b&gt;" in rendered.html
    assert "T3 <b>PLUS</b>" in rendered.text


def test_a_message_without_deadline_has_no_empty_box() -> None:
    rendered = render(replace(MESSAGE, deadline=None, consequence=None, details=()))
    assert '<div class="deadline"' not in rendered.html
    assert '<table class="details"' not in rendered.html


def test_a_subject_cannot_add_a_header() -> None:
    rendered = render(replace(MESSAGE, subject="Objet\r\nBcc: autre@autre.invalid"))
    assert rendered.subject == "Objet Bcc: autre@autre.invalid"


def test_the_mail_on_the_wire() -> None:
    calendar = invitation(INVITATION)
    mail = to_mime(
        render(MESSAGE),
        calendar,
        "<1@portail.invalid>",
        "Portail du flux <portail@portail.invalid>",
        "logement@doussard.invalid",
        sent_at=SENT_AT,
    )
    assert mail["Message-ID"] == "<1@portail.invalid>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Subject"] == MESSAGE.subject
    kinds = [part.get_content_type() for part in mail.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    assert b'method="REQUEST"' in mail.as_bytes()


def test_a_broken_address_is_refused() -> None:
    with pytest.raises(ValueError, match="Header"):
        to_mime(render(MESSAGE), None, "<1@a.invalid>", "a@a.invalid", "a@a\r\nb", sent_at=SENT_AT)


def test_the_invitation_is_stable_versioned_and_private() -> None:
    text = invitation(INVITATION)
    assert text == invitation(INVITATION)
    assert len(text) < 1_200
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert event["uid"] == "caleol-1@portail.invalid"
    assert event["sequence"] == 3
    assert event["class"] == "PRIVATE"
    assert event.decoded("dtstamp") == SENT_AT
    assert event.decoded("dtstart") == datetime(2026, 5, 12, 7, 30, tzinfo=UTC)
    assert event["location"] == "Siège ; salle 2, Annecy"
    assert "METHOD:REQUEST" in text
    assert "DTSTART;TZID=Europe/Paris:20260512T093000" in text
    assert text.count("BEGIN:VTIMEZONE") == 1


@pytest.mark.parametrize(
    ("starts_at", "local"),
    [
        (datetime(2026, 3, 29, 8, tzinfo=UTC), "20260329T100000"),
        (datetime(2026, 10, 25, 8, tzinfo=UTC), "20261025T090000"),
        (datetime(2026, 1, 15, 8, tzinfo=UTC), "20260115T090000"),
    ],
)
def test_an_invitation_keeps_its_hour_around_the_changes_of_time(
    starts_at: datetime, local: str
) -> None:
    text = invitation(replace(INVITATION, starts_at=starts_at, attendee_address=None))
    assert f"DTSTART;TZID=Europe/Paris:{local}" in text
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    assert event.decoded("dtstart") == starts_at
    assert "ATTENDEE" not in text
