"""Who shares in the work now, and how far each has come. What each works on is not kept here: that is the
engine's (indexer/work_engine.py), and what there is to do follows from pages and outbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database
from holdings.catalogue.tables_work import WorkerRow

#: Days of silence after which a worker is forgotten.
FORGOTTEN = 1.0


@dataclass(frozen=True)
class Worker:
    """A worker as it last said. rate: pieces a minute, lately. silent: seconds since it was seen."""

    name: str
    kind: str
    maker: str
    done: int
    failed: int
    rate: float
    silent: float = 0.0


class Workers:
    def __init__(self, database: Database) -> None:
        self._database = database

    def seen(self, worker: Worker) -> None:
        """This worker lives; and those long silent are forgotten."""
        with self._database.write() as session:
            now = _now(session)
            session.execute(delete(WorkerRow).where(WorkerRow.seen_at < now - timedelta(days=FORGOTTEN)))
            row = session.get(WorkerRow, worker.name) or WorkerRow(name=worker.name)
            row.kind, row.maker, row.seen_at = worker.kind, worker.maker, now
            row.done, row.failed, row.rate = worker.done, worker.failed, worker.rate
            session.add(row)

    def left(self, name: str) -> None:
        """This worker ended in good order."""
        with self._database.write() as session:
            session.execute(delete(WorkerRow).where(WorkerRow.name == name))

    def all(self) -> list[Worker]:
        """By name, also those that fell silent."""
        with self._database.read() as session:
            now = _now(session)
            return [
                Worker(r.name, r.kind, r.maker, r.done, r.failed, r.rate, (now - r.seen_at).total_seconds())
                for r in session.scalars(select(WorkerRow).order_by(WorkerRow.name))
            ]

    def present(self, kind: str, maker: str, gone: float) -> list[str]:
        """Names of those that do this kind of work with this model and were seen in the last `gone` seconds."""
        return [w.name for w in self.all() if (w.kind, w.maker) == (kind, maker) and w.silent < gone]


def _now(session: Session) -> datetime:
    """The database's time: the machines' own clocks differ."""
    now: datetime = session.scalar(select(func.now())) or datetime.now(UTC)
    return now.astimezone(UTC) if now.tzinfo else now.replace(tzinfo=UTC)
