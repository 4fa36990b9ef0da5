"""Work shared out among real processes that read real pages, killed by kill -9 in the middle of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from benchmarks.ocr import sample_pages
from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.engines.making import search_engine
from holdings.engines.port import IndexStatus
from holdings.records import Record
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.embedder import Embedder
from indexer.work_engine import FORMAT
from indexer.workshop import Workshop
from models.loading import load_encoder
from tests.postgres_server import fresh_database

ROOT = Path(__file__).parents[2]
LONG = os.environ.get("DANGHAI_LONG") == "1"
#: Seconds of silence after which a worker counts as lost; short, for the tests' sake.
GONE = 6.0
#: The stated numbers are run on both, see tests/conftest.py.
DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)][: 2 if LONG else 1]
#: Another format of tasks, as another version of Danghai may have.
OLD_FORMAT = "import sys, indexer.work_engine as e, danghai; e.FORMAT = 'old'; danghai.main()"


@dataclass
class Machine:
    """An installation, and the processes that were started on it."""

    settings: Settings
    catalogue: Catalogue
    engine: Engine
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *command: str, program: tuple[str, ...] = ("-m", "danghai")) -> subprocess.Popen[bytes]:
        environment = os.environ | {
            "DANGHAI_HOME": str(self.settings.home),
            "DANGHAI_DATABASE_URL": self.settings.database_url,
            "DANGHAI_OCR_WORKERS": "1",
            "DANGHAI_WORK_GONE": str(GONE),
        }
        process = subprocess.Popen([sys.executable, *program, *command], cwd=ROOT, env=environment)
        self.processes.append(process)
        return process

    def in_hand(self, executor: str, form: str = FORMAT) -> dict[str, int]:
        """Tasks that this executor has begun, and how often they were, as the engine's own tables have it."""
        table = "work.workflow_status" if self.engine.name == "postgresql" else "workflow_status"
        query = text(
            f"SELECT workflow_uuid, recovery_attempts FROM {table} "
            "WHERE status = 'PENDING' AND executor_id = :name AND queue_name LIKE :queue"
        )
        try:
            with self.engine.connect() as connection:
                rows = connection.execute(query, {"name": executor, "queue": f"%-{form}"})
                return {id_: tries for id_, tries in rows}
        except (OperationalError, ProgrammingError):  # its tables are not made yet
            return {}

    def kill(self, executor: str, *, time: int = 1, form: str = FORMAT) -> str:
        """kill -9 of a worker and its reader, while it has a page in hand for the time-th time; which."""

        def at_it() -> list[str]:
            return [id_ for id_, tries in self.in_hand(executor, form).items() if tries == time]

        until(lambda: bool(at_it()), f"{executor} has a page")
        [task] = at_it()
        [started] = [p for p in self.processes if p.poll() is None and executor.startswith(p.args[-1])]  # type: ignore[index, arg-type]
        supervised = started.args[-1] != executor  # type: ignore[index]
        [worker] = _children(started.pid) if supervised else [started.pid]
        readers = _children(worker)
        for pid in (worker, *readers):
            os.kill(pid, signal.SIGKILL)
        return task

    def texts(self) -> list[tuple[int, str]]:
        """(text versions, status) of every page."""
        pages = self.catalogue.pages.of_many([f"990001:J001-1-1-{n}" for n in range(1, 20)])
        return [(page.text_version, page.status) for own in pages.values() for page in own]

    def waiting(self) -> int:
        return self.catalogue.pages.states()["waiting"]


def until(true: Callable[[], bool], what: str, seconds: float = 150.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(0.2)


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in listed for child in file.read_text().split()]


@pytest.fixture
def machine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Machine]:
    postgres = getattr(request, "param", "sqlite") == "postgresql"
    url = fresh_database(request.getfixturevalue("postgres_url")) if postgres else ""
    settings = Settings(home=tmp_path, database_url=url, _env_file=None)  # type: ignore[call-arg]
    with closing(Catalogue(settings.catalogue_url)) as catalogue:
        catalogue.upgrade()
        engine = create_engine(settings.work_url.replace("postgresql:", "postgresql+psycopg:"))
        made = Machine(settings, catalogue, engine)
        yield made
        engine.dispose()
        for process in made.processes:
            process.terminate()
        for process in made.processes:
            process.wait(30)


def record(code: str) -> Record:
    return Record(
        id=f"990001:{code}", reference_code=code, title=f"样卷 {code}", fonds_code="J001", level="item"
    )


