"""Tables of the public's part: offers 征集, visits counted by day, favourites of registered readers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class ConsentRow(Base):
    """A text that senders agreed to, as it was shown."""

    __tablename__ = "consents"

    version: Mapped[str] = mapped_column(String(32), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    first_at: Mapped[datetime]


class OfferRow(Base):
    """One offer. kind: "donation" or "correction"; state: holdings/offer_rules.py.

    record_id: what a correction is about, "" for none; page: of it, 0 for none; suggested: the page's text as the
    sender reads it.  wanted_slug, wanted_section: the entry of a published wanted list it answers.
    agreement: JSON of offer_rules.Agreement, {} before there is one.  package: the intake folder's name.
    erased_at: when what is personal was erased.  record_id has no foreign key: an offer outlives its record.
    """

    __tablename__ = "offers"
    __table_args__ = (
        Index("ix_offers_state", "state", "id"),
        Index("ix_offers_due", "erased_at", "changed_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    receipt: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    what: Mapped[str] = mapped_column(Text)
    record_id: Mapped[str] = mapped_column(String(255), index=True)
    page: Mapped[int]
    suggested: Mapped[str] = mapped_column(Text)
    wanted_slug: Mapped[str] = mapped_column(String(120))
    wanted_section: Mapped[str] = mapped_column(String(120))
    wanted: Mapped[str] = mapped_column(Text)
    consent: Mapped[str] = mapped_column(ForeignKey("consents.version"))
    agreement: Mapped[dict[str, Any]]
    package: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    made_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class OfferPersonRow(Base):
    """Who sent it. Erased after its period."""

    __tablename__ = "offer_persons"

    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    contact: Mapped[str] = mapped_column(String(200))


class OfferFileRow(Base):
    """A file of an offer, kept apart from the store. stored: its name in the offer's folder; name: the sender's."""

    __tablename__ = "offer_files"
    __table_args__ = (UniqueConstraint("offer_id", "number"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    stored: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]


class OfferStepRow(Base):
    """Who brought it to which state, when, with which words. told: what the sender is told with it."""

    __tablename__ = "offer_steps"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    offer_id: Mapped[int] = mapped_column(ForeignKey("offers.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(Text)
    told: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime]


class VisitRow(Base):
    """How often something was looked at on a day. kind: "record" or "exhibition"; what: a record's id, an
    exhibition's slug, or `<slug>/<page>` of one. Nothing of who looked."""

    __tablename__ = "visits"

    day: Mapped[str] = mapped_column(String(10), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    what: Mapped[str] = mapped_column(String(300), primary_key=True)
    count: Mapped[int]


class FavouriteRow(Base):
    """A record that a registered reader keeps. place: its order in the list."""

    __tablename__ = "favourites"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True, index=True)
    note: Mapped[str] = mapped_column(Text)
    place: Mapped[int]
