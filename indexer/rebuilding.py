"""Building an engine's indexes anew from the catalogue: filled beside what answers, compared with the catalogue,
and switched to only then. Cut short, it goes on with what it lacks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import Any

from holdings.access import narrowest_first
from holdings.catalogue import Catalogue, Rebuild
from holdings.catalogue.outbox import GIVE_UP
from holdings.engines.port import Document, IndexWriter
from holdings.errors import BadInput, Conflict, IndexMismatch
from indexer.embedder import Lacking

log = logging.getLogger("danghai.projector")

#: Records a round: small enough that a commit follows within a second or two.
ROUND = 256
#: Differences that a report names.
SHOWN = 5

#: Ids and audiences → each audience's documents of those it may see, and what vectors they lack.
Draw = Callable[[Sequence[str], Sequence[str]], tuple[dict[str, list[Document]], Lacking]]


@dataclass(frozen=True)
class Progress:
    """phase: "fill", "verify" or "switch"."""

    phase: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True)
class Verified:
    """What a new generation holds beside what the catalogue says it must.

    checksum: of ids and versions, in no order (`checksum_of`). differing: ids that lack, are too many or have
    another version, the first of them; left_out: documents that the engine refused, which count on neither side.
    """

    audience: str
    documents: int
    wanted: int
    checksum: str
    wanted_checksum: str
    differing: tuple[str, ...] = ()
    left_out: int = 0

    @property
    def ok(self) -> bool:
        return not self.differing and (self.documents, self.checksum) == (self.wanted, self.wanted_checksum)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


@dataclass
class Sum:
    """A count and a checksum that know no order, so that neither side need be sorted or held whole."""

    count: int = 0
    value: int = 0

    def add(self, id_: str, version: int, times: int = 1) -> None:
        digest = blake2b(f"{id_}\0{version}".encode(), digest_size=8).digest()
        self.count += times
        self.value = (self.value + times * int.from_bytes(digest)) % 2**64

    @property
    def text(self) -> str:
        return f"{self.value:016x}"


def compared(
    audience: str, held: Mapping[str, int], wanted: Mapping[str, int], excused: set[str], left_out: set[str]
) -> Verified:
    """excused: ids whose change is on its way, left_out: those that the engine refused; both may differ."""
    theirs, ours, differing = Sum(), Sum(), []
    for id_, version in held.items():
        theirs.add(id_, version)
    for id_, version in wanted.items():
        ours.add(id_, version)
    off = [id_ for id_ in held.keys() | wanted.keys() if held.get(id_) != wanted.get(id_)]
    for id_ in off:
        if id_ not in excused and id_ not in left_out:
            differing.append(id_)
            continue
        for side, versions in ((theirs, held), (ours, wanted)):
            if id_ in versions:
                side.add(id_, versions[id_], -1)
    refused = sum(id_ in left_out for id_ in off)
    shown = tuple(sorted(differing)[:SHOWN])
    return Verified(audience, theirs.count, ours.count, theirs.text, ours.text, shown, refused)


@dataclass
class Rebuilding:
    """Rebuilds of one writer's indexes.

    draw: makes documents. catch_up: brings what changed meanwhile into the writer's indexes. beside: they are
    those of the engine that does not answer (holdings/catalogue/engine_choice.py).
    refused: ids of documents that the engine did not take. reports: of the last rebuilds; refusals: why some of
    what was asked for last could not be done.
    """

    catalogue: Catalogue
    writer: IndexWriter
    draw: Draw
    catch_up: Callable[[], Awaitable[object]]
    beside: bool = False
    told: Callable[[Progress], None] = lambda _: None
    refused: set[str] = field(default_factory=set)
    reports: list[Verified] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    async def do(self, wishes: Sequence[Rebuild], stop: asyncio.Event | None) -> int:
        """Do what was asked for, in one pass over the catalogue; how many new generations are in use now.

        All begin before the first fills: what lags meanwhile is written to every audience, and an index made
        with something else takes it only once its rebuild has begun. Told to stop, what was filled in stays.
        Errors: Conflict where a new generation is not what the catalogue says; those are given up, the others
        are in use.
        """
        self.reports.clear()
        self.refusals.clear()
        begun = [wish for wish in wishes if await self._begun(wish)]
        audiences = narrowest_first(wish.audience for wish in begun)
        if not await self.fill(audiences, lambda: self._stopped(audiences, stop)):
            return 0
        keeping = {wish.audience: wish.keeps for wish in begun}
        for audience in audiences:
            await self.finish(audience, keep=keeping[audience])
        wrong = [report for report in self.reports if not report.ok]
        for (
            wish
        ) in begun:  # what was withdrawn weighs on until a rebuild has come through: that is tried again
            if wish.keeps or wish.audience not in {report.audience for report in wrong}:
                await asyncio.to_thread(self.catalogue.outbox.rebuilt, wish)
        if wrong:
            raise not_as_the_catalogue(wrong)
        return len(begun)

    async def _begun(self, wish: Rebuild) -> bool:
        """Begin or go on; False where nothing is to be filled."""
        log.info("%s: %s", wish.audience, wish.reason)
        try:
            if wish.builds:
                await self.writer.begin_rebuild(wish.audience, back=wish.back)
                return True
            if wish.reason == GIVE_UP:
                await self.writer.abandon_rebuild(wish.audience)
            else:
                await self.writer.drop_kept(wish.audience)
        except (Conflict, IndexMismatch) as error:
            if not wish.back:
                raise
            log.error("%s: %s", wish.audience, error)  # the index that answers goes on
            self.refusals.append(f"{wish.audience}：{error}")
        await asyncio.to_thread(self.catalogue.outbox.rebuilt, wish)
        return False

    def _stopped(self, audiences: Sequence[str], stop: asyncio.Event | None) -> bool:
        if stop is not None and stop.is_set():
            return True
        wishes = self.catalogue.outbox.rebuilds()
        return any(wish.audience in audiences and wish.reason == GIVE_UP for wish in wishes)

    # ── filling ────────────────────────────────────────────────────────────────

    async def fill(self, audiences: Sequence[str], stopped: Callable[[], bool]) -> bool:
        """Every record that the new generations lack; False when told to stop on the way."""
        if not audiences:
            return True
        held = {audience: await self.writer.versions(audience) for audience in audiences}
        total = sum((await asyncio.to_thread(self.catalogue.records.count)).values())
        done = 0
        self.told(Progress("fill", 0, total))
        for batch in self.catalogue.records.standing(batch=ROUND):
            if await asyncio.to_thread(stopped):
                return False
            await self.catch_up()
            lacking = {
                audience: {
                    i for i, version, seen in batch if audience in seen and held[audience].get(i) != version
                }
                for audience in audiences
            }
            await self._fill_in(lacking)
            done += len(batch)
            self.told(Progress("fill", done, total))
        return True

    async def _fill_in(self, lacking: Mapping[str, set[str]]) -> None:
        ids = sorted(set().union(*lacking.values()))
        if not ids:
            return
        drawn, without_vectors = await asyncio.to_thread(self.draw, ids, list(lacking))
        for audience, documents in drawn.items():
            await self._fill_each(audience, [made for made in documents if made.id in lacking[audience]])
        # Another model's vectors are of no use: what this one has not made yet follows.
        await asyncio.to_thread(self.catalogue.outbox.done, (), without_vectors)

    async def _fill_each(self, audience: str, documents: Sequence[Document]) -> None:
        try:
            await self.writer.fill(audience, documents)
        except (BadInput, ValueError) as error:
            if len(documents) == 1:
                log.error("%s is left out of %s: %s", documents[0].id, audience, error)
                self.refused.add(documents[0].id)
                return
            for one in documents:
                await self._fill_each(audience, [one])

    # ── switching ──────────────────────────────────────────────────────────────

    async def finish(self, audience: str, *, keep: bool) -> None:
        """Compare and switch, or give up what is not as the catalogue says; `reports` tells."""
        await self.catch_up()
        report = await self.verify(audience)
        self.reports.append(report)
        if report.ok:
            self.told(Progress("switch"))
            await self.writer.finish_rebuild(audience, keep=keep)
            await asyncio.to_thread(self.catalogue.audiences.built, audience)
        else:
            log.error("%s is not switched: %s", audience, report)
            await self.writer.abandon_rebuild(audience)

    async def verify(self, audience: str) -> Verified:
        """What the writer would commit now, compared with the catalogue. The index is read before the catalogue,
        and what is on its way after it, so that a change between them is excused."""
        self.told(Progress("verify"))
        held = await self.writer.versions(audience)
        return await asyncio.to_thread(self._compared, audience, held)

    def _compared(self, audience: str, held: Mapping[str, int]) -> Verified:
        batches = self.catalogue.records.standing()
        wanted = {id_: version for batch in batches for id_, version, seen in batch if audience in seen}
        excused = self.catalogue.outbox.waiting(beside=self.beside)
        return compared(audience, held, wanted, excused, self.refused)


def not_as_the_catalogue(reports: Sequence[Verified], command: str = "danghai index rebuild") -> Conflict:
    said = "；".join(
        f"{r.audience} 有 {r.documents} 条，应有 {r.wanted} 条，不符者如 {'、'.join(r.differing)}"
        for r in reports
    )
    return Conflict(f"新建的索引与目录库不符，未予启用：{said}。", advice=f"请再运行：{command}")
