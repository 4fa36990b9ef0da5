"""Moving an archive from one engine to the other, while it is searched and written to.

The other engine's indexes are filled from the catalogue; what changes meanwhile is noted for them in the
transaction that projects it (holdings/catalogue/engine_choice.py), so that a kill or an absence of either engine
loses nothing. Compared with the catalogue, they are switched to in one step, which every process sees at its next
question. The engine that was left can be moved back to by what it lacks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from holdings.access import narrowest_first
from holdings.engines.making import search_engine
from holdings.errors import IndexMismatch, IndexMissing
from indexer.rebuilding import ROUND, Progress, Verified, not_as_the_catalogue

if TYPE_CHECKING:
    from indexer.workshop import Workshop


class Move:
    """One process at a time: hold `holdings.locks.moving_lock`. No projector need run, nor stop."""

    def __init__(self, shop: Workshop, to: str, told: Callable[[Progress], None]) -> None:
        self._shop = shop
        self._to = to
        self._choice = shop.catalogue.engine
        self._projector = shop.projector(to)
        self._rebuilding = self._projector.rebuilding
        self._rebuilding.beside = True
        self._rebuilding.catch_up = self._bring_what_lacks
        self._rebuilding.told = told

    async def run(self, stop: asyncio.Event) -> list[Verified]:
        """Fill, compare, switch. [] when told to stop on the way, or nothing was to be done.

        Errors: EngineAway, Conflict where the indexes do not become what the catalogue says.
        """
        now = self._choice.read(self._shop.settings.engine)
        if now.engine == self._to:
            return []
        if now.beside != self._to:
            for audience in self._names():  # of a former life: nothing is known of what these lack
                await self._rebuilding.writer.drop(audience)
            self._choice.begin(now.engine, self._to)
        try:
            await self._projector.open_beside()
            reports = await self._filled(stop)
        finally:
            await self._projector.close()
        if reports:
            self._rebuilding.told(Progress("switch"))
            self._choice.switch(self._to)
        return reports

    def _names(self) -> tuple[str, ...]:
        """Every audience that is to have an index."""
        return self._shop.catalogue.audiences.names()

    async def _filled(self, stop: asyncio.Event) -> list[Verified]:
        begun = await self._begin()
        if not await self._rebuilding.fill(begun, stop.is_set):
            return []
        for audience in begun:
            await self._rebuilding.finish(audience, keep=False)
        await self._bring_what_lacks()
        reports = [await self._rebuilding.verify(audience) for audience in narrowest_first(self._names())]
        if wrong := [report for report in reports if not report.ok]:
            for report in wrong:  # run again, it begins with nothing
                await self._rebuilding.writer.drop(report.audience)
            raise not_as_the_catalogue(wrong, f"danghai index move --to {self._to}")
        return reports

    async def _begin(self) -> Sequence[str]:
        """Audiences to be filled: what was cut short, and what is empty or made with something else."""
        writer = self._rebuilding.writer
        begun = set(await writer.rebuilding())
        for audience in set(self._names()) - begun:
            if not await self._is_usable(audience):
                await writer.begin_rebuild(audience)
                begun.add(audience)
        return narrowest_first(begun)

    async def _is_usable(self, audience: str) -> bool:
        reader = search_engine(self._shop.settings, self._shop.made_with, self._to)
        await reader.open()
        try:
            status = await reader.status(audience)
            return status.documents > 0 and not status.mismatch
        except (IndexMissing, IndexMismatch):
            return False
        finally:
            await reader.close()

    async def _bring_what_lacks(self) -> None:
        """What changed in the indexes of the engine that answers."""
        while lacking := await asyncio.to_thread(self._choice.lacking, ROUND):
            await self._projector.bring([record_id for _, record_id in lacking])
            await asyncio.to_thread(self._choice.brought, [seq for seq, _ in lacking])
