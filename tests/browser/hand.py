"""Somebody without a mouse: Tab, arrows, Enter, and what is typed."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Page

FARTHEST = 150  # stops on the longest of our pages
ACTIVE = """() => {
  const one = document.activeElement;
  return [one.id, (one.innerText || one.value || "").replace(/\\s+/g, " ").trim()];
}"""


@dataclass(frozen=True)
class Hand:
    page: Page

    def active(self) -> tuple[str, str]:
        """Id and text of what has the focus."""
        identifier, text = self.page.evaluate(ACTIVE)
        return identifier, text

    def reach(self, *, named: str = "", field: str = "") -> None:
        """Tab until a stop of that text, or the field of that id."""
        if field and self.active()[0] == field:
            return
        met = []
        for _ in range(FARTHEST):
            self.page.keyboard.press("Tab")
            identifier, text = self.active()
            if (field and identifier == field) or (named and named in text):
                return
            met.append(text[:40] or identifier)
        raise AssertionError(f"« {named or field} » is not reached by Tab: {met}")

    def follow(self, named: str) -> None:
        """Reach a link or a button, and use it; a new document has then been read whole."""
        self.reach(named=named)
        with self.page.expect_event("load"):  # a navigation may be an anchor's, or htmx's own
            self.page.keyboard.press("Enter")

    def enter(self, field: str, text: str) -> None:
        self.reach(field=field)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)

    def enter_day(self, field: str, day: str) -> None:
        """Part by part; the order is the browser's own: give a day that reads the same in all."""
        self.reach(field=field)
        self.page.keyboard.type(day)

    def choose(self, field: str, rank: int) -> None:
        """The nth of a group of radio buttons: the first is reached, the arrows do the rest."""
        self.reach(field=field)
        self.page.keyboard.press("Space")
        for _ in range(rank):
            self.page.keyboard.press("ArrowDown")

    def tick(self, field: str) -> None:
        self.reach(field=field)
        self.page.keyboard.press("Space")

    def follow_anchor(self, selector: str) -> None:
        """A link to a place of the same page."""
        self.reach(named=self.page.inner_text(selector))
        self.page.keyboard.press("Enter")
