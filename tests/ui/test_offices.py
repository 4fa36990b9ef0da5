"""The offices' pages in a real browser: accounts, the desk, keys, the secrecy queue, publishing, the audit trail,
and one opinion for many. Each is shown to those whose role it is, and to nobody else."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from holdings.catalogue.publishing import Carried, CarriedEdition, Package
from holdings.catalogue.tables_redactions import RedactionRow
from holdings.records import Line, PageText
from tests.ui.conftest import HOLDINGS, ingest
from tests.ui.signing import sign_in
from tests.ui.waiting import choose, follow, settled

pytestmark = pytest.mark.browser

GOOD = "海风-吹过-三座-旧灯塔"
OFFICES = ("review", "readers", "quarantine", "publish", "accounts", "keys", "audit")
FOUND, CLOSED, MARKED = "990001:M003-1-1-2", "990001:J045-3-1-1", "990001:J045-2-22-1"


@pytest.fixture(scope="module")
def catalogue(home: Path) -> Iterator[Catalogue]:
    made = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    yield made
    made.close()


def come_in(page: Page, catalogue: Catalogue, *roles: str, name: str = "", at: str = "/") -> str:
    """Signed in as a new person with these roles, and at a page; the session's token."""
    login = name or ".".join(roles).replace("_", "-")
    account = catalogue.accounts.add(login, real_name=f"试{login}", roles=roles)
    token = catalogue.sessions.open(account, "password")
    by_key(page, token, at)
    return token


def by_key(page: Page, key: str, at: str) -> None:
    sign_in(page, key)
    page.goto(at)
    expect(page.locator(".dh-side button")).to_have_text("退出")


def offices(page: Page) -> list[str]:
    """What the head of the page offers beyond what everybody has."""
    settled(page)
    links = page.locator(".dh-head nav a").evaluate_all("all => all.map(a => a.dataset.key.slice(4))")
    return [name for name in links if name in OFFICES]


def test_accounts_are_made_changed_and_given_up_with_the_three_apart(
    page: Page, catalogue: Catalogue
) -> None:
    come_in(page, catalogue, "security_admin")
    assert offices(page) == ["accounts"]
    page.locator("[data-key=nav-accounts]").click()
    page.locator("[data-key=account-new]").click()
    page.get_by_label("账号名", exact=True).fill("xin.ren")
    page.get_by_label("真实姓名").fill("新人")
    choose_several(page, "角色", "系统管理员（三员）", "编研人员")
    page.get_by_role("button", name="开账号，给开通码").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("三员各用各的账号，不与别的角色同在")
    expect(page.get_by_label("真实姓名")).to_have_value("新人")  # nothing typed is lost
    page.get_by_test_id("stMultiSelect").get_by_label("Remove 系统管理员（三员）").click()
    page.get_by_role("button", name="开账号，给开通码").click()
    code = page.locator("#dh-once").inner_text()
    assert re.fullmatch(r"de_\S{20,}", code)
    expect(page.locator("h1")).to_contain_text("待设密码")
    page.get_by_role("button", name="已记下").click()
    expect(page.locator("#dh-once")).to_have_count(0)
    made = next(one for one in catalogue.accounts.listing() if one.name == "xin.ren")
    assert made.roles == ("curator",)
    assert catalogue.accounts.enrol(code, GOOD).id == made.id
    page.reload()
    expect(page.locator("h1")).to_contain_text("在用")
    page.locator("summary", has_text="注销").click()
    page.get_by_label("请照写账号名 xin.ren").fill("xin")
    page.get_by_role("button", name="注销这个账号").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("请照写账号名")
    page.get_by_label("请照写账号名 xin.ren").fill("xin.ren")
    page.get_by_role("button", name="注销这个账号").click()
    expect(page.locator(".dh-tell")).to_contain_text("已注销")
    assert catalogue.accounts.get(made.id).retired
    follow(page, "/accounts?q=xin.ren&state=used")
    expect(page.locator(".dh-notice")).to_contain_text("没有这样的账号")


def choose_several(page: Page, label: str, *options: str) -> None:
    """Choose in a list of several."""
    for option in options:
        choose(page.get_by_label(label, exact=True), page.get_by_role("option", name=option))
    page.keyboard.press("Escape")


