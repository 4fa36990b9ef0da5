"""Series: what each is about, and what was accepted, rejected or left for later. A choice is remembered until it
is changed; what was rejected is not proposed again, and teaches (curation/learning.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal, get_args

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables_curation import ChoiceRow, SeriesRow
from holdings.catalogue.visibility import all_here, is_held
from holdings.errors import BadInput, Conflict, NotFound

Verdict = Literal["accepted", "rejected", "later"]
#: Most questions and words of a definition.
MOST_QUESTIONS, MOST_EXCLUDED = 20, 50


@dataclass(frozen=True)
class Definition:
    """What a person writes. questions: searched by, in the words of a search; excluded: words that keep out."""

    name: str
    about: str
    questions: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()

    def checked(self) -> Definition:
        """Without blanks and repetitions. Errors: BadInput."""
        made = Definition(
            self.name.strip(),
            self.about.strip(),
            tuple(dict.fromkeys(q.strip() for q in self.questions if q.strip())),
            tuple(dict.fromkeys(w.strip() for w in self.excluded if w.strip())),
        )
        if not made.name or not (made.about or made.questions):
            raise BadInput("系列要有名称，并有说明或检索问题。", advice="写一句话说明收什么。")
        if len(made.questions) > MOST_QUESTIONS or len(made.excluded) > MOST_EXCLUDED:
            raise BadInput(f"检索问题最多 {MOST_QUESTIONS} 条，排除词最多 {MOST_EXCLUDED} 个。")
        return made


@dataclass(frozen=True)
class Series:
    """A definition as it stands. counts: verdict → records."""

    id: int
    definition: Definition
    version: int
    changed_by: str
    changed_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    record_id: str
    verdict: Verdict
    seed: bool
    note: str
    by: str
    at: datetime


class SeriesTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self) -> list[Series]:
        """All, in the order they were made."""
        with self._database.read() as session:
            rows = list(session.scalars(select(SeriesRow).order_by(SeriesRow.id)))
            counts = _counts(session)
            return [_series(row, counts.get(row.id, {})) for row in rows]

    def get(self, series_id: int) -> Series:
        """Errors: NotFound."""
        with self._database.read() as session:
            row = _row(session, series_id)
            return _series(row, _counts(session).get(series_id, {}))

    def add(self, definition: Definition, caller: Caller) -> Series:
        """Errors: BadInput; Conflict for a name that is taken."""
        made = definition.checked()
        with self._database.write() as session:
            _free(session, made.name)
            row = SeriesRow(version=1, **_said(made), **_by(caller))
            session.add(row)
            session.flush()
            return _series(row, {})

    def change(self, series_id: int, definition: Definition, version: int, caller: Caller) -> Series:
        """version: as the caller saw it. Errors: NotFound, BadInput, Conflict."""
        made = definition.checked()
        with self._database.write() as session:
            row = _row(session, series_id, lock=True)
            if row.version != version:
                raise Conflict(f"{row.changed_by} 先改过这个系列。", advice="请看过再改。")
            _free(session, made.name, but=series_id)
            for name, value in (_said(made) | _by(caller) | {"version": version + 1}).items():
                setattr(row, name, value)
        return self.get(series_id)

    def drop(self, series_id: int) -> None:
        """The series with its choices. Errors: NotFound."""
        with self._database.write() as session:
            row = _row(session, series_id, lock=True)
            session.execute(delete(ChoiceRow).where(ChoiceRow.series_id == series_id))
            session.delete(row)

    # ── choices ────────────────────────────────────────────────────────────────

    def choose(
        self,
        series_id: int,
        record_ids: Sequence[str],
        verdict: Verdict | None,
        caller: Caller,
        *,
        seed: bool = False,
        note: str = "",
    ) -> int:
        """Decide of these records, or take back what was decided (None). Returns how many there were.

        seed: they are examples. Errors: NotFound where one does not exist or is held; BadInput.
        """
        if verdict is not None and verdict not in get_args(Verdict):
            raise BadInput(f"没有“{verdict}”这种取舍。", advice=f"可选：{'、'.join(get_args(Verdict))}。")
        ids = list(dict.fromkeys(record_ids))
        with self._database.write() as session:
            _row(session, series_id)
            if verdict is not None:
                all_here(session, ids)
            for some in parts(ids):
                mine = delete(ChoiceRow).where(ChoiceRow.series_id == series_id)
                session.execute(mine.where(ChoiceRow.record_id.in_(some)))
            if verdict is not None:
                now = datetime.now(UTC)
                session.add_all(
                    ChoiceRow(
                        series_id=series_id,
                        record_id=record_id,
                        verdict=verdict,
                        seed=seed and verdict == "accepted",
                        note=note.strip(),
                        by_id=caller.person,
                        by=caller.name,
                        at=now,
                    )
                    for record_id in ids
                )
        return len(ids)

    def choices(self, series_id: int, verdict: Verdict | None = None) -> list[Choice]:
        """What was decided, the latest first; nothing of a record that is held. Errors: NotFound."""
        query = select(ChoiceRow).where(ChoiceRow.series_id == series_id, ~is_held(ChoiceRow.record_id))
        if verdict:
            query = query.where(ChoiceRow.verdict == verdict)
        with self._database.read() as session:
            _row(session, series_id)
            rows = session.scalars(query.order_by(ChoiceRow.at.desc(), ChoiceRow.record_id))
            return [Choice(r.record_id, r.verdict, r.seed, r.note, r.by, r.at) for r in rows]  # type: ignore[arg-type]

    def in_series(self, record_ids: Sequence[str]) -> dict[str, list[str]]:
        """record id → names of the series that accepted it."""
        found: dict[str, list[str]] = {}
        query = select(ChoiceRow.record_id, SeriesRow.name).join(SeriesRow)
        query = query.where(ChoiceRow.verdict == "accepted").order_by(SeriesRow.id)
        with self._database.read() as session:
            for some in parts(record_ids):
                for record_id, name in session.execute(query.where(ChoiceRow.record_id.in_(some))):
                    found.setdefault(record_id, []).append(name)
        return found


def _row(session: Session, series_id: int, *, lock: bool = False) -> SeriesRow:
    row = session.get(SeriesRow, series_id, with_for_update=lock)
    if row is None:
        raise NotFound("没有这个系列。")
    return row


def _free(session: Session, name: str, but: int = 0) -> None:
    taken = select(SeriesRow.id).where(SeriesRow.name == name, SeriesRow.id != but)
    if session.scalar(taken):
        raise Conflict(f"已有名为“{name}”的系列。", advice="请换一个名称。")


def _said(definition: Definition) -> dict[str, object]:
    return {
        "name": definition.name,
        "about": definition.about,
        "questions": list(definition.questions),
        "excluded": list(definition.excluded),
    }


def _by(caller: Caller) -> dict[str, object]:
    return {"changed_by": caller.name, "changed_at": datetime.now(UTC)}


def _counts(session: Session) -> dict[int, dict[str, int]]:
    query = (
        select(ChoiceRow.series_id, ChoiceRow.verdict, func.count())
        .where(~is_held(ChoiceRow.record_id))
        .group_by(ChoiceRow.series_id, ChoiceRow.verdict)
    )
    found: dict[int, dict[str, int]] = {}
    for series_id, verdict, count in session.execute(query):
        found.setdefault(series_id, {})[verdict] = count
    return found


def _series(row: SeriesRow, counts: Mapping[str, int]) -> Series:
    definition = Definition(row.name, row.about, tuple(row.questions), tuple(row.excluded))
    return Series(row.id, definition, row.version, row.changed_by, row.changed_at, counts)
