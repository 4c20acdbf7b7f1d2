"""What each notification says, from what its recipient may read.

The subject says everything; a free text typed by somebody is never copied into a mail.
"""

from server.documents.messages.acts import bilan_message, caleol_message, urgence_message
from server.documents.messages.orientations import ORIENTATION_WORDINGS, orientation_message
from server.documents.messages.wording import Reader, Wording

__all__ = [
    "ORIENTATION_WORDINGS",
    "Reader",
    "Wording",
    "bilan_message",
    "caleol_message",
    "orientation_message",
    "urgence_message",
]
