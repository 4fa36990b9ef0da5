"""Reading the scans: the catalogue's list of waiting pages, through the pool of OCR workers, back into it.

The list is derived from the catalogue (pages that lack a reading by the present model), so nothing can
fall out of it: killed at any instant, a page costs its own time only.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from time import monotonic

from holdings.catalogue import Catalogue, WaitingPage
from holdings.errors import NotFound
from holdings.records import Line, PageText
from holdings.store import FileStore
from indexer.embedder import nobody
from indexer.pool import Done, Job, OcrPool
from models.sight import Reading

log = logging.getLogger("danghai.reading")

BATCH = 64
POLL = 1.0


@dataclass
class ReadingReport:
    """What one run has read. `rate`: pages a minute since it began."""

    read: int = 0
    failed: int = 0
    began: float = field(default_factory=monotonic)

    @property
    def rate(self) -> float:
        return 60 * (self.read + self.failed) / max(monotonic() - self.began, 1e-9)


class ScanReading:
    """Reads waiting pages in reference-code order, none moved forward.

    elsewhere: whether `danghai work` reads now (indexer/work.py): it has the same list, and no page need be
    read twice, so this stands back meanwhile.
    """

    def __init__(
        self, catalogue: Catalogue, store: FileStore, pool: OcrPool, elsewhere: Callable[[], bool] = nobody
    ) -> None:
        self._catalogue = catalogue
        self._store = store
        self._pool = pool
        self.elsewhere = elsewhere

    @cached_property
    def reader(self) -> str:
        """The present model's name: pages it has not tried are the work."""
        return self._pool.reader_name

    def run(
        self,
        stop: threading.Event,
        *,
        follow: bool = False,
        progress: Callable[[ReadingReport, WaitingPage], None] | None = None,
    ) -> ReadingReport:
        """Read what waits. follow: afterwards wait for more, until told to stop."""
        report = ReadingReport()
        while not stop.is_set():
            waiting: dict[int, WaitingPage] = {}
            for done in self._pool.read_all(self._jobs(stop, waiting)):
                page = waiting.pop(int(done.page_id))
                self._save(page, done, report)
                if progress is not None:
                    progress(report, page)
            if not follow:
                break
            stop.wait(POLL)
        return report

    def waiting_count(self) -> int:
        """Pages still to be read."""
        return self._catalogue.pages.progress(self.reader)["waiting"]

    def left_to_workers(self) -> int:
        """Pages still to be read that `danghai work` reads now."""
        return self.waiting_count() if self.elsewhere() else 0

    def close(self) -> None:
        self._pool.close()

    def _jobs(self, stop: threading.Event, waiting: dict[int, WaitingPage]) -> Iterator[Job]:
        after: tuple[str, int] | None = None
        while pages := self._catalogue.pages.waiting(self.reader, after=after, limit=BATCH):
            for page in pages:
                if stop.is_set() or self.elsewhere():
                    return
                waiting[page.id] = page
                yield Job(page.id, self._store.path(page.sha256), page.frame)
            after = pages[-1].place

    def _save(self, page: WaitingPage, done: Done, report: ReadingReport) -> None:
        if save(self._catalogue, page, done, self.reader):
            report.read += 1
        else:
            report.failed += done.reading is None


def save(catalogue: Catalogue, page: WaitingPage, done: Done, reader: str) -> bool:
    """What came of a page goes into the catalogue, once; whether it was a reading, and the first."""
    try:
        if done.reading is not None:
            return catalogue.pages.save_reading(page.id, page_text(done.reading, reader), reader)
        log.warning("%s page %d: %s", page.reference_code, page.number, done.error)
        catalogue.pages.save_failure(page.id, done.error or "未能识读", reader)
    except NotFound:
        log.info("%s page %d went away while it was read", page.reference_code, page.number)
    return False


def page_text(reading: Reading, maker: str) -> PageText:
    """A reader's result as the catalogue keeps it."""
    lines = tuple(Line(line.text, line.box, line.confidence) for line in reading.lines)
    return PageText(lines, f"ocr:{maker}", reading.rotation, reading.vertical)
