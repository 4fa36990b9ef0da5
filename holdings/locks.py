"""The locks that keep one projector, and one reader of scans, alone in an installation (invariant 10).

An installation on SQLite is one machine: a file of the data folder is locked. One on PostgreSQL may be many:
the database itself keeps who holds what (holdings/locks_postgres.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from holdings.errors import Conflict
from holdings.settings import Settings

log = logging.getLogger("danghai.locks")

#: Seconds between two looks of who waits for a lock.
POLL = 0.5


class Lock(Protocol):
    """What at most one process holds; its end, however it comes, lets go. Errors: CatalogueUnavailable."""

    #: Seconds until a former holder that lost the lock, not its life, has surely noticed.
    grace: float

    def take(self, seconds: float) -> bool:
        """Try for so long; whether it is ours now."""

    def release(self) -> None: ...

    def is_held(self) -> bool:
        """Whether anybody holds it now."""


class FileHeld:
    """A lock on a file of this machine. Only its holder's end takes it away."""

    grace = 0.0

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(path)

    def take(self, seconds: float) -> bool:
        try:
            self._lock.acquire(timeout=seconds)
        except Timeout:
            return False
        return True

    def release(self) -> None:
        self._lock.release()

    def is_held(self) -> bool:
        try:
            with self._lock.acquire(blocking=False):
                return False
        except Timeout:
            return True


def projector_lock(settings: Settings) -> Lock:
    """Held by the one process that writes the indexes."""
    return _lock(settings, "projector")


def reading_lock(settings: Settings) -> Lock:
    """Held by the one process that reads scans."""
    return _lock(settings, "reading")


def moving_lock(settings: Settings) -> Lock:
    """Held by the one process that fills the engine that does not answer."""
    return _lock(settings, "moving")


def work_lock(settings: Settings, name: str) -> Lock:
    """Held by the one `danghai work` of this name: what a worker left behind is taken up under its name."""
    return _lock(settings, f"work-{name.replace('/', '-')}")


def publish_lock(settings: Settings) -> Lock:
    """Held by the one process that makes or brings in a package."""
    return _lock(settings, "publish")


def _lock(settings: Settings, name: str) -> Lock:
    if settings.catalogue_url.startswith("sqlite"):
        return FileHeld(settings.home / f"{name}.lock")
    from holdings.locks_postgres import DatabaseHeld

    return DatabaseHeld(settings.catalogue_url, name)


@contextmanager
def hold(lock: Lock, who: str, *, patiently: bool = False) -> Iterator[None]:
    """Keep the lock for a while, or say who has it. Errors: Conflict.

    patiently: wait until it is free, as a worker of `serve` does while an `ingest` is still at work.
    """
    if not lock.take(POLL):  # somebody who only looked whether it is held lets go at once
        if not patiently:
            advice = "若有 `danghai serve` 在运行，它会做这件事；否则请先结束另一个进程。"
            raise Conflict(f"{who}已在另一个进程中运行。", advice=advice)
        log.info("%s正由另一个进程做着，等它做完再接手。", who)
        while not lock.take(POLL):
            pass
        time.sleep(lock.grace)
    try:
        yield
    finally:
        lock.release()
