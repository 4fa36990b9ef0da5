"""The calendar of dates to remember, and what was shown where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import delete, select

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables_curation import AnniversaryRow, ShowingRow
from holdings.catalogue.visibility import all_here
from holdings.errors import BadInput, Conflict, NotFound

SCOPES: tuple[str, ...] = ("international", "national", "local")


@dataclass(frozen=True)
class Anniversary:
    """A date to remember; id 0: not stored yet. calendar: "solar" or "lunar"; year: None for a feast."""

    id: int
    name: str
    calendar: str
    month: int
    day: int
    year: int | None
    scope: str
    questions: tuple[str, ...]


class Anniversaries:
    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self) -> list[Anniversary]:
        """All, in order of month and day."""
        query = select(AnniversaryRow).order_by(AnniversaryRow.month, AnniversaryRow.day, AnniversaryRow.id)
        with self._database.read() as session:
            return [_out(row) for row in session.scalars(query)]

    def put(self, one: Anniversary) -> Anniversary:
        """Add it (id 0) or change it. Errors: NotFound, BadInput; Conflict for a name that is taken."""
        if not one.name.strip() or one.scope not in SCOPES:
            raise BadInput("纪念日要有名称和范围。", advice=f"范围可选：{'、'.join(SCOPES)}。")
        values = {**vars(one), "name": one.name.strip(), "questions": list(one.questions)}
        del values["id"]
        with self._database.write() as session:
            taken = select(AnniversaryRow.id).where(AnniversaryRow.name == values["name"])
            if session.scalar(taken.where(AnniversaryRow.id != one.id)):
                raise Conflict(f"已有名为“{one.name.strip()}”的纪念日。", advice="请换一个名称。")
            row = session.get(AnniversaryRow, one.id) if one.id else AnniversaryRow()
            if row is None:
                raise NotFound("没有这个纪念日。")
            for name, value in values.items():
                setattr(row, name, value)
            session.add(row)
            session.flush()
            return _out(row)

    def drop(self, anniversary_id: int) -> None:
        """Errors: NotFound."""
        with self._database.write() as session:
            row = session.get(AnniversaryRow, anniversary_id)
            if row is None:
                raise NotFound("没有这个纪念日。")
            session.delete(row)


class Showings:
    """What was shown, so that a new exhibition does not show the same again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, record_ids: Sequence[str], name: str, on: date, caller: Caller) -> int:
        """Note that these were shown there; twice is the same as once. Errors: BadInput, NotFound."""
        if not name.strip():
            raise BadInput("要写明在哪里展出过。", advice="例如：2019 年国际档案日展。")
        ids = list(dict.fromkeys(record_ids))
        with self._database.write() as session:
            all_here(session, ids)
            for some in parts(ids):
                same = delete(ShowingRow).where(ShowingRow.name == name.strip())
                session.execute(same.where(ShowingRow.record_id.in_(some)))
                now = datetime.now(UTC)
                session.add_all(
                    ShowingRow(
                        record_id=i, name=name.strip(), shown_on=on.isoformat(), by=caller.name, at=now
                    )
                    for i in some
                )
        return len(ids)

    def listing(self) -> list[tuple[str, str, list[str]]]:
        """(where, ISO day, record ids), the latest first."""
        query = select(ShowingRow).order_by(ShowingRow.shown_on.desc(), ShowingRow.name, ShowingRow.id)
        found: dict[tuple[str, str], list[str]] = {}
        with self._database.read() as session:
            for row in session.scalars(query):
                found.setdefault((row.name, row.shown_on), []).append(row.record_id)
        return [(name, day, ids) for (name, day), ids in found.items()]

    def drop(self, name: str, record_id: str = "") -> None:
        """Forget that these, or this one, were shown there. Errors: NotFound."""
        gone = delete(ShowingRow).where(ShowingRow.name == name).returning(ShowingRow.id)
        if record_id:
            gone = gone.where(ShowingRow.record_id == record_id)
        with self._database.write() as session:
            if not session.scalars(gone).all():
                raise NotFound("没有这次展出的记录。")

    def of(self, record_ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
        """record id → (where, ISO day), the earliest first, for those that were shown."""
        found: dict[str, list[tuple[str, str]]] = {}
        query = select(ShowingRow).order_by(ShowingRow.shown_on, ShowingRow.id)
        with self._database.read() as session:
            for some in parts(record_ids):
                for row in session.scalars(query.where(ShowingRow.record_id.in_(some))):
                    found.setdefault(row.record_id, []).append((row.name, row.shown_on))
        return found


def _out(row: AnniversaryRow) -> Anniversary:
    return Anniversary(
        row.id, row.name, row.calendar, row.month, row.day, row.year, row.scope, tuple(row.questions)
    )
