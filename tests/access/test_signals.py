"""What the machine sees in a record's words: each number proved, each mark in its place. All numbers invented."""

from __future__ import annotations

from datetime import date

import pytest

from holdings.first_opinion import Precedent, add_years, due_day, early_kind, first_opinion
from holdings.identifiers import check_digit, find_numbers, passes_luhn
from holdings.records import DateSpan, Line, PageText, Record
from holdings.signals import Seen, Term, signals

TODAY = date(2026, 11, 22)
BODY = "99000119620229801"  # a region that does not exist, a leap day that does not either
REAL_DAY = "99000119640229801"
TERMS = (Term("麻风", "健康", "health"), Term("婚姻登记", "民生", "personal"))


def id_card(body: str = REAL_DAY) -> str:
    return body + check_digit(body)


def card() -> str:
    body = "622848000000000000"
    return next(body + str(d) for d in range(10) if passes_luhn(body + str(d)))


def record(**changes: object) -> Record:
    values = {"id": "990001:T1-1", "reference_code": "T1-1", "title": "某件", "date": span(1962)} | changes
    return Record(**values)  # type: ignore[arg-type]


def span(year: int) -> DateSpan:
    return DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31")


def page(*lines: str, head: int = 900) -> PageText:
    """Lines well below the head of a page of 2,000 pixels, the first at `head`."""
    boxes = [(100, head + 60 * n, 40 * len(text), 40) for n, text in enumerate(lines)]
    return PageText(tuple(Line(text, box) for text, box in zip(lines, boxes, strict=True)), "ocr:t")


def seen(text: PageText, **changes: object) -> list[Seen]:
    return signals(record(**changes), {1: text}, {1: (1400, 2000)}, TERMS)


def kinds(text: PageText, **changes: object) -> list[str]:
    return [one.kind for one in seen(text, **changes)]


def test_the_check_digit_is_gb_11643s() -> None:
    # Worked by hand: weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2, remainder into 10X98765432.
    assert check_digit("11010519491231002") == "x"  # the example printed in the standard
    assert check_digit("44052418800101001") == "4"  # its second one


def test_an_identity_card_needs_its_day_and_its_digit() -> None:
    right = id_card()
    assert [n.kind for n in find_numbers(f"证号{right}")] == ["id-card"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert all(n.kind != "id-card" for n in find_numbers(f"证号{wrong}"))
    assert all(n.kind != "id-card" for n in find_numbers(BODY + check_digit(BODY)))  # 29 February 1962
    assert find_numbers("9" + right) == []  # part of a longer number


def test_full_width_and_spaced_numbers_are_seen_where_they_stand() -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in id_card().upper())
    [one] = seen(page("查無其他", f"身份證{wide}，男"))
    assert (one.kind, one.page, one.line, one.text) == ("id-card", 1, 1, wide)
    spaced = f"{id_card()[:6]} {id_card()[6:14]} {id_card()[14:]}"
    assert kinds(page(spaced)) == ["id-card"]


def test_bank_cards_pass_luhn_and_ledgers_do_not() -> None:
    assert kinds(page(f"账号 {card()}")) == ["bank-card"]
    broken = card()[:-1] + str((int(card()[-1]) + 1) % 10)
    assert kinds(page(f"账号 {broken}")) == []
    assert kinds(page("合计 12,345,678.90 元，存量 4000000000000000 斤")) == []


def test_telephones_addresses_minors() -> None:
    assert kinds(page("手机 139 0000 0000")) == ["telephone"]
    assert kinds(page("电话：0580-0000000")) == ["telephone"]
    assert kinds(page("家庭住址：蓬屿市海角路九十九号三幢")) == ["address"]
    assert kinds(page("蓬屿镇无名弄12号3室")) == ["address"]
    assert kinds(page("张阿毛，年十二岁，渔家子")) == ["minor"]
    assert kinds(page("李某某，现年四十五岁")) == []
    born = "990001" + "19500101" + "801"
    assert kinds(page(id_card(born)), date=span(1962)) == ["id-card", "minor"]
    assert kinds(page(id_card(born)), date=span(1990)) == ["id-card"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (page("机密★三十年", "关于渔民登记的通知", head=60), True),  # head of the page, starred
        (page("秘密", head=60), True),
        (page("内部资料 注意保存", head=60), True),
        (page("本件为机密★长期"), True),  # starred, wherever it stands
        (page("不得泄露国家机密，各乡应保守秘密", head=60), False),  # running text at the head
        (page("各乡应保守机密"), False),
        (page("渔民内部矛盾"), False),
    ],
)
def test_a_secrecy_mark_is_one_only_in_a_marks_place(text: PageText, expected: bool) -> None:
    assert ("secrecy-mark" in kinds(text)) is expected


def test_a_term_is_seen_across_a_lines_end_and_in_traditional_characters() -> None:
    [one] = seen(page("該島設痲瘋院及麻", "風病人登記"))
    assert (one.kind, one.category, one.line, one.text) == ("term", "健康", 0, "麻\n風")
    assert [s.page for s in seen(page("无"), title="婚姻登记册")] == [0]


def test_due_days() -> None:
    assert due_day(record(date=span(1999))) == date(2024, 12, 31)
    assert due_day(record(date=DateSpan())) is None
    assert add_years("2000-02-29", 25) == date(2025, 2, 28)
    assert add_years("9990-01-01", 25) is None
    assert early_kind(record(title="渔业产量统计")) == "经济"
    assert early_kind(record(title="任免通知")) == ""


def test_the_suggestion_says_why_and_never_more_than_it_saw() -> None:
    clean = first_opinion(record(), [], [], (), TODAY)
    assert (clean.suggests, clean.reasons) == ("开放", ("no-limit",))
    named = first_opinion(record(), seen(page(id_card())), [], (), TODAY)
    assert (named.suggests, named.reasons) == ("控制", ("personal",))
    marked = first_opinion(record(), seen(page("绝密★", id_card(), head=10)), [], (), TODAY)
    assert (marked.suggests, marked.reasons[0]) == ("延期开放", "secret")
    unread = first_opinion(record(), [], [], (2,), TODAY)
    assert (unread.suggests, unread.reasons) == ("未审核", ())
    young = first_opinion(record(date=span(2010), title="任免通知"), [], [], (), TODAY)
    assert (young.suggests, young.reasons) == ("延期开放", ("not-due",))
    early = first_opinion(record(date=span(2010), title="渔业产量"), [], [], (), TODAY)
    assert early.suggests == "开放"
    undated = first_opinion(record(date=DateSpan()), [], [], (), TODAY)
    assert undated.suggests == "未审核"


def test_earlier_decisions_are_told_not_obeyed() -> None:
    near = [Precedent(f"x{n}", "控制", ("personal",)) for n in range(4)]
    told = first_opinion(record(), [], near, (), TODAY)
    assert told.suggests == "开放"
    assert "4 件审为“控制”" in told.why[0]