def test_the_desk_registers_a_reader_and_opens_a_record_until_a_day(
    phone_page: Page, catalogue: Catalogue, api: str
) -> None:
    page = phone_page
    come_in(page, catalogue, "archivist", name="gui.tai")
    assert offices(page) == ["review", "readers", "publish"]
    page.locator("[data-key=nav-readers]").click()
    page.get_by_label("真实姓名").fill("读者三")
    page.get_by_label("账号名", exact=True).fill("du.san")
    page.get_by_role("button", name="已核验，登记").click()
    code = page.locator("#dh-once").inner_text()
    expect(page.locator("h1")).to_contain_text("读者三")
    reader = catalogue.accounts.enrol(code, GOOD)
    page.get_by_role("textbox", name="档号，每行一个").fill("M003-1-1-2\nM003-9-9-9")
    page.get_by_label("依据").fill("申请 2026-3，已批准")
    expect(page.locator(".dh-plainlist .dh-error")).to_contain_text("M003-9-9-9")
    page.get_by_role("button", name="批准", exact=True).click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("没有这些条目：M003-9-9-9")
    page.get_by_role("textbox", name="档号，每行一个").fill("M003-1-1-2")
    page.get_by_label("依据").click()
    expect(page.locator(".dh-plainlist .dh-error")).to_have_count(0)
    page.get_by_role("button", name="批准", exact=True).click()
    expect(page.locator(".dh-tell")).to_contain_text("已批准")
    [grant] = catalogue.grants.listing(reader.caller_id)
    assert (grant.records, grant.stands) == ((FOUND,), True)
    overflow = "document.querySelector('[data-testid=stMain]').scrollWidth - window.innerWidth"
    assert page.evaluate(overflow) <= 0
    page.get_by_role("link", name="全部读者").click()
    page.locator(".dh-table").last.get_by_role("link", name="读者三").click()
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".dh-tell")).to_contain_text("已撤销")
    assert not catalogue.grants.listing(reader.caller_id)[0].stands


