"""Reviews in batches: who said what at which step, one transaction an opinion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from holdings.access import OPEN, UNREVIEWED, Caller, Marks, is_open, obstacle
from holdings.catalogue import descriptions
from holdings.catalogue.database import Database, parts
from holdings.catalogue.decisions import decide
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_reviews import BatchRow, OpinionRow, ReviewRow
from holdings.catalogue.visibility import is_held
from holdings.errors import BadInput, Conflict, NotFound
from holdings.review_rules import (
    DONE,
    KIND_NAMES,
    RETURN,
    STEPS,
    UNIT,
    Reason,
    Said,
    admit,
    after,
    checked,
    still,
)

#: Most records of one batch.
MOST = 5_000
#: A record held for a secrecy mark is the security officer's alone: no review shows it or goes on with it.
_SEEN = ~is_held(ReviewRow.record_id)


@dataclass(frozen=True)
class Opinion:
    """What somebody said; step also "unit" or "return"."""

    step: str
    said: Said
    by: str
    by_id: str
    at: datetime


@dataclass(frozen=True)
class Review:
    """One record under review. step: what is next, or "done". version: give it back with an opinion."""

    id: int
    batch_id: int
    record_id: str
    kind: str
    step: str
    version: int
    opinions: tuple[Opinion, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A batch and how far it is. counts: step → records that wait there ("done": decided)."""

    id: int
    name: str
    kind: str
    announced: str
    source: str
    unit: str
    assigned: Mapping[str, Sequence[str]]
    made_by: str
    made_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class NewBatch:
    """What a batch is to be. unit: the forming or transferring unit that joins (Archives Law art. 30)."""

    name: str
    kind: str
    announced: str = ""
    source: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Made:
    """A batch made. left_out: (record id, why)."""

    batch_id: int
    taken: int
    left_out: tuple[tuple[str, str], ...]


