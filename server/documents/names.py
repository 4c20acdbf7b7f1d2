"""Names of files: without accent nor space, the same on every computer."""

from __future__ import annotations

import re
import unicodedata


def file_name(*words: object) -> str:
    """Words as a name of file: annexe-1-haute-savoie-habitat-2026."""
    text = unicodedata.normalize("NFKD", " ".join(map(str, words))).encode("ascii", "ignore")
    return re.sub(r"[^a-z0-9]+", "-", text.decode().lower()).strip("-")
