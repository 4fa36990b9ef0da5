"""Signing in by name and password in a real browser: enrol, sign in, see who one is, change, expire, sign out."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from holdings.catalogue import Catalogue

pytestmark = pytest.mark.browser

GOOD, OTHER = "海风-吹过-三座-旧灯塔", "晒盐的人-数着-退潮的钟声"


def sign_in(page: Page, password: str) -> None:
    page.goto("/sign-in")
    page.locator("input[name=account]").fill("shi.yi")
    page.locator("input[name=password]").fill(password)
    page.locator(".dh-stack:not(.dh-key) .dh-main").click()


def test_a_person_enrols_signs_in_changes_the_password_and_is_told_when_it_ended(
    page: Page, home: Path
) -> None:
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    account = catalogue.accounts.add("shi.yi", real_name="试一", roles=["curator"])
    code = catalogue.accounts.enrolment(account.id, by="")
    page.goto("/enrol")
    page.locator("input[name=code]").fill(code)
    page.locator("input[name=new]").fill("123456789012")
    page.locator(".dh-stack .dh-main").click()
    expect(page.locator(".dh-error")).to_contain_text("至少 12 个字")
    page.locator("input[name=code]").fill(code)
    page.locator("input[name=new]").fill(GOOD)
    page.locator(".dh-stack .dh-main").click()
    expect(page.locator("[role=status]", has_text="密码已设")).to_be_visible()
    sign_in(page, "wrong")
    expect(page.locator(".dh-error")).to_contain_text("不对")
    sign_in(page, GOOD)
    expect(page.locator("[data-key=nav-me]")).to_have_text("试一")
    page.locator("[data-key=nav-me]").click()
    expect(page.locator("dl")).to_contain_text("编研人员")
    page.locator("input[name=old]").fill(GOOD)
    page.locator("input[name=new]").fill(OTHER)
    page.locator(".dh-stack .dh-main").click()
    expect(page.locator("[role=status]", has_text="密码已改")).to_be_visible()
    assert all(c["value"][:3] not in ("ds_", "dh_") for c in page.context.cookies())
    catalogue.sessions.close_all(account.id)  # as when its time is over
    page.goto("/browse")
    expect(page.locator(".dh-notice")).to_contain_text("登录已过期")
    page.locator(".dh-notice a").click()
    expect(page.locator("input[name=account]")).to_be_visible()
    sign_in(page, OTHER)
    expect(page.locator("[data-key=nav-me]")).to_have_text("试一")
    page.locator(".dh-side button").click()
    expect(page.locator(".dh-side")).to_contain_text("登录")
    page.goto("/me")
    expect(page.locator(".dh-narrow")).to_contain_text("没有登录")
    catalogue.close()


def test_another_site_s_form_changes_nothing(site: str) -> None:
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}):
        for path in ("sign-in", "sign-out", "password", "enrol", "list/add", "oidc"):
            assert httpx.post(f"{site}/x/{path}", headers=origin).status_code == 403
    assert httpx.post(f"{site}/x/sign-out", headers={"Origin": site}).status_code == 303
