"""Opening review in the catalogue: three people, one step each; due lists; bulk decisions. On real SQLite."""

from __future__ import annotations

import threading
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, select

from holdings.access import PUBLIC, READING_ROOM, STAFF, Caller, obstacle
from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.catalogue.bulk_reviews import sample_of
from holdings.catalogue.due import DueWish
from holdings.catalogue.reviews import NewBatch, Review
from holdings.catalogue.tables_reviews import DecisionRow, OpinionRow, ReviewRow
from holdings.errors import BadInput, Conflict, NotAllowed, NotFound
from holdings.records import Line, PageText
from holdings.review_rules import Reason, Said
from holdings.signals import Term

from .reviewing import FIRST, OTHER, SECOND, SIGNER, batch_of, file, person, put

TODAY = date(2026, 11, 22)
OPENS = Said("开放", reasons=("no-limit",))
CLOSES = Said("控制", reasons=("personal",), words="有身份证号")
LATER = Said("延期开放", reasons=("not-due",), review_again="2099-01-01")
WEB = Said("开放", "公开")


def only(catalogue: Catalogue, batch_id: int) -> Review:
    [review] = catalogue.reviews.of(batch_id)
    return review


def give(catalogue: Catalogue, review: Review, said: Said, caller: Caller) -> Review:
    reasons = catalogue.review_lists.reasons()
    return catalogue.reviews.give(review.id, review.step, review.version, said, caller, reasons)


def through(catalogue: Catalogue, record_id: str, said: Said = OPENS) -> Review:
    review = only(catalogue, batch_of(catalogue, [record_id]))
    for caller in (FIRST, SECOND, SIGNER):
        review = give(catalogue, review, said, caller)
    return review


def test_three_people_open_a_record_and_a_fourth_puts_it_on_the_web(catalogue: Catalogue) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    review = only(catalogue, batch_of(catalogue, [record_id]))
    for caller in (FIRST, SECOND):
        review = give(catalogue, review, OPENS, caller)
        assert catalogue.records.many([record_id])[record_id].record.access_status == "未审核"
    review = give(catalogue, review, OPENS, SIGNER)
    assert review.step == "done"
    stored = catalogue.records.many([record_id])[record_id]
    assert (stored.record.access_status, stored.record.publicity) == ("开放", "馆内")
    assert PUBLIC not in stored.audiences
    assert READING_ROOM in stored.audiences
    web = give(catalogue, only(catalogue, batch_of(catalogue, [record_id], "web")), WEB, FIRST)
    for opener in (SECOND, SIGNER):  # had a part in opening it
        with pytest.raises(NotAllowed):
            give(catalogue, web, WEB, opener)
    give(catalogue, web, WEB, OTHER)
    assert PUBLIC in catalogue.records.many([record_id])[record_id].audiences
    assert [d.how for d in catalogue.decisions.of(record_id)] == ["web", "review"]
    assert [o.by for o in review.opinions] == ["馆员1", "馆员2", "馆员3"]


def test_nobody_acts_twice_on_one_record_nor_without_the_role(catalogue: Catalogue) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    review = only(catalogue, batch_of(catalogue, [record_id]))
    for caller in (person(9, "curator"), person(9, "admin"), person(9), Caller("staff", FIRST.roles, "无名")):
        with pytest.raises(NotAllowed):
            give(catalogue, review, OPENS, caller)
    review = give(catalogue, review, OPENS, SECOND)
    with pytest.raises(NotAllowed, match="初审"):
        give(catalogue, review, OPENS, SECOND)
    review = give(catalogue, review, OPENS, FIRST)
    with pytest.raises(NotAllowed):
        give(catalogue, review, OPENS, SECOND)  # has the role, but was the first
    with pytest.raises(NotAllowed):
        give(catalogue, review, OPENS, person(8, "archivist"))
    assert give(catalogue, review, OPENS, SIGNER).step == "done"


def test_sent_back_a_record_begins_again_and_each_keeps_their_own_step(catalogue: Catalogue) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    review = only(catalogue, batch_of(catalogue, [record_id]))
    review = give(catalogue, give(catalogue, review, OPENS, FIRST), OPENS, SECOND)
    review = catalogue.reviews.send_back(review.id, review.version, "漏看第二页", SIGNER)
    assert review.step == "first"
    for caller in (SECOND, SIGNER):
        with pytest.raises(NotAllowed):
            give(catalogue, review, CLOSES, caller)
    for caller in (FIRST, SECOND, SIGNER):
        review = give(catalogue, review, CLOSES, caller)
    assert [o.step for o in review.opinions] == ["first", "second", "return", "first", "second", "final"]
    assert catalogue.records.many([record_id])[record_id].record.access_status == "控制"


