"""What intake hands to the catalogue, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from holdings.records import PageText, Record


@dataclass(frozen=True)
class IncomingPage:
    """One page as intake hands it over; its file lies in the store already.

    kind: "scan" (OCR will read it), "text" (came with `text`), "picture" (nothing to read).
    frame: which page of the file, from 0.  width, height: pixels; 0 for text without an image.
    name: the file's name as it came.
    """

    number: int
    sha256: str
    kind: Literal["scan", "text", "picture"] = "scan"
    frame: int = 0
    media_type: str = "image/jpeg"
    name: str = ""
    width: int = 0
    height: int = 0
    text: PageText | None = None


@dataclass(frozen=True)
class IncomingAttachment:
    name: str
    sha256: str
    media_type: str
    size: int
    text: str = ""


@dataclass(frozen=True)
class Incoming:
    """One record with what belongs to it. `record.id` may be '' : the catalogue gives it.

    pages / attachments None: none came with this package, what is there stays.
    """

    record: Record
    pages: Sequence[IncomingPage] | None = None
    attachments: Sequence[IncomingAttachment] | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of one Incoming.

    new / unchanged; changed: an update was written, or pages were added to a record that had none;
    revision: it differs from the catalogue and `update` was not given: nothing was written.
    differences: field → (as it stands, as it would be).
    """

    id: str
    reference_code: str
    status: Literal["new", "unchanged", "changed", "revision"]
    differences: Mapping[str, tuple[str, str]] = field(default_factory=dict)