def test_keys_are_shown_once_listed_and_revoked(page: Page, catalogue: Catalogue, api: str) -> None:
    come_in(page, catalogue, "system_admin", at="/me")
    assert offices(page) == ["keys"]
    page.get_by_label("用途").fill("看指标")
    page.get_by_role("button", name="发密钥").click()
    key = page.locator("#dh-once").inner_text()
    assert httpx.get(f"{api}/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 200
    page.locator("[data-key=nav-keys]").click()
    row = page.locator("tr", has_text="看指标")
    expect(row).to_contain_text("system-admin")
    assert key not in page.content()
    number = row.locator("code").inner_text()
    choose(page.get_by_label("密钥", exact=True), page.get_by_role("option", name=number))
    page.get_by_role("button", name="撤销").click()
    expect(page.locator(".dh-tell")).to_contain_text("已撤销")
    expect(page.locator("tr", has_text="看指标")).to_have_count(0)
    assert httpx.get(f"{api}/metrics", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    page.locator("[data-key=nav-me]").click()
    expect(page.locator("tr", has_text="看指标")).to_contain_text("已撤销")
    expect(page.locator("#dh-once")).to_have_count(0)  # it was left, and is not shown again


def test_the_officer_decides_on_what_is_held_with_a_reason(
    page: Page, catalogue: Catalogue, home: Path
) -> None:
    leaf = catalogue.pages.of(MARKED)[0]
    marked = PageText((Line("机密", (60, 50, 120, 36)),), "ocr:test@1")
    assert catalogue.pages.save_reading(leaf.id, marked, "test")
    come_in(page, catalogue, "security_officer")
    assert offices(page) == ["quarantine", "publish", "audit"]
    page.locator("[data-key=held]").click()
    expect(page.locator(".dh-where small")).to_have_text("1 件")
    picture = page.locator(".dh-held img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("image => image.naturalWidth") > 0
    page.get_by_role("button", name="不涉密，解除").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("请写明理由")
    page.get_by_label("理由").fill("一九五八年已解密")
    page.get_by_role("button", name="不涉密，解除").click()
    expect(page.locator(".dh-tell")).to_contain_text("J045-2-22-1 已解除")
    assert [one for one in catalogue.quarantine.listing() if one.state != "released"] == []
    ingest(home, "--no-ocr", str(HOLDINGS / "J045"))  # a projector: nothing is being withdrawn any more
    assert catalogue.outbox.withdrawing() == ()


def test_withdrawals_the_outside_does_not_know_of_alarm(page: Page, catalogue: Catalogue) -> None:
    now = datetime.now(UTC)
    package = Package(1, "full", "0" * 64, now - timedelta(days=4), 1, 0, editions=1)
    shows = {"yu-wang": CarriedEdition("渔网展", "0" * 64, now - timedelta(days=2))}
    carried = {CLOSED: Carried(1, "", now - timedelta(days=3)), FOUND: Carried(0, "")}
    catalogue.publishing.made(package, carried, [], shows, [])
    # The row alone: no index has to follow, and the next tests neither.
    redaction = RedactionRow(
        record_id=FOUND, page=1, sha256="", frame=0, box=[], code="privacy", note="",
        made_by="试", made_at=now - timedelta(days=2), undone_by="",
    )  # fmt: skip
    with catalogue.database.write() as session:
        session.add(redaction)
    come_in(page, catalogue, "archivist", name="fa.bu")
    expect(page.locator("[role=alert] a")).to_have_count(1)  # what is hidden was not noticed yet
    page.locator("[role=alert] a", has_text="逾期").click()
    expect(page.locator(".dh-notice.is-alarm")).to_have_count(2)
    withdrawn, hidden = page.locator(".dh-notice.is-alarm").all()
    expect(withdrawn.locator("h2")).to_contain_text("最早的已 3 天")
    expect(withdrawn.locator("li")).to_contain_text("2 项还没有出包")
    expect(hidden.locator("h2")).to_contain_text("涂黑或另写公开著录 1 项，公众网仍未确认换过；最早的已 2 天")
    expect(page.locator(".dh-table tr", has_text=FOUND.partition(":")[2])).to_contain_text("涂黑或公开著录")
    expect(page.locator(".dh-table").first).to_contain_text("J045-3-1-1")
    expect(page.locator(".dh-table tr", has_text="渔网展")).to_contain_text("展览已撤下")
    expect(page.locator(".dh-table").last).to_contain_text("＋展览 1")
    expect(page.locator(".dh-table").last).to_contain_text("没有回执")
    page.goto("/")
    expect(page.locator("[role=alert] a", has_text="涂黑")).to_contain_text("逾期")
    with catalogue.database.write() as session:
        session.execute(delete(RedactionRow).where(RedactionRow.record_id == FOUND))


def test_the_auditor_searches_the_trail_takes_it_along_and_verifies_it(
    page: Page, catalogue: Catalogue
) -> None:
    token = come_in(page, catalogue, "audit_admin")
    assert offices(page) == ["audit"]
    page.locator("[data-key=nav-audit]").click()
    page.get_by_role("button", name="从头核验").click()
    expect(page.locator(".dh-fields")).to_contain_text("完好")
    expect(page.locator(".dh-fields")).to_contain_text("试audit-admin")
    page.get_by_label("谁").fill("试audit-admin")
    page.get_by_label("何事").fill("change")
    page.get_by_role("button", name="检索", exact=True).click()
    [row] = [page.locator(".dh-table tbody tr")]
    expect(row).to_have_count(1)  # the beginning and the outcome in one
    expect(row).to_contain_text("核验审计链")
    expect(row).to_contain_text("127.0.0.1")
    with page.expect_download() as taken:
        page.get_by_role("link", name="下载 CSV").click()
    text = taken.value.path().read_text(encoding="utf-8-sig")
    headers, *rows = csv.reader(io.StringIO(text))
    assert {row[headers.index("何事")] for row in rows} == {"POST /v1/audit/verify"}
    assert token not in page.content()


def test_one_opinion_for_many_waits_for_its_sample(page: Page, catalogue: Catalogue, api: str) -> None:
    key = catalogue.keys.add(STAFF, roles=["archivist"], name="批审员")
    staff = {"Authorization": f"Bearer {key}"}
    body = {"name": "试批量", "within": "990001:M003"}
    batch = httpx.post(f"{api}/v1/reviews/batches", json=body, headers=staff).json()["id"]
    by_key(page, key, f"/review-batch?id={batch}")
    assert offices(page) == ["review", "publish"]
    total = catalogue.reviews.batch(batch).counts["first"]
    choose(page.get_by_label("复审", exact=True), page.get_by_role("option", name="批审员"))
    page.get_by_role("button", name="分派").click()
    expect(page.locator(".dh-tell")).to_contain_text("已分派")
    assert catalogue.reviews.batch(batch).assigned["second"][1] == "批审员"
    settled(page)
    left_out = page.locator(".dh-table tbody tr code").first.inner_text()
    page.locator("summary", has_text="提出批量意见").click()
    page.get_by_role("textbox", name="不含这些档号").fill(left_out)
    page.get_by_role("button", name="抽样").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text("理由")
    choose(page.get_by_test_id("stMultiSelect").locator("input"), page.get_by_role("option").first)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="抽样").click()
    expect(page.locator(".dh-tell")).to_contain_text(f"{total - 1} 件，抽出样本")
    settled(page)
    sample = page.locator(".dh-sample a").count()
    for n in range(sample):
        expect(page.locator(".dh-sample", has_text=f"{n} / {sample}")).to_have_count(1)
        settled(page)
        page.get_by_role("button", name="同意").click()
    page.get_by_role("button", name=f"落实到 {total - 1} 件").click()
    expect(page.locator(".dh-tell")).to_contain_text(f"已落实 {total - 1} 件")
    assert catalogue.reviews.batch(batch).counts == {"first": 1, "second": total - 1}


def test_offices_are_nobody_else_s(page: Page, catalogue: Catalogue) -> None:
    come_in(page, catalogue, "curator", name="bian.yan")
    assert offices(page) == []
    for name in OFFICES:
        follow(page, f"/{name}")
        expect(page.locator("[role=alert]")).to_contain_text("没能完成")
