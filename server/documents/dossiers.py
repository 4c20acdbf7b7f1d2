"""The dossier of a territory for its CIL: a summary in plain text, the files, one ZIP in parts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import RawIOBase
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from server.domain import labels
from server.domain.deadlines import PARIS

READ_ME = "LISEZ-MOI.txt"
BYTE_ORDER_MARK = "\ufeff"  # so that an old text editor reads the accents


@dataclass(frozen=True, kw_only=True)
class DossierFile:
    """A file of the archive; `label` says in the summary what it is."""

    path: str
    label: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """What the archive holds; `missing` names the bailleurs whose bilan has not come."""

    year: int
    epci_name: str
    made_for: str
    made_at: datetime
    due_before: date
    bilans: Sequence[DossierFile]
    annexes: Sequence[DossierFile]
    missing: Sequence[str]


def read_me(dossier: Dossier) -> bytes:
    """The summary: what is inside, what is not, the fingerprint of each file."""
    year = dossier.year
    lines = [
        f"Dossier {year} pour la conférence intercommunale du logement (CIL)",
        dossier.epci_name,
        "",
        f"Établi par {dossier.made_for}, le {labels.french_instant(dossier.made_at)}.",
        f"À remettre à la CIL avant le {labels.french_day(dossier.due_before)} (art. 7).",
        "",
        *_section(f"Bilans {year} reçus", dossier.bilans, "Aucun bilan reçu."),
        *_missing(dossier),
        *_section(f"Annexes 1 de {year}", dossier.annexes, "Aucune annexe 1 publiée."),
        "Ce dossier ne contient aucune donnée sur les ménages.",
        "Source : Portail du flux, ce que l'organisme pouvait lire à cet instant.",
        "",
    ]
    return (BYTE_ORDER_MARK + "\r\n".join(lines)).encode()


def _section(title: str, files: Sequence[DossierFile], nothing: str) -> Iterator[str]:
    yield f"{title} ({len(files)})"
    if not files:
        yield f"  {nothing}"
    for one in files:
        yield f"  {one.label}"
        yield f"    {one.path}"
        yield f"    empreinte SHA-256 : {hashlib.sha256(one.content).hexdigest()}"
    yield ""


def _missing(dossier: Dossier) -> Iterator[str]:
    if dossier.missing:
        yield f"Bilans {dossier.year} manquants ({len(dossier.missing)})"
        yield from (f"  {name}" for name in dossier.missing)
        yield ""


class _Parts(RawIOBase):
    """Where the ZIP is written: it cannot go back, and gives what it has got so far."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # ZipFile writes bytes
        self._waiting += data
        return len(data)

    def take(self) -> bytes:
        taken = bytes(self._waiting)
        self._waiting.clear()
        return taken


def archive(dossier: Dossier) -> Iterator[bytes]:
    """The ZIP, part after part; same facts, same bytes."""
    summary = DossierFile(path=READ_ME, label="", content=read_me(dossier))
    yield from _zip((summary, *dossier.bilans, *dossier.annexes), dossier.made_at)


def _zip(files: Iterable[DossierFile], made_at: datetime) -> Iterator[bytes]:
    local = made_at.astimezone(PARIS)
    stamp = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    target = _Parts()
    with ZipFile(target, "w", ZIP_DEFLATED) as opened:
        for one in files:
            entry = ZipInfo(one.path, date_time=stamp)
            entry.compress_type = ZIP_DEFLATED
            opened.writestr(entry, one.content)
            yield target.take()
    yield target.take()
