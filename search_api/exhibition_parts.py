"""Of a published exhibition as much as one answer shows, filtered as the whole would be (published.py).

Nothing is kept from one request to the next. What a file costs grows with what it shows: an exhibit's page with the
exhibit, not with the exhibition. An address of what was withdrawn costs the work of one that never was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from curation.edition import Edition, of_json
from curation.outputs.site import LINKED, need_of
from holdings.access import PUBLIC
from holdings.catalogue.editions import StoredEdition, with_parts
from holdings.edition_parts import Body, Kind, Part
from search_api.house import House
from search_api.published import shown

#: Neighbours looked at in one go; what was withdrawn is passed over.
FEW = 4


def for_file(house: House, slug: str, path: str, audience: str = PUBLIC) -> Edition:
    """As much of it as this file of its page set is made of (`site.need_of`). Errors: NotFound where there is no such
    exhibition; a file that is not there, or not any more, is not in the set of what is returned."""
    need, editions = need_of(path), house.catalogue.editions
    head = editions.head(slug)
    if need.every:
        found = [_less(part, need.unread) for part in editions.parts(head, "exhibit")]
        found += editions.parts(head, "entry") if need.lines else []
        found += _nearest(house, head, [_Run("entry", -1)], audience) if need.beside else []
        return shown(house, with_parts(head, found), audience)
    if not need.name:
        return of_json(head.body)
    found = editions.named(head, need.name)
    gone = editions.gone(with_parts(head, found), audience)
    left = [part for part in found if part.record_id not in gone]
    if need.beside and left:
        place = left[0].place
        runs = [_Run("exhibit", place, before=True), _Run("exhibit", place), _Run("entry", -1)]
        left += _nearest(house, head, runs, audience)
    return shown(house, with_parts(head, left), audience, gone)


def first_pictured(house: House, audience: str = PUBLIC) -> list[Edition]:
    """All that are published, the latest first, each up to its first exhibit that has a picture."""
    return [_to_picture(house, head, audience) for head in house.catalogue.editions.heads()]


def counted(house: House, audience: str = PUBLIC) -> list[tuple[Edition, int]]:
    """All that are published, the latest first, without their parts, and how many exhibits each has now."""
    editions, made = house.catalogue.editions, []
    for head in editions.heads():
        on = editions.exhibits_on(head)
        gone = editions.gone(head, audience, {record_id for record_id in on if record_id})
        made.append((of_json(head.body), sum(record_id not in gone for record_id in on)))
    return made


def _to_picture(house: House, head: StoredEdition, audience: str) -> Edition:
    place, limit = -1, FEW
    while True:
        some = house.catalogue.editions.beside(head, "exhibit", place, limit)
        edition = shown(house, with_parts(head, some), audience)
        if len(some) < limit or any(exhibit.pictures for exhibit in edition.exhibits()):
            return edition
        place, limit = some[-1].place, limit * 8


@dataclass(frozen=True)
class _Run:
    """The parts of a kind that follow a place, or come before it."""

    kind: Kind
    place: int
    before: bool = False


def _nearest(house: House, head: StoredEdition, runs: Sequence[_Run], audience: str) -> list[Part]:
    """Of each run the nearest part that is left, however many before it are gone; to be linked to, no more."""
    editions, limit = house.catalogue.editions, FEW
    while True:
        rows = [editions.beside(head, run.kind, run.place, limit, before=run.before) for run in runs]
        gone = editions.gone(head, audience, {p.record_id for row in rows for p in row if p.record_id})
        left = [next((part for part in row if part.record_id not in gone), None) for row in rows]
        if all(one or len(row) < limit for one, row in zip(left, rows, strict=True)):
            return [one if one.kind == "entry" else _less(one, LINKED) for one in left if one]
        limit *= 8


def _less(exhibit: Part, unread: Body) -> Part:
    """An exhibit as if these fields were empty."""
    return replace(exhibit, body={**exhibit.body, **unread})
