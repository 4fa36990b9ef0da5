"""Where a question's words stand: always inside the text, inside the line's box, at the right end of it."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from holdings.records import Line, PageText
from holdings.text import cut_passages, normalise
from search_api.marks import Marker, best_passages, boxes, merged


def shown(text: str, *needles: str) -> list[str]:
    return [text[a:b] for a, b in Marker(tuple(normalise(n).text for n in needles)).spans(text)]


def test_marks_point_into_the_text_as_shown() -> None:
    assert shown("查本縣沈家門漁民登記事宜", "沈家门", "渔民") == ["沈家門漁民"]  # touching marks are one
    assert shown("查本縣沈家門之漁民", "沈家门", "渔民") == ["沈家門", "漁民"]
    assert shown("ＡＢＣ第㎡號", "abc", "m2") == ["ＡＢＣ", "㎡"]
    assert shown("沈家\n門漁民", "沈家门") == ["沈家\n門"]  # a word broken over two lines


def test_the_longest_needle_wins() -> None:
    found = Marker(("沈家", "沈家门镇", "沈家门")).found("沈家门镇与沈家湾")
    assert [needle for _, needle in found] == ["沈家门镇", "沈家"]


def test_numbers_and_latin_words_are_whole_words() -> None:
    assert shown("1953年12号 J12 112", "12") == ["12"]
    assert shown("J045-1-12-3、J045-1-12-30", "j045-1-12-3") == ["J045-1-12-3"]
    assert shown("no. Noah", "no") == ["no"]


def test_needles_are_no_patterns() -> None:
    assert shown("a.b axb (渔", "a.b", "(渔") == ["a.b", "(渔"]
    assert Marker(()).spans("渔民") == []


_TEXT = st.text(
    st.one_of(st.sampled_from("沈家門漁民登記 \n。é㎡ﬁ㍿\u0301\u200bＡ1"), st.characters(codec="utf-8")),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(_TEXT, st.lists(st.text("沈家门渔民登记m2éa1", min_size=1, max_size=4), max_size=4))
def test_every_mark_lies_inside_and_says_the_needle(text: str, needles: list[str]) -> None:
    marker = Marker(tuple(needles))
    spans = marker.spans(text)
    assert spans == sorted(spans)
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(spans))
    for (a, b), needle in marker.found(text):
        assert needle in normalise(text[a:b]).text


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda s: (s[0], s[0] + s[1]))))
def test_merging_covers_the_same_places(spans: list[tuple[int, int]]) -> None:
    covered = {n for a, b in spans for n in range(a, b)}
    out = merged(spans)
    assert {n for a, b in out for n in range(a, b)} == covered
    assert all(a[1] < b[0] for a, b in itertools.pairwise(out))


# ── boxes ──────────────────────────────────────────────────────────────────────


def one(
    box: tuple[int, int, int, int], rotation: int, start: int, end: int, length: int = 10
) -> tuple[int, ...]:
    page = PageText((Line("一" * length, box),), "test", rotation)
    (found,) = boxes(page, [(start, end)])
    return found


def test_a_line_is_divided_along_its_longer_side() -> None:
    assert one((100, 50, 200, 20), 0, 0, 3) == (100, 50, 60, 20)
    assert one((100, 50, 200, 20), 0, 8, 10) == (260, 50, 40, 20)
    assert one((100, 50, 20, 200), 0, 0, 3) == (100, 50, 20, 60)  # a column


def test_a_turned_page_runs_the_other_way() -> None:
    """rotation is what the stored image must be turned clockwise to stand upright."""
    assert one((100, 50, 200, 20), 180, 0, 3) == (240, 50, 60, 20)
    assert one((100, 50, 20, 200), 180, 0, 3) == (100, 190, 20, 60)
    # to be turned 90: what is left upright stands at the bottom of the stored image
    assert one((100, 50, 20, 200), 90, 0, 3) == (100, 190, 20, 60)
    assert one((100, 50, 200, 20), 90, 0, 3) == (100, 50, 60, 20)  # its columns run rightwards
    # to be turned 270: what is left upright stands at the top
    assert one((100, 50, 20, 200), 270, 0, 3) == (100, 50, 20, 60)
    assert one((100, 50, 200, 20), 270, 0, 3) == (240, 50, 60, 20)


def test_turning_an_image_turns_its_boxes() -> None:
    """The same word on an upright page and on that page stored turned: one place on the paper."""
    width, height, box = 1000, 800, (100, 50, 200, 20)
    x, y, w, h = one(box, 0, 2, 5)
    stored = {
        90: (y, width - x - w, h, w),
        180: (width - x - w, height - y - h, w, h),
        270: (height - y - h, x, h, w),
    }
    bx, by, bw, bh = box
    turned = {90: (by, width - bx - bw, bh, bw), 180: (width - bx - bw, height - by - bh, bw, bh),
              270: (height - by - bh, bx, bh, bw)}  # fmt: skip
    for rotation, line in turned.items():
        assert one(line, rotation, 2, 5) == stored[rotation]


_SIDE = st.integers(1, 400)


@settings(max_examples=200)
@given(
    st.tuples(st.integers(0, 99), st.integers(0, 99), _SIDE, _SIDE),
    st.sampled_from([0, 90, 180, 270]),
    st.data(),
)
def test_a_box_never_leaves_its_line(
    box: tuple[int, int, int, int], rotation: int, data: st.DataObject
) -> None:
    length = data.draw(st.integers(1, 60))
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    x, y, w, h = box
    bx, by, bw, bh = one(box, rotation, start, end, length)
    assert bw >= 1
    assert bh >= 1
    assert x <= bx <= bx + bw <= x + w
    assert y <= by <= by + bh <= y + h
    assert one(box, rotation, 0, length, length) == box  # the whole line is its whole box


def test_a_mark_over_two_lines_has_a_box_in_each_and_lines_without_one_give_none() -> None:
    page = PageText(
        (Line("查本縣沈家", (0, 0, 50, 10)), Line("門漁民", None), Line("登記", (0, 20, 20, 10))), "test"
    )
    assert page.text[3:11] == "沈家\n門漁民\n登"
    assert boxes(page, [(3, 11)]) == [(30, 0, 20, 10), (0, 20, 10, 10)]
    assert boxes(page, []) == []


# ── passages ───────────────────────────────────────────────────────────────────


def page_of(text: str) -> tuple[int, str, PageText]:
    lines = tuple(
        Line(line, (0, 30 * n, 20 * max(1, len(line)), 20)) for n, line in enumerate(text.split("\n"))
    )
    return 1, text, PageText(lines, "test")


def test_the_passage_with_most_different_words_comes_first() -> None:
    dull, best = "渔民渔民渔民。" * 60, "沈家门渔民登记。"
    found = best_passages([(0, "渔民", None), page_of(dull + best)], Marker(("沈家门", "渔民", "登记")), [])
    assert "沈家门" in found[0].text
    assert found[0].page == 1
    assert [found[0].text[a:b] for a, b in found[0].marks if b - a == 7] == ["沈家门渔民登记"]
    assert len(found) == 2


def test_meaning_alone_shows_its_passage_and_says_so() -> None:
    text = "甲。" * 200 + "乙。" * 200
    passages = cut_passages(text, 1)
    found = best_passages([(0, "题名", None), page_of(text)], Marker(("丙",)), [(1, passages[-1].number)])
    assert [(s.page, s.text, s.by_meaning, s.marks) for s in found] == [(1, passages[-1].text, True, ())]
    assert best_passages([(0, "题名", None)], Marker(("丙",)), []) == []


@settings(max_examples=60, deadline=None)
@given(st.text("渔民登记沈家门甲乙。\n，", max_size=900), st.integers(0, 4))
def test_passage_marks_and_boxes_agree_with_the_page(text: str, meaning: int) -> None:
    number, _, page = page_of(text)
    for passage in best_passages([(number, text, page)], Marker(("渔民", "沈家门")), [(1, meaning)]):
        assert text[passage.start : passage.start + len(passage.text)] == passage.text
        said = {passage.text[a:b] for a, b in passage.marks}
        assert all(set(normalise(word).text) <= set("渔民沈家门") for word in said)
        assert len(passage.boxes) >= len(passage.marks)
