"""What the public could newly find, before it can: the document its index would hold, built and not written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from holdings.access import ANONYMOUS, DECIDED_HERE, OPEN, PUBLIC, PUBLISHED, obstacle
from holdings.catalogue import StoredRecord
from holdings.catalogue.seen_records import seen
from holdings.documents import Material, document
from holdings.engines.port import Document, FacetIn, Question
from holdings.errors import IndexMissing
from search_api.house import House
from search_api.records import fields
from search_api.schema_reviews import FindableOut, PassageShown, PreviewOut

#: What of a record a person might be found by, and how many of them are asked about.
NAMED = ("persons", "creators", "places", "keywords")
ASKED = 60
#: Passages shown of a long record.
SHOWN = 40


async def preview(house: House, stored: StoredRecord) -> PreviewOut:
    """One record as the public's index would hold it. Errors: the engine's."""
    material, would = await asyncio.to_thread(_would_hold, house, stored)
    record = material.stored.record
    passages = material.passages()
    attachments = await asyncio.to_thread(house.records(ANONYMOUS).attachments, record.id)
    return PreviewOut(
        record_id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        kept=obstacle(record),
        fields=fields(record, staff=False),
        findable=await findable(house, [would], NAMED),
        suggestions=[shown for shown, _ in would.suggest],
        passages=[PassageShown(page=p.page, text=p.text) for p in passages[:SHOWN]],
        passages_in_all=len(passages),
        pages=sorted(material.texts),
        attachments=[a.name for a in attachments],
        words=len({token for values in would.text.values() for value in values for token in value}),
    )


def _would_hold(house: House, stored: StoredRecord) -> tuple[Material, Document]:
    """The material and the public's document of a record, as if this house had opened and published it: with
    what is redacted gone, and in its public form."""
    outer, records = seen(stored).record, house.records(ANONYMOUS)
    record = replace(outer, access_status=OPEN, publicity=PUBLISHED, access_basis=DECIDED_HERE)
    above = records.ancestors([record.id])[record.id]
    material = Material.of(
        replace(stored, record=record, audiences=stored.audiences | {PUBLIC}),
        house.pages(ANONYMOUS).of(record.id),
        [a.text for a in records.attachments(record.id) if a.text],
        [a.record.id for a in above],
    )
    return material, document(material, PUBLIC, lambda text: [t.text for t in house.segmenter.cut(text)], {})


async def would_hold(house: House, stored: Sequence[StoredRecord]) -> list[Document]:
    """The public's documents of these records, as if they were open and published; none of what the rule
    keeps from it even then."""
    opening = [one for one in stored if not obstacle(one.record)]
    return [(await asyncio.to_thread(_would_hold, house, one))[1] for one in opening]


async def findable(house: House, documents: Sequence[Document], facets: Sequence[str]) -> list[FindableOut]:
    """The values of these facets in these documents, and whether each is new to the public's index."""
    pairs = dict.fromkeys((f, v) for d in documents for f in facets for v in d.facets.get(f, ()))
    found = []
    for facet, value in list(pairs)[:ASKED]:
        found.append(FindableOut(field=facet, value=value, new=not await _held(house, facet, value)))
    return sorted(found, key=lambda one: not one.new)


async def _held(house: House, facet: str, value: str) -> int:
    """How many records the public finds by this value; none where it has no index yet."""
    try:
        return (await house.ask(PUBLIC, Question(must=(FacetIn(facet, (value,)),), depth=0))).total
    except IndexMissing:
        return 0
