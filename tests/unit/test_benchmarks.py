"""The measures themselves, on examples worked by hand."""

from __future__ import annotations

import math

import pytest

from benchmarks.metrics import ndcg, percentile, recall

GRADES = {"a": 3, "b": 2, "c": 1, "z": 0}


def test_the_ideal_order_scores_one() -> None:
    assert ndcg(["a", "b", "c"], GRADES) == pytest.approx(1.0)


def test_ndcg_by_hand() -> None:
    # Gains 1, 0, 3 at ranks 1, 2, 3: 1/log2(2) + 0 + 3/log2(4) = 1 + 1.5.
    ideal = 3 / 1 + 2 / math.log2(3) + 1 / 2
    assert ndcg(["c", "unjudged", "a"], GRADES) == pytest.approx(2.5 / ideal)


def test_ndcg_looks_at_the_first_ten_only() -> None:
    filler = [f"n{i}" for i in range(9)]
    assert ndcg([*filler, "a"], {"a": 1}) == pytest.approx(1 / math.log2(11))
    assert ndcg([*filler, "n9", "a"], {"a": 1}) == 0.0


def test_the_ideal_of_more_than_ten_relevant_is_ten_of_them() -> None:
    grades = {f"d{i}": 1 for i in range(30)}
    assert ndcg([f"d{i}" for i in range(10)], grades) == pytest.approx(1.0)


def test_recall_counts_grades_above_zero_within_the_depth() -> None:
    assert recall(["z", "a", "x", "c"], GRADES) == pytest.approx(2 / 3)
    assert recall(["a", "b"], GRADES, depth=1) == pytest.approx(1 / 3)
    assert recall([*(f"n{i}" for i in range(100)), "a"], GRADES) == 0.0


def test_nothing_relevant_known_scores_nothing() -> None:
    assert ndcg(["a"], {}) == 0.0
    assert recall(["a"], {"a": 0}) == 0.0


def test_percentile_is_a_value_that_was_measured() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.0
    assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0
    assert percentile([7.0], 0.95) == 7.0
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
