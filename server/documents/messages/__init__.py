"""What each notification says, from what its recipient may read.

The subject says everything; a free text typed by somebody is never copied into a mail.
"""

from server.documents.messages.acts import bilan_message, caleol_message, urgence_message
from server.documents.messages.annexes import annexe_message
from server.documents.messages.conventions import CONVENTION_WORDINGS, convention_message
from server.documents.messages.dates import entries_of
from server.documents.messages.digests import digest_message
from server.documents.messages.machines import machine_message
from server.documents.messages.memberships import membership_message
from server.documents.messages.orientations import (
    ORIENTATION_WORDINGS,
    home_of,
    orientation_message,
)
from server.documents.messages.scenarios import scenario_message
from server.documents.messages.substitutions import substitution_message
from server.documents.messages.wording import Reader, Wording

__all__ = [
    "CONVENTION_WORDINGS",
    "ORIENTATION_WORDINGS",
    "Reader",
    "Wording",
    "annexe_message",
    "bilan_message",
    "caleol_message",
    "convention_message",
    "digest_message",
    "entries_of",
    "home_of",
    "machine_message",
    "membership_message",
    "orientation_message",
    "scenario_message",
    "substitution_message",
    "urgence_message",
]
