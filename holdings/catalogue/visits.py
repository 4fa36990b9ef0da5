"""Visits 浏览计数: how often something was looked at on a day, and nothing of who looked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from holdings.catalogue.database import CHUNK, Database
from holdings.catalogue.tables_public import VisitRow
from holdings.catalogue.visibility import is_held

#: Longest name that is counted.
LONGEST = 300


@dataclass(frozen=True)
class Visited:
    """kind, what: as in VisitRow.  days: ISO day → count, only days with any."""

    kind: str
    what: str
    total: int
    days: Mapping[str, int]


class Visits:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """(ISO day, kind, what) → how many more; in short transactions, whoever else adds to the same."""
        rows = [
            {"day": day, "kind": kind, "what": what, "count": number}
            for (day, kind, what), number in sorted(
                counts.items()
            )  # one order: two writers never wait in a ring
            if len(what) <= LONGEST
        ]
        for start in range(0, len(rows), CHUNK):
            with self._database.write() as session:
                dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
                new = dialect.insert(VisitRow).values(rows[start : start + CHUNK])
                more = {"count": VisitRow.count + new.excluded.count}
                session.execute(new.on_conflict_do_update(index_elements=["day", "kind", "what"], set_=more))

    def most(self, first: str, last: str, *, kind: str, what: str = "", limit: int = 100) -> list[Visited]:
        """What was looked at most in these days (both inclusive), the most first; without what is held for a
        secrecy mark."""
        total = func.sum(VisitRow.count)
        of = (VisitRow.day.between(first, last), VisitRow.kind == kind, ~is_held(VisitRow.what))
        query = select(VisitRow.what, total).where(*of).group_by(VisitRow.what)
        query = query.where(VisitRow.what == what) if what else query
        with self._database.read() as session:
            found = session.execute(query.order_by(total.desc(), VisitRow.what).limit(limit)).all()
            names = [name for name, _ in found]
            days: dict[str, dict[str, int]] = {}
            each = select(VisitRow.what, VisitRow.day, VisitRow.count).where(*of, VisitRow.what.in_(names))
            for name, day, count in session.execute(each.order_by(VisitRow.day)):
                days.setdefault(name, {})[day] = count
        return [Visited(kind, name, int(number), days.get(name, {})) for name, number in found]
