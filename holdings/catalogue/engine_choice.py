"""Which engine answers: one place, which every process looks at.

While a second engine is being filled, or was left and not yet dropped, each record that is projected into the
one that answers is noted for the other (holdings/catalogue/beside.py): what it lacks is known to the last record, whatever was
killed or away.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, literal, select

from holdings.catalogue.database import Database, parts
from holdings.catalogue.outbox import WITHDRAWAL, ask_rebuild
from holdings.catalogue.tables import OutboxRow, RebuildRow
from holdings.catalogue.tables_engines import BesideRow, EngineRow
from holdings.catalogue.visibility import audiences_now, within
from holdings.errors import Conflict

_CHOSEN = select(EngineRow.__table__.c.engine)


@dataclass(frozen=True)
class Choice:
    """engine: the one that answers. beside: the other one, where it holds indexes. filling: it is being moved
    to; else it was left, and can be moved back to by what it lacks."""

    engine: str
    beside: str = ""
    filling: bool = False


class EngineChoice:
    def __init__(self, database: Database) -> None:
        self._database = database

    def chosen(self, setting: str) -> str:
        """The engine that answers; `setting` until a first move."""
        found = self._database.rows(_CHOSEN, {})
        return str(found[0][0]) if found else setting

    def read(self, setting: str) -> Choice:
        with self._database.read() as session:
            row = session.get(EngineRow, 1)
            return Choice(row.engine, row.beside, row.filling) if row else Choice(setting)

    # ── moving ─────────────────────────────────────────────────────────────────

    def begin(self, engine: str, beside: str) -> None:
        """`beside` is being moved to; it holds nothing yet. From now on what changes is noted for it."""
        with self._database.write() as session:
            session.execute(delete(BesideRow))
            session.merge(
                EngineRow(
                    id=1,
                    engine=engine,
                    beside=beside,
                    filling=True,
                    withdrawals=False,
                    changed_at=datetime.now(UTC),
                )
            )

    def switch(self, to: str) -> None:
        """`to` answers from now on, in one step; what it still lacks waits in the outbox, a withdrawal as one.
        Where something was withdrawn meanwhile, its indexes are to be built anew. Errors: Conflict where it is
        not the one that was filled."""
        with self._database.write() as session:
            row = session.get(EngineRow, 1, with_for_update=True)
            if row is None or row.beside != to:
                raise Conflict(f"{to} 没有备好，不能切换。", advice=f"请运行：danghai index move --to {to}")
            due = select(RebuildRow.audience).where(RebuildRow.reason == WITHDRAWAL).limit(1)
            now = literal(datetime.now(UTC), OutboxRow.added_at.type)
            lacking = select(BesideRow.record_id, BesideRow.stage, now).order_by(BesideRow.seq)
            session.execute(insert(OutboxRow).from_select(["record_id", "stage", "added_at"], lacking))
            session.execute(delete(BesideRow))
            left_due = session.scalar(due) is not None
            if row.withdrawals:
                ask_rebuild(session, [a.name for a in audiences_now(within(session))], WITHDRAWAL)
            row.engine, row.beside, row.filling, row.withdrawals = to, row.engine, False, left_due
            row.changed_at = datetime.now(UTC)

    def leave(self) -> None:
        """No other engine is filled or gone back to any more."""
        with self._database.write() as session:
            session.execute(delete(BesideRow))
            if row := session.get(EngineRow, 1):
                row.beside, row.filling = "", False

    # ── what the other engine lacks ────────────────────────────────────────────

    def lacking(self, limit: int) -> list[tuple[int, str]]:
        """(seq, record id) of the next that the other engine lacks."""
        query = select(BesideRow.seq, BesideRow.record_id).order_by(BesideRow.stage, BesideRow.seq)
        with self._database.read() as session:
            return [(seq, record_id) for seq, record_id in session.execute(query.limit(limit))]

    def brought(self, seqs: Iterable[int]) -> None:
        """These are in its indexes; one noted again meanwhile stays."""
        wanted = list(seqs)
        with self._database.write() as session:
            for some in parts(wanted):
                session.execute(delete(BesideRow).where(BesideRow.seq.in_(some)))

    def lacking_count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(BesideRow)) or 0