@pytest.mark.parametrize(
    "said",
    [
        Said("未审核"), Said("控制"), Said("控制", reasons=("no-such",)), Said("控制", reasons=("no-limit",)),
        Said("延期开放", reasons=("personal",)), Said("延期开放", reasons=("personal",), review_again="2001-01-01"),
        Said("开放", review_again="2099-01-01"), Said("开放", "公开"), Said("控制", reasons=("personal",), words="长" * 2001),
    ],
)  # fmt: skip
def test_an_opinion_that_lacks_something_is_refused_and_nothing_moves(
    catalogue: Catalogue, said: Said
) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    review = only(catalogue, batch_of(catalogue, [record_id]))
    with pytest.raises(BadInput):
        give(catalogue, review, said, FIRST)
    assert catalogue.reviews.get(review.id) == review


def test_two_at_once_one_is_told_who_was_first(catalogue: Catalogue) -> None:
    ids = put(catalogue, *(file(f"T1-{n}") for n in range(8)))
    batch = batch_of(catalogue, ids)
    people = (FIRST, SECOND)
    for review in catalogue.reviews.of(batch):
        ends: list[str] = []
        start = threading.Barrier(2)

        def act(
            caller: Caller, review: Review = review, start: threading.Barrier = start, ends: list[str] = ends
        ) -> None:
            start.wait()
            try:
                give(catalogue, review, OPENS, caller)
                ends.append("done")
            except Conflict as error:
                ends.append(str(error))

        threads = [threading.Thread(target=act, args=(caller,)) for caller in people]
        [t.start() for t in threads]
        [t.join() for t in threads]
        [told] = [end for end in ends if end != "done"]
        now = catalogue.reviews.get(review.id)
        [opinion] = now.opinions
        assert opinion.by in told
        assert "复审" in told
        assert (now.step, now.version) == ("second", 2)


def test_a_record_is_under_one_review_of_a_kind_and_others_are_left_out_and_said(
    catalogue: Catalogue,
) -> None:
    put(catalogue, file("T1", level="fonds"))
    ids = put(catalogue, file("T1-1"), file("T1-2", access_status="开放"))
    batch_of(catalogue, ids[:1])
    made = catalogue.reviews.make(NewBatch("二", "opening"), [*ids, "990001:T1", "990001:none"], FIRST)
    assert (made.taken, {i for i, _ in made.left_out}) == (1, {ids[0], "990001:T1", "990001:none"})
    with pytest.raises(BadInput, match="先审为开放"):
        catalogue.reviews.make(NewBatch("三", "web"), ids[:1], FIRST)


def test_a_batch_belongs_to_those_it_is_assigned_to(catalogue: Catalogue) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    batch = batch_of(catalogue, [record_id])
    with pytest.raises(BadInput):
        catalogue.reviews.assign(batch, {"first": ("key:1", "甲"), "second": ("key:1", "甲")})
    catalogue.reviews.assign(batch, {"first": (FIRST.id, FIRST.name)})
    with pytest.raises(NotAllowed, match="馆员1"):
        give(catalogue, only(catalogue, batch), OPENS, SECOND)
    assert give(catalogue, only(catalogue, batch), OPENS, FIRST).step == "second"


# ── the due list ───────────────────────────────────────────────────────────────


def due(catalogue: Catalogue, today: date = TODAY, **wish: object) -> list[str]:
    return [i.split(":")[1] for i in catalogue.due.ids(today, DueWish(**wish))]  # type: ignore[arg-type]


