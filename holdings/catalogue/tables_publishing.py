"""What was carried to the public installation, and which packages there were."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


class CarriedRow(Base):
    """A record that a package has carried out and none has withdrawn.

    version, parent: as they were then; what differs now goes into the next package.  hides: what of it was for staff
    alone in that line (hiding.py); null: carried before this was noted.  closed_at: since when it is known not to be
    public any more.  hidden_at: since when more of it is known to be hidden.
    """

    __tablename__ = "publish_carried"

    record_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[int]
    parent: Mapped[str] = mapped_column(String(255))
    sequence: Mapped[int]
    hides: Mapped[list[Any] | None]
    closed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]


class CarriedEditionRow(Base):
    """An exhibition that a package has carried out and none has taken down.

    title: as the outside shows it.  digest: of its line then (holdings/publishing/editions.py); one that says
    something else to the public now goes into the next package.  records: ids of those that line stands on.
    closed_at: when it was taken down, as far as that is known.
    """

    __tablename__ = "publish_carried_editions"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int]
    records: Mapped[list[Any]] = mapped_column(server_default="[]")
    closed_at: Mapped[datetime | None]


class PackageRow(Base):
    """A package made here (way "out") or brought in here ("in").

    manifest: SHA-256 of its manifest, which names every file's.  additions, withdrawals: records.  editions,
    taken_down: exhibitions.  hidden: of either, those carried again with more of them hidden.  closed_at: when the
    first of what it withdraws was closed.  hidden_at: when the first of what it hides was hidden.  done_at:
    acknowledged by the outside ("out"), applied to the end ("in").
    """

    __tablename__ = "publish_packages"

    way: Mapped[str] = mapped_column(String(3), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    manifest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    additions: Mapped[int]
    withdrawals: Mapped[int]
    editions: Mapped[int] = mapped_column(server_default="0")
    taken_down: Mapped[int] = mapped_column(server_default="0")
    hidden: Mapped[int] = mapped_column(server_default="0")
    closed_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
