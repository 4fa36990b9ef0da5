"""A record's page in a real browser: the scan with its marks, the text, what lies around it."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.ui.waiting import texts, until, visit
from ui.client import record_path

pytestmark = pytest.mark.browser


@pytest.fixture
def page(reader: Page) -> Page:
    """Nobody signs in here."""
    return reader


MINUTES = "990001:J001-1-1-3"


def open_minutes(page: Page, extra: str = "") -> None:
    visit(page, f"/record?id={MINUTES}{extra}")
    page.wait_for_selector(".dh-scanview:not(.is-loading) .dh-stage img")


def test_matches_are_drawn_where_the_api_says(page: Page, api: str) -> None:
    open_minutes(page, "&q=旧麻袋")
    found = httpx.get(f"{api}{record_path(MINUTES)}/matches", params={"q": "旧麻袋"}).json()["pages"]
    assert [match["page"] for match in found] == [2]
    # Without a page in the address it opens at the first one that matches.
    expect(page.locator(".dh-leaf")).to_have_text("第 2 / 2 页")
    drawn = page.locator(".dh-matchbox").evaluate_all(
        "all => all.map(r => ['x', 'y', 'width', 'height'].map(n => Number(r.getAttribute(n))))"
    )
    assert drawn == found[0]["boxes"]
    shown = httpx.get(f"{api}{record_path(MINUTES)}").json()["pages"][1]
    view = page.locator(".dh-scan svg").get_attribute("viewBox")
    assert view == f"0 0 {shown['width']} {shown['height']}"
    # The box on the screen lies on the image, in the same proportion.
    image = page.locator(".dh-stage img").bounding_box()
    box = page.locator(".dh-matchbox").first.bounding_box()
    assert image
    assert box
    x, y, width, _ = found[0]["boxes"][0]
    scale = image["width"] / shown["width"]
    assert box["x"] - image["x"] == pytest.approx(x * scale, abs=3)
    assert box["y"] - image["y"] == pytest.approx(y * scale, abs=3)
    assert box["width"] == pytest.approx(width * scale, abs=4)
    expect(page.locator(".dh-text mark").first).to_be_visible()
    expect(page.locator(".dh-strip b")).to_have_text(str(len(found[0]["marks"])))


def test_the_scan_shows_real_pixels(page: Page) -> None:
    open_minutes(page)
    dark = page.locator(".dh-stage img").evaluate(
        """async i => { await i.decode(); const c = document.createElement('canvas');
        c.width = c.height = 64; const x = c.getContext('2d'); x.drawImage(i, 0, 0, 64, 64);
        return [...x.getImageData(0, 0, 64, 64).data].filter((v, n) => n % 4 === 0 && v < 200).length }"""
    )
    assert dark > 50


def test_zoom_turn_move_and_fit(page: Page) -> None:
    open_minutes(page)
    root = page.locator(".dh-scan")

    def scale() -> float:
        return float(root.get_attribute("data-scale") or "0")

    fitted = scale()
    page.locator("[data-do=in]").click()
    assert scale() == pytest.approx(fitted * 1.25, rel=0.01)
    before = page.locator(".dh-stage img").bounding_box()
    view = page.locator(".dh-scanview").bounding_box()
    assert before
    assert view
    x, y = view["x"] + view["width"] / 2, view["y"] + view["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 25, steps=4)
    page.mouse.up()
    after = page.locator(".dh-stage img").bounding_box()
    assert after
    assert after["x"] - before["x"] == pytest.approx(40, abs=1)
    assert after["y"] - before["y"] == pytest.approx(25, abs=1)
    page.locator("[data-do=right]").click()
    assert root.get_attribute("data-turn") == "90"
    turned = page.locator(".dh-stage img").bounding_box()
    assert turned
    assert turned["width"] > turned["height"]
    page.locator(".dh-scanview").focus()
    page.keyboard.press("Shift+R")
    assert root.get_attribute("data-turn") == "0"
    assert scale() == pytest.approx(fitted, rel=0.01)
    page.mouse.wheel(0, -100)
    until(page, f"Number(document.querySelector('.dh-scan').dataset.scale) > {fitted * 1.2}")
    page.keyboard.press("0")
    assert scale() == pytest.approx(fitted, rel=0.01)


def test_text_and_scan_point_at_each_other(page: Page) -> None:
    open_minutes(page)
    lines = page.locator(".dh-line")
    expect(lines.first).to_contain_text("座谈会记录")
    lines.nth(1).hover()
    lit = page.locator(".dh-linebox.is-lit")
    expect(lit).to_have_count(1)
    assert lit.get_attribute("data-line") == "1"


def test_pages_turn_and_the_address_follows(page: Page) -> None:
    open_minutes(page, "&q=渔民&page=1")
    page.locator("a", has_text="后一页").click()
    page.wait_for_url(re.compile("page=2"))
    expect(page.locator(".dh-leaf")).to_have_text("第 2 / 2 页")
    page.locator(".dh-strip a").first.click()
    expect(page.locator(".dh-leaf")).to_have_text("第 1 / 2 页")
    page.reload()
    expect(page.locator(".dh-leaf")).to_have_text("第 1 / 2 页")
    expect(page.locator(".dh-finder input, .dh-ask input")).to_have_value("渔民")


def test_a_correction_is_shown_and_the_older_version_can_be_chosen(
    page: Page, api: str, staff_key: str
) -> None:
    where = f"{api}{record_path(MINUTES)}/pages/1"
    read = [line["text"] for line in httpx.get(where).json()["lines"]]
    right = "时间：一九五〇年八月十五日下午一时（校）"
    lines = [read[0], right, *read[2:]]
    staff = {"Authorization": f"Bearer {staff_key}"}
    done = httpx.put(f"{where}/text", json={"lines": lines, "by": "王某"}, headers=staff)
    assert done.is_success, done.text
    open_minutes(page, "&page=1&q=渔民")
    expect(page.locator(".dh-line").nth(1)).to_have_text(right)
    expect(page.locator(".dh-versions .is-on")).to_contain_text("校对 王某")
    page.locator(".dh-versions a", has_text="识读").click()
    expect(page.locator(".dh-line").nth(1)).to_have_text(read[1])
    assert "version=1" in page.url
    expect(page.locator(".dh-versions .is-on")).to_contain_text("识读")


def test_description_stands_in_the_standards_order(page: Page, api: str) -> None:
    visit(page, f"/record?id={MINUTES}&view=fields")
    expect(page.locator(".dh-fields")).to_be_visible()
    shown = page.locator(".dh-fields dd").evaluate_all("all => all.map(d => d.dataset.field)")
    table = [field["name"] for field in httpx.get(f"{api}/v1/fields").json()]
    assert len(shown) > 8
    assert shown == [name for name in table if name in shown]


def test_citations_are_shown_and_downloaded(page: Page) -> None:
    visit(page, f"/record?id={MINUTES}&view=cite")
    expect(page.locator("#dh-citation")).to_contain_text("[A]")
    expect(page.locator("#dh-citation")).to_contain_text("J001-1-1-3")
    with page.expect_download() as download:
        page.locator("a", has_text="下载 RIS").click()
    assert download.value.suggested_filename == "J001-1-1-3.ris"
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith("TY  - ")
    assert "AN  - J001-1-1-3" in text


def test_similar_records_and_neighbours_lead_on(page: Page) -> None:
    visit(page, f"/record?id={MINUTES}&view=similar")
    expect(page.locator(".dh-small .dh-card").first).to_be_visible()
    codes = texts(page.locator(".dh-small code"))
    assert "J001-1-1-3" not in codes
    page.locator(".dh-top .dh-next").click()
    expect(page.locator(".dh-where code")).to_have_text("J001-1-1-4")
    page.locator(".dh-top .dh-previous").click()
    expect(page.locator(".dh-where code")).to_have_text("J001-1-1-3")


def test_crumbs_lead_up_to_the_volume(page: Page) -> None:
    visit(page, f"/record?id={MINUTES}")
    crumbs = page.locator(".dh-crumbs a")
    expect(crumbs.first).to_have_text("全部全宗")
    crumbs.last.click()
    page.wait_for_url(re.compile("/browse"))
    expect(page.locator(".dh-node.is-file").first).to_be_visible()


def test_a_page_that_waits_for_the_reader_says_so(page: Page) -> None:
    visit(page, "/record?id=990001:J045-1-12-1")
    expect(page.locator(".dh-notice")).to_contain_text("还没有识读")
    page.wait_for_selector(".dh-scanview:not(.is-loading) .dh-stage img")


def test_an_unknown_record_and_a_closed_one_read_the_same(page: Page, api: str) -> None:
    closed = "990001:J045-1-3-1"
    texts = []
    for record_id in (closed, "990001:J045-9-9-9"):
        if httpx.get(f"{api}{record_path(record_id)}").status_code != 404:
            continue
        visit(page, f"/record?id={record_id}")
        expect(page.locator(".dh-notice")).to_contain_text("无权查看")
        texts.append(page.locator(".st-key-page").inner_text())
    assert texts
    assert len(set(texts)) == 1
