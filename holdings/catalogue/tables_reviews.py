"""Tables of the opening review 开放审核 and the web review 上网审查."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class BatchRow(Base):
    """A batch of records under review, and who is to do which step.

    kind: "opening" or "web".  announced: the name the published catalogue of openings bears.
    assigned: step → [caller id, name]; a step that nobody is named for is anybody's with the role.
    """

    __tablename__ = "review_batches"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(8))
    announced: Mapped[str] = mapped_column(String(200))
    source: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(String(200))
    assigned: Mapped[dict[str, Any]]
    made_by: Mapped[str] = mapped_column(String(120))
    made_by_id: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]


class ReviewRow(Base):
    """One record under one review.

    step: what is to be done next ("first", "second", "final"), or "done".  version: counts what happened to it,
    so that two people who act at once do not overwrite each other.  open_key: "<kind>:<record id>" while it
    goes on, empty (null) afterwards: one review of a kind at a time.
    """

    __tablename__ = "reviews"
    __table_args__ = (Index("ix_reviews_batch", "batch_id", "step"), Index("ix_reviews_record", "record_id"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("review_batches.id"))
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    kind: Mapped[str] = mapped_column(String(8))
    step: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    open_key: Mapped[str | None] = mapped_column(String(270), unique=True)


class OpinionRow(Base):
    """What somebody said at one step; never changed, never removed.

    step: also "unit" (the forming or transferring unit) and "return" (sign-off sends it back).
    """

    __tablename__ = "review_opinions"
    __table_args__ = (UniqueConstraint("review_id", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    review_id: Mapped[int] = mapped_column(ForeignKey("reviews.id"))
    version: Mapped[int]
    step: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16))
    publicity: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[Any]]
    words: Mapped[str] = mapped_column(Text)
    review_again: Mapped[str | None] = mapped_column(String(10))
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class DecisionRow(Base):
    """What was decided of a record, by whom and why: the whole history.

    how: "review", "web", "withdrawal", "single" (one person, where the archive's settings allow it).
    review_again: the ISO day a 延期开放 record comes back onto the due list.  latest: its newest.
    """

    __tablename__ = "opening_decisions"
    __table_args__ = (
        Index("ix_decisions_record", "record_id", "at"),
        # Without it the due list joined every record to every latest decision.
        Index("ix_decisions_of", "record_id", "latest"),
        Index("ix_decisions_latest", "latest", "status", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    how: Mapped[str] = mapped_column(String(12))
    status: Mapped[str] = mapped_column(String(16))
    publicity: Mapped[str] = mapped_column(String(16))
    reasons: Mapped[list[Any]]
    words: Mapped[str] = mapped_column(Text)
    review_again: Mapped[str | None] = mapped_column(String(10), index=True)
    latest: Mapped[bool]
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class BulkRow(Base):
    """One opinion for many records of a batch: takes effect once its sample was looked at without objection.

    sample: review ids drawn by `seed`; looked: review id → [agrees, words, caller id, name, time].
    state: "looking", "done", "stopped".  targets: [review id, version when proposed] each.
    """

    __tablename__ = "review_bulks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("review_batches.id"), index=True)
    step: Mapped[str] = mapped_column(String(8))
    opinion: Mapped[dict[str, Any]]
    targets: Mapped[list[Any]]
    seed: Mapped[int]
    sample: Mapped[list[Any]]
    looked: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ReasonRow(Base):
    """A coded reason. basis: where it comes from ("本馆": the house's own). states: opening states it may stand for."""

    __tablename__ = "review_reasons"

    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    place: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    states: Mapped[list[Any]]
    active: Mapped[bool]


class TermRow(Base):
    """A sensitive term: its category, and the reason it speaks for."""

    __tablename__ = "sensitive_terms"

    term: Mapped[str] = mapped_column(String(80), primary_key=True)
    category: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(40))
