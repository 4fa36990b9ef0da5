"""Series with their choices, the calendar, showings and theme runs in the catalogue."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import update

from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.catalogue.anniversaries import Anniversary
from holdings.catalogue.series import Definition
from holdings.catalogue.tables_curation import ThemeRunRow
from holdings.catalogue.theme_runs import AT_ONCE, KEPT, LOST_AFTER
from holdings.errors import BadInput, Busy, Conflict, NotFound
from holdings.records import Line, PageText, Record

CURATOR = Caller(STAFF, frozenset({"curator"}), "编研员", "key:1")
OTHER = Caller(STAFF, frozenset({"curator"}), "另一人", "key:2")
DEFINED = Definition("灯塔系列", "灯塔与守塔人", ("灯塔", " 灯塔 ", "守塔人"), ("结婚",))


@pytest.fixture
def filled(catalogue: Catalogue) -> Catalogue:
    records = [Record(f"a:{n}", f"J1-{n}", f"灯塔 {n}") for n in range(6)]
    page = IncomingPage(1, "0" * 64, "scan", 0, "image/jpeg", "1.jpg", 1000, 1400)
    catalogue.records.put([Incoming(record, (page,)) for record in records])
    return catalogue


def hold(catalogue: Catalogue, record_id: str) -> None:
    catalogue.pages.correct(record_id, 1, PageText((Line("机密★长期"),), "person:试"))


def test_an_archive_begins_with_four_series_and_a_calendar(catalogue: Catalogue) -> None:
    names = [series.definition.name for series in catalogue.series.listing()]
    assert names == ["红色系列", "乡土文化系列", "“名”字系列", "馆藏精品系列"]
    days = {(one.calendar, one.month, one.day): one for one in catalogue.anniversaries.listing()}
    assert days["solar", 6, 9].name == "国际档案日"
    assert days["solar", 5, 17].year == 1950
    assert ("lunar", 1, 1) in days


def test_a_definition_is_changed_by_one_at_a_time(catalogue: Catalogue) -> None:
    made = catalogue.series.add(DEFINED, CURATOR)
    assert made.definition.questions == ("灯塔", "守塔人")
    changed = catalogue.series.change(made.id, Definition("灯塔", "灯塔"), made.version, OTHER)
    assert (changed.version, changed.changed_by) == (made.version + 1, "另一人")
    with pytest.raises(Conflict, match="另一人"):
        catalogue.series.change(made.id, DEFINED, made.version, CURATOR)
    with pytest.raises(Conflict, match="已有"):
        catalogue.series.add(Definition("红色系列", "又一个"), CURATOR)
    with pytest.raises(BadInput):
        catalogue.series.add(Definition(" ", "无名"), CURATOR)
    catalogue.series.drop(made.id)
    with pytest.raises(NotFound):
        catalogue.series.get(made.id)


def test_choices_are_remembered_changed_and_taken_back(filled: Catalogue) -> None:
    series = filled.series.add(DEFINED, CURATOR)
    filled.series.choose(series.id, ["a:0", "a:1", "a:1"], "accepted", CURATOR, seed=True)
    filled.series.choose(series.id, ["a:2"], "rejected", CURATOR, note="重复")
    filled.series.choose(series.id, ["a:1"], "later", OTHER)
    assert dict(filled.series.get(series.id).counts) == {"accepted": 1, "rejected": 1, "later": 1}
    choices = {c.record_id: c for c in filled.series.choices(series.id)}
    assert choices["a:0"].seed
    assert not choices["a:1"].seed
    assert (choices["a:2"].note, choices["a:2"].by) == ("重复", "编研员")
    assert filled.series.in_series(["a:0", "a:1"]) == {"a:0": ["灯塔系列"]}
    filled.series.choose(series.id, ["a:2"], None, CURATOR)
    assert {c.record_id for c in filled.series.choices(series.id)} == {"a:0", "a:1"}
    with pytest.raises(NotFound, match="a:9"):
        filled.series.choose(series.id, ["a:3", "a:9"], "accepted", CURATOR)
    assert not filled.series.choices(series.id, "rejected"), "all or nothing"


def test_a_held_record_is_in_no_series_and_a_removed_one_leaves_nothing(filled: Catalogue) -> None:
    series = filled.series.add(DEFINED, CURATOR)
    filled.series.choose(series.id, ["a:0", "a:1"], "accepted", CURATOR)
    filled.showings.note(["a:1"], "展", date(2020, 6, 9), CURATOR)
    run = filled.theme_runs.begin({}, CURATOR)
    filled.theme_runs.done(run, {"ids": ["a:0"], "words": ["灯塔"]})
    hold(filled, "a:0")
    assert [c.record_id for c in filled.series.choices(series.id)] == ["a:1"]
    assert dict(filled.series.get(series.id).counts) == {"accepted": 1}
    with pytest.raises(NotFound):
        filled.series.choose(series.id, ["a:0"], "rejected", CURATOR)
    assert not filled.theme_runs.all_here(["a:0", "a:1"])
    assert filled.theme_runs.all_here(["a:1", "a:2"])
    assert "a:0" not in next(filled.theme_runs.since(datetime(2000, 1, 1, tzinfo=UTC)))
    filled.removal.delete("a:1")
    assert filled.series.choices(series.id) == []
    assert filled.showings.of(["a:1"]) == {}
    with pytest.raises(NotFound):
        filled.theme_runs.get(run, CURATOR)


def test_dates_are_added_changed_and_dropped(catalogue: Catalogue) -> None:
    made = catalogue.anniversaries.put(Anniversary(0, "开渔", "solar", 9, 16, None, "local", ("开渔",)))
    moved = catalogue.anniversaries.put(Anniversary(made.id, "开渔", "solar", 9, 17, 2000, "local", ()))
    assert moved in catalogue.anniversaries.listing()
    with pytest.raises(Conflict):
        catalogue.anniversaries.put(Anniversary(0, "开渔", "solar", 1, 1, None, "local", ()))
    with pytest.raises(BadInput):
        catalogue.anniversaries.put(Anniversary(0, "某日", "solar", 1, 1, None, "village", ()))
    catalogue.anniversaries.drop(made.id)
    with pytest.raises(NotFound):
        catalogue.anniversaries.drop(made.id)


def test_what_was_shown_is_noted_once(filled: Catalogue) -> None:
    for _ in range(2):
        filled.showings.note(["a:0", "a:1"], "国际档案日展", date(2019, 6, 9), CURATOR)
    filled.showings.note(["a:0"], "画册", date(2010, 1, 1), CURATOR)
    assert filled.showings.of(["a:0", "a:2"]) == {
        "a:0": [("画册", "2010-01-01"), ("国际档案日展", "2019-06-09")]
    }
    with pytest.raises(NotFound):
        filled.showings.note(["a:77"], "展", date(2019, 6, 9), CURATOR)


# ── theme runs ─────────────────────────────────────────────────────────────────


def test_a_run_tells_its_own_person_how_far_it_is(catalogue: Catalogue) -> None:
    runs = catalogue.theme_runs
    run = runs.begin({"q": "灯塔"}, CURATOR)
    assert runs.get(run, CURATOR).state == "waiting"
    runs.tell(run, "reading", 0.25)
    told = runs.get(run, CURATOR)
    assert (told.state, told.step, told.share, told.asked) == ("running", "reading", 0.25, {"q": "灯塔"})
    runs.done(run, {"ids": ["a:1"], "themes": [{"words": ["灯塔"]}]})
    runs.tell(run, "groups", 0.9)  # on its way when it ended
    assert runs.get(run, CURATOR).state == "done"
    assert runs.get(run, CURATOR).result is None
    assert runs.get(run, CURATOR, result=True).result["themes"] == [{"words": ["灯塔"]}]
    with pytest.raises(NotFound):
        runs.get(run, OTHER)
    assert runs.mine(OTHER) == []
    assert [r.id for r in runs.mine(CURATOR)] == [run]


def test_only_so_many_run_and_a_lost_one_gives_its_place(catalogue: Catalogue) -> None:
    runs = catalogue.theme_runs
    first, *_ = (runs.begin({}, CURATOR) for _ in range(AT_ONCE))
    with pytest.raises(Busy):
        runs.begin({}, OTHER)
    with catalogue.database.write() as session:
        session.execute(
            update(ThemeRunRow).values(beat=datetime.now(UTC) - LOST_AFTER - timedelta(seconds=5))
        )
    assert runs.get(first, CURATOR).state == "failed"
    runs.begin({}, OTHER)
    assert runs.get(first, CURATOR).state == "failed"


def test_a_person_keeps_the_latest_runs(catalogue: Catalogue) -> None:
    made = []
    for n in range(KEPT + 3):
        made.append(catalogue.theme_runs.begin({"seed": n}, CURATOR))
        catalogue.theme_runs.done(made[-1], {"ids": []})
    kept = {run.id for run in catalogue.theme_runs.mine(CURATOR)}
    assert len(kept) == KEPT
    assert made[-1] in kept
