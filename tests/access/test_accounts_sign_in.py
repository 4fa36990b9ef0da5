"""Signing in and out over HTTP: sessions, their ends, cookies, failures, enrolment."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, text

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from search_api.callers import COOKIE

from .conftest import GOOD, OTHER, Door, problem

MakeDoor = Callable[..., Door]


@contextmanager
def statements(catalogue: Catalogue) -> Iterator[list[str]]:
    """What is asked of the catalogue meanwhile, in order."""
    asked: list[str] = []
    engine = catalogue.database.engine

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_person_signs_in_is_known_and_signs_out(door: Door) -> None:
    account = door.add("shi.yi", "curator")
    assert door.me() == {"id": "", "name": "", "audience": "public", "roles": [], "role_names": [], "via": "",
                         "ends_at": None}  # fmt: skip
    answer = door.try_sign_in(" SHI.YI ")
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    token = answer.json()["token"]
    me = door.me(token)
    assert {**me, "ends_at": ""} == {
        "id": account.caller_id, "name": "试shi.yi", "audience": "staff", "roles": ["curator"],
        "role_names": ["编研人员"], "via": "password", "ends_at": "",
    }  # fmt: skip
    left = datetime.fromisoformat(me["ends_at"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    other = door.sign_in("shi.yi")
    assert door.ask("POST", "/v1/sign-out", token, json={}).status_code == 200
    problem(door.ask("GET", "/v1/me", token), 401, "session-ended")
    assert door.me(other)["id"] == account.caller_id
    door.ask("POST", "/v1/sign-out", door.sign_in("shi.yi"), json={"everywhere": True})
    problem(door.ask("GET", "/v1/me", other), 401, "session-ended")
    problem(door.ask("POST", "/v1/sign-out", json={}), 401, "key-not-valid")


def test_a_session_ends_when_idle_and_at_the_latest_after_its_time(make_door: MakeDoor) -> None:
    """The rows are made older, for a busy machine sleeps as it likes."""
    door = make_door(session_idle=1_800, session_lasts=36_000)
    door.add("shi.yi", "curator")
    token, idle = door.sign_in("shi.yi"), door.sign_in("shi.yi")

    def older(column: str, seconds: int) -> None:
        then = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        with door.catalogue.database.write() as session:
            session.execute(text(f"update sessions set {column} = :then"), {"then": then})

    door.client.portal.call(door.app.state.house.presence.write)  # type: ignore[union-attr]
    door.me(token)
    older("seen_at", 1_801)
    assert door.me(token)["name"]  # was used, though nothing was written yet
    problem(door.ask("GET", "/v1/me", idle), 401, "session-ended")
    older("made_at", 36_001)
    problem(door.ask("GET", "/v1/me", token), 401, "session-ended")


def test_a_request_writes_nothing_and_its_use_is_written_behind(door: Door) -> None:
    account = door.add("shi.yi", "curator")
    token = door.sign_in("shi.yi")
    key = door.catalogue.keys.add(STAFF, roles=["curator"], owner=account.id)

    def state() -> str:
        with door.catalogue.database.read() as session:
            rows = [list(session.execute(text(f"select * from {t}"))) for t in ("sessions", "api_keys")]
            return repr(rows)

    before = state()
    time.sleep(0.01)
    for _ in range(20):
        door.me(token)
        door.me(key)
    assert state() == before
    door.client.portal.call(door.app.state.house.presence.write)  # type: ignore[union-attr]
    assert state() != before
    [row] = door.catalogue.keys.listing()
    assert row["used_on"] == datetime.now(UTC).date().isoformat()


# ── failures ───────────────────────────────────────────────────────────────────


def test_an_unknown_name_and_a_wrong_password_are_one_answer(make_door: MakeDoor) -> None:
    door = make_door(sign_in_tries=2)
    door.add("shi.yi", "curator")
    door.add("wei.kai", "curator", password="")  # not enrolled yet
    door.catalogue.accounts.lock(door.add("ting", "curator").id, by="")
    names = ("shi.yi", "nobody", "wei.kai", "ting", "'; drop table accounts --")
    said = [problem(door.try_sign_in(name, OTHER), 401, "sign-in-failed") for name in names]
    assert all(other == said[0] for other in said)
    assert "停用" in problem(door.try_sign_in("ting"), 403, "not-allowed")["detail"]  # who knows it may know
    for name in names:
        for _ in range(2 + (name == "ting")):  # a success took back what was before it
            last = door.try_sign_in(name, OTHER, address=f"192.0.2.{names.index(name)}")
        problem(last, 429, "too-often")  # unknown names wait too
        assert 0 < int(last.headers["retry-after"]) <= 15


def test_time_tells_no_name(make_door: MakeDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes time is counted, for a clock cannot tell on a busy machine: one hash of the same cost and the same
    questions to the catalogue for every name."""
    door = make_door(sign_in_tries=10_000, rate_sign_in="")
    door.add("shi.yi", "curator")
    done: list[str] = []
    verify = PasswordHasher.verify

    def noted(hasher: PasswordHasher, hashed: str, password: str) -> bool:
        done.append(hashed.rsplit("$", 2)[0])  # kind, version and cost, without salt and hash
        return bool(verify(hasher, hashed, password))

    monkeypatch.setattr(PasswordHasher, "verify", noted)

    def work(name: str) -> list[str]:
        done.clear()
        with statements(door.app.state.house.catalogue) as asked:
            problem(door.try_sign_in(name, OTHER), 401, "sign-in-failed")
        return [*done, *asked]

    for name in ("shi.yi", "nobody"):  # the first failure of a name makes its row
        work(name)
    known, unknown = work("shi.yi"), work("nobody")
    assert known == unknown
    assert [what for what in known if what.startswith("$argon2id$")] == known[:1]


