"""Theme discoveries at work in this process: one at a time, off the request, each telling how far it is."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import asdict
from threading import Event
from typing import TYPE_CHECKING, Any

from curation.apart import Stopped, WorkerLost, discover_apart
from holdings.access import Caller
from holdings.errors import DanghaiError
from search_api.schema_curation import ThemesWanted
from search_api.theming import Material, material

if TYPE_CHECKING:
    from search_api.house import House

#: Seconds between two words to the catalogue of how far a run is, and the longest silence.
EVERY, AT_LEAST_EVERY = 1.0, 15.0
#: Share of a run that is finding and reading.
READING = 0.4

log = logging.getLogger("danghai.api")


class ThemeWork:
    """The runs of one serving process. Others wait; what is closed here is told as cut short."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopped = Event()

    def start(self, house: House, caller: Caller, run_id: str, wanted: ThemesWanted) -> None:
        task = asyncio.create_task(self._run(house, caller, run_id, wanted))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        self._stopped.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, house: House, caller: Caller, run_id: str, wanted: ThemesWanted) -> None:
        runs = house.catalogue.theme_runs
        telling = _Telling()
        beating = asyncio.create_task(_beat(house, run_id, telling))
        problem = "中断了，请重新发现。"
        try:
            async with self._turn:
                found = await material(house, caller, wanted, telling.reading)
                result = await asyncio.to_thread(self._discover, found, wanted, telling)
            problem = ""
        except DanghaiError as error:
            problem = str(error)
        except WorkerLost as error:
            problem = "分组的进程中断了，可能是内存不够；请缩小范围再试。"
            log.error("theme discovery: %s", error)
        except Stopped:
            pass
        except Exception:
            problem = "出错了，已记入日志。"
            log.exception("theme discovery failed")
        finally:
            beating.cancel()
            await asyncio.gather(beating, return_exceptions=True)
            if problem:
                await asyncio.to_thread(runs.fail, run_id, problem)
        if not problem:
            await asyncio.to_thread(runs.done, run_id, result)

    def _discover(self, found: Material, wanted: ThemesWanted, telling: _Telling) -> dict[str, Any]:
        themes = discover_apart(
            found.points,
            found.vectors,
            seed=wanted.seed,
            fineness=wanted.fineness,
            tell=telling.grouping,
            stopped=self._stopped,
        )
        return {**asdict(themes), "total": found.total, "unplaced": found.unplaced, "by": found.by}


class _Telling:
    """How far a run is, as last said."""

    def __init__(self) -> None:
        self.step, self.share = "waiting", 0.0

    def reading(self, step: str, share: float) -> None:
        self.step, self.share = step, READING * share

    def grouping(self, step: str, share: float) -> None:
        self.step, self.share = step, READING + (1 - READING) * share


async def _beat(house: House, run_id: str, telling: _Telling) -> None:
    """Write what is told into the catalogue, where every process sees it."""
    said, at = ("", -1.0), time.monotonic()
    while True:
        now = (telling.step, telling.share)
        if now != said or time.monotonic() - at > AT_LEAST_EVERY:
            await asyncio.to_thread(house.catalogue.theme_runs.tell, run_id, *now)
            said, at = now, time.monotonic()
        await asyncio.sleep(EVERY)
