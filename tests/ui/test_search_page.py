"""The search page in a real browser: ask, narrow, loosen, go back."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.ui.waiting import texts, until, visit

pytestmark = pytest.mark.browser


@pytest.fixture
def page(reader: Page) -> Page:
    """Nobody signs in here."""
    return reader


TOTAL = ".dh-summary strong"


def params(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def settled(page: Page) -> None:
    """While a run draws the page anew, the former summary may stand beside the new one."""
    expect(page.locator(TOTAL)).to_have_count(1)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def total(page: Page) -> int:
    settled(page)
    found = re.search(r"[\d,]+", page.locator(TOTAL).inner_text())
    assert found
    return int(found.group().replace(",", ""))


def api_total(api: str, **asked: str | int) -> int:
    value = httpx.get(f"{api}/v1/search", params=asked).json()["total"]["value"]
    assert isinstance(value, int)
    return value


def expect_total(page: Page, number: int) -> None:
    said = page.locator(TOTAL).filter(has_text=re.compile(rf"(?<!\d){number:,}(?!\d)"))
    expect(said).to_have_count(1)
    settled(page)


def ask(page: Page, text: str) -> None:
    page.locator(".dh-ask input").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "q=" in url)
    expect(page.locator(".dh-ask input")).to_have_value(text)


def test_first_page_offers_examples_and_answers_one(page: Page) -> None:
    visit(page, "/")
    expect(page.locator(".dh-examples a")).to_have_count(2)
    page.locator(".dh-examples a").first.click()
    expect(page.locator(".dh-card").first).to_be_visible()
    assert params(page)["q"] == ["沈家门渔船登记，1950年"]


def test_a_hit_says_why_with_marks_page_and_ranks(page: Page) -> None:
    visit(page, "/")
    ask(page, "旧麻袋 麻线")
    card = page.locator(".dh-card", has_text="沈家门渔民代表座谈会记录")
    expect(card.locator(".dh-snippet mark").first).to_have_text(re.compile("麻"))
    expect(card.locator(".dh-place").first).to_have_text("第 2 页")
    expect(card.locator(".dh-why")).to_contain_text(re.compile(r"词 第\d+位"))
    expect(card.locator("code")).to_have_text("J001-1-1-3")
    picture = card.locator(".dh-thumb img")
    picture.scroll_into_view_if_needed()
    until(page, "i => i.complete && i.naturalWidth > 0", picture.element_handle())


def test_a_chip_is_removed_and_comes_back(page: Page) -> None:
    visit(page, "/?q=登记，1950年")
    chip = page.locator(".dh-chip", has_text="1950年").first
    expect(chip).to_contain_text("年代")
    chip.locator(".dh-x").click()
    expect(page.locator(".dh-chip.is-plain")).to_contain_text("1950年")
    assert params(page)["plain"] == ["1950年"]
    page.locator(".dh-chip.is-plain .dh-x").click()
    expect(page.locator(".dh-chip.is-plain")).to_have_count(0)
    assert "plain" not in params(page)


def test_facets_narrow_exclude_and_are_removed(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words")
    settled(page)
    everything = total(page)
    values = page.locator("[data-facet=fonds] li")
    first = values.first
    count = int(first.locator(".dh-n").inner_text())
    assert 0 < count < everything
    first.locator("a[role=checkbox]").click()
    expect_total(page, count)
    expect(page.locator("[data-facet=fonds] a[aria-checked=true]")).to_have_count(1)
    # Its own facet still counts what the others would add: several may be chosen.
    page.locator("[data-facet=fonds] a[aria-checked=false]").first.click()
    until(page, f"document.querySelector('{TOTAL}').textContent.match(/\\d+/)[0] > {count}")
    page.locator(".dh-clear").click()
    expect(page.locator(".dh-clear")).to_have_count(0)
    expect_total(page, everything)
    page.locator("[data-facet=fonds] li").first.hover()
    page.locator("[data-facet=fonds] .dh-not").first.click()
    expect(page.locator(".dh-chip.is-not")).to_be_visible()
    expect_total(page, everything - count)


def test_brushing_the_histogram_filters_by_years_and_back_undoes_it(page: Page, api: str) -> None:
    visit(page, "/?q=渔民&mode=words")
    chart = page.locator(".st-key-histogram canvas, .st-key-histogram svg.marks").first
    expect(chart).to_be_visible()
    everything = total(page)
    box = chart.bounding_box()
    assert box
    y = box["y"] + box["height"] * 0.4
    page.mouse.move(box["x"] + box["width"] * 0.1, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, y, steps=8)
    page.mouse.up()
    page.wait_for_url(re.compile("year_from="))
    years = params(page)
    first, last = int(years["year_from"][0]), int(years["year_to"][0])
    expect(page.locator(".dh-chip", has_text=f"{first}–{last}")).to_be_visible()
    assert first < last
    counted = api_total(api, q="渔民", mode="words", year_from=first, year_to=last)
    assert 0 < counted < everything
    expect_total(page, counted)
    page.locator(".dh-chip", has_text=f"{first}–{last}").locator(".dh-x").click()
    page.wait_for_url(lambda url: "year_from" not in url)
    expect_total(page, everything)
    page.go_back()
    expect(page.locator(".dh-chip", has_text=f"{first}–{last}")).to_be_visible()


def test_years_can_be_typed(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words")
    page.locator(".dh-years input[name=year_from]").fill("1940")
    page.locator(".dh-years input[name=year_to]").fill("1949")
    page.keyboard.press("Enter")
    expect(page.locator(".dh-chip", has_text="1940–1949")).to_be_visible()
    assert params(page)["q"] == ["渔民"]


def test_undated_is_a_bucket_of_its_own(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words")
    bucket = page.locator(".dh-undated")
    expect(bucket.locator(".dh-n")).to_have_text("1")
    bucket.click()
    expect_total(page, 1)
    expect(page.locator(".dh-card h3")).to_have_text("渔民号子手抄本")
    expect(page.locator(".dh-chip", has_text="未注日期")).to_be_visible()
    page.locator(".dh-undated").click()
    expect(page.locator(".dh-chip", has_text="未注日期")).to_have_count(0)


def test_nothing_found_says_what_to_loosen(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words&fonds=M003&year_from=1970")
    ways = page.locator(".dh-ways a")
    expect(ways.first).to_be_visible()
    promised = int(re.findall(r"→ (\d+)", ways.first.inner_text())[0])
    ways.first.click()
    expect_total(page, promised)


def test_sorting_by_date_orders_the_cards(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words")
    page.locator(".dh-sorts a", has_text="日期 早→晚").click()
    page.wait_for_url(re.compile("sort=date"))
    expect(page.locator(".dh-sorts .is-on")).to_have_text("日期 早→晚")
    days = page.locator(".dh-card time").evaluate_all("all => all.map(t => t.title.slice(0, 10))")
    assert len(days) > 3
    assert days[-1] == ""  # undated comes last
    assert days[:-1] == sorted(days[:-1])


def test_paging_forth_and_back(page: Page) -> None:
    visit(page, "/?q=&fonds=J045&fonds=M003&sort=reference_code")
    expect(page.locator(".dh-card")).to_have_count(20)
    first = texts(page.locator(".dh-card code"))
    page.locator(".dh-next").click()
    expect(page.locator(".dh-pager")).to_contain_text("第 2 页")
    second = texts(page.locator(".dh-card code"))
    assert not set(first) & set(second)
    page.locator(".dh-pager a", has_text="上一页").click()
    expect(page.locator(".dh-pager")).not_to_contain_text("第 2 页")
    assert texts(page.locator(".dh-card code")) == first


def test_completions_come_while_typing_and_are_taken_by_keyboard(page: Page) -> None:
    visit(page, "/")
    box = page.locator(".dh-ask input")
    until(page, "window.danghaiRouter")  # before it is there nobody hears what is typed
    box.click()
    page.keyboard.type("渔")
    options = page.locator(".dh-ask [role=option]")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    chosen = options.first.inner_text()
    expect(options.first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query).get("q") == [chosen])
    expect(page.locator(".dh-card").first).to_be_visible()


def test_the_keyboard_keeps_its_place_when_a_facet_is_chosen(page: Page) -> None:
    visit(page, "/?q=渔民&mode=words")
    value = page.locator("[data-facet=fonds] a[role=checkbox]").first
    expect(value).to_be_visible()
    until(page, "window.danghaiRouter")  # before it is there a link is a link
    value.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-facet=fonds] a[aria-checked=true]")).to_be_focused()


def test_address_holds_everything_and_survives_reload(page: Page) -> None:
    address = "/?q=渔民&mode=words&sort=date&fonds=J045&exclude=genre:合同&year_from=1950&year_to=1960"
    visit(page, address)
    settled(page)
    before, codes = total(page), texts(page.locator(".dh-card code"))
    page.reload()
    settled(page)
    assert (total(page), texts(page.locator(".dh-card code"))) == (before, codes)
    expect(page.locator("select[name=mode]")).to_have_value("words")
    chips = page.locator(".dh-chips").last
    for text in ("定海县人民政府", "合同", "1950–1960"):
        expect(chips).to_contain_text(text)


def test_back_and_forward_walk_through_the_searches(page: Page) -> None:
    visit(page, "/")
    ask(page, "渔民")
    expect(page.locator(".dh-card").first).to_be_visible()
    ask(page, "合同")
    page.go_back()
    expect(page.locator(".dh-ask input")).to_have_value("渔民")
    page.go_back()
    expect(page.locator(".dh-examples")).to_be_visible()
    page.go_forward()
    expect(page.locator(".dh-ask input")).to_have_value("渔民")
    expect(page.locator(".dh-card mark").first).to_be_visible()


def test_what_is_asked_never_becomes_markup(page: Page) -> None:
    visit(page, "/")
    ask(page, '"><img src=x onerror="window.hurt=1">')
    expect(page.locator(".dh-notice, .dh-card").first).to_be_visible()
    assert page.evaluate("window.hurt") is None
    assert page.locator(".dh-question img").count() == 0