def test_due_after_25_years_to_the_day_and_never_open_by_itself(catalogue: Catalogue) -> None:
    put(
        catalogue,
        file("T1-1", 2000), file("T1-2", 2001), file("T1-3", 2002), file("T1-4", None),
        file("T1-5", 2010, category="经济"), file("T1-6", 1950, access_status="开放"),
        file("T2-1", 1950), file("T2", 1950, level="fonds"),
    )  # fmt: skip
    assert due(catalogue) == ["T1-1", "T1-4", "T2-1"]
    assert due(catalogue, date(2026, 12, 30)) == ["T1-1", "T1-4", "T2-1"]
    assert due(catalogue, date(2026, 12, 31)) == ["T1-1", "T1-2", "T1-4", "T2-1"]
    assert due(catalogue, early=True) == ["T1-1", "T1-4", "T1-5", "T2-1"]
    assert due(catalogue, fonds="T1", year_to=2005) == ["T1-1"]
    counts = {(c.fonds_code, c.year): (c.due, c.early) for c in catalogue.due.counts(TODAY)}
    assert counts == {("T1", 2000): (1, 0), ("T1", None): (1, 0), ("T1", 2010): (0, 1), ("T2", 1950): (1, 0)}
    assert all(s.record.access_status != "开放" for s in catalogue.records.many(["990001:T1-1"]).values())


def test_a_postponed_record_comes_back_by_itself(catalogue: Catalogue) -> None:
    [record_id] = put(catalogue, file("T1-1"))
    through(catalogue, record_id, LATER)
    assert due(catalogue) == []
    assert due(catalogue, date(2098, 12, 31)) == []
    assert due(catalogue, date(2099, 1, 1)) == ["T1-1"]
    [count] = catalogue.due.counts(date(2099, 1, 1))
    assert (count.due, count.again) == (0, 1)
    through(catalogue, record_id, CLOSES)
    assert due(catalogue, date(2099, 1, 1)) == []
    assert [d.status for d in catalogue.decisions.of(record_id)] == ["控制", "延期开放"]


def test_what_is_under_review_is_not_offered_again(catalogue: Catalogue) -> None:
    ids = put(catalogue, file("T1-1"), file("T1-2"))
    batch_of(catalogue, ids[:1])
    assert due(catalogue) == ["T1-2"]
    assert [(c.due, c.busy) for c in catalogue.due.counts(TODAY)] == [(2, 1)]


# ── many at once ───────────────────────────────────────────────────────────────


def bulk_of(catalogue: Catalogue, count: int) -> tuple[int, dict[str, Reason]]:
    ids = put(catalogue, *(file(f"T1-{n}") for n in range(count)))
    return batch_of(catalogue, ids), catalogue.review_lists.reasons()


def test_a_sample_is_the_seeds_and_covers_small_batches_whole() -> None:
    assert sample_of(range(1000), 7) == sample_of(range(1000), 7) != sample_of(range(1000), 8)
    assert len(sample_of(range(1000), 7)) == 50
    assert sorted(sample_of(range(3), 7)) == [0, 1, 2]


def test_a_bulk_opinion_takes_effect_only_when_its_whole_sample_was_looked_at(catalogue: Catalogue) -> None:
    batch, reasons = bulk_of(catalogue, 30)
    bulk = catalogue.bulk_reviews.propose(batch, "first", OPENS, FIRST, reasons, seed=5)
    assert (bulk.targets, len(bulk.sample)) == (30, 5)
    for review_id in bulk.sample:
        with pytest.raises(Conflict):
            catalogue.bulk_reviews.apply(bulk.id, FIRST, reasons)
        catalogue.bulk_reviews.look(bulk.id, review_id, True, "", FIRST)
    moved = next(r for r in catalogue.reviews.of(batch) if r.id not in bulk.sample)
    give(catalogue, moved, CLOSES, SECOND)  # somebody looked at this one by itself meanwhile
    with pytest.raises(NotAllowed):
        catalogue.bulk_reviews.apply(bulk.id, SECOND, reasons)
    ends = {o.review_id: o.problem for o in catalogue.bulk_reviews.apply(bulk.id, FIRST, reasons)}
    assert len(ends) == 30
    assert [i for i, problem in ends.items() if problem] == [moved.id]
    assert "馆员2" in ends[moved.id]
    assert catalogue.reviews.batch(batch).counts == {"second": 30}
    assert catalogue.bulk_reviews.get(bulk.id).state == "done"


