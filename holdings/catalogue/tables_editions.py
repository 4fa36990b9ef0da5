"""Tables of editions 定稿: what was published, by address and number, and the records each stands on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


class EditionRow(Base):
    """One edition as it was published. body: `curation.edition.Edition` as JSON; opaque here.

    hides: record id → what was hidden of it when it was published (editions.py).
    withdrawn_at: when it was taken from the public; no later number, no longer shown.
    """

    __tablename__ = "editions"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    hides: Mapped[dict[str, Any]]
    published_by: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime]
    withdrawn_by: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]


class EditionRecordRow(Base):
    """A record that an edition stands on: withdrawals and removals find it by this."""

    __tablename__ = "edition_records"
    __table_args__ = (
        ForeignKeyConstraint(["slug", "number"], ["editions.slug", "editions.number"], ondelete="CASCADE"),
    )

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
