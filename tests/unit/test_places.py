"""Old and new place names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.places import find_places, places, position, present_name, variants
from holdings.text import normalise


def test_the_data_holds_enough_places_each_named_once() -> None:
    assert len(places()) >= 80
    owners: dict[str, str] = {}
    for place in places():
        assert len(set(place.names)) == len(place.names)
        for name in place.names:
            key = normalise(name).text
            assert owners.setdefault(key, place.name) == place.name, f"{name} names two places"


def test_present_names_are_simplified() -> None:
    for place in places():
        assert normalise(place.name).text == place.name.lower()


@pytest.mark.parametrize(
    ("written", "present"),
    [
        ("沈家門漁民登記", "沈家门"),
        ("翁山縣誌", "定海"),
        ("昌国州图志", "定海"),
        ("補怛洛迦山", "普陀山"),
        ("朝梅岑", "普陀山"),
        ("陳錢山汛", "嵊山"),
        ("中街山列島漁民救人", "东极"),
        ("Chusan campaign", "舟山"),
        ("烈港之战", "沥港"),
    ],
)
def test_old_names_lead_to_the_present_one(written: str, present: str) -> None:
    assert [f.name for f in find_places(written)] == [present]


def test_what_is_found_says_where_and_what_else_it_is_called() -> None:
    found = find_places("民國沈家門與普陀山之間")
    assert [(f.text, f.start, f.end) for f in found] == [("沈家門", 2, 5), ("普陀山", 6, 9)]
    assert "沈家门" in found[0].also
    assert "沈家門" not in found[0].also


def test_the_longest_name_wins() -> None:
    assert [f.text for f in find_places("花鸟山灯塔")] == ["花鸟山灯塔"]
    assert [f.name for f in find_places("普陀山")] == ["普陀山"]
    assert [f.name for f in find_places("普陀区")] == ["普陀"]


@pytest.mark.parametrize("text", ["桃花盛开", "白沙滩", "小沙发", "", "杭州上海", "chusanese"])
def test_common_words_are_no_places(text: str) -> None:
    assert find_places(text) == []


def test_variants() -> None:
    assert "翁山" in variants("定海")
    assert "定海" in variants("昌國")
    assert variants("杭州") == ()


@given(
    st.lists(
        st.sampled_from(["沈家門", "與", "ﬁ", "定海", "e\u0301", "普陀山", "㎡", " ", "昌國"]), max_size=12
    )
)
def test_spans_point_into_the_shown_text(parts: list[str]) -> None:
    text = "".join(parts)
    ends = 0
    for found in find_places(text):
        assert text[found.start : found.end] == found.text
        assert found.start >= ends
        ends = found.end


def test_a_place_has_one_present_name_and_a_rough_position() -> None:
    assert present_name("沈家門") == present_name("沈家门") == "沈家门"
    assert present_name("无此地") == "无此地"
    found = position("定海縣")
    assert found is not None
    name, (latitude, longitude) = found
    assert name == "定海"
    assert 30 < latitude < 30.1
    assert 122 < longitude < 122.2
    assert position("无此地") is None
    for place in places():
        if place.at:
            assert 29.3 < place.at[0] < 31.1, place.name
            assert 121.5 < place.at[1] < 123.5, place.name
