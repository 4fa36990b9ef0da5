"""Reading source/*.jsonl, and the one seed everything drawn grows from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
SOURCE = HERE / "source"
SEED = "danghai samples 1"

#: Fonds whose texts are set in traditional characters.
TRADITIONAL = frozenset({"M003", "M017", "Q001"})


@dataclass(frozen=True)
class PageSpec:
    """One page to draw. number is from 1; lines are paragraphs as typed, 雙行小注 inside ⟦⟧."""

    reference_code: str
    number: int
    kind: str
    layout: str
    look: str
    file: str
    lines: tuple[str, ...]
    stamp: str = ""

    @property
    def fonds(self) -> str:
        return self.reference_code.split("-")[0]

    @property
    def traditional(self) -> bool:
        return self.fonds in TRADITIONAL

    def rng(self, purpose: str = "") -> np.random.Generator:
        """Random numbers that depend on this page and this purpose only, never on what was drawn before."""
        key = f"{SEED}|{self.reference_code}|{self.number}|{purpose}"
        return np.random.default_rng(int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big"))


@dataclass(frozen=True)
class SourceRecord:
    """A line of source/*.jsonl: fields by their English names, and what is drawn or written beside it."""

    fields: dict[str, Any]
    pages: tuple[PageSpec, ...] = ()
    texts: tuple[str, ...] = ()
    attachments: tuple[dict[str, str], ...] = field(default=())

    @property
    def reference_code(self) -> str:
        return str(self.fields["reference_code"])

    @property
    def level(self) -> str:
        return str(self.fields.get("level", "file"))


def read_fonds(path: Path) -> list[SourceRecord]:
    """The records of one source file, in the order they stand in."""
    return [_record(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _record(row: dict[str, Any]) -> SourceRecord:
    code = row["reference_code"]
    pages = tuple(
        PageSpec(
            reference_code=code,
            number=number,
            kind=page["kind"],
            layout=page.get("layout", "horizontal"),
            look=page.get("look", "clean"),
            file=page.get("file", "jpg"),
            lines=tuple(page["lines"]),
            stamp=page.get("stamp") or "",
        )
        for number, page in enumerate(row.get("_pages") or (), start=1)
    )
    attachments = row.get("_attachment") or ()
    return SourceRecord(
        fields={key: value for key, value in row.items() if not key.startswith("_")},
        pages=pages,
        texts=tuple(row.get("_text") or ()),
        attachments=(attachments,) if isinstance(attachments, dict) else tuple(attachments),
    )
