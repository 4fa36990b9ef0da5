"""Tables of curation 编研: series with what was chosen for them, anniversaries, what was shown, theme runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class SeriesRow(Base):
    """What a series is: a description, questions to search by, words that keep a record out.

    version: counts changes of the definition, so that two people do not overwrite each other.
    """

    __tablename__ = "curated_series"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    about: Mapped[str] = mapped_column(Text)
    questions: Mapped[list[Any]]
    excluded: Mapped[list[Any]]
    version: Mapped[int]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class ChoiceRow(Base):
    """What was last decided of a record for a series. verdict: "accepted", "rejected" or "later".

    seed: whether it was named as an example, and not chosen from proposals (a seed is accepted).
    """

    __tablename__ = "series_choices"
    __table_args__ = (Index("ix_choices_verdict", "series_id", "verdict"),)

    series_id: Mapped[int] = mapped_column(
        ForeignKey("curated_series.id", ondelete="CASCADE"), primary_key=True
    )
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
    verdict: Mapped[str] = mapped_column(String(8))
    seed: Mapped[bool]
    note: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class AnniversaryRow(Base):
    """A date to remember. calendar: "solar" or "lunar"; year: when it happened, none for a feast; scope:
    "international", "national" or "local"; questions: what to search by for it."""

    __tablename__ = "anniversaries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    calendar: Mapped[str] = mapped_column(String(8))
    month: Mapped[int]
    day: Mapped[int]
    year: Mapped[int | None]
    scope: Mapped[str] = mapped_column(String(16))
    questions: Mapped[list[Any]]


class ShowingRow(Base):
    """That a record was shown: in an exhibition, a book, a public page. shown_on: an ISO day."""

    __tablename__ = "showings"
    __table_args__ = (UniqueConstraint("record_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"))
    name: Mapped[str] = mapped_column(String(200))
    shown_on: Mapped[str] = mapped_column(String(10))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class ThemeRunRow(Base):
    """A theme discovery: asked, under way, done or failed. Derived: it can be made anew, and goes after some days.

    state: "waiting", "running", "done", "failed".  step, share: what is being done, and how much of it (0–1).
    result: JSON, compressed by zlib.  beat: when its worker last said that it lives.
    """

    __tablename__ = "theme_runs"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    by_id: Mapped[str] = mapped_column(String(64), index=True)
    audience: Mapped[str] = mapped_column(String(64))
    asked: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    step: Mapped[str] = mapped_column(String(40))
    share: Mapped[float] = mapped_column(Float)
    problem: Mapped[str] = mapped_column(Text)
    result: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    beat: Mapped[datetime]
