"""Who may make and change whom: 三员 apart, readers at the desk, keys within their owner's powers, rates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdings.access import ROLES, STAFF
from holdings.errors import BadInput
from holdings.roles import DESK_ROLES, STAFF_ROLES, THREE_ADMINISTRATORS
from search_api.rates import rates

from .conftest import GOOD, Door, problem

MakeDoor = Callable[..., Door]


@pytest.fixture
def people(door: Door) -> dict[str, str]:
    """A session of one person with each role."""
    accounts = {role: door.add(role, role, password="") for role in ROLES}
    return {role: door.catalogue.sessions.open(account, "password") for role, account in accounts.items()}


def test_every_role_s_audience_and_every_route_s_roles(door: Door, people: dict[str, str]) -> None:
    reader = {"name": "du.zhe", "real_name": "读者一", "document": "居民身份证"}
    key = door.catalogue.keys.add("public", roles=["security_admin"], name="脚本")
    for role, token in people.items():
        assert door.me(token)["audience"] == ("public" if role in THREE_ADMINISTRATORS else "staff")

        def status(method: str, path: str, token: str = token, **more: Any) -> int:
            return door.ask(method, path, token, **more).status_code

        accounts, keys = role == "security_admin", role == "system_admin"
        assert status("GET", "/v1/accounts") == (200 if accounts else 403)
        assert status("POST", "/v1/accounts/999/lock") == (404 if accounts else 403)
        assert status("PUT", "/v1/accounts/999/roles", json={"roles": ["curator"]}) == (
            404 if accounts else 403
        )
        assert status("POST", "/v1/accounts/999/retire") == (404 if accounts else 403)
        assert status("GET", "/v1/readers") == (200 if role in DESK_ROLES else 403)
        assert status("GET", "/v1/keys") == (200 if keys else 403)
        assert status("DELETE", "/v1/keys/999") == (404 if keys else 403)
        made = status("POST", "/v1/readers", json={**reader, "name": f"du.zhe.{role}"})
        assert made == (201 if role in DESK_ROLES else 403)
    for token in ("", key):  # accounts are changed by persons only
        problem(door.ask("GET", "/v1/accounts", token), 403, "not-allowed")
        problem(door.ask("POST", "/v1/me/keys", token, json={"name": "x"}), 403, "not-allowed")
    assert set(people) == STAFF_ROLES | THREE_ADMINISTRATORS


def test_a_reader_registered_at_the_desk_enrols_and_reads_in_the_reading_room(
    door: Door, people: dict[str, str]
) -> None:
    given = {"name": "du.zhe", "real_name": "读者一", "document": "护照"}
    made = door.ask("POST", "/v1/readers", people["archivist"], json=given).json()
    account = made["account"]
    assert (account["checked_by"], account["document"], account["enrolled"]) == ("试archivist", "护照", False)
    assert account["checked_on"] == (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    door.ask("POST", "/v1/enrol", json={"code": made["enrolment"], "password": GOOD})
    assert door.me(door.sign_in("du.zhe"))["audience"] == "reading_room"
    bad = door.ask(
        "POST", "/v1/readers", people["archivist"], json={**given, "name": "b", "document": "图书证"}
    )
    assert bad.status_code == 400
    problem(door.ask("POST", "/v1/readers", people["archivist"], json=given), 409, "conflict")


def test_the_security_administrator_makes_accounts_and_never_changes_his_own(
    door: Door, people: dict[str, str]
) -> None:
    token = people["security_admin"]
    me = int(door.me(token)["id"].partition(":")[2])
    for roles in (["system_admin", "audit_admin"], ["audit_admin", "curator"], ["king"], []):
        given = {"name": "xin", "real_name": "新", "roles": roles}
        problem(door.ask("POST", "/v1/accounts", token, json=given), 400, "bad-input")
    given = {"name": "xin", "real_name": "新", "roles": ["curator"]}
    made = door.ask("POST", "/v1/accounts", token, json=given)
    assert made.status_code == 201
    number = made.json()["account"]["id"]
    door.ask("POST", "/v1/enrol", json={"code": made.json()["enrolment"], "password": GOOD})
    session = door.sign_in("xin")
    changed = door.ask("PUT", f"/v1/accounts/{number}/roles", token, json={"roles": ["reviewer"]})
    assert changed.json()["roles"] == ["reviewer"]
    assert door.me(session)["roles"] == ["reviewer"]  # from the next request on
    for path, body in (
        ("roles", {"roles": ["audit_admin"]}),
        ("unlock", None),
        ("reset", None),
        ("lock", None),
        ("retire", None),
    ):
        method = "PUT" if path == "roles" else "POST"
        problem(door.ask(method, f"/v1/accounts/{me}/{path}", token, json=body), 403, "not-allowed")
    assert door.ask("POST", f"/v1/accounts/{number}/lock", token).json()["locked"]
    problem(door.ask("GET", "/v1/me", session), 401, "session-ended")
    door.ask("POST", f"/v1/accounts/{number}/unlock", token)
    session = door.sign_in("xin")
    code = door.ask("POST", f"/v1/accounts/{number}/reset", token).json()["enrolment"]
    problem(door.ask("GET", "/v1/me", session), 401, "session-ended")
    problem(door.try_sign_in("xin"), 401, "sign-in-failed")
    assert door.ask("POST", "/v1/enrol", json={"code": code, "password": GOOD}).status_code == 200
    listed = door.ask("GET", "/v1/accounts", token).text
    assert GOOD not in listed
    assert "argon2" not in listed


def test_an_account_that_was_retired_is_gone_for_good_and_its_name_stays_taken(
    door: Door, people: dict[str, str]
) -> None:
    token = people["security_admin"]
    account = door.add("li.gang", "curator")
    session = door.sign_in("li.gang")
    key = door.ask("POST", "/v1/me/keys", session, json={"name": "x", "roles": ["curator"]}).json()["key"]
    door.catalogue.accounts.enrolment(door.add("bie.ren", "curator").id, by="")  # another's code stays
    at = f"/v1/accounts/{account.id}"
    gone = door.ask("POST", f"{at}/retire", token).json()
    assert (gone["retired"], gone["locked"], gone["roles"], gone["enrolled"]) == (True, True, [], False)
    problem(door.ask("GET", "/v1/me", session), 401, "session-ended")
    problem(door.ask("GET", "/v1/me", key), 401, "key-not-valid")
    problem(door.try_sign_in("li.gang"), 401, "sign-in-failed")
    for path, body in (
        ("unlock", None),
        ("reset", None),
        ("retire", None),
        ("roles", {"roles": ["curator"]}),
    ):
        method = "PUT" if path == "roles" else "POST"
        problem(door.ask(method, f"{at}/{path}", token, json=body), 409, "conflict")
    again = {"name": "Li.Gang", "real_name": "新人", "roles": ["curator"]}
    problem(door.ask("POST", "/v1/accounts", token, json=again), 409, "conflict")
    retired = [one for one in door.ask("GET", "/v1/accounts", token).json() if one["retired"]]
    assert [(one["id"], one["real_name"]) for one in retired] == [(account.id, "试li.gang")]


def test_the_desk_finds_its_readers_and_nobody_else(door: Door, people: dict[str, str]) -> None:
    for name, real_name in (("du.yi", "读者一"), ("du.er", "读者二")):
        given = {"name": name, "real_name": real_name, "document": "护照"}
        assert door.ask("POST", "/v1/readers", people["archivist"], json=given).status_code == 201

    def found(q: str) -> list[str]:
        rows = door.ask("GET", "/v1/readers", people["admin"], params={"q": q}).json()
        return [row["name"] for row in rows]

    assert found("") == ["du.er", "du.yi"]
    assert (found("者一"), found("DU.ER"), found("试"), found("%")) == (["du.yi"], ["du.er"], [], [])


def test_a_key_of_one_s_own_is_shown_once_and_ends_at_once(door: Door, people: dict[str, str]) -> None:
    token = people["curator"]
    problem(
        door.ask("POST", "/v1/me/keys", token, json={"name": "x", "roles": ["admin"]}), 403, "not-allowed"
    )
    old = {"name": "x", "expires_on": "2020-01-01"}
    problem(door.ask("POST", "/v1/me/keys", token, json=old), 400, "bad-input")
    given = {"name": "导出", "roles": ["curator"], "expires_on": "2099-01-01"}
    key = door.ask("POST", "/v1/me/keys", token, json=given).json()["key"]
    me = door.me(key)
    assert (me["audience"], me["roles"], me["via"], me["id"][:4]) == (STAFF, ["curator"], "key", "key:")
    listing = door.ask("GET", "/v1/me/keys", token)
    assert key not in listing.text
    [row] = listing.json()
    assert (row["owner"], row["expires_on"], row["used_on"]) == ("curator", "2099-01-01", "")
    number = row["id"]
    problem(door.ask("DELETE", f"/v1/me/keys/{number}", people["admin"]), 404, "not-found")  # not his
    assert door.ask("DELETE", f"/v1/me/keys/{number}", token).status_code == 200
    problem(door.ask("GET", "/v1/me", key), 401, "key-not-valid")
    other = door.ask("POST", "/v1/me/keys", token, json=given).json()["key"]
    rows = door.ask("GET", "/v1/keys", people["system_admin"])
    assert other not in rows.text
    number = next(row["id"] for row in rows.json() if not row["revoked_at"])
    assert door.ask("DELETE", f"/v1/keys/{number}", people["system_admin"]).status_code == 200
    problem(door.ask("GET", "/v1/me", other), 401, "key-not-valid")


# ── rates ──────────────────────────────────────────────────────────────────────


def test_each_kind_of_request_and_each_caller_has_a_rate_of_its_own(make_door: MakeDoor) -> None:
    door = make_door(rate_search="5/minute", rate_images="3/minute", rate_other="40/minute")
    key = door.catalogue.keys.add(STAFF, roles=["curator"])

    def statuses(path: str, times: int, token: str = "", address: str = "192.0.2.1") -> list[int]:
        headers = {"X-Forwarded-For": address}
        return [door.ask("GET", path, token, headers=headers).status_code for _ in range(times)]

    assert statuses("/v1/search?q=x", 6) == [503] * 5 + [429]  # 503: no index is there
    assert statuses("/v1/suggest?q=x", 1) == [429]  # the same kind
    assert statuses("/v1/records/x:y/pages/1/image", 4) == [404] * 3 + [429]
    assert statuses("/v1/search?q=x", 1, address="192.0.2.2") == [503]
    assert statuses("/v1/search?q=x", 6, key) == [503] * 5 + [429]  # the key's own, from whatever address
    assert statuses("/v1/search?q=x", 1, key, address="192.0.2.3") == [429]
    assert set(statuses("/v1/me", 41)) == {200, 429}
    # Keys that are none do not open a count of their own each.
    guesses = [statuses("/v1/me", 1, f"dh_{n}", address="192.0.2.5") for n in range(41)]
    assert guesses == [[401]] * 40 + [[429]]
    assert statuses("/healthz", 60) == [200] * 60
    answer = door.ask("GET", "/v1/search?q=x", headers={"X-Forwarded-For": "192.0.2.1"})
    assert problem(answer, 429, "too-often")["advice"]
    wait = int(answer.headers["retry-after"])
    assert 0 < wait <= 120
    assert answer.headers["ratelimit-policy"] == '"search";q=5;w=60'
    assert answer.headers["ratelimit"] == f'"search";r=0;t={wait}'


def test_sign_ins_are_counted_by_address_whoever_asks(make_door: MakeDoor) -> None:
    door = make_door(rate_sign_in="3/minute", sign_in_tries=100)
    key = door.catalogue.keys.add(STAFF)
    for body, path in (({"name": "x", "password": "y"}, "/v1/sign-in"), ({"code": "x", "password": "y"}, "/v1/enrol"),
                       ({"name": "x", "password": "y"}, "/v1/sign-in")):  # fmt: skip
        assert door.ask("POST", path, json=body).status_code in (401, 403)
    problem(door.ask("POST", "/v1/sign-in", key, json={"name": "x", "password": "y"}), 429, "too-often")
    assert door.try_sign_in("x", "y", "192.0.2.1").status_code == 401


@pytest.mark.parametrize(
    "setting", [{"rate_search": "many"}, {"rate_storage": "nothing://"}, {"rate_storage": "memory://x"}]
)
def test_a_rate_that_cannot_be_read_is_said(make_door: MakeDoor, setting: dict[str, str]) -> None:
    settings = make_door().settings.model_copy(update=setting)
    with pytest.raises(BadInput, match="DANGHAI_RATE"):
        rates(settings)
