"""Reviewing in a real browser: what was seen is marked on the scan, typing decides nothing, a key does."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from holdings.signals import Term
from tests.ui.signing import sign_in
from tests.ui.waiting import follow

pytestmark = pytest.mark.browser

MINUTES = "990001:J001-1-1-3"
ANNOUNCED = "990001:J001-1-1-4"


def test_a_reviewer_sees_what_was_seen_and_gives_an_opinion_by_keyboard(
    page: Page, api: str, home: Path
) -> None:
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    catalogue.review_lists.put_terms([Term("旧麻袋", "民生", "livelihood")])
    key = catalogue.keys.add(STAFF, roles=["archivist"], name="初审员")
    catalogue.close()
    staff = {"Authorization": f"Bearer {key}"}
    body = {"name": "试审一批", "ids": [MINUTES, ANNOUNCED]}
    batch = httpx.post(f"{api}/v1/reviews/batches", json=body, headers=staff).json()["id"]
    sign_in(page, key)
    page.goto("/")
    page.locator("[data-key=nav-review]").click()
    page.locator(f"[data-key=step-{batch}-first]").click()
    expect(page.locator(".dh-where code")).to_have_text("J001-1-1-3")
    items = httpx.get(f"{api}/v1/reviews/batches/{batch}/items", headers=staff).json()["items"]
    shown = httpx.get(f"{api}/v1/reviews/items/{items[0]['id']}", headers=staff, timeout=60).json()
    boxes = [box for one in shown["first_opinion"]["seen"] if one["page"] == 2 for box in one["boxes"]]
    drawn = page.locator(".dh-matchbox")  # it opens on page 2, where something was seen
    expect(drawn).to_have_count(len(boxes))
    assert boxes
    expect(page.locator(".dh-plainlist mark").first).to_have_text("旧麻袋")
    expect(page.locator(".st-key-side")).to_contain_text("民生专题档案")
    # Digits typed into the note are text, and no opinion.
    note = page.locator(".st-key-side textarea")
    note.click()
    page.keyboard.type("有 2 处 1 3")
    expect(note).to_have_value("有 2 处 1 3")
    page.locator("h1").first.click()
    page.wait_for_timeout(500)
    [item, _] = httpx.get(f"{api}/v1/reviews/batches/{batch}/items", headers=staff).json()["items"]
    assert item["opinions"] == []
    page.keyboard.press("2")
    expect(page.locator(".dh-tell")).to_contain_text("已记入初审意见")
    expect(page.locator(".dh-where code")).to_have_text("J001-1-1-4")
    [item, _] = httpx.get(f"{api}/v1/reviews/batches/{batch}/items", headers=staff).json()["items"]
    [opinion] = item["opinions"]
    assert (opinion["status"], opinion["reasons"], opinion["by"]) == ("控制", ["livelihood"], "初审员")
    assert opinion["words"] == "有 2 处 1 3"
    follow(page, f"/review-item?id={item['id']}")  # the second step is another's
    expect(page.locator(".dh-notice")).to_contain_text("您已办过这一条的初审")


def test_the_public_has_openings_and_no_reviews(page: Page) -> None:
    page.goto("/openings")
    expect(page.locator(".dh-notice, .dh-tree").first).to_be_visible()
    expect(page.locator("[data-key=nav-review]")).to_have_count(0)
    follow(page, "/review")
    expect(page.locator("[role=alert]")).to_be_visible()
