"""What matches: every leaf, alone and under AnyOf."""

from __future__ import annotations

from dataclasses import replace

import pytest

from holdings.engines.port import TEXT_FIELDS, AnyOf, DateRange, FacetIn, Ids, Phrase, Undated, Word
from holdings.errors import BadQuery

from .conftest import Desk, document, phrase, word


def test_a_word_matches_in_any_field(archive: Desk) -> None:
    # a:3 by its places, a:5 by bigrams alone ("沈家门镇" is one token there)
    assert archive.found(words=word("沈家门")) == {"a:1", "a:2", "a:3", "a:5"}
    assert archive.found(words=word("沈家门", bigrams=())) == {"a:1", "a:2", "a:3"}


def test_a_word_in_named_fields_only(archive: Desk) -> None:
    assert archive.found(words=word("沈家门", fields=("title",))) == {"a:1"}
    assert archive.found(words=word("沈家门", fields=("title", "places"))) == {"a:1", "a:3"}


def test_a_word_of_several_tokens_is_a_phrase(archive: Desk) -> None:
    assert archive.found(words=word("渔民 登记", bigrams=())) == {"a:1"}
    assert archive.found(words=word("登记 渔民", bigrams=())) == set()


def test_alternatives_widen_their_own_leaf(archive: Desk) -> None:
    either = word("渔民", "盐民")
    assert archive.found(words=either) == {"a:1", "a:2", "a:4"}
    both = AnyOf((either, word("登记")), required=2)
    assert archive.found(words=both) == {"a:1", "a:4"}


def test_a_prefix_word(archive: Desk) -> None:
    assert archive.found(words=word("沈家", bigrams=(), prefix=True)) == {"a:1", "a:2", "a:3", "a:5"}
    assert archive.found(words=word("J045-1-12", bigrams=(), prefix=True)) == {"a:5"}
    assert archive.found(words=word("渔民 登", bigrams=(), prefix=True)) == {"a:1"}
    assert archive.found(words=word("登记 盐", bigrams=(), prefix=True)) == set()


def test_a_prefix_with_signs_of_patterns_is_taken_as_it_is(desk: Desk) -> None:
    desk.put(document("b:1", "甲 字[1953]第1号 x.y*z"), document("b:2", "甲 字1第1号 xzy"))
    assert desk.found(words=word("甲 字[1953]", bigrams=(), prefix=True)) == {"b:1"}
    assert desk.found(words=word("x.y*", bigrams=(), prefix=True)) == {"b:1"}
    assert desk.found(words=word("甲 .*", bigrams=(), prefix=True)) == set()


def test_a_prefix_has_no_most_expansions(desk: Desk) -> None:
    desk.put(*(document(f"b:{i:03d}", f"前 词{i:03d}") for i in range(300)))
    assert len(desk.found(words=word("词", bigrams=(), prefix=True))) == 300
    assert len(desk.found(words=word("前 词", bigrams=(), prefix=True))) == 300


def test_a_phrase_needs_order_and_adjacency_within_one_value(archive: Desk) -> None:
    assert archive.found(words=phrase("沈家门 港口")) == {"a:2"}
    assert archive.found(words=phrase("港口 沈家门")) == set()
    assert archive.found(words=phrase("疏浚 渔民")) == set()  # the end of one page, the start of the next
    assert archive.found(words=phrase("公函 查")) == set()  # title, then body


def test_a_phrase_is_also_found_by_its_bigrams(archive: Desk) -> None:
    assert archive.found(words=phrase("沈家 门镇 民国")) == {"a:5"}
    assert archive.found(words=Phrase(("沈家", "门镇", "民国"))) == set()
    assert archive.found(words=phrase("浚渔", bigrams=("浚渔",))) == set()


def test_a_phrase_in_a_named_field(archive: Desk) -> None:
    assert archive.found(words=phrase("渔民 登记", fields=("body",))) == {"a:1"}
    assert archive.found(words=phrase("渔民 登记", fields=("places",))) == set()


