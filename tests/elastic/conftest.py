"""What the tests of whole systems on a cluster share with those of the API and of the catalogue."""

from __future__ import annotations

import pytest

from tests.api.conftest import tools
from tests.postgres_server import fresh_database

__all__ = ["fresh_postgres", "tools"]


@pytest.fixture
def fresh_postgres(postgres_url: str) -> str:
    """URL of an empty database of its own."""
    return fresh_database(postgres_url)
