"""The two clients: a browser with its cookies, which posts forms, and a machine with a token."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2

from server.demo.scenario.forms import Form, Page
from server.demo.scenario.report import NotAsAgreed

T = TypeVar("T")
Values = Mapping[str, str | list[str]]
PATIENCE = 30.0
HTTP_OK, HTTP_MOVED, HTTP_REFUSED = 200, 300, 400


class Answer:
    """What came back: the response, read as a page."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.page = Page(response.text)

    @property
    def path(self) -> str:
        return urlsplit(str(self.response.url)).path

    @property
    def text(self) -> str:
        return self.page.text


class Browser:
    """Somebody with a browser: cookies kept, redirections followed, forms posted from our pages."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self._client = httpx2.Client(base_url=url, follow_redirects=True, timeout=PATIENCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(self, address: str, *, status: int = HTTP_OK) -> Answer:
        return self._checked(self._client.get(address), status)

    def raw(self, address: str) -> httpx2.Response:
        """A file, or a page whose status the caller looks at."""
        return self._client.get(address)

    def post(self, address: str, values: Values, *, status: int | None = None) -> Answer:
        """As a browser posts: from a page of the same site."""
        response = self._client.post(
            address,
            data=dict(values),
            headers={"origin": self.url, "sec-fetch-site": "same-origin"},
        )
        answer = Answer(response)
        if status is None and answer.status >= HTTP_REFUSED:
            raise NotAsAgreed(_unexpected(self.name, answer, "une réussite"))
        return self._checked(response, status) if status is not None else answer

    def submit(
        self, on: Answer, form: Form, changes: Values, *, status: int | None = None
    ) -> Answer:
        """Fill in the named fields, keep the others as the page gave them, and send."""
        unknown = set(changes) - form.names
        if unknown:
            raise NotAsAgreed(
                f"Le formulaire {form.action} de {on.path} n'a pas de champ "
                f"{', '.join(sorted(unknown))} ; il a {', '.join(sorted(form.names))}."
            )
        values: dict[str, str | list[str]] = {}
        for name, value in form.values:
            if name not in changes:
                _add(values, name, value)
        values.update(changes)
        target = urljoin(str(on.response.url), form.action or on.path)
        if form.method == "get":
            response = self._client.get(target, params=dict(values))
            return self._checked(response, status or HTTP_OK)
        return self.post(target, values, status=status)

    def _checked(self, response: httpx2.Response, status: int) -> Answer:
        answer = Answer(response)
        if answer.status != status:
            raise NotAsAgreed(_unexpected(self.name, answer, str(status)))
        return answer


def _add(values: dict[str, str | list[str]], name: str, value: str) -> None:
    before = values.get(name)
    if before is None:
        values[name] = value
    else:
        values[name] = [*(before if isinstance(before, list) else [before]), value]


def _unexpected(name: str, answer: Answer, expected: str) -> str:
    return (
        f"{name}, {answer.path} : réponse {answer.status} au lieu de {expected}. "
        f"{answer.text[:600]}"
    )


def required(form: Form | None, what: str, on: Answer) -> Form:
    if form is None:
        found = ", ".join(f"{one.method} {one.action}" for one in on.page.forms)
        raise NotAsAgreed(f"{on.path} n'a pas le formulaire attendu : {what} (trouvé : {found}).")
    return form


def option(form: Form, name: str, words: str) -> str:
    """The value of the first choice whose label holds these words."""
    labels = form.choices.get(name, [])
    for value, label in labels:
        if words in label:
            return value
    found = ", ".join(label for _, label in labels)
    raise NotAsAgreed(f"{form.action}, {name} : pas de choix « {words} » parmi {found}.")


class Machine:
    """A program of an organisme, as OREL would be: GraphQL and its token, nothing else."""

    def __init__(self, url: str, name: str, token: str) -> None:
        self.name = name
        self._url = url
        self._headers = {"authorization": f"Bearer {token}"}

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data; a mutation must have changed something."""
        body = self._post({"query": query, "variables": variables})
        if body.get("errors") or body.get("data") is None:
            raise NotAsAgreed(f"{self.name}, API : {body.get('errors')}")
        for payload in body["data"].values():
            if isinstance(payload, dict) and payload.get("errors"):
                raise NotAsAgreed(f"{self.name}, API : {payload['errors']}")
        data: dict[str, Any] = body["data"]
        return data

    def refused(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The typed errors of an act that must not be done, or those of GraphQL itself."""
        body = self._post({"query": query, "variables": variables})
        found: list[dict[str, Any]] = []
        for payload in (body.get("data") or {}).values():
            if isinstance(payload, dict):
                found += payload.get("errors") or []
        for error in body.get("errors") or []:
            code = (error.get("extensions") or {}).get("code")
            found.append({"code": code, "message": error["message"]})
        if not found:
            raise NotAsAgreed(f"{self.name}, API : cet acte aurait dû être refusé. {body}")
        return found

    def post_raw(self, content: bytes) -> httpx2.Response:
        headers = {**self._headers, "content-type": "application/json"}
        return httpx2.post(self._url, content=content, headers=headers, timeout=PATIENCE)

    def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        response = httpx2.post(self._url, json=body, headers=self._headers, timeout=PATIENCE)
        try:
            answer: dict[str, Any] = response.json()
        except ValueError as error:
            raise NotAsAgreed(
                f"{self.name}, API : réponse {response.status_code} illisible."
            ) from error
        return answer


def wait_for(what: str, look: Callable[[], T | None], *, seconds: float = PATIENCE) -> T:
    """What the background tasks do takes a moment."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise NotAsAgreed(f"Après {seconds:.0f} secondes, toujours pas : {what}.")
        time.sleep(0.25)
