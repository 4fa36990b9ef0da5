"""Rebuilds that stop and go on, generations that are kept, gone back to and removed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdings.errors import Conflict, IndexMismatch, IndexMissing

from .conftest import AUDIENCE, LETTERS, MADE_WITH, Desk, document, newer, word

NEW = [replace(letter, text={"title": [["重建", letter.id]]}) for letter in LETTERS]


def generation(desk: Desk) -> str:
    return desk.run(desk.engine.status(AUDIENCE)).generation


def begin(desk: Desk, *, back: bool = False) -> None:
    desk.run(desk.writer.begin_rebuild(AUDIENCE, back=back))


def fill(desk: Desk, *documents: object) -> None:
    desk.run(desk.writer.fill(AUDIENCE, documents))  # type: ignore[arg-type]


def finish(desk: Desk, *, keep: bool = False) -> None:
    desk.run(desk.writer.finish_rebuild(AUDIENCE, keep=keep))
    desk.run(desk.engine.refresh())


def building_holds(desk: Desk) -> dict[str, int]:
    return desk.run(desk.writer.versions(AUDIENCE))


def reopen(desk: Desk) -> None:
    desk.close()
    desk.open()


def rebuilt(desk: Desk, *, keep: bool = True) -> None:
    begin(desk)
    fill(desk, *NEW)
    finish(desk, keep=keep)


def test_a_rebuild_cut_short_stays_unseen_and_goes_on_where_it_stopped(archive: Desk) -> None:
    before, old = archive.versions(), generation(archive)
    begin(archive)
    fill(archive, *NEW[:2])
    archive.put(newer(LETTERS[4], text={"title": [["新", "来"]]}))  # a commit also saves what was filled in
    reopen(archive)
    assert archive.run(archive.writer.rebuilding()) == [AUDIENCE]
    assert archive.versions() == before | {"a:5": 2}
    assert archive.found(words=word("重建")) == set()
    assert building_holds(archive) == {"a:1": 1, "a:2": 1, "a:5": 2}
    archive.put(newer(LETTERS[2]), deletes=["a:1"])  # before anybody has said that it is to go on
    begin(archive)
    assert building_holds(archive) == {"a:2": 1, "a:3": 2, "a:5": 2}
    fill(archive, NEW[2], NEW[3])  # a:3 was written since it went on: left as it is
    finish(archive)
    assert archive.versions() == {"a:2": 1, "a:3": 2, "a:4": 1, "a:5": 2}
    assert archive.found(words=word("重建")) == {"a:2", "a:4"}
    assert archive.run(archive.writer.rebuilding()) == []
    assert generation(archive) != old
    reopen(archive)
    assert archive.versions() == {"a:2": 1, "a:3": 2, "a:4": 1, "a:5": 2}


def test_a_rebuild_cut_short_that_was_made_with_something_else_is_forgotten(archive: Desk) -> None:
    before = archive.versions()
    archive.close()
    archive.open(replace(MADE_WITH, lexicon="other"))
    begin(archive)
    fill(archive, *NEW)
    archive.close()
    archive.open()
    assert archive.run(archive.writer.rebuilding()) == []
    assert archive.versions() == before
    assert archive.run(archive.engine.status(AUDIENCE)).building == ""


def test_an_abandoned_rebuild_is_not_taken_up_again(archive: Desk) -> None:
    begin(archive)
    fill(archive, *NEW)
    archive.run(archive.writer.abandon_rebuild(AUDIENCE))
    reopen(archive)
    assert archive.run(archive.writer.rebuilding()) == []
    assert archive.found(words=word("登记")) == {"a:1", "a:4"}


def test_the_old_generation_is_kept_where_that_is_asked_and_said_with_its_size(archive: Desk) -> None:
    first = generation(archive)
    rebuilt(archive, keep=True)
    reopen(archive)
    status = archive.run(archive.engine.status(AUDIENCE))
    assert (status.kept, status.building) == (first, "")
    assert status.kept_bytes > 0
    assert archive.found(words=word("重建")) == {letter.id for letter in LETTERS}
    rebuilt(archive, keep=True)  # one generation is kept, not all
    assert archive.run(archive.engine.status(AUDIENCE)).kept == status.generation
    rebuilt(archive, keep=False)
    status = archive.run(archive.engine.status(AUDIENCE))
    assert (status.kept, status.kept_bytes) == ("", 0)
    with pytest.raises(Conflict):
        begin(archive, back=True)


def test_going_back_brings_nothing_back_that_was_withdrawn_and_needs_only_what_changed(archive: Desk) -> None:
    first = generation(archive)
    rebuilt(archive)
    archive.put(newer(NEW[1]), document("b:1", "新 来"), deletes=["a:1"])
    reopen(archive)
    archive.put(newer(NEW[2]), deletes=["a:4"])
    begin(archive, back=True)
    assert building_holds(archive) == {"a:5": 1}  # what changed or went since has left it
    reopen(archive)  # cut short, it goes on
    begin(archive, back=True)
    assert building_holds(archive) == {"a:5": 1}
    fill(archive, newer(LETTERS[1]), newer(LETTERS[2]), document("b:1", "新 来"))
    archive.put(document("b:2", "后 来"))
    second = generation(archive)
    finish(archive, keep=True)
    assert archive.versions() == {"a:2": 2, "a:3": 2, "a:5": 1, "b:1": 1, "b:2": 1}
    assert archive.found(words=word("重建")) == set()
    assert archive.found(words=word("公函")) == archive.complete("公函") == set() or not archive.complete(
        "公函"
    )
    assert "a:1" not in archive.found() | archive.by_meaning()
    status = archive.run(archive.engine.status(AUDIENCE))
    assert (status.generation, status.kept) == (first, second)  # and forth again


def test_what_waited_for_a_commit_at_the_switch_is_not_stale_in_the_generation_that_is_kept(
    archive: Desk,
) -> None:
    begin(archive)
    fill(archive, *NEW)
    archive.run(archive.writer.write(AUDIENCE, [newer(NEW[0])], ["a:2"]))
    finish(archive, keep=True)
    assert archive.versions()["a:1"] == 2
    begin(archive, back=True)
    assert building_holds(archive) in (
        {"a:1": 2, "a:3": 1, "a:4": 1, "a:5": 1},
        {"a:3": 1, "a:4": 1, "a:5": 1},
    )


def test_what_another_lexicon_made_is_not_gone_back_to(archive: Desk) -> None:
    archive.close()
    archive.open(replace(MADE_WITH, lexicon="other"))
    begin(archive)
    fill(archive, *NEW)
    finish(archive, keep=True)
    with pytest.raises(IndexMismatch):
        begin(archive, back=True)
    archive.put(newer(NEW[0]), deletes=["a:2"])  # leaves the kept one, whatever its words
    archive.close()
    archive.open()  # the former lexicon again
    begin(archive, back=True)
    assert building_holds(archive) == {"a:3": 1, "a:4": 1, "a:5": 1}
    fill(archive, newer(LETTERS[0]))
    finish(archive)
    assert archive.found(words=word("登记")) == {"a:1", "a:4"}


def test_a_kept_generation_is_removed_on_demand(archive: Desk) -> None:
    rebuilt(archive)
    used = archive.run(archive.engine.status(AUDIENCE)).kept_bytes
    assert used > 0
    archive.run(archive.writer.drop_kept(AUDIENCE))
    archive.put()
    status = archive.run(archive.engine.status(AUDIENCE))
    assert (status.kept, status.kept_bytes) == ("", 0)
    archive.run(archive.writer.drop_kept(AUDIENCE))  # nothing to do
    assert archive.found(words=word("重建")) == {letter.id for letter in LETTERS}


def test_dropped_there_is_no_index_until_one_is_made(archive: Desk) -> None:
    rebuilt(archive)
    begin(archive)
    archive.run(archive.writer.drop(AUDIENCE))
    archive.run(archive.writer.drop(AUDIENCE))
    other = archive.another_reader()
    with pytest.raises(IndexMissing):
        archive.run(other.status(AUDIENCE))
    archive.run(archive.engine.close())
    archive.run(archive.writer.close())
    archive.open()
    assert archive.versions() == {}
    archive.put(document("b:1", "一"))
    assert archive.versions() == {"b:1": 1}
