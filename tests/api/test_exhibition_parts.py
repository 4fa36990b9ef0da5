"""What an answer about a published exhibition costs: as much as it shows, whatever else is published or withdrawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

import search_api.published
from curation.edition import Edition, Exhibit
from curation.outputs.places import exhibit_id, exhibit_path, image_folder, manifest_path
from search_api.wanted import wanted_by

from .conftest import System
from .small_archive import FILES, file_code, file_record, of
from .test_exhibitions import CURATOR, SITE, edition, exhibit, put_up, shown
from .test_records import problem

__all__ = ["shown"]


@contextmanager
def looked(system: System) -> Iterator[list[tuple[str, int]]]:
    """Statements to the catalogue, each with how many values it asks for."""
    engine = system.client.app.state.house.catalogue.database.engine  # type: ignore[attr-defined]
    asked: list[tuple[str, int]] = []

    def note(*given: Any) -> None:
        asked.append((re.sub(r"(\?, )+\?|\(\(.*\)\)", "…", given[2]), len(given[3])))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_who_answers_an_entry_of_the_wanted_list_has_one_exhibition_looked_at(shown: System) -> None:
    """Anybody may offer: what that costs does not grow with what is published."""
    house = shown.client.app.state.house  # type: ignore[attr-defined]

    def statements() -> int:
        with looked(shown) as asked:
            assert wanted_by(house, "yu-ye", "one").wanted == "找旧照"
        return len(asked)

    put_up(shown, edition(6))
    alone = statements()
    others = ("wanted-1", "wanted-2", "wanted-3")
    for slug in others:
        put_up(shown, replace(edition(6), slug=slug))
    assert statements() == alone
    for slug in others:
        shown.catalogue.editions.withdraw(slug, CURATOR)


#: Numbers of files that are open to all.
OPEN = [n for n in range(FILES) if file_record(n).publicity == "公开"]


def of_one(numbers: list[int]) -> tuple[list[str], Edition]:
    """An exhibition of these, and the files that show the one in the middle."""
    middle = exhibit(numbers[len(numbers) // 2], fonds="某全宗")
    made = edition(*numbers)
    [section] = made.sections
    exhibits = tuple(middle if one.key == middle.key else one for one in section.exhibits)
    folder = image_folder(middle.pictures[0])
    paths = [exhibit_path(middle), manifest_path(middle), f"{folder}/info.json"]
    return [*paths, f"{folder}/full/372,480/0/default.jpg", "assets/site.css"], replace(
        made, sections=(replace(section, exhibits=exhibits),)
    )


def test_what_shows_one_exhibit_costs_the_same_however_large_the_exhibition(
    shown: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered: list[str] = []
    real = search_api.published._present

    def present(one: Exhibit, *more: Any) -> Exhibit:
        rendered.append(one.key)
        return real(one, *more)

    monkeypatch.setattr(search_api.published, "_present", present)

    def work(numbers: list[int]) -> list[tuple[Counter[tuple[str, int]], int]]:
        paths, made = of_one(numbers)
        put_up(shown, made)
        done = []
        for path in paths:
            rendered.clear()
            with looked(shown) as asked:
                assert shown.ask(f"{SITE}/{path}").status_code == 200, path
            done.append((Counter(asked), len(rendered)))
        return done

    middle = OPEN[len(OPEN) // 2]
    at = OPEN.index(middle)
    few, many = OPEN[at - 8 : at + 9], OPEN  # enough that what is looked at beside it is not the same twice
    assert len(many) > len(few) + 8
    small, large = work(few), work(many)
    for path, one, other in zip(of_one(few)[0], small, large, strict=True):
        assert one == other, path
    assert [exhibits for _, exhibits in small] == [3, 1, 1, 1, 0]
    assert max(asked.total() for asked, _ in small) < 60


def test_who_stands_beside_what_is_withdrawn_is_found_however_far(shown: System) -> None:
    numbers = OPEN[:14]
    put_up(shown, edition(*numbers))
    first, away, last = exhibit(numbers[0]), numbers[1:13], exhibit(numbers[13])
    before = shown.ask(f"{SITE}/{exhibit_path(first)}").text
    assert f'rel="next" href="../{exhibit_path(exhibit(away[0]))}"' in before
    for number in away:
        shown.catalogue.records.set_access(
            of(file_code(number)), access_status="控制", publicity="", reason="试"
        )
    try:
        assert f'rel="next" href="../{exhibit_path(last)}"' in shown.ask(f"{SITE}/{exhibit_path(first)}").text
        assert f'rel="prev" href="../{exhibit_path(first)}"' in shown.ask(f"{SITE}/{exhibit_path(last)}").text
        gone = image_folder(exhibit(away[3]).pictures[0])
        tails = ("exhibits/{}.html", "iiif/{}/manifest.json", "images/{}/info.json")
        for tail, name in zip(tails, (*[exhibit_id(exhibit(away[3]))] * 2, Path(gone).name), strict=True):
            work = []
            for asked_for in (name, "0" * 16):  # withdrawn; never there
                with looked(shown) as asked:
                    answer = shown.ask(f"{SITE}/{tail.format(asked_for)}")
                problem(answer, 404, "not-found")
                work.append([statement for statement, _ in asked])
            assert work[0] == work[1], tail
    finally:
        for number in away:
            shown.catalogue.records.set_access(
                of(file_code(number)), access_status="开放", publicity="公开", reason="试"
            )
    assert shown.ask(f"{SITE}/{exhibit_path(first)}").text == before
