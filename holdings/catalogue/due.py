"""The due list 到期清单: what is 25 years old and not decided (Archives Law 2020 art. 27), by fonds and year.

Due never means open: the list only says what to review. A postponed record comes back by itself on the day its
decision named. Of descriptions only what stands in columns of its own is asked (`columns_of`): a million of them
are counted from one index.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from holdings.access import OPEN, OWN_DECISIONS
from holdings.catalogue.database import Database
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_reviews import DecisionRow, ReviewRow
from holdings.catalogue.visibility import is_held
from holdings.first_opinion import EARLY_KINDS, YEARS
from holdings.records import Record

#: Of what waits for a review, what is not held for a secrecy mark.
_CLOSED = and_(RecordRow.to_review, ~is_held(RecordRow.id))
_LAST = RecordRow.last_day


@dataclass(frozen=True)
class DueCount:
    """How many of one fonds and year. year None: undated. again: postponed, and back; busy: under review."""

    fonds_code: str
    year: int | None
    due: int
    again: int
    early: int
    busy: int


@dataclass(frozen=True)
class DueWish:
    """Which part of the list. None: any. early: also what may open before 25 years, by its kind."""

    fonds: str | None = None
    year_from: int | None = None
    year_to: int | None = None
    early: bool = False


def columns_of(record: Record) -> dict[str, Any]:
    """What the list asks of a record, as columns of its row (`RecordRow`). Whoever changes how one is made fills those
    that stand already, by a migration (`due_1`)."""
    last = record.date.last
    own = record.access_status == OPEN and record.access_basis in OWN_DECISIONS  # 随卷 is nobody's decision
    return {
        "to_review": record.level == "file" and not own,
        "last_day": last,
        "last_year": int(last[:4]) if last else None,
        "early": any(word in record.category for words in EARLY_KINDS.values() for word in words),
    }


class DueList:
    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, today: date, wish: DueWish = DueWish()) -> list[DueCount]:
        """By fonds, then year (undated last: nobody can say when they are due, so each is counted)."""
        waits, early = _waits(today), _early(today)
        query = (
            select(
                RecordRow.fonds_code,
                RecordRow.last_year,
                func.sum(case((waits & DecisionRow.review_again.is_(None), 1), else_=0)),
                func.sum(case((waits & DecisionRow.review_again.is_not(None), 1), else_=0)),
                func.sum(case((early, 1), else_=0)),
                func.sum(case((ReviewRow.id.is_not(None), 1), else_=0)),
            )
            .select_from(RecordRow)
            .join(DecisionRow, _LATEST, isouter=True)
            .join(ReviewRow, _BUSY, isouter=True)
            .where(_CLOSED, waits | early, *_wished(wish))
            .group_by(RecordRow.fonds_code, RecordRow.last_year)
        )
        with self._database.read() as session:
            found = [
                DueCount(fonds, year, due, again, soon, busy)
                for fonds, year, due, again, soon, busy in session.execute(query)
            ]
        return sorted(found, key=lambda c: (c.fonds_code, c.year is None, c.year or 0))

    def ids(self, today: date, wish: DueWish = DueWish(), *, limit: int | None = None) -> Iterator[str]:
        """Records of the list that no open review holds, in natural order of reference code."""
        busy = aliased(ReviewRow)
        query = (
            select(RecordRow.id)
            .join(DecisionRow, _LATEST, isouter=True)
            .join(busy, busy.open_key == "opening:" + RecordRow.id, isouter=True)
            .where(_CLOSED, busy.id.is_(None), *_wished(wish))
            .where(_waits(today) | _early(today) if wish.early else _waits(today))
            .order_by(RecordRow.sort_code, RecordRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            yield from session.scalars(query)


_LATEST = and_(DecisionRow.record_id == RecordRow.id, DecisionRow.latest)
_BUSY = ReviewRow.open_key == "opening:" + RecordRow.id


def _waits(today: date) -> ColumnElement[bool]:
    """Due and never decided, or undated and never decided, or postponed until a day that has come."""
    edge = _edge(today)
    never = and_(DecisionRow.id.is_(None), or_(edge >= _LAST, _LAST.is_(None)))
    return or_(never, DecisionRow.review_again <= today.isoformat())


def _early(today: date) -> ColumnElement[bool]:
    return and_(DecisionRow.id.is_(None), _edge(today) < _LAST, RecordRow.early)


def _edge(today: date) -> str:
    """The last day of formation that is due today."""
    year = today.year - YEARS
    day = min(today.day, 28) if (today.month, today.day) == (2, 29) else today.day
    return date(year, today.month, day).isoformat()


def _wished(wish: DueWish) -> list[ColumnElement[bool]]:
    held: list[ColumnElement[bool]] = []
    if wish.fonds is not None:
        held.append(RecordRow.fonds_code == wish.fonds)
    if wish.year_from is not None:
        held.append(RecordRow.last_year >= wish.year_from)
    if wish.year_to is not None:
        held.append(RecordRow.last_year <= wish.year_to)
    return held
