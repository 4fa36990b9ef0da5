"""Tables of records held back for a secrecy mark."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class QuarantineRow(Base):
    """One secrecy mark found on one record, and what became of it.

    page: 0 where the record lies in another that is held (`cause`: that row).  state: held, released,
    confirmed.  While one row of a record is not released nobody but the security officer sees it.
    """

    __tablename__ = "quarantine"
    __table_args__ = (Index("ix_quarantine_record", "record_id", "state"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    cause: Mapped[int | None] = mapped_column(ForeignKey("quarantine.id"))
    page: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    frame: Mapped[int]
    mark: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(16))
    line: Mapped[str] = mapped_column(Text)
    box: Mapped[list[Any]]
    state: Mapped[str] = mapped_column(String(16))
    found_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(String(120))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text)
