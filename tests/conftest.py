"""Fixtures that several suites share. `DANGHAI_LONG=1` (make test-long) runs the stated numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from holdings.catalogue import Catalogue

LONG = os.environ.get("DANGHAI_LONG") == "1"

# Seeded: `make test` tries the same examples each time; the long run looks for new ones.
settings.register_profile("house", derandomize=not LONG, deadline=None)
settings.load_profile("house")


#: Folders whose tests share servers or systems that are costly to build: one worker runs each whole.
SHARED = ("api", "cli", "catalogue", "ui")


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Two workers (make test) divide the suite by file, the shared folders whole.

    The browser tests come last: Playwright keeps an event loop running in the process, where no other
    may then be started.
    """

    def group(item: pytest.Item) -> str:
        folder = item.path.parent.name
        return folder if folder in SHARED else str(item.path)

    for item in items:
        item.add_marker(pytest.mark.xdist_group(group(item)))
    order = {"api": 0, "cli": 1, "catalogue": 2, "ui": 4}
    items.sort(key=lambda item: order.get(group(item), 3))


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


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """With DANGHAI_SKIPS_ALLOWED set (CI), a skip for another reason than those named fails the run."""
    allowed = os.environ.get("DANGHAI_SKIPS_ALLOWED")
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if allowed is None or reporter is None:
        return
    reasons = [str(report.longrepr[2]) for report in reporter.stats.get("skipped", [])]
    unwanted = [reason for reason in reasons if not any(a in reason for a in allowed.split(";"))]
    if unwanted and exitstatus == 0:
        reporter.write_line(f"skips that are not allowed here: {unwanted}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
