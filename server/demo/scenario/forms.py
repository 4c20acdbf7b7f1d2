"""Reading a page as a browser does: its words, its links, its forms with their values."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

HIDDEN_TEXT = frozenset({"script", "style", "template"})
NO_VALUE = frozenset({"submit", "button", "reset", "image", "file"})
TICKED = frozenset({"checkbox", "radio"})


@dataclass(kw_only=True)
class Form:
    """A form, what it would send if one submitted it now, and what else may be chosen."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> set[str]:
        return {name for name, _ in (*self.values, *self.buttons)} | set(self.choices)


@dataclass(kw_only=True)
class Link:
    href: str
    text: str = ""


class Page(HTMLParser):
    """`text` holds the visible words; forms keep their order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.links: list[Link] = []
        self.title = ""
        self._by_id: dict[str, Form] = {}
        self._adopted: list[tuple[str, dict[str, str]]] = []
        self._words: list[str] = []
        self._form: Form | None = None
        self._link: Link | None = None
        self._select: tuple[Form, str, bool] | None = None
        self._option: list[str] | None = None
        self._option_chosen = False
        self._area: tuple[Form, str, list[str]] | None = None
        self._silent = 0
        self._in_title = False
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def form(self, ending: str, *, method: str = "post") -> Form | None:
        """The first form sent to an address that ends so."""
        return next(
            (
                form
                for form in self.forms
                if form.method == method and form.action.partition("?")[0].endswith(ending)
            ),
            None,
        )

    def link(self, part: str) -> Link | None:
        return next((link for link in self.links if part in link.href), None)

    # --- html.parser -------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in HIDDEN_TEXT:
            self._silent += 1
        opener = getattr(self, f"_open_{tag}", None)
        if opener is not None:
            opener(values)

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN_TEXT:
            self._silent = max(0, self._silent - 1)
        closer = getattr(self, f"_close_{tag}", None)
        if closer is not None:
            closer()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._in_title:
            self.title += data
            return
        if self._area is not None:
            self._area[2].append(data)
            return
        if self._option is not None:
            self._option.append(data)
        if self._link is not None:
            self._link.text += data
        self._words.append(data)

    # --- Elements ----------------------------------------------------------------------------

    def _open_title(self, values: dict[str, str]) -> None:
        del values
        self._in_title = not self.title

    def _close_title(self) -> None:
        self._in_title = False

    def _open_a(self, values: dict[str, str]) -> None:
        self._link = Link(href=values.get("href", ""))
        self.links.append(self._link)

    def _close_a(self) -> None:
        self._link = None

    def _open_form(self, values: dict[str, str]) -> None:
        form = Form(action=values.get("action", ""), method=values.get("method", "get").lower())
        self._form = form
        self.forms.append(form)
        if values.get("id"):
            self._by_id[values["id"]] = form

    def _close_form(self) -> None:
        self._form = None

    def _owner(self, values: dict[str, str]) -> Form | None:
        """The form around, or the one that the attribute `form` names."""
        return self._by_id.get(values.get("form", ""), self._form)

    def _open_input(self, values: dict[str, str]) -> None:
        form, name = self._owner(values), values.get("name", "")
        if form is None or not name or "disabled" in values:
            return
        kind = values.get("type", "text").lower()
        value = values.get("value", "on" if kind in TICKED else "")
        if kind in TICKED:
            form.choices.setdefault(name, []).append((value, ""))
        if kind in NO_VALUE:
            form.buttons.append((name, value))
        elif kind not in TICKED or "checked" in values:
            form.values.append((name, value))

    def _open_button(self, values: dict[str, str]) -> None:
        form = self._owner(values)
        if form is not None and values.get("name"):
            form.buttons.append((values["name"], values.get("value", "")))

    def _open_textarea(self, values: dict[str, str]) -> None:
        form = self._owner(values)
        if form is not None and values.get("name"):
            self._area = (form, values["name"], [])

    def _close_textarea(self) -> None:
        if self._area is not None:
            form, name, text = self._area
            form.values.append((name, "".join(text)))
        self._area = None

    def _open_select(self, values: dict[str, str]) -> None:
        form = self._owner(values)
        if form is not None and values.get("name"):
            self._select = (form, values["name"], False)
            form.choices.setdefault(values["name"], [])

    def _open_option(self, values: dict[str, str]) -> None:
        self._close_option()
        if self._select is None:
            return
        form, name, _ = self._select
        form.choices[name].append((values.get("value", ""), ""))
        self._option = []
        self._option_chosen = "selected" in values

    def _close_option(self) -> None:
        if self._select is None or self._option is None:
            return
        form, name, is_chosen = self._select
        value = form.choices[name][-1][0]
        form.choices[name][-1] = (value, " ".join("".join(self._option).split()))
        if self._option_chosen:
            form.values.append((name, value))
            is_chosen = True
        self._select = (form, name, is_chosen)
        self._option = None

    def _close_select(self) -> None:
        self._close_option()
        if self._select is not None:
            form, name, is_chosen = self._select
            if not is_chosen and form.choices[name]:
                form.values.append((name, form.choices[name][0][0]))
        self._select = None
