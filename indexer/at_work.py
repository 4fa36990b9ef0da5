"""What the commands of the way in share: the workshop, the bars, and the projection that a command does itself
when no projector runs."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from holdings.console import err, load_settings

if TYPE_CHECKING:  # imported when a command runs: `--help` answers at once
    from indexer.workshop import Workshop


def workshop() -> Workshop:
    from indexer.workshop import Workshop

    return Workshop(load_settings())


def project_here(here: Workshop, bars: Progress, last_round: threading.Event, stop: threading.Event) -> None:
    """Project what comes, until a last round has found nothing or `stop` is set."""
    task = bars.add_task("索引 index", total=None)

    async def work() -> None:
        projector = here.projector()
        await projector.open()
        await projector.give_meaning()
        moved = 0
        while not stop.is_set():
            last = last_round.is_set()
            if step := await projector.step():
                moved += step
                waiting = sum(here.catalogue.outbox.counts().values())
                bars.update(task, completed=moved, total=moved + waiting)
            elif last:
                break
            else:
                await asyncio.sleep(0.2)
        await projector.close()

    asyncio.run(work())


def progress_bars(*, quiet: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return _NotedProgress(*columns, console=err, disable=quiet)


class _NotedProgress(Progress):
    """Every task may carry a note; one without shows none."""

    def add_task(self, description: str, *args: Any, **fields: Any) -> TaskID:
        return super().add_task(description, *args, **{"note": "", **fields})
