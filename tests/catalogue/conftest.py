"""One suite, two databases: SQLite always, PostgreSQL where Debian's server is installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdings.catalogue import Catalogue
from tests.postgres_server import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def catalogue(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    """An empty catalogue on each database."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres_url"))
    made = Catalogue(url)
    made.upgrade()
    yield made
    made.close()
