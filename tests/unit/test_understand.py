"""What a question means: every kind of part, shown back as a chip, removable, binding where it binds."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from holdings.engines.port import AnyOf, DateRange, Node, Phrase, Word
from holdings.errors import BadQuery
from models.words import JiebaSegmenter
from search_api.question_parts import MAX_WORDS, required
from search_api.understand import MAX_LENGTH, Understood, mere_words, understand

#: ask(question, *chips removed)
Ask = Callable[..., Understood]


@pytest.fixture(scope="module")
def segmenter() -> JiebaSegmenter:
    return JiebaSegmenter()


@pytest.fixture(scope="module")
def ask(segmenter: JiebaSegmenter) -> Ask:
    def said(text: str, *plain: str) -> Understood:
        return understand(text, segmenter, plain=plain)

    return said


def chips(understood: Understood) -> list[tuple[str, str]]:
    return [(chip.kind, chip.text) for chip in understood.chips]


def leaves(node: Node | None) -> list[Node]:
    if isinstance(node, AnyOf):
        return [leaf for child in node.children for leaf in leaves(child)]
    return [] if node is None else [node]


def tokens(node: Node) -> str:
    """What a leaf says, its segments joined."""
    if isinstance(node, Word):
        return "".join(node.alternatives[0])
    assert isinstance(node, Phrase)
    return "".join(node.tokens)


def ranked(understood: Understood) -> set[str]:
    return {tokens(leaf) for leaf in leaves(understood.words)}


# ── phrases, exclusions ────────────────────────────────────────────────────────


@pytest.mark.parametrize("quotes", ["“”", '""', "「」", "『』"])
def test_a_quoted_phrase_is_required_and_ranks(ask: Ask, quotes: str) -> None:
    said = ask(f"{quotes[0]}護漁辦法{quotes[1]} 通知")
    (must,) = said.must
    assert isinstance(must, Phrase)
    assert tokens(must) == "护渔办法"
    assert must.bigrams == ("护渔", "渔办", "办法")
    assert ranked(said) == {"护渔办法", "通知"}
    assert chips(said) == [("phrase", f"{quotes[0]}護漁辦法{quotes[1]}")]


@pytest.mark.parametrize(
    ("question", "excluded", "chip", "left"),
    [
        ("灯塔 -花鸟山", {"花鸟山"}, "-花鸟山", "灯塔"),
        ("灯塔 －花鳥山", {"花鸟山"}, "－花鳥山", "灯塔"),
        ("灯塔 NOT 花鸟山", {"花鸟山"}, "NOT 花鸟山", "灯塔"),
        ("灯塔，不含花鸟山", {"花鸟山"}, "不含花鸟山", "灯塔"),
        ("灯塔但不包括有关花鸟山", {"花鸟山"}, "但不包括有关花鸟山", "灯塔"),
        ("灯塔 不要花鸟山", {"花鸟山"}, "不要花鸟山", "灯塔"),
        ("灯塔，排除花鸟山、白节", {"花鸟山", "白节"}, "排除花鸟山、白节", "灯塔"),
        ("除花鸟山以外的灯塔", {"花鸟山"}, "除花鸟山以外的", "灯塔"),
        ("除了花鸟山和白节之外，灯塔", {"花鸟山", "白节"}, "除了花鸟山和白节之外", "，灯塔"),
        ("灯塔 -“花鸟山”", {"花鸟山"}, "-“花鸟山”", "灯塔"),
        ("灯塔 NOT 「花鸟山」", {"花鸟山"}, "NOT 「花鸟山」", "灯塔"),
    ],
)
def test_exclusions(ask: Ask, question: str, excluded: set[str], chip: str, left: str) -> None:
    said = ask(question)
    assert {tokens(node) for node in said.must_not} == excluded
    assert chips(said) == [("not", chip)]
    assert said.sentence == left  # the encoder must not be drawn to what is excluded
    assert ranked(said) == {"灯塔"}
    again = ask(question, chip)  # the chip removed: mere words, nothing excluded
    assert again.must_not == ()
    assert excluded <= ranked(again) | {tokens(node) for node in again.must}


@pytest.mark.parametrize(
    "question",
    [
        "扫除文盲对外宣传",
        "废除对外条约",
        "开除海外会员",
        "排除水雷的经过",
        "不要随地吐痰的布告",
        "含糊不含糊的供词",
        "甲-乙两地",
        "2011-2013",
    ],
)
def test_what_only_looks_like_an_exclusion(ask: Ask, question: str) -> None:
    assert ask(question).must_not == ()


# ── dates ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("question", "chip", "first", "last"),
    [
        ("渔民登记，1949年以前", "1949年以前", None, 19491231),
        ("1950年以后的渔民登记", "1950年以后", 19500101, None),
        ("1953年渔民登记", "1953年", 19530101, 19531231),
        ("1953年6月渔民登记", "1953年6月", 19530601, 19530630),
        ("1953-06-12 渔民登记", "1953-06-12", 19530612, 19530612),
        ("1950-1953 渔民登记", "1950-1953", 19500101, 19531231),
        ("1950年至1953年渔民登记", "1950年至1953年", 19500101, 19531231),
        ("民国三十八年三月渔民登记", "民国三十八年三月", 19490301, 19490331),
        ("民國三十八年漁民登記", "民國三十八年", 19490101, 19491231),
        ("五十年代渔民登记", "五十年代", 19500101, 19591231),
        ("1950年代渔民登记", "1950年代", 19500101, 19591231),
        ("民国时期渔民登记", "民国时期", 19120101, 19490930),
        ("光绪年间渔民登记", "光绪年间", 18750206, 19090121),
        ("解放前的渔民登记", "解放前", None, 19500517),
        ("建国后的渔民登记", "建国后", 19491001, None),
    ],
)
def test_dates_bind_and_are_no_words(
    ask: Ask, question: str, chip: str, first: int | None, last: int | None
) -> None:
    said = ask(question)
    assert said.must == (DateRange(first, last),)
    assert [(c.kind, c.text) for c in said.chips] == [("date", chip)]
    assert ranked(said) == {"渔民", "登记"}
    iso = [day and f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}" for day in (first, last)]
    assert [said.chips[0].first, said.chips[0].last] == iso
    assert ask(question, chip).must == ()


def test_a_question_that_is_only_a_date_ranks_nothing(ask: Ask) -> None:
    said = ask("1949年以前")
    assert (said.words, said.must) == (None, (DateRange(None, 19491231),))


def test_a_date_taken_back_asks_for_nothing(ask: Ask) -> None:
    """Its words may rank; the rest of the question decides what matches."""
    core = ask("渔民登记").words
    words = ask("渔民登记 1880年", "1880年").words
    assert isinstance(words, AnyOf)
    assert (words.required, words.children[0]) == (1, core)
    assert isinstance(words.children[1], AnyOf)
    assert words.children[1].children[0] == core
    assert words.children[1].required == 2
    assert ranked(ask("1880年", "1880年")) == {"1880"}


# ── places, identifiers, fields, prefixes, OR ──────────────────────────────────


def test_a_place_is_widened_by_its_other_names_in_one_leaf(ask: Ask) -> None:
    said = ask("沈家門漁民")
    (chip,) = said.chips
    assert (chip.kind, chip.text) == ("place", "沈家门")
    assert "沈家門" in chip.also
    place = next(leaf for leaf in leaves(said.words) if isinstance(leaf, Word) and tokens(leaf) == "沈家门")
    assert len(place.alternatives) > 1
    assert isinstance(said.words, AnyOf)
    assert said.words.required == 2  # a wider leaf, never a wider question
    assert ranked(said) == {"沈家门", "渔民"}
    plain = ask("沈家門漁民", "沈家门")
    assert plain.chips == ()
    assert all(len(leaf.alternatives) == 1 for leaf in leaves(plain.words) if isinstance(leaf, Word))


@pytest.mark.parametrize(
    "code",
    [
        "J045-1-12-3",
        "j045-1-12",
        "J102-WS·2011-Y-0003",
        "law-36eaf07dbf",
        "000014349/2019-00007",
        "330900-1-12",
        "定政〔1953〕12号",
        "定政[1953]12号",
        "漁字第三十七號",
    ],
)
def test_identifiers_are_looked_for_where_they_stand(ask: Ask, code: str) -> None:
    said = ask(f"{code} 登记")
    assert chips(said) == [("identifier", code)]
    (leaf,) = (n for n in leaves(said.words) if isinstance(n, Word) and n.fields)
    assert leaf.fields == ("identifiers", "body", "title", "other")  # other: 证号, 索引号, for staff
    assert len(leaf.alternatives[0]) > 1
    assert said.must == ()  # a number in a letter's number is no date
    assert ask(f"{code} 登记", code).chips == ()


def test_a_number_alone_is_looked_up_and_not_guessed_at(ask: Ask) -> None:
    assert ask("J045-1-12-3").sentence == ""
    assert ask("J045-1-12-3 登记").sentence != ""
    assert ask("J045-1-12-3", "J045-1-12-3").sentence != ""


@pytest.mark.parametrize("question", ["1950-1953", "1953-06-12", "19500101-19510203", "30-40岁", "1-3月"])
def test_spans_are_no_identifiers(ask: Ask, question: str) -> None:
    assert "identifier" not in [chip.kind for chip in ask(question).chips]


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ("题名:渔民登记", "title"),
        ("题名：漁民登記", "title"),
        ("title:渔民登记", "title"),
        ("责任者:渔民登记", "creators"),
        ("文件编号:渔民登记", "identifiers"),
        ("人名:渔民登记", "names"),
        ("全文:渔民登记", "body"),
    ],
)
def test_a_named_field_is_required_there(ask: Ask, question: str, field: str) -> None:
    said = ask(f"通知 {question}")
    (must,) = said.must
    assert isinstance(must, Word)
    assert (must.fields, tokens(must)) == ((field,), "渔民登记")
    assert chips(said) == [("field", question)]
    assert must in leaves(said.words)
    assert said.sentence.startswith("通知 ")
    assert ":" not in said.sentence
    assert ask(f"通知 {question}", question).must == ()


@pytest.mark.parametrize("star", ["*", "＊"])
def test_a_prefix(ask: Ask, star: str) -> None:
    said = ask(f"護漁{star} 通知")
    (leaf,) = (n for n in leaves(said.words) if isinstance(n, Word) and n.prefix)
    assert tokens(leaf) == "护渔"
    assert chips(said) == [("prefix", f"護漁{star}")]


@pytest.mark.parametrize("word", [" OR ", " || ", "|", " | "])
def test_or_asks_for_either(ask: Ask, word: str) -> None:
    said = ask(f"盐场工人{word}渔场")
    assert isinstance(said.words, AnyOf)
    assert said.words.required == 1
    assert len(said.words.children) == 2
    assert isinstance(said.words.children[0], AnyOf)  # each side keeps its own demand
    assert said.words.children[0].required == 2


def logic(node: Node | None) -> str:
    """A node as a formula: OR as |, AND as &."""
    if isinstance(node, AnyOf):
        inner = [logic(child) for child in node.children]
        sign = "|" if node.required == 1 else "&"
        return f"({sign.join(inner)})"
    return "" if node is None else tokens(node)


@pytest.mark.parametrize(
    ("question", "means", "chips_"),
    [
        ("渔民 OR 灯塔", "(渔民|灯塔)", ["渔民 OR 灯塔"]),
        ("渔民 或 灯塔", "(渔民|灯塔)", ["渔民 或 灯塔"]),
        ("漁民　或者　燈塔", "(渔民|灯塔)", ["漁民　或者　燈塔"]),
        ("渔民|灯塔|盐场", "(渔民|灯塔|盐场)", ["渔民|灯塔|盐场"]),
        ("渔民或灯塔", "(渔民|灯塔)", ["渔民或灯塔"]),
        ("信函或電報或者照片", "(信函|电报|照片)", ["信函或電報或者照片"]),
        ("盐场的渔民或灯塔", "(盐场&(渔民|灯塔))", ["渔民或灯塔"]),
        ("盐场 (渔民 OR 灯塔)", "((渔民|灯塔)&盐场)", ["(渔民 OR 灯塔)"]),
        ("（渔民 或 灯塔）（信函|照片）", "((渔民|灯塔)&(信函|照片))", ["（渔民 或 灯塔）", "（信函|照片）"]),
        ("(渔民 OR 灯塔) OR 盐场", "((渔民|灯塔)|盐场)", ["(渔民 OR 灯塔)", "(渔民 OR 灯塔) OR 盐场"]),
        ("盐场 (渔民 登记 OR 灯塔)", "(((渔民&登记)|灯塔)&盐场)", ["(渔民 登记 OR 灯塔)"]),
        ("J045-1-1 OR J045-1-2", "(j04511|j04512)", ["J045-1-1 OR J045-1-2"]),
        ("护渔* OR 灯塔", "(护渔|灯塔)", ["护渔* OR 灯塔"]),
        # 或 is no more than a character of another word, or stands between what are no words
        ("渔民或许", "(渔民&或许)", []),
        ("(渔民 灯塔)", "(渔民&灯塔)", []),
        ("渔民(灯塔", "(渔民&灯塔)", []),
        ("甲或乙", "(甲&乙)", []),
    ],
)
def test_or_in_its_forms(ask: Ask, question: str, means: str, chips_: list[str]) -> None:
    said = ask(question)
    assert logic(said.words) == means
    assert [text for kind, text in chips(said) if kind == "or"] == chips_
    for chip in chips_:
        assert chip not in [text for kind, text in chips(ask(question, chip)) if kind == "or"]
    assert "|" not in logic(ask(question, *chips_).words)  # taken back: mere words again


def test_phrases_beside_an_or_are_sides_of_it_and_nothing_must_have_them(ask: Ask) -> None:
    for question in ("“護漁辦法” OR 灯塔", "“护渔办法” 或 “灯塔”", "“护渔办法”或“灯塔”", "(灯塔|“护渔办法”)"):
        said = ask(question)
        assert said.must == ()
        assert ranked(said) == {"护渔办法", "灯塔"}
        assert isinstance(said.words, AnyOf)
        assert said.words.required == 1
    assert len(ask("“护渔办法” 通知 OR 灯塔").must) == 1


def test_one_of_two_dates_suffices(ask: Ask) -> None:
    said = ask("1950年或1953年渔民登记")
    dates = [DateRange(19500101, 19501231), DateRange(19530101, 19531231)]
    assert said.must == (AnyOf(tuple(dates)),)
    assert ranked(said) == {"渔民", "登记"}
    assert ask("1950年或1953年渔民登记", "1953年").must == (dates[0],)
    assert len(ask("1950年 1953年").must) == 2


def test_places_on_both_sides_keep_their_other_names(ask: Ask) -> None:
    said = ask("沈家门或定海的渔民")
    assert logic(said.words) == "((沈家门|定海)&渔民)"
    assert all(len(leaf.alternatives) > 1 for leaf in leaves(said.words)[:1] if isinstance(leaf, Word))
    (either,) = (chip for chip in said.chips if chip.kind == "or")
    assert (either.text, either.label) == ("沈家门或定海", "沈家门 或 定海")


# ── words, marks, limits ───────────────────────────────────────────────────────


def test_function_words_of_a_sentence_do_not_rank(ask: Ask) -> None:
    said = ask("刮台风那天夜里，是哪个当兵的救了小学生？")
    assert {"台风", "当兵", "小学生"} <= ranked(said)
    assert not {"是", "的", "了", "哪个"} & ranked(said)
    assert said.sentence == "刮台风那天夜里，是哪个当兵的救了小学生？"


def test_more_words_ask_for_a_smaller_share() -> None:
    assert [required(n) for n in (1, 2, 3, 4, 5, 6, 7, 24)] == [1, 2, 2, 2, 2, 3, 3, 3]
    assert all(required(n) <= n for n in range(1, 100))


def test_a_long_question_asks_the_engine_no_more_than_so_many_words(ask: Ask) -> None:
    said = ask(
        "渔业登记船舶证书港口灯塔盐场学校医院银行邮局电报公路水库农场林场工厂商店粮站税务公安民政" * 10
    )
    assert len(leaves(said.words)) <= MAX_WORDS


def test_too_long_is_said_with_the_limit(ask: Ask) -> None:
    ask("渔" * MAX_LENGTH)
    with pytest.raises(BadQuery, match=str(MAX_LENGTH)):
        ask("渔" * (MAX_LENGTH + 1))


def test_a_title_is_no_question(segmenter: JiebaSegmenter) -> None:
    said = mere_words("1953年“渔民” 不含登记 " + "长题名" * 1000, segmenter)
    assert (said.must, said.must_not, said.chips) == ((), (), ())
    assert {"渔民", "登记"} <= ranked(said)


_PARTS = st.sampled_from(
    ["沈家门", "渔民登记", "漁民", "1949年", "以前", "民国三十八年", "-", "－", "NOT ", " OR ", "|", "“", "”", "「", "」",
     "不含", "除", "以外", "外", "*", "题名:", "J045-1-12-3", "〔1953〕12号", "、", "，", " ", "\n", "\0", "。", "光绪", "闰", "九月",
     "零", "\U00020000", "é", "ﬁ", "１９５３", "三十", "或", " 或 ", "(", "）", "灯塔", "或许", "||", "0000", "99999999", "年", "月", "日", "至", "至今", "十三月"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(_PARTS, max_size=12).map("".join), st.text(max_size=60)))
@example("＊*")
@example("-" * 50)
@example("“”「」")
def test_nothing_raises_but_bad_query(segmenter: JiebaSegmenter, text: str) -> None:
    said = understand(text, segmenter)
    for chip in said.chips:
        assert chip.text == chip.text.strip()
        if chip.kind != "place":
            assert chip.text in text
        if chip.kind == "or":
            assert all(side in text or " " in side for side in chip.label.split(" 或 "))
        without = understand(text, segmenter, plain=[chip.text])
        assert (chip.kind, chip.text) not in chips(without)  # what a person removes stays removed
    assert all(needle for needle in said.needles)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["渔民", "燈塔", "㎡鹽場", "e\u0301tat"]), st.sampled_from(["或", " OR ", "|", " 或者 "])),
                min_size=2, max_size=5), st.sampled_from(["", "  ", "（甲）", "\U00020000。"]))  # fmt: skip
def test_an_or_stands_where_it_was_written(
    segmenter: JiebaSegmenter, parts: list[tuple[str, str]], before: str
) -> None:
    """Whatever normalising does to the lengths: compatibility signs, combining accents, Han beyond the BMP."""
    text = before + "".join(word + sign for word, sign in parts[:-1]) + parts[-1][0]
    for chip in understand(text, segmenter).chips:
        if chip.kind != "or":
            continue
        assert chip.text in text
        assert chip.text[0] not in "或| O"
        assert chip.text[-1] not in "或| R"
        for side in chip.label.split(" 或 "):
            assert side in chip.text


@pytest.mark.parametrize("question", ["渔民 AND 灯塔", "渔民 && 灯塔", "AND 渔民 灯塔 AND"])
def test_and_is_no_word(ask: Ask, question: str) -> None:
    assert ask(question).words == ask("渔民 灯塔").words


@pytest.mark.parametrize("question", ["OR 渔民", "渔民 OR", "OR OR 渔民 OR"])
def test_an_or_with_one_side_is_no_word(ask: Ask, question: str) -> None:
    assert ask(question).words == ask("渔民").words
    assert ask("渔民 OR OR 灯塔").words == ask("渔民 OR 灯塔").words
