"""Descriptions, and the pages and attachments that hang on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from holdings.access import OPENING_STATES, PUBLICITY, visible_to
from holdings.catalogue import descriptions
from holdings.catalogue.attach import (
    attachment_difference,
    page_difference,
    set_attachments,
    set_pages,
)
from holdings.catalogue.database import Database
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.tables import AttachmentRow, CodeRow, PageRow, RecordRow, RecordVersionRow
from holdings.errors import BadInput, Conflict, NotFound
from holdings.records import PageText, Record
from holdings.text import natural_key

CHUNK = 500


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


@dataclass(frozen=True)
class StoredRecord:
    """A description with what the catalogue knows of it.

    audiences: who may see it, by the one visibility rule.  sort_code: its place in natural order.
    """

    record: Record
    sort_code: str
    version: int
    page_count: int
    made_at: datetime
    changed_at: datetime

    @property
    def audiences(self) -> frozenset[str]:
        r = self.record
        return visible_to(r.access_status, r.publicity, r.classification)


@dataclass(frozen=True)
class StoredAttachment:
    id: int
    name: str
    sha256: str
    media_type: str
    size: int
    text: str


class Records:
    def __init__(self, database: Database) -> None:
        self._database = database

    # ── writing ────────────────────────────────────────────────────────────────

    def put(self, batch: Sequence[Incoming], *, update: bool = False, reason: str = "") -> list[Outcome]:
        """Take records in, in one transaction: keep batches to about 50.

        Parents must be in the catalogue or earlier in the batch. Writing the same twice changes nothing.
        Errors: Conflict when a code belongs to another record.
        """
        with self._database.write() as session:
            return [_put_one(session, incoming, update, reason) for incoming in batch]

    def set_access(
        self, record_id: str, *, access_status: str, publicity: str, reason: str = ""
    ) -> StoredRecord:
        """Change 开放标识 and 公开属性. A change that closes anything jumps the outbox's queue.

        Errors: NotFound; BadInput for a state that does not exist.
        """
        if access_status not in OPENING_STATES:
            raise BadInput(
                f"没有“{access_status}”这个开放标识。", advice=f"可选：{'、'.join(OPENING_STATES)}。"
            )
        if publicity and publicity not in PUBLICITY:
            raise BadInput(f"没有“{publicity}”这个公开属性。", advice=f"可选：{'、'.join(PUBLICITY)}。")
        with self._database.write() as session:
            row = _row(session, record_id)
            record = descriptions.from_json(row.description)
            before = visible_to(row.access_status, row.publicity, row.classification)
            changed = replace(record, access_status=access_status, publicity=publicity)
            after = visible_to(access_status, publicity, row.classification)
            _revise(session, row, changed, reason or "开放标识变更")
            enqueue(session, [record_id], Stage.WITHDRAWAL if before - after else Stage.WORDS)
        found = self.get(record_id)
        if found is None:
            raise NotFound("没有这一条目。")
        return found

    def renumber(self, record_id: str, new_code: str, *, reason: str = "改档号") -> None:
        """Give a record another reference code; the id stays, the old code is remembered.

        Errors: NotFound; Conflict when the code belongs to another record.
        """
        with self._database.write() as session:
            row = _row(session, record_id)
            record = descriptions.from_json(row.description)
            former = tuple(dict.fromkeys((*record.former_codes, record.reference_code)))
            _claim_codes(session, record_id, (new_code,))
            _revise(session, row, replace(record, reference_code=new_code, former_codes=former), reason)
            enqueue(session, [record_id])

    # ── reading ────────────────────────────────────────────────────────────────

    def get(self, record_id: str) -> StoredRecord | None:
        return self.many([record_id]).get(record_id)

    def many(self, ids: Sequence[str]) -> dict[str, StoredRecord]:
        """id → record, for those that exist."""
        found: dict[str, StoredRecord] = {}
        with self._database.read() as session:
            for start in range(0, len(ids), CHUNK):
                chunk = ids[start : start + CHUNK]
                counts = _page_counts(session, chunk)
                for row in session.scalars(select(RecordRow).where(RecordRow.id.in_(chunk))):
                    found[row.id] = _stored(row, counts.get(row.id, 0))
        return found

    def ids_of_codes(self, codes: Sequence[str]) -> dict[str, str]:
        """reference code, present or former → id."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for start in range(0, len(codes), CHUNK):
                query = select(CodeRow.code, CodeRow.record_id).where(
                    CodeRow.code.in_(codes[start : start + CHUNK])
                )
                found.update((code, record_id) for code, record_id in session.execute(query))
        return found

    def children(
        self, parent: str | None, *, levels: Sequence[str] = (), after: str = "", limit: int = 200
    ) -> list[StoredRecord]:
        """Direct children in natural order of reference code, `after` a sort_code; of all levels or these."""
        query = (
            select(RecordRow)
            .where(_in_parent(parent), RecordRow.sort_code > after)
            .order_by(RecordRow.sort_code)
            .limit(limit)
        )
        if levels:
            query = query.where(RecordRow.level.in_(levels))
        with self._database.read() as session:
            rows = list(session.scalars(query))
            counts = _page_counts(session, [row.id for row in rows])
            return [_stored(row, counts.get(row.id, 0)) for row in rows]

    def ancestors(self, ids: Sequence[str]) -> dict[str, list[StoredRecord]]:
        """id → what it lies in, the fonds first; [] for what lies in nothing or does not exist."""
        known = self.many(ids)
        frontier = {s.record.parent for s in known.values() if s.record.parent} - known.keys()
        while frontier:
            known |= (found := self.many(sorted(frontier)))
            frontier = {s.record.parent for s in found.values() if s.record.parent} - known.keys()
        return {i: _chain(i, known) for i in ids}

    def beside(self, record_id: str, audience: str) -> tuple[str | None, str | None]:
        """The nearest records before and after it, in natural order within the same parent and level, that
        `audience` may see."""
        with self._database.read() as session:
            row = session.get(RecordRow, record_id)
            if row is None:
                return None, None
            place, here = tuple_(RecordRow.sort_code, RecordRow.id), (row.sort_code, row.id)
            marks = (RecordRow.access_status, RecordRow.publicity, RecordRow.classification)
            same = select(RecordRow.id, *marks).where(RecordRow.level == row.level, _in_parent(row.parent))
            before = same.where(place < here).order_by(RecordRow.sort_code.desc(), RecordRow.id.desc())
            after = same.where(place > here).order_by(RecordRow.sort_code, RecordRow.id)
            return _first_seen(session, before, audience), _first_seen(session, after, audience)

    def ids(self, *, batch: int = 1000) -> Iterator[list[str]]:
        """Every id, in batches, in id order; each batch is its own short transaction."""
        last = ""
        while True:
            query = select(RecordRow.id).where(RecordRow.id > last).order_by(RecordRow.id).limit(batch)
            with self._database.read() as session:
                found = list(session.scalars(query))
            if not found:
                return
            yield found
            last = found[-1]

    def versions(self, record_id: str) -> list[tuple[int, Record, str]]:
        """Descriptions before the present one, newest first: (version, record, reason it was replaced)."""
        query = (
            select(RecordVersionRow)
            .where(RecordVersionRow.record_id == record_id)
            .order_by(RecordVersionRow.version.desc())
        )
        with self._database.read() as session:
            return [
                (r.version, descriptions.from_json(r.description), r.reason) for r in session.scalars(query)
            ]

    def attachments(self, record_id: str) -> list[StoredAttachment]:
        query = select(AttachmentRow).where(AttachmentRow.record_id == record_id).order_by(AttachmentRow.id)
        with self._database.read() as session:
            return [
                StoredAttachment(a.id, a.name, a.sha256, a.media_type, a.size, a.text)
                for a in session.scalars(query)
            ]

    def attachment_texts(self, record_ids: Sequence[str]) -> dict[str, list[str]]:
        """record id → texts of its attachments, for those that have one."""
        found: dict[str, list[str]] = {}
        with self._database.read() as session:
            for start in range(0, len(record_ids), CHUNK):
                query = (
                    select(AttachmentRow.record_id, AttachmentRow.text)
                    .where(AttachmentRow.record_id.in_(record_ids[start : start + CHUNK]))
                    .where(AttachmentRow.text != "")
                    .order_by(AttachmentRow.id)
                )
                for record_id, text in session.execute(query):
                    found.setdefault(record_id, []).append(text)
        return found

    def count(self) -> dict[str, int]:
        """level → records."""
        with self._database.read() as session:
            query = select(RecordRow.level, func.count()).group_by(RecordRow.level)
            return {level: number for level, number in session.execute(query)}


