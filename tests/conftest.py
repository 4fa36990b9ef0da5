"""Fixtures that several suites share. `DANGHAI_LONG=1` (make test-long) runs the stated numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from holdings.catalogue import Catalogue

LONG = os.environ.get("DANGHAI_LONG") == "1"


@pytest.fixture(scope="session")
def long_run() -> bool:
    """Whether the stated numbers are to be run, with the same code."""
    return LONG


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """An empty SQLite catalogue."""
    made = Catalogue(f"sqlite:///{tmp_path / 'catalogue.sqlite'}")
    made.upgrade()
    yield made
    made.close()
