"""API keys: a caller's audience and roles, for programs. Shown once, kept as SHA-256."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, select, update

from holdings.access import Caller
from holdings.catalogue.accounts import known_audiences
from holdings.catalogue.database import Database
from holdings.catalogue.tables import KeyRow
from holdings.catalogue.tables_accounts import AccountRow
from holdings.catalogue.tokens import KEY, digest, new_token
from holdings.errors import BadInput
from holdings.roles import check_roles

_KNOWN = (
    select(
        KeyRow.id,
        KeyRow.audience,
        KeyRow.roles,
        KeyRow.name,
        KeyRow.owner,
        KeyRow.expires_on,
        KeyRow.used_on,
        AccountRow.audience,
        AccountRow.roles,
        AccountRow.locked_at,
    )
    .join(AccountRow, AccountRow.id == KeyRow.owner, isouter=True)
    .where(KeyRow.digest == bindparam("digest"), KeyRow.revoked_at.is_(None))
)


@dataclass(frozen=True)
class KnownKey:
    """A valid key. used_on: the ISO day it was last used, as far as it is written down."""

    id: int
    caller: Caller
    used_on: str


class Keys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        audience: str,
        *,
        roles: Sequence[str] = (),
        name: str = "",
        owner: int | None = None,
        expires_on: date | None = None,
    ) -> str:
        """Make a key and return it; it cannot be shown again.

        owner: the account it acts for: it never may more than that account may at the time.
        expires_on: its last day. Errors: BadInput for audience and roles that cannot be, or a day that is over.
        """
        if expires_on is not None and expires_on < datetime.now(UTC).date():
            raise BadInput("密钥的到期日已经过了。", advice="请写今天或以后的日子。")
        key = new_token(KEY)
        row = KeyRow(
            name=name or audience,
            digest=digest(key),
            audience=audience,
            roles=sorted(set(roles)),
            made_at=datetime.now(UTC),
            revoked_at=None,
            owner=owner,
            expires_on=expires_on.isoformat() if expires_on else "",
            used_on="",
        )
        with self._database.write() as session:
            check_roles(audience, roles, known_audiences(session))
            session.add(row)
        return key

    def known(self, key: str) -> KnownKey | None:
        """The key, while it is valid: not revoked, not past its day, its owner not locked and still of its
        audience."""
        found = self._database.rows(_KNOWN, {"digest": digest(key)})
        if not found:
            return None
        [(number, audience, roles, name, owner, ends, used, its_audience, its_roles, locked)] = found
        if ends and ends < datetime.now(UTC).date().isoformat():
            return None
        allowed = frozenset(roles)
        if owner is not None:
            if locked is not None or its_audience != audience:
                return None
            allowed &= frozenset(its_roles)
        acts_for = f"account:{owner}" if owner is not None else ""
        return KnownKey(number, Caller(audience, allowed, name, f"key:{number}", acts_for), used)

    def caller(self, key: str) -> Caller | None:
        """Who holds this key; None when it is not valid."""
        known = self.known(key)
        return known.caller if known else None

    def used(self, ids: Sequence[int], on: date) -> None:
        """These keys were used on this day."""
        with self._database.write() as session:
            session.execute(update(KeyRow).where(KeyRow.id.in_(ids)).values(used_on=on.isoformat()))

    def listing(self, owner: int | None = None) -> list[dict[str, object]]:
        """Every key's number, name, audience, roles, owner and dates (of one owner, if given); never the key."""
        query = select(KeyRow, AccountRow.name).join(AccountRow, AccountRow.id == KeyRow.owner, isouter=True)
        if owner is not None:
            query = query.where(KeyRow.owner == owner)
        with self._database.read() as session:
            return [
                {
                    "id": row.id,
                    "name": row.name,
                    "audience": row.audience,
                    "roles": row.roles,
                    "owner": account or "",
                    "made_at": row.made_at.isoformat(),
                    "expires_on": row.expires_on,
                    "used_on": row.used_on,
                    "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
                }
                for row, account in session.execute(query.order_by(KeyRow.id))
            ]

    def revoke(self, key_id: int, owner: int | None = None) -> bool:
        """Whether there was such a key (of this owner, if given), valid until now."""
        change = update(KeyRow).where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None))
        if owner is not None:
            change = change.where(KeyRow.owner == owner)
        with self._database.write() as session:
            done = session.scalar(change.values(revoked_at=datetime.now(UTC)).returning(KeyRow.id))
            return done is not None