def test_a_locked_out_name_waits_even_with_the_right_password_until_unlocked(make_door: MakeDoor) -> None:
    door = make_door(sign_in_tries=2)
    door.add("shi.yi", "curator")
    door.add("an.quan", "security_admin")
    admin = door.sign_in("an.quan")
    signed_in = door.sign_in("shi.yi")
    for _ in range(2):
        problem(door.try_sign_in("shi.yi", OTHER), 401, "sign-in-failed")
    problem(door.try_sign_in("shi.yi", address="192.0.2.9"), 429, "too-often")
    assert door.me(signed_in)["name"] == "试shi.yi"  # who is in stays in
    number = next(a["id"] for a in door.ask("GET", "/v1/accounts", admin).json() if a["name"] == "shi.yi")
    assert door.ask("POST", f"/v1/accounts/{number}/unlock", admin).status_code == 200
    door.sign_in("shi.yi")


def test_an_address_waits_for_what_it_tried_and_only_a_trusted_proxy_may_name_it(make_door: MakeDoor) -> None:
    door = make_door(sign_in_tries=1, trusted_proxies="127.0.0.1, 10.0.0.0/8")
    door.add("shi.yi", "curator")
    for n in range(4):
        problem(door.try_sign_in(f"name{n}", OTHER, "198.51.100.7"), 401, "sign-in-failed")
    problem(door.try_sign_in("shi.yi", GOOD, "198.51.100.7"), 429, "too-often")
    # The last address that no trusted proxy has is the one: what the stranger writes before it counts not.
    problem(door.try_sign_in("shi.yi", GOOD, "203.0.113.1, 198.51.100.7, 10.1.2.3"), 429, "too-often")
    assert door.try_sign_in("shi.yi", GOOD, "198.51.100.8").status_code == 200


def test_old_parameters_are_renewed_at_sign_in(door: Door) -> None:
    account = door.add("shi.yi", "curator")
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD)
    with door.catalogue.database.write() as session:
        session.execute(text("update accounts set password = :old"), {"old": old})
    door.sign_in("shi.yi")
    _, renewed = door.catalogue.accounts.with_password(account.name)
    assert "m=65536,t=3,p=4" in renewed
    door.sign_in("shi.yi")


# ── passwords ──────────────────────────────────────────────────────────────────


