"""Weighted reciprocal rank fusion."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.engines.fusion import Fused, K, fuse, in_turn
from holdings.engines.legs import Leg

IDS = st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True, max_size=12)


def fused_of(words: list[str], meaning: list[str], **weights: float) -> list[Fused]:
    numbering: dict[str, int] = {}
    return fuse(Leg.of(words, numbering), Leg.of(meaning, numbering), **weights)[:]


def test_by_hand() -> None:
    fused = fused_of(["a", "b"], ["b", "c"], k=10, words_weight=1, meaning_weight=2)
    # b: 1/12 + 2/11 = 0.265; c: 2/12 = 0.167; a: 1/11 = 0.091
    assert list(fused) == [Fused("b", 2, 1), Fused("c", None, 2), Fused("a", 1, None)]


def test_plain_rrf_of_the_paper_weighs_both_alike() -> None:
    fused = fused_of(["a", "b"], ["b", "a"], k=60, words_weight=1, meaning_weight=1)
    assert [found.id for found in fused] == ["a", "b"]  # equal scores: by id
    assert [(found.words_rank, found.meaning_rank) for found in fused] == [(1, 2), (2, 1)]


@pytest.mark.parametrize("k", [0.0, K, 60.0])
def test_one_leg_alone_keeps_its_order(k: float) -> None:
    ids = [f"x{i}" for i in range(30)]
    random.Random(4).shuffle(ids)
    assert [found.id for found in fused_of(ids, [], k=k)] == ids
    assert [found.id for found in fused_of([], ids, k=k)] == ids


@given(IDS, IDS)
def test_every_document_once_with_its_ranks(words: list[str], meaning: list[str]) -> None:
    fused = fused_of(words, meaning)
    assert sorted(found.id for found in fused) == sorted({*words, *meaning})
    for found in fused:
        assert found.words_rank == (words.index(found.id) + 1 if found.id in words else None)
        assert found.meaning_rank == (meaning.index(found.id) + 1 if found.id in meaning else None)
    assert fused == fused_of(words, meaning)


@given(IDS, IDS)
def test_better_in_both_legs_is_never_worse(words: list[str], meaning: list[str]) -> None:
    order = [found.id for found in fused_of(words, meaning)]
    both = [id_ for id_ in words if id_ in meaning]
    for one in both:
        for other in both:
            if words.index(one) < words.index(other) and meaning.index(one) < meaning.index(other):
                assert order.index(one) < order.index(other)


@given(IDS, IDS, st.integers(0, 30), st.integers(0, 30))
def test_a_part_is_a_part_of_the_whole(words: list[str], meaning: list[str], start: int, size: int) -> None:
    numbering: dict[str, int] = {}
    fusion = fuse(Leg.of(words, numbering), Leg.of(meaning, numbering))
    assert fusion[start : start + size] == fusion[:][start : start + size]
    assert [fusion[n] for n in range(len(fusion))] == fusion[:]


@given(IDS, IDS)
def test_in_turn_is_meaning_then_the_rest_of_words(words: list[str], meaning: list[str]) -> None:
    found = in_turn(Leg.of(words), Leg.of(meaning))[:]  # each with keys of its own
    assert [f.id for f in found] == meaning + [id_ for id_ in words if id_ not in meaning]
    for f in found:
        assert f.meaning_rank == (meaning.index(f.id) + 1 if f.id in meaning else None)
        assert f.words_rank == (None if f.id in meaning else words.index(f.id) + 1)
