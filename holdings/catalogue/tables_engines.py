"""Which engine answers, which other one is filled or was left, and what that one lacks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class EngineRow(Base):
    """At most one row, made by the first move: before it the settings say which engine there is.

    beside: the other engine, while it holds indexes of this archive; "": none does. filling: it is being moved
    to; else it was left. withdrawals: something was withdrawn whose trace the other one may bear.
    """

    __tablename__ = "engine_choice"

    id: Mapped[int] = mapped_column(primary_key=True)
    engine: Mapped[str] = mapped_column(String(32))
    beside: Mapped[str] = mapped_column(String(32))
    filling: Mapped[bool]
    withdrawals: Mapped[bool]
    changed_at: Mapped[datetime]


class BesideRow(Base):
    """A record that changed in the indexes of the engine that answers, and not yet in the other's.

    stage: the most pressing of its changes (holdings.catalogue.outbox.Stage).
    """

    __tablename__ = "outbox_beside"
    __table_args__ = ({"sqlite_autoincrement": True},)

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(String(255), unique=True)
    stage: Mapped[int]
