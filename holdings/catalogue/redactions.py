"""Redactions of pages: made, undone, with their history; and what of each page they hide now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database, parts
from holdings.catalogue.hiding import region
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.tables import PageRow, RecordRow
from holdings.catalogue.tables_redactions import RedactionRow
from holdings.errors import BadInput, NotFound
from holdings.redaction import REASONS, Box, Hides

#: Regions of one call at most.
MOST = 200

_D, _P = RedactionRow.__table__.c, PageRow.__table__.c
_STANDING = select(_D.record_id, _D.page, _D.sha256, _D.frame, _D.box, _D.made_at).where(
    _D.record_id.in_(bindparam("ids", expanding=True)), _D.undone_at.is_(None)
)
_PLACES = select(_P.record_id, _P.number, _P.sha256, _P.frame).where(
    _P.record_id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True)
class Redaction:
    """One region, for staff. box None: the whole page."""

    id: int
    page: int
    box: Box | None
    code: str
    note: str
    made_by: str
    made_at: datetime
    undone_by: str
    undone_at: datetime | None


class Redactions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, record_id: str, page: int, regions: Sequence[Box | None], *, code: str, note: str, by: str
    ) -> list[int]:
        """Hide these regions of a page (None: all of it) from all but staff; their numbers. The withdrawal
        of the words jumps the outbox's queue. Errors: NotFound; BadInput for a region beyond the page."""
        if code not in REASONS:
            raise BadInput(f"没有“{code}”这个理由。", advice=f"可选：{'、'.join(REASONS)}。")
        if not 0 < len(regions) <= MOST:
            raise BadInput(f"请给出 1 至 {MOST} 个区域。", advice="或整页遮去。")
        with self._database.write() as session:
            query = select(PageRow).where(PageRow.record_id == record_id, PageRow.number == page)
            row = session.scalar(query)
            if row is None:
                raise NotFound("没有这一页。")
            for box in regions:
                _check(box, row)
            made = [
                RedactionRow(
                    record_id=record_id,
                    page=page,
                    sha256=row.sha256,
                    frame=row.frame,
                    box=list(box or ()),
                    code=code,
                    note=note,
                    made_by=by,
                    made_at=datetime.now(UTC),
                    undone_by="",
                    undone_at=None,
                )
                for box in regions
            ]
            session.add_all(made)
            session.flush()
            _changed(session, record_id, Stage.WITHDRAWAL)
            return [one.id for one in made]

    def undo(self, record_id: str, number: int, *, by: str) -> None:
        """Show this region again; the row stays as history. Errors: NotFound."""
        with self._database.write() as session:
            row = session.get(RedactionRow, number, with_for_update=True)
            if row is None or row.record_id != record_id or row.undone_at is not None:
                raise NotFound("没有这一处遮蔽。")
            row.undone_by, row.undone_at = by, datetime.now(UTC)
            _changed(session, record_id, Stage.WORDS)

    def history(self, record_id: str) -> list[Redaction]:
        """All of a record, oldest first, undone ones too."""
        query = select(RedactionRow).where(RedactionRow.record_id == record_id).order_by(RedactionRow.id)
        with self._database.read() as session:
            return [
                Redaction(
                    r.id, r.page, _box(r.box), r.code, r.note, r.made_by, r.made_at, r.undone_by, r.undone_at
                )
                for r in session.scalars(query)
            ]

    def hidden(self, record_ids: Sequence[str]) -> dict[str, dict[int, Hides]]:
        """record id → page number → what is hidden of it, for records that have standing redactions.

        A region goes with its image, whatever number that has now; where its image is gone, the page of
        that number is hidden whole until somebody looks.
        """
        found: dict[str, dict[int, Hides]] = {}
        for record_id, number, box, _ in self._standing(record_ids):
            hides = found.setdefault(record_id, {})
            old = hides.get(number, Hides())
            whole = old.whole or box is None
            regions = old.regions if whole or box is None else (*old.regions, box)
            hides[number] = Hides(regions, whole)
        return found

    def since(self, record_ids: Sequence[str]) -> dict[str, dict[str, datetime]]:
        """record id → thing (hiding.py) → when the first region that hides it was marked."""
        found: dict[str, dict[str, datetime]] = {}
        for record_id, number, box, at in self._standing(record_ids):
            times = found.setdefault(record_id, {})
            thing = region(number, box)
            times[thing] = min(at, times.get(thing, at))
        return found

    def _standing(self, record_ids: Sequence[str]) -> Iterator[tuple[str, int, Box | None, datetime]]:
        """(record id, number of a page as it is now, region or None for all of the page, when it was marked)."""
        standing = self._rows(_STANDING, record_ids)
        places = self._rows(_PLACES, sorted({row[0] for row in standing}))
        for record_id, page, sha256, frame, box, at in standing:
            own = [p for p in places if p[0] == record_id]
            same = [number for _, number, s, f in own if (s, f) == (sha256, frame)]
            for number in same or [page]:
                yield record_id, number, _box(box) if same else None, at

    def _rows(self, query: Select[Any], record_ids: Sequence[str]) -> list[Any]:
        found: list[Any] = []
        for some in parts(record_ids):
            found += self._database.rows(query, {"ids": some})
        return found


def _check(box: Box | None, page: PageRow) -> None:
    if box is None:
        return
    x, y, w, h = box
    if not page.width:
        raise BadInput("这一页没有图像，不能划区域。", advice="请整页遮去。")
    if min(x, y) < 0 or min(w, h) < 1 or x + w > page.width or y + h > page.height:
        raise BadInput(f"区域 {box} 超出页面 {page.width}×{page.height}。", advice="请重新划定。")


def _changed(session: Session, record_id: str, stage: Stage) -> None:
    row = session.get_one(RecordRow, record_id, with_for_update=True)
    row.version += 1
    enqueue(session, [record_id], stage)


def _four(box: Sequence[int]) -> Box:
    x, y, w, h = box
    return x, y, w, h


def _box(box: Sequence[int]) -> Box | None:
    return _four(box) if box else None
