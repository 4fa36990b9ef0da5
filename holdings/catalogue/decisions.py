"""What was decided of a record, by whom and why. The newest decision and the record's state move as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from holdings.access import OPEN, Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.records import Records, StoredRecord, change_access
from holdings.catalogue.tables_reviews import BatchRow, DecisionRow, ReviewRow
from holdings.review_rules import Said

#: How a decision came about, as people say it.
HOW = {"review": "开放审核", "web": "上网审查", "withdrawal": "收回或限制", "single": "一人审核"}


@dataclass(frozen=True)
class Decision:
    """One decision. how: "review", "web", "withdrawal" or "single"; review_again: ISO day."""

    id: int
    record_id: str
    how: str
    status: str
    publicity: str
    reasons: tuple[str, ...]
    words: str
    review_again: str | None
    by: str
    at: datetime
    announced: str = ""


def decide(
    session: Session, record_id: str, said: Said, caller: Caller, how: str, review_id: int | None = None
) -> None:
    """Set a record's state and remember why, in the caller's transaction. Errors: NotFound, BadInput."""
    words = said.words or "、".join(said.reasons) or HOW[how]
    reason = f"{words}（{caller.name}）"
    change_access(session, record_id, access_status=said.status, publicity=said.publicity, reason=reason)
    earlier = update(DecisionRow).where(DecisionRow.record_id == record_id, DecisionRow.latest)
    session.execute(earlier.values(latest=False))
    session.add(
        DecisionRow(
            record_id=record_id,
            review_id=review_id,
            how=how,
            status=said.status,
            publicity=said.publicity,
            reasons=list(said.reasons),
            words=said.words,
            review_again=said.review_again,
            latest=True,
            by_id=caller.person,
            by=caller.name,
            at=datetime.now(UTC),
        )
    )


class Decisions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, record_id: str, said: Said, caller: Caller, how: str) -> StoredRecord:
        """A decision outside a review: a withdrawal, or one person's. Errors: NotFound, BadInput."""
        with self._database.write() as session:
            decide(session, record_id, said, caller, how)
        return Records(self._database).many([record_id])[record_id]

    def of(self, record_id: str) -> list[Decision]:
        """Every decision on a record, newest first."""
        query = _QUERY.where(DecisionRow.record_id == record_id).order_by(DecisionRow.id.desc())
        with self._database.read() as session:
            return [_decision(row, name) for row, name in session.execute(query)]

    def latest(self, record_ids: Sequence[str]) -> dict[str, Decision]:
        """record id → its newest decision, for those that have one."""
        found: dict[str, Decision] = {}
        with self._database.read() as session:
            for ids in parts(record_ids):
                some = DecisionRow.record_id.in_(ids)
                for row, name in session.execute(_QUERY.where(DecisionRow.latest, some)):
                    found[row.record_id] = _decision(row, name)
        return found

    def recent(self, limit: int) -> list[str]:
        """Ids of the records decided last by a review, newest first."""
        query = (
            select(DecisionRow.record_id)
            .where(DecisionRow.latest, DecisionRow.how == "review")
            .order_by(DecisionRow.at.desc())
            .limit(limit)
        )
        with self._database.read() as session:
            return list(session.scalars(query))

    def opened(self, after: tuple[datetime, int] | None = None, *, batch: int = 200) -> Iterator[Decision]:
        """Newest decisions that opened a record, newest first; each batch is a short transaction of its own.
        Who may see them is for the caller to check."""
        place = tuple_(DecisionRow.at, DecisionRow.id)
        query = _QUERY.where(DecisionRow.latest, DecisionRow.status == OPEN)
        query = query.order_by(DecisionRow.at.desc(), DecisionRow.id.desc()).limit(batch)
        while True:
            with self._database.read() as session:
                here = query if after is None else query.where(place < after)
                found = [_decision(row, name) for row, name in session.execute(here)]
            yield from found
            if len(found) < batch:
                return
            after = found[-1].at, found[-1].id


_QUERY = (
    select(DecisionRow, BatchRow.announced)
    .join(ReviewRow, ReviewRow.id == DecisionRow.review_id, isouter=True)
    .join(BatchRow, BatchRow.id == ReviewRow.batch_id, isouter=True)
)


def _decision(row: DecisionRow, announced: str | None) -> Decision:
    return Decision(
        row.id,
        row.record_id,
        row.how,
        row.status,
        row.publicity,
        tuple(row.reasons),
        row.words,
        row.review_again,
        row.by,
        row.at,
        announced or "",
    )
