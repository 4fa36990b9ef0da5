"""The public's part in a real browser: offers sent on a phone and followed by staff, a reader's own list."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from curation.edition import Edition, Section, as_json
from holdings.access import READING_ROOM, STAFF, Caller
from holdings.catalogue import Catalogue
from holdings.catalogue.accounts import DeskCheck
from holdings.catalogue.offers import OfferWish
from tests.ui.conftest import Stage
from tests.ui.signing import sign_in
from tests.ui.waiting import follow

pytestmark = pytest.mark.browser

SAID = "家中有一张 1952 年的渔业互助组合影 <script>alert(1)</script>"


@pytest.fixture(scope="module")
def catalogue(home: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    yield made
    made.close()


def kept(page: Page, name: str) -> None:
    """A picture for people to look at, where DANGHAI_SCREENSHOTS says."""
    if folder := os.environ.get("DANGHAI_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (80, 60), (120, 90, 60)).save(out, "JPEG")
    return out.getvalue()


def staff(page: Page, catalogue: Catalogue, role: str, at: str) -> None:
    sign_in(page, catalogue.keys.add(STAFF, roles=[role], name="征集员"))
    page.goto(at)


def filled(page: Page, what: str, said: str) -> None:
    page.get_by_label(what).fill(said)
    page.get_by_label("怎样称呼您").fill("读者一")
    page.get_by_label("联系方式").fill("du.zhe@example.org")


def test_a_stranger_offers_on_a_phone_and_staff_follow_it_at_the_desk(
    phone_page: Page, page: Page, catalogue: Catalogue, home: Path
) -> None:
    phone_page.goto("/")
    phone_page.locator("[data-key=nav-offer]").click()
    filled(phone_page, "说明", SAID)
    files = [
        {"name": "合影.jpg", "mimeType": "image/jpeg", "buffer": jpeg()},
        {"name": "假的.jpg", "mimeType": "image/jpeg", "buffer": b"<svg onload=alert(1)>"},
    ]
    phone_page.locator("input[type=file]").set_input_files(files)  # type: ignore[arg-type]
    expect(phone_page.get_by_text("假的.jpg")).to_be_visible()
    phone_page.get_by_role("button", name="提交", exact=True).click()
    expect(phone_page.get_by_test_id("stAlert")).to_contain_text("没有勾选同意")
    expect(phone_page.get_by_label("说明")).to_have_value(SAID)  # nothing typed is lost
    assert catalogue.offers.listing(OfferWish()) == []
    overflow = "document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
    assert phone_page.evaluate(overflow) <= 0
    kept(phone_page, "offer-phone")
    phone_page.get_by_text("我已阅读并同意以上告知").click()
    phone_page.get_by_role("button", name="提交", exact=True).click()
    receipt = phone_page.locator("#dh-once").inner_text()
    expect(phone_page.get_by_test_id("stAlert")).to_contain_text("“假的.jpg”没有收")
    [offer] = catalogue.offers.listing(OfferWish())
    expect(phone_page.locator("#dh-once")).to_be_in_viewport()
    assert (offer.receipt, offer.what, [f.name for f in offer.files]) == (receipt, SAID, ["合影.jpg"])
    kept(phone_page, "offer-sent-phone")
    phone_page.get_by_label("回执号").fill(receipt.lower())
    phone_page.get_by_role("button", name="查询", exact=True).click()
    expect(phone_page.locator("[data-key=standing]")).to_contain_text("线索，待看")
    expect(phone_page.locator("[data-key=standing]")).not_to_contain_text("读者一")

    staff(page, catalogue, "curator", "/")
    page.locator("[data-key=nav-offers]").click()
    expect(page.locator("h1")).to_have_text("线索")
    kept(page, "offers")
    page.locator(f"[data-key=offer-{offer.id}]").click()
    expect(page.locator("dd", has_text="<script>alert(1)</script>")).to_be_visible()  # as words
    with page.expect_download() as coming:
        page.locator("[data-key=offer-file-1]").click()
    assert coming.value.suggested_filename == "合影.jpg"
    assert Path(coming.value.path()).read_bytes() == jpeg()
    page.get_by_role("button", name="谢绝").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("请先写明理由")
    page.get_by_role("button", name="进入鉴定").click()
    expect(page.locator("h1")).to_contain_text("鉴定中")
    page.get_by_label("告诉对方").fill("请带原件来馆")
    page.get_by_role("button", name="进入协议").click()
    expect(page.locator("h1")).to_contain_text("商定协议")
    for label, said in (("协议编号", "捐协 3"), ("拟用档号", "Z101-1-1-5"), ("题名", "渔业互助组合影")):
        page.get_by_label(label, exact=True).fill(said)
        page.get_by_label(label, exact=True).press("Tab")
    kept(page, "offer-agreement")
    page.get_by_role("button", name="接收，生成收进文件夹").click()
    expect(page.locator("h1")).to_contain_text("已接收")
    expect(page.locator(".dh-notice code")).to_contain_text(f"donations/{offer.id:04}")
    assert (home / "donations" / f"{offer.id:04}" / "Z101-1-1-5" / "0001.jpg").read_bytes() == jpeg()
    kept(page, "offer-received")


def test_staff_see_what_was_looked_at(page: Page, catalogue: Catalogue) -> None:
    today = datetime.now(UTC).date().isoformat()
    catalogue.visits.add({(today, "record", "990001:J001-1-2-9"): 12, (today, "exhibition", "yu-ye"): 3})
    staff(page, catalogue, "curator", "/offers")
    page.locator("[data-key=nav-visits]").click()
    expect(page.locator("tr", has_text="渔民号子手抄本")).to_contain_text("12")
    kept(page, "visits")
    page.get_by_role("link", name="展览", exact=True).last.click()  # the first is in the head
    expect(page.locator("tr", has_text="yu-ye")).to_contain_text("3")


def test_a_correction_goes_from_a_record_s_page_into_a_new_version_of_its_text(
    page: Page, catalogue: Catalogue
) -> None:
    record = "990001:J001-1-2-9"
    before = catalogue.pages.of(record)[0]
    assert before.text is not None
    page.goto(f"/record?id={record}")
    page.locator("[data-key=offer-correct]").click()
    expect(page.locator("h1")).to_contain_text("勘误：渔民号子手抄本")
    filled(page, "哪里不对", "“拔篷”应作“拔蓬”")
    text = page.get_by_label("这一页的文字应作")
    expect(text).to_have_value(before.text.text)
    text.fill(before.text.text.replace("拔篷", "拔蓬"))
    page.get_by_text("我已阅读并同意以上告知").click()
    kept(page, "offer-correction")
    page.get_by_role("button", name="提交", exact=True).click()
    expect(page.locator("#dh-once")).to_contain_text("ZJ-")
    [offer] = catalogue.offers.listing(OfferWish(kind="correction"))
    staff(page, catalogue, "archivist", f"/offers?id={offer.id}")
    page.get_by_role("button", name="采纳").click()
    expect(page.locator("h1")).to_contain_text("已采纳")
    after = catalogue.pages.of(record)[0]
    assert after.text is not None
    assert (after.text_version, after.text.text) == (
        before.text_version + 1,
        before.text.text.replace("拔篷", "拔蓬"),
    )
    follow(page, f"/record?id={record}&view=fields")
    expect(page.locator("[data-key=corrections]")).to_contain_text("“拔篷”应作“拔蓬”")
    kept(page, "record-corrections")


def test_a_reader_s_list_stays_with_the_account_and_loses_what_is_closed_to_them(
    page: Page, catalogue: Catalogue
) -> None:
    check = DeskCheck("柜台甲", "护照", date(2026, 3, 2))
    reader = catalogue.accounts.add("du.shou", real_name="读者四", audience=READING_ROOM, check=check)
    grants, closed = catalogue.grants, "990001:J045-3-1-1"
    grant = grants.add(reader.caller_id, [closed], until=date.today(), reason="试", by="试")

    def come_in(at: str) -> None:
        sign_in(page, catalogue.sessions.open(reader, "password"))
        page.goto(at)

    count = page.locator("[data-key=nav-list] .dh-count")
    page.goto("/record?id=990001:J001-1-2-9")
    page.locator("button", has_text="收藏").click()
    expect(count).to_have_text("1")
    come_in(f"/record?id={closed}")  # what was kept before comes along
    page.locator("button", has_text="收藏").click()
    expect(count).to_have_text("2")
    page.locator(".dh-side button").click()
    expect(count).to_have_count(0)
    come_in("/browse")
    expect(count).to_have_text("2")
    grants.revoke(grant.id, by="试")
    page.locator("[data-key=nav-list]").click()
    expect(page.locator("[role=status]", has_text="有 1 件现已不可查看")).to_be_visible()
    expect(page.locator(".dh-kept")).to_have_count(1)
    assert [one.record_id for one in catalogue.favourites.of(reader.id)] == ["990001:J001-1-2-9"]
    kept(page, "list-account")


def test_where_no_offers_are_taken_the_page_says_so_and_has_no_form(
    page: Page, catalogue: Catalogue, home: Path, stage: Stage, second: tuple[str, int]
) -> None:
    curator = Caller(STAFF, frozenset({"curator"}), "试", "key:1")
    section = Section("nets", "渔网", "", (), "找麻网照片")
    made = Edition("yu-wang", 0, "渔网", "", "", (section,), (), (), "2026-03-02")
    catalogue.editions.publish(as_json(made), curator)
    try:
        address, port = second
        with stage.search_api(home, port, DANGHAI_PUBLIC_ONLY="1"):
            page.goto(f"{address}/offer")
            expect(page.locator("[data-key=wanted-yu-wang-nets]")).to_contain_text("找麻网照片")
            expect(page.locator(".dh-notice")).to_contain_text("请来馆、来信或来电")
            expect(page.locator("[data-testid=stForm], textarea")).to_have_count(0)
            expect(page.get_by_role("link", name="我有线索")).to_have_count(0)
            kept(page, "offer-closed")
    finally:
        catalogue.editions.withdraw("yu-wang", curator)


def test_what_an_exhibition_wants_is_offered_to_it(phone_page: Page, catalogue: Catalogue) -> None:
    page, curator = phone_page, Caller(STAFF, frozenset({"curator"}), "试", "key:1")
    section = Section("boats", "渔船", "", (), "找 1952 年前后的渔船照片")
    made = Edition("yu-ye", 0, "海上渔家", "", "", (section,), (), (), "2026-03-02")
    catalogue.editions.publish(as_json(made), curator)
    try:
        page.goto("/offer")
        page.locator("[data-key=wanted-yu-ye-boats]").get_by_role("link", name="我有线索").click()
        expect(page.locator(".dh-notice", has_text="海上渔家 · 渔船")).to_contain_text("找 1952 年前后")
        kept(page, "offer-wanted-phone")
        filled(page, "说明", "家父留下三张")
        page.get_by_text("我已阅读并同意以上告知").click()
        page.get_by_role("button", name="提交", exact=True).click()
        expect(page.locator("#dh-once")).to_contain_text("ZJ-")
        [offer] = catalogue.offers.listing(OfferWish(slug="yu-ye"))
        assert offer.wanted == ("yu-ye", "boats", "找 1952 年前后的渔船照片")
    finally:
        catalogue.editions.withdraw("yu-ye", curator)
