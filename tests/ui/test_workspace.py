"""Collections and the desk in a real browser: what is found goes in, two people write at once, nothing is lost."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue
from holdings.catalogue.project_parts import NewPart, Part
from holdings.catalogue.projects import Project
from tests.ui.signing import sign_in
from tests.ui.waiting import follow, settled, texts

pytestmark = pytest.mark.browser

FIRST, SECOND = "990001:M003-1-1-2", "990001:J001-1-1-3"
BODY = {"note": "", "tags": [], "rating": 0}


@pytest.fixture(scope="module")
def catalogue(home: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    yield made
    made.close()


def come_in(page: Page, catalogue: Catalogue, name: str) -> Caller:
    """A curator of this name, signed in."""
    key = catalogue.keys.add(STAFF, roles=["curator"], name=name)
    sign_in(page, key)
    person = next(one.id for one in catalogue.colleagues.listing() if one.name == name)
    return Caller(STAFF, frozenset({"curator"}), name, person)


def kept(page: Page, name: str) -> None:
    """A picture for people to look at, where DANGHAI_SCREENSHOTS says."""
    if folder := os.environ.get("DANGHAI_SCREENSHOTS"):
        settled(page)
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def titles(page: Page) -> list[str]:
    return texts(page.locator(".dh-card[data-part] h3"))


def test_what_is_found_goes_into_a_collection_and_is_put_in_order(page: Page, catalogue: Catalogue) -> None:
    caller = come_in(page, catalogue, "收集者")
    page.goto("/?q=渔民")
    ticks = page.locator("[data-pick]")
    expect(ticks.nth(2)).to_be_visible()
    found = [ticks.nth(n).get_attribute("data-pick") for n in range(3)]
    for n in range(3):
        ticks.nth(n).check()
    expect(page.locator("[data-picked]")).to_have_text("3")
    page.get_by_label("新资料夹的名称").fill("渔民与海")
    kept(page, "ws-search")
    page.get_by_role("button", name="加入资料夹").click()
    told = page.locator(".dh-collect [role=status]")
    expect(told).to_contain_text("已加入 3 件")
    ticks.nth(0).check()
    page.get_by_role("button", name="加入资料夹").click()
    expect(told).to_contain_text("已加入 0 件。另 1 件已在其中。")
    told.get_by_role("link", name="渔民与海").click()
    expect(page.locator("h1")).to_contain_text("渔民与海")
    project = catalogue.projects.listing(caller)[0]
    assert [p.record_id for p in catalogue.project_parts.tree(project.id, caller)] == found

    first, second, third = titles(page)
    page.get_by_role("button", name="↑").nth(2).click()
    expect(page.locator(".dh-card[data-part] h3").nth(1)).to_have_text(third)
    page.locator("[data-key^=open-]").nth(0).click()
    panel = page.locator(".st-key-panel")
    panel.get_by_label("标签").fill("灯塔")
    page.keyboard.press("Enter")
    panel.get_by_label("备注").fill("可作封面\n存疑")
    panel.get_by_text("4 ★", exact=True).click()
    kept(page, "ws-item")
    panel.get_by_role("button", name="保存").click()
    expect(page.locator("[role=status]", has_text="已保存")).to_be_visible()
    kept(page, "ws-collection")
    page.locator("[data-key=tag-灯塔]").click()
    expect(page.locator(".dh-card[data-part]")).to_have_count(1)
    page.locator("[data-key^=open-]").nth(0).click()
    panel.get_by_role("button", name="移出资料夹").click()
    expect(page.locator(".st-key-removed_row")).to_contain_text(f"已移出“{first}”")
    page.locator(".st-key-removed_row").get_by_role("button", name="撤销").click()
    expect(page.locator("[role=status]", has_text="已撤销")).to_be_visible()
    expect(page.locator(".dh-card[data-part]")).to_have_count(1)
    with page.expect_download() as download:
        page.locator("[data-key=export-csv]").click()
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text(encoding="utf-8-sig"))))
    assert [row["题名"] for row in rows] == [first, third, second]
    assert (rows[0]["标签"], rows[0]["评级"], rows[0]["备注"]) == ("灯塔", "4", "可作封面\n存疑")
    follow(page, f"/record?id={found[0]}")
    expect(page.locator(f"[data-key=in-{project.id}]")).to_have_text("渔民与海")
    kept(page, "ws-record")


def shared_item(catalogue: Catalogue, owner: Caller) -> tuple[Project, Part]:
    """A collection that curators may change, and the first of its two items."""
    project = catalogue.projects.add("collection", "共用", {"about": "两人同写"}, owner)
    catalogue.projects.share(project.id, "role:curator", True, owner)
    new = [NewPart("item", BODY, record_id=one) for one in (FIRST, SECOND)]
    return project, catalogue.project_parts.add(project.id, new, owner)[0]


def test_two_people_write_one_note_at_once_and_nothing_is_lost(
    page: Page, phone_page: Page, catalogue: Catalogue
) -> None:
    ann, ben = come_in(page, catalogue, "甲安"), come_in(phone_page, catalogue, "乙本")
    project, part = shared_item(catalogue, ann)
    at = f"/collection?id={project.id}&part={part.id}"
    for one in (page, phone_page):
        one.goto(at)
        expect(one.get_by_label("备注")).to_be_visible()
    page.get_by_label("备注").fill("甲先写的")
    page.locator(".st-key-panel").get_by_role("button", name="保存").click()
    expect(page.locator("[role=status]", has_text="已保存")).to_be_visible()

    phone_page.get_by_label("备注").fill("乙后写的")
    phone_page.locator(".st-key-panel").get_by_role("button", name="保存").click()
    clash = phone_page.locator(".st-key-clash")
    expect(clash).to_contain_text("甲安 于")
    expect(clash.locator("dd").nth(0)).to_contain_text("甲先写的")
    expect(clash.locator("dd").nth(1)).to_contain_text("乙后写的")
    expect(phone_page.get_by_label("备注")).to_have_value("乙后写的")
    assert catalogue.project_parts.tree(project.id, ann)[0].body["note"] == "甲先写的"
    kept(phone_page, "ws-clash")
    clash.get_by_role("button", name="以我写的为准").click()
    expect(phone_page.locator("[role=status]", has_text="已保存")).to_be_visible()
    assert catalogue.project_parts.tree(project.id, ann)[0].body["note"] == "乙后写的"

    phone_page.locator("[data-key=view-comments]").click()
    phone_page.get_by_role("textbox", name="写评论").fill("@甲安 以哪个为准？")
    phone_page.get_by_role("button", name="发出").click()
    expect(phone_page.locator("[role=status]", has_text="告诉 1 人")).to_be_visible()
    kept(phone_page, "ws-comments")
    page.locator("[data-key=view-history]").click()
    step = page.locator(".dh-step", has_text="乙后写的")
    expect(step).to_contain_text("甲先写的")
    kept(page, "ws-history")
    page.get_by_role("button", name="撤销").nth(0).click()
    expect(page.locator("[role=status]", has_text="已撤销")).to_be_visible()
    assert catalogue.project_parts.tree(project.id, ben)[0].body["note"] == "甲先写的"

    plan = catalogue.projects.add("exhibition", "海上展", {}, ann)
    catalogue.project_parts.add(plan.id, [NewPart("task", {"title": "定展线", "due": "2020-01-02"})], ann)
    page.locator("[data-key=nav-home]").click()
    expect(page.locator(".dh-node", has_text="定展线")).to_contain_text("逾期 2020-01-02")
    mention = page.locator(".dh-comment", has_text="以哪个为准")
    expect(mention).to_contain_text("乙本")
    kept(page, "ws-home")
    page.get_by_role("button", name="办结").click()
    expect(mention).to_have_count(0)
    assert catalogue.project_comments.mentions(ann) == []


def test_an_item_opened_again_is_as_it_stands_and_one_removed_meanwhile_comes_back(
    page: Page, catalogue: Catalogue
) -> None:
    ann, ben = come_in(page, catalogue, "甲宁"), Caller(STAFF, frozenset({"curator"}), "乙方", "key:0")
    project, part = shared_item(catalogue, ann)
    page.goto(f"/collection?id={project.id}&part={part.id}")
    expect(page.get_by_label("备注")).to_have_value("")
    page.locator(f"[data-key=open-{part.id}]").click()
    expect(page.get_by_label("备注")).to_have_count(0)
    catalogue.project_parts.change(project.id, part.id, BODY | {"note": "乙写了"}, 1, ben)
    page.locator(f"[data-key=open-{part.id}]").click()
    expect(page.get_by_label("备注")).to_have_value("乙写了")
    page.get_by_label("备注").fill("甲还在写")
    catalogue.project_parts.remove(project.id, part.id, 2, ben)
    page.locator(".st-key-panel").get_by_role("button", name="保存").click()
    expect(page.locator(".st-key-clash")).to_contain_text("乙方")
    page.get_by_role("button", name="恢复它，存我写的").click()
    expect(page.locator("[role=status]", has_text="已保存")).to_be_visible()
    assert catalogue.project_parts.tree(project.id, ben)[0].body["note"] == "甲还在写"