def test_one_objection_stops_it(catalogue: Catalogue) -> None:
    batch, reasons = bulk_of(catalogue, 12)
    bulk = catalogue.bulk_reviews.propose(batch, "first", OPENS, FIRST, reasons)
    with pytest.raises(BadInput):
        catalogue.bulk_reviews.look(bulk.id, bulk.sample[0], False, "", SECOND)
    assert catalogue.bulk_reviews.look(bulk.id, bulk.sample[0], False, "有住址", SECOND).state == "stopped"
    for act in (lambda: catalogue.bulk_reviews.look(bulk.id, bulk.sample[1], True, "", FIRST),
                lambda: catalogue.bulk_reviews.apply(bulk.id, FIRST, reasons)):  # fmt: skip
        with pytest.raises(Conflict):
            act()
    assert catalogue.reviews.batch(batch).counts == {"first": 12}


# ── the lists ──────────────────────────────────────────────────────────────────


def test_reasons_and_terms_are_the_archives_own(catalogue: Catalogue) -> None:
    lists = catalogue.review_lists
    begun = lists.reasons()
    assert {r.basis for r in begun.values()} >= {"本馆", "国家档案馆档案开放办法（2022）"}
    assert {t.reason for t in lists.terms()} <= begun.keys()
    lists.put_reason(Reason("personal", "个人信息", "本馆", ("控制",), 5, active=False))
    with pytest.raises(BadInput):
        lists.put_reason(Reason("new", "", "本馆", ("控制",)))
    [record_id] = put(catalogue, file("T1-1"))
    with pytest.raises(BadInput):
        give(catalogue, only(catalogue, batch_of(catalogue, [record_id])), CLOSES, FIRST)
    lists.put_terms([Term("海匪", "案件", "case")], replace=True)
    assert lists.terms() == [Term("海匪", "案件", "case")]
    for wrong in (Term("匪", "案件"), Term("海匪", ""), Term("海匪", "案件", "no-such")):
        with pytest.raises(BadInput):
            lists.put_terms([wrong])
    assert lists.drop_term("海匪")
    assert not lists.drop_term("海匪")


# ── the one rule, and who somebody is ──────────────────────────────────────────


def held(catalogue: Catalogue, code: str) -> str:
    """A record whose page bears a secrecy mark in a mark's place."""
    mark = PageText((Line("机密★十年", (60, 50, 200, 40)),), "ocr:test@1")
    page = IncomingPage(1, "0" * 64, "scan", 0, "image/jpeg", "1.jpg", 1000, 1400, mark)
    catalogue.records.put([Incoming(file(code), [page])])
    return f"990001:{code}"


def test_a_decision_here_is_the_records_own(catalogue: Catalogue) -> None:
    """随卷 is nobody's decision: due, not for the web; after a review it is open."""
    [record_id] = put(catalogue, file("T1-1", access_status="开放", publicity="公开", access_basis="随卷"))
    assert catalogue.records.many([record_id])[record_id].audiences == {STAFF}
    assert list(catalogue.due.ids(TODAY)) == [record_id]
    with pytest.raises(BadInput, match="不是它自己的决定"):
        batch_of(catalogue, [record_id], "web")
    through(catalogue, record_id)
    assert READING_ROOM in catalogue.records.many([record_id])[record_id].audiences
    assert list(catalogue.due.ids(TODAY)) == []


def test_what_was_secret_opens_only_with_the_day_and_authority_of_its_declassification(
    catalogue: Catalogue,
) -> None:
    bare = file("T1-1", classification="解密")
    full = file("T1-2", classification="解密", declassified_on="1999-01-01", declassified_by="某委保密办")
    put(catalogue, bare, full)
    for record in (bare, full):
        through(catalogue, record.id)
    stored = catalogue.records.many([bare.id, full.id])
    assert stored[bare.id].audiences == {STAFF}
    assert obstacle(bare) == "曾定密，缺解密日期或解密机关"
    assert stored[full.id].audiences == {STAFF, READING_ROOM}
    assert obstacle(full) == ""


def test_a_held_record_is_no_reviewers_until_it_is_released(catalogue: Catalogue) -> None:
    [open_one] = put(catalogue, file("T1-1"))
    record_id = held(catalogue, "T1-2")
    assert list(catalogue.due.ids(TODAY)) == [open_one]
    made = catalogue.reviews.make(NewBatch("试", "opening"), [open_one, record_id, "no:such"], FIRST)
    assert dict(made.left_out) == dict.fromkeys((record_id, "no:such"), "没有这一条目")
    [finding] = catalogue.quarantine.listing()
    catalogue.quarantine.release(finding.id, by="保密员", reason="试")
    assert list(catalogue.due.ids(TODAY)) == [record_id]


