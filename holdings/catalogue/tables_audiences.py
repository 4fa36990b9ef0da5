"""Tables of audiences that were added, and of grants to one reader."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class AudienceRow(Base):
    """A unit over its own fonds, a contractor over a lot, a partner by agreement.

    until: the last ISO day, "" for no end.  built_at: None until its index stands; it is not asked before.
    removed_at: its index is still to be deleted; the row goes with it.
    """

    __tablename__ = "audiences"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(Text)
    fonds: Mapped[list[Any]]
    until: Mapped[str] = mapped_column(String(10))
    made_at: Mapped[datetime]
    built_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class LotRow(Base):
    """A record that a contractor's lot names."""

    __tablename__ = "audience_lots"

    audience: Mapped[str] = mapped_column(ForeignKey("audiences.name", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)


class GrantRow(Base):
    """An approved application: named records, open to one reader by id until a day (inclusive)."""

    __tablename__ = "grants"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    reader: Mapped[str] = mapped_column(String(64), index=True)
    until: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    revoked_by: Mapped[str] = mapped_column(String(120))
    revoked_at: Mapped[datetime | None]


class GrantRecordRow(Base):
    """A record that a grant names."""

    __tablename__ = "grant_records"

    grant_id: Mapped[int] = mapped_column(ForeignKey("grants.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
