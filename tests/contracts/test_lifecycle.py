"""Commits, replacements, deletions, rebuilds, audiences, and what an index was made with."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holdings.engines.port import MadeWith, Row
from holdings.errors import BadInput, IndexMismatch, IndexMissing

from .conftest import AUDIENCE, MADE_WITH, Desk, Kind, between, direction, document, newer, word


def test_an_empty_index_answers(desk: Desk) -> None:
    answer = desk.ask(words=word("登记"), vector=direction(0), facets=("fonds",), histogram=True)
    assert (len(answer.words), len(answer.meaning), answer.total, answer.after) == (0, 0, 0, None)
    assert answer.facets == {"fonds": ()}
    assert desk.versions() == {}
    assert desk.complete("登") == []
    status = desk.run(desk.engine.status(AUDIENCE))
    assert (status.documents, status.rows, status.words_ready, status.meaning_ready) == (0, 0, True, True)
    assert status.made_with == MADE_WITH


def test_nothing_is_seen_before_the_commit(archive: Desk) -> None:
    archive.run(archive.writer.write(AUDIENCE, [document("b:1", "新 登记")], ["a:1"]))
    archive.run(archive.engine.refresh())
    assert archive.found(words=word("登记")) == {"a:1", "a:4"}
    assert set(archive.run(archive.writer.versions(AUDIENCE))) == {"a:2", "a:3", "a:4", "a:5", "b:1"}
    assert "b:1" not in archive.versions()
    archive.put()
    assert archive.found(words=word("登记")) == {"a:4", "b:1"}


def test_a_reader_sees_a_commit_within_two_seconds_without_asking(archive: Desk) -> None:
    other = archive.another_reader()
    archive.run(archive.writer.write(AUDIENCE, [document("b:1", "新 登记")]))
    archive.run(archive.writer.commit(AUDIENCE))
    committed = time.monotonic()
    while "b:1" not in archive.run(other.versions(AUDIENCE)):
        assert time.monotonic() - committed < 2
        time.sleep(0.02)


def test_a_document_is_replaced_whole(archive: Desk) -> None:
    changed = newer(
        document("a:1", "新 题名", facets={"fonds": ["J9"]}, rows=[Row(5, 1, between(0, 3, 0.2))])
    )
    archive.put(changed)
    assert archive.found(words=word("公函")) == set()
    assert archive.found(words=word("新")) == {"a:1"}
    assert archive.versions()["a:1"] == 2
    (row,) = archive.run(archive.engine.vectors(AUDIENCE, "a:1"))
    assert (row.page, row.number) == (5, 1)
    hits = [hit for hit in archive.ask(vector=direction(0)).meaning if hit.id == "a:1"]
    assert [hit.passages for hit in hits] == [((5, 1),)]


def test_the_last_of_several_writes_holds(desk: Desk) -> None:
    first = document("b:1", "一")
    second, third = newer(document("b:1", "二")), newer(newer(document("b:1", "三")))
    desk.run(desk.writer.write(AUDIENCE, [first, second]))
    desk.put(third, document("b:2", "四"))
    assert desk.versions() == {"b:1": 3, "b:2": 1}
    assert desk.found(words=word("三")) == {"b:1"}
    assert desk.found(words=word("一")) == desk.found(words=word("二")) == set()
    assert len(desk.ask(vector=direction(0)).meaning) == 2


def test_deletes_come_before_the_documents_of_one_write(archive: Desk) -> None:
    archive.put(newer(document("a:1", "新 登记")), deletes=["a:1", "a:1", "unknown"])
    assert archive.versions()["a:1"] == 2
    assert archive.found(words=word("新")) == {"a:1"}


def test_vectors_may_follow_the_words(desk: Desk) -> None:
    whole = document("b:1", "一 登记", rows=[Row(0, 0, direction(0)), Row(2, 1, direction(1))])
    desk.put(replace(whole, rows=whole.rows[:1]), document("b:2", "二 登记", rows=[]))
    assert desk.by_meaning() == {"b:1"}
    later = document("b:2", "二 登记", rows=[Row(1, 0, between(0, 1, 0.1))])
    for _ in range(2):  # twice is the same as once
        desk.give(whole, later, document("b:3", "不在"))
        assert desk.versions() == {"b:1": 1, "b:2": 1}
        assert desk.found(words=word("登记")) == desk.by_meaning() == {"b:1", "b:2"}
        kept = [(row.page, row.number) for row in desk.run(desk.engine.vectors(AUDIENCE, "b:1"))]
        assert kept == [(0, 0), (2, 1)]
        status = desk.run(desk.engine.status(AUDIENCE))
        assert (status.rows, status.with_rows) == (3, 2)
    nearest = desk.ask(vector=direction(1)).meaning
    assert [(hit.id, hit.passages[0]) for hit in nearest] == [("b:1", (2, 1)), ("b:2", (1, 0))]
    desk.put(newer(document("b:1", "一 改", rows=[])))
    assert desk.by_meaning() == {"b:2"}  # a document is replaced with its vectors
    desk.put(deletes=["b:2"])
    assert desk.by_meaning() == set()


def test_vectors_that_follow_reach_both_generations(archive: Desk) -> None:
    bare = [replace(document(f"a:{n}", "登记"), rows=()) for n in (1, 2)]
    archive.put(*bare)
    archive.run(archive.writer.begin_rebuild(AUDIENCE))
    archive.run(archive.writer.fill(AUDIENCE, bare[:1]))
    archive.give(document("a:1", "登记"), document("a:2", "登记"))
    assert archive.by_meaning() == {"a:1", "a:2", "a:3", "a:4", "a:5"}
    archive.run(archive.writer.fill(AUDIENCE, [document("a:2", "登记")]))
    archive.run(archive.writer.finish_rebuild(AUDIENCE))
    archive.run(archive.engine.refresh())
    assert archive.found(words=word("登记")) == archive.by_meaning() == {"a:1", "a:2"}


def test_vectors_of_another_length_are_refused(archive: Desk) -> None:
    wrong = document("a:1", "一", rows=[Row(0, 1, np.ones(3, np.float32))])
    with pytest.raises(BadInput):
        archive.give(document("a:2", "二"), wrong)
    archive.put()
    assert len(archive.run(archive.engine.vectors(AUDIENCE, "a:1"))) == 1


def test_deleted_leaves_no_trace_and_never_returns(archive: Desk) -> None:
    archive.put(deletes=["a:1"])
    for _ in range(3):
        assert "a:1" not in archive.found() | archive.by_meaning()
        assert "a:1" not in archive.versions()
        assert archive.run(archive.engine.vectors(AUDIENCE, "a:1")) == []
        assert archive.complete("公函") == []
        archive.put(document("b:1", "别的"))
        archive.put(deletes=["b:1"])
    archive.put(newer(newer(document("a:1", "回来"))))
    assert archive.versions()["a:1"] == 3


def test_a_deletion_before_the_commit(desk: Desk) -> None:
    desk.run(desk.writer.write(AUDIENCE, [document("b:1", "一"), document("b:2", "二")]))
    desk.put(deletes=["b:1"])
    assert desk.found() == desk.by_meaning() == {"b:2"}


def test_a_faulty_batch_writes_nothing(archive: Desk) -> None:
    before = archive.versions()
    wrong = document("b:2", "二", rows=[Row(0, 0, np.ones(3, np.float32))])
    with pytest.raises(BadInput):
        archive.run(archive.writer.write(AUDIENCE, [document("b:1", "一"), wrong], ["a:1"]))
    archive.put()
    assert archive.versions() == before


def test_audiences_are_apart(archive: Desk) -> None:
    archive.put(document("s:1", "内部 登记"), audience="staff")
    assert "s:1" not in archive.found()
    assert {hit.id for hit in archive.ask("staff", words=word("登记")).words} == {"s:1"}
    with pytest.raises(IndexMissing):
        archive.ask("nobody")


def test_an_index_opens_again_as_it_was(archive: Desk) -> None:
    before = archive.ask(words=word("沈家门"), vector=direction(0), facets=("fonds",))
    archive.put(deletes=["a:4"])
    archive.close()
    archive.open()
    after = archive.ask(words=word("沈家门"), vector=direction(0), facets=("fonds",))
    assert [hit.id for hit in after.words] == [hit.id for hit in before.words]
    assert [hit.id for hit in after.meaning] == [hit.id for hit in before.meaning if hit.id != "a:4"]
    archive.put(document("b:1", "沈家门 新"))
    assert "b:1" in archive.found(words=word("沈家门"))


def test_uncommitted_writes_are_dropped_at_closing(archive: Desk) -> None:
    before = archive.versions()
    archive.run(archive.writer.write(AUDIENCE, [document("b:1", "一")], ["a:1"]))
    archive.close()
    archive.open()
    assert archive.versions() == before
    archive.put(document("b:2", "二"))
    assert archive.versions() == before | {"b:2": 1}
    assert archive.by_meaning() == set(before) | {"b:2"}


def test_a_rebuild_is_unseen_until_finished_and_loses_nothing_written_meanwhile(archive: Desk) -> None:
    writer = archive.writer
    generation = archive.run(archive.engine.status(AUDIENCE)).generation
    archive.run(writer.begin_rebuild(AUDIENCE))
    archive.run(writer.fill(AUDIENCE, [document("a:2", "重建 通知"), document("a:3", "重建 报告")]))
    archive.put(newer(document("a:3", "新 报告")), document("b:1", "新 来"), deletes=["a:4"])
    # what is written goes to both; what is filled in is unseen
    assert archive.found(words=word("新")) == {"a:3", "b:1"}
    assert archive.found(words=word("重建")) == set()
    assert set(archive.versions()) == {"a:1", "a:2", "a:3", "a:5", "b:1"}
    archive.run(
        writer.fill(AUDIENCE, [document("a:3", "重建"), document("a:4", "重建"), document("a:5", "重建")])
    )
    archive.run(writer.finish_rebuild(AUDIENCE))
    archive.run(archive.engine.refresh())
    assert archive.versions() == {"a:2": 1, "a:3": 2, "a:5": 1, "b:1": 1}
    assert archive.found(words=word("重建")) == {"a:2", "a:5"}
    assert archive.by_meaning() == {"a:2", "a:3", "a:5", "b:1"}
    assert archive.run(archive.engine.status(AUDIENCE)).generation != generation
    archive.put(document("b:2", "之后"))
    assert "b:2" in archive.versions()


def test_an_abandoned_rebuild_leaves_all_as_it_was(archive: Desk) -> None:
    before = archive.versions()
    archive.run(archive.writer.begin_rebuild(AUDIENCE))
    archive.run(archive.writer.fill(AUDIENCE, [document("b:1", "一")]))
    archive.run(archive.writer.abandon_rebuild(AUDIENCE))
    archive.put()
    assert archive.versions() == before
    archive.put(document("b:2", "二"))
    assert archive.versions() == before | {"b:2": 1}


def test_a_withdrawal_makes_a_rebuild_due_until_it_is_done(archive: Desk) -> None:
    assert not archive.run(archive.engine.status(AUDIENCE)).rebuild_due
    archive.put(deletes=["a:1"])
    status = archive.run(archive.engine.status(AUDIENCE))
    assert status.rebuild_due
    assert (status.documents, status.rows) == (4, 4)
    archive.run(archive.writer.begin_rebuild(AUDIENCE))
    archive.run(archive.writer.finish_rebuild(AUDIENCE))
    archive.run(archive.engine.refresh())
    assert not archive.run(archive.engine.status(AUDIENCE)).rebuild_due


@pytest.mark.parametrize("change", ["normaliser", "segmenter", "lexicon"])
def test_an_index_made_with_something_else_is_a_named_error(archive: Desk, change: str) -> None:
    other = replace(MADE_WITH, **{change: "other"})
    archive.close()
    archive.open(other)
    with pytest.raises(IndexMismatch, match=change):
        archive.ask(words=word("登记"))
    with pytest.raises(IndexMismatch, match="danghai index rebuild"):
        archive.run(archive.writer.write(AUDIENCE, [document("b:1", "一")]))
    archive.run(archive.writer.begin_rebuild(AUDIENCE))
    archive.put(document("b:1", "一"))
    archive.run(archive.writer.finish_rebuild(AUDIENCE))
    archive.run(archive.engine.refresh())
    assert archive.versions() == {"b:1": 1}
    assert archive.run(archive.engine.status(AUDIENCE)).made_with == other


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (MADE_WITH, replace(MADE_WITH, encoder="encoder-2")),
        (MADE_WITH, replace(MADE_WITH, dimension=8)),
        (replace(MADE_WITH, encoder="", dimension=0), MADE_WITH),  # the model came after the first index
    ],
    ids=["encoder", "dimension", "none"],
)
def test_another_encoder_leaves_the_words_leg_on(
    kind: Kind, tmp_path: Path, first: MadeWith, then: MadeWith
) -> None:
    def row(made: MadeWith) -> list[Row]:
        return [Row(0, 0, np.eye(made.dimension, dtype=np.float32)[0])] if made.dimension else []

    with asyncio.Runner() as runner:
        desk = Desk(kind, tmp_path / "index", runner)
        desk.open(first)
        desk.put(document("b:1", "一 登记", rows=row(first)), document("b:2", "二 登记", rows=row(first)))
        desk.close()
        desk.open(then)
        question = np.eye(then.dimension, dtype=np.float32)[0]
        assert desk.run(desk.writer.without_meaning()) == [AUDIENCE]
        desk.put(document("b:3", "三 登记", rows=row(then)), deletes=["b:1"])
        answer = desk.ask(words=word("登记"), vector=question)
        assert {hit.id for hit in answer.words} == {"b:2", "b:3"}
        assert len(answer.meaning) == 0
        status = desk.run(desk.engine.status(AUDIENCE))
        assert (status.words_ready, status.meaning_ready) == (True, False)
        assert "danghai index rebuild" in status.mismatch
        desk.run(desk.writer.begin_rebuild(AUDIENCE))
        desk.put(document("b:4", "四 登记", rows=row(then)))
        assert desk.found(words=word("登记")) == {"b:2", "b:3", "b:4"}  # not only once it is done
        desk.run(desk.writer.fill(AUDIENCE, [document("b:3", "三 登记", rows=row(then))]))
        desk.run(desk.writer.finish_rebuild(AUDIENCE))
        desk.run(desk.engine.refresh())
        assert {hit.id for hit in desk.ask(vector=question).meaning} == {"b:3", "b:4"}
        assert desk.run(desk.writer.without_meaning()) == []
        assert desk.run(desk.engine.status(AUDIENCE)).mismatch == ""
        desk.close()


def test_an_index_with_vectors_takes_nothing_where_no_encoder_is(archive: Desk) -> None:
    """Documents would be without their vectors for good, and nobody would know."""
    archive.close()
    archive.open(replace(MADE_WITH, encoder="", dimension=0))
    with pytest.raises(IndexMismatch, match="danghai models pull"):
        archive.run(archive.writer.write(AUDIENCE, [document("b:1", "一")]))
    assert archive.run(archive.writer.without_meaning()) == []


def test_without_an_encoder_the_words_of_an_index_are_still_read(archive: Desk) -> None:
    reader = archive.another_reader(replace(MADE_WITH, encoder="", dimension=0))
    archive.engine, mine = reader, archive.engine
    assert archive.found(words=word("登记")) == {"a:1", "a:4"}
    archive.engine = mine


def test_an_index_without_vectors(kind: Kind, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        desk = Desk(kind, tmp_path / "wordy", runner)
        desk.open(replace(MADE_WITH, encoder="", dimension=0))
        desk.put(document("b:1", "一 登记", rows=[]), document("b:2", "二", rows=[]))
        assert desk.found(words=word("登记")) == {"b:1"}
        assert desk.by_meaning() == set()
        desk.close()


def test_an_audience_that_is_dropped_is_gone_for_readers_and_leaves_the_others(archive: Desk) -> None:
    archive.put(document("u:1", "单位 登记"), audience="unit-j045")
    archive.run(archive.writer.begin_rebuild("unit-j045"))  # also in the midst of a rebuild
    archive.run(archive.writer.fill("unit-j045", [document("u:1", "单位 登记")]))
    assert archive.ask("unit-j045", words=word("登记")).total == 1
    for _ in range(2):  # what is not there any more may be dropped again
        archive.run(archive.writer.drop("unit-j045"))
    archive.run(archive.engine.refresh())
    for engine in (archive.engine, archive.another_reader()):
        deadline = time.monotonic() + 2
        while True:
            try:
                archive.run(engine.versions("unit-j045"))
            except IndexMissing:
                break
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert archive.found(words=word("登记")) == {"a:1", "a:4"}
    archive.put(document("u:2", "新 登记"), audience="unit-j045")
    assert archive.run(archive.another_reader().versions("unit-j045")) == {"u:2": 1}
