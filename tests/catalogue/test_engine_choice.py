"""Which engine answers, and what the other one lacks: noted where it changes, lost nowhere."""

from __future__ import annotations

import pytest

from holdings.access import PUBLIC
from holdings.catalogue import Catalogue, Incoming, Stage
from holdings.catalogue.engine_choice import Choice
from holdings.catalogue.outbox import BACK, WITHDRAWAL
from holdings.errors import Conflict
from holdings.records import Record

HERE, THERE = "embedded", "elasticsearch"


def put(catalogue: Catalogue, *codes: str) -> None:
    records = [
        Record(
            id=f"990001:{code}", reference_code=code, title=code, archive_code="990001", fonds_code="J1",
            access_status="开放", publicity="公开",
        )
        for code in codes
    ]  # fmt: skip
    catalogue.records.put([Incoming(record) for record in records])


def project(catalogue: Catalogue, into: str = HERE) -> list[str]:
    """Take all that waits as done; the record ids."""
    found: list[str] = []
    while items := catalogue.outbox.take():
        assert catalogue.outbox.done(items, into=into)
        found += [item.record_id for item in items]
    return found


def lacking(catalogue: Catalogue) -> list[str]:
    return [record_id for _, record_id in catalogue.engine.lacking(100)]


def test_the_setting_says_it_until_a_first_move(catalogue: Catalogue) -> None:
    assert catalogue.engine.read(HERE) == Choice(HERE)
    assert catalogue.engine.chosen(THERE) == THERE
    put(catalogue, "J1")
    project(catalogue)
    assert lacking(catalogue) == []
    with pytest.raises(Conflict):
        catalogue.engine.switch(THERE)
    catalogue.engine.begin(HERE, THERE)
    assert catalogue.engine.chosen(THERE) == HERE
    assert catalogue.engine.read(THERE) == Choice(HERE, THERE, filling=True)


def test_what_is_projected_here_is_noted_for_the_other_engine_once(catalogue: Catalogue) -> None:
    catalogue.engine.begin(HERE, THERE)
    put(catalogue, "J1", "J2")
    project(catalogue)
    put(catalogue, "J3")
    first = catalogue.engine.lacking(100)
    assert sorted(lacking(catalogue)) == ["990001:J1", "990001:J2"]
    assert catalogue.outbox.waiting() == {"990001:J3"}
    assert catalogue.outbox.waiting(beside=True) == {"990001:J1", "990001:J2", "990001:J3"}
    catalogue.records.set_access("990001:J1", access_status="控制", publicity="")
    project(catalogue)
    assert catalogue.engine.lacking_count() == 3
    catalogue.engine.brought(seq for seq, _ in first)  # J1 was noted again meanwhile: it stays
    assert lacking(catalogue) == ["990001:J1", "990001:J3"]  # what was withdrawn comes first


def test_the_switch_hands_over_what_is_still_lacking_a_withdrawal_as_one(catalogue: Catalogue) -> None:
    put(catalogue, "J1", "J2")
    project(catalogue)
    catalogue.engine.begin(HERE, THERE)
    catalogue.records.set_access("990001:J1", access_status="控制", publicity="")
    project(catalogue)
    put(catalogue, "J3")
    late = catalogue.outbox.take()  # a projector of the former engine is at work on it
    catalogue.engine.switch(THERE)
    assert catalogue.engine.read(HERE) == Choice(THERE, HERE)
    assert catalogue.outbox.withdrawing() == ("990001:J1",)  # hidden until the new engine has dropped it
    wishes = {wish.audience: wish.reason for wish in catalogue.outbox.rebuilds()}
    assert wishes == dict.fromkeys(catalogue.audiences.names(), WITHDRAWAL)
    assert not catalogue.outbox.done(late, into=HERE)
    assert sorted(project(catalogue, THERE)) == ["990001:J1", "990001:J3"]
    assert sorted(lacking(catalogue)) == ["990001:J1", "990001:J3"]  # now for the way back
    catalogue.engine.leave()
    assert catalogue.engine.read(HERE) == Choice(THERE)
    assert lacking(catalogue) == []


def test_twice_noted_the_more_pressing_stage_holds(catalogue: Catalogue) -> None:
    put(catalogue, "J1")
    project(catalogue)
    catalogue.engine.begin(HERE, THERE)
    catalogue.records.set_access("990001:J1", access_status="控制", publicity="")
    items = catalogue.outbox.take()
    assert items[0].stage == Stage.WITHDRAWAL
    catalogue.outbox.done(items, {Stage.BODY_VECTORS: ["990001:J1"]}, into=HERE)
    project(catalogue)
    catalogue.engine.switch(THERE)
    assert catalogue.outbox.withdrawing() == ("990001:J1",)


def test_what_a_withdrawal_asked_for_is_not_made_another_wish(catalogue: Catalogue) -> None:
    catalogue.outbox.ask_rebuild([PUBLIC], WITHDRAWAL)
    catalogue.outbox.ask_rebuild([PUBLIC], "danghai index rebuild")
    catalogue.outbox.ask_rebuild([PUBLIC], BACK)
    [wish] = catalogue.outbox.rebuilds()
    assert (wish.reason, wish.keeps, wish.back) == (WITHDRAWAL, False, False)


def test_what_the_indexes_must_hold(catalogue: Catalogue) -> None:
    put(catalogue, *(f"J{n}" for n in range(7)))
    catalogue.records.set_access("990001:J3", access_status="控制", publicity="")
    batches = list(catalogue.records.standing(batch=3))
    assert [len(batch) for batch in batches] == [3, 3, 1]
    seen = {id_: (version, PUBLIC in audiences) for batch in batches for id_, version, audiences in batch}
    assert seen["990001:J2"] == (1, True)
    assert seen["990001:J3"] == (2, False)
