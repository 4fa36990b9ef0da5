"""A published exhibition ↔ one line of a package.

A line holds the edition as the public reads it inside now: what stands on a record that the public may not see, or
of which something was hidden since, is not in it, nor a quotation that its page does not say any more, nor the name
of a fonds that is closed. The outside asks all of it again, at every request.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from holdings.access import PUBLIC
from holdings.catalogue import Catalogue, StoredPage
from holdings.catalogue.editions import StoredEdition, records_of, without
from holdings.edition_parts import SLUG, pruned, says, things_in
from holdings.errors import BadPackage

#: Who published it, as the outside has it: people's names stay inside.
FROM_INSIDE = "内网导入"
_Pages = Mapping[tuple[str, int], StoredPage]


@dataclass(frozen=True)
class Line:
    """text: the JSON of a line, without its end.  records: ids of those it stands on."""

    slug: str
    title: str
    text: bytes
    records: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256: two editions that say the same to the public have the same one."""
        return hashlib.sha256(self.text).hexdigest()


# ── going out ──────────────────────────────────────────────────────────────────


def public_lines(catalogue: Catalogue, carried: Callable[[Sequence[str]], set[str]]) -> dict[str, Line]:
    """slug → its line, of all that are published. carried: which of these records the outside has, or gets with
    the same package: no other may be stood on."""
    editions = catalogue.editions
    return {head.slug: _line(catalogue, editions.whole(head), carried) for head in editions.heads()}


def _line(catalogue: Catalogue, edition: StoredEdition, carried: Callable[[Sequence[str]], set[str]]) -> Line:
    ids = sorted(records_of(edition.body))
    gone = catalogue.editions.gone(edition, PUBLIC) | (set(ids) - carried(ids))
    body = _as_read(catalogue, without(edition.body, gone))
    said = {"published_at": edition.published_at.isoformat(), "body": body}
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return Line(edition.slug, str(body["title"]), text.encode(), tuple(sorted(records_of(body))))


def _as_read(catalogue: Catalogue, body: Any) -> Any:
    places = sorted({place for thing in things_in(body) if (place := _place(thing))})
    found = catalogue.seen_pages.at(places)
    pages = {(record_id, page.number): page for record_id, some in found.items() for page in some}
    above = catalogue.seen_records.ancestors(sorted(records_of(body)))
    fonds = {
        record_id: {s.record.title for s in chain if s.record.level == "fonds" and PUBLIC in s.audiences}
        for record_id, chain in above.items()
    }
    kept = pruned(body, lambda value: _is_away(value, pages))
    for thing in things_in(kept):
        if thing.get("fonds") and thing["fonds"] not in fonds.get(thing.get("record_id") or "", ()):
            thing["fonds"] = ""
    return kept


def _place(value: Any) -> tuple[str, int] | None:
    """The page of a record that a picture or a quotation is of."""
    if isinstance(value, Mapping) and value.get("record_id") and isinstance(value.get("page"), int):
        return value["record_id"], value["page"]
    return None


def _is_away(value: Any, pages: _Pages) -> bool:
    """A picture whose page is not there, a quotation that its page does not say."""
    place = _place(value)
    if place is None:
        return False
    page = pages.get(place)
    if page is None:
        return True
    if "text" in value:
        return page.text is None or not says(page.text.text, value["text"])
    return not page.width


# ── coming in ──────────────────────────────────────────────────────────────────

_Words = list[str]
_MOST = 2**31 - 1  # that a column of either database holds
_Number = Annotated[int, Field(ge=1, le=_MOST)]
_Pixels = Annotated[int, Field(ge=0, le=_MOST)]
#: A time that is one in any zone.
_Time = Annotated[
    AwareDatetime, Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(9999, 1, 1, tzinfo=UTC))
]


class _Shape(BaseModel):
    """These say what `curation.edition.Edition` is as JSON, which this room may not import: one edition that no page
    can be made of is refused, for the list of all and the feed would fail with it. What a later version adds is
    let through."""

    model_config = ConfigDict(strict=True)


class _Picture(_Shape):
    record_id: str
    page: _Number
    width: _Pixels
    height: _Pixels
    alt: str


class _Quotation(_Shape):
    text: str
    record_id: str
    page: _Number


class _Outside(_Shape):
    kind: Literal["loan", "museum", "partner", "private"]
    owner: str
    number: str
    agreement: str


class _Exhibit(_Shape):
    key: str
    title: str
    date: str
    date_from: str
    date_to: str
    label: str
    record_id: str
    reference_code: str = ""
    archive: str = ""
    fonds: str = ""
    creators: _Words = []
    genre: str = ""
    medium: str = ""
    size: str = ""
    quotation: _Quotation | None = None
    pictures: list[_Picture]
    transcription: _Words = []
    notes: _Words = []
    rights: str = ""
    outside: _Outside | None = None


class _Section(_Shape):
    key: str
    title: str
    text: str
    exhibits: list[_Exhibit]
    wanted: str = ""


class _Entry(_Shape):
    day: str
    said: str
    text: str
    reference_code: str
    record_id: str


class _Body(_Shape):
    slug: Annotated[str, Field(pattern=f"^{SLUG.pattern}$")]
    number: _Number
    title: str
    subtitle: str
    lead: str
    sections: list[_Section]
    organisers: _Words
    curators: _Words
    made_on: str
    editorial: _Words = []
    chronology: list[_Entry]
    map_review: str = ""
    address: str = ""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")

    published_at: _Time
    body: _Body


def edition_of(line: Mapping[str, Any], here: Callable[[Sequence[str]], set[str]]) -> StoredEdition:
    """here: which of these records are on the outside once the package is in.

    Errors: BadPackage for what is malformed, or stands on a record that the public is not given.
    """
    try:
        given = _Given.model_validate(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadPackage(f"包里有读不懂的展览：{where} {first['msg']}", advice=_ADVICE) from error
    body = line["body"]
    ids = sorted(records_of(body))
    if missing := sorted(set(ids) - here(ids)):
        said = f"包里的展览“{given.body.slug}”用了公众看不到的条目：{'、'.join(missing[:3])}。"
        raise BadPackage(said, advice=_ADVICE)
    return StoredEdition(given.body.slug, given.body.number, body, FROM_INSIDE, given.published_at)


_ADVICE = "整包未收。请由内网核对这个展览，再重新导出。"
