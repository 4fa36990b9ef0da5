"""Colleagues 同事: those of staff who work on projects, and whom of them a comment names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from holdings.access import STAFF
from holdings.catalogue.database import Database
from holdings.catalogue.tables import KeyRow
from holdings.catalogue.tables_accounts import AccountRow
from holdings.roles import PROJECT_ROLES


@dataclass(frozen=True)
class Colleague:
    """id: as Caller.person.  handle: what is written after @; so may the name be."""

    id: str
    handle: str
    name: str
    roles: frozenset[str]

    @property
    def holders(self) -> frozenset[str]:
        """What a project may be shared with to reach this person."""
        return holders(self.id, self.roles)


class Colleagues:
    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self) -> list[Colleague]:
        with self._database.read() as session:
            return colleagues(session)


def holders(person: str, roles: Iterable[str]) -> frozenset[str]:
    """A person and its roles as sharing names them."""
    return frozenset({person, *(f"role:{role}" for role in roles)})


def colleagues(session: Session) -> list[Colleague]:
    """Accounts in use, and keys that belong to no account."""
    accounts = select(AccountRow).where(AccountRow.audience == STAFF, AccountRow.locked_at.is_(None))
    keys = select(KeyRow).where(KeyRow.audience == STAFF, KeyRow.owner.is_(None), KeyRow.revoked_at.is_(None))
    found = [
        Colleague(f"account:{row.id}", row.name, row.real_name, frozenset(row.roles))
        for row in session.scalars(accounts.order_by(AccountRow.id))
    ]
    found += [
        Colleague(f"key:{row.id}", row.name, row.name, frozenset(row.roles))
        for row in session.scalars(keys.order_by(KeyRow.id))
    ]
    return [one for one in found if one.roles & PROJECT_ROLES]


def named_in(text: str, people: Iterable[Colleague]) -> list[Colleague]:
    """Those whose handle or name follows an @ in the text, the longest name first; Latin names end where
    their letters end. Two of the same name are both meant."""
    names: dict[str, list[Colleague]] = {}
    for one in people:
        for name in {one.handle.casefold(), one.name.casefold()}:
            names.setdefault(name, []).append(one)
    longest = sorted(filter(None, names), key=len, reverse=True)
    if not longest:
        return []
    pattern = "@(" + "|".join(map(re.escape, longest)) + r")(?![a-z0-9_]|[.\-@][a-z0-9])"
    found = re.findall(pattern, text.casefold())
    return list(dict.fromkeys(one for name in found for one in names[name]))
