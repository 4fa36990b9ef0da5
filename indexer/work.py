"""A worker: one process that takes its share of the reading or embedding, beside others on this machine and elsewhere.

The engine (indexer/work_engine.py) shares the pieces out; the catalogue says what they are. One worker of a kind
leads: it keeps the engine supplied from the catalogue's list, a little at a time, and looks after what others left.
Whatever the engine forgets, the next pass over the list gives out again; whatever it gives out twice, the catalogue
takes once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator

from holdings.catalogue import Catalogue, Worker
from holdings.errors import DanghaiError, NotReady
from indexer.work_engine import POLL, TRIES, Task, WorkEngine
from indexer.work_kinds import Came, Kind

log = logging.getLogger("danghai.work")

TICK = 1.0
#: Pieces that lie ready for whoever is free; the rest stays in the catalogue.
READY = 128
#: Seconds over which a worker tells its rate.
LATELY = 300.0
#: Seconds a worker that is told to end gives the piece in hand.
PATIENCE = 8.0
WHY = f"{TRIES} 次都没能做完，工作进程中断 the worker stopped over it {TRIES} times"


class Work:
    """One worker. name: the same after a restart. gone: seconds of silence after which a worker counts as lost."""

    def __init__(self, catalogue: Catalogue, kind: Kind, url: str, name: str, gone: float) -> None:
        self._catalogue = catalogue
        self._kind = kind
        self._name = name
        self._gone = gone
        self._engine = WorkEngine(url, f"{kind.name}-{kind.maker}", name, self._do)
        self._busy = threading.Lock()
        self._ending = False
        self._done, self._failed = 0, 0
        self._lately: deque[tuple[float, int]] = deque()
        self._began, self._seen, self._passed = time.monotonic(), 0.0, 0.0
        self._pass: Iterator[list[str]] = iter(())
        self._given_up: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. Errors: those of opening; later ones are said and tried again."""
        self._see()  # first, so that nobody takes what we left behind for lost
        try:
            self._engine.open()
        except Exception:
            self._catalogue.workers.left(self._name)
            raise
        while not stop.wait(TICK):
            try:
                self._see()
                if self._leads():
                    self._give_out()
            except DanghaiError as error:
                log.error("%s", error)
        self._leave()

    # ── doing ──────────────────────────────────────────────────────────────────

    def _do(self, key: str) -> None:
        """Called by the engine, for one piece at a time."""
        while self._ending:  # what it gives us now goes to the others, see _leave
            time.sleep(TICK)
        with self._busy:
            came = self._patiently(key)
        self._done += came.done
        self._failed += came.failed
        self._lately.append((time.monotonic(), came.done + came.failed))

    def _patiently(self, key: str) -> Came:
        """Do it; what is only not ready is waited for, as no trouble of the piece's."""
        while True:
            try:
                return self._kind.do(key)
            except NotReady as error:
                log.error("%s", error)
                time.sleep(error.retry_after)
            except Exception:
                log.exception("%s", key)
                raise

    def _leave(self) -> None:
        """End in good order: what is not finished soon is given out anew, and not counted as a failure.

        The process is to end after this: the engine's threads go with it."""
        self._ending = True
        idle = self._busy.acquire(timeout=PATIENCE)
        time.sleep(3 * POLL)  # the engine hands us one more, which stays undone; then it has no more for us
        self._engine.forget(task.key for task in self._engine.mine())
        self._catalogue.workers.left(self._name)
        if idle:  # a page still in hand would count as one that took its reader down; that ends with us
            self._kind.close()

    def _see(self) -> None:
        """Say that we live."""
        now = time.monotonic()
        if now - self._seen < self._gone / 6:
            return
        while self._lately and self._lately[0][0] < now - LATELY:
            self._lately.popleft()
        rate = 60 * sum(n for _, n in list(self._lately)) / max(min(now - self._began, LATELY), 1.0)
        me = Worker(self._name, self._kind.name, self._kind.maker, self._done, self._failed, rate)
        self._catalogue.workers.seen(me)
        self._seen = now

    # ── leading ────────────────────────────────────────────────────────────────

    def _present(self) -> list[str]:
        return self._catalogue.workers.present(self._kind.name, self._kind.maker, self._gone)

    def _leads(self) -> bool:
        return self._name == min(self._present(), default=self._name)

    def _give_out(self) -> None:
        """Supply the engine with the next of the list; from its beginning again every so often, for what others
        left lies there."""
        self._engine.forget_done(self._kind.keep)
        again = time.monotonic() - self._passed > self._gone
        if again:
            self._pass, self._passed = self._kind.lacking(), time.monotonic()
        while again or self._engine.waiting(READY) < READY:
            keys = next(self._pass, None)
            if keys is None:
                self._passed = 0.0
                return
            tasks, present = self._engine.tasks(keys), set(self._present())
            for key in keys:
                self._see_to(key, tasks.get(key), present)
            again = False
            self._see()

    def _see_to(self, key: str, task: Task | None, present: set[str]) -> None:
        """A piece that is on the list: is somebody at it?"""
        if task is None:
            self._engine.offer(key)
            return
        lost = task.state == "broken" or (task.state == "running" and task.executor not in present)
        if task.state == "given up" or (lost and task.tries >= TRIES):
            self._give_up(key)
        elif lost:
            log.warning("%s, which %s had, is given out anew", key, task.executor)
            self._engine.forget([key])
            self._engine.offer(key, task.tries)
        elif task.state == "done" and not self._kind.keep:
            self._engine.forget([key])
            self._engine.offer(key)

    def _give_up(self, key: str) -> None:
        if key in self._given_up:  # it stays on the list until somebody else has done it
            return
        self._kind.give_up(key, WHY)
        if self._kind.keep:
            self._given_up.add(key)
        else:
            self._engine.forget([key])
