"""The one visibility rule (holdings/access.py), given what the catalogue knows: audience rows, lots, what
is quarantined. Everybody who asks who may see a record asks here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from holdings.access import BUILT_IN, Audience, Marks, visible_to
from holdings.catalogue.database import parts
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_audiences import AudienceRow, LotRow
from holdings.catalogue.tables_quarantine import QuarantineRow
from holdings.errors import NotFound
from holdings.records import Record

#: A query of columns with its parameters → its rows.
Rows = Callable[[Select[Any], Mapping[str, object]], Iterable[Any]]
#: State of a finding that no longer holds a record back.
RELEASED = "released"

_A, _L, _Q = AudienceRow.__table__.c, LotRow.__table__.c, QuarantineRow.__table__.c
_AUDIENCES = select(_A.name, _A.kind, _A.fonds, _A.until).where(_A.removed_at.is_(None)).order_by(_A.name)
_LOTS = select(_L.record_id, _L.audience).where(_L.record_id.in_(bindparam("ids", expanding=True)))
_HELD = (
    select(_Q.record_id)
    .where(_Q.record_id.in_(bindparam("ids", expanding=True)), _Q.state != RELEASED)
    .distinct()
)


def today() -> date:
    """The day it is where the archive stands; an agreement's last day ends at its midnight."""
    return date.today()


def audiences_now(rows: Rows) -> tuple[Audience, ...]:
    """Those that come with the system, and those that were added; also such whose last day is past."""
    added = (
        Audience(name, kind, frozenset(fonds), date.fromisoformat(until) if until else None)
        for name, kind, fonds, until in rows(_AUDIENCES, {})
    )
    return (*BUILT_IN, *added)


def is_held(
    record_id: ColumnElement[str] | InstrumentedAttribute[str] | InstrumentedAttribute[str | None],
) -> ColumnElement[bool]:
    """A column: whether this record is quarantined; none is not."""
    return exists().where(_Q.record_id == record_id, _Q.state != RELEASED)


def all_here(session: Session, ids: Sequence[str]) -> None:
    """Errors: NotFound where one of these records does not exist or is quarantined."""
    missing: set[str] = set(ids)
    for some in parts(ids):
        missing -= set(
            session.scalars(select(RecordRow.id).where(RecordRow.id.in_(some), ~is_held(RecordRow.id)))
        )
    if missing:
        raise NotFound(f"没有这些条目：{'、'.join(sorted(missing)[:5])}。", advice="请核对后重试。")


def marks_of(
    rows: Rows,
    records: Collection[Record],
    audiences: Sequence[Audience],
    held: Collection[str] | None = None,
    asked: Sequence[str] = (),
) -> dict[str, Marks]:
    """record id → all that decides who may see it. held: those of them that are quarantined; None: not
    asked yet. asked: ids that were asked for, held here or not: what is closed costs what is not here."""
    ids = list(asked) or [record.id for record in records]
    given = [{"ids": some} for some in parts(ids)]
    if held is None:
        held = {record_id for part in given for (record_id,) in rows(_HELD, part)}
    lots: dict[str, set[str]] = {}
    if any(audience.kind == "contractor" for audience in audiences):
        for record_id, audience in (row for part in given for row in rows(_LOTS, part)):
            lots.setdefault(record_id, set()).add(audience)
    return {r.id: Marks.of(r, quarantined=r.id in held, lots=lots.get(r.id, ())) for r in records}


def who_may_see(
    rows: Rows,
    records: Collection[Record],
    held: Collection[str] | None = None,
    asked: Sequence[str] = (),
) -> dict[str, frozenset[str]]:
    """record id → the audiences that may see it today. held, asked: as in marks_of."""
    if not records and not asked:
        return {}
    audiences, now = audiences_now(rows), today()
    marks = marks_of(rows, records, audiences, held, asked)
    return {record_id: visible_to(found, audiences, now) for record_id, found in marks.items()}


def within(session: Session) -> Rows:
    """To ask in a transaction that is under way."""
    return lambda query, given: session.execute(query, dict(given))
