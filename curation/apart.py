"""Theme discovery in a process of its own, which gives way to searches: the API neither waits for it nor keeps
scikit-learn in memory afterwards."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curation.grouping import Fineness, Tell
from curation.themes import Point, Themes, discover

#: How much the process gives way (nice).
GIVES_WAY = 10
#: Seconds between two looks whether anybody wants the result still.
_LOOK = 0.2


class Stopped(Exception):
    """Nobody wants it any more."""


class WorkerLost(Exception):
    """The process ended without a result: killed, or out of memory."""


def discover_apart(
    points: Sequence[Point],
    vectors: NDArray[np.float32],
    *,
    seed: int,
    fineness: Fineness,
    tell: Tell,
    stopped: Event,
) -> Themes:
    """`discover`, elsewhere. tell is called here. Errors: Stopped once `stopped` is set; WorkerLost."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_work, args=(theirs, GIVES_WAY), name="themes", daemon=True)
    child.start()
    theirs.close()
    try:
        ours.send((list(points), vectors, seed, fineness))
        while not stopped.is_set():
            if ours.poll(_LOOK):
                kind, said = ours.recv()
                if kind == "done":
                    found: Themes = said
                    return found
                tell(*said)
        raise Stopped
    except (EOFError, BrokenPipeError, ConnectionResetError) as error:
        raise WorkerLost(f"exit status {child.exitcode}") from error
    finally:
        ours.close()
        child.terminate()
        child.join()


def _work(pipe: Connection[Any, Any], gives_way: int) -> None:
    from models.words import JiebaSegmenter

    os.nice(gives_way)
    points, vectors, seed, fineness = pipe.recv()

    def tell(step: str, share: float) -> None:
        pipe.send(("told", (step, share)))

    found = discover(points, vectors, JiebaSegmenter(), seed=seed, fineness=fineness, tell=tell)
    pipe.send(("done", found))
