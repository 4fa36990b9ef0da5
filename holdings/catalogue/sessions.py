"""Sessions: who is signed in. Each request reads one row; what it used is written later, in one go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, delete, select, update

from holdings.access import Caller
from holdings.catalogue.accounts import Account
from holdings.catalogue.database import Database
from holdings.catalogue.tables_accounts import AccountRow, SessionRow
from holdings.catalogue.tokens import SESSION, digest, new_token

_KNOWN = (
    select(
        AccountRow.id,
        AccountRow.audience,
        AccountRow.roles,
        AccountRow.real_name,
        SessionRow.made_at,
        SessionRow.seen_at,
        SessionRow.via,
    )
    .join(AccountRow, AccountRow.id == SessionRow.account_id)
    .where(SessionRow.digest == bindparam("digest"), AccountRow.locked_at.is_(None))
)


@dataclass(frozen=True)
class SignedIn:
    """A session that exists, whether or not its time is over. via: "password" or "oidc"."""

    caller: Caller
    made_at: datetime
    seen_at: datetime
    via: str


class Sessions:
    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, account: Account, via: str) -> str:
        """A new session's token; it is not kept and cannot be had again."""
        token, now = new_token(SESSION), datetime.now(UTC)
        row = SessionRow(digest=digest(token), account_id=account.id, via=via, made_at=now, seen_at=now)
        with self._database.write() as session:
            session.add(row)
        return token

    def signed_in(self, token: str) -> SignedIn | None:
        """Whose session this is; None where it ended, or the account is locked."""
        found = self._database.rows(_KNOWN, {"digest": digest(token)})
        if not found:
            return None
        [(number, audience, roles, name, made_at, seen_at, via)] = found
        return SignedIn(Caller(audience, frozenset(roles), name, f"account:{number}"), made_at, seen_at, via)

    def close(self, token: str) -> None:
        with self._database.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.digest == digest(token)))

    def close_all(self, account_id: int) -> None:
        with self._database.write() as session:
            session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))

    def seen(self, tokens: Mapping[str, datetime]) -> None:
        """When sessions were last used: token → time."""
        with self._database.write() as session:
            for token, at in tokens.items():
                session.execute(
                    update(SessionRow).where(SessionRow.digest == digest(token)).values(seen_at=at)
                )

    def prune(self, idle: timedelta, lasts: timedelta) -> None:
        """Forget sessions whose time is over."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            session.execute(
                delete(SessionRow).where(
                    (SessionRow.seen_at < now - idle) | (SessionRow.made_at < now - lasts)
                )
            )
