"""One record as a caller may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from difflib import SequenceMatcher

from holdings.access import QUARANTINE_ROLES, STAFF, Caller
from holdings.catalogue import StoredPage, StoredRecord
from holdings.catalogue.descriptions import as_text
from holdings.errors import NotFound
from holdings.records import FIELDS, LEVELS, STAFF_ONLY_FIELDS, Line, Record
from search_api.hits import date_out, page_address, record_address
from search_api.house import House
from search_api.problems import NO_SUCH_THING
from search_api.schema import Ancestor, AttachmentOut, FieldOut, PageOut, RecordOut

#: Who asks where an answer to staff is made of what the caller did not name.
AS_STAFF = Caller(STAFF)


async def visible(house: House, caller: Caller, record_id: str) -> StoredRecord:
    """The record, if the caller may see it. Errors: NotFound, in the same words whether it exists or not."""
    stored = await asyncio.to_thread(house.records(caller).get, record_id)
    if stored is None or caller.audience not in stored.audiences:
        raise NotFound(NO_SUCH_THING)
    return stored


def in_sight(house: House, record_ids: Sequence[str]) -> dict[str, StoredRecord]:
    """id → record, for those of them that staff may see: one held for a secrecy mark is not there."""
    found = house.records(AS_STAFF).many(record_ids)
    return {record_id: stored for record_id, stored in found.items() if STAFF in stored.audiences}


async def readable(house: House, caller: Caller, record_id: str) -> StoredRecord:
    """The record, if the caller may see it or may read it by its id: under a grant, or as the security
    officer where it is quarantined. Never for what is found by searching. Errors: NotFound, the same words."""
    stored = await asyncio.to_thread(house.records(caller).get, record_id)
    if stored is not None and caller.audience in stored.audiences:
        return stored
    # Asked for what is not here too: a closed record takes no more work than one that never was.
    granted = await asyncio.to_thread(house.catalogue.grants.opens, caller.id, record_id)
    if stored is not None:
        if not stored.audiences:
            granted = caller.is_staff and bool(caller.roles & QUARANTINE_ROLES)
        if granted:
            return stored
    raise NotFound(NO_SUCH_THING)


def record_out(house: House, caller: Caller, stored: StoredRecord) -> RecordOut:
    """The whole record: fields in the standard's order, where it lies, its pages and neighbours."""
    record = stored.record
    before, after = house.records(caller).beside(record.id, caller.audience)
    pages = house.pages(caller).of(record.id)
    staff = caller.is_staff
    return RecordOut(
        id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        level=record.level,
        access_status=record.access_status,
        fonds_code=record.fonds_code,
        date=date_out(record.date),
        version=stored.version,
        fields=fields(record, staff=staff),
        extra=record.extra if staff else {},
        flags=list(record.flags) if staff else [],
        ancestors=ancestors(house, caller, record.id),
        previous=before,
        next=after,
        pages=[page_out(page) for page in pages],
        page_count=stored.page_count,
        attachments=_attachments(house, caller, record.id),
    )


def fields(record: Record, *, staff: bool) -> list[FieldOut]:
    """Described fields in the standard's order; where things lie and donors' limits stay with staff."""
    out = []
    for definition in FIELDS:
        value = getattr(record, definition.name)
        if value in ("", (), None) or (definition.name in STAFF_ONLY_FIELDS and not staff):
            continue
        if definition.name == "level":
            value = LEVELS[record.level][0]
        shown = list(value) if isinstance(value, tuple) else as_text(value)
        if shown:
            name, term, label = definition.name, definition.term, definition.label_en
            out.append(FieldOut(name=name, term=term, label_en=label, value=shown))
    return out


def ancestors(house: House, caller: Caller, record_id: str) -> list[Ancestor]:
    """What it lies in, the fonds first; a closed ancestor shows only as its code."""
    chain = house.records(caller).ancestors([record_id])[record_id]
    return [ancestor(stored, caller) for stored in chain]


def ancestor(stored: StoredRecord, caller: Caller) -> Ancestor:
    record = stored.record
    open_ = caller.audience in stored.audiences
    return Ancestor(
        id=record.id if open_ else None,
        reference_code=record.reference_code,
        title=record.title if open_ else record.reference_code,
        level=record.level,
    )


def page_out(page: StoredPage) -> PageOut:
    address = page_address(page.record_id, page.number)
    has_image = page.width > 0
    return PageOut(
        number=page.number,
        kind=page.kind,
        status=page.status,
        media_type=page.media_type,
        width=page.width,
        height=page.height,
        rotation=page.text.rotation if page.text else 0,
        has_image=has_image,
        has_text=page.text is not None and bool(page.text.text.strip()),
        image=f"{address}/image" if has_image else None,
        thumbnail=f"{address}/thumbnail" if has_image else None,
    )


def corrected(old: Sequence[Line], texts: Sequence[str]) -> tuple[Line, ...]:
    """A person's lines with the places of those they stand for: a run of lines changed into as many keeps
    its boxes, a line put in has none."""
    lines = [Line(text) for text in texts]
    matcher = SequenceMatcher(None, [line.text for line in old], texts, autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        if b - a == d - c:
            lines[c:d] = [Line(texts[c + n], old[a + n].box) for n in range(b - a)]
    return tuple(lines)


def _attachments(house: House, caller: Caller, record_id: str) -> list[AttachmentOut]:
    base = f"{record_address(record_id)}/attachments"
    return [
        AttachmentOut(name=a.name, media_type=a.media_type, size=a.size, text=a.text, url=f"{base}/{n}")
        for n, a in enumerate(house.records(caller).attachments(record_id), 1)
    ]
