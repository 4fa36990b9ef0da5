"""Which engine answers: one place, which every process looks at.

While a second engine is being filled, or was left and not yet dropped, each record that is projected into the
one that answers is noted for the other (`note_beside`): what it lacks is known to the last record, whatever was
killed or away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database
from holdings.catalogue.tables import OutboxRow
from holdings.catalogue.tables_engines import BesideRow, EngineRow
from holdings.errors import Conflict

if TYPE_CHECKING:
    from holdings.catalogue.outbox import OutboxItem

CHUNK = 500
_CHOSEN = select(EngineRow.__table__.c.engine)


@dataclass(frozen=True)
class Choice:
    """engine: the one that answers. beside: the other one, where it holds indexes. filling: it is being moved
    to; else it was left, and can be moved back to by what it lacks."""

    engine: str
    beside: str = ""
    filling: bool = False


def is_left(session: Session, engine: str) -> bool:
    """Whether another engine than this one answers by now."""
    row = session.get(EngineRow, 1, with_for_update={"read": True})  # no switch until this transaction ends
    return row is not None and bool(engine) and row.engine != engine


def note_beside(session: Session, items: Sequence[OutboxItem]) -> None:
    """What is in the indexes of the engine that answers, the other one lacks from now on."""
    row = session.get(EngineRow, 1)
    if row is None or not row.beside:
        return
    stages: dict[str, int] = {}
    for item in items:
        stages[item.record_id] = min(item.stage, stages.get(item.record_id, item.stage))
    ids = list(stages)
    for start in range(0, len(ids), CHUNK):
        these = BesideRow.record_id.in_(ids[start : start + CHUNK])
        for record_id, stage in session.execute(select(BesideRow.record_id, BesideRow.stage).where(these)):
            stages[record_id] = min(stage, stages[record_id])
        session.execute(delete(BesideRow).where(these))
    if stages:
        session.execute(insert(BesideRow), [{"record_id": i, "stage": int(s)} for i, s in stages.items()])


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
                EngineRow(id=1, engine=engine, beside=beside, filling=True, changed_at=datetime.now(UTC))
            )

    def switch(self, to: str) -> None:
        """`to` answers from now on, in one step; what it still lacks waits in the outbox, a withdrawal as one.
        Errors: Conflict where it is not the one that was filled."""
        with self._database.write() as session:
            row = session.get(EngineRow, 1, with_for_update=True)
            if row is None or row.beside != to:
                raise Conflict(f"{to} 没有备好，不能切换。", advice=f"请运行：danghai index move --to {to}")
            now = literal(datetime.now(UTC), OutboxRow.added_at.type)
            lacking = select(BesideRow.record_id, BesideRow.stage, now).order_by(BesideRow.seq)
            session.execute(insert(OutboxRow).from_select(["record_id", "stage", "added_at"], lacking))
            session.execute(delete(BesideRow))
            row.engine, row.beside, row.filling = to, row.engine, False
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
            for start in range(0, len(wanted), CHUNK):
                session.execute(delete(BesideRow).where(BesideRow.seq.in_(wanted[start : start + CHUNK])))

    def lacking_count(self) -> int:
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(BesideRow)) or 0
