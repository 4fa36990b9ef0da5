"""What a hostile caller meets: limits, headers, errors that tell nothing, pictures that would not end."""

from __future__ import annotations

import ast
import asyncio
import io
import logging
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from holdings.catalogue import Incoming, IncomingPage
from holdings.catalogue.records import Records
from search_api import images
from search_api.house import House
from search_api.limits import MAX_PARAMETERS, MAX_QUERY

from .conftest import System, Tools
from .small_archive import file_code, file_record, of, small_archive
from .test_records import problem

ROOT = Path(__file__).parents[2]
PLAIN = of(file_code(1))
HEADERS = {
    "content-security-policy": "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
}


def crash(*_: Any, **__: Any) -> Any:
    raise RuntimeError("密档 /secret/path 的内容")


def test_every_answer_has_the_security_headers(archive: System, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all kinds: found, not found, refused, wrong, too long, a picture, a page, a crash."""
    addresses = [
        "/v1/search", f"/v1/records/{PLAIN}", f"/v1/records/{PLAIN}/pages/1/image", "/v1/records/x",
        "/v1/suggest", "/nowhere", f"/v1/search?q={'a' * MAX_QUERY}", "/docs", "/openapi.json",
    ]  # fmt: skip
    answers = [archive.ask(address) for address in addresses]
    monkeypatch.setattr(Records, "get", crash)
    answers.append(archive.ask(f"/v1/records/{PLAIN}"))
    assert {a.status_code for a in answers} == {200, 404, 414, 422, 500}
    for answer in answers:
        for name, value in HEADERS.items():
            assert value in answer.headers[name], (answer.url, name)
        assert len(answer.headers.get_list("content-security-policy")) == 1
    assert "script-src" not in answers[0].headers["content-security-policy"]


def test_a_crash_says_nothing_but_a_number_that_is_in_the_log(
    archive: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Records, "get", crash)
    with caplog.at_level(logging.ERROR, "danghai.api"):
        answer = archive.ask(f"/v1/records/{PLAIN}")
    said = problem(answer, 500, "internal")
    assert not re.search("secret|密档|RuntimeError|File |\\.py", answer.text)
    number = re.search(r"编号 ([0-9a-f]{12})", said["detail"])
    assert number
    assert number[1] in caplog.text
    assert "RuntimeError" in caplog.text


def test_parameters_that_are_too_long_or_too_many_are_refused(archive: System) -> None:
    problem(archive.ask(f"/v1/search?q={'a' * MAX_QUERY}"), 414, "uri-too-long")
    problem(archive.ask("/v1/search?" + "&".join(["genre=a"] * (MAX_PARAMETERS + 1))), 414, "uri-too-long")
    assert archive.ask("/v1/search?" + "&".join(["genre=a"] * MAX_PARAMETERS)).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(tmp_path, tools, request_seconds=3)
    try:
        system.put(small_archive(system.store).incoming)
        system.project()
        assert system.search("灯塔")["hits"]

        async def never(*_: Any) -> Any:
            await asyncio.sleep(60)

        with monkeypatch.context() as patch:
            patch.setattr(House, "ask", never)
            began = time.monotonic()
            answer = system.ask("/v1/search", params={"q": "灯塔"})
            assert time.monotonic() - began < 15
        problem(answer, 503, "too-slow")
        assert answer.headers["retry-after"]
        assert system.ask("/healthz").status_code == 200
    finally:
        system.close()


# ── pictures ───────────────────────────────────────────────────────────────────


@pytest.fixture
def pictures(tools: Tools, tmp_path: Path) -> Iterator[System]:
    """A house that takes a million pixels at most; its one page lies about its size in the catalogue."""
    system = System(tmp_path, tools, max_pixels=1_000_000)
    out = io.BytesIO()
    Image.new("1", (1100, 1100)).save(out, "PNG")
    sha = system.store.put(out.getvalue())
    bomb = IncomingPage(1, sha, "scan", 0, "image/png", "0001.png", 620, 800)
    out = io.BytesIO()
    Image.new("1", (620, 800)).save(out, "PNG")
    plain = IncomingPage(2, system.store.put(out.getvalue()), "scan", 0, "image/png", "0002.png", 620, 800)
    code = "P1-1"
    record = file_record(1, id=of(code), reference_code=code, parent=None)
    system.put([Incoming(record, [bomb, plain])])
    system.project()
    yield system
    system.close()


def image_of(system: System, number: int, width: int = 240) -> Any:
    return system.ask(f"/v1/records/{of('P1-1')}/pages/{number}/image", params={"width": width})


def test_a_picture_with_more_pixels_than_allowed_is_not_unfolded(pictures: System) -> None:
    problem(image_of(pictures, 1), 404, "not-found")
    assert image_of(pictures, 2).status_code == 200


def test_pictures_that_do_not_end_leave_the_rest_of_the_house_alone(
    pictures: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several at once: those drawn and those that wait are bounded, and each is waited for only so long."""
    house: House = pictures.client.app.state.house  # type: ignore[attr-defined]
    house.images._places = threading.BoundedSemaphore(4)
    go_on = threading.Event()
    draw = images.open_page

    def slow(*given: Any) -> Any:
        go_on.wait(30)
        return draw(*given)

    monkeypatch.setattr(images, "open_page", slow)
    monkeypatch.setattr(images, "SECONDS", 1.0)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(image_of, pictures, 2, width) for width in (240, 480, 240, 480, 240, 480)]
        began = time.monotonic()
        assert pictures.ask("/healthz").status_code == 200
        assert pictures.search("")["total"]["value"] == 1
        assert time.monotonic() - began < 5
        for answer in (a.result() for a in asked):
            problem(answer, 503, "busy")
            assert answer.headers["retry-after"]
    go_on.set()
    monkeypatch.undo()
    deadline = time.monotonic() + 10
    while image_of(pictures, 2).status_code != 200:
        assert time.monotonic() < deadline, "the workers come back"
        time.sleep(0.05)


# ── no address that a caller gives is ever fetched ─────────────────────────────

#: What could open a connection.
CLIENTS = {
    "httpx",
    "requests",
    "aiohttp",
    "urllib.request",
    "http.client",
    "socket",
    "ftplib",
    "elasticsearch",
}
#: Where one is: a path's beginning → the setting that alone names the address.
ALLOWED = {
    "holdings/engines/elasticsearch": "DANGHAI_ELASTIC_HOSTS",
    "search_api/oidc.py": "DANGHAI_OIDC_ISSUER",
    "holdings/audit/webhook.py": "DANGHAI_ALERT_WEBHOOK",
}


def test_the_api_has_no_client_that_could_fetch_an_address_a_caller_gives() -> None:
    found = []
    for room in ("search_api", "holdings"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
                names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
                if any(name == c or name.startswith(f"{c}.") for name in names for c in CLIENTS):
                    found.append(str(path.relative_to(ROOT)))
    strange = [path for path in found if not path.startswith(tuple(ALLOWED))]
    assert strange == [], "say in ALLOWED which setting names the address that is asked"
