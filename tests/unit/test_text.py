"""Normalisation, offsets, natural keys and passages."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.records import DateSpan, Record
from holdings.text import NORMALISER, bigrams, cut_passages, description_text, natural_key, normalise

AWKWARD = (
    "沈家門\n嶴漁登記　 \t\r㎡①ﬁİJ\u030c\u0301e\u200b\u00ad\ufe0f\U000e0100ｶﾞ각\u1100\u1161\u11a8１Ａａ,。；〇○乾隆\ufb20…ς"
    + chr(0x2F804)
)
anything = st.text(st.one_of(st.sampled_from(AWKWARD), st.characters()), max_size=80)


@pytest.mark.parametrize(
    ("shown", "normal"),
    [
        ("沈家門漁民登記", "沈家门渔民登记"),
        ("定海縣政府訓令", "定海县政府训令"),
        ("馬嶴、岑港", "马岙、岑港"),
        ("乾隆", "干隆"),
        ("Ｊ０４５－１", "j045-1"),
        ("一九五○年", "一九五零年"),
        ("二〇二二年", "二零二二年"),
        ("衞生処歩", "卫生处步"),
        ("㎡", "m2"),
        ("cafe\u0301", "café"),
        ("沈家\u200b门", "沈家门"),
        ("沈家\n门", "沈家门"),
        ("沈家\r\n门", "沈家门"),
        ("沈家　\n門", "沈家门"),
        ("沈家\n\n门", "沈家\n\n门"),
        ("通知\n　　各乡", "通知\n  各乡"),
        ("一九五三\n12月", "一九五三\n12月"),
        ("令\n。", "令\n。"),
        ("", ""),
    ],
)
def test_what_becomes_of_a_text(shown: str, normal: str) -> None:
    assert normalise(shown).text == normal


def test_a_word_across_a_line_break_is_shown_with_the_break_in_it() -> None:
    shown = "查本縣沈家\n門漁民登記"
    normal = normalise(shown)
    at = normal.text.index("沈家门")
    assert normal.span(at, at + 3) == (3, 7)
    assert shown[3:7] == "沈家\n門"
    assert normal.span(at, at + 2) == (3, 5), "the break belongs to no word that ends before it"


def test_one_shown_character_that_became_several_is_shown_whole() -> None:
    normal = normalise("共5㎡地")
    assert normal.text == "共5m2地"
    assert normal.span(2, 3) == normal.span(3, 4) == normal.span(2, 4) == (2, 3)
    assert normal.span(4, 5) == (3, 4)


def test_several_shown_characters_that_became_one_are_shown_whole() -> None:
    normal = normalise("e\u0301u")
    assert normal.text == "éu"
    assert normal.span(0, 1) == (0, 2)


@given(anything)
def test_offsets_are_in_range_and_never_fall(shown: str) -> None:
    normal = normalise(shown)
    assert len(normal.starts) == len(normal.ends) == len(normal.text)
    assert all(0 <= a < b <= len(shown) for a, b in zip(normal.starts, normal.ends, strict=True))
    for places in (list(normal.starts), list(normal.ends)):
        assert places == sorted(places)


@given(anything, st.data())
def test_a_span_of_the_shown_text_normalises_to_what_was_found(shown: str, data: st.DataObject) -> None:
    normal = normalise(shown)
    start = data.draw(st.integers(0, len(normal.text)))
    end = data.draw(st.integers(start, len(normal.text)))
    first, last = normal.span(start, end)
    assert 0 <= first <= last <= len(shown)
    if start < end:
        assert normal.text[start:end] in normalise(shown[first:last]).text
    else:
        assert first == last


@given(anything)
def test_normalising_twice_changes_nothing_more(shown: str) -> None:
    once = normalise(shown).text
    assert normalise(once).text == once


@given(anything)
def test_without_line_breaks_it_agrees_with_nfkc_of_the_whole(shown: str) -> None:
    """What the character table does piece by piece is what Unicode says of the whole text."""
    plain = "".join(c for c in shown if c not in "\r\n\u200b\u00ad\ufe0f\U000e0100" and c not in "Σİ")
    ours = normalise(plain).text
    whole = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", plain).lower())
    assert len(ours) == len(whole)
    assert all(a == b or ord(b) > 0x2E7F or b in "○◯" for a, b in zip(ours, whole, strict=True))


def test_a_span_outside_the_text_is_refused() -> None:
    with pytest.raises(IndexError):
        normalise("沈家门").span(1, 4)


def test_the_normaliser_names_its_version() -> None:
    assert NORMALISER.startswith("danghai-")
    assert "opencc-" in NORMALISER


def test_bigrams_pair_han_runs_only() -> None:
    assert bigrams("沈家门,渔民a登1") == ["沈家", "家门", "渔民"]
    assert bigrams("令") == []


def test_natural_keys_sort_by_number() -> None:
    codes = [
        "J045-1-2-1",
        "J045-1-10-1",
        "J045-1-9-30",
        "J45-1-9-4",
        "J045-Y-1",
        "J5-1",
        "WS·2011-Y-0003",
        "J045-1",
    ]
    assert sorted(codes, key=natural_key) == [
        "J5-1",
        "J045-1",
        "J045-1-2-1",
        "J45-1-9-4",
        "J045-1-9-30",
        "J045-1-10-1",
        "J045-Y-1",
        "WS·2011-Y-0003",
    ]
    assert natural_key("Ｊ０４５－１") == natural_key("j45-1")


@given(st.integers(0, 10**40), st.integers(0, 10**40))
def test_natural_keys_order_any_two_numbers(a: int, b: int) -> None:
    assert (natural_key(f"J1-{a}-x") < natural_key(f"J1-{b}-x")) == (a < b)


prose = st.text(st.sampled_from("沈家门渔民登记一二三。，！\n \u3000a1「」；"), max_size=1500)


@given(prose, st.integers(2, 300))
def test_passages_cover_all_but_white_space_in_order(text: str, limit: int) -> None:
    passages = cut_passages(text, 3, limit=limit)
    at = 0
    for number, passage in enumerate(passages):
        assert passage.page == 3
        assert passage.number == number
        assert passage.text == text[passage.start : passage.end]
        assert passage.text == passage.text.strip()
        assert 0 < len(passage.text) <= limit
        assert not text[at : passage.start].strip(), "nothing is left out between passages"
        at = passage.end
    assert not text[at:].strip()


@given(st.integers(301, 4000))
def test_passages_are_near_even_and_have_no_tiny_tail(length: int) -> None:
    sizes = [len(p.text) for p in cut_passages("渔" * length, 1)]
    assert min(sizes) >= 120
    assert max(sizes) <= 300


def test_passages_end_at_sentences() -> None:
    text = "本县沈家门渔民登记事宜，业经派员前往办理在案。" * 40
    passages = cut_passages(text, 1)
    assert all(p.text.endswith("。") for p in passages)
    assert len(passages) <= 5


def test_passages_without_punctuation_end_at_lines() -> None:
    text = "\n".join("查本縣沈家門漁民登記事宜業經派員前往辦理" for _ in range(40))
    assert all(p.text.endswith("辦理") for p in cut_passages(text, 1))


def test_a_short_text_is_one_passage_and_a_blank_one_none() -> None:
    assert [p.text for p in cut_passages("  令。\n", 1)] == ["令。"]
    assert cut_passages(" \n\u3000\n", 1) == []


def test_a_description_reads_title_first_and_names_nobody() -> None:
    record = Record(
        id="990001:J1-1",
        reference_code="J1-1",
        title="关于沈家门渔民登记的公函",
        creators=("定海县政府", "定海县渔会"),
        date=DateSpan("民国三十八年三月", "1949-03-01", "1949-03-31"),
        abstract="查沈家门渔民登记。",
        persons=("王福生",),
        storage="库房三",
        donor_limits="不得公开",
        extra={"男方": "张阿毛"},
    )
    text = description_text(record)
    assert text.split("\n\n") == [
        "关于沈家门渔民登记的公函",
        "查沈家门渔民登记。",
        "定海县政府；定海县渔会",
        "民国三十八年三月",
    ]
