"""The two kinds of work that can be shared out: what there is to do of each, and the doing of one piece.

Both lists are derived from the catalogue, so nothing can fall out of them: scans that lack a reading by the present
model, and outbox items that lack vectors.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from holdings.catalogue import Catalogue, OutboxItem, Stage, WaitingPage
from holdings.errors import StoreAway
from holdings.store import FileStore
from indexer.embedder import Embedder
from indexer.materials import materials
from indexer.pool import Done, Job, OcrPool
from indexer.reading import save

log = logging.getLogger("danghai.work")

#: Pieces looked up at a time.
CHUNK = 64
#: Outbox numbers a piece of embedding covers: some seconds of work.
SPAN = 32
#: Seconds between two looks for a store that went away.
STORE_AGAIN = 5.0
HOUR = 3600.0


@dataclass(frozen=True)
class Came:
    """What came of a piece: pages or passages done, and failed."""

    done: int
    failed: int = 0


class Kind(Protocol):
    """One kind of work. maker: the model's name. keep: seconds for which a finished piece counts as done though
    it still is on the list; 0: what is on the list is to be done."""

    name: str
    maker: str
    keep: float

    def lacking(self) -> Iterator[list[str]]:
        """Keys of all that is to be done, in order, some at a time."""

    def do(self, key: str) -> Came:
        """Do it, unless it is done meanwhile."""

    def give_up(self, key: str, why: str) -> None:
        """It took its worker down TRIES times: take it off the list, or leave it to somebody else."""

    def close(self) -> None: ...


class OcrWork:
    """A piece is a page. Read in a child process of its own (indexer/pool.py), which may die of it."""

    name, keep = "ocr", 0.0

    def __init__(self, catalogue: Catalogue, store: FileStore, pool: OcrPool) -> None:
        self._catalogue = catalogue
        self._store = store
        self._pool = pool
        self.maker = pool.reader_name

    def lacking(self) -> Iterator[list[str]]:
        after = None
        while pages := self._catalogue.pages.waiting(self.maker, after=after, limit=CHUNK):
            yield [str(page.id) for page in pages]
            after = pages[-1].place

    def do(self, key: str) -> Came:
        page = self._page(key)
        if page is None:
            return Came(0)
        self._wait_for_store(page)
        [done] = self._pool.read_all([Job(page.id, self._store.path(page.sha256), page.frame)])
        kept = save(self._catalogue, page, done, self.maker)
        return Came(int(kept), int(done.reading is None))

    def give_up(self, key: str, why: str) -> None:
        if page := self._page(key):
            save(self._catalogue, page, Done(page.id, None, why, 0.0, "crashed"), self.maker)

    def close(self) -> None:
        self._pool.close()

    def _page(self, key: str) -> WaitingPage | None:
        return next(iter(self._catalogue.pages.waiting(self.maker, page_id=int(key), limit=1)), None)

    def _wait_for_store(self, page: WaitingPage) -> None:
        """A store that went away is no trouble of the page's."""
        while not self._store.path(page.sha256).exists():
            try:
                check_store(self._catalogue, self._store)
                return  # it is there, only this file is not
            except StoreAway as away:
                log.error("%s", away)
                time.sleep(STORE_AGAIN)


class EmbedWork:
    """A piece is a span of outbox items of one stage: "stage.first.last". What it finds made, it does not make."""

    name, keep = "embed", 24 * HOUR

    def __init__(self, catalogue: Catalogue, embedder: Embedder, maker: str) -> None:
        self._catalogue = catalogue
        self._embedder = embedder
        self.maker = maker

    def lacking(self) -> Iterator[list[str]]:
        for stage in (Stage.DESCRIPTION_VECTORS, Stage.BODY_VECTORS):
            after = 0
            while items := self._catalogue.outbox.listed(stage, after=after, limit=CHUNK * SPAN):
                yield list(_spans(items))
                after = items[-1].seq

    def do(self, key: str) -> Came:
        stage, first, last = map(int, key.split("."))
        items = self._catalogue.outbox.listed(Stage(stage), after=first - 1, until=last)
        known = materials(self._catalogue, [item.record_id for item in items])
        wanted = [
            self._embedder.wanted(known[item.record_id], item.stage)
            for item in items
            if item.record_id in known
        ]
        through = 0
        while through < len(wanted):
            through += self._embedder.make(wanted[through:], lambda: False)
        return Came(sum(len(own) for own in wanted))

    def give_up(self, key: str, why: str) -> None:
        log.error("vectors of outbox items %s are left to the projector: %s", key, why)

    def close(self) -> None: ...


def _spans(items: list[OutboxItem]) -> Iterator[str]:
    """The last number is in the key: what comes into a span later makes it another piece."""
    spans: dict[int, OutboxItem] = {item.seq // SPAN: item for item in items}
    for number, last in spans.items():
        yield f"{int(last.stage)}.{number * SPAN}.{last.seq}"


def check_store(catalogue: Catalogue, store: FileStore) -> None:
    """Whether this machine reaches the files of the pages. Errors: StoreAway."""
    some = catalogue.pages.some_files()
    if some and not any(store.holds(sha256) for sha256 in some):
        advice = (
            "请把主机数据目录里的 store 共享（如 NFS，只读即可）到本机，并把 DANGHAI_STORE 设为它的位置。"
        )
        raise StoreAway(f"文件库 {store.root} 里没有目录库所记的文件。", advice=advice)
