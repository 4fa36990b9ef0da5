"""Entries written behind the answers, in batches; or before an answer, when something changes.

One thread a process writes. While the trail cannot be written, what waits is kept up to a bound and tried again;
what goes beyond the bound is counted, and a gap entry says so once the trail takes entries again. Nothing that
must be on record is done meanwhile: `durable` refuses.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime

from holdings.audit.entry import GAP, Event
from holdings.audit.trail import Trail
from holdings.errors import AuditUnavailable, DanghaiError

log = logging.getLogger("danghai.audit")

#: Seconds between two batches; as long, at most, is what a killed process has seen and not yet written.
PERIOD = 0.25
#: Seconds until a trail that could not be written is tried again.
RETRY = 1.0
#: Entries kept while the trail cannot be written.
KEPT = 20_000
#: Entries of one transaction.
BATCH = 500

#: Completes a batch before it is written: (events) → events.
Complete = Callable[[Sequence[Event]], Sequence[Event]]


class Writer:
    """Cheap to make; `open` starts its thread, `close` writes what waits and ends it."""

    def __init__(self, trail: Trail, complete: Complete = tuple, *, kept: int = KEPT) -> None:
        self.trail = trail
        self._complete = complete
        self._kept = kept
        self._waiting: deque[Event] = deque()
        self._asked: deque[tuple[Event, Future[int]]] = deque()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._lost = 0
        self._counting = threading.Lock()
        self._since: datetime | None = None
        self.written = 0

    def open(self) -> None:
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def note(self, event: Event) -> None:
        """To be written soon. Never waits."""
        if len(self._waiting) >= self._kept:
            with self._counting:
                self._lost += 1
        else:
            self._waiting.append(event)

    def durable(self, event: Event) -> Future[int]:
        """To be written now; the result, its number, comes once it is on disk. Errors: AuditUnavailable."""
        given: Future[int] = Future()
        self._asked.append((event, given))
        self._wake.set()
        return given

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def broken(self) -> bool:
        """Whether the trail could not be written when it was last tried."""
        return self._since is not None

    @property
    def lost(self) -> int:
        """Entries that went beyond the bound, not yet told by a gap entry."""
        return self._lost

    # ── the thread ─────────────────────────────────────────────────────────────

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(RETRY if self.broken else PERIOD)
            self._wake.clear()
            self._flush()
        self._flush()
        if self._waiting or self._lost:
            log.error("审计：%s 条未能写入。", len(self._waiting) + self._lost)

    def _flush(self) -> None:
        """All that waits. What is asked for at once goes first in its own transaction: order is time's then."""
        try:
            while self._waiting and not self._asked and self._write_some():
                pass
            while self._asked:
                while self._waiting and self._write_some():
                    pass
                self._answer()
        except DanghaiError as error:
            self._failed(error)
        except Exception as error:  # this thread ends for nothing: a bug here would silence the trail
            log.exception("audit")
            self._failed(AuditUnavailable(f"审计记录写不进：{error}"))

    def _write_some(self) -> bool:
        count = min(BATCH, len(self._waiting))
        batch = [self._waiting[n] for n in range(count)]
        if gap := self._gap():
            batch.append(gap)
        self.trail.append(self._complete(batch))
        for _ in range(count):
            self._waiting.popleft()
        self._succeeded(gap, len(batch))
        return count > 0

    def _answer(self) -> None:
        asked = [self._asked.popleft() for _ in range(len(self._asked))]
        gap = self._gap()
        events = [event for event, _ in asked]
        try:
            numbers = self.trail.append([*self._complete(events), *([gap] if gap else [])])
        except DanghaiError as error:
            for _, given in asked:
                given.set_exception(error)
            raise
        self._succeeded(gap, len(asked))
        for (_, given), number in zip(asked, numbers, strict=False):
            given.set_result(number)

    def _gap(self) -> Event | None:
        if self._since is None:
            return None
        facts = {"lost": self._lost, "since": self._since.isoformat(timespec="seconds")}
        return Event("", GAP, datetime.now(UTC), outcome="noted", facts=facts)

    def _succeeded(self, gap: Event | None, count: int) -> None:
        if gap is not None:
            log.warning("审计恢复：其间 %s 条未能写入。", gap.facts["lost"])
            with self._counting:
                self._lost -= gap.facts["lost"]
            self._since = None
        self.written += count

    def _failed(self, error: DanghaiError) -> None:
        if self._since is None:
            log.error("%s", error)
            self._since = datetime.now(UTC)
        for _, given in (self._asked.popleft() for _ in range(len(self._asked))):
            given.set_exception(error)


def wait_for(given: Future[int], seconds: float = 10.0) -> int:
    """The number, in a thread that may wait. Errors: AuditUnavailable."""
    try:
        return given.result(seconds)
    except TimeoutError as error:
        raise AuditUnavailable("审计记录迟迟写不进。", advice="请检查审计文件所在的磁盘。") from error


def append_now(trail: Trail, event: Event, *, tries: int = 3) -> int:
    """For a process without a writer, as a command. Errors: AuditUnavailable."""
    for left in range(tries - 1, -1, -1):
        try:
            return trail.append([event])[0]
        except AuditUnavailable:
            if not left:
                raise
            time.sleep(0.2)
    raise AssertionError
