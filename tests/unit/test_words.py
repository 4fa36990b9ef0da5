"""The segmenter: tokens on both sides of a search, and the lexicon's data."""

from __future__ import annotations

import json
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rjieba import Jieba

from holdings.text import normalise
from models import words
from models.words import JiebaSegmenter, Token

ROOT = Path(__file__).parents[2]
LEXICON = ROOT / "models" / "lexicon"
TRUTH = ROOT / "corpus_samples" / "truth.jsonl"
SEGMENTER = JiebaSegmenter()


def texts(tokens: list[Token]) -> list[str]:
    return [token.text for token in tokens]


def is_run(part: list[str], whole: list[str]) -> bool:
    return any(whole[i : i + len(part)] == part for i in range(len(whole) - len(part) + 1))


@pytest.mark.parametrize(
    ("question", "tokens"),
    [
        ("沈家門漁民登記", ["沈家门", "渔民", "登记"]),
        ("沈家\n门渔民", ["沈家门", "渔民"]),
        ("里斯本丸沉船救助", ["里斯本丸", "沉船", "救助"]),
        ("乾隆二十六年五月", ["干隆", "二十六年", "五月"]),
        ("二〇二二年新區", ["二零二二年", "新区"]),
        ("J045-1-12-3", ["j045", "1", "12", "3"]),
        ("定政〔1953〕12号", ["定政", "1953", "12", "号"]),
        ("WS·2011-Y-0003", ["ws", "2011", "y", "0003"]),
        ("？！——《》", []),
        ("", []),
    ],
)
def test_what_a_question_becomes(question: str, tokens: list[str]) -> None:
    assert texts(SEGMENTER.words(normalise(question).text)) == tokens


@pytest.mark.parametrize(
    "written", ["定政〔1953〕12号", "定政[1953]12号", "定政（1953）１２號", "定政 1953 — 12号"]
)
def test_document_numbers_agree_however_they_are_bracketed(written: str) -> None:
    assert texts(SEGMENTER.cut(normalise(written).text)) == ["定政", "1953", "12", "号"]


def test_words_inside_words_are_found_in_documents() -> None:
    tokens = texts(SEGMENTER.cut("舟山渔场与定海县人民政府"))
    assert {"舟山渔场", "渔场", "定海", "人民政府", "政府"} <= set(tokens)


def test_numbers_have_no_words_inside() -> None:
    assert "十六年" not in texts(SEGMENTER.cut("干隆二十六年"))
    assert texts(SEGMENTER.cut("一九五三年十二月")) == ["一九五三年", "十二月"]


def test_question_phrases_stay_adjacent_in_documents() -> None:
    """A compound before or between the words must not push them apart (engines.port.Phrase)."""
    document = texts(SEGMENTER.cut("为加强舟山渔场沈家门渔民登记工作由"))
    assert is_run(texts(SEGMENTER.words("舟山渔场沈家门渔民登记")), document)


def test_function_words_are_marked_not_dropped() -> None:
    words = SEGMENTER.words("请帮我查找有关沈家门的档案")
    assert [w.text for w in words if not w.is_stop] == ["沈家门", "档案"]
    assert any(w.is_stop and w.text == "的" for w in words)


@given(
    st.text(
        st.one_of(st.sampled_from("沈家门渔民登记二十六年a1-·〔〕。，\n的"), st.characters()), max_size=60
    )
)
def test_tokens_say_where_they_stand(shown: str) -> None:
    text = normalise(shown).text
    words, document = SEGMENTER.words(text), SEGMENTER.cut(text)
    assert all(text[t.start : t.end] == t.text and t.text for t in words + document)
    assert texts(document)[: len(words)] == texts(words)
    ends = [0] + [t.end for t in words]
    assert all(end <= token.start for end, token in zip(ends, words, strict=False)), "no overlap, in order"
    covered = {i for t in words for i in range(t.start, t.end)}
    assert all(i in covered for i, char in enumerate(text) if char.isalnum())


def test_the_lexicon_is_normalised_and_has_no_repeats() -> None:
    seen: set[str] = set()
    for path in sorted(LEXICON.glob("*.txt")):
        words = [
            w
            for line in path.read_text("utf-8").splitlines()
            if not line.startswith("#")
            for w in line.split()
        ]
        assert [w for w in words if normalise(w).text != w] == [], path.name
        if path.name != "stopwords.txt":
            assert [w for w in words if w in seen or len(w) < 2] == [], path.name
            seen.update(words)
    assert len(seen) > 900


def test_every_word_of_the_lexicon_stays_whole() -> None:
    words = {
        w
        for path in LEXICON.glob("*.txt")
        if path.name != "stopwords.txt"
        for line in path.read_text("utf-8").splitlines()
        if not line.startswith("#")
        for w in line.split()
    }
    assert sorted(w for w in words if texts(SEGMENTER.words(w)) != [w]) == []


def test_the_places_we_know_are_never_cut_at_a_lone_first_character() -> None:
    """holdings.places widens a question by old names: 六/横山 would be found nowhere."""
    rows = tomllib.loads((ROOT / "holdings" / "data" / "places.toml").read_text("utf-8"))["place"]
    names = {name for row in rows for name in (row["name"], *row.get("also", ())) if not name.isascii()}
    assert len(names) > 200
    assert sorted(n for n in names if len(SEGMENTER.words(normalise(n).text)[0].text) < 2) == []


def test_extra_words_change_the_lexicon_and_the_cut() -> None:
    plain, wider = SEGMENTER, JiebaSegmenter(["泥峙蟹笼"])
    assert plain.lexicon == JiebaSegmenter().lexicon != wider.lexicon
    assert texts(wider.words("泥峙蟹笼")) == ["泥峙蟹笼"] != texts(plain.words("泥峙蟹笼"))


@pytest.fixture(scope="module")
def reference() -> Any:
    """jieba itself. Without the archive lexicon: the weights it gives added words differ by one from ours."""
    import jieba

    made = jieba.Tokenizer()
    made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
    made.initialized = True
    return made


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_quick_jieba_cuts_as_jieba_does(reference: Any) -> None:
    plain = Jieba()
    runs = [
        run.group(1)
        for line in TRUTH.read_text("utf-8").splitlines()
        for run in words._RUN.finditer(normalise(json.loads(line)["text"]).text)
        if run.group(1)
    ]
    assert len(runs) > 1_000
    assert [run for run in runs if list(reference.cut(run)) != plain.cut(run)] == []


def test_both_know_the_same_words(reference: Any) -> None:
    plain, some = Jieba(), sorted(reference.FREQ)[::40]
    assert [word for word in some if bool(reference.FREQ[word]) != plain.has_word(word)] == []
    assert max(map(len, reference.FREQ)) <= SEGMENTER._longest


@given(st.text(alphabet="渔民登记定海沈家门々𠮷㐀一二三四五六七八九十年月日零", max_size=40))
def test_cut_pieces_join_to_what_was_cut(text: str) -> None:
    assert "".join(SEGMENTER._jieba.cut(text)) == text


def test_threads_agree_from_the_first_word_on() -> None:
    fresh = JiebaSegmenter()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: texts(fresh.cut("查定海县沈家门渔民登记")), range(16)))
    assert all(answer == answers[0] for answer in answers)


def test_a_run_of_one_character_costs_no_more_than_its_length() -> None:
    """What the OCR reads in a ruled form: jieba makes one token of it."""
    began = time.process_time()
    assert SEGMENTER.cut("渔" * 20_000)
    assert time.process_time() - began < 10
