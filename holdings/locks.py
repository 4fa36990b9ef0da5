"""The file locks that keep one projector, and one reader of scans, alone in a data folder (invariant 10)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from holdings.errors import Conflict
from holdings.settings import Settings

log = logging.getLogger("danghai.locks")


def projector_lock(settings: Settings) -> FileLock:
    """Held by the one process that writes the indexes."""
    return _lock(settings, "projector")


def reading_lock(settings: Settings) -> FileLock:
    """Held by the one process that reads scans."""
    return _lock(settings, "reading")


def _lock(settings: Settings, name: str) -> FileLock:
    settings.home.mkdir(parents=True, exist_ok=True)
    return FileLock(settings.home / f"{name}.lock")


def is_held(lock: FileLock) -> bool:
    """Whether another process holds this lock now."""
    try:
        with lock.acquire(blocking=False):
            return False
    except Timeout:
        return True


@contextmanager
def hold(lock: FileLock, who: str, *, patiently: bool = False) -> Iterator[None]:
    """Keep the lock for a while, or say who has it. Errors: Conflict.

    patiently: wait until it is free, as a worker of `serve` does while an `ingest` is still at work.
    """
    try:
        lock.acquire(timeout=0.5)  # somebody who only looked whether it is held lets go at once
    except Timeout as error:
        if not patiently:
            advice = "若有 `danghai serve` 在运行，它会做这件事；否则请先结束另一个进程。"
            raise Conflict(f"{who}已在另一个进程中运行。", advice=advice) from error
        log.info("%s正由另一个进程做着，等它做完再接手。", who)
        lock.acquire(poll_interval=0.5)
    try:
        yield
    finally:
        lock.release()
