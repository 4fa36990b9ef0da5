"""Found ids → hits with their reasons. Reads the catalogue and checks visibility there once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from holdings.access import Caller
from holdings.catalogue import StoredPage, StoredRecord
from holdings.catalogue.seen_pages import PageView
from holdings.records import DateSpan
from holdings.text import description_text
from search_api.facets import FondsTitles
from search_api.house import House
from search_api.marks import SHOWN, Marker, Shown, best_passages, merged
from search_api.schema import DateOut, HitOut, PassageOut, Why

#: Pages of a hit that are read in any case: most records have no more.
PAGES_READ = 40
#: How far a longer one is looked through for its words, pages at a time, and pages of all hits together:
#: 400 take some 70 ms. A record is searched whole on its own page.
PAGES_LOOKED, PAGES_AT_A_TIME, PAGES_IN_ALL = 400, 120, 1_200


@dataclass(frozen=True)
class Found:
    """One id of an answer. passages: (page, number) the meaning leg found best."""

    rank: int
    id: str
    words_rank: int | None
    meaning_rank: int | None
    passages: Sequence[tuple[int, int]] = ()


def hits(
    house: House,
    caller: Caller,
    found: Sequence[Found],
    needles: tuple[str, ...],
    fonds: FondsTitles | None = None,
) -> list[HitOut]:
    """One hit for each id the caller may (still) see, in order. `fonds`: titles read for the same answer."""
    ids = [f.id for f in found]
    stored = house.records(caller).many(ids)
    visible = [f for f in found if f.id in stored and caller.audience in stored[f.id].audiences]
    marker = Marker(needles)
    pages = _pages(house.pages(caller), visible, stored, marker)
    fonds = fonds or FondsTitles(house, caller)
    titles = fonds.of([stored[f.id].record.fonds_code for f in visible])
    return [_hit(f, stored[f.id], pages.get(f.id, []), marker, titles) for f in visible]


def _pages(
    pages: PageView, found: Sequence[Found], stored: Mapping[str, StoredRecord], marker: Marker
) -> dict[str, list[StoredPage]]:
    """record id → the pages that may say why it was found: the first ones, and of a longer record those
    that meaning names, and further ones that hold words."""
    read = pages.of_many([f.id for f in found], limit=PAGES_READ)
    longer = [f for f in found if stored[f.id].page_count > len(read.get(f.id, ()))]
    if not longer:
        return read
    named = {(f.id, page) for f in longer for page, _ in f.passages if page > PAGES_READ}
    for record_id, more in pages.at(sorted(named)).items():
        read.setdefault(record_id, []).extend(more)
    left = PAGES_IN_ALL
    for one in longer:  # best first: where the last of many long ones are not looked through, the first are
        if one.words_rank and left > 0:
            left -= _look_on(pages, stored[one.id], read.setdefault(one.id, []), marker)
    return read


def _look_on(pages: PageView, stored: StoredRecord, read: list[StoredPage], marker: Marker) -> int:
    """Add further pages that hold words, while fewer than are shown do and not all words were seen. Returns
    how many pages were looked at."""
    said = [description_text(stored.record), *(p.text.text for p in read if p.text is not None)]
    found = [[needle for _, needle in marker.found(text)] for text in said]
    marked, seen = sum(map(bool, found)), {needle for needles in found for needle in needles}
    known, looked = {p.number for p in read}, 0
    for first in range(PAGES_READ + 1, min(PAGES_LOOKED, stored.page_count) + 1, PAGES_AT_A_TIME):
        if marked >= SHOWN or seen >= set(marker.needles):
            break
        limit = min(PAGES_AT_A_TIME, PAGES_LOOKED + 1 - first)
        more = pages.of(stored.record.id, first=first, limit=limit)
        held = [p for p in more if p.number not in known and _holds(p, marker)]
        seen |= {needle for p in held if p.text for _, needle in marker.found(p.text.text)}
        marked += len(held)
        read += held
        looked += len(more)
    return looked


def _holds(page: StoredPage, marker: Marker) -> bool:
    return page.text is not None and bool(marker.found(page.text.text))


def _hit(
    found: Found, stored: StoredRecord, pages: Sequence[StoredPage], marker: Marker, titles: dict[str, str]
) -> HitOut:
    record = stored.record
    texts = [(p.number, p.text.text, p.text) for p in pages if p.text is not None]
    shown = best_passages([(0, description_text(record), None), *texts], marker, found.passages)
    title_found = marker.found(record.title)
    matched = [record.title[a:b] for (a, b), _ in title_found]
    matched += [s.text[a:b] for s in shown for a, b in s.marks]
    with_image = next((p for p in pages if p.width), None)
    return HitOut(
        rank=found.rank,
        id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        title_marks=merged([span for span, _ in title_found]),
        level=record.level,
        creators=list(record.creators),
        date=date_out(record.date),
        genre=record.genre,
        fonds_code=record.fonds_code,
        fonds_title=titles.get(record.fonds_code, ""),
        access_status=record.access_status,
        document_number=record.document_number,
        pages=stored.page_count or record.pages or 0,
        why=Why(
            words_rank=found.words_rank,
            meaning_rank=found.meaning_rank,
            matched=list(dict.fromkeys(m.replace("\n", "") for m in matched))[:8],
        ),
        passages=[_passage(s) for s in shown],
        thumbnail=f"{page_address(record.id, with_image.number)}/thumbnail" if with_image else None,
    )


def _passage(shown: Shown) -> PassageOut:
    return PassageOut(
        page=shown.page,
        text=shown.text,
        marks=list(shown.marks),
        boxes=list(shown.boxes),
        by_meaning=shown.by_meaning,
    )


def date_out(date: DateSpan) -> DateOut:
    return DateOut(text=date.text, from_=date.first, to=date.last, certainty=date.certainty)


def record_address(record_id: str) -> str:
    return f"/v1/records/{quote(record_id, safe=':')}"


def page_address(record_id: str, number: int) -> str:
    return f"{record_address(record_id)}/pages/{number}"
