"""Reading order: nothing lost, the input's order of no matter, and layouts as people read them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.reading_order import FloatBox, order

BOX = st.tuples(
    st.integers(0, 2000).map(float),
    st.integers(0, 2000).map(float),
    st.integers(1, 900).map(float),
    st.integers(1, 400).map(float),
)


def read(boxes: dict[str, FloatBox], *, vertical: bool = False, seed: int = 0) -> list[str]:
    """The names of boxes in reading order; joined pieces with a + between them."""
    names = list(boxes)
    random.Random(seed).shuffle(names)
    groups = order([boxes[name] for name in names], vertical=vertical)
    return ["+".join(names[i] for i in group) for group in groups]


@given(st.lists(BOX, max_size=25), st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_box_comes_exactly_once(boxes: list[FloatBox], vertical: bool) -> None:
    groups = order(boxes, vertical=vertical)
    assert sorted(index for group in groups for index in group) == list(range(len(boxes)))
    assert all(groups)


@given(st.lists(BOX, max_size=20, unique=True), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_input_is_of_no_matter(
    boxes: list[FloatBox], vertical: bool, rng: random.Random
) -> None:
    shuffled = list(boxes)
    rng.shuffle(shuffled)
    first = [[boxes[i] for i in group] for group in order(boxes, vertical=vertical)]
    second = [[shuffled[i] for i in group] for group in order(shuffled, vertical=vertical)]
    assert first == second


@given(st.lists(BOX, max_size=20, unique=True), st.booleans(), st.sampled_from([0.25, 3.0]))
@settings(max_examples=100, deadline=None)
def test_the_scale_of_the_page_is_of_no_matter(boxes: list[FloatBox], vertical: bool, scale: float) -> None:
    scaled: list[FloatBox] = [(x * scale, y * scale, w * scale, h * scale) for x, y, w, h in boxes]
    assert order(boxes, vertical=vertical) == order(scaled, vertical=vertical)


@pytest.mark.parametrize("seed", range(5))
def test_a_letter_reads_downwards(seed: int) -> None:
    boxes = {f"line{n}": (100.0 + 7 * (n % 2), 100.0 + 50 * n, 900.0, 36.0) for n in range(8)}
    assert read(boxes, seed=seed) == [f"line{n}" for n in range(8)]


@pytest.mark.parametrize("seed", range(5))
def test_two_columns_of_text_under_a_title(seed: int) -> None:
    boxes = {"title": (100.0, 100.0, 1000.0, 60.0)}
    boxes |= {f"l{n}": (100.0, 200.0 + 50 * n, 470.0, 36.0) for n in range(6)}
    boxes |= {f"r{n}": (630.0, 212.0 + 50 * n, 470.0, 36.0) for n in range(6)}
    boxes["foot"] = (100.0, 600.0, 1000.0, 36.0)
    expected = ["title", *(f"l{n}" for n in range(6)), *(f"r{n}" for n in range(6)), "foot"]
    assert read(boxes, seed=seed) == expected


@pytest.mark.parametrize("seed", range(5))
def test_a_table_reads_row_by_row(seed: int) -> None:
    lefts = {"a": 100.0, "b": 320.0, "c": 560.0, "d": 760.0}
    boxes: dict[str, FloatBox] = {
        f"{name}{row}": (left, 100.0 + 70 * row + 3 * (row % 2), 40.0 + 20 * (row % 4), 36.0)
        for name, left in lefts.items()
        for row in range(6)
    }
    assert read(boxes, seed=seed) == [f"{name}{row}" for row in range(6) for name in "abcd"]


def test_pieces_of_one_broken_line_are_joined_and_cells_are_not() -> None:
    boxes = {"一九五三年": (100.0, 100.0, 180.0, 36.0), "六月": (300.0, 102.0, 72.0, 36.0)}
    boxes["cell"] = (700.0, 100.0, 90.0, 36.0)
    assert read(boxes) == ["一九五三年+六月", "cell"]


@pytest.mark.parametrize("seed", range(5))
def test_vertical_columns_read_from_the_right(seed: int) -> None:
    boxes = {f"c{n}": (1000.0 - 80 * n, 100.0 + 40 * (n % 3), 50.0, 1200.0) for n in range(9)}
    assert read(boxes, vertical=True, seed=seed) == [f"c{n}" for n in range(9)]


@pytest.mark.parametrize("seed", range(5))
def test_small_notes_are_read_in_place_right_half_first(seed: int) -> None:
    """雙行小注: 正文上 · 注右 · 注左 · 正文下, then the next column."""
    boxes: dict[str, FloatBox] = {
        "正文上": (900.0, 100.0, 60.0, 500.0),
        "注右": (932.0, 610.0, 28.0, 200.0),
        "注左": (900.0, 612.0, 28.0, 190.0),
        "正文下": (900.0, 830.0, 60.0, 400.0),
        "次行": (810.0, 100.0, 60.0, 1100.0),
    }
    assert read(boxes, vertical=True, seed=seed) == ["正文上", "注右", "注左", "正文下", "次行"]


def test_two_notes_in_one_column_do_not_mix() -> None:
    boxes: dict[str, FloatBox] = {
        "甲右": (932.0, 100.0, 28.0, 200.0),
        "甲左": (900.0, 100.0, 28.0, 200.0),
        "中": (900.0, 320.0, 60.0, 300.0),
        "乙右": (932.0, 640.0, 28.0, 100.0),
        "乙左": (900.0, 640.0, 28.0, 100.0),
    }
    assert read(boxes, vertical=True) == ["甲右", "甲左", "中", "乙右", "乙左"]


@pytest.mark.parametrize("seed", range(3))
def test_registers_of_a_vertical_page_follow_each_other(seed: int) -> None:
    boxes = {f"上{n}": (900.0 - 70 * n, 100.0, 50.0, 500.0) for n in range(6)}
    boxes |= {f"下{n}": (903.0 - 70 * n, 700.0, 50.0, 500.0) for n in range(6)}
    expected = [*(f"上{n}" for n in range(6)), *(f"下{n}" for n in range(6))]
    assert read(boxes, vertical=True, seed=seed) == expected
