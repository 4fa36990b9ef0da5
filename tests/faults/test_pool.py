"""The OCR pool when workers are killed, pages are damaged, or time runs out. Real workers, real pages."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.ocr import sample_pages
from indexer.pool import Done, Job, OcrPool, open_frame
from models.errors import UnreadableImage


@pytest.fixture(scope="module")
def pool() -> Iterator[OcrPool]:
    with OcrPool(2, niceness=0) as made:
        yield made


@pytest.fixture(scope="module")
def scan() -> Path:
    """A whole sample page: takes a worker long enough to be killed at it."""
    return next(page.path for page in sample_pages() if page.path.suffix == ".jpg")


@pytest.fixture(scope="module")
def page(scan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some lines of it, quick to read, without a suffix."""
    path = tmp_path_factory.mktemp("pool") / "part"
    Image.open(scan).crop((0, 0, 1000, 300)).save(path, "PNG")
    return path


def test_jobs_are_taken_as_workers_come_free_and_every_one_is_answered(pool: OcrPool, page: Path) -> None:
    taken: list[int] = []
    answered = 0

    def jobs() -> Iterator[Job]:
        for number in range(4):
            assert number - answered <= 2, "a job was taken before a worker was free"
            taken.append(number)
            yield Job(number, page)

    for done in pool.read_all(jobs()):
        answered += 1
        assert done.error is None
        assert done.reading is not None
        assert done.reading.lines
    assert taken == list(range(4))
    assert answered == 4


def test_a_damaged_page_is_that_page_s_trouble(pool: OcrPool, page: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_bytes(page.read_bytes()[:900])
    done = {
        d.page_id: d for d in pool.read_all([Job("a", page), Job("b", broken), Job("c", tmp_path / "no")])
    }
    assert done["a"].error is None
    assert done["b"].trouble == done["c"].trouble == "unreadable"
    assert done["b"].error


def test_a_worker_killed_once_costs_no_page(pool: OcrPool, page: Path, long_run: bool) -> None:
    pages, kills = (40, 12) if long_run else (3, 1)
    done: list[Done] = []
    in_hand, killed = 0, 0  # pages taken by the last kill: one of them must not die a second time
    for answer in pool.read_all(Job(number, page) for number in range(pages)):
        done.append(answer)
        if killed < kills and {d.page_id for d in done} >= set(range(in_hand)):
            os.kill(pool.pids[0], signal.SIGKILL)
            in_hand, killed = len(done) + len(pool.pids) + 1, killed + 1
    assert killed >= min(kills, 2)  # a worker comes up in seconds, in which the other reads a dozen pages
    assert sorted(answer.page_id for answer in done) == list(range(pages))
    assert [answer.error for answer in done] == [None] * pages


def test_a_page_whose_worker_dies_twice_is_reported_and_the_next_is_read(
    pool: OcrPool, scan: Path, page: Path
) -> None:
    def jobs() -> Iterator[Job]:
        killers.append(_kill_workers(pool, times=2))
        yield Job("victim", scan)

    killers: list[threading.Thread] = []
    (victim,) = pool.read_all(jobs())
    killers[0].join()
    assert (victim.page_id, victim.trouble, victim.reading) == ("victim", "crashed", None)
    (after,) = pool.read_all([Job("next", page)])
    assert (after.page_id, after.error) == ("next", None)


def _kill_workers(pool: OcrPool, times: int) -> threading.Thread:
    """A thread that kills the worker that has the only page, then the one that has it next."""

    def kill() -> None:
        killed: set[int] = set()
        deadline = time.monotonic() + 60
        while len(killed) < times and time.monotonic() < deadline:
            time.sleep(0.2)
            if pool.pids and pool.pids[0] not in killed:
                killed.add(pool.pids[0])
                os.kill(pool.pids[0], signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_a_page_that_takes_too_long_is_reported(page: Path) -> None:
    with OcrPool(1, timeout=0.2, niceness=0) as pool:
        (done,) = pool.read_all([Job(1, page)])
    assert (done.trouble, done.reading) == ("too slow", None)


def test_leaving_early_ends_the_workers_that_read(pool: OcrPool, page: Path) -> None:
    reading = pool.read_all(Job(number, page) for number in range(50))
    next(reading)
    before = len(pool.pids)
    reading.close()
    assert len(pool.pids) < before


def test_frames_of_a_tiff_and_of_a_pdf() -> None:
    """Pages of one file differ; a PDF page is drawn at 200 dots an inch; a missing page is told."""
    pages = sample_pages()
    tiff = next(page for page in pages if page.path.suffix == ".tif" and page.frame == 1)
    assert open_frame(tiff.path, 0).tobytes() != open_frame(tiff.path, 1).tobytes()
    pdf = next(page for page in pages if page.path.suffix == ".pdf")
    image = open_frame(pdf.path, pdf.frame)
    assert min(image.size) > 800
    for path in (tiff.path, pdf.path):
        with pytest.raises(UnreadableImage, match="100"):
            open_frame(path, 99)
