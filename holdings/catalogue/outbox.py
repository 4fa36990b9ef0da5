"""What the indexes still lack. The projector takes from it; a reader can ask whether a change is through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database
from holdings.catalogue.tables import OutboxRow, RecordRow

CHUNK = 500


@dataclass(frozen=True)
class OutboxItem:
    seq: int
    record_id: str
    urgent: bool


def enqueue(session: Session, record_ids: Iterable[str], *, urgent: bool = False) -> None:
    """Note, in the caller's transaction, that these records changed."""
    now = datetime.now(UTC)
    rows = [{"record_id": i, "urgent": urgent, "added_at": now} for i in record_ids]
    if rows:
        session.execute(insert(OutboxRow), rows)


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, limit: int = 256) -> list[OutboxItem]:
        """The next items, urgent ones (withdrawals) first. Taking does not remove: `done` does."""
        query = select(OutboxRow).order_by(OutboxRow.urgent.desc(), OutboxRow.seq).limit(limit)
        with self._database.read() as session:
            return [OutboxItem(row.seq, row.record_id, row.urgent) for row in session.scalars(query)]

    def done(self, seqs: Sequence[int]) -> None:
        """These are in every index that may hold them."""
        for start in range(0, len(seqs), CHUNK):
            with self._database.write() as session:
                session.execute(delete(OutboxRow).where(OutboxRow.seq.in_(seqs[start : start + CHUNK])))

    def last_seq(self) -> int:
        """The newest item's number; 0 when there is none."""
        with self._database.read() as session:
            return session.scalar(select(func.max(OutboxRow.seq))) or 0

    def is_pending(self, record_id: str) -> bool:
        query = select(OutboxRow.seq).where(OutboxRow.record_id == record_id).limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None

    def count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(OutboxRow)) or 0

    def enqueue_all(self) -> int:
        """Every record once more, for a rebuild of everything. Returns how many."""
        now = literal(datetime.now(UTC), OutboxRow.added_at.type)
        source = select(RecordRow.id, literal(False), now)
        with self._database.write() as session:
            session.execute(insert(OutboxRow).from_select(["record_id", "urgent", "added_at"], source))
        return self.count()
