"""A real API on real sample holdings, the explorer before it, and a real Chromium."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from holdings.access import STAFF
from holdings.catalogue import Catalogue

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[2]
HOLDINGS = ROOT / "corpus_samples" / "holdings"
CHROMIUM = "/usr/bin/chromium"
#: The one scan that is read here by OCR: the minutes, two pages.
READ = "J001-1-1-3"
#: The samples have no open record without a date.
UNDATED = {
    "reference_code": "J001-1-2-9",
    "archive_code": "990001",
    "fonds_code": "J001",
    "title": "渔民号子手抄本",
    "access_status": "开放",
    "publicity": "公开",
    "text": "起锚号子。摇橹号子。拔篷号子，众人和。",
}
#: Milliseconds a page may take on a machine that is busy with everything else.
PATIENCE = 30_000


def free_port() -> int:
    """A port nobody answers at, as the system chooses: another worker's servers have others."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(command: list[str], log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours with its children; ended at the end."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def until(ready: Callable[[], bool], what: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if ready():
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come up")


class Stage:
    """What starts the two processes, for the fixtures and for tests that need their own."""

    free_port = staticmethod(free_port)

    @contextmanager
    def explorer(self, api: str, log: Path) -> Iterator[str]:
        """The explorer before an API; its address."""
        port = free_port()
        options = ["--server.port", str(port), "--server.headless", "true"]
        with running(["-m", "streamlit", "run", "ui/app.py", *options], log, DANGHAI_API_URL=api):
            address = f"http://127.0.0.1:{port}"
            until(lambda: httpx.get(f"{address}/_stcore/health").is_success, "the explorer")
            yield address

    @contextmanager
    def search_api(self, home: Path, port: int, **settings: str) -> Iterator[str]:
        """The API on a data folder; its address."""
        command = ["-m", "uvicorn", "--factory", "search_api.app:create_app", "--port", str(port)]
        with running(
            [*command, "--log-level", "warning"],
            home / f"api-{port}.log",
            DANGHAI_HOME=str(home),
            DANGHAI_EXAMPLE_QUESTIONS='["沈家门渔船登记，1950年", "灯塔"]',
            **settings,
        ):
            address = f"http://127.0.0.1:{port}"
            until(lambda: httpx.get(f"{address}/readyz").is_success, "the API")
            yield address


def ingest(home: Path, *what: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "danghai", "ingest", *what],
        cwd=ROOT,
        env={**os.environ, "DANGHAI_HOME": str(home), "DANGHAI_OCR_WORKERS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 2), done.stdout + done.stderr


@pytest.fixture(scope="package")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder: one scan of J001 really read, J045 and M003 beside it with scans that wait."""
    home = tmp_path_factory.mktemp("home")
    first = tmp_path_factory.mktemp("holdings") / "J001"
    first.mkdir()
    for item in HOLDINGS.joinpath("J001").iterdir():
        if item.is_file():
            shutil.copy(item, first)
    shutil.copytree(HOLDINGS / "J001" / READ, first / READ)
    first.joinpath("undated.jsonl").write_text(json.dumps(UNDATED, ensure_ascii=False), encoding="utf-8")
    ingest(home, str(first))
    ingest(home, "--no-ocr", str(HOLDINGS / "J045"), str(HOLDINGS / "M003"))
    return home


@pytest.fixture(scope="package")
def staff_key(home: Path) -> str:
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    key = catalogue.keys.add(STAFF, roles=["archivist"], name="试")
    catalogue.close()
    return key


@pytest.fixture(scope="package")
def stage() -> Stage:
    return Stage()


@pytest.fixture(scope="package")
def api(home: Path, stage: Stage) -> Iterator[str]:
    with stage.search_api(home, free_port()) as address:
        yield address


@pytest.fixture(scope="package")
def site(api: str, home: Path, stage: Stage) -> Iterator[str]:
    with stage.explorer(api, home / "explorer.log") as address:
        yield address


@pytest.fixture(scope="package")
def second(home: Path, stage: Stage) -> Iterator[tuple[str, int]]:
    """An explorer whose API is away; its address, and the port at which a test may start the API."""
    port = free_port()
    with stage.explorer(f"http://127.0.0.1:{port}", home / "explorer-second.log") as address:
        yield address, port


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("needs chromium: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def desktop(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """One browser profile for all tests: what the explorer is made of is fetched once."""
    made = chromium.new_context(
        viewport={"width": 1360, "height": 900}, locale="zh-CN", base_url=site, accept_downloads=True
    )
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@pytest.fixture(scope="package")
def phone(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    made = chromium.new_context(
        viewport={"width": 390, "height": 844}, locale="zh-CN", base_url=site, has_touch=True, is_mobile=True
    )
    made.set_default_timeout(PATIENCE)
    yield made
    made.close()


@contextmanager
def the_tab(context: BrowserContext) -> Iterator[Page]:
    """The tab that the test before has left: a renderer that starts anew, and compiles the explorer's scripts anew, costs
    more processor time than most tests. A script error on the page fails the test that caused it."""
    tab, *more = context.pages or [context.new_page()]
    for one in more:
        one.close()
    tab.mouse.move(0, 0)
    errors: list[str] = []

    def failed(error: object) -> None:
        errors.append(str(error))

    def crashed(_: object) -> None:
        errors.append("the page crashed")

    tab.on("pageerror", failed)
    tab.on("crash", crashed)
    yield tab
    tab.remove_listener("pageerror", failed)
    tab.remove_listener("crash", crashed)
    if "the page crashed" in errors:
        tab.close()
    assert errors == []


@pytest.fixture
def page(desktop: BrowserContext) -> Iterator[Page]:
    """For a visitor nobody knows: who goes anywhere loads it."""
    with the_tab(desktop) as tab:
        desktop.clear_cookies()
        yield tab


@pytest.fixture
def phone_page(phone: BrowserContext) -> Iterator[Page]:
    with the_tab(phone) as tab:
        phone.clear_cookies()
        yield tab


@contextmanager
def reading(context: BrowserContext, session: pytest.Session) -> Iterator[Page]:
    failed = session.testsfailed
    with the_tab(context) as tab:
        yield tab
        if session.testsfailed > failed:
            tab.goto("about:blank")


@pytest.fixture
def reader(desktop: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    """For tests that only read, as nobody: tests.ui.waiting.visit goes on in the page that the test before has loaded.
    After a failure it is loaded again."""
    with reading(desktop, request.session) as tab:
        yield tab


@pytest.fixture
def phone_reader(phone: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    with reading(phone, request.session) as tab:
        yield tab
