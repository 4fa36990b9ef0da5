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


def follow(page: Page, address: str) -> None:
    """Go to an address of the explorer as its links do: the page stays loaded, which costs a third of loading it. Returns
    when the run that draws the address has ended."""
    settled(page)
    until(page, "window.danghaiRouter")  # before it is there a link is a link
    page.evaluate(
        """href => new Promise((done) => {
          const app = document.querySelector("[data-test-script-state]");
          let began = false;
          const watcher = new MutationObserver(() => {
            const state = app.getAttribute("data-test-script-state");
            began ||= state === "running";
            if (began && state === "notRunning") { watcher.disconnect(); done(); }
          });
          watcher.observe(app, { attributeFilter: ["data-test-script-state"] });
          const link = Object.assign(document.createElement("a"), { href, className: "dh-go" });
          document.body.append(link);
          link.click();
          link.remove();
        })""",
        address,
    )


def visit(page: Page, address: str) -> None:
    """For the fixtures of those who only read: at an address as nobody, loaded once and followed from then on."""
    if page.evaluate("window.readAsNobody === true"):
        return follow(page, address)
    page.context.clear_cookies()
    page.goto(address)
    page.evaluate("window.readAsNobody = true")


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
