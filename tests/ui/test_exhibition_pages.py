"""A published exhibition in a real browser: on a desk, on a phone, by keyboard, on paper, and from a folder alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pypdfium2
import pytest
from axe_playwright_python.sync_playwright import Axe

from curation.edition import as_json, of_json
from curation.outputs import viewer
from curation.outputs.site import Drawn, page_set
from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue
from holdings.catalogue.editions import records_of, without
from tests.outputs.sample import DrawnPictures, edition
from tests.ui.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

SLUG = "dongji-1942"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def exhibition(api: str, home: Path) -> str:
    """The sample exhibition, as far as its records are here; its address."""
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    body = as_json(edition(slug=SLUG))
    missing = records_of(body) - catalogue.records.many(sorted(records_of(body))).keys()
    catalogue.editions.publish(without(body, missing), Caller(STAFF, name="试"))
    catalogue.close()
    return f"{api}/exhibitions/{SLUG}/"


def test_a_link_checker_asks_for_headers_alone(exhibition: str) -> None:
    got, headers = httpx.get(exhibition), httpx.head(exhibition)
    assert (headers.status_code, headers.content) == (200, b"")
    assert {n: v for n, v in headers.headers.items() if n != "date"} == {
        n: v for n, v in got.headers.items() if n != "date"
    }
    assert httpx.head(f"{exhibition}nowhere.html").status_code == 404


def watched(context: BrowserContext, own: str) -> tuple[Any, list[str]]:
    """A page, and what is wrong with it: errors, what failed, what was asked of other hosts."""
    page, wrong = context.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on(
        "request", lambda r: wrong.append(r.url) if urlsplit(r.url).netloc != urlsplit(own).netloc else None
    )
    return page, wrong


def keeps_the_rules(page: Any, address: str) -> None:
    page.goto(address)
    page.evaluate("document.querySelectorAll('img').forEach((i) => i.loading = 'eager')")
    until(page, "[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), address
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, f"{address}\n{found.generate_report()}"


@pytest.mark.parametrize(
    "options", [{"viewport": {"width": 1360, "height": 900}}, PHONE], ids=["desk", "phone"]
)
def test_pages_are_whole_fit_the_screen_and_keep_the_rules_of_accessibility(
    exhibition: str, chromium: Browser, options: dict[str, Any]
) -> None:
    context = chromium.new_context(locale="zh-CN", bypass_csp=True, **options)  # axe is put in as a script
    page, wrong = watched(context, exhibition)
    keeps_the_rules(page, exhibition)
    first = page.locator("h3 a").first.get_attribute("href")
    for address in (
        f"{exhibition}{first}",
        f"{exhibition}chronology.html",
        exhibition.removesuffix(f"/{SLUG}/"),
    ):
        keeps_the_rules(page, address)
    assert wrong == []
    context.close()


def test_a_scan_is_zoomed_by_keyboard_under_the_pages_own_policy(exhibition: str, chromium: Browser) -> None:
    if not viewer.script(None):
        pytest.skip("the deep zoom's script is not here")
    context = chromium.new_context(locale="zh-CN")
    page, wrong = watched(context, exhibition)
    page.goto(exhibition)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.locator("h3 a").first.focus()
    page.keyboard.press("Enter")
    zoom = page.get_by_role("button", name="放大细看").first
    zoom.focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    until(page, "document.querySelector('.zoom canvas') !== null")
    assert page.evaluate("document.activeElement.textContent") == "关闭"
    page.get_by_role("button", name="放大", exact=True).press("Enter")
    page.keyboard.press("Escape")
    until(page, "document.querySelector('dialog') === null")
    assert page.evaluate("document.activeElement.textContent") == "放大细看"
    assert wrong == []
    context.close()


def test_a_page_prints(exhibition: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(exhibition)
    printed = pypdfium2.PdfDocument(page.pdf())
    text = "".join(p.get_textpage().get_text_bounded() for p in printed)
    assert "放大细看" not in text
    assert "大事记" not in text  # the navigation stays on the screen
    assert "M003-1-10-2" in text
    assert len(printed) < 8
    page.close()


def test_a_folder_without_the_deep_zoom_shows_plain_large_pictures(tmp_path: Path, chromium: Browser) -> None:
    whole = of_json(as_json(edition(slug=SLUG)))
    pictures = DrawnPictures()
    for path, file in page_set(whole).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        made = pictures.jpeg(file.picture, longest=file.longest) if isinstance(file, Drawn) else file()
        (tmp_path / path).write_bytes(made)
    context = chromium.new_context(locale="zh-CN")
    page, wrong = watched(context, "")
    page.goto((tmp_path / "index.html").as_uri())
    page.locator("h3 a").first.click()
    until(page, "[...document.images].slice(0, 1).every((i) => i.complete && i.naturalWidth > 0)")
    assert page.locator("script, button").count() == 0
    page.locator(".scan > a").first.click()
    until(page, "document.images[0].naturalHeight === 1536")
    assert wrong == []
    context.close()
