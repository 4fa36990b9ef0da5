"""Accounts, sessions, keys and failed sign-ins on both databases."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Catalogue
from holdings.catalogue.accounts import Account, DeskCheck
from holdings.errors import BadInput, Conflict, NotAllowed, NotFound, TooOften

GOOD, OTHER = "海风-吹过-三座-旧灯塔", "晒盐的人-数着-退潮的钟声"
CHECK = DeskCheck("柜台甲", "居民身份证", date(2026, 3, 2))
SOMEBODY = "account:999"


def add(catalogue: Catalogue, name: str = "shi.yi", *roles: str, password: str = GOOD) -> Account:
    return catalogue.accounts.add(name, real_name="试一", roles=roles or ("curator",), password=password)


def whole(catalogue: Catalogue) -> str:
    """Everything the tables of people hold, as one text."""
    with catalogue.database.read() as session:
        tables = ("accounts", "sessions", "enrolments", "sign_in_failures", "api_keys")
        return repr([list(session.execute(text(f"select * from {table}"))) for table in tables])


def test_an_account_says_who_it_is_and_keeps_no_password(catalogue: Catalogue) -> None:
    made = add(catalogue, " Shi.YI ", "curator", "archivist")
    assert (made.name, made.audience, made.roles) == ("shi.yi", STAFF, ("archivist", "curator"))
    assert catalogue.accounts.named("SHI.yi") == catalogue.accounts.get(made.id) == made
    assert made.enrolled
    assert GOOD not in whole(catalogue)
    with pytest.raises(Conflict):
        add(catalogue, "SHI.YI")
    with pytest.raises(NotFound):
        catalogue.accounts.get(made.id + 1)


@pytest.mark.parametrize("name", ["", "x", "a b", "<script>", "x" * 65, "a/b"])
def test_a_name_that_is_none_is_refused(catalogue: Catalogue, name: str) -> None:
    with pytest.raises(BadInput):
        add(catalogue, name)


def test_a_reader_is_checked_at_the_desk_and_only_the_kind_of_document_is_kept(catalogue: Catalogue) -> None:
    def reader(check: DeskCheck | None) -> Account:
        return catalogue.accounts.add("du.zhe", real_name="读者一", audience=READING_ROOM, check=check)

    for bad in (None, DeskCheck(" ", "护照", CHECK.on), DeskCheck("甲", "图书证", CHECK.on),
                DeskCheck("甲", "护照", datetime.now(UTC).date() + timedelta(days=3))):  # fmt: skip
        with pytest.raises(BadInput):
            reader(bad)
    made = reader(CHECK)
    assert (made.checked_by, made.document, made.checked_on) == ("柜台甲", "居民身份证", "2026-03-02")
    assert (made.audience, made.roles, made.enrolled) == (READING_ROOM, (), False)
    with pytest.raises(BadInput):  # a curator whose name nobody checked becomes no reader by the way
        catalogue.accounts.set_roles(add(catalogue).id, (), audience=READING_ROOM, by=SOMEBODY)


def test_nobody_changes_himself(catalogue: Catalogue) -> None:
    made = add(catalogue, "an.quan", "security_admin")
    accounts, me = catalogue.accounts, made.caller_id
    for change in (
        lambda: accounts.set_roles(made.id, ["audit_admin"], by=me),
        lambda: accounts.lock(made.id, by=me),
        lambda: accounts.unlock(made.id, by=me),
        lambda: accounts.enrolment(made.id, by=me),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert accounts.get(made.id) == made
    for roles in (["audit_admin", "security_admin"], ["security_admin", "archivist"], ["king"]):
        with pytest.raises(BadInput):
            accounts.set_roles(made.id, roles, by=SOMEBODY)
    assert accounts.set_roles(made.id, ["audit_admin"], by=SOMEBODY).audience == PUBLIC


def test_a_session_follows_its_account(catalogue: Catalogue) -> None:
    made = add(catalogue)
    token = catalogue.sessions.open(made, "password")
    signed = catalogue.sessions.signed_in(token)
    assert signed is not None
    assert (signed.caller.id, signed.caller.audience, signed.caller.name) == (made.caller_id, STAFF, "试一")
    assert token not in whole(catalogue)
    catalogue.accounts.set_roles(made.id, ["system_admin"], by=SOMEBODY)
    signed = catalogue.sessions.signed_in(token)
    assert signed is not None
    assert (signed.caller.audience, signed.caller.roles) == (PUBLIC, {"system_admin"})
    catalogue.accounts.lock(made.id, by=SOMEBODY)
    assert catalogue.sessions.signed_in(token) is None
    catalogue.accounts.unlock(made.id, by=SOMEBODY)
    assert catalogue.sessions.signed_in(token) is None  # locked once, ended for good
    catalogue.sessions.close(token)


def test_a_new_password_ends_all_other_sessions(catalogue: Catalogue) -> None:
    made = add(catalogue)
    kept, other = (catalogue.sessions.open(made, "password") for _ in range(2))
    strangers = catalogue.sessions.open(add(catalogue, "shi.er"), "password")
    catalogue.accounts.set_password(made.id, OTHER, keep=kept)
    assert catalogue.sessions.signed_in(kept)
    assert catalogue.sessions.signed_in(strangers)
    assert catalogue.sessions.signed_in(other) is None
    matches = catalogue.accounts.passwords.matches
    _, hashed = catalogue.accounts.with_password("shi.yi")
    assert matches(hashed, OTHER)
    assert not matches(hashed, GOOD)
    with pytest.raises(BadInput):
        catalogue.accounts.set_password(made.id, "shi.yi-shi.yi-shi.yi")


def test_sessions_past_their_time_are_forgotten(catalogue: Catalogue) -> None:
    made, now = add(catalogue), datetime.now(UTC)
    old, young = (catalogue.sessions.open(made, "password") for _ in range(2))
    catalogue.sessions.seen({old: now - timedelta(hours=2), young: now})
    catalogue.sessions.prune(timedelta(hours=1), timedelta(hours=12))
    assert catalogue.sessions.signed_in(old) is None
    assert catalogue.sessions.signed_in(young)
    catalogue.sessions.prune(timedelta(hours=1), timedelta(0))
    assert catalogue.sessions.signed_in(young) is None


def test_an_enrolment_works_once_and_not_for_ever(catalogue: Catalogue) -> None:
    accounts = catalogue.accounts
    made = add(catalogue, password="")
    first, code = accounts.enrolment(made.id, by=SOMEBODY), accounts.enrolment(made.id, by=SOMEBODY)
    assert code not in whole(catalogue)
    for bad in (first, "de_nothing", ""):  # a newer code takes an older one's place
        with pytest.raises(NotAllowed):
            accounts.enrol(bad, GOOD)
    with pytest.raises(BadInput):
        accounts.enrol(code, "short")  # the code stays
    assert accounts.enrol(code, GOOD).enrolled
    with pytest.raises(NotAllowed):
        accounts.enrol(code, OTHER)
    late = accounts.enrolment(made.id, by=SOMEBODY)
    assert not accounts.get(made.id).enrolled  # a reset: the old password is gone at once
    with catalogue.database.write() as session:
        session.execute(text("update enrolments set ends_at = '2020-01-01T00:00:00.000+00:00'"))
    with pytest.raises(NotAllowed):
        accounts.enrol(late, OTHER)


def test_a_key_never_may_more_than_its_owner_may_now(catalogue: Catalogue) -> None:
    made = add(catalogue, "shi.yi", "archivist", "curator")
    key = catalogue.keys.add(STAFF, roles=["archivist"], name="脚本", owner=made.id)
    caller = catalogue.keys.caller(key)
    assert caller is not None
    assert (caller.roles, caller.id[:4]) == ({"archivist"}, "key:")
    catalogue.accounts.set_roles(made.id, ["curator"], by=SOMEBODY)
    caller = catalogue.keys.caller(key)
    assert caller is not None
    assert caller.roles == set()
    catalogue.accounts.set_roles(made.id, ["audit_admin"], by=SOMEBODY)
    assert catalogue.keys.caller(key) is None
    catalogue.accounts.set_roles(made.id, ["archivist"], by=SOMEBODY)
    catalogue.accounts.lock(made.id, by=SOMEBODY)
    assert catalogue.keys.caller(key) is None


def test_a_key_ends_with_its_day_and_says_when_it_was_used(catalogue: Catalogue) -> None:
    today = datetime.now(UTC).date()
    with pytest.raises(BadInput):
        catalogue.keys.add(STAFF, expires_on=today - timedelta(days=1))
    key = catalogue.keys.add(STAFF, expires_on=today)
    known = catalogue.keys.known(key)
    assert known is not None
    assert known.used_on == ""
    catalogue.keys.used([known.id], today)
    [row] = catalogue.keys.listing()
    assert (row["used_on"], row["expires_on"], row["owner"]) == (today.isoformat(), today.isoformat(), "")
    with catalogue.database.write() as session:
        session.execute(text("update api_keys set expires_on = '2020-01-01'"))
    assert catalogue.keys.caller(key) is None


def test_many_tries_at_once_are_as_many_tries(catalogue: Catalogue) -> None:
    let: list[bool] = []

    def guess() -> None:
        try:
            catalogue.failures.begin("shi.yi", "192.0.2.7", 5)
            let.append(True)
        except TooOften:
            let.append(False)

    threads = [threading.Thread(target=guess) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let) == 5
    with pytest.raises(TooOften) as refused:
        catalogue.failures.begin("SHI.yi ", "198.51.100.1", 5)
    assert 0 < refused.value.retry_after <= 15
    catalogue.failures.begin("shi.er", "192.0.2.7", 5)  # another name from there
    catalogue.failures.forgive("shi.yi")
    catalogue.failures.begin("shi.yi", "192.0.2.7", 5)


def test_an_address_that_tries_many_names_waits_and_success_takes_its_try_back(catalogue: Catalogue) -> None:
    for _ in range(25):
        catalogue.failures.begin("shi.yi", "192.0.2.7", 5)
        catalogue.failures.succeeded("shi.yi", "192.0.2.7")
    for n in range(20):
        catalogue.failures.begin(f"name{n}", "192.0.2.7", 5)
    with pytest.raises(TooOften):
        catalogue.failures.begin("name99", "192.0.2.7", 5)
    assert "192.0.2.7" not in whole(catalogue)


def test_an_oidc_identity_has_one_account_and_today_s_roles(catalogue: Catalogue) -> None:
    def of(subject: str, *powers: str) -> Account:
        return catalogue.accounts.of_subject(subject, name="Shi.Yi", real_name="试一", powers=powers)

    local = add(catalogue, "shi.yi", "security_admin")
    first = of("https://id.example sub1", "curator")
    assert first.id != local.id  # a name never makes two identities one
    assert of("https://id.example sub1", "archivist", "reviewer").roles == ("archivist", "reviewer")
    assert of("https://id.example sub1", READING_ROOM).audience == READING_ROOM
    assert of("https://id.example sub1", "curator").id == first.id
    assert of("https://id.example sub2", "curator").id != first.id
    for powers in ((), ("security_admin", "audit_admin"), ("security_admin", "curator")):
        with pytest.raises(BadInput):
            of("https://id.example sub1", *powers)
