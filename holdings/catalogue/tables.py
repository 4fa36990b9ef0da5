"""The catalogue's tables. A change here comes with an Alembic migration (a test compares the two)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: SQLite counts rowids only in INTEGER PRIMARY KEY columns.
BigId = BigInteger().with_variant(Integer, "sqlite")
#: Natural-order keys are compared byte by byte, whatever the database's own collation.
SortKey = String(600).with_variant(String(600, collation="C"), "postgresql")


class Utc(TypeDecorator[datetime]):
    """Times are UTC, kept as ISO 8601 text so that both databases give the same."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat(timespec="milliseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: Utc, dict[str, Any]: JSON, list[Any]: JSON}


class RecordRow(Base):
    """One description as it stands. `description` holds every field of holdings.records.Record.

    to_review, last_day, last_year, early: what the due list counts by (due.py), out of the description; accession.py
    writes all of them together.  to_review: a file that is not open by its own decision.  last_day: of formation, ISO;
    null: undated.  early: of a kind that may open before 25 years.
    """

    __tablename__ = "records"
    __table_args__ = (
        # Holds all that the counts ask of a record: no description is read.
        Index(
            "ix_records_to_review", "fonds_code", "last_year", "last_day", "early", "id", "to_review",
            sqlite_where=text("to_review = 1"), postgresql_where=text("to_review"),
        ),
    )  # fmt: skip

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    reference_code: Mapped[str] = mapped_column(String(255), unique=True)
    sort_code: Mapped[str] = mapped_column(SortKey, index=True)
    level: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str | None] = mapped_column(ForeignKey("records.id"), index=True)
    fonds_code: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(Text)
    access_status: Mapped[str] = mapped_column(String(16))
    publicity: Mapped[str] = mapped_column(String(16))
    classification: Mapped[str] = mapped_column(String(16))
    description: Mapped[dict[str, Any]]
    to_review: Mapped[bool] = mapped_column(server_default=false())
    last_day: Mapped[str | None] = mapped_column(String(10))
    last_year: Mapped[int | None]
    early: Mapped[bool] = mapped_column(server_default=false())
    version: Mapped[int]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class RecordVersionRow(Base):
    """A description as it was before a revision."""

    __tablename__ = "record_versions"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    description: Mapped[dict[str, Any]]
    replaced_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)


class CodeRow(Base):
    """Every reference code a record has or had: renumbering keeps the id."""

    __tablename__ = "codes"

    code: Mapped[str] = mapped_column(String(255), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)


class PageRow(Base):
    """One page. `kind`: "scan" is read by OCR, "text" came with its text, "picture" has no words to read.

    `reader`: the maker of the last machine reading tried, also one that failed: what lacks the
    present one is the OCR's list of work.
    """

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("record_id", "number"), Index("ix_pages_work", "kind", "reader"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(8))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    frame: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]
    text_version: Mapped[int]
    reader: Mapped[str] = mapped_column(String(120))
    error: Mapped[str] = mapped_column(Text)


class PageTextRow(Base):
    """A page's text as versions: never overwritten. `lines`: [text, x, y, w, h, confidence] each."""

    __tablename__ = "page_texts"

    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    maker: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    rotation: Mapped[int]
    vertical: Mapped[bool]
    lines: Mapped[list[Any]]


class AttachmentRow(Base):
    """A file that is no page: sound, film, mail, an office file, with its text where a library gave it."""

    __tablename__ = "attachments"
    __table_args__ = (UniqueConstraint("record_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text)


class OutboxRow(Base):
    """A record whose indexes lag. Written in the transaction that changed it, removed once projected.

    stage: holdings.catalogue.outbox.Stage; the lowest is worked first.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_order", "stage", "seq"), {"sqlite_autoincrement": True})

    seq: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(String(255), index=True)
    stage: Mapped[int]
    added_at: Mapped[datetime]


class RebuildRow(Base):
    """An audience whose index is to be built anew. `wanted_at` moves on when it is asked for again."""

    __tablename__ = "rebuilds"

    audience: Mapped[str] = mapped_column(String(64), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    wanted_at: Mapped[datetime]


class KeyRow(Base):
    """An API key: shown once, kept as SHA-256. `owner`: the account it acts for, never beyond that account's
    roles; none: made by a command. expires_on, used_on: ISO days ('': never)."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    audience: Mapped[str] = mapped_column(String(64))
    roles: Mapped[list[Any]]
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    owner: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    expires_on: Mapped[str] = mapped_column(String(10), server_default="")
    used_on: Mapped[str] = mapped_column(String(10), server_default="")
