"""What the audit tests share: events, and a hand at the file itself, as somebody with the disk would have."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from holdings.audit.entry import Event
from holdings.audit.tables import TRIGGERS
from holdings.audit.trail import Trail
from holdings.settings import Settings

THEN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def settings(home: Path, **more: object) -> Settings:
    return Settings(home=home, _env_file=None, **more)  # type: ignore[arg-type]


def event(number: int, at: datetime = THEN, **more: object) -> Event:
    """Event number n: a search by one of three staff."""
    values: dict[str, object] = {
        "what": "GET /v1/search",
        "record": f"990001:J001-1-1-{number}",
        "facts": {"status": 200},
        "detail": {"address": f"192.0.2.{number % 250}", "query": f"q=渔民登记{number}"},
    }
    return Event(f"key:{number % 3}", "search", at, **(values | more))  # type: ignore[arg-type]


def filled(home: Path, count: int = 20) -> Settings:
    made = settings(home)
    trail = Trail.of(made)
    for start in range(0, count, 7):
        trail.append([event(n) for n in range(start, min(start + 7, count))])
    trail.close()
    return made


@contextmanager
def at_the_file(made: Settings) -> Iterator[sqlite3.Connection]:
    """The SQLite file as an intruder opens it: the guards put aside, and back afterwards."""
    with closing(sqlite3.connect(made.home / "audit.sqlite")) as connection:
        guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        assert {name for name, _ in guards} == set(TRIGGERS)
        for name, _ in guards:
            connection.execute(f"DROP TRIGGER {name}")
        yield connection
        for _, sql in guards:
            connection.execute(sql)
        connection.commit()
