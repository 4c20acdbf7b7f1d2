"""htmx in small: what an element asks, and what the page is after the answer.

It knows the attributes that our templates use, and refuses the others: a new one is to be taught.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin
from xml.etree.ElementTree import Element

import httpx2

from tests.htmx.document import by_id, parse, replace

KNOWN = {
    *("get", "target", "select", "swap", "push-url", "trigger", "sync", "headers", "disable"),
    *("sse-connect", "config"),  # the stream itself, which swaps nothing
}
REPLACING = {"outerHTML", "outerMorph"}


@dataclass(frozen=True, kw_only=True)
class Swap:
    """A page after a fragment took its place, and the address that the page now has."""

    address: str
    page: Element


def settings(element: Element) -> dict[str, str]:
    found = {
        name.removeprefix("data-hx-"): value
        for name, value in element.items()
        if name.startswith("data-hx-")
    }
    unknown = set(found) - KNOWN
    assert not unknown, f"the simulator does not know {sorted(unknown)}"
    return found


def askers(page: Element) -> list[Element]:
    """The elements that ask the server for a fragment."""
    return [one for one in page.iter() if "get" in settings(one)]


def ask(
    client: httpx2.Client, page: Element, address: str, asker: Element, values: dict[str, str]
) -> Swap:
    """What htmx does when `asker` is triggered on the page shown at `address`."""
    given = settings(asker)
    assert given["swap"] in REPLACING, f"the simulator cannot {given['swap']}"
    wanted = urljoin(address, given["get"])
    if values:
        wanted = f"{wanted}?{urlencode(values)}"
    headers = {"HX-Request": "true", "HX-Current-URL": address}
    answer = client.get(wanted, headers={**headers, **json.loads(given.get("headers", "{}"))})
    assert answer.status_code == 200, f"{answer.status_code} for {wanted}"
    fragment = parse(answer.text)
    target = _target(page, asker, given.get("target", "this"))
    new = (
        by_id(fragment, given["select"].removeprefix("#")) if "select" in given else _only(fragment)
    )
    assert new is not None, f"{wanted} does not hold {given['select']}"
    replace(page, target, new)
    return Swap(address=wanted if given.get("push-url") == "true" else address, page=page)


def _only(fragment: Element) -> Element:
    assert len(fragment) == 1, "a fragment is one element"
    return fragment[0]


def _target(page: Element, asker: Element, selector: str) -> Element:
    if selector == "this":
        return asker
    assert selector.startswith("#"), f"the simulator does not know the target {selector}"
    found = by_id(page, selector.removeprefix("#"))
    assert found is not None, f"{selector} is not in the page"
    assert asker in list(found.iter()), "the asker stays as it was: it must be in what is replaced"
    return found


def fillings(asker: Element, most: int = 4) -> Iterator[dict[str, str]]:
    """What somebody may have entered: nothing more, then each field changed alone."""
    if asker.tag != "form":
        yield {}
        return
    fields = [one for one in asker.iter() if one.tag in ("input", "select") and one.get("name")]
    base = {str(one.get("name")): _value(one) for one in fields if _is_sent(one)}
    yield base
    for one in fields:
        for value in _others(one)[:most]:
            yield {**base, str(one.get("name")): value}


def _is_sent(field: Element) -> bool:
    return field.get("type") not in ("radio", "checkbox") or "checked" in field.keys()  # noqa: SIM118 - an Element is no dict


def _value(field: Element) -> str:
    if field.tag == "input":
        return field.get("value") or ""
    options = list(field.iter("option"))
    chosen = next((one for one in options if "selected" in one.keys()), None)  # noqa: SIM118 - an Element is no dict
    return ((options[0] if chosen is None else chosen).get("value")) or ""


def _others(field: Element) -> list[str]:
    if field.tag == "select":
        values = [one.get("value") or "" for one in field.iter("option")]
        return [value for value in values if value != _value(field)]
    if field.get("type") in ("radio", "checkbox"):
        return [] if _is_sent(field) else [field.get("value") or "on"]
    return ["rue"] if field.get("type") in (None, "text", "search") else []
