"""Descriptions, and the pages and attachments that hang on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from holdings.access import DECIDED_HERE, OPEN, OPENING_STATES, PUBLIC, PUBLICITY, READING_ROOM
from holdings.catalogue import descriptions
from holdings.catalogue.accession import claim_codes, revise, row_of, seen_before_and_after, take_in
from holdings.catalogue.database import Database, parts
from holdings.catalogue.incoming import Incoming, Outcome
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.tables import AttachmentRow, CodeRow, PageRow, RecordRow, RecordVersionRow
from holdings.catalogue.visibility import is_held, who_may_see, within
from holdings.errors import BadInput, NotFound
from holdings.public_forms import Value, formed
from holdings.records import PublicForm, Record
from holdings.redaction import REASONS

#: Own columns that say which accession a record came with.
ACCESSION_COLUMNS = ("移交批次", "接收批次", "进馆批次")
#: Neighbours looked at in one go.
FEW = 20

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
    is_held(_R.id),
).where(_R.id.in_(bindparam("ids", expanding=True)))
_TITLES = (
    select(_C.code, _R.description, is_held(_R.id))
    .join_from(CodeRow.__table__, RecordRow.__table__, _R.id == _C.record_id)
    .where(_C.code.in_(bindparam("codes", expanding=True)))
)


@dataclass(frozen=True)
class StoredRecord:
    """A description with what the catalogue knows of it.

    audiences: who may see it today, by the one visibility rule; empty while it is quarantined.
    sort_code: its place in natural order.
    """

    record: Record
    sort_code: str
    version: int
    page_count: int
    made_at: datetime
    changed_at: datetime
    audiences: frozenset[str]


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
        """Decide on 开放标识 and 公开属性 of this very record; it is then its own decision. A change that
        closes anything jumps the outbox's queue.

        Errors: NotFound; BadInput for a state that does not exist.
        """
        with self._database.write() as session:
            change_access(session, record_id, access_status=access_status, publicity=publicity, reason=reason)
        found = self.get(record_id)
        if found is None:
            raise NotFound("没有这一条目。")
        return found

    def set_public_forms(self, record_id: str, given: Mapping[str, Value], form: PublicForm) -> Record:
        """Give described fields another form for all but staff, or (None) take it away; the record as it then
        is. What is hidden jumps the outbox's queue. Errors: NotFound, BadInput."""
        with self._database.write() as session:
            row = row_of(session, record_id)
            record = formed(descriptions.from_json(row.description), given, form)
            hides = any(value is not None for value in given.values())
            revise(session, row, record, f"公开著录：{REASONS[form.code]}（{form.by}）")
            enqueue(session, [record_id], Stage.WITHDRAWAL if hides else Stage.WORDS)
        return record

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
        read: list[Any] = []
        for some in parts(ids):
            read += self._database.rows(_MANY, {"ids": some})
        records = {id_: descriptions.from_json(description) for id_, description, *_ in read}
        held = {row[0] for row in read if row[-1]}
        seen = who_may_see(self._database.rows, list(records.values()), held, ids)
        return {
            id_: StoredRecord(records[id_], sort_code, version, pages, made_at, changed_at, seen[id_])
            for id_, _, sort_code, version, pages, made_at, changed_at, _ in read
        }

    def seen_if(self, described: Record) -> frozenset[str]:
        """Who could see this record today, were it described so."""
        return who_may_see(self._database.rows, [described])[described.id]

    def of_codes(self, codes: Sequence[str]) -> dict[str, tuple[Record, frozenset[str]]]:
        """reference code, present or former → (record, who may see it)."""
        found: dict[str, Record] = {}
        held: set[str] = set()
        for some in parts(codes):
            given = {"codes": some}
            for code, description, is_quarantined in self._database.rows(_TITLES, given):
                found[code] = descriptions.from_json(description)
                held.update([found[code].id] if is_quarantined else [])
        seen = who_may_see(self._database.rows, list({r.id: r for r in found.values()}.values()), held)
        return {code: (record, seen[record.id]) for code, record in found.items()}

    def ids_of_codes(self, codes: Sequence[str]) -> dict[str, str]:
        """reference code, present or former → id."""
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in parts(codes):
                query = select(CodeRow.code, CodeRow.record_id).where(CodeRow.code.in_(some))
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
            records = {row.id: descriptions.from_json(row.description) for row in rows}
            seen = who_may_see(within(session), list(records.values()))
            return [_stored(row, records[row.id], counts.get(row.id, 0), seen[row.id]) for row in rows]

    def files_below(self, record_id: str) -> list[str]:
        """Ids of the file-level records that lie in it, at whatever depth."""
        below = select(RecordRow.id, RecordRow.level).where(RecordRow.parent == record_id)
        all_below = below.cte("below", recursive=True)
        further = select(RecordRow.id, RecordRow.level).where(RecordRow.parent == all_below.c.id)
        all_below = all_below.union(further)
        with self._database.read() as session:
            return list(session.scalars(select(all_below.c.id).where(all_below.c.level == "file")))

    def files_of_accession(self, name: str) -> list[str]:
        """Ids of the file-level records that came with one accession 移交批次: whose 来源, or whose own column
        of such a name, says just this. Looks at every record (some seconds for a million)."""
        query = select(RecordRow.id, RecordRow.description).where(RecordRow.level == "file")
        query = query.order_by(RecordRow.sort_code, RecordRow.id).execution_options(yield_per=1000)
        with self._database.read() as session:
            return [record_id for record_id, said in session.execute(query) if _came_with(said, name)]

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
            same = select(RecordRow.description).where(RecordRow.level == row.level, _in_parent(row.parent))
            if audience in (PUBLIC, READING_ROOM):  # the rule asks for more; this spares reading the rest
                same = same.where(RecordRow.access_status == OPEN)
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
        query = select(_R.id, _R.version, _R.description, is_held(_R.id))
        query = query.where(_R.id > bindparam("last")).order_by(_R.id).limit(batch)
        while found := self._database.rows(query, {"last": last}):
            records = [descriptions.from_json(description) for _, _, description, _ in found]
            held = {id_ for id_, _, _, is_quarantined in found if is_quarantined}
            seen = who_may_see(self._database.rows, records, held)
            yield [(id_, version, seen[id_]) for id_, version, *_ in found]
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
            for some in parts(record_ids):
                query = (
                    select(AttachmentRow.record_id, AttachmentRow.text)
                    .where(AttachmentRow.record_id.in_(some))
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


def change_access(
    session: Session, record_id: str, *, access_status: str, publicity: str, reason: str = ""
) -> None:
    """`Records.set_access` in the caller's transaction: a review's sign-off and what it opens are one.

    Errors: NotFound; BadInput for a state that does not exist.
    """
    check_access(access_status, publicity)
    row = row_of(session, record_id)
    record = descriptions.from_json(row.description)
    changed = replace(record, access_status=access_status, publicity=publicity, access_basis=DECIDED_HERE)
    before, after = seen_before_and_after(session, record, changed)
    revise(session, row, changed, reason or "开放标识变更")
    enqueue(session, [record_id], Stage.WITHDRAWAL if before - after else Stage.WORDS)


def check_access(access_status: str, publicity: str) -> None:
    """Errors: BadInput for an opening state or a publicity that does not exist."""
    if access_status not in OPENING_STATES:
        raise BadInput(f"没有“{access_status}”这个开放标识。", advice=f"可选：{'、'.join(OPENING_STATES)}。")
    if publicity and publicity not in PUBLICITY:
        raise BadInput(f"没有“{publicity}”这个公开属性。", advice=f"可选：{'、'.join(PUBLICITY)}。")


def _came_with(said: Mapping[str, Any], name: str) -> bool:
    own = said.get("extra", {})
    return name in (said.get("acquisition"), *(own.get(column) for column in ACCESSION_COLUMNS))


def _in_parent(parent: str | None) -> ColumnElement[bool]:
    return RecordRow.parent == parent if parent else RecordRow.parent.is_(None)


def _first_seen(session: Session, rows: Select[Any], audience: str) -> str | None:
    """The first of these that the audience may see; however long a run of closed ones is passed over."""
    for part in session.scalars(rows.execution_options(yield_per=FEW)).partitions():
        records = [descriptions.from_json(description) for description in part]
        seen = who_may_see(within(session), records)
        if found := next((r.id for r in records if audience in seen[r.id]), None):
            return found
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


def _stored(row: RecordRow, record: Record, page_count: int, audiences: frozenset[str]) -> StoredRecord:
    return StoredRecord(
        record, row.sort_code, row.version, page_count, row.made_at, row.changed_at, audiences
    )