def test_a_record_held_while_under_review_goes_no_further(catalogue: Catalogue) -> None:
    record_id = held(catalogue, "T1-1")
    [finding] = catalogue.quarantine.listing()
    catalogue.quarantine.release(finding.id, by="保密员", reason="试")
    batch = batch_of(catalogue, [record_id])
    review = give(catalogue, only(catalogue, batch), OPENS, FIRST)
    found = PageText((Line("绝密", (60, 50, 200, 40)),), "ocr:new@2")
    catalogue.pages.correct(record_id, 1, found)
    assert catalogue.records.many([record_id])[record_id].audiences == frozenset()
    with pytest.raises(NotFound):
        give(catalogue, review, OPENS, SECOND)
    assert catalogue.reviews.of(batch) == []
    assert catalogue.reviews.batch(batch).counts == {}
    [again] = catalogue.quarantine.listing()
    catalogue.quarantine.confirm(again.id, by="保密员", reason="试")
    catalogue.removal.delete(record_id)  # with all that was said of it
    with catalogue.database.read() as session:
        for table in (OpinionRow, DecisionRow, ReviewRow):
            assert session.scalars(select(table)).all() == []


def test_nobody_is_two_people_by_having_a_key(catalogue: Catalogue) -> None:
    account = catalogue.accounts.add(
        "jia", real_name="甲某", roles=["archivist"], password="晒盐的人-数着-退潮的钟声"
    )
    key = catalogue.keys.caller(catalogue.keys.add(STAFF, roles=["archivist"], owner=account.id))
    assert key is not None
    me = Caller(STAFF, frozenset(account.roles), account.real_name, account.caller_id)
    assert key.person == me.person == account.caller_id
    [record_id] = put(catalogue, file("T1-1"))
    review = give(catalogue, only(catalogue, batch_of(catalogue, [record_id])), OPENS, me)
    with pytest.raises(NotAllowed, match="您已办过"):
        give(catalogue, review, OPENS, key)


def test_the_due_list_is_counted_from_an_index_and_follows_what_is_written(catalogue: Catalogue) -> None:
    """Not from descriptions: a million of them took 13 s."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        if "records" in statement:
            asked.append((statement, given))

    [record_id] = put(catalogue, file("T1-1", 2010))
    event.listen(catalogue.database.engine, "before_cursor_execute", note)
    assert catalogue.due.counts(TODAY) == []
    event.remove(catalogue.database.engine, "before_cursor_execute", note)
    [(statement, given)] = asked
    with catalogue.database.engine.connect() as connection:
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    assert plan[0] == "SCAN records USING COVERING INDEX ix_records_to_review", plan
    assert not [line for line in plan if "TEMP B-TREE" in line], plan
    for changed, count in (
        (file("T1-1", 2010, category="渔业"), (2010, 0, 1)),
        (file("T1-1", 1950, category="渔业"), (1950, 1, 0)),
        (file("T1-1", None), (None, 1, 0)),
        (file("T1-1", 1950, level="volume"), None),
        (file("T1-1", 1950), (1950, 1, 0)),
    ):
        catalogue.records.put([Incoming(changed)], update=True)
        found = [(c.year, c.due, c.early) for c in catalogue.due.counts(TODAY)]
        assert found == ([count] if count else []), changed
    catalogue.records.set_access(record_id, access_status="开放", publicity="馆内")
    assert catalogue.due.counts(TODAY) == []


def test_the_due_list_looks_a_decision_up_by_its_record(catalogue: Catalogue) -> None:
    """Not one record beside every latest decision: a million records times a hundred thousand decisions."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_: Any) -> None:
        asked.append((statement, given))

    put(catalogue, file("J001-1-1-1"))
    event.listen(catalogue.database.engine, "before_cursor_execute", note)
    assert list(catalogue.due.ids(TODAY, limit=10)) == ["990001:J001-1-1-1"]
    catalogue.due.counts(TODAY)
    catalogue.decisions.latest(["990001:J001-1-1-1"])
    plans = []
    with catalogue.database.engine.connect() as connection:
        for statement, given in [one for one in asked if "opening_decisions" in one[0]]:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given).all()
            plans.append([row[3] for row in plan if "opening_decisions" in row[3]])
    assert len(plans) == 3
    assert all("ix_decisions_of (record_id=? AND latest=?)" in line for lines in plans for line in lines), (
        plans
    )
