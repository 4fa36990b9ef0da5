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
    """Reads waiting pages in reference-code order, none moved forward."""

    def __init__(self, catalogue: Catalogue, store: FileStore, pool: OcrPool) -> None:
        self._catalogue = catalogue
        self._store = store
        self._pool = pool

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

    def close(self) -> None:
        self._pool.close()

    def _jobs(self, stop: threading.Event, waiting: dict[int, WaitingPage]) -> Iterator[Job]:
        after: tuple[str, int] | None = None
        while pages := self._catalogue.pages.waiting(self.reader, after=after, limit=BATCH):
            for page in pages:
                if stop.is_set():
                    return
                waiting[page.id] = page
                yield Job(page.id, self._store.path(page.sha256), page.frame)
            after = pages[-1].place

    def _save(self, page: WaitingPage, done: Done, report: ReadingReport) -> None:
        pages, reader = self._catalogue.pages, self.reader
        try:
            if done.reading is not None:
                pages.save_reading(page.id, page_text(done.reading, reader), reader)
                report.read += 1
            else:
                log.warning("%s page %d: %s", page.reference_code, page.number, done.error)
                pages.save_failure(page.id, done.error or "未能识读", reader)
                report.failed += 1
        except NotFound:
            log.info("%s page %d went away while it was read", page.reference_code, page.number)


def page_text(reading: Reading, maker: str) -> PageText:
    """A reader's result as the catalogue keeps it."""
    lines = tuple(Line(line.text, line.box, line.confidence) for line in reading.lines)
    return PageText(lines, f"ocr:{maker}", reading.rotation, reading.vertical)
