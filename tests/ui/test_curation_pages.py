"""Series, dates and showings in a real browser. Themes: see the journey in test_planner.py."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from tests.ui.signing import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def catalogue(home: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    yield made
    made.close()


@pytest.fixture
def curator(page: Page, catalogue: Catalogue) -> Page:
    """A curator, signed in."""
    key = catalogue.keys.add(STAFF, roles=["curator"], name="编研员")
    sign_in(page, key)
    return page


def kept(page: Page, name: str) -> None:
    """A picture for people to look at, where DANGHAI_SCREENSHOTS says."""
    if folder := os.environ.get("DANGHAI_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_curator_works_through_proposals(curator: Page, catalogue: Catalogue) -> None:
    page = curator
    series = next(one for one in catalogue.series.listing() if one.definition.name == "馆藏精品系列")
    page.goto("/series")
    page.locator(f"[data-key=series-{series.id}]").click()
    proposals = page.locator(".dh-proposal")
    expect(proposals.first).to_be_visible()
    expect(proposals.first.locator(".dh-why")).to_contain_text("检索“")
    first, second = (proposals.nth(n).get_attribute("data-key") or "" for n in (0, 1))
    kept(page, "series")
    page.get_by_role("button", name="收入", exact=True).first.click()
    expect(page.locator(f"[data-key='{first}']")).to_have_count(0)
    page.get_by_role("button", name="不收", exact=True).first.click()
    expect(page.locator(f"[data-key='{second}']")).to_have_count(0)
    chosen = {c.record_id: c.verdict for c in catalogue.series.choices(series.id)}
    assert chosen == {
        first.removeprefix("proposal-"): "accepted",
        second.removeprefix("proposal-"): "rejected",
    }
    page.get_by_role("button", name="下一轮荐选").click()
    expect(page.locator("[data-key=learned]")).to_contain_text("据 2 次取舍")
    expect(page.locator(".dh-why", has_text="与已收“").first).to_be_visible()
    kept(page, "series-learned")


def test_the_coming_year_proposes_records(curator: Page, catalogue: Catalogue) -> None:
    page = curator
    day = next(one for one in catalogue.anniversaries.listing() if one.name == "舟山解放")
    page.goto("/calendar")
    page.locator(f"[data-key=day-{day.id}]").click()
    expect(page.locator(".dh-why").first).to_be_visible()
    kept(page, "calendar")


def test_a_date_is_added_changed_and_dropped(curator: Page, catalogue: Catalogue) -> None:
    page = curator
    page.goto("/calendar")
    page.locator("[data-key=day-new]").click()
    page.get_by_label("名称").fill("蓬屿开渔节")
    page.get_by_label("月", exact=True).fill("2")
    page.get_by_label("日", exact=True).fill("31")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("没有 2 月 31 日")
    page.get_by_label("月", exact=True).fill("9")
    page.get_by_label("日", exact=True).fill("16")
    page.get_by_label("检索问题").fill("开渔\n渔船出海")
    page.get_by_role("button", name="保存").click()
    expect(page.locator(".dh-tell")).to_contain_text("已保存")
    made = next(one for one in catalogue.anniversaries.listing() if one.name == "蓬屿开渔节")
    assert (made.month, made.day, made.questions) == (9, 16, ("开渔", "渔船出海"))
    page.locator("summary", has_text="修改").click()
    expect(page.get_by_label("名称")).to_have_value("蓬屿开渔节")
    page.get_by_role("button", name="删去").click()
    kept(page, "calendar-edit")
    page.get_by_role("dialog").get_by_role("button", name="删去").click()
    expect(page.locator(".dh-tell")).to_contain_text("已删去“蓬屿开渔节”")
    assert made.id not in [one.id for one in catalogue.anniversaries.listing()]


def test_what_was_shown_is_noted_and_taken_back(curator: Page, catalogue: Catalogue) -> None:
    page = curator
    page.goto("/showings")
    page.get_by_label("展览、书刊或网页").fill("2019 年国际档案日展")
    page.get_by_role("textbox", name="档号，每行一个").fill("J001-1-2-9\nJ999-9")
    page.get_by_label("展览、书刊或网页").click()
    expect(page.locator(".dh-plainlist .dh-error")).to_contain_text("J999-9")
    page.get_by_role("button", name="记下").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("能找到的档号")
    page.get_by_role("textbox", name="档号，每行一个").fill("J001-1-2-9")
    page.get_by_label("展览、书刊或网页").click()
    expect(page.locator(".dh-plainlist .dh-error")).to_have_count(0)
    page.get_by_role("button", name="记下").click()
    expect(page.locator(".dh-tell")).to_contain_text("1 件")
    assert "2019 年国际档案日展" in [name for name, _, _ in catalogue.showings.listing()]
    page.locator("summary", has_text="2019 年国际档案日展").click()
    kept(page, "showings")
    page.get_by_role("button", name="整次删去").click()
    expect(page.locator(".dh-tell")).to_contain_text("已删去")
    assert "2019 年国际档案日展" not in [name for name, _, _ in catalogue.showings.listing()]


def test_the_public_has_no_part_in_curation(page: Page) -> None:
    page.goto("/themes")
    expect(page.locator("[role=alert]")).to_be_visible()
    expect(page.locator("[data-key=nav-themes]")).to_have_count(0)
