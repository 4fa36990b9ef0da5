"""Deleting a record with all that hangs on it: only for what must not be here at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database
from holdings.catalogue.editions import forget
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.project_parts import forget_record
from holdings.catalogue.tables import (
    AttachmentRow,
    CodeRow,
    PageRow,
    PageTextRow,
    RecordRow,
    RecordVersionRow,
)
from holdings.catalogue.tables_audiences import GrantRecordRow, LotRow
from holdings.catalogue.tables_curation import ChoiceRow, ShowingRow, ThemeRunRow
from holdings.catalogue.tables_public import (
    FavouriteRow,
    OfferFileRow,
    OfferPersonRow,
    OfferRow,
    OfferStepRow,
    VisitRow,
)
from holdings.catalogue.tables_quarantine import QuarantineRow
from holdings.catalogue.tables_redactions import RedactionRow
from holdings.catalogue.tables_reviews import DecisionRow, OpinionRow, ReviewRow
from holdings.errors import Conflict


class Removal:
    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, record_id: str) -> list[str]:
        """Delete it, and have every index lose it. Returns the SHA-256 of files that nothing uses any more.

        Errors: Conflict when something lies in it still.
        """
        with overwriting(self._database) as session:
            if session.scalar(select(RecordRow.id).where(RecordRow.parent == record_id).limit(1)):
                raise Conflict(
                    f"{record_id} 之内还有未一并确认的条目。", advice="请先改它们的所在，或一并处理。"
                )
            return sorted(take_out(session, [record_id]))


@contextmanager
def overwriting(database: Database) -> Iterator[Session]:
    """A writing transaction that leaves nothing of what it frees in SQLite's file or log."""
    sqlite = database.engine.dialect.name == "sqlite"
    with database.write() as session:
        if sqlite:
            session.execute(text("PRAGMA secure_delete=ON"))
        yield session
    if sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def take_out(session: Session, record_ids: Sequence[str]) -> set[str]:
    """These records with all that hangs on them; the indexes lose them before all else. What lies in one of
    them lies then where it lay. Returns the SHA-256 of files that nothing uses any more."""
    freed: set[str] = set()
    for record_id in record_ids:
        row = session.get(RecordRow, record_id)
        if row is None:
            continue
        freed |= files_of(session, [record_id])
        inside = update(RecordRow).where(RecordRow.parent == record_id)
        session.execute(inside.values(parent=row.parent))
        _delete(session, record_id)
        session.expire_all()
    enqueue(session, record_ids, Stage.WITHDRAWAL)
    return freed - _used(session, freed)


def forget_history(session: Session, record_ids: Sequence[str], files: set[str]) -> set[str]:
    """Leave of these records what they are now: no former description, no former text. files: those they had
    before. Returns the SHA-256 of those that nothing uses any more."""
    session.execute(delete(RecordVersionRow).where(RecordVersionRow.record_id.in_(record_ids)))
    newer = select(PageRow.id).where(
        PageRow.record_id.in_(record_ids),
        PageRow.id == PageTextRow.page_id,
        PageRow.text_version > PageTextRow.version,
    )
    session.execute(delete(PageTextRow).where(newer.exists()))
    enqueue(session, record_ids, Stage.WITHDRAWAL)  # words may have gone
    return files - _used(session, files)


def files_of(session: Session, record_ids: Sequence[str]) -> set[str]:
    pages = select(PageRow.sha256).where(PageRow.record_id.in_(record_ids))
    attached = select(AttachmentRow.sha256).where(AttachmentRow.record_id.in_(record_ids))
    return {*session.scalars(pages), *session.scalars(attached)}


def _used(session: Session, files: set[str]) -> set[str]:
    pages = select(PageRow.sha256).where(PageRow.sha256.in_(files))
    attached = select(AttachmentRow.sha256).where(AttachmentRow.sha256.in_(files))
    return {*session.scalars(pages), *session.scalars(attached)}


def _delete(session: Session, record_id: str) -> None:
    page_ids = select(PageRow.id).where(PageRow.record_id == record_id)
    session.execute(delete(PageTextRow).where(PageTextRow.page_id.in_(page_ids)))
    reviews = select(ReviewRow.id).where(ReviewRow.record_id == record_id)
    session.execute(delete(OpinionRow).where(OpinionRow.review_id.in_(reviews)))
    caused = select(QuarantineRow.id).where(QuarantineRow.record_id == record_id)
    session.execute(delete(QuarantineRow).where(QuarantineRow.cause.in_(caused)))
    for table in (
        PageRow,
        AttachmentRow,
        CodeRow,
        RecordVersionRow,
        GrantRecordRow,
        LotRow,
        QuarantineRow,
        RedactionRow,
        DecisionRow,
        ReviewRow,
        ChoiceRow,
        ShowingRow,
    ):
        session.execute(delete(table).where(table.record_id == record_id))
    forget_record(session, record_id)
    forget(session, record_id)
    session.execute(delete(FavouriteRow).where(FavouriteRow.record_id == record_id))
    session.execute(delete(VisitRow).where(VisitRow.kind == "record", VisitRow.what == record_id))
    about = select(OfferRow.id).where(OfferRow.record_id == record_id)
    for offered in (OfferPersonRow, OfferFileRow, OfferStepRow):
        session.execute(delete(offered).where(offered.offer_id.in_(about)))
    session.execute(delete(OfferRow).where(OfferRow.record_id == record_id))
    session.execute(delete(ThemeRunRow))  # their groups may be named by its words
    session.execute(delete(RecordRow).where(RecordRow.id == record_id))
