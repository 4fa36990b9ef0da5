"""The one visibility rule, clause by clause."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.access import (
    BUILT_IN,
    DECIDED_HERE,
    INHERITED,
    NO_MARKS,
    OPEN,
    OPENING_STATES,
    OWN_DECISIONS,
    PERSONAL_CATEGORIES,
    PUBLIC,
    PUBLICITY,
    PUBLISHED,
    READING_ROOM,
    READING_ROOM_ONLY,
    SECRET_MARKS,
    STAFF,
    UNITS_OWN,
    Audience,
    Marks,
    is_personal,
    may_see,
    narrowest_first,
    visible_to,
)
from holdings.records import Record

TODAY = date(2027, 3, 1)
UNIT = Audience("unit-j045", "unit", frozenset({"J045"}))
CONTRACTOR = Audience("lot-7", "contractor", until=TODAY)
PARTNER = Audience("partner-a", "partner", frozenset({"J045"}), until=TODAY)
EVERYBODY = (*BUILT_IN, UNIT, CONTRACTOR, PARTNER)

odd = st.text(max_size=6)
marks = st.builds(
    Marks,
    access_status=st.sampled_from(OPENING_STATES) | odd,
    publicity=st.sampled_from(PUBLICITY) | odd,
    classification=st.sampled_from([*NO_MARKS, *SECRET_MARKS, "内部", "国内", "解密"]) | odd,
    basis=st.sampled_from([*OWN_DECISIONS, INHERITED]) | odd,
    was_secret=st.booleans(),
    declassification_known=st.booleans(),
    personal=st.booleans(),
    quarantined=st.booleans(),
    fonds_code=st.sampled_from(["J045", "J001", ""]),
    lots=st.frozensets(st.sampled_from(["lot-7", "lot-8"])),
)
#: Mostly open, so that the clauses that open are met as often as those that close.
opened = st.builds(
    lambda m, status, publicity: replace(m, access_status=status, publicity=publicity, classification=""),
    marks,
    st.sampled_from([OPEN, OPEN, OPEN, "控制"]),
    st.sampled_from([PUBLISHED, READING_ROOM_ONLY, ""]),
)
any_marks = marks | opened


def seen(m: Marks, audiences: tuple[Audience, ...] = EVERYBODY, day: date = TODAY) -> frozenset[str]:
    return visible_to(m, audiences, day)


@given(any_marks)
def test_nobody_sees_what_is_quarantined_and_staff_sees_all_else(m: Marks) -> None:
    assert (STAFF in seen(m)) == (not m.quarantined and m.classification not in SECRET_MARKS)
    if STAFF not in seen(m):
        assert seen(m) == frozenset()


@given(any_marks)
def test_the_public_needs_an_own_open_decision_and_an_approved_web_review(m: Marks) -> None:
    if PUBLIC in seen(m):
        assert (m.access_status, m.publicity) == (OPEN, PUBLISHED)
        assert m.basis in OWN_DECISIONS
        assert not m.personal
        assert not m.quarantined
    if {READING_ROOM, PARTNER.name} & seen(m):
        assert m.access_status == OPEN
        assert m.publicity in (PUBLISHED, READING_ROOM_ONLY)


@given(any_marks)
def test_public_is_within_the_reading_room_and_that_within_staff(m: Marks) -> None:
    found = seen(m)
    assert PUBLIC not in found or READING_ROOM in found
    assert not found or STAFF in found
    assert PARTNER.name not in found or READING_ROOM in found


@given(any_marks.filter(lambda m: m.access_status not in OPENING_STATES or m.access_status != OPEN))
def test_unknown_missing_or_closed_status_opens_nothing(m: Marks) -> None:
    assert not seen(m, BUILT_IN) - {STAFF}
    assert PARTNER.name not in seen(m)


@given(any_marks.filter(lambda m: m.basis not in OWN_DECISIONS))
def test_an_inherited_or_unknown_basis_opens_nothing(m: Marks) -> None:
    assert not seen(m, BUILT_IN) - {STAFF}


@given(any_marks.filter(lambda m: m.classification not in NO_MARKS and not m.was_secret))
def test_a_mark_of_any_kind_is_for_staff_and_at_most_its_own_unit(m: Marks) -> None:
    assert seen(m) <= {STAFF, UNIT.name}
    if UNIT.name in seen(m):
        assert m.classification in UNITS_OWN


@given(any_marks.filter(lambda m: m.was_secret))
def test_what_was_secret_opens_only_by_this_houses_decision_with_date_and_authority(m: Marks) -> None:
    if seen(m, BUILT_IN) - {STAFF}:
        assert m.basis == DECIDED_HERE
        assert m.declassification_known
    assert CONTRACTOR.name not in seen(m)


def test_a_declassified_record_enters_for_staff_and_may_be_opened_here() -> None:
    r = record(access_status=OPEN, publicity=PUBLISHED, classification="解密")
    assert of(r) == {STAFF}
    decided = replace(r, access_basis=DECIDED_HERE)
    assert of(decided) == {STAFF}
    assert of(replace(decided, declassified_on="2001-05-01")) == {STAFF}
    known = replace(decided, declassified_on="2001-05-01", declassified_by="样例机关")
    assert of(known) == {PUBLIC, READING_ROOM, STAFF}
    assert of(replace(known, access_basis="")) == {STAFF}
    assert of(replace(r, classification="", classification_changes=("1999年由机密变更",))) == {STAFF}


@given(any_marks.filter(lambda m: m.personal))
def test_personal_records_are_for_staff_alone(m: Marks) -> None:
    assert seen(m) <= {STAFF}


@pytest.mark.parametrize("category", PERSONAL_CATEGORIES)
def test_every_category_of_the_table_makes_a_record_personal(category: str) -> None:
    for changes in ({"category": f"民政·{category}"}, {"genre": f"{category}登记表"}):
        r = record(access_status=OPEN, publicity=PUBLISHED, **changes)
        assert is_personal(r)
        assert of(r) == {STAFF}
    assert not is_personal(record(title=f"关于{category}工作的通知", genre="通知", category="文书"))


@given(any_marks, st.integers(-3, 3))
def test_units_partners_and_contractors_stay_within_what_is_theirs(m: Marks, days: int) -> None:
    found = seen(m, day=TODAY + timedelta(days))
    if UNIT.name in found or PARTNER.name in found:
        assert m.fonds_code == "J045"
    if CONTRACTOR.name in found:
        assert CONTRACTOR.name in m.lots
    if days > 0:
        assert not found & {CONTRACTOR.name, PARTNER.name}


def test_a_unit_sees_its_own_fonds_whole_but_for_personal_and_quarantined_records() -> None:
    own = Marks(access_status="控制", classification="内部", fonds_code="J045")
    assert seen(own) == {STAFF, UNIT.name}
    assert seen(replace(own, personal=True)) == {STAFF}
    assert seen(replace(own, quarantined=True)) == set()
    assert seen(replace(own, fonds_code="J001")) == {STAFF}


def test_a_contractor_sees_its_lot_whatever_its_opening_and_nothing_else() -> None:
    named = Marks(access_status="未审核", fonds_code="J001", lots=frozenset({"lot-7"}))
    assert seen(named) == {STAFF, CONTRACTOR.name}
    assert seen(replace(named, lots=frozenset({"lot-8"}))) == {STAFF}
    assert seen(replace(named, classification="内部")) == {STAFF}


@given(any_marks, st.sampled_from(["", "stranger", "public "]))
def test_an_audience_of_an_unknown_kind_sees_nothing(m: Marks, kind: Any) -> None:
    assert not may_see(Audience("x", kind, frozenset({"J045"})), m, TODAY)


@given(st.permutations([a.name for a in EVERYBODY]))
def test_a_withdrawal_leaves_the_public_first_and_staff_last(names: list[str]) -> None:
    ordered = narrowest_first(names)
    assert (ordered[0], ordered[1], ordered[-1]) == (PUBLIC, READING_ROOM, STAFF)


def record(**fields: Any) -> Record:
    return Record(id="990001:J1", reference_code="J1", **({"title": "样例", "fonds_code": "J001"} | fields))


def of(r: Record) -> frozenset[str]:
    return visible_to(Marks.of(r, quarantined=False), EVERYBODY, TODAY)
