"""Waiting for what only a script can tell."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from playwright.sync_api import TimeoutError as NotInTime

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PATIENCE = 30.0


def until(page: Page, expression: str, arg: object = None) -> None:
    """Wait for the expression to be true. Playwright's own wait evaluates strings within the page, which the
    explorer's Content-Security-Policy refuses."""
    began = time.monotonic()
    while not page.evaluate(expression, arg):
        assert time.monotonic() - began < PATIENCE, f"never true: {expression}"
        page.wait_for_timeout(50)


def settled(page: Page) -> None:
    """Wait until no script runs: one that ends under an open list closes it."""
    until(page, "!document.querySelector('[data-test-script-state=running]')")


def texts(found: Locator) -> list[str]:
    """The texts of all that is found, once the page is whole: what stands first is seen before the rest comes."""
    found.first.wait_for()
    settled(found.page)
    return found.all_inner_texts()


def choose(box: Locator, option: Locator) -> None:
    """Choose in a list of Streamlit's. It is opened by the keyboard, and again when a run or a scroll that ends
    meanwhile has closed it."""
    began = time.monotonic()
    while True:
        settled(box.page)
        if not option.is_visible():
            box.press("ArrowDown")
        try:
            return option.click(timeout=1_000)
        except NotInTime:
            assert time.monotonic() - began < PATIENCE, f"never to be chosen: {option}"
