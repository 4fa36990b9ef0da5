"""Table of redactions 涂黑."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class RedactionRow(Base):
    """One region of one page that only staff may see; undone ones stay, for the history.

    box: [x, y, width, height] in pixels of the page image as stored; [] the whole page.
    sha256, frame: the page's image when it was marked. On another image in its place the region means
    nothing, so the whole page is then hidden.
    """

    __tablename__ = "redactions"
    __table_args__ = (Index("ix_redactions_record", "record_id", "undone_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    page: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    frame: Mapped[int]
    box: Mapped[list[Any]]
    code: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    undone_by: Mapped[str] = mapped_column(String(120))
    undone_at: Mapped[datetime | None]
