"""The rule for new passwords, their hashes, and which roles go together."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from holdings.access import AUDIENCES, PUBLIC, READING_ROOM, ROLES, STAFF
from holdings.catalogue.failures import LONGEST_WAIT, wait_after
from holdings.errors import BadInput
from holdings.passwords import LONGEST, Passwords, check_password
from holdings.roles import ROLE_NAMES, STAFF_ROLES, THREE_ADMINISTRATORS, audience_of, check_roles

ABOUT = ("zhang.san", "张三丰")
GOOD = "海风-吹过-三座-旧灯塔"


@pytest.mark.parametrize("password", [GOOD, "correct horse battery staple", "灯塔守夜人记得每一次台风的名字"])
def test_a_long_phrase_is_taken_whatever_it_is_made_of(password: str) -> None:
    check_password(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    ["", "short", "十一个字还是太短了呀啊", "x" * (LONGEST + 1), "123456789012", "passwordpassword", "aaaaaaaaaaaa",
     "qwertyuiop[]", "abcabcabcabc", "zhang.san-2026-xyz", "ZHANG.SAN-is-my-name", "我是张三丰我是张三丰啊", "danghaidanghai"],
)  # fmt: skip
def test_the_plainly_bad_are_refused_and_not_repeated(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(password, ABOUT)
    assert not password or password not in str(refused.value)


def test_a_hash_is_argon2id_matches_its_password_only_and_is_salted() -> None:
    passwords = Passwords()
    hashed = passwords.hash(GOOD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert hashed != passwords.hash(GOOD)
    assert passwords.matches(hashed, GOOD)
    assert passwords.matches(
        hashed, GOOD.replace("-", "－")
    )  # full width: the same keys, another input method
    assert not passwords.matches(hashed, GOOD + "x")
    assert not passwords.matches("", GOOD)
    assert not passwords.matches("", "nobody's password")
    assert not passwords.is_old(hashed)
    assert passwords.is_old(PasswordHasher(time_cost=1, memory_cost=8192).hash(GOOD))


def test_waits_double_from_the_first_that_costs_and_end_at_the_longest() -> None:
    assert [wait_after(n, 5) for n in range(5)] == [0] * 5
    waits = [wait_after(n, 5) for n in range(5, 40)]
    assert waits[:4] == [15, 30, 60, 120]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_WAIT


def test_the_names_of_roles_are_those_of_the_rule() -> None:
    assert tuple(ROLE_NAMES) == ROLES


@given(st.sets(st.sampled_from(sorted(ROLES)), min_size=1), st.sampled_from(AUDIENCES))
def test_three_administrators_never_stand_beside_another_role_or_above_the_public(
    roles: set[str], audience: str
) -> None:
    apart = roles & THREE_ADMINISTRATORS
    allowed = (len(roles) == 1 and audience == PUBLIC) if apart else audience == STAFF
    if allowed:
        check_roles(audience, roles, AUDIENCES)
        assert audience_of(roles) == audience
    else:
        with pytest.raises(BadInput):
            check_roles(audience, roles, AUDIENCES)


def test_an_account_without_a_role_names_its_audience_which_is_never_staff() -> None:
    assert audience_of((), READING_ROOM) == READING_ROOM
    for wanted in ("", PUBLIC, STAFF):
        with pytest.raises(BadInput):
            audience_of((), wanted)
    with pytest.raises(BadInput):
        audience_of(sorted(STAFF_ROLES), READING_ROOM)
