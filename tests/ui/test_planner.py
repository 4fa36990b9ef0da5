"""An exhibition in a real browser: from a search to the page that visitors open, by the nine people it takes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from tests.ui.waiting import settled

pytestmark = pytest.mark.browser

#: Who does which step after the curator has submitted; the curator publishes.
REVIEWERS = {
    "first": "archivist",
    "second": "archivist",
    "final": "reviewer",
    "proof-first": "archivist",
    "proof-second": "archivist",
    "proof-third": "archivist",
    "openness": "reviewer",
}
LEAD = "一九四二年十月，“里斯本丸”在东极海面沉没，渔民划船救人。"
SLUG = "lisbon-maru"
#: What is closed once it is published.
WITHDRAWN = "M003-1-10-2"


@pytest.fixture
def catalogue(home: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    yield made
    made.close()


def kept(page: Page, name: str) -> None:
    """A picture for people to look at, where DANGHAI_SCREENSHOTS says."""
    if folder := os.environ.get("DANGHAI_SCREENSHOTS"):
        settled(page)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def sign_in(page: Page, key: str) -> None:
    page.context.clear_cookies()
    page.goto("/sign-in")
    page.locator("summary", has_text="密钥").click()
    page.locator("input[name=key]").fill(key)
    page.locator(".dh-key .dh-main").click()
    expect(page.locator("[data-key=nav-plans]")).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def said(page: Page, words: str) -> None:
    expect(page.locator("[role=status]", has_text=words).first).to_be_visible()


def chosen(page: Page, name: str, option: str) -> None:
    """By the keyboard: scrolling to a list closes it, and a click upon it then comes too late."""
    settled(page)
    box, listed = page.get_by_role("combobox", name=name), page.get_by_role("option", name=option)
    box.scroll_into_view_if_needed()
    box.focus()
    for _ in range(50):
        if listed.is_visible():
            break
        box.press("ArrowDown")
        page.wait_for_timeout(100)
    listed.click()
    expect(box).to_have_value(option)


class Asking:
    """The API by one key."""

    def __init__(self, api: str, key: str) -> None:
        self._http = httpx.Client(base_url=f"{api}/v1/", headers={"Authorization": f"Bearer {key}"})

    def __call__(self, method: str, path: str, given: object = None) -> Any:
        answer = self._http.request(method, path, json=given)
        assert answer.is_success, answer.text
        return answer.json()

    def step(self, plan: str, name: str) -> None:
        seen = self("GET", f"{plan}/stage")["digest"]
        self("POST", f"{plan}/stage", {"step": name, "seen": seen, "words": "可以"})


def test_from_a_search_to_the_page_that_visitors_open(page: Page, catalogue: Catalogue, api: str) -> None:
    keys = {
        name: catalogue.keys.add(STAFF, roles=[role], name=f"审者 {name}") for name, role in REVIEWERS.items()
    }
    own = catalogue.keys.add(STAFF, roles=["curator"], name="策展人")
    curator = Asking(api, own)
    sign_in(page, own)
    plan = made(page)
    filled(page)
    moved_by_keyboard_and_button(page)
    labelled(page)
    labelled_likewise(curator, plan)
    a_gap_is_wanted(page)
    reviewed(page, api, curator, plan, keys)
    sign_in(page, own)
    public = published(page, curator, plan)
    withdrawn(page, public, catalogue, curator, plan)


def made(page: Page) -> str:
    """A plan with its cover and two sections; its path in the API."""
    page.locator("[data-key=nav-plans]").click()
    form = page.locator("[data-testid=stForm]", has_text="新展览")
    form.get_by_label("名称").fill("东极营救")
    form.get_by_role("button", name="新建").click()
    page.locator("[data-key=view-about]").click()
    page.get_by_label("网址名").fill(SLUG)
    page.get_by_label("前言").fill(LEAD)
    page.get_by_label("主办").fill("蓬屿市档案馆")
    press(page, "保存")
    said(page, "已保存")
    kept(page, "plan-about")
    page.locator("[data-key=view-board]").click()
    for title in ("营救", "查访"):
        page.get_by_label("新部分的标题").fill(title)
        press(page, "加一部分")
        expect(page.locator(".plan-column h2", has_text=title)).to_be_visible()
    return f"projects/{page.url.partition('id=')[2].partition('&')[0]}"


def column(page: Page, title: str) -> Locator:
    return page.locator(".plan-column", has=page.locator("h2", has_text=title))


def filled(page: Page) -> None:
    """Objects from a search into each section."""
    asking = page.locator("form[action='/plan'] [data-key=q]")
    for title, wanted in (("营救", (WITHDRAWN, "J045-2-33-2")), ("查访", ("J045-2-33-3",))):
        column(page, title).locator(".plan-add").click()
        asking.fill("东极 里斯本丸")
        asking.press("Enter")
        for code in wanted:
            row = page.locator(".plan-found li", has=page.get_by_text(code, exact=True))
            row.get_by_role("button").click()
            expect(row).to_contain_text("已在方案里")
        kept(page, f"plan-add-{len(wanted)}")
        page.locator("[data-key=added]").click()
    expect(page.locator(".plan-card")).to_have_count(3)


def moved_by_keyboard_and_button(page: Page) -> None:
    cards = page.locator(".plan-card")
    key = cards.nth(1).get_attribute("data-part") or ""
    card = page.locator(f".plan-card[data-part='{key}']")
    card.get_by_role("button", name="上移").focus()
    page.keyboard.press("Enter")
    expect(cards.first).to_have_attribute("data-part", key)
    card.locator(".plan-to summary").click()
    card.get_by_role("button", name="查访").click()
    expect(column(page, "查访").locator(".plan-card")).to_have_count(2)
    card.locator(".plan-checks summary").click()
    expect(card.locator(".plan-checks")).to_contain_text("没有说明文字")
    kept(page, "plan-board")


def labelled(page: Page) -> None:
    """A label: drafted with its pages, marked a draft, a sentence quoted, counted while typed, approved."""
    page.locator(".plan-card .dh-title", has_text="英国老兵来信").click()
    press(page, "拟一份草稿")
    draft = page.locator("[data-draft='1']")
    expect(draft.locator(".dh-place").first).to_be_visible()
    expect(draft).to_contain_text("须经人定稿")
    kept(page, "plan-drafts")
    press(page, "采用草稿 1")
    label = page.get_by_label("说明", exact=True)
    expect(label).not_to_have_value("")
    page.get_by_text("从原文引一句").click()
    press(page, "引这一句")
    said(page, "还没有保存")
    settled(page)
    count = page.locator("[data-count]")
    before = int(count.inner_text())
    assert before >= 80
    label.press("End")
    label.press_sequentially(" 信存。")
    expect(count).to_have_text(str(before + 3))
    page.get_by_role("tab", name="权利").click()
    chosen(page, "著作权", "已获许可")
    press(page, "保存并定稿")
    said(page, "说明牌已定稿")
    expect(page.locator(".dh-badge", has_text="已定稿").first).to_be_visible()
    kept(page, "plan-object")


def labelled_likewise(curator: Asking, plan: str) -> None:
    """The others, and what else their rights need, by the API."""
    for part in curator("GET", plan)["parts"]:
        if part["kind"] != "object":
            continue
        at, body = f"{plan}/parts/{part['id']}", part["body"]
        rights = {"copyright": "official", "portrait": "none", "donor": "agreed"}
        given = {"version": part["version"], "body": body | {"rights": body["rights"] | rights}}
        if not body["label"]:
            drafts = curator("GET", f"{plan}/label-drafts?part={part['id']}")["drafts"]
            given["body"]["label"] = drafts[0]["label"]
        curator("PATCH", at, given)
        if not body["label"]:
            label = {"part": part["id"], "label": given["body"]["label"]}
            curator("POST", f"{plan}/labels", {"labels": [label]})


def a_gap_is_wanted(page: Page) -> None:
    page.locator("[data-key=view-gaps]").click()
    page.get_by_role("button", name="写成征集线索").first.click()
    expect(page.locator("[data-key=wanted]")).to_contain_text("征集")
    kept(page, "plan-gaps")


def reviewed(page: Page, api: str, curator: Asking, plan: str, keys: Mapping[str, str]) -> None:
    """Submitted; two steps clicked by others, the rest by the API; nobody does two."""
    for role in ("archivist", "reviewer"):
        curator("PUT", f"{plan}/sharing", {"holder": f"role:{role}", "may": "read"})
    page.locator("[data-key=view-stage]").click()
    expect(page.locator("[data-key=failing]")).to_contain_text("都过了")
    press(page, "办理：提交")
    expect(page.locator("[data-key=not-you]")).to_contain_text("不能再办初审")
    there = page.url
    for name, key in keys.items():
        if name not in ("first", "openness"):
            Asking(api, key).step(plan, name)
            continue
        sign_in(page, key)
        page.goto(there)
        page.get_by_label("意见").fill("看过，可以。")
        page.get_by_role("button", name="办理：").click()
        expect(page.locator(f"[data-step={name}].is-done")).to_contain_text("看过，可以。")
    kept(page, "plan-stage")


def published(page: Page, curator: Asking, plan: str) -> Page:
    """Published by the curator; the page that a visitor opens."""
    number = plan.rpartition("/")[2]
    page.goto(f"/plan?id={number}&view=preview")
    expect(page.locator(".plan-preview")).to_contain_text(LEAD)
    kept(page, "plan-preview")
    page.locator("[data-key=view-stage]").click()
    press(page, "发布")
    address = page.locator("[data-key=public-address]")
    expect(address).to_have_text(f"/exhibitions/{SLUG}")
    kept(page, "plan-published")
    with page.expect_download() as told:
        page.locator("[data-key=doc-objects]").click()
    assert told.value.path().read_bytes()[:2] == b"PK"
    with page.context.expect_page() as opened:
        address.click()
    public = opened.value
    expect(public.get_by_role("heading", name="东极营救").first).to_be_visible()
    expect(public.locator("body")).to_contain_text("英国老兵来信")
    assert public.url.endswith(f"/exhibitions/{SLUG}/")
    kept(public, "plan-public")
    return public


def withdrawn(page: Page, public: Page, catalogue: Catalogue, curator: Asking, plan: str) -> None:
    """One is closed: it leaves at once, and its curator is told."""
    records = [part["record"] for part in curator("GET", plan)["parts"] if part["record"]]
    record = next(one for one in records if one["reference_code"] == WITHDRAWN)
    expect(public.locator("body")).to_contain_text(record["title"])
    catalogue.records.set_access(record["id"], access_status="控制", publicity="")
    try:
        public.reload()
        expect(public.get_by_role("heading", name="东极营救").first).to_be_visible()
        expect(public.locator("body")).not_to_contain_text(record["title"])
        page.locator("[data-key=view-board]").click()
        expect(page.locator("[data-key=withdrawn]")).to_contain_text(record["title"])
        kept(page, "plan-withdrawn")
    finally:
        catalogue.records.set_access(record["id"], access_status="开放", publicity="公开")
        public.close()
