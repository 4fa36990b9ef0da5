"""Deleting a record with all that hangs on it: only for what must not be here at all."""

from __future__ import annotations

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database
from holdings.catalogue.outbox import Stage, enqueue
from holdings.catalogue.tables import (
    AttachmentRow,
    CodeRow,
    PageRow,
    PageTextRow,
    RecordRow,
    RecordVersionRow,
)
from holdings.catalogue.tables_audiences import GrantRecordRow, LotRow
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
        sqlite = self._database.engine.dialect.name == "sqlite"
        with self._database.write() as session:
            if sqlite:
                session.execute(text("PRAGMA secure_delete=ON"))  # this connection overwrites what it frees
            if session.scalar(select(RecordRow.id).where(RecordRow.parent == record_id).limit(1)):
                raise Conflict(
                    f"{record_id} 之内还有未一并确认的条目。", advice="请先改它们的所在，或一并处理。"
                )
            files = _files(session, [record_id])
            _delete(session, record_id)
            enqueue(session, [record_id], Stage.WITHDRAWAL)
            used = _used(session, files)
        if sqlite:
            with self._database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        return sorted(files - used)


def _files(session: Session, record_ids: list[str]) -> set[str]:
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
    ):
        session.execute(delete(table).where(table.record_id == record_id))
    session.execute(delete(RecordRow).where(RecordRow.id == record_id))
