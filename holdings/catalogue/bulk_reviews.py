"""One opinion for many records of a batch, held back until a random sample was looked at one by one."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database
from holdings.catalogue.reviews import give_one, review_row
from holdings.catalogue.tables_reviews import BatchRow, BulkRow, ReviewRow
from holdings.catalogue.visibility import is_held
from holdings.errors import BadInput, Conflict, DanghaiError, NotAllowed, NotFound
from holdings.review_rules import STEP_ROLES, STEPS, Reason, Said, checked

#: A sample is this share of the records, and at least so many (all, where there are fewer).
SHARE, LEAST = 0.05, 5
#: Records a transaction, so that it stays under 100 ms.
ROUND = 10


@dataclass(frozen=True)
class Bulk:
    """A bulk decision. sample: review ids in the order they are to be looked at.

    looked: review id → (agrees, words, name).  state: "looking", "done" or "stopped".
    """

    id: int
    batch_id: int
    step: str
    said: Said
    targets: int
    seed: int
    sample: tuple[int, ...]
    looked: Mapping[int, tuple[bool, str, str]]
    state: str
    by: str
    by_id: str
    at: datetime


@dataclass(frozen=True)
class Outcome:
    """What became of one record of a bulk decision: "" done, else why not."""

    review_id: int
    problem: str


class BulkReviews:
    def __init__(self, database: Database) -> None:
        self._database = database

    def propose(
        self,
        batch_id: int,
        step: str,
        said: Said,
        caller: Caller,
        reasons: Mapping[str, Reason],
        *,
        review_ids: Sequence[int] = (),
        seed: int | None = None,
    ) -> Bulk:
        """For all records of the batch that wait at this step, or for these of them. Nothing is decided yet.

        seed: of the sample; drawn here unless given, so that nobody chooses what is looked at.
        Errors: NotFound, BadInput, NotAllowed.
        """
        _may(caller, step)
        with self._database.write() as session:
            batch = session.get(BatchRow, batch_id)
            if batch is None:
                raise NotFound("没有这一批。")
            if step not in STEPS[batch.kind]:
                raise BadInput(f"没有“{step}”这一步。")
            full = checked(batch.kind, said, reasons, datetime.now(UTC).date())
            if batch.kind == "opening" and not full.reasons:
                raise BadInput("批量意见要有理由，开放也要。", advice="请从理由表中选。")
            waiting = ReviewRow.batch_id == batch_id, ReviewRow.step == step
            query = select(ReviewRow).where(*waiting, ~is_held(ReviewRow.record_id))
            rows = [r for r in session.scalars(query.order_by(ReviewRow.id))]
            if review_ids:
                rows = [r for r in rows if r.id in set(review_ids)]
            if not rows:
                raise BadInput("这一步没有等候的条目。", advice="请看批次的进度。")
            drawn = secrets.randbits(31) if seed is None else seed
            row = BulkRow(
                batch_id=batch_id,
                step=step,
                opinion=asdict(full),
                targets=[[r.id, r.version] for r in rows],
                seed=drawn,
                sample=sample_of([r.id for r in rows], drawn),
                looked={},
                state="looking",
                by_id=caller.person,
                by=caller.name,
                at=datetime.now(UTC),
            )
            session.add(row)
            session.flush()
            return _bulk(row)

    def get(self, bulk_id: int) -> Bulk:
        """Errors: NotFound."""
        with self._database.read() as session:
            return _bulk(_row(session, bulk_id))

    def of(self, batch_id: int) -> list[Bulk]:
        """A batch's bulk decisions, newest first."""
        query = select(BulkRow).where(BulkRow.batch_id == batch_id).order_by(BulkRow.id.desc())
        with self._database.read() as session:
            return [_bulk(row) for row in session.scalars(query)]

    def look(self, bulk_id: int, review_id: int, agrees: bool, words: str, caller: Caller) -> Bulk:
        """One record of the sample was looked at. An objection stops the bulk decision for good.

        Errors: NotFound, BadInput, NotAllowed; Conflict when it is no longer open.
        """
        with self._database.write() as session:
            row = _row(session, bulk_id, lock=True)
            _may(caller, row.step)
            if row.state != "looking":
                raise Conflict("这次批量意见已经结束。", advice="请重新提出。")
            if review_id not in row.sample:
                raise BadInput("这一条不在样本里。", advice="请按样本逐件看。")
            if not agrees and not words.strip():
                raise BadInput("异议要说明缘由。", advice="请写明哪里不妥。")
            entry = [agrees, words.strip(), caller.person, caller.name, datetime.now(UTC).isoformat()]
            row.looked = row.looked | {str(review_id): entry}
            if not agrees:
                row.state = "stopped"
            session.flush()
            return _bulk(row)

    def apply(self, bulk_id: int, caller: Caller, reasons: Mapping[str, Reason]) -> list[Outcome]:
        """Give the opinion to each record, once its whole sample was looked at without objection. A record
        that moved meanwhile, or that the proposer may not judge, is left as it is and said.

        Errors: NotFound; NotAllowed to all but who proposed it; Conflict before the sample is through.
        """
        with self._database.read() as session:
            row = _row(session, bulk_id)
            bulk = _bulk(row)
            targets = [(int(i), int(version)) for i, version in row.targets]
        if bulk.by_id != caller.person:
            raise NotAllowed("批量意见由提出的人落实。", advice=f"请由{bulk.by}办理。")
        if bulk.state != "looking" or set(bulk.sample) - bulk.looked.keys():
            raise Conflict(
                "样本还没有逐件看完，或已被异议停下。", advice="样本全部看过且无异议，批量意见才生效。"
            )
        outcomes: list[Outcome] = []
        for start in range(0, len(targets), ROUND):
            outcomes += self._apply_some(bulk, targets[start : start + ROUND], caller, reasons)
        with self._database.write() as session:
            _row(session, bulk_id, lock=True).state = "done"
        return outcomes

    def _apply_some(
        self, bulk: Bulk, some: Sequence[tuple[int, int]], caller: Caller, reasons: Mapping[str, Reason]
    ) -> list[Outcome]:
        outcomes = []
        with self._database.write() as session:
            for review_id, version in some:
                try:
                    with session.begin_nested():
                        row = review_row(session, review_id, lock=True)
                        give_one(session, row, bulk.step, version, bulk.said, caller, reasons)
                    outcomes.append(Outcome(review_id, ""))
                except DanghaiError as error:
                    outcomes.append(Outcome(review_id, str(error)))
        return outcomes


def sample_of(ids: Sequence[int], seed: int) -> list[int]:
    """The records that must be looked at, by a seed: the same for the same ids and seed. Pure."""
    size = min(len(ids), max(LEAST, round(SHARE * len(ids))))
    return random.Random(seed).sample(sorted(ids), size)


def _may(caller: Caller, step: str) -> None:
    if not caller.person or not caller.roles & STEP_ROLES.get(step, frozenset()):
        raise NotAllowed("这一步不由您办理。", advice="请由有此角色的同事办理。")


def _row(session: Session, bulk_id: int, *, lock: bool = False) -> BulkRow:
    row = session.get(BulkRow, bulk_id, with_for_update=lock)
    if row is None:
        raise NotFound("没有这次批量意见。")
    return row


def _bulk(row: BulkRow) -> Bulk:
    said = Said(**(row.opinion | {"reasons": tuple(row.opinion["reasons"])}))
    looked = {int(i): (bool(agrees), words, by) for i, (agrees, words, _, by, _) in row.looked.items()}
    same = ("id", "batch_id", "step", "seed", "state", "by", "by_id", "at")
    values = {name: getattr(row, name) for name in same}
    return Bulk(**values, said=said, targets=len(row.targets), sample=tuple(row.sample), looked=looked)