class Reviews:
    def __init__(self, database: Database) -> None:
        self._database = database

    # ── batches ────────────────────────────────────────────────────────────────

    def make(self, new: NewBatch, record_ids: Sequence[str], caller: Caller) -> Made:
        """A batch of these records; those that cannot be in it are left out, and said.

        Errors: BadInput when none is left, or there are more than MOST.
        """
        ids = list(dict.fromkeys(record_ids))
        if new.kind not in STEPS or not new.name.strip():
            raise BadInput("批次要有名称和种类。", advice=f"种类：{'、'.join(STEPS)}。")
        if len(ids) > MOST:
            raise BadInput(f"一批最多 {MOST} 件，这里有 {len(ids)} 件。", advice="请按年份或目录分批。")
        with self._database.write() as session:
            why = _unfit(session, new.kind, ids)
            fit = [i for i in ids if i not in why]
            if not fit:
                said = next(iter(why.values()), "没有条目")
                raise BadInput(f"没有可以审的条目：{said}。", advice="请换一个范围。")
            row = BatchRow(
                **vars(new),
                assigned={},
                made_by=caller.name,
                made_by_id=caller.person,
                made_at=datetime.now(UTC),
            )
            session.add(row)
            session.flush()
            same = {"batch_id": row.id, "kind": new.kind, "step": "first", "version": 1}
            session.execute(
                insert(ReviewRow), [same | {"record_id": i, "open_key": f"{new.kind}:{i}"} for i in fit]
            )
            return Made(row.id, len(fit), tuple(why.items()))

    def assign(self, batch_id: int, assigned: Mapping[str, tuple[str, str]]) -> None:
        """step → (caller id, name); steps not named are anybody's. Errors: NotFound, BadInput."""
        with self._database.write() as session:
            row = _batch_row(session, batch_id)
            if wrong := sorted(set(assigned) - set(STEPS[row.kind])):
                raise BadInput(f"{KIND_NAMES[row.kind]}没有“{'、'.join(wrong)}”这一步。")
            people = [who for who, _ in assigned.values()]
            if len(set(people)) < len(people):
                raise BadInput("同一人不能办两步。", advice="请给各步派不同的人。")
            row.assigned = {step: list(who) for step, who in assigned.items()}

    def batches(self, *, before: int | None = None, limit: int = 100) -> list[Batch]:
        """Newest first, below the id `before`."""
        query = select(BatchRow).order_by(BatchRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(BatchRow.id < before)
        with self._database.read() as session:
            rows = list(session.scalars(query))
            counts = _counts(session, [row.id for row in rows])
            return [_batch(row, counts.get(row.id, {})) for row in rows]

    def batch(self, batch_id: int) -> Batch:
        """Errors: NotFound."""
        with self._database.read() as session:
            row = _batch_row(session, batch_id)
            return _batch(row, _counts(session, [batch_id]).get(batch_id, {}))

    # ── one record's review ────────────────────────────────────────────────────

    def of(self, batch_id: int, *, step: str = "", after_id: int = 0, limit: int = MOST) -> list[Review]:
        """A batch's reviews in order, with their opinions; those that wait at a step where one is named."""
        query = select(ReviewRow).where(ReviewRow.batch_id == batch_id, ReviewRow.id > after_id, _SEEN)
        if step:
            query = query.where(ReviewRow.step == step)
        with self._database.read() as session:
            _batch_row(session, batch_id)
            return _reviews(session, list(session.scalars(query.order_by(ReviewRow.id).limit(limit))))

    def get(self, review_id: int) -> Review:
        """Errors: NotFound."""
        with self._database.read() as session:
            return _reviews(session, [review_row(session, review_id)])[0]

    def many(self, review_ids: Sequence[int]) -> list[Review]:
        """Those that exist, in order of id."""
        found: list[Review] = []
        with self._database.read() as session:
            for ids in parts(review_ids):
                some = ReviewRow.id.in_(ids)
                rows = session.scalars(select(ReviewRow).where(some).order_by(ReviewRow.id))
                found += _reviews(session, list(rows))
        return found

    def give(
        self,
        review_id: int,
        step: str,
        version: int,
        said: Said,
        caller: Caller,
        reasons: Mapping[str, Reason],
    ) -> Review:
        """An opinion. The last step's decides: the record's state moves in the same transaction.

        step, version: as the caller saw them.
        Errors: NotFound, BadInput, NotAllowed, Conflict (somebody was first; nothing is stored).
        """
        with self._database.write() as session:
            row = review_row(session, review_id, lock=True)
            give_one(session, row, step, version, said, caller, reasons)
        return self.get(review_id)

    def send_back(self, review_id: int, version: int, words: str, caller: Caller) -> Review:
        """Sign-off sends a record back to its first step, saying why. Errors: as `give`."""
        if not words.strip():
            raise BadInput("退回要说明缘由。", advice="请写给初审的人看。")
        with self._database.write() as session:
            row = review_row(session, review_id, lock=True)
            _admitted(session, row, "final", version, caller)
            _add(session, row, RETURN, Said(UNREVIEWED, words=words.strip()), caller.name, caller.person)
            row.step = "first"
        return self.get(review_id)

    def unit_says(self, review_id: int, said: Said, unit: str, caller: Caller) -> None:
        """The unit's opinion, as its form says it; the review stays where it is.

        Errors: NotFound, BadInput; Conflict when it is decided already.
        """
        if not unit.strip():
            raise BadInput("没有写单位。", advice="请填“单位”一栏。")
        with self._database.write() as session:
            row = review_row(session, review_id, lock=True)
            if row.step == DONE:
                raise Conflict("这一条已审定。", advice="单位意见须在终审之前到。")
            _add(session, row, UNIT, said, unit.strip(), caller.person)


def give_one(
    session: Session,
    row: ReviewRow,
    step: str,
    version: int,
    said: Said,
    caller: Caller,
    reasons: Mapping[str, Reason],
) -> None:
    """`Reviews.give` in the caller's transaction; `row` is locked."""
    _admitted(session, row, step, version, caller)
    full = checked(row.kind, said, reasons, datetime.now(UTC).date())
    _add(session, row, step, full, caller.name, caller.person)
    row.step = after(row.kind, step)
    if row.step == DONE:
        row.open_key = None
        if row.kind == "web":
            _still_open(session, row.record_id)
        decide(session, row.record_id, full, caller, "web" if row.kind == "web" else "review", row.id)


def _admitted(session: Session, row: ReviewRow, step: str, version: int, caller: Caller) -> None:
    acted = [(o.step, o.by_id, o.by) for o in _opinion_rows(session, [row.id]) if o.step != UNIT]
    latest = (acted[-1][0], acted[-1][2]) if acted else None
    still(row.step, row.version, step, version, latest)
    openers = _openers(session, row.record_id) if row.kind == "web" else ()
    admit(caller, row.kind, step, _batch_row(session, row.batch_id).assigned, acted, openers)


def _openers(session: Session, record_id: str) -> list[str]:
    """Ids of those who took part in the record's newest opening review."""
    newest = select(func.max(ReviewRow.id)).where(
        ReviewRow.record_id == record_id, ReviewRow.kind == "opening"
    )
    query = select(OpinionRow.by_id).where(
        OpinionRow.review_id == newest.scalar_subquery(), OpinionRow.step != UNIT
    )
    return list(session.scalars(query))


def _still_open(session: Session, record_id: str) -> None:
    row = session.get_one(RecordRow, record_id, with_for_update=True)
    if why := _not_open(row):
        raise Conflict(f"这一条{why}，不能上网。", advice="请先作开放审核。")


def _not_open(row: RecordRow) -> str:
    """Why a record is not open by its own decision; "": it is."""
    record = descriptions.from_json(row.description)
    if is_open(Marks.of(record, quarantined=False)):
        return ""
    if record.access_status != OPEN:
        return f"现为“{record.access_status}”"
    return obstacle(record) or "的开放不是它自己的决定"


def _add(session: Session, row: ReviewRow, step: str, said: Said, by: str, by_id: str) -> None:
    session.add(
        OpinionRow(
            review_id=row.id,
            version=row.version,
            step=step,
            status=said.status,
            publicity=said.publicity,
            reasons=list(said.reasons),
            words=said.words,
            review_again=said.review_again,
            by_id=by_id,
            by=by,
            at=datetime.now(UTC),
        )
    )
    row.version += 1
    session.flush()


def _unfit(session: Session, kind: str, ids: Sequence[str]) -> dict[str, str]:
    """record id → why it cannot be in a batch of this kind."""
    why: dict[str, str] = {}
    for some in parts(ids):
        query = select(RecordRow).where(RecordRow.id.in_(some), ~is_held(RecordRow.id))
        known = {row.id: row for row in session.scalars(query)}
        busy = select(ReviewRow.record_id).where(ReviewRow.open_key.in_([f"{kind}:{i}" for i in some]))
        why |= dict.fromkeys(session.scalars(busy), "已在另一批中")
        for record_id in some:
            row = known.get(record_id)
            if row is None:
                why[record_id] = "没有这一条目"
            elif row.level != "file":
                why[record_id] = "不是文件级：开放逐件审"
            elif kind == "web" and (closed := _not_open(row)):
                why[record_id] = f"{closed}：先审为开放，再上网"
    return why


def _batch_row(session: Session, batch_id: int) -> BatchRow:
    row = session.get(BatchRow, batch_id)
    if row is None:
        raise NotFound("没有这一批。")
    return row


def review_row(session: Session, review_id: int, *, lock: bool = False) -> ReviewRow:
    """Errors: NotFound, also while its record is held for a secrecy mark."""
    query = select(ReviewRow).where(ReviewRow.id == review_id, _SEEN)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("没有这一条审核。")
    return row


def _opinion_rows(session: Session, review_ids: Sequence[int]) -> list[OpinionRow]:
    found: list[OpinionRow] = []
    for ids in parts(review_ids):
        some = OpinionRow.review_id.in_(ids)
        found += session.scalars(select(OpinionRow).where(some).order_by(OpinionRow.id))
    return found


def _reviews(session: Session, rows: Sequence[ReviewRow]) -> list[Review]:
    said: dict[int, list[Opinion]] = {}
    for o in _opinion_rows(session, [row.id for row in rows]):
        words = Said(o.status, o.publicity, tuple(o.reasons), o.words, o.review_again)
        said.setdefault(o.review_id, []).append(Opinion(o.step, words, o.by, o.by_id, o.at))
    return [
        Review(r.id, r.batch_id, r.record_id, r.kind, r.step, r.version, tuple(said.get(r.id, ())))
        for r in rows
    ]


def _counts(session: Session, batch_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    query = (
        select(ReviewRow.batch_id, ReviewRow.step, func.count())
        .where(ReviewRow.batch_id.in_(batch_ids), _SEEN)
        .group_by(ReviewRow.batch_id, ReviewRow.step)
    )
    found: dict[int, dict[str, int]] = {}
    for batch_id, step, number in session.execute(query):
        found.setdefault(batch_id, {})[step] = number
    return found


def _batch(row: BatchRow, counts: Mapping[str, int]) -> Batch:
    same = ("id", "name", "kind", "announced", "source", "unit", "assigned", "made_by", "made_at")
    return Batch(**{name: getattr(row, name) for name in same}, counts=counts)