def test_any_of_counts_its_children(archive: Desk) -> None:
    three = (word("沈家门"), word("渔民"), word("登记"))
    assert archive.found(words=AnyOf(three, required=1)) == {"a:1", "a:2", "a:3", "a:4", "a:5"}
    assert archive.found(words=AnyOf(three, required=2)) == {"a:1", "a:2"}
    assert archive.found(words=AnyOf(three, required=3)) == {"a:1"}
    assert archive.found(words=AnyOf(three, required=4)) == set()
    nested = AnyOf((AnyOf((word("普陀山"), word("岱山"))), word("登记")), required=2)
    assert archive.found(words=nested) == {"a:4"}


def test_filters_may_stand_among_words(archive: Desk) -> None:
    assert archive.found(words=AnyOf((word("寺院"), FacetIn("fonds", ("J3",))))) == {"a:3", "a:5"}


def test_facet_leaf(archive: Desk) -> None:
    assert archive.found(must=(FacetIn("persons", ("王阿毛",)),)) == {"a:1", "a:5"}
    assert archive.found(must=(FacetIn("genre", ("公函", "报告")),)) == {"a:1", "a:3"}
    assert archive.found(must=(FacetIn("genre", ("公",)),)) == set()
    assert archive.found(must=(FacetIn("genre", ()),)) == set()


@pytest.mark.parametrize(
    ("first", "last", "ids"),
    [
        (19490101, 19491231, {"a:1"}),
        (19490315, 19490316, {"a:1"}),  # inside the month
        (19490331, None, {"a:1", "a:2"}),
        (19490401, None, {"a:2"}),
        (None, 19311231, {"a:3"}),  # overlap
        (19330101, 19480531, set()),
        (None, None, {"a:1", "a:2", "a:3", "a:5"}),
    ],
)
def test_date_range_matches_by_overlap(
    archive: Desk, first: int | None, last: int | None, ids: set[str]
) -> None:
    assert archive.found(must=(DateRange(first, last),)) == ids


def test_undated(archive: Desk) -> None:
    assert archive.found(must=(Undated(),)) == {"a:4"}
    assert archive.found(must_not=(Undated(),)) == {"a:1", "a:2", "a:3", "a:5"}


def test_ids(archive: Desk) -> None:
    assert archive.found(must=(Ids(("a:2", "a:4", "unknown")),)) == {"a:2", "a:4"}
    assert archive.found(words=word("登记"), must=(Ids(("a:2", "a:4")),)) == {"a:4"}


def test_nothing_matches_an_empty_word(archive: Desk) -> None:
    assert archive.found(words=Word(())) == set()
    assert archive.found(words=Word(((),))) == set()


def test_tokens_with_white_space_stay_one_token(desk: Desk) -> None:
    made = replace(document("b:1", "x"), text={"title": [["World Bank", "loan"]]})
    desk.put(made)
    assert desk.found(words=Word((("World Bank",),))) == {"b:1"}
    assert desk.found(words=Word((("World",),))) == set()
    assert desk.found(words=Word((("World Bank", "loan"),))) == {"b:1"}


def test_unknown_names_are_named_errors(archive: Desk) -> None:
    with pytest.raises(BadQuery):
        archive.ask(words=word("x", fields=("nonsense",)))
    with pytest.raises(BadQuery):
        archive.ask(must=(FacetIn("nonsense", ("x",)),))
    with pytest.raises(BadQuery):
        archive.ask(facets=("nonsense",))


def test_fields_and_leaves_weigh_as_they_say(desk: Desk) -> None:
    assert TEXT_FIELDS["identifiers"] > TEXT_FIELDS["other"]
    desk.put(
        document("b:1", "题名", text={"other": ["盐场"]}),
        document("b:2", "题名", text={"identifiers": ["盐场"]}),
    )
    anywhere = word("盐场", bigrams=())
    assert [hit.id for hit in desk.ask(words=anywhere).words] == ["b:2", "b:1"]
    light = word("盐场", bigrams=(), fields=("identifiers",), weight=0.01)
    turned = AnyOf((light, word("盐场", bigrams=(), fields=("other",))))
    assert [hit.id for hit in desk.ask(words=turned).words] == ["b:1", "b:2"]
