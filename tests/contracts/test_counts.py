"""Totals, facets, the year histogram and completions: exact, and of live documents only."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from holdings.engines.port import YEARS, Answer, AnyOf, DateRange, FacetIn

from .conftest import Desk, document, newer, word


def counts(answer: Answer, facet: str) -> dict[str, int]:
    return {found.value: found.count for found in answer.facets[facet]}


def test_facets_count_the_words_matches(archive: Desk) -> None:
    answer = archive.ask(words=word("沈家门"), facets=("fonds", "persons", "medium"))
    assert [(found.value, found.count) for found in answer.facets["fonds"]] == [
        ("J1", 2),
        ("J2", 1),
        ("J3", 1),
    ]
    assert counts(answer, "persons") == {"李四": 2, "王阿毛": 2}
    assert answer.facets["medium"] == ()


def test_what_is_counted_may_be_less_than_what_ranks(archive: Desk) -> None:
    both = AnyOf((word("沈家门"), word("登记")), 2)
    either = AnyOf(both.children, 1)
    strict = archive.ask(words=both, facets=("fonds",), histogram=True)
    wide = archive.ask(words=either, counted=both, facets=("fonds",), histogram=True)
    assert {hit.id for hit in wide.words} == archive.found(words=either) > archive.found(words=both)
    assert (wide.total, wide.facets, wide.years) == (strict.total, strict.facets, strict.years)
    chosen = {"fonds": FacetIn("fonds", ("J1",))}
    assert archive.ask(words=either, counted=both, post_filters=chosen).total == 1


def test_without_words_facets_count_the_constrained_set(archive: Desk) -> None:
    answer = archive.ask(must=(FacetIn("fonds", ("J2", "J3")),), facets=("genre",))
    assert [(found.value, found.count) for found in answer.facets["genre"]] == [("簿册", 2), ("报告", 1)]


def test_a_choice_in_a_facet_leaves_its_own_counts(archive: Desk) -> None:
    chosen = {"fonds": FacetIn("fonds", ("J1",)), "persons": FacetIn("persons", ("王阿毛",))}
    answer = archive.ask(words=word("沈家门"), post_filters=chosen, facets=("fonds", "persons", "genre"))
    assert answer.total == 1
    assert counts(answer, "fonds") == {"J1": 1, "J3": 1}  # persons alone binds
    assert counts(answer, "persons") == {"李四": 2, "王阿毛": 1}  # fonds alone binds
    assert counts(answer, "genre") == {"公函": 1}  # both bind


def test_the_histogram_counts_every_year_of_a_span(archive: Desk) -> None:
    answer = archive.ask(histogram=True)
    assert answer.years == {1930: 1, 1931: 1, 1932: 1, 1948: 1, 1949: 1, 1950: 1}
    assert list(answer.years) == sorted(answer.years)
    assert answer.undated == 1
    assert archive.ask().years == {}


def test_a_choice_of_years_leaves_the_histogram(archive: Desk) -> None:
    answer = archive.ask(
        post_filters={YEARS: DateRange(19480101, 19491231)}, facets=("fonds",), histogram=True
    )
    assert answer.total == 2
    assert counts(answer, "fonds") == {"J1": 1, "J3": 1}
    assert sum(answer.years.values()) == 6
    assert answer.undated == 1


@pytest.fixture(scope="module")
def many() -> list[tuple[str, list[str]]]:
    """Documents' persons: few frequent, many once, equal counts at every cut."""
    dice = random.Random(11)
    return [
        (f"c:{i:04d}", sorted({f"人{min(dice.randrange(400), dice.randrange(400)):03d}" for _ in range(4)}))
        for i in range(600)
    ]


@pytest.mark.parametrize("size", [1, 3, 10, 50, 399, 5000])
def test_counts_are_exact_over_many_segments(
    desk: Desk, many: list[tuple[str, list[str]]], size: int
) -> None:
    for start in range(0, len(many), 75):
        desk.put(
            *(document(id_, "甲", facets={"persons": who}, rows=[]) for id_, who in many[start : start + 75])
        )
    truth = Counter(person for _, who in many for person in who)
    expected = sorted(truth.items(), key=lambda pair: (-pair[1], pair[0]))[:size]
    answer = desk.ask(facets=("persons",), facet_size=size)
    assert [(found.value, found.count) for found in answer.facets["persons"]] == expected


def test_facets_and_totals_forget_what_is_deleted(archive: Desk) -> None:
    archive.put(deletes=["a:5"])
    answer = archive.ask(facets=("fonds", "genre", "persons"), histogram=True)
    assert answer.total == 4
    assert counts(answer, "fonds") == {"J1": 2, "J2": 2}
    assert counts(answer, "persons") == {"李四": 2, "王阿毛": 1}
    assert 1948 not in answer.years


def test_completions(desk: Desk) -> None:
    offered = {
        "b:1": [("沈家門漁民", "沈家门渔民"), ("王阿毛", "王阿毛")],
        "b:2": [("沈家門漁民", "沈家门渔民"), ("定海沈家門", "定海沈家门")],
        "b:3": [("沈家門港", "沈家门港"), ("王阿毛", "王阿毛")],
        "b:4": [("岱山", "岱山"), ("王阿毛", "王阿毛")],
    }
    desk.put(*(document(id_, "甲", suggest=values) for id_, values in offered.items()))
    assert desk.complete("沈家门") == ["沈家門漁民", "定海沈家門", "沈家門港"]
    assert desk.complete("沈家门", size=2) == ["沈家門漁民", "定海沈家門"]
    assert desk.complete("家门渔") == ["沈家門漁民"]
    assert desk.complete("王") == ["王阿毛"]
    assert desk.complete("门家") == []
    assert desk.complete("") == []


def test_completions_are_of_live_documents_only(desk: Desk) -> None:
    kept = document("b:1", "沈家门 渔民")
    desk.put(kept, document("b:2", "沈家门 机密 名单"), document("b:3", "沈家门 旧 名"))
    desk.put(newer(document("b:3", "岱山 新 名")), deletes=["b:2"])
    assert desk.complete("沈家门") == ["沈家门渔民"]
    assert desk.complete("机密") == []
    assert desk.complete("旧") == []


def test_completions_by_frequency_among_many(desk: Desk) -> None:
    desk.put(*(document(f"b:{i:04d}", f"关于 第{i % 250:03d}号 通知", rows=[]) for i in range(600)))
    assert desk.complete("关于", size=3) == ["关于第000号通知", "关于第001号通知", "关于第002号通知"]
    assert desk.complete("第249", size=3) == ["关于第249号通知"]
