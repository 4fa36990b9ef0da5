"""The time one answer may take, known wherever it is worked on: threads stop at their next step once it is over.

Python cannot end a thread. What works for an answer asks here between its steps (each query of the catalogue, each
leg of a search), and SQLite asks within a statement, so that nothing goes on for somebody who was told 503.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import ParamSpec, TypeVar

from holdings.errors import Busy, TooSlow

P = ParamSpec("P")
T = TypeVar("T")
#: Pieces of work that wait or run at once in one pool, beyond which a request is refused.
MOST = 256


class Limit:
    """at: when it is over, by time.monotonic."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def lift(self) -> None:
        """The answer has begun: it may take its time on the way."""
        self.at = math.inf


_LIMIT: ContextVar[Limit | None] = ContextVar("time_limit", default=None)


@contextmanager
def limited(seconds: float) -> Iterator[Limit]:
    """All that is done for one answer, on whatever thread, from here on."""
    limit = Limit(seconds)
    token = _LIMIT.set(limit)
    try:
        yield limit
    finally:
        _LIMIT.reset(token)


@contextmanager
def unlimited() -> Iterator[None]:
    """What is begun is finished: a change is made whole or not at all, and is short."""
    token = _LIMIT.set(None)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def is_over() -> bool:
    limit = _LIMIT.get()
    return limit is not None and time.monotonic() > limit.at


def check() -> None:
    """Errors: TooSlow."""
    limit = _LIMIT.get()
    if limit is not None and time.monotonic() > limit.at:
        raise too_slow(limit.seconds)


def too_slow(seconds: float) -> TooSlow:
    return TooSlow(
        f"{seconds:g} 秒内没有答完，已停下。The answer took too long.",
        advice="请把问题收窄一些，或稍后再试。",
    )


class BoundedThreads(ThreadPoolExecutor):
    """A pool that takes no more work for requests than it can hold. What nobody waits for any more leaves the
    queue; the house's own work is always taken."""

    def __init__(
        self, threads: int, name: str, begin: Callable[[], None] | None = None, most: int = MOST
    ) -> None:
        super().__init__(threads, name, begin)
        self._most = most
        self._held = 0
        self._counting = Lock()

    @property
    def held(self) -> int:
        """Pieces of work that wait or run."""
        return self._held

    def submit(self, work: Callable[P, T], /, *given: P.args, **named: P.kwargs) -> Future[T]:
        """Errors: Busy."""
        if self._held >= self._most and _LIMIT.get() is not None:
            raise Busy("同时要答的太多，这一个没有排上。", advice="请稍后再试。")
        self._count(1)
        try:
            future = super().submit(work, *given, **named)
        except RuntimeError:  # shut down
            self._count(-1)
            raise
        future.add_done_callback(lambda _: self._count(-1))
        return future

    def _count(self, change: int) -> None:
        with self._counting:
            self._held += change
