"""Browsing, the list, signing in, the language, a phone, and an API that is away."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Stage
from tests.ui.waiting import follow, texts, visit

pytestmark = pytest.mark.browser

MINUTES = "990001:J001-1-1-3"


def test_browsing_goes_from_fonds_to_file_in_natural_order(reader: Page) -> None:
    visit(reader, "/browse")
    fonds = reader.locator(".dh-node.is-fonds")
    expect(fonds).to_have_count(3)
    expect(fonds.first.locator(".dh-intro")).to_contain_text("沈家门")
    fonds.first.locator(".dh-title").click()
    reader.locator(".dh-node.is-series .dh-title").first.click()
    expect(reader.locator(".dh-node.is-volume").first).to_be_visible()
    reader.locator(".dh-node.is-volume .dh-title").first.click()
    expect(reader.locator(".dh-node.is-file").first).to_be_visible()
    codes = texts(reader.locator(".dh-node.is-file code"))
    assert codes == sorted(codes, key=lambda code: [int(n) for n in re.findall(r"\d+", code)])
    expect(reader.locator(".dh-crumbs a")).to_have_count(3)
    reader.locator(".dh-node.is-file .dh-title").first.click()
    expect(reader.locator(".dh-where code")).to_have_text(codes[0])
    reader.go_back()
    expect(reader.locator(".dh-node.is-file").first).to_be_visible()


def test_search_within_a_place_stays_in_it(reader: Page) -> None:
    visit(reader, "/browse?node=990001:J045")
    reader.locator(".dh-ask input").fill("渔民")
    reader.keyboard.press("Enter")
    reader.wait_for_url(re.compile("within="))
    expect(reader.locator(".dh-card").first).to_be_visible()
    assert all(code.startswith("J045") for code in texts(reader.locator(".dh-card code")))
    expect(reader.locator(".dh-chip", has_text="范围")).to_contain_text("定海县人民政府")


def test_the_list_is_kept_ordered_noted_and_exported(page: Page, site: str) -> None:
    page.goto("/?q=渔民&mode=words&fonds=J001")
    cards = page.locator(".dh-card")
    expect(cards.first).to_be_visible()
    for n in range(2):
        cards.nth(n).locator("button", has_text="收藏").click()
        expect(cards.nth(n).locator(".dh-act.is-on")).to_have_text("✓ 已收藏")
        expect(page.locator(".dh-count")).to_have_text(str(n + 1))
    codes = texts(cards.locator("code"))[:2]
    page.goto("/list")  # another session of the same browser, as another tab would be
    expect(page.locator(".dh-kept code")).to_have_text(codes)
    with page.expect_response(re.compile("/x/list/note")):
        page.locator(".dh-kept textarea").first.fill("=1+1 要复核")
        page.locator(".dh-where").click()
    page.locator(".dh-kept").first.locator("button", has_text="下移").click()
    expect(page.locator(".dh-kept code")).to_have_text(codes[::-1])
    with page.expect_download() as download:
        page.locator("a", has_text="导出 XLSX").click()
    sheet = load_workbook(BytesIO(download.value.path().read_bytes())).active
    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    head = rows[0]
    assert [row[head.index("档号")] for row in rows[1:]] == codes[::-1]
    assert rows[2][head.index("备注")] == "=1+1 要复核"
    assert sheet.cell(3, head.index("备注") + 1).data_type == "s"
    assert "[A]" in str(rows[1][head.index("引用格式")])
    assert str(rows[1][head.index("地址")]).startswith(f"{site}/record?id=")
    page.locator(".dh-kept").first.locator("button", has_text="移除").click()
    expect(page.locator(".dh-kept")).to_have_count(1)
    page.locator("button", has_text="全部移除").click()
    expect(page.locator(".dh-notice")).to_contain_text("还没有收藏")


def test_a_card_gives_its_citation(reader: Page) -> None:
    visit(reader, "/?q=渔民&mode=words&fonds=J001")
    reader.locator(".dh-card [data-cite]").first.click()
    dialog = reader.locator("dialog.dh-dialog")
    expect(dialog.locator("p")).to_contain_text("[A]")
    reader.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_english_by_a_switch_keeps_the_place(page: Page) -> None:
    page.goto("/?q=渔民&mode=words&fonds=J001")
    expect(page.locator(".dh-card").first).to_be_visible()
    page.locator(".dh-language").click()
    expect(page.locator(".dh-head nav a").first).to_have_text("Search")
    expect(page.locator(".dh-card").first).to_be_visible()
    assert "fonds=J001" in page.url
    expect(page.locator(".dh-badge").first).to_have_text("Open")
    assert page.evaluate("document.documentElement.lang") == "en"
    follow(page, "/browse")
    expect(page.locator(".dh-where")).to_have_text("All fonds")
    page.locator(".dh-language").click()
    expect(page.locator(".dh-where")).to_have_text("全部全宗")


def test_a_key_opens_what_it_may_and_sign_out_closes_it(page: Page, staff_key: str, api: str) -> None:
    key, staff = staff_key, {"Authorization": f"Bearer {staff_key}"}
    answer = httpx.get(f"{api}/v1/search?fonds=J045&size=100&level=file", headers=staff)
    assert answer.is_success, answer.text
    every = answer.json()["hits"]
    closed = next(hit["id"] for hit in every if hit["access_status"] == "控制")
    page.goto(f"/record?id={closed}")
    expect(page.locator(".dh-notice")).to_contain_text("无权查看")
    follow(page, "/sign-in")
    page.locator("summary", has_text="密钥").click()
    page.locator("input[name=key]").fill("wrong")
    page.locator(".dh-key .dh-main").click()
    expect(page.locator(".dh-error")).to_contain_text("密钥不对")
    page.locator("summary", has_text="密钥").click()
    page.locator("input[name=key]").fill(key)
    page.locator(".dh-key .dh-main").click()
    expect(page.locator(".dh-side button")).to_have_text("退出")
    follow(page, f"/record?id={closed}&view=fields")
    expect(page.locator(".dh-top .dh-badge")).to_have_text("控制")
    cookies = page.context.cookies()
    assert all(key not in str(cookie["value"]) for cookie in cookies)
    assert next(c for c in cookies if c["name"] == "danghai_visitor")["httpOnly"]
    follow(page, "/?q=渔民")
    expect(page.locator("[data-testid=stProgress]")).to_contain_text("正在识读")
    page.locator(".dh-side button").click()
    expect(page.locator(".dh-side")).to_contain_text("登录")
    follow(page, f"/record?id={closed}")
    expect(page.locator(".dh-notice")).to_contain_text("无权查看")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?q=渔民，1950年以后",
        f"/record?id={MINUTES}&q=渔民",
        f"/record?id={MINUTES}&view=fields",
        "/browse",
        "/list",
    ],
)
def test_a_phone_needs_no_sideways_scroll(phone_reader: Page, path: str) -> None:
    visit(phone_reader, path)
    phone_reader.wait_for_selector(".st-key-page [data-testid=stHtml]")
    phone_reader.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    wide = phone_reader.evaluate(
        "[...document.querySelectorAll('.dh-head, .st-key-page *')].filter(e => {"
        "  const r = e.getBoundingClientRect();"
        "  return r.width && r.right > innerWidth + 1 && !e.closest('.dh-strip, .dh-scan, .dh-text, pre, svg')"
        "}).map(e => e.outerHTML.slice(0, 120))"
    )
    assert wide == []
    assert phone_reader.evaluate("innerWidth") == 390
    assert phone_reader.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390


def test_on_a_phone_filters_unfold_by_a_button(phone_reader: Page) -> None:
    visit(phone_reader, "/?q=渔民&mode=words")
    expect(phone_reader.locator(".dh-card").first).to_be_in_viewport()
    facet = phone_reader.locator("[data-facet=fonds]")
    expect(facet).to_be_hidden()
    phone_reader.locator(".dh-fold").tap()
    expect(facet).to_be_visible()


def test_an_api_that_is_away_is_said_and_found_again_and_one_without_a_model_for_meaning_says_so(
    page: Page, home: Path, stage: Stage, second: tuple[str, int], tmp_path: Path
) -> None:
    address, port = second
    page.goto(f"{address}/?q=渔民")
    expect(page.locator(".dh-notice")).to_contain_text("检索服务没有应答")
    expect(page.locator(".dh-ask input")).to_have_value("渔民")
    with stage.search_api(home, port, DANGHAI_MODELS_DIR=str(tmp_path)):
        # Nobody reloads: the page finds out by itself.
        expect(page.locator(".dh-card").first).to_be_visible()
        expect(page.locator(".dh-notice", has_text="检索服务没有应答")).to_have_count(0)
        expect(page.locator(".dh-tell")).to_contain_text("danghai models pull")
        follow(page, "/")
        expect(page.locator(".dh-tell")).to_contain_text("没有装意义检索的模型")
        follow(page, "/?q=渔民&sort=date")  # by date nobody asks for meaning
        expect(page.locator(".dh-card").first).to_be_visible()
        expect(page.locator(".dh-tell")).to_have_count(0)
