"""Tables of people: accounts, their sessions, one-time enrolments, failed sign-ins.

No more personal data than needed: of a document shown at the desk its kind and the day, never its number.
Secrets are kept as hashes only: passwords argon2id, tokens (256 random bits) SHA-256.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId


class AccountRow(Base):
    """One person, or one unit by agreement. `password`: argon2id, '' until enrolled or with OIDC only.

    checked_by, checked_on, document: who saw which kind of document at the desk, and when (readers).
    subject: "issuer subject" of the OIDC identity it belongs to.
    """

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    real_name: Mapped[str] = mapped_column(String(80))
    audience: Mapped[str] = mapped_column(String(64))
    roles: Mapped[list[Any]]
    password: Mapped[str] = mapped_column(Text)
    subject: Mapped[str | None] = mapped_column(String(400), unique=True)
    checked_by: Mapped[str] = mapped_column(String(80))
    checked_on: Mapped[str] = mapped_column(String(10))
    document: Mapped[str] = mapped_column(String(40))
    made_by: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    locked_at: Mapped[datetime | None]


class SessionRow(Base):
    """A signed-in account. `seen_at` follows at most once a minute."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    via: Mapped[str] = mapped_column(String(16))
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class EnrolmentRow(Base):
    """A one-time code by which a person sets the first password, or a new one after a reset."""

    __tablename__ = "enrolments"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    ends_at: Mapped[datetime]


class FailureRow(Base):
    """Failed sign-ins by subject: a name as typed (hashed, whether or not there is such an account) or an
    address."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
