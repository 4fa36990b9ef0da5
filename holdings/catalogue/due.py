"""The due list 到期清单: what is 25 years old and not decided (Archives Law 2020 art. 27), by fonds and year.

Due never means open: the list only says what to review. A postponed record comes back by itself on the day its
decision named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from holdings.access import AS_DELIVERED, OPEN, OWN_DECISIONS
from holdings.catalogue.database import Database
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_reviews import DecisionRow, ReviewRow
from holdings.catalogue.visibility import is_held
from holdings.first_opinion import EARLY_KINDS, YEARS

_BASIS = func.coalesce(RecordRow.description["access_basis"].as_string(), AS_DELIVERED)
#: Not open by its own decision (随卷 is none), and not held for a secrecy mark.
_CLOSED = and_(
    RecordRow.level == "file",
    or_(RecordRow.access_status != OPEN, _BASIS.not_in(OWN_DECISIONS)),
    ~is_held(RecordRow.id),
)
_LAST = RecordRow.description["date"]["last"].as_string()
_CATEGORY = RecordRow.description["category"].as_string()


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


class DueList:
    def __init__(self, database: Database) -> None:
        self._database = database

    def counts(self, today: date, wish: DueWish = DueWish()) -> list[DueCount]:
        """By fonds, then year (undated last: nobody can say when they are due, so each is counted)."""
        formed = func.substr(_LAST, 1, 4)
        waits, early = _waits(today), _early(today)
        query = (
            select(
                RecordRow.fonds_code,
                formed,
                func.sum(case((waits & DecisionRow.review_again.is_(None), 1), else_=0)),
                func.sum(case((waits & DecisionRow.review_again.is_not(None), 1), else_=0)),
                func.sum(case((early, 1), else_=0)),
                func.sum(case((ReviewRow.id.is_not(None), 1), else_=0)),
            )
            .select_from(RecordRow)
            .join(DecisionRow, _LATEST, isouter=True)
            .join(ReviewRow, _BUSY, isouter=True)
            .where(_CLOSED, waits | early, *_wished(wish))
            .group_by(RecordRow.fonds_code, formed)
        )
        with self._database.read() as session:
            found = [
                DueCount(fonds, int(year) if year else None, due, again, soon, busy)
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
    kinds = [_CATEGORY.contains(word, autoescape=True) for words in EARLY_KINDS.values() for word in words]
    return and_(DecisionRow.id.is_(None), _edge(today) < _LAST, or_(*kinds))


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
        held.append(f"{wish.year_from:04d}-01-01" <= _LAST)
    if wish.year_to is not None:
        held.append(f"{wish.year_to:04d}-12-31" >= _LAST)
    return held
