"""Fixtures that several suites share. `DANGHAI_LONG=1` (make test-long) runs the stated numbers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from holdings.catalogue import Catalogue

LONG = os.environ.get("DANGHAI_LONG") == "1"

# Seeded: `make test` tries the same examples each time; the long run looks for new ones.
settings.register_profile("house", derandomize=not LONG, deadline=None)
settings.load_profile("house")


#: A real Elasticsearch node, and a real PostgreSQL server, for whoever asks for them.
pytest_plugins = ["tests.elastic.server", "tests.postgres_server"]

#: Folders whose tests share servers or systems that are costly to build: one worker runs each whole.
SHARED = ("access", "api", "cli", "catalogue", "noninterference", "ui")
#: Folders whose tests ask a real Elasticsearch: one worker starts one.
ENGINES = ("congruence", "contracts", "elastic")


class ByFolder(LoadScopeScheduling):
    """The workers (make test) divide the suite by file, the shared folders whole.

    xdist's own groups lose their names with pytest 9.2 (pytest-xdist issue 1386): every test went to
    either worker, and both built every shared system.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", maxsplit=1)[0]
        folder = file.split("/")[1]
        if folder in ENGINES:
            return "engines"
        return folder if folder in SHARED else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFolder:
    return ByFolder(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones come first. The browser tests stop their browser when they are through: while it runs,
    Playwright keeps an event loop in the process, where no other may be started."""
    order = {
        "ui": 0,
        "contracts": 1,
        "elastic": 2,
        "congruence": 3,
        "noninterference": 4,
        "api": 5,
        "access": 6,
        "cli": 7,
        "catalogue": 8,
    }
    items.sort(key=lambda item: order.get(item.path.parent.name, 9))


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
