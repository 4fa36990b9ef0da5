"""The explorer under its content security policy, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from tests.ui.waiting import follow

READ = "J001-1-1-3"

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_every_answer_of_the_explorer_has_its_headers(site: str) -> None:
    for path in ("/", "/x/suggest?q=a", "/nowhere", "/x/cite/none"):
        headers = httpx.get(site + path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_pages_work_and_break_no_rule_of_the_policy(page: Page) -> None:
    """Search with its histogram, a record with its scan, browsing: whatever a page needs, the policy gives."""
    refused: list[str] = []
    page.on(
        "console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None
    )
    page.goto("/?q=渔民")
    expect(page.locator(".dh-card").first).to_be_visible()
    expect(page.locator(".st-key-histogram canvas, .st-key-histogram svg.marks").first).to_be_visible()
    follow(page, f"/record?id=990001:{READ}")
    expect(page.locator(".dh-stage img").first).to_be_visible()
    follow(page, "/browse")
    expect(page.get_by_text("J001").first).to_be_visible()
    assert refused == []


def test_nothing_from_elsewhere_runs_in_a_page(page: Page) -> None:
    """What a script that got into a page would do first."""
    page.goto("/")
    page.get_by_text("档海").first.wait_for()
    blocked = page.evaluate(
        """async () => {
          const script = document.createElement('script');
          script.textContent = 'window.ran = true';
          document.body.append(script);
          let sent = true;
          try { await fetch('https://example.org/'); } catch { sent = false; }
          return [window.ran === true, sent];
        }"""
    )
    assert blocked == [False, False]