def test_a_changed_password_ends_all_other_sessions(door: Door) -> None:
    door.add("shi.yi", "curator")
    mine, elsewhere = door.sign_in("shi.yi"), door.sign_in("shi.yi")
    change = {"old": GOOD, "new": OTHER}
    problem(door.ask("PUT", "/v1/me/password", json=change), 403, "not-allowed")
    wrong = {"old": OTHER, "new": OTHER}
    problem(door.ask("PUT", "/v1/me/password", mine, json=wrong), 401, "sign-in-failed")
    weak = {"old": GOOD, "new": "123456789012"}
    problem(door.ask("PUT", "/v1/me/password", mine, json=weak), 400, "bad-input")
    assert door.ask("PUT", "/v1/me/password", mine, json=change).status_code == 200
    door.me(mine)
    problem(door.ask("GET", "/v1/me", elsewhere), 401, "session-ended")
    problem(door.try_sign_in("shi.yi", GOOD), 401, "sign-in-failed")
    door.sign_in("shi.yi", OTHER)


def test_a_person_sets_the_first_password_with_a_code_that_works_once(door: Door) -> None:
    account = door.add("shi.yi", "curator", password="")
    code = door.catalogue.accounts.enrolment(account.id, by="")
    problem(door.ask("POST", "/v1/enrol", json={"code": code, "password": "short"}), 400, "bad-input")
    done = door.ask("POST", "/v1/enrol", json={"code": code, "password": GOOD})
    assert (done.status_code, done.json()["extra"]["name"]) == (200, "shi.yi")
    problem(door.ask("POST", "/v1/enrol", json={"code": code, "password": OTHER}), 403, "not-allowed")
    door.sign_in("shi.yi")


# ── cookies ────────────────────────────────────────────────────────────────────


@pytest.fixture
def browser(door: Door) -> Door:
    door.add("shi.yi", "curator")
    return door


SITE = {"Origin": "http://testserver"}


def signed_by_cookie(door: Door) -> httpx.Response:
    given = {"name": "shi.yi", "password": GOOD, "cookie": True}
    return door.ask("POST", "/v1/sign-in", json=given, headers=SITE)


def test_a_cookie_is_for_browsers_and_no_script_reads_it(browser: Door) -> None:
    answer = signed_by_cookie(browser)
    cookie = answer.headers["set-cookie"].lower()
    assert COOKIE in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert answer.json()["token"] == ""
    assert browser.me()["name"] == "试shi.yi"
    https = browser.client.post(
        "https://testserver/v1/sign-in",
        json={"name": "shi.yi", "password": GOOD, "cookie": True},
        headers={"Origin": "https://testserver"},
    )
    assert "secure" in https.headers["set-cookie"].lower()


def test_another_site_s_page_changes_nothing_by_cookie(browser: Door) -> None:
    signed_by_cookie(browser)
    given = {"name": "脚本", "roles": ["curator"]}
    for origin in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        problem(browser.ask("POST", "/v1/me/keys", json=given, headers=origin), 403, "not-allowed")
        problem(browser.ask("POST", "/v1/sign-out", json={}, headers=origin), 403, "not-allowed")
        login = {"name": "shi.yi", "password": GOOD, "cookie": True}
        problem(browser.ask("POST", "/v1/sign-in", json=login, headers=origin), 403, "not-allowed")
    assert browser.me()["name"] == "试shi.yi"
    assert browser.ask("POST", "/v1/me/keys", json=given, headers=SITE).status_code == 201
    out = browser.ask("POST", "/v1/sign-out", json={}, headers=SITE)
    assert f'{COOKIE}=""' in out.headers["set-cookie"]
    assert browser.me()["id"] == ""


def test_a_header_goes_before_a_cookie_and_a_stale_cookie_is_said(browser: Door) -> None:
    signed_by_cookie(browser)
    problem(browser.ask("GET", "/v1/me", "dh_nothing"), 401, "key-not-valid")
    browser.client.cookies.clear()
    browser.client.cookies.set(COOKIE, "ds_nothing")
    problem(browser.ask("GET", "/v1/me"), 401, "session-ended")
    assert signed_by_cookie(browser).status_code == 200  # signing in again needs no valid one
