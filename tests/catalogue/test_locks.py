"""One writer for an installation of many machines: the lock that PostgreSQL keeps."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from holdings.errors import CatalogueUnavailable, Conflict
from holdings.locks import hold, projector_lock, reading_lock
from holdings.locks_postgres import LOST, DatabaseHeld
from holdings.settings import Settings

pytestmark = pytest.mark.postgres

#: Takes the projector's lock of the database it is told, says so, and keeps it.
HOLDER = """
import sys, time
from holdings.locks import hold, projector_lock
from holdings.settings import Settings
with hold(projector_lock(Settings(database_url=sys.argv[1], _env_file=None)), "test"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    return Settings(database_url=postgres_url, home=tmp_path, _env_file=None)


def until(done: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < 20
        time.sleep(0.05)


def held_elsewhere(url: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def cut_all(url: str) -> None:
    """The database ends every connection but this one, as a restart would."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"))
    engine.dispose()


def test_one_holds_it_others_are_told_and_its_end_lets_go(settings: Settings) -> None:
    lock = projector_lock(settings)
    assert not lock.is_held()
    holder = held_elsewhere(settings.database_url)
    assert projector_lock(settings).is_held()
    assert not reading_lock(settings).is_held()
    with pytest.raises(Conflict), hold(lock, "索引投影"):
        pass
    holder.kill()
    holder.wait()
    until(lambda: not lock.is_held())
    with hold(lock, "索引投影"):
        assert projector_lock(settings).is_held()
    assert not lock.is_held()


def test_a_worker_waits_for_it(settings: Settings) -> None:
    took = threading.Event()

    def work() -> None:
        with hold(projector_lock(settings), "索引投影", patiently=True):
            took.set()

    with hold(projector_lock(settings), "索引投影"):
        worker = threading.Thread(target=work)
        worker.start()
        assert not took.wait(1.5)
    assert took.wait(20)
    worker.join(20)


def test_who_loses_the_connection_loses_the_lock_and_stops_before_another_begins(settings: Settings) -> None:
    lost = threading.Event()
    mine = DatabaseHeld(settings.database_url, "projector", lost.set)
    assert mine.take(1.0)
    cut_all(settings.database_url)
    assert lost.wait(mine.grace), "noticed within the time the next one waits"
    assert not projector_lock(settings).is_held()
    mine.release()

    holder = held_elsewhere(settings.database_url)
    cut_all(settings.database_url)
    assert holder.wait(20) == LOST


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    nowhere = Settings(database_url="postgresql://nobody@127.0.0.1:9/none", home=tmp_path, _env_file=None)
    with pytest.raises(CatalogueUnavailable):
        projector_lock(nowhere).is_held()