def _in_parent(parent: str | None) -> ColumnElement[bool]:
    return RecordRow.parent == parent if parent else RecordRow.parent.is_(None)


def _first_seen(session: Session, rows: Select[str, str, str, str], audience: str) -> str | None:
    """The first of these that the audience may see; however long a run of closed ones is passed over."""
    for record_id, access_status, publicity, classification in session.execute(
        rows.execution_options(yield_per=100)
    ):
        if audience in visible_to(access_status, publicity, classification):
            return record_id
    return None


def _put_one(session: Session, incoming: Incoming, update: bool, reason: str) -> Outcome:
    record = incoming.record
    known = session.get(CodeRow, record.reference_code)
    if known is None:
        return _insert(session, incoming)
    row = _row(session, known.record_id)
    old = descriptions.from_json(row.description)
    # The code a package uses may be a former one: the present code stays.
    former = tuple(dict.fromkeys((*old.former_codes, *record.former_codes)))
    new = replace(record, id=old.id, reference_code=old.reference_code, former_codes=former)
    pages, has_pages = page_difference(session, row.id, incoming.pages)
    files, has_files = attachment_difference(session, row.id, incoming.attachments)
    changes = dict(descriptions.differences(old, new))
    # Pages and files may be added to a record that has none; anything else is a revision.
    revises = bool(changes) or bool(pages and has_pages) or bool(files and has_files)
    changes |= {name: d for name, d in (("pages", pages), ("attachments", files)) if d}
    if not changes:
        return Outcome(row.id, row.reference_code, "unchanged")
    if revises and not update:
        return Outcome(row.id, row.reference_code, "revision", changes)
    if pages and incoming.pages is not None:
        set_pages(session, row.id, incoming.pages)
    if files and incoming.attachments is not None:
        set_attachments(session, row.id, incoming.attachments)
    before = visible_to(row.access_status, row.publicity, row.classification)
    after = visible_to(new.access_status, new.publicity, new.classification)
    _claim_codes(session, row.id, record.former_codes)
    _revise(session, row, new, reason or "再次著录")
    enqueue(session, [row.id], Stage.WITHDRAWAL if before - after else Stage.WORDS)
    return Outcome(row.id, row.reference_code, "changed", changes)


