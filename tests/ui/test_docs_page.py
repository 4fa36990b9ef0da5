"""The API's own page: it works in a browser under its policy, and asks nobody but this house."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from tests.ui.waiting import until

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_the_docs_page_works_under_its_policy_and_asks_no_other_host(api: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{api}/docs")
    until(page, "document.querySelectorAll('.opblock').length > 20")
    page.locator("#operations-tag-检索_search, .opblock-tag").first.wait_for()
    page.get_by_text("/v1/suggest", exact=True).first.click()
    page.get_by_role("button", name="Try it out").first.click()
    page.get_by_placeholder("q", exact=True).first.fill("沈家")
    page.get_by_role("button", name="Execute").first.click()
    until(page, "document.querySelector('.live-responses-table') !== null")
    assert [url for url in asked if urlsplit(url).netloc not in ("", urlsplit(api).netloc)] == []
    assert said == []
    context.close()


def test_the_docs_page_names_no_other_host(api: str) -> None:
    answer = httpx.get(f"{api}/docs")
    policy = answer.headers["content-security-policy"]
    assert not re.search(r"https?:|//|\*|unsafe", policy), policy
    assert not re.search(r"(?:src|href)=.(?:https?:)?//", answer.text)
    assert "<script>" not in answer.text
    for gone in ("/redoc", "/docs/oauth2-redirect", "/docs/core.py", "/docs/redoc.standalone.js"):
        assert httpx.get(f"{api}{gone}").status_code == 404
