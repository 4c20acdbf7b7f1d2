"""French typography: no line breaks before « : », « ; », « ? », « ! », nor inside guillemets.

Done once, on what leaves, so that no author of a sentence has to think of it.
"""

from __future__ import annotations

import re

_VERBATIM = r"<(?P<tag>textarea|script|style|pre|code)\b.*?</(?P=tag)>"
"""What a person would send back or copy: not one character of it changes."""

_TEXT = re.compile(rf"{_VERBATIM}|(?<=>)[^<]+", re.DOTALL)
_BREAKABLE = re.compile(r" (?=[:;?!»])|(?<=«) ")


def typeset(html: str) -> str:
    """The page with its texts tied; tags, their attributes and verbatim parts as they were."""
    return _TEXT.sub(_tie, html)


def _tie(found: re.Match[str]) -> str:
    return found[0] if found["tag"] else _BREAKABLE.sub("\u00a0", found[0])
