"""Taking records in: new ones many at a time, known ones compared and revised. In the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from holdings.access import DECIDED_HERE, visible_to
from holdings.catalogue import descriptions, due
from holdings.catalogue.attach import (
    add_pages,
    file_difference,
    files_as_is,
    page_difference,
    pages_as_is,
    set_attachments,
    set_pages,
)
from holdings.catalogue.incoming import Incoming, Outcome
from holdings.catalogue.outbox import Stage, enqueue, enqueue_below
from holdings.catalogue.quarantine import hold_taken_in
from holdings.catalogue.tables import CodeRow, RecordRow, RecordVersionRow
from holdings.catalogue.visibility import audiences_now, marks_of, today, within
from holdings.errors import Conflict, NotFound
from holdings.records import Record
from holdings.text import natural_key


@dataclass(frozen=True)
class _Known:
    """A record as it stands: its row (locked), its pages' (number, file, frame), its files' name → SHA-256."""

    row: RecordRow
    pages: list[tuple[int, str, int]]
    files: dict[str, str]


def take_in(session: Session, batch: Sequence[Incoming], *, update: bool, reason: str) -> list[Outcome]:
    """One outcome each, in order. Known records are read together, runs of new ones written together: a
    dozen statements a batch, not a dozen a record. Errors: Conflict when a code belongs to another record."""
    holders = _holders(session, (i.record.reference_code for i in batch))
    known = _known(session, set(holders.values()))
    outcomes: list[Outcome] = []
    fresh: dict[str, Incoming] = {}
    for incoming in batch:
        code = incoming.record.reference_code
        if code not in holders and code not in fresh:
            fresh[code] = incoming
            outcomes.append(Outcome(incoming.record.id, code, "new"))
            continue
        _insert(session, list(fresh.values()))
        holders |= {c: i.record.id for c, i in fresh.items()}
        fresh = {}
        record_id = holders[code]
        if record_id not in known:
            known |= _known(session, {record_id})
        outcomes.append(_compare(session, known[record_id], incoming, update, reason))
        if outcomes[-1].status == "changed":
            del known[record_id]
    _insert(session, list(fresh.values()))
    return outcomes


def _known(session: Session, ids: set[str]) -> dict[str, _Known]:
    if not ids:
        return {}
    rows = session.scalars(select(RecordRow).where(RecordRow.id.in_(ids)).with_for_update())
    pages, files = pages_as_is(session, ids), files_as_is(session, ids)
    return {row.id: _Known(row, pages.get(row.id, []), files.get(row.id, {})) for row in rows}


def _insert(session: Session, fresh: Sequence[Incoming]) -> None:
    if not fresh:
        return
    now = datetime.now(UTC)
    session.execute(insert(RecordRow), [columns_of(i.record) | first(now) for i in fresh])
    for incoming in fresh:
        record = incoming.record
        if record.former_codes:
            claim_codes(session, record.id, record.former_codes)
    codes = [{"code": i.record.reference_code, "record_id": i.record.id} for i in fresh]
    session.execute(insert(CodeRow), codes)
    add_pages(session, [(i.record.id, page) for i in fresh for page in i.pages or ()])
    for incoming in fresh:
        if incoming.attachments:
            set_attachments(session, incoming.record.id, incoming.attachments)
    enqueue(session, [i.record.id for i in fresh])
    hold_taken_in(session, [(i.record, i.pages or ()) for i in fresh])


def _compare(session: Session, known: _Known, incoming: Incoming, update: bool, reason: str) -> Outcome:
    record, row = incoming.record, known.row
    old = descriptions.from_json(row.description)
    # The code a package uses may be a former one: the present code stays.
    former = tuple(dict.fromkeys((*old.former_codes, *record.former_codes)))
    new = replace(record, id=old.id, reference_code=old.reference_code, former_codes=former)
    # Delivered again, perhaps with the same name in the title: what others read instead stands.
    new = replace(new, public_forms=old.public_forms)
    before, after = seen_before_and_after(session, old, new)
    if old.access_basis == DECIDED_HERE and not after < before:
        # A package may close what this house opened, but not undo a decision made here.
        new = replace(
            new, access_status=old.access_status, publicity=old.publicity, access_basis=old.access_basis
        )
        before, after = seen_before_and_after(session, old, new)
    pages = page_difference(known.pages, incoming.pages)
    files = file_difference(known.files, incoming.attachments)
    changes = dict(descriptions.differences(old, new))
    # Pages and files may be added to a record that has none; anything else is a revision.
    revises = bool(changes) or bool(pages and known.pages) or bool(files and known.files)
    changes |= {name: d for name, d in (("pages", pages), ("attachments", files)) if d}
    if not changes:
        return Outcome(row.id, row.reference_code, "unchanged")
    if revises and not update:
        return Outcome(row.id, row.reference_code, "revision", changes)
    if pages and incoming.pages is not None:
        set_pages(session, row.id, incoming.pages)
    if files and incoming.attachments is not None:
        set_attachments(session, row.id, incoming.attachments)
    claim_codes(session, row.id, record.former_codes)
    revise(session, row, new, reason or "再次著录")
    enqueue(session, [row.id], Stage.WITHDRAWAL if before - after else Stage.WORDS)
    if pages or new.parent != old.parent:
        hold_taken_in(session, [(new, (incoming.pages or ()) if pages else ())])
    return Outcome(row.id, row.reference_code, "changed", changes)


def seen_before_and_after(
    session: Session, old: Record, new: Record
) -> tuple[frozenset[str], frozenset[str]]:
    """Who may see a record as it stands, and as it would be."""
    rows = within(session)
    audiences, now = audiences_now(rows), today()
    before, after = (marks_of(rows, [record], audiences)[record.id] for record in (old, new))
    return visible_to(before, audiences, now), visible_to(after, audiences, now)


def revise(session: Session, row: RecordRow, record: Record, reason: str) -> None:
    """Keep the description as it was, then write the new one. Moved elsewhere, all that lies in it lags too."""
    now = datetime.now(UTC)
    moved = row.parent != record.parent
    session.add(
        RecordVersionRow(
            record_id=row.id, version=row.version, description=row.description, replaced_at=now, reason=reason
        )
    )
    for name, value in columns_of(record).items():
        if name != "id":
            setattr(row, name, value)
    row.version += 1
    row.changed_at = now
    session.flush()
    if moved:
        enqueue_below(session, row.id)


def columns_of(record: Record) -> dict[str, Any]:
    """A record's columns, but those that say how often and when it was written."""
    same = ("id", "reference_code", "level", "parent", "fonds_code", "title")
    marks = ("access_status", "publicity", "classification")
    return {name: getattr(record, name) for name in same + marks} | {
        "sort_code": natural_key(record.reference_code),
        "description": descriptions.to_json(record),
        **due.columns_of(record),
    }


def first(now: datetime) -> dict[str, Any]:
    """The other columns, of a record that is new."""
    return {"version": 1, "made_at": now, "changed_at": now}


def claim_codes(session: Session, record_id: str, codes: Iterable[str]) -> None:
    """These codes, present or former, are this record's. Errors: Conflict when one is another's."""
    wanted = list(dict.fromkeys(codes))
    holders = _holders(session, wanted)
    for code in wanted:
        if code not in holders:
            session.add(CodeRow(code=code, record_id=record_id))
        elif holders[code] != record_id:
            raise Conflict(f"档号 {code} 已属于另一条目。", advice="请先核对两条目录的档号。")
    session.flush()


def _holders(session: Session, codes: Iterable[str]) -> dict[str, str]:
    """code → id of the record that has or had it."""
    query = select(CodeRow.code, CodeRow.record_id).where(CodeRow.code.in_(list(codes)))
    return {code: record_id for code, record_id in session.execute(query)}


def row_of(session: Session, record_id: str) -> RecordRow:
    row = session.get(RecordRow, record_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这一条目。")
    return row
