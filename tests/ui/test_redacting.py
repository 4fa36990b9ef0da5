"""Marking regions on a scan: by mouse and by numbers, seen as the public would see it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from holdings.catalogue import Catalogue
from holdings.locks import projector_lock
from holdings.settings import Settings
from tests.ui.conftest import running, until
from tests.ui.signing import sign_in
from ui.redacting import regions_of

pytestmark = pytest.mark.browser

MINUTES = "990001:J001-1-1-3"


def test_numbers_are_read_a_line_at_a_time() -> None:
    assert regions_of("1 2 3 4\n\n 5，6、7, 8 ") == ([(1, 2, 3, 4), (5, 6, 7, 8)], "")
    for bad in ("1 2 3", "a b c d", "1 2 3 -4"):
        assert regions_of(f"1 2 3 4\n{bad}") == ([], bad)


def test_a_region_drawn_on_the_scan_is_written_and_previewed(page: Page, staff_key: str) -> None:
    page.goto(f"/record?id={MINUTES}")
    page.wait_for_selector(".dh-scanview:not(.is-loading) .dh-stage img")
    expect(page.locator("[data-key=view-redact]")).to_have_count(0)  # nobody's business but staff's
    sign_in(page, staff_key)
    page.goto(f"/record?id={MINUTES}&view=redact")
    page.wait_for_selector(".dh-scanview:not(.is-loading) .dh-stage img")
    view = page.locator(".dh-scanview").bounding_box()
    assert view is not None
    x, y = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    page.mouse.move(x - 40, y - 30)
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(x + 40, y + 30, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    written = page.get_by_label("区域")
    expect(written).to_have_value(re.compile(r"^\d+ \d+ \d+ \d+$"))
    left, top, width, height = map(int, written.input_value().split())
    assert min(left, top, width, height) > 0
    page.get_by_role("button", name="预览公众所见").click()
    picture = page.locator("img.dh-outer")
    expect(picture).to_be_visible()
    expect(picture).to_have_js_property("complete", True)
    # The very pixel in the middle of the region is black in what the public would get.
    middle = [left + width // 2, top + height // 2]
    seen = picture.evaluate(
        """(image, [x, y]) => {
          const canvas = document.createElement("canvas");
          canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
          const at = canvas.getContext("2d");
          at.drawImage(image, 0, 0);
          return [...at.getImageData(x, y, 1, 1).data];
        }""",
        middle,
    )
    assert max(seen[:3]) < 12
    expect(page.locator(".dh-outer-text")).not_to_be_empty()


def test_a_field_is_given_a_public_form_and_gets_its_own_back(
    page: Page, staff_key: str, home: Path, api: str
) -> None:
    title = httpx.get(f"{api}/v1/records/{MINUTES}").json()["title"]

    def outside() -> str:
        return str(httpx.get(f"{api}/v1/records/{MINUTES}").json()["title"])

    sign_in(page, staff_key)
    page.goto(f"/record?id={MINUTES}&view=form")
    expect(page.locator("[data-key=view-form]")).to_be_visible()
    field = page.get_by_label("题名", exact=True)
    expect(field).to_have_value(title)
    # It is answered once the indexes have lost the words: somebody must be at work on them.
    catalogue, lock = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}"), projector_lock(Settings(home=home))
    formed = page.locator(".dh-hint", has_text="已另写")
    with running(["-m", "danghai", "project"], home / "project.log", DANGHAI_HOME=str(home)):
        until(lock.is_held, "the projector")
        field.fill("")
        page.get_by_role("button", name="保存公开著录").click()
        expect(page.get_by_test_id("stAlert")).to_contain_text("题名不能空")
        field.fill(f"××{title[4:]}")
        page.get_by_role("button", name="保存公开著录").click()
        expect(formed).to_have_count(1, timeout=90_000)
        assert outside() == f"××{title[4:]}"
        expect(page.locator(".dh-meta", has_text="隐去的字")).to_contain_text(title[:2])
        if folder := os.environ.get("DANGHAI_SCREENSHOTS"):
            page.screenshot(path=f"{folder}/public-form.png")
        field.fill(title)
        page.get_by_role("button", name="保存公开著录").click()
        expect(formed).to_have_count(0, timeout=90_000)
        until(lambda: not catalogue.outbox.withdrawing(), "the index")
    catalogue.close()
    assert outside() == title
