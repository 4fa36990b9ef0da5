"""Theme discoveries under way and done, in the catalogue, so that every process of the API can tell of them."""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select, update

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables import PageRow, RecordRow
from holdings.catalogue.tables_curation import ThemeRunRow
from holdings.catalogue.visibility import is_held
from holdings.errors import Busy, NotFound

#: Runs one person keeps, and how long.
KEPT, KEPT_FOR = 8, timedelta(days=7)
#: Silence after which a run is taken for lost with its process.
LOST_AFTER = timedelta(minutes=2)
#: Runs of all people that may wait or run at once.
AT_ONCE = 4
_WORKING = ThemeRunRow.state.in_(("waiting", "running"))


@dataclass(frozen=True)
class ThemeRun:
    """A run as it stands. result: only of one that is done, where it was asked for."""

    id: str
    audience: str
    asked: Mapping[str, Any]
    state: str
    step: str
    share: float
    problem: str
    made_at: datetime
    result: Any = None


class ThemeRuns:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, asked: Mapping[str, Any], caller: Caller) -> str:
        """A new run's id. What is old goes. Errors: Busy while AT_ONCE others wait."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            session.execute(delete(ThemeRunRow).where(ThemeRunRow.made_at < now - KEPT_FOR))
            lost = update(ThemeRunRow).where(_WORKING, ThemeRunRow.beat < now - LOST_AFTER)
            session.execute(lost.values(state="failed", problem="中断了，请重新发现。"))
            if (session.scalar(select(func.count()).where(_WORKING)) or 0) >= AT_ONCE:
                raise Busy("正在进行的主题发现已满。", advice="请稍后再试。")
            mine = select(ThemeRunRow.id).where(ThemeRunRow.by_id == caller.person, ~_WORKING)
            old = mine.order_by(ThemeRunRow.made_at.desc(), ThemeRunRow.id).offset(KEPT - 1).limit(1000)
            session.execute(delete(ThemeRunRow).where(ThemeRunRow.id.in_(list(session.scalars(old)))))
            row = ThemeRunRow(
                id=secrets.token_hex(16),
                by_id=caller.person,
                audience=caller.audience,
                asked=dict(asked),
                state="waiting",
                step="",
                share=0.0,
                problem="",
                result=None,
                made_at=now,
                beat=now,
            )
            session.add(row)
            return row.id

    def tell(self, run_id: str, step: str, share: float) -> None:
        """How far it is; also that its worker lives. Said too late, of one that has ended, it changes nothing."""
        self._set(run_id, state="running", step=step[:40], share=min(1.0, max(0.0, share)))

    def done(self, run_id: str, result: Any) -> None:
        packed = zlib.compress(json.dumps(result, ensure_ascii=False).encode())
        self._set(run_id, state="done", step="", share=1.0, result=packed)

    def fail(self, run_id: str, problem: str) -> None:
        self._set(run_id, state="failed", problem=problem)

    def _set(self, run_id: str, **values: object) -> None:
        with self._database.write() as session:
            change = update(ThemeRunRow).where(ThemeRunRow.id == run_id, _WORKING)
            session.execute(change.values(**values, beat=datetime.now(UTC)))

    def get(self, run_id: str, caller: Caller, *, result: bool = False) -> ThemeRun:
        """Errors: NotFound for a run of another person or audience, in the same words as for none."""
        with self._database.read() as session:
            row = session.get(ThemeRunRow, run_id)
            if row is None or row.by_id != caller.person or row.audience != caller.audience:
                raise NotFound("没有这次主题发现，或已过期。", advice="请重新发现。")
            found = json.loads(zlib.decompress(row.result)) if result and row.result is not None else None
            lost = row.state in ("waiting", "running") and row.beat < datetime.now(UTC) - LOST_AFTER
            return ThemeRun(
                row.id,
                row.audience,
                row.asked,
                "failed" if lost else row.state,
                row.step,
                row.share,
                "中断了，请重新发现。" if lost else row.problem,
                row.made_at,
                found,
            )

    def mine(self, caller: Caller) -> list[ThemeRun]:
        """A person's runs, the newest first, without results."""
        query = select(ThemeRunRow.id).where(
            ThemeRunRow.by_id == caller.person, ThemeRunRow.audience == caller.audience
        )
        with self._database.read() as session:
            ids = list(session.scalars(query.order_by(ThemeRunRow.made_at.desc(), ThemeRunRow.id)))
        return [self.get(run_id, caller) for run_id in ids]

    def drop(self, run_id: str) -> None:
        with self._database.write() as session:
            session.execute(delete(ThemeRunRow).where(ThemeRunRow.id == run_id))

    # ── what a run asks of the records ─────────────────────────────────────────

    def all_here(self, record_ids: Sequence[str]) -> bool:
        """Whether staff may still see every one of these: none removed, none held for a secrecy mark."""
        with self._database.read() as session:
            for some in parts(record_ids):
                known = select(func.count()).where(RecordRow.id.in_(some), ~is_held(RecordRow.id))
                if session.scalar(known) != len(some):
                    return False
        return True

    def since(self, moment: datetime, *, batch: int = 1000) -> Iterator[list[str]]:
        """Ids of what came in since then, in batches, in order of id; what staff may not see left out."""
        last = ""
        while True:
            query = select(RecordRow.id).where(
                RecordRow.made_at >= moment, RecordRow.id > last, ~is_held(RecordRow.id)
            )
            with self._database.read() as session:
                found = list(session.scalars(query.order_by(RecordRow.id).limit(batch)))
            if not found:
                return
            yield found
            last = found[-1]

    def scans(self, record_ids: Sequence[str]) -> dict[str, tuple[int, int, int]]:
        """record id → (pages with an image, the shortest long side in pixels, pages that failed to be read), for
        those that have images."""
        longer = case((PageRow.width > PageRow.height, PageRow.width), else_=PageRow.height)
        failed = func.sum(case((PageRow.error != "", 1), else_=0))
        query = select(PageRow.record_id, func.count(), func.min(longer), failed).where(PageRow.width > 0)
        found: dict[str, tuple[int, int, int]] = {}
        with self._database.read() as session:
            for some in parts(record_ids):
                rows = session.execute(query.where(PageRow.record_id.in_(some)).group_by(PageRow.record_id))
                found |= {id_: (int(n), int(least), int(bad)) for id_, n, least, bad in rows}
        return found