def give_pages(machine: Machine, count: int) -> None:
    """Records of one page each: some lines of a sample page, a little different each."""
    scan = Image.open(next(page.path for page in sample_pages() if page.path.suffix == ".jpg"))
    store, incoming = FileStore(machine.settings.store_dir), []
    for number in range(1, count + 1):
        part = machine.settings.home / "part.png"
        scan.crop((0, 0, 900 + number, 260)).save(part, "PNG")
        page = IncomingPage(
            number=1,
            kind="scan",
            sha256=store.put(part),
            frame=0,
            media_type="image/png",
            name=f"{number}.png",
            width=900 + number,
            height=260,
        )
        incoming.append(Incoming(record(f"J001-1-1-{number}"), [page]))
    machine.catalogue.records.put(incoming)


@pytest.mark.parametrize("machine", DATABASES, indirect=True)
def test_killed_workers_cost_the_page_in_hand_only(machine: Machine, long_run: bool) -> None:
    """One that does not come back: another takes up what it left, and every page is read, once. In the long run
    also one of another version, and one that dies of its page again and again."""
    count = 19 if long_run else 3
    give_pages(machine, count)
    machine.start("work-one", "--kind", "ocr", "--name", "lost/ocr-0")
    machine.kill("lost/ocr-0")
    if long_run:
        machine.start("work-one", "--kind", "ocr", "--name", "a/ocr-0", program=("-c", OLD_FORMAT))
        machine.kill("a/ocr-0", form="old")
    machine.start("work", "--kind", "ocr", "--name", "a")
    if long_run:
        _dies_of_its_page(machine, count)
    until(lambda: not machine.waiting(), "all pages are tried")
    assert machine.texts() == [(1, "read")] * count


def _dies_of_its_page(machine: Machine, count: int) -> None:
    """Started again by its supervisor it takes up its page; when it dies of it once more, the page is reported,
    and tried again only when a person says so. Every other page is read, and once."""
    first = machine.kill("a/ocr-0")
    assert machine.kill("a/ocr-0", time=2) == first
    until(lambda: not machine.waiting(), "all pages are tried")
    assert sorted(machine.texts()) == [(0, "failed")] + [(1, "read")] * (count - 1)
    [(reason, pages)] = machine.catalogue.pages.failures()
    assert ("2 次" in reason, pages) == (True, 1)
    assert machine.catalogue.pages.retry_failed() == 1


def test_a_machine_that_does_not_reach_the_files_says_so_and_fails_no_page(machine: Machine) -> None:
    give_pages(machine, 1)
    (machine.settings.home / "store").rename(machine.settings.home / "elsewhere")
    assert machine.start("work", "--kind=ocr").wait(60) == 3
    assert machine.texts() == [(0, "waiting")]


@pytest.mark.models
@pytest.mark.postgres
@pytest.mark.parametrize("machine", ["postgresql"], indirect=True)
def test_two_workers_embed_each_passage_once_and_the_projector_makes_none(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, long_run: bool
) -> None:
    encoder = load_encoder(None)
    if encoder is None:
        pytest.skip("the embedding model is not here")
    count = 2000 if long_run else 200
    machine.catalogue.records.put([Incoming(record(f"J001-1-1-{n}")) for n in range(1, count + 1)])
    for name in ("a/embed-0", "b/embed-0"):
        machine.start("work-one", "--kind", "embed", "--name", name)
    until(lambda: len(machine.catalogue.workers.all()) == 2, "both are there")
    made: list[int] = []
    monkeypatch.setattr(Embedder, "_encode", lambda _, texts, **__: made.append(len(texts)))
    shop = Workshop(machine.settings)
    asyncio.run(_project_all(shop))
    [staff] = asyncio.run(_rows(shop, "staff"))
    assert (staff.documents, staff.with_rows, made) == (count, count, [])
    until(lambda: sum(w.done for w in machine.catalogue.workers.all()) == count, "both have told")
    assert all(worker.done for worker in machine.catalogue.workers.all())


async def _project_all(shop: Workshop) -> None:
    projector = shop.projector()
    await projector.open()
    while shop.catalogue.outbox.counts():
        await projector.step()
    await projector.close()


async def _rows(shop: Workshop, audience: str) -> list[IndexStatus]:
    engine = search_engine(shop.settings, None)
    try:
        return [await engine.status(audience)]
    finally:
        await engine.close()
