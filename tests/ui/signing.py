"""Signing in without the form, which tests/ui/test_sign_in.py is about: what it posts, and no page."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Page


def sign_in(page: Page, key: str) -> None:
    """Whoever has this key, or session's token, looks at the next page that is loaded."""
    here = urlsplit(page.context.request.get("/_stcore/health").url)
    origin = {"Origin": f"{here.scheme}://{here.netloc}"}
    answer = page.context.request.post("/x/sign-in", form={"key": key}, headers=origin, max_redirects=0)
    assert answer.headers.get("location") == "/", answer.headers
