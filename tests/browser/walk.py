"""A page walked with the Tab key, and what the walk is compared to: the code, in its order."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# What the key should reach, in the order of the code; a group of radio buttons is one stop.
PREPARE = """() => {
  const wanted = "a[href],button,input,select,textarea,summary,[tabindex]";
  const groups = new Set();
  const stops = [];
  for (const one of document.querySelectorAll(wanted)) {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0) continue;
    if (!one.checkVisibility({ visibilityProperty: true })) continue;
    if (one.type === "radio") {
      const group = [...document.querySelectorAll("input[type=radio]")]
        .filter((other) => other.name === one.name && other.form === one.form);
      const chosen = group.find((other) => other.checked) ?? group[0];
      if (one !== chosen) continue;
    }
    stops.push(one);
  }
  const label = (one) => one.outerHTML.replace(/\\s+/g, " ").slice(0, 120);
  window.walkStops = stops;
  window.walkSteps = [];
  document.addEventListener("focusin", (event) => {
    const one = event.target;
    const style = getComputedStyle(one);
    const ring = parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none";
    const box = one.getBoundingClientRect();
    window.walkSteps.push({
      stop: stops.indexOf(one), ring, label: label(one), shown: box.width > 0 && box.height > 0,
    });
  }, true);
  document.activeElement?.blur();
  return {
    labels: stops.map(label),
    parts: stops.filter((one) => /date|time/.test(one.type ?? "")).length,
    frames: document.querySelectorAll("iframe").length,
  };
}"""
PARTS_OF_A_DATE = 6  # day, month, year, hour, minute and the button of the calendar

LINKS_OF_A_FRAME = 6  # the mail shown in a frame: its document is not ours to listen to


def tab_walk(page: Page) -> list[str]:
    """Walk the whole page; answer what a keyboard user would complain of."""
    expected = page.evaluate(PREPARE)
    labels: list[str] = expected["labels"]
    hidden = PARTS_OF_A_DATE * expected["parts"] + LINKS_OF_A_FRAME * expected["frames"]
    for _ in range(len(labels) + hidden + 2):
        page.keyboard.press("Tab")
    steps: list[dict[str, Any]] = page.evaluate("() => window.walkSteps")
    return [*_order(labels, steps), *_visibility(steps)]


def _order(labels: list[str], steps: list[dict[str, Any]]) -> list[str]:
    if not steps or "skip" not in steps[0]["label"]:
        first = steps[0]["label"] if steps else "rien"
        return [f"le lien vers le contenu ne vient pas en premier, mais {first}"]
    reached: list[int] = []
    for step in steps:
        # a region that scrolls takes the focus too, and is no stop of ours
        if step["stop"] >= 0 and (not reached or reached[-1] != step["stop"]):
            reached.append(step["stop"])
    wanted = list(range(len(labels)))
    if reached[: len(wanted)] == wanted:
        return []
    missed = [labels[number] for number in wanted if number not in reached]
    if missed:
        return [f"jamais atteint au clavier : {missed[:3]} ({len(missed)})"]
    return [f"l'ordre de tabulation n'est pas celui du code : {reached}"]


def _visibility(steps: list[dict[str, Any]]) -> list[str]:
    return [
        f"prise de focus invisible : {step['label']}"
        for step in steps
        if not (step["ring"] and step["shown"])
    ]
