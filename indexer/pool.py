"""A pool of worker processes that read page images, one page at a time each.

Why no library: a worker may be killed at any moment, and that is to cost its page only. Seen: after one
kill -9 of one of two workers, `concurrent.futures` (Python 3.11) and `loky` 3.7 failed every page not yet
read and took no more; `pebble`, whose workers share one pair of pipes under shared locks, broke so after 5 and
after 106 kills (BrokenProcessPool). With a pipe of its own for every worker there is nothing shared to break,
and `multiprocessing.connection.wait` is all it takes.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from holdings.page_image import open_page
from models.errors import ModelsError, UnreadableImage
from models.sight import PaddleReader, Reading

if TYPE_CHECKING:
    from PIL.Image import Image

Trouble = Literal["unreadable", "crashed", "too slow"]


@dataclass(frozen=True)
class Job:
    """One page to read. frame: from 0, within a PDF or a file of several images."""

    page_id: int | str
    path: Path
    frame: int = 0


@dataclass(frozen=True)
class Done:
    """What came of a job: a reading, or the trouble and its words. seconds: in the worker."""

    page_id: int | str
    reading: Reading | None
    error: str | None
    seconds: float
    trouble: Trouble | None = None


def open_frame(path: Path, frame: int = 0) -> Image:
    """One page of a file as an image, as `holdings.page_image` shows it, so that boxes agree.

    The kind is told by the first bytes, for files are stored without a suffix. Raises UnreadableImage.
    """
    try:
        with path.open("rb") as file:
            pdf = b"%PDF-" in file.read(1024)
        return open_page(path, "application/pdf" if pdf else "image/*", frame)
    except Exception as error:  # decoders raise many kinds
        raise UnreadableImage(
            f"无法打开图像 cannot open page {frame + 1}: {type(error).__name__}: {error}"
        ) from error


@dataclass
class _Worker:
    process: BaseProcess
    pipe: Connection
    job: Job | None = None
    tries: int = 0
    started: float = 0.0


class OcrPool:
    """Worker processes with one reader each.

    workers: 0 means one a core; every worker computes on one thread. timeout: seconds for one page,
    the loading of the models by a new worker included. cache_dir: where the model folders are made.
    niceness: how far workers stand back behind the machine's other work.

    A page whose worker dies is read once more by a new one, then reported. Use as a context manager.
    """

    def __init__(
        self, workers: int = 0, *, cache_dir: Path | None = None, timeout: float = 180.0, niceness: int = 15
    ) -> None:
        self._size = workers or os.cpu_count() or 1
        self._cache_dir = cache_dir
        self._timeout = timeout
        self._niceness = niceness
        self._workers: list[_Worker] = []

    def __enter__(self) -> OcrPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def reader_name(self) -> str:
        """The name of the reader that the workers use. Raises ModelFilesMissing."""
        return PaddleReader(self._cache_dir).name

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run now."""
        return [worker.process.pid for worker in self._workers if worker.process.pid is not None]

    def read_all(self, jobs: Iterable[Job]) -> Iterator[Done]:
        """Read pages; each is yielded when it is done. Jobs start in the order given.

        A job is taken from `jobs` only when a worker is free for it. Raises ModelFilesMissing at once;
        no page's trouble is raised. Leaving the iterator early ends the pages being read.
        """
        _ = self.reader_name  # the models' folders, made once before the workers look for them
        source = iter(jobs)
        again: deque[tuple[Job, int]] = deque()
        exhausted = False
        try:
            while True:
                while not exhausted and len(again) + self._busy() < self._size:
                    job = next(source, None)
                    if job is None:
                        exhausted = True
                    else:
                        again.append((job, 0))
                while again:
                    self._give(*again.popleft())
                if not self._busy():
                    return
                for worker in self._stirring():
                    done = self._hear(worker, again)
                    if done is not None:
                        yield done
        finally:
            for worker in [w for w in self._workers if w.job is not None]:
                self._drop(worker)

    def close(self) -> None:
        """End the workers."""
        for worker in list(self._workers):
            self._drop(worker)

    def _busy(self) -> int:
        return sum(worker.job is not None for worker in self._workers)

    def _give(self, job: Job, tries: int) -> None:
        """Hand a job to a free worker, starting one if none is."""
        while True:
            worker = next((w for w in self._workers if w.job is None), None) or self._start()
            try:
                worker.pipe.send(job)
            except OSError:  # it died while it was idle
                self._drop(worker)
                continue
            worker.job, worker.tries, worker.started = job, tries, time.monotonic()
            return

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(
            target=_work, args=(there, self._cache_dir, self._niceness), daemon=True, name="danghai-ocr"
        )
        with _one_thread():
            process.start()
        there.close()
        worker = _Worker(process, here)
        self._workers.append(worker)
        return worker

    def _stirring(self) -> list[_Worker]:
        """Busy workers that answered, died or ran out of time; waits for one."""
        busy = [worker for worker in self._workers if worker.job is not None]
        first = min(worker.started for worker in busy)
        left = max(0.0, first + self._timeout - time.monotonic())
        ready = set(wait([w.pipe for w in busy] + [w.process.sentinel for w in busy], left))
        late = time.monotonic() - self._timeout
        return [w for w in busy if w.pipe in ready or w.process.sentinel in ready or w.started <= late]

    def _hear(self, worker: _Worker, again: deque[tuple[Job, int]]) -> Done | None:
        """A worker's answer; or None when its page is to be read again."""
        job, spent = worker.job, time.monotonic() - worker.started
        assert job is not None
        try:
            if worker.pipe.poll():
                done: Done = worker.pipe.recv()
                worker.job = None
                return done
        except (EOFError, OSError):
            pass  # it died before it answered, or in the middle
        self._drop(worker)
        if spent >= self._timeout:
            text = f"超过 {self._timeout:g} 秒未读完 not read in {self._timeout:g} s"
            return Done(job.page_id, None, text, spent, "too slow")
        if worker.tries == 0:
            again.append((job, 1))
            return None
        text = f"识读进程两次中断（{worker.process.exitcode}） the reading process died twice on this page"
        return Done(job.page_id, None, text, spent, "crashed")

    def _drop(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()


@contextmanager
def _one_thread() -> Iterator[None]:
    """While it lasts, new processes start with numeric libraries held to one thread."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _work(pipe: Connection, cache_dir: Path | None, niceness: int) -> None:
    """A worker's life: read the page it is sent, answer, wait; ends when the pipe does."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool owner's to handle
    os.nice(niceness)
    reader = PaddleReader(cache_dir, threads=1)
    try:
        while True:
            pipe.send(_read(reader, pipe.recv()))
    except (EOFError, OSError):
        return


def _read(reader: PaddleReader, job: Job) -> Done:
    started = time.perf_counter()
    try:
        reading = reader.read(open_frame(job.path, job.frame))
    except ModelsError as error:
        return Done(job.page_id, None, str(error), time.perf_counter() - started, "unreadable")
    return Done(job.page_id, reading, None, time.perf_counter() - started)
