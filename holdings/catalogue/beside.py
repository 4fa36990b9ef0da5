"""What the engine that does not answer lacks, noted in the transaction that says the other one has it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from holdings.catalogue.database import parts
from holdings.catalogue.tables_engines import BesideRow, EngineRow


def is_left(session: Session, engine: str) -> bool:
    """Whether another engine than this one answers by now."""
    row = session.get(EngineRow, 1, with_for_update={"read": True})  # no switch until this transaction ends
    return row is not None and bool(engine) and row.engine != engine


def note_beside(session: Session, items: Sequence[tuple[str, int]], *, withdrawn: bool) -> None:
    """What is in the indexes of the engine that answers, the other one lacks from now on.

    items: (record id, stage of the outbox). withdrawn: something of them was.
    """
    row = session.get(EngineRow, 1)
    if row is None or not row.beside:
        return
    row.withdrawals = row.withdrawals or withdrawn
    stages: dict[str, int] = {}
    for record_id, stage in items:
        stages[record_id] = min(stage, stages.get(record_id, stage))
    ids = list(stages)
    for some in parts(ids):
        these = BesideRow.record_id.in_(some)
        for record_id, stage in session.execute(select(BesideRow.record_id, BesideRow.stage).where(these)):
            stages[record_id] = min(stage, stages[record_id])
        session.execute(delete(BesideRow).where(these))
    if stages:
        session.execute(insert(BesideRow), [{"record_id": i, "stage": int(s)} for i, s in stages.items()])
