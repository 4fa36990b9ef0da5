"""The writing side of the embedded engine: one per data folder. Each generation has its writer
(embedded_generation); a rebuild's new one and a kept old one stand beside the live one (embedded_beside).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from holdings.access import AUDIENCES
from holdings.engines.common import check_writable, meaning_off
from holdings.engines.embedded_beside import Beside
from holdings.engines.embedded_generation import GenerationWriter
from holdings.engines.embedded_layout import AudienceFolder
from holdings.engines.port import Document, MadeWith, Row

T = TypeVar("T")


class EmbeddedWriter:
    """holdings.engines.port.IndexWriter on the embedded engine. Its work runs on one thread of its own."""

    def __init__(self, index_dir: Path, made_with: MadeWith, audiences: Sequence[str] = AUDIENCES) -> None:
        self._index_dir = index_dir
        self._made_with = made_with
        self._audiences = audiences
        self._live: dict[str, GenerationWriter] = {}
        self._others: dict[str, Beside] = {}
        self._thread = ThreadPoolExecutor(1, "index-writer")
        self._fsyncs = ThreadPoolExecutor(8, "index-fsync")

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*arguments))

    async def open(self) -> None:
        """Make the indexes that are missing, mend what a kill left. Raises Conflict when another writes."""
        await self._run(self._sweep)
        for audience in self._audiences:
            await self._run(self._open, audience)

    async def write(self, audience: str, documents: Sequence[Document], deletes: Sequence[str] = ()) -> None:
        await self._run(self._write, audience, documents, deletes)

    async def add_rows(self, audience: str, rows: Mapping[str, Sequence[Row]]) -> list[str]:
        return await self._run(self._add_rows, audience, rows)

    async def commit(self, audience: str) -> None:
        await self._run(self._commit, audience)

    async def begin_rebuild(self, audience: str, *, back: bool = False) -> None:
        await self._run(self._begin_rebuild, audience, back)

    async def rebuilding(self) -> list[str]:
        return await self._run(lambda: [a for a, beside in self._others.items() if beside.building])

    async def fill(self, audience: str, documents: Sequence[Document]) -> None:
        await self._run(lambda: self._beside(audience).fill(documents))

    async def finish_rebuild(self, audience: str, *, keep: bool = False) -> None:
        await self._run(self._finish_rebuild, audience, keep)

    async def abandon_rebuild(self, audience: str) -> None:
        await self._run(lambda: self._beside(audience).abandon())

    async def drop_kept(self, audience: str) -> None:
        await self._run(lambda: self._beside(audience).drop_kept())

    async def drop(self, audience: str) -> None:
        await self._run(self._drop, audience)

    async def versions(self, audience: str) -> dict[str, int]:
        return await self._run(lambda: self._target(audience).versions())

    async def without_meaning(self) -> list[str]:
        return await self._run(self._without_meaning)

    async def close(self) -> None:
        """Uncommitted writes are dropped."""
        await self._run(self._close)
        self._thread.shutdown()
        self._fsyncs.shutdown()

    def _folder(self, audience: str) -> AudienceFolder:
        return AudienceFolder(self._index_dir / audience)

    def _beside(self, audience: str) -> Beside:
        if audience not in self._others:
            opened = partial(GenerationWriter, fsyncs=self._fsyncs)
            self._others[audience] = Beside(self._folder(audience), self._made_with, opened)
        return self._others[audience]

    def _open(self, audience: str) -> None:
        """Take up the live generation; one that this version cannot write stays until a rebuild."""
        folder = self._folder(audience)
        if not folder.points:
            self._live[audience] = GenerationWriter(folder.start_generation(self._made_with), self._fsyncs)
            folder.switch_to(self._live[audience].generation)
        elif folder.current().is_ours():
            self._live[audience] = GenerationWriter(folder.current(), self._fsyncs)
        self._beside(audience).take_up()

    def _target(self, audience: str) -> GenerationWriter:
        """Where documents go. Raises IndexMismatch when the index cannot take them."""
        if building := self._beside(audience).building:
            return building
        if audience not in self._live:
            self._open(audience)
            if building := self._beside(audience).building:
                return building
        check_writable(self._folder(audience).current().made_with(), self._made_with, audience)
        return self._live[audience]

    def _write(self, audience: str, documents: Sequence[Document], deletes: Sequence[str]) -> None:
        target = self._target(audience)
        target.write(self._fitting(target, documents), deletes)
        beside, ids = self._beside(audience), [*deletes, *(document.id for document in documents)]
        beside.forget(ids)
        if beside.building is None:
            return
        beside.touched.update(ids)
        if live := self._live.get(audience):
            live.write(self._fitting(live, documents), deletes)

    def _add_rows(self, audience: str, rows: Mapping[str, Sequence[Row]]) -> list[str]:
        """A generation that is being filled lacks what it has not come to: that gets its rows then."""
        target = self._target(audience)
        missing = target.add_rows(rows) if target.made_with == self._made_with else []
        beside = self._beside(audience)
        beside.forget(rows)
        if beside.building is None:
            return missing
        live = self._live.get(audience)
        return live.add_rows(rows) if live and live.made_with == self._made_with else []

    def _fitting(self, target: GenerationWriter, documents: Sequence[Document]) -> Sequence[Document]:
        """What an index takes: without rows where another encoder made it, nothing where its words are
        other ones. What is withdrawn it loses all the same."""
        if target.made_with == self._made_with:
            return documents
        if target.made_with.words_unlike(self._made_with):
            return ()
        return [replace(document, rows=()) for document in documents]

    def _without_meaning(self) -> list[str]:
        found = [(audience, self._folder(audience).current()) for audience in self._live]
        return [a for a, current in found if meaning_off(current.made_with(), self._made_with, a)]

    def _commit(self, audience: str) -> None:
        target, beside = self._target(audience), self._beside(audience)
        beside.commit()
        target.commit()
        if live := self._live.get(audience):
            live.commit()
        beside.tidy()

    def _begin_rebuild(self, audience: str, back: bool) -> None:
        beside = self._beside(audience)
        if audience not in self._live and beside.building is None:
            self._open(audience)
        beside.begin(back)

    def _finish_rebuild(self, audience: str, keep: bool) -> None:
        live = self._live.get(audience)
        self._live[audience] = self._beside(audience).finish(live, keep)

    def _sweep(self) -> None:
        """What a drop had to leave because a reader looked into it."""
        for path in self._index_dir.glob("*/g[0-9]*"):
            folder = AudienceFolder(path.parent)
            if not any((path.parent / pointer).exists() for pointer in ("CURRENT", "BUILDING", "KEPT")):
                folder.remove()

    def _drop(self, audience: str) -> None:
        if audience in self._others:
            self._others.pop(audience).close()
        if live := self._live.pop(audience, None):
            live.close()
        self._folder(audience).remove()

    def _close(self) -> None:
        for beside in self._others.values():
            beside.close()
        for writer in self._live.values():
            writer.close()
        self._others.clear()
        self._live.clear()
