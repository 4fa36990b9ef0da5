"""An edition 定稿: one exhibition, compilation or list as it leaves the house, with everything that outputs need.

Pure nouns. Made of a plan and of the records as their audience sees them (what is withdrawn since is not in it);
each output in `curation/outputs/` renders it and asks nobody else anything but the pixels of a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import TypeAdapter

OwnerKind = Literal["loan", "museum", "partner", "private"]


@dataclass(frozen=True)
class Picture:
    """One page of a record, as its audience may see it (redacted where it is). width, height: pixels of the
    page as it is read, turned upright; `Pictures` gives it in smaller sizes (`fitted`)."""

    record_id: str
    page: int
    width: int
    height: int
    alt: str


@dataclass(frozen=True)
class Quotation:
    """Words of a page, exactly as its text stands. page: counted from 1; of `record_id`."""

    text: str
    record_id: str
    page: int


@dataclass(frozen=True)
class Outside:
    """An object that is not of the holdings: lent, of a museum, a partner's, a private person's."""

    kind: OwnerKind
    owner: str
    number: str
    agreement: str


@dataclass(frozen=True)
class Exhibit:
    """An object as the visitor meets it. Stands on a record (reference_code 档号) or on an `Outside`.

    label: 80 to 150 characters, approved by a person.  transcription: page texts, proof-read, in page order.
    date_from, date_to: ISO days, "" where unknown.  rights: what is to be said with it.
    """

    key: str
    title: str
    date: str
    date_from: str
    date_to: str
    label: str
    record_id: str = ""
    reference_code: str = ""
    archive: str = ""
    fonds: str = ""
    creators: tuple[str, ...] = ()
    genre: str = ""
    medium: str = ""
    size: str = ""
    quotation: Quotation | None = None
    pictures: tuple[Picture, ...] = ()
    transcription: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rights: str = ""
    outside: Outside | None = None

    @property
    def source(self) -> str:
        """What is cited beneath it: archive and 档号, or owner, number and agreement."""
        if self.outside is None:
            return (
                f"{self.archive}藏，档号 {self.reference_code}"
                if self.archive
                else f"档号 {self.reference_code}"
            )
        parts = (self.outside.owner, self.outside.number, self.outside.agreement)
        return "，".join(part for part in parts if part)


@dataclass(frozen=True)
class Section:
    key: str
    title: str
    text: str
    exhibits: tuple[Exhibit, ...]
    wanted: str = ""
    """What is still looked for here 征集线索, said to visitors. "": nothing."""


@dataclass(frozen=True)
class Entry:
    """A line of a chronology 大事记. day: ISO day, month or year. Cites the 档号 it stands on."""

    day: str
    said: str
    text: str
    reference_code: str
    record_id: str


@dataclass(frozen=True)
class Edition:
    """slug: its address. number: 1, 2, …, a new one each time it is published. made_on: ISO day.

    map_review: 审图号 of the maps in it, "" without one (then no map leaves the house).
    """

    slug: str
    number: int
    title: str
    subtitle: str
    lead: str
    sections: tuple[Section, ...]
    organisers: tuple[str, ...]
    curators: tuple[str, ...]
    made_on: str
    editorial: tuple[str, ...] = ()
    """凡例: how a compilation was made, a paragraph each."""
    chronology: tuple[Entry, ...] = ()
    map_review: str = ""
    address: str = ""
    """Where the public finds it, an absolute address; "" where it is not published."""

    def exhibits(self) -> Iterator[Exhibit]:
        for section in self.sections:
            yield from section.exhibits


class Pictures(Protocol):
    """The pixels an edition's audience may see."""

    def jpeg(self, picture: Picture, *, longest: int) -> bytes:
        """The page as JPEG, of the size that `fitted` says. Errors: NotFound where it was withdrawn."""
        ...


def fitted(width: int, height: int, longest: int) -> tuple[int, int]:
    """Width and height in pixels of an image whose longer side shall be at most `longest`; never enlarged."""
    if max(width, height) <= longest:
        return width, height
    across = max(1, width * longest // max(width, height))
    return across, max(1, round(height * across / width))


def as_json(edition: Edition) -> dict[str, Any]:
    """What `of_json` makes the same edition of."""
    made: dict[str, Any] = _ADAPTER.dump_python(edition, mode="json")
    return made


def of_json(body: Mapping[str, Any]) -> Edition:
    """Errors: ValueError for what is no edition."""
    return _ADAPTER.validate_python(body)


_ADAPTER = TypeAdapter(Edition)
