"""API keys: a caller's audience and roles. Shown once, kept as SHA-256 (they are 256 random bits)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import select, update

from holdings.access import AUDIENCES, ROLES, Caller
from holdings.catalogue.database import Database
from holdings.catalogue.tables import KeyRow
from holdings.errors import BadInput

PREFIX = "dh_"


class Keys:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, audience: str, *, roles: Sequence[str] = (), name: str = "") -> str:
        """Make a key and return it; it cannot be shown again.

        Errors: BadInput for an audience or a role that does not exist.
        """
        if audience not in AUDIENCES:
            raise BadInput(f"没有“{audience}”这个利用范围。", advice=f"可选：{'、'.join(AUDIENCES)}。")
        if unknown := sorted(set(roles) - set(ROLES)):
            raise BadInput(f"没有“{'、'.join(unknown)}”这个角色。", advice=f"可选：{'、'.join(ROLES)}。")
        key = PREFIX + secrets.token_urlsafe(32)
        row = KeyRow(
            name=name or audience,
            digest=_digest(key),
            audience=audience,
            roles=sorted(set(roles)),
            made_at=datetime.now(UTC),
            revoked_at=None,
        )
        with self._database.write() as session:
            session.add(row)
        return key

    def caller(self, key: str) -> Caller | None:
        """Who holds this key; None when nobody does or it was revoked."""
        query = select(KeyRow).where(KeyRow.digest == _digest(key), KeyRow.revoked_at.is_(None))
        with self._database.read() as session:
            row = session.scalar(query)
            return Caller(row.audience, frozenset(row.roles), row.name, f"key:{row.id}") if row else None

    def listing(self) -> list[dict[str, object]]:
        """Every key's number, name, audience, roles and dates; never the key."""
        with self._database.read() as session:
            return [
                {
                    "id": row.id,
                    "name": row.name,
                    "audience": row.audience,
                    "roles": row.roles,
                    "made_at": row.made_at.isoformat(),
                    "revoked_at": row.revoked_at and row.revoked_at.isoformat(),
                }
                for row in session.scalars(select(KeyRow).order_by(KeyRow.id))
            ]

    def revoke(self, key_id: int) -> bool:
        """Whether there was such a key, valid until now."""
        change = (
            update(KeyRow)
            .where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None))
            .values(revoked_at=datetime.now(UTC))
            .returning(KeyRow.id)
        )
        with self._database.write() as session:
            return session.scalar(change) is not None


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
