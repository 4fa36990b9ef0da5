"""An exhibition in a real browser: from a theme to the page that visitors open, by the nine people it takes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from tests.ui.signing import sign_in
from tests.ui.waiting import choose, settled

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


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def said(page: Page, words: str) -> None:
    expect(page.locator("[role=status]", has_text=words).first).to_be_visible()


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


def test_from_a_theme_to_the_page_that_visitors_open(page: Page, catalogue: Catalogue, api: str) -> None:
    """Counted once in the browser: 41 clicks and 3 drags of the curator until it is published, the lasso and what is only
    looked at among them. Not clicked: two of the three labels and six of the seven reviews, which the API is asked for."""
    keys = {
        name: catalogue.keys.add(STAFF, roles=[role], name=f"审者 {name}") for name, role in REVIEWERS.items()
    }
    own = catalogue.keys.add(STAFF, roles=["curator"], name="策展人")
    curator = Asking(api, own)
    sign_in(page, own)
    found(page)
    chosen_into_a_series(page)
    plan = made_of_the_series(page)
    described(page)
    added_from_a_search(page)
    moved_by_keyboard_and_button(page)
    dragged(page, curator, plan)
    labelled(page)
    labelled_likewise(curator, plan)
    a_gap_is_wanted(page)
    reviewed(page, api, curator, plan, keys, own)
    public = published(page)
    withdrawn(page, public, catalogue, curator, plan)
    archived(page, public)


def found(page: Page) -> None:
    """Themes of what a question finds, on a map; a lasso around all of it."""
    page.goto("/themes")
    page.get_by_label("检索词（空为全部）").fill("渔民")
    press(page, "发现主题")
    told = page.locator("[data-key=themes-told]")
    expect(told).to_contain_text("个主题", timeout=120_000)
    count = int((told.text_content() or "").partition(" 件")[0])
    dots = page.locator(".js-plotly-plot .scatterlayer .point")
    expect(dots).to_have_count(count)
    expect(page.locator(".dh-theme").first).to_be_visible()
    kept(page, "themes")
    box = page.locator(".js-plotly-plot .nsewdrag").bounding_box()
    assert box
    left, top = box["x"] + 2, box["y"] + 2
    right, low = left + box["width"] - 4, top + box["height"] - 4
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, low), (left, low), (left, top + 5)):
        page.mouse.move(x, y, steps=12)
    page.mouse.up()
    expect(page.locator("[data-key=chosen]")).to_have_text(f"圈选 {count} 件")
    kept(page, "themes-lasso")
    press(page, "← 全部主题")
    page.get_by_role("tab", name="地点").click()
    expect(page.locator(".dh-hint", has_text="审图号")).to_be_visible()
    kept(page, "themes-places")
    page.get_by_role("tab", name="主题图").click()


def chosen_into_a_series(page: Page) -> None:
    """A theme by its own button, into a series of its own."""
    theme = page.locator(".dh-theme", has_text="里斯本丸")
    theme.locator("summary").click()
    theme.locator("[data-key^=pick-]").click()
    expect(page.locator("[data-key=chosen]")).to_have_text("选取 6 件")
    settled(page)
    page.get_by_label("名称").fill("营救")
    press(page, "收入")
    said(page, "已收入“营救” 6 件")
    kept(page, "themes-chosen")


def made_of_the_series(page: Page) -> str:
    """A plan whose first section is chosen of the series; its path in the API."""
    page.locator("[data-key=put-plan]").click()
    expect(page.locator("[data-key=of]")).to_contain_text("从系列“营救”办起")
    kept(page, "plans-of")
    form = page.locator("[data-testid=stForm]", has_text="新展览")
    expect(form.get_by_label("名称")).to_have_value("营救")
    form.get_by_label("名称").fill("东极营救")
    form.get_by_role("button", name="新建").click()
    expect(page.locator(".plan-found > li")).to_have_count(6)
    put(page, WITHDRAWN, "J045-2-33-2")
    kept(page, "plan-add-series")
    return f"projects/{page.url.partition('id=')[2].partition('&')[0]}"


def put(page: Page, *codes: str) -> None:
    """Into the section, one by one."""
    for code in codes:
        row = page.locator(".plan-found li", has=page.get_by_text(code, exact=True))
        row.get_by_role("button").click()
        expect(row).to_contain_text("已在方案里")


def described(page: Page) -> None:
    """Its cover."""
    page.locator("[data-key=view-about]").click()
    page.get_by_label("网址名").fill(SLUG)
    page.get_by_label("前言").fill(LEAD)
    page.get_by_label("主办").fill("蓬屿市档案馆")
    press(page, "保存")
    said(page, "已保存")
    kept(page, "plan-about")


def column(page: Page, title: str) -> Locator:
    return page.locator(".plan-column", has=page.locator("h2", has_text=title))


def added_from_a_search(page: Page) -> None:
    """A second section, and an object from a search into it."""
    page.locator("[data-key=view-board]").click()
    page.get_by_label("新部分的标题").fill("查访")
    press(page, "加一部分")
    column(page, "查访").locator(".plan-add").click()
    asking = page.locator("form[action='/plan'] [data-key=q]")
    asking.fill("东极 里斯本丸")
    asking.press("Enter")
    put(page, "J045-2-33-3")
    kept(page, "plan-add-search")
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


def dragged(page: Page, curator: Asking, plan: str) -> None:
    """A card before another in another section, a section before another; where somebody was first, it is told."""

    def order(parent: str) -> list[str]:
        return [p["id"] for p in curator("GET", plan)["parts"] if p["parent"] == parent]

    first, second = (str(column(page, title).get_attribute("data-part")) for title in ("营救", "查访"))
    stays, (taken, other) = order(first), order(second)
    card = page.locator(f".plan-card[data-part='{taken}']")
    target = page.locator(f".plan-card[data-part='{stays[0]}']")
    version = int(card.get_attribute("data-version") or 0)
    grip = card.locator(".plan-thumb")
    grip.hover()
    page.mouse.down()
    box = target.bounding_box()
    assert box
    page.mouse.move(box["x"] + 40, box["y"] + 20, steps=5)
    expect(target).to_have_class(re.compile("drop-before"))
    kept(page, "plan-dragging")
    page.mouse.up()
    expect(card).to_have_attribute("data-version", str(version + 1))
    assert (order(first), order(second)) == ([taken, *stays], [other])
    page.locator(".plan-column h2", has_text="查访").drag_to(
        page.locator(".plan-column h2", has_text="营救"), target_position={"x": 5, "y": 5}
    )
    expect(page.locator(".plan-column h2").first).to_have_text("查访")
    expect(page.locator(".is-moving")).to_have_count(0)
    assert [one for one in order("") if one in (first, second)] == [second, first]
    version += 1
    given = {"version": version, "parent": second, "after": other}
    curator("POST", f"{plan}/parts/{taken}/move", given)
    card.locator(".plan-thumb").drag_to(target.locator(".dh-row").last)
    expect(page.get_by_role("alert").filter(has_text="先改过")).to_be_visible()
    expect(card).to_have_attribute("data-version", str(version + 1))
    assert order(second) == [other, taken]


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
    rights = page.get_by_role("combobox", name="著作权")
    choose(rights, page.get_by_role("option", name="已获许可"))
    expect(rights).to_have_value("已获许可")
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


def reviewed(page: Page, api: str, curator: Asking, plan: str, keys: Mapping[str, str], own: str) -> None:
    """Submitted, returned with words that its curator reads, submitted again; the last step clicked, those between by the
    API; nobody does two. own: the curator's key."""
    for role in ("archivist", "reviewer"):
        curator("PUT", f"{plan}/sharing", {"holder": f"role:{role}", "may": "read"})
    page.locator("[data-key=view-stage]").click()
    expect(page.locator("[data-key=failing]")).to_contain_text("都过了")
    press(page, "办理：提交")
    expect(page.locator("[data-key=not-you]")).to_contain_text("不能再办初审")
    there = page.url

    def looks(key: str) -> None:
        sign_in(page, key)
        page.goto(there)

    looks(keys["first"])
    press(page, "退回")
    expect(page.get_by_test_id("stAlert")).to_contain_text("退回要说明要改什么")
    page.get_by_label("意见").fill("前言请写明沉没的日期。")
    press(page, "退回")
    said(page, "已退回。")
    kept(page, "plan-stage-return")
    looks(own)
    expect(page.locator("[data-key=stage]")).to_contain_text("审者 first 退回：前言请写明沉没的日期。")
    expect(page.locator("[data-key=returned]")).to_have_text("已退回")
    kept(page, "plan-stage-returned")
    press(page, "办理：提交")
    expect(page.locator("[data-step=submit].is-done")).to_be_visible()
    expect(page.locator("[data-key=returned]")).to_have_count(0)
    for name, key in keys.items():
        if name != "openness":
            Asking(api, key).step(plan, name)
    looks(keys["openness"])
    page.get_by_label("意见").fill("看过，可以。")
    page.get_by_role("button", name="办理：").click()
    expect(page.locator("[data-step=openness].is-done")).to_contain_text("看过，可以。")
    kept(page, "plan-stage")
    looks(own)


def published(page: Page) -> Page:
    """Published by the curator; the page that a visitor opens."""
    page.locator("[data-key=view-preview]").click()
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


def archived(page: Page, public: Page) -> None:
    """Taken down: its address answers as one that never was."""
    page.locator("[data-key=view-stage]").click()
    page.locator("summary", has_text="撤展并归档").click()
    kept(page, "plan-archive")
    press(page, "撤展并归档")
    expect(page.locator("[data-key=stage]")).to_contain_text("现在：已归档")
    expect(page.locator("[data-key=public]")).to_have_count(0)
    kept(page, "plan-archived")
    never = public.request.get(public.url.replace(SLUG, "never"), headers={"Accept": "text/html"})
    answer = public.reload()
    assert answer
    assert (answer.status, answer.text()) == (404, never.text())
    expect(public.get_by_role("heading")).to_have_text("没有这个展览，或已撤展")
    kept(public, "plan-public-archived")
    public.close()