def _insert(session: Session, incoming: Incoming) -> Outcome:
    record = incoming.record
    now = datetime.now(UTC)
    session.add(
        RecordRow(
            id=record.id,
            reference_code=record.reference_code,
            sort_code=natural_key(record.reference_code),
            level=record.level,
            parent=record.parent,
            fonds_code=record.fonds_code,
            title=record.title,
            access_status=record.access_status,
            publicity=record.publicity,
            classification=record.classification,
            description=descriptions.to_json(record),
            version=1,
            made_at=now,
            changed_at=now,
        )
    )
    session.flush()
    _claim_codes(session, record.id, (record.reference_code, *record.former_codes))
    set_pages(session, record.id, incoming.pages or ())
    set_attachments(session, record.id, incoming.attachments or ())
    enqueue(session, [record.id])
    return Outcome(record.id, record.reference_code, "new")


def _revise(session: Session, row: RecordRow, record: Record, reason: str) -> None:
    """Keep the description as it was, then write the new one."""
    now = datetime.now(UTC)
    session.add(
        RecordVersionRow(
            record_id=row.id, version=row.version, description=row.description, replaced_at=now, reason=reason
        )
    )
    row.reference_code = record.reference_code
    row.sort_code = natural_key(record.reference_code)
    row.level = record.level
    row.parent = record.parent
    row.fonds_code = record.fonds_code
    row.title = record.title
    row.access_status = record.access_status
    row.publicity = record.publicity
    row.classification = record.classification
    row.description = descriptions.to_json(record)
    row.version += 1
    row.changed_at = now
    session.flush()


def _chain(record_id: str, known: Mapping[str, StoredRecord]) -> list[StoredRecord]:
    chain: list[StoredRecord] = []
    at = known.get(record_id)
    while at and at.record.parent and (at := known.get(at.record.parent)) and at not in chain:
        chain.insert(0, at)
    return chain


def _claim_codes(session: Session, record_id: str, codes: Iterable[str]) -> None:
    for code in codes:
        known = session.get(CodeRow, code)
        if known is None:
            session.add(CodeRow(code=code, record_id=record_id))
        elif known.record_id != record_id:
            raise Conflict(f"档号 {code} 已属于另一条目。", advice="请先核对两条目录的档号。")
    session.flush()


def _row(session: Session, record_id: str) -> RecordRow:
    row = session.get(RecordRow, record_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这一条目。")
    return row


def _page_counts(session: Session, ids: Sequence[str]) -> dict[str, int]:
    query = (
        select(PageRow.record_id, func.count()).where(PageRow.record_id.in_(ids)).group_by(PageRow.record_id)
    )
    return {record_id: number for record_id, number in session.execute(query)}


def _stored(row: RecordRow, page_count: int) -> StoredRecord:
    return StoredRecord(
        descriptions.from_json(row.description),
        row.sort_code,
        row.version,
        page_count,
        row.made_at,
        row.changed_at,
    )
