"""What was carried to the public installation, and which packages there were."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


class CarriedRow(Base):
    """A record that a package has carried out and none has withdrawn.

    version, parent: as they were then; what differs now goes into the next package.  closed_at: since when it
    is known not to be public any more.
    """

    __tablename__ = "publish_carried"

    record_id: Mapped[str] = mapped_column(String(255), primary_key=True)
    version: Mapped[int]
    parent: Mapped[str] = mapped_column(String(255))
    sequence: Mapped[int]
    closed_at: Mapped[datetime | None]


class PackageRow(Base):
    """A package made here (way "out") or brought in here ("in").

    manifest: SHA-256 of its manifest, which names every file's.  closed_at: when the first of the records it
    withdraws was closed.  done_at: acknowledged by the outside ("out"), applied to the end ("in").
    """

    __tablename__ = "publish_packages"

    way: Mapped[str] = mapped_column(String(3), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    manifest: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    additions: Mapped[int]
    withdrawals: Mapped[int]
    closed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
