"""What sharing the work out costs and brings: `python -m benchmarks.work [--pages N] [--url postgresql://…]`.

The same sample pages are read by the spine's own pool (`danghai read --follow`, one worker) and by `danghai work` with
one worker and with two, each into a new catalogue, one after the other in one run; by default with SQLite, with
`--url` in a PostgreSQL server as well (a new database is made for each). Counted from the first
page's text to the last one's, so that the loading of the models is in none: pages a minute, and processor time a page
of all processes together. On a busy machine processor time is the figure to trust.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from benchmarks.ocr import sample_pages
from holdings.catalogue import Catalogue, Incoming, IncomingPage, StoredPage
from holdings.records import Record
from holdings.settings import Settings
from holdings.store import FileStore

READ = ("read", "--follow")
WORK = ("work", "--kind", "ocr")
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Measured:
    way: str
    pages_a_minute: float
    processor_seconds: float
    texts: int


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--pages", type=int, default=24)
    arguments.add_argument("--url", default="", help="a PostgreSQL server, beside SQLite")
    given = arguments.parse_args()
    ways = [("pool, 1 worker", READ, 1, ""), ("work, 1 worker, SQLite", WORK, 1, "")]
    ways += [("work, 2 workers, SQLite", WORK, 2, "")]
    if given.url:
        ways += [(f"work, {n} worker(s), PostgreSQL", WORK, n, given.url) for n in (1, 2)]
    base: Measured | None = None
    print(f"{'way':32}{'pages/min':>10}{'ratio':>7}{'CPU s/page':>12}{'ratio':>7}{'texts':>7}", flush=True)
    for way, command, workers, url in ways:
        m = measure(way, command, workers, url, given.pages)
        base = base or m
        speed, cost = m.pages_a_minute / base.pages_a_minute, m.processor_seconds / base.processor_seconds
        print(
            f"{m.way:32}{m.pages_a_minute:10.1f}{speed:7.2f}{m.processor_seconds:12.2f}{cost:7.2f}{m.texts:7}",
            flush=True,
        )


def measure(way: str, command: tuple[str, ...], workers: int, url: str, count: int) -> Measured:
    """Read `count` pages in this way, in a new catalogue."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), database_url=_emptied(url), _env_file=None)  # type: ignore[call-arg]
        with closing(Catalogue(settings.catalogue_url)) as catalogue:
            catalogue.upgrade()
            fill(catalogue, FileStore(settings.store_dir), count)
            environment = os.environ | {
                "DANGHAI_HOME": folder,
                "DANGHAI_DATABASE_URL": settings.database_url,
                "DANGHAI_OCR_WORKERS": str(workers),
            }
            process = subprocess.Popen([sys.executable, "-m", "danghai", *command], env=environment)
            try:
                first, before, began = _until(catalogue, process, 1)
                last, after, ended = _until(catalogue, process, count)
            finally:
                process.terminate()
                process.wait(60)
            pages = last - first
            texts = sum(p.text_version for own in _all_pages(catalogue, count).values() for p in own)
    return Measured(way, 60 * pages / (ended - began), (after - before) / pages, texts)


def fill(catalogue: Catalogue, store: FileStore, count: int) -> None:
    """Records of one sample page each, round and round."""
    scans = [page for page in sample_pages() if page.path.suffix == ".jpg"]
    for number in range(count):
        scan = scans[number % len(scans)]
        page = IncomingPage(
            number=1,
            kind="scan",
            sha256=store.put(scan.path),
            frame=0,
            media_type="image/jpeg",
            name=scan.path.name,
            width=1000,
            height=1000,
        )
        code = f"J001-1-1-{number + 1}"
        record = Record(id=f"990001:{code}", reference_code=code, title=code, fonds_code="J001", level="item")
        catalogue.records.put([Incoming(record, [page])])


def _all_pages(catalogue: Catalogue, count: int) -> dict[str, list[StoredPage]]:
    return catalogue.pages.of_many([f"990001:J001-1-1-{n + 1}" for n in range(count)])


def _until(catalogue: Catalogue, process: subprocess.Popen[bytes], read: int) -> tuple[int, float, float]:
    """Wait for so many pages: (pages read, processor seconds of the processes, the time)."""
    while (states := catalogue.pages.states())["read"] + states["failed"] < read:
        if process.poll() is not None:
            raise SystemExit(f"it ended: {process.returncode}")
        time.sleep(0.1)
    return states["read"] + states["failed"], _processor(process.pid), time.monotonic()


def _processor(pid: int) -> float:
    """Processor seconds of a process and all below it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
        below = [
            int(child)
            for task in Path(f"/proc/{pid}/task").glob("*/children")
            for child in task.read_text().split()
        ]
    except OSError:  # it ended meanwhile
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(map(_processor, below))


def _emptied(url: str) -> str:
    """A new database beside the one that is given."""
    if not url:
        return ""
    name = f"danghai_work_{time.time_ns()}"
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(url).set(database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
