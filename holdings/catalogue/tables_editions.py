"""Tables of editions 定稿: what was published, by address and number, in parts, and the records each stands on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base


def _of_edition() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["slug", "number"], ["editions.slug", "editions.number"], ondelete="CASCADE")


class EditionRow(Base):
    """One edition as it was published. body: the head of a `curation.edition.Edition` as JSON; its exhibits and the
    lines of its chronology are rows of their own (holdings/edition_parts.py).

    withdrawn_at: when it was taken from the public; no later number, no longer shown.
    """

    __tablename__ = "editions"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[dict[str, Any]]
    published_by: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[datetime]
    withdrawn_by: Mapped[str] = mapped_column(String(200))
    withdrawn_at: Mapped[datetime | None]


class EditionPartRow(Base):
    """A part of an edition: `holdings.edition_parts.Part`. place: among its kind; gaps are where something was removed.

    record_id: "" for what stands on none.
    """

    __tablename__ = "edition_parts"
    __table_args__ = (_of_edition(),)

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[int]
    record_id: Mapped[str] = mapped_column(String(255))
    body: Mapped[dict[str, Any]]


class EditionNameRow(Base):
    """What leads to an exhibit in addresses: its name, or one of its pictures'. place: the exhibit's."""

    __tablename__ = "edition_names"
    __table_args__ = (_of_edition(),)

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)


class EditionRecordRow(Base):
    """A record that an edition stands on: withdrawals and removals find it by this.

    hides: what was hidden of it when the edition was made (editions.py).
    """

    __tablename__ = "edition_records"
    __table_args__ = (_of_edition(),)

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
    hides: Mapped[list[Any]] = mapped_column(server_default="[]")
