"""Keys that all processes of an installation share, on however many machines: they lie in the catalogue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import select

from holdings.catalogue.database import Database
from holdings.catalogue.tables_secrets import SecretRow
from holdings.errors import Conflict


class Secrets:
    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str, make: Callable[[], str]) -> str:
        """The key of that name, made once; whoever comes second uses the first one's."""
        if (known := self._find(name)) is not None:
            return known
        made = SecretRow(name=name, value=make(), made_at=datetime.now(UTC))
        with suppress(Conflict), self._database.write() as session:
            session.add(made)
        found = self._find(name)
        assert found is not None, "one of the two was written"
        return found

    def _find(self, name: str) -> str | None:
        with self._database.read() as session:
            return session.scalar(select(SecretRow.value).where(SecretRow.name == name))
