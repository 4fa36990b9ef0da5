"""Records held back for a secrecy mark: found, released with a reason, or confirmed and then removed.

While one finding of a record is not released, nobody but the security officer sees the record; it leaves
every index, that of staff too. What lies in it is held with it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from holdings.catalogue import descriptions
from holdings.catalogue.attach import page_text
from holdings.catalogue.database import Database
from holdings.catalogue.incoming import IncomingPage
from holdings.catalogue.outbox import Stage, below, enqueue
from holdings.catalogue.tables import PageRow, PageTextRow, RecordRow
from holdings.catalogue.tables_quarantine import QuarantineRow
from holdings.catalogue.visibility import RELEASED
from holdings.errors import Conflict, NotFound
from holdings.records import PageText, Record
from holdings.secrecy import FoundMark, marks_on

log = logging.getLogger("danghai.quarantine")

HELD, CONFIRMED = "held", "confirmed"


@dataclass(frozen=True)
class Finding:
    """One mark on one record, for the security officer. with_it: how many records that lie in it."""

    id: int
    record_id: str
    reference_code: str
    title: str
    page: int
    mark: str
    place: str
    line: str
    box: tuple[int, int, int, int] | None
    state: str
    found_at: datetime
    decided_by: str
    decided_at: datetime | None
    reason: str
    with_it: int


@dataclass(frozen=True)
class Undecided:
    """What waits for the security officer. newest: the highest number of a finding, 0 where none waits."""

    count: int
    newest: int
    oldest: datetime | None

    def hours(self, now: datetime) -> float:
        """Age of the oldest."""
        return (now - self.oldest).total_seconds() / 3600 if self.oldest else 0.0


def hold_marked(session: Session, page: PageRow, text: PageText) -> None:
    """Hold the page's record when its text bears a secrecy mark in a mark's place, in the caller's
    transaction: no index ever holds the words. A mark on a page that the officer released is not held again."""
    found = marks_on(text, page.width, page.height)
    if not found:
        return
    query = select(QuarantineRow.mark).where(
        QuarantineRow.record_id == page.record_id,
        QuarantineRow.sha256 == page.sha256,
        QuarantineRow.frame == page.frame,
    )
    known = set(session.scalars(query))
    for mark in {m.mark: m for m in found if m.mark not in known}.values():
        _hold(session, page, mark)


def hold_taken_in(session: Session, taken: Sequence[tuple[Record, Sequence[IncomingPage]]]) -> None:
    """The same for records just taken in, whose pages may have come with their text; and what is put into
    a record that is held is held with it."""
    for record, pages in taken:
        for page in pages:
            if page.text is not None and marks_on(page.text, page.width, page.height):
                query = select(PageRow).where(PageRow.record_id == record.id, PageRow.number == page.number)
                hold_marked(session, session.scalars(query).one(), page.text)
    parents = {record.parent for record, _ in taken if record.parent}
    over = QuarantineRow.record_id.in_(parents), QuarantineRow.state != RELEASED
    held = {row.record_id: row for row in session.scalars(select(QuarantineRow).where(*over))}
    for record, _ in taken:
        if (above := held.get(record.parent or "")) is not None:
            with_it = _finding(record.id, above.mark)
            with_it.place, with_it.cause, with_it.state = "above", above.cause or above.id, above.state
            session.add(with_it)


def _hold(session: Session, page: PageRow, found: FoundMark) -> None:
    row = _finding(page.record_id, found.mark, page=page.number, sha256=page.sha256, frame=page.frame)
    row.place, row.line, row.box = found.place, found.text[:400], list(found.box or ())
    session.add(row)
    session.flush()
    lower = below(session, page.record_id)
    for record_id in lower:
        with_it = _finding(record_id, found.mark)
        with_it.place, with_it.cause = "above", row.id
        session.add(with_it)
    session.flush()
    enqueue(session, [page.record_id, *lower], Stage.WITHDRAWAL)
    log.warning(
        "secrecy mark on %s page %d (%s): held for the security officer, with %d below it",
        page.record_id,
        page.number,
        found.place,
        len(lower),
    )


def _finding(record_id: str, mark: str, *, page: int = 0, sha256: str = "", frame: int = 0) -> QuarantineRow:
    return QuarantineRow(
        record_id=record_id,
        cause=None,
        page=page,
        sha256=sha256,
        frame=frame,
        mark=mark,
        place="",
        line="",
        box=[],
        state=HELD,
        found_at=datetime.now(UTC),
        decided_by="",
        decided_at=None,
        reason="",
    )


class Quarantine:
    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, *, states: Sequence[str] = (HELD, CONFIRMED), limit: int = 500) -> list[Finding]:
        """What was found, oldest first; what is held only with another is counted there."""
        query = (
            select(QuarantineRow, RecordRow.description)
            .join(RecordRow, RecordRow.id == QuarantineRow.record_id)
            .where(QuarantineRow.state.in_(states), QuarantineRow.cause.is_(None))
            .order_by(QuarantineRow.id)
            .limit(limit)
        )
        with self._database.read() as session:
            return [_told(session, row, description) for row, description in session.execute(query)]

    def undecided(self) -> Undecided:
        query = select(func.count(), func.max(QuarantineRow.id), func.min(QuarantineRow.found_at))
        query = query.where(QuarantineRow.state == HELD, QuarantineRow.cause.is_(None))
        with self._database.read() as session:
            count, newest, oldest = session.execute(query).one()
        return Undecided(count, newest or 0, oldest)

    def release(self, finding: int, *, by: str, reason: str) -> str:
        """It is no secret: the record, and what is held only with it, goes back to those who may see it.
        Returns the record's id. Errors: NotFound; Conflict when it was decided already."""
        return self._decide(finding, RELEASED, by, reason)

    def confirm(self, finding: int, *, by: str, reason: str) -> str:
        """It is a secret: it stays hidden until `danghai quarantine export` has taken it out.
        Errors: as release."""
        return self._decide(finding, CONFIRMED, by, reason)

    def _decide(self, finding: int, state: str, by: str, reason: str) -> str:
        with self._database.write() as session:
            row = session.get(QuarantineRow, finding, with_for_update=True)
            if row is None or row.cause is not None:
                raise NotFound("没有这一项。")
            if row.state != HELD:
                raise Conflict("这一项已有决定。", advice="请刷新后再看。")
            with_it = list(session.scalars(select(QuarantineRow).where(QuarantineRow.cause == row.id)))
            for one in (row, *with_it):
                one.state, one.decided_by, one.reason = state, by, reason
                one.decided_at = datetime.now(UTC)
            if state == RELEASED:
                enqueue(session, [one.record_id for one in (row, *with_it)])
            return row.record_id

    def scan(self, *, batch: int = 200) -> int:
        """Look through every page's present text once more; how many records are newly held."""
        before = len(self.listing(limit=1_000_000))
        last = 0
        while True:
            with self._database.write() as session:
                query = select(PageRow).where(PageRow.id > last, PageRow.text_version > 0)
                pages = list(session.scalars(query.order_by(PageRow.id).limit(batch)))
                for page in pages:
                    hold_marked(session, page, _present(session, page))
            if not pages:
                return len(self.listing(limit=1_000_000)) - before
            last = pages[-1].id

    def confirmed(self) -> list[str]:
        """Ids of records that are to be taken out, what lies in another before it."""
        query = (
            select(QuarantineRow.record_id, RecordRow.level)
            .join(RecordRow, RecordRow.id == QuarantineRow.record_id)
            .where(QuarantineRow.state == CONFIRMED)
            .distinct()
        )
        rank = {"file": 0, "volume": 1, "series": 2, "fonds": 3}
        with self._database.read() as session:
            found = [(rank.get(level, 0), record_id) for record_id, level in session.execute(query)]
        return [record_id for _, record_id in sorted(found)]


def _present(session: Session, page: PageRow) -> PageText:
    row = session.get_one(PageTextRow, (page.id, page.text_version))
    return page_text(row.maker, row.rotation, row.vertical, row.lines)


def _told(session: Session, row: QuarantineRow, description: dict[str, object]) -> Finding:
    record = descriptions.from_json(description)
    with_it = list(session.scalars(select(QuarantineRow.id).where(QuarantineRow.cause == row.id)))
    x = tuple(int(n) for n in row.box)
    return Finding(
        id=row.id,
        record_id=row.record_id,
        reference_code=record.reference_code,
        title=record.title,
        page=row.page,
        mark=row.mark,
        place=row.place,
        line=row.line,
        box=(x[0], x[1], x[2], x[3]) if len(x) == 4 else None,
        state=row.state,
        found_at=row.found_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
        with_it=len(with_it),
    )
