"""Found ids → hits with their reasons. Reads the catalogue and checks visibility there once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from holdings.access import Caller
from holdings.catalogue import StoredPage, StoredRecord
from holdings.records import DateSpan
from holdings.text import description_text
from search_api.facets import FondsTitles
from search_api.house import House
from search_api.marks import Marker, Shown, best_passages, merged
from search_api.schema import DateOut, HitOut, PassageOut, Why

#: Pages of a hit looked through for its words; longer records are searched whole on their own page.
PAGES_READ = 40


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
    stored = house.catalogue.records.many(ids)
    visible = [f for f in found if f.id in stored and caller.audience in stored[f.id].audiences]
    pages = house.catalogue.pages.of_many([f.id for f in visible], limit=PAGES_READ)
    fonds = fonds or FondsTitles(house, caller)
    titles = fonds.of([stored[f.id].record.fonds_code for f in visible])
    marker = Marker(needles)
    return [_hit(f, stored[f.id], pages.get(f.id, []), marker, titles) for f in visible]


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
