"""The audit trail beside the catalogue in PostgreSQL: one chain from many writers, guards, and what they miss."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from holdings.audit.trail import Trail
from holdings.audit.verify import verify
from holdings.catalogue import Catalogue
from tests.access.trails import THEN, event


@pytest.fixture
def trail(catalogue: Catalogue) -> Iterator[Trail]:
    """In the catalogue's own database on PostgreSQL, in a file of its own on SQLite."""
    url = catalogue.database.url
    made = Trail(url if url.startswith("postgresql") else url.replace("catalogue.sqlite", "audit.sqlite"))
    yield made
    made.close()


def found(trail: Trail) -> list[tuple[str, int]]:
    report = verify((f.entry, f.salt, f.detail) for f in trail.entries(-1))
    return [(finding.kind, finding.seq) for finding in report.findings]


def test_one_chain_guards_and_a_period_on_both_databases(trail: Trail) -> None:
    with ThreadPoolExecutor(4) as pool:
        others = [Trail(trail.url) for _ in range(4)]
        list(pool.map(lambda n: others[n % 4].append([event(n), event(n + 1)]), range(40)))
        for other in others:
            other.close()
    assert [f.entry.seq for f in trail.entries()] == list(range(1, 81))
    assert found(trail) == []
    engine = create_engine(trail.url.replace("postgresql:", "postgresql+psycopg:"))
    for table in ("audit_entries", "audit_details"):
        for verb in ("DELETE FROM {}", "UPDATE {} SET seq = seq + 1000"):
            with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
                connection.execute(text(verb.format(table)))
    assert trail.erase(THEN + timedelta(days=400), 184) == 80
    assert found(trail) == []
    assert trail.guards_missing() == []
    with engine.begin() as connection:
        on = " ON audit_entries" if engine.dialect.name == "postgresql" else ""
        connection.execute(text(f"DROP TRIGGER audit_entries_update{on}"))
        connection.execute(text("UPDATE audit_entries SET actor = 'key:99' WHERE seq = 7"))
    engine.dispose()
    assert found(trail) == [("changed", 7)]
    assert trail.guards_missing() == ["audit_entries_update"]
