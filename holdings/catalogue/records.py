"""Descriptions, and the pages and attachments that hang on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from holdings.access import OPENING_STATES, PUBLICITY, visible_to
from holdings.catalogue import descriptions
from holdings.catalogue.accession import claim_codes, revise, row_of, take_in
from holdings.catalogue.database import Database
from holdings.catalogue.incoming import Incoming, Outcome
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.tables import AttachmentRow, CodeRow, PageRow, RecordRow, RecordVersionRow
from holdings.errors import BadInput, NotFound
from holdings.records import Record

CHUNK = 500

# Made once, of columns: a search runs these for its twenty hits, and half the time was SQLAlchemy's.
_R, _C, _P = RecordRow.__table__.c, CodeRow.__table__.c, PageRow.__table__.c
_MANY = select(
    _R.id,
    _R.description,
    _R.sort_code,
    _R.version,
    select(func.count()).where(_P.record_id == _R.id).scalar_subquery(),
    _R.made_at,
    _R.changed_at,
).where(_R.id.in_(bindparam("ids", expanding=True)))
_TITLES = (
    select(_C.code, _R.title, _R.access_status, _R.publicity, _R.classification)
    .join_from(CodeRow.__table__, RecordRow.__table__, _R.id == _C.record_id)
    .where(_C.code.in_(bindparam("codes", expanding=True)))
)


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
            return take_in(session, batch, update=update, reason=reason)

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
            row = row_of(session, record_id)
            record = descriptions.from_json(row.description)
            before = visible_to(row.access_status, row.publicity, row.classification)
            changed = replace(record, access_status=access_status, publicity=publicity)
            after = visible_to(access_status, publicity, row.classification)
            revise(session, row, changed, reason or "开放标识变更")
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
            row = row_of(session, record_id)
            record = descriptions.from_json(row.description)
            former = tuple(dict.fromkeys((*record.former_codes, record.reference_code)))
            claim_codes(session, record_id, (new_code,))
            revise(session, row, replace(record, reference_code=new_code, former_codes=former), reason)
            enqueue(session, [record_id])

    # ── reading ────────────────────────────────────────────────────────────────

    def get(self, record_id: str) -> StoredRecord | None:
        return self.many([record_id]).get(record_id)

    def many(self, ids: Sequence[str]) -> dict[str, StoredRecord]:
        """id → record, for those that exist."""
        found: dict[str, StoredRecord] = {}
        for start in range(0, len(ids), CHUNK):
            for id_, description, *rest in self._database.rows(_MANY, {"ids": ids[start : start + CHUNK]}):
                found[id_] = StoredRecord(descriptions.from_json(description), *rest)
        return found

    def titles(self, codes: Sequence[str]) -> dict[str, tuple[str, frozenset[str]]]:
        """reference code, present or former → (title, who may see it)."""
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for start in range(0, len(codes), CHUNK):
            given = {"codes": codes[start : start + CHUNK]}
            for code, title, *marks in self._database.rows(_TITLES, given):
                found[code] = title, visible_to(*marks)
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

    def standing(self, *, batch: int = 5000) -> Iterator[list[tuple[str, int, frozenset[str]]]]:
        """(id, version, who may see it) of every record, in batches, in id order; what the indexes must hold."""
        last = ""
        query = select(_R.id, _R.version, _R.access_status, _R.publicity, _R.classification)
        query = query.where(_R.id > bindparam("last")).order_by(_R.id).limit(batch)
        while found := self._database.rows(query, {"last": last}):
            yield [(id_, version, visible_to(*marks)) for id_, version, *marks in found]
            last = found[-1][0]

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

    def fonds_codes(self) -> set[str]:
        """Every 全宗号 that a record bears."""
        with self._database.read() as session:
            return set(session.scalars(select(RecordRow.fonds_code).distinct()))

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


def _chain(record_id: str, known: Mapping[str, StoredRecord]) -> list[StoredRecord]:
    chain: list[StoredRecord] = []
    at = known.get(record_id)
    while at and at.record.parent and (at := known.get(at.record.parent)) and at not in chain:
        chain.insert(0, at)
    return chain


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
