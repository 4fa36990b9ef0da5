"""Cells → records: what clerks, spreadsheets and the standard's codes do to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer import choices, codes
from indexer.cells import mended, survey
from indexer.fields import Draft, draft, listed
from indexer.readers.headers import HeaderMap
from indexer.readers.refused import Refused
from indexer.readers.rows import RawRow
from indexer.shares import Member, page_ranges, share


def row(number: int = 1, context: Mapping[str, str] | None = None, **fields: Any) -> RawRow:
    others = fields.pop("others", {})
    return RawRow("目录.csv", "", number, fields, others, context or {}, texts=fields.pop("texts", None))


def made(**fields: Any) -> Draft:
    given = {"reference_code": "J045-1-12-3", "title": "关于渔民登记的函", **fields}
    return draft(row(**given), HeaderMap(), "990001")


def mend(rows: Sequence[RawRow]) -> list[RawRow | Refused]:
    return [error or whole for whole, error in mended(rows, survey(rows))]


# ── cells ───────────────────────────────────────────────────────────────────────


def test_dittos_repeat_the_cell_above() -> None:
    rows = [
        row(1, creators="定海县政府", title="甲"),
        row(2, creators="〃", title="乙"),
        row(3, creators="同上", title="丙"),
    ]
    assert [r.fields["creators"] for r in mend(rows) if isinstance(r, RawRow)] == ["定海县政府"] * 3


def test_a_ditto_with_nothing_above_is_refused_and_does_not_reach_over_volumes() -> None:
    first, other = mend([row(1, creators="〃"), row(2, {"volume": "2"}, creators="甲")])
    assert isinstance(first, Refused)
    assert first.code == "ditto"
    assert isinstance(other, RawRow)
    crossing = mend([row(1, {"volume": "1"}, creators="甲"), row(2, {"volume": "2"}, creators="〃")])
    assert isinstance(crossing[1], Refused)


def test_lost_zeros_come_back_where_the_siblings_show_the_width() -> None:
    whole = mend([row(1, item="0001"), row(2, item="0002"), row(3, item=3), row(4, item=12.0)])
    assert [r.fields["item"] for r in whole if isinstance(r, RawRow)] == ["0001", "0002", "0003", "0012"]
    assert whole[2].flags == ("restored:item",)  # type: ignore[union-attr]


def test_no_zeros_are_invented() -> None:
    for cells in (["1", "2", "10"], ["01", "002", "3"], ["001", "2", "3", "4"]):
        rows = mend([row(n, item=cell) for n, cell in enumerate(cells)])
        assert [r.fields["item"] for r in rows if isinstance(r, RawRow)] == cells


def test_codes_that_became_dates_are_restored_as_their_siblings_are() -> None:
    day = datetime(2011, 3, 1)
    plain = mend([row(1, reference_code="2011-3-45"), row(2, reference_code=day)])
    assert plain[1].fields["reference_code"] == "2011-3-1"  # type: ignore[union-attr]
    padded = mend([row(1, reference_code="2011-03-45"), row(2, reference_code=day)])
    assert padded[1].fields["reference_code"] == "2011-03-01"  # type: ignore[union-attr]
    short = mend([row(1, volume="3-45"), row(2, volume=datetime(2024, 3, 1)), row(3, volume="3月2日")])
    assert [r.fields["volume"] for r in short[1:] if isinstance(r, RawRow)] == ["3-1", "3-2"]


@pytest.mark.parametrize("cell", [datetime(2011, 3, 1), "2011/3/1", "3月1日"])
def test_a_code_that_became_a_date_is_refused_when_nothing_shows_how_it_was(cell: object) -> None:
    (only,) = mend([row(1, reference_code=cell)])
    assert isinstance(only, Refused)
    assert only.code == "code-became-date"


@pytest.mark.parametrize("cell", ["3.3E+15", 3.3090011199e15])
def test_codes_that_lost_digits_are_refused(cell: object) -> None:
    (only,) = mend([row(1, reference_code=cell)])
    assert isinstance(only, Refused)
    assert only.code == "code-lost-digits"


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        (datetime(1953, 6, 12), "1953-06-12", "1953-06-12"),
        (19522, "1953-06-12", "1953-06-12"),  # Excel's count of days
        (19530612.0, "1953-06-12", "1953-06-12"),
        (1953, "1953-01-01", "1953-12-31"),
        ("195306", "1953-06-01", "1953-06-30"),
    ],
)
def test_date_cells(cell: object, first: str, last: str) -> None:
    (whole,) = mend([row(1, reference_code="A-1", title="甲", date=cell)])
    assert isinstance(whole, RawRow)
    date = draft(whole, HeaderMap(), "1").record.date
    assert (date.first, date.last) == (first, last)


# ── codes ───────────────────────────────────────────────────────────────────────


def test_codes_are_joined_from_their_parts() -> None:
    whole = made(reference_code=None, fonds_code="J045", series="1", volume="12", item="3").record
    assert (whole.reference_code, whole.id) == ("J045-1-12-3", "990001:J045-1-12-3")
    filed = {"fonds_code": "J102", "category": "WS", "year": "2011", "retention": "永久", "item": "0003"}
    assert made(reference_code=None, **filed).record.reference_code == "J102-WS·2011-Y-0003"
    office = {**filed, "retention": "30年", "office": "BGS"}
    assert made(reference_code=None, **office).record.reference_code == "J102-WS·2011-D30-BGS-0003"


def test_a_volume_in_the_title_row_and_a_running_number_make_a_code() -> None:
    inner = row(4, {"fonds_code": "J045", "series": "1", "volume": "12"}, serial="3", title="甲")
    assert draft(inner, HeaderMap(), "1").record.reference_code == "J045-1-12-3"
    coded = row(4, {"reference_code": "J045-1-12"}, serial="3", title="甲")
    assert draft(coded, HeaderMap(), "1").record.reference_code == "J045-1-12-3"


def test_levels_join_no_more_than_their_own_parts() -> None:
    volume = made(reference_code=None, level="案卷级", fonds_code="J045", series="1", volume="12", serial="7")
    assert (volume.record.reference_code, volume.record.level, volume.record.item) == (
        "J045-1-12",
        "volume",
        "",
    )
    assert made(reference_code=None, level="全宗", fonds_code="J045").record.reference_code == "J045"


def test_codes_are_taken_apart_and_name_their_ancestors() -> None:
    whole = made()
    assert (whole.record.fonds_code, whole.record.series, whole.record.volume, whole.record.item) == (
        "J045",
        "1",
        "12",
        "3",
    )
    assert whole.above == (("J045", "fonds"), ("J045-1", "series"), ("J045-1-12", "volume"))
    filed = made(reference_code="J102-WS·2011-D30-0003")
    assert (filed.record.series, filed.record.retention, filed.record.item) == ("WS", "30年", "0003")
    assert filed.above == (("J102", "fonds"), ("J102-WS", "series"))
    photo = made(reference_code="P001-ZP-0007")
    assert (photo.record.series, photo.record.volume, photo.above[-1]) == ("ZP", "", ("P001-ZP", "series"))


def test_a_fonds_can_have_its_own_pattern() -> None:
    import re

    own = HeaderMap(codes={"M9": re.compile(r"(?P<fonds_code>M9)\.(?P<volume>\d+)\.(?P<item>\d+)")})
    whole = draft(row(reference_code="M9.12.3", title="甲"), own, "1").record
    assert (whole.fonds_code, whole.volume, whole.item) == ("M9", "12", "3")


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_any_code_can_be_taken_apart(code: str) -> None:
    parts = codes.split(code, "file", {})
    assert all(parts.values())
    for above, _ in codes.ancestors(code, parts):
        assert code.startswith(above)
        assert above != code
    assert all(code.startswith(prefix) and prefix for prefix in codes.prefixes(code))


def test_a_code_in_full_width_is_the_code_and_stays_findable_as_written() -> None:
    wide = made(reference_code="Ｊ０４５－１－１２－３", former_codes="旧4-3").record
    assert (wide.reference_code, wide.id) == ("J045-1-12-3", "990001:J045-1-12-3")
    assert wide.former_codes == ("旧4-3", "Ｊ０４５－１－１２－３")
    parts = made(reference_code=None, fonds_code="Ｊ０４５", series="１", volume="１２", item="３")
    assert (parts.record.reference_code, parts.record.fonds_code) == ("J045-1-12-3", "J045")
    assert parts.above == (("J045", "fonds"), ("J045-1", "series"), ("J045-1-12", "volume"))
    assert made(series="文书（短期）").record.series == "文书（短期）"


@given(st.text("-—·ＪjJ１1/ \u3000", max_size=8))
def test_a_code_has_a_letter_or_a_figure_and_no_full_width(code: str) -> None:
    if not any(character.isalnum() for character in code):
        with pytest.raises(Refused, match="档号"):
            made(reference_code=code)
        return
    kept = made(reference_code=code).record.reference_code
    assert kept == codes.plain(kept)
    assert any(character.isalnum() for character in kept)


@pytest.mark.parametrize(
    "spelt", ["J102-WS_2011-Y-0003", "J102-WS·2011-Y-0003", "j102-ws.2011-y-0003", "J102－WS·2011-Y-0003"]
)
def test_file_names_may_spell_a_code_as_file_systems_let_them(spelt: str) -> None:
    assert codes.file_key(spelt) == codes.file_key("J102-WS·2011-Y-0003")


# ── fields with a choice ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "meant"),
    [("永久", "永久"), ("Y", "永久"), ("长期", "长期"), ("長期", "长期"), ("短期", "短期"), ("30年", "30年"), ("D30", "30年"), ("30", "30年"),
     ("定期30年", "30年"), ("定期（10年）", "10年"), ("d10", "10年"), ("三十年", "30年"), ("10.5", None), ("很久", None)],
)  # fmt: skip
def test_retention(written: str, meant: str | None) -> None:
    assert choices.retention(written) == meant


def test_what_is_not_understood_closes_and_is_kept_beside() -> None:
    record = made(access_status="随便看", publicity="也许", retention="很久", pages="若干").record
    assert (record.access_status, record.publicity, record.pages) == ("未审核", "", None)
    assert record.extra == {"开放标识": "随便看", "公开属性": "也许", "页数": "若干"}
    assert record.retention == "很久"
    assert {"unknown:access_status", "unknown:publicity", "unknown:retention", "unknown:pages"} <= set(
        record.flags
    )


@pytest.mark.parametrize(
    "mark",
    [
        "绝密",
        "机密",
        "秘密",
        "機密",
        "機密★",
        "绝密★20年",
        "机 密",
        "秘密级",
        "原秘密",
        "ＳＥＣＲＥＴ",
        "Top Secret",
    ],
)
def test_state_secrets_are_refused(mark: str) -> None:
    with pytest.raises(Refused) as raised:
        made(classification=mark)
    assert raised.value.code == "secret"
    assert raised.value.reference_code == "J045-1-12-3"


@pytest.mark.parametrize(
    ("mark", "kept"),
    [
        ("内部", "内部"),
        ("国内", "国内"),
        ("商业秘密", "商业秘密"),
        ("", ""),
        ("无", ""),
        ("公开", ""),
        ("非密", ""),
    ],
)
def test_other_marks_enter(mark: str, kept: str) -> None:
    from holdings.access import Marks, is_open

    record = made(classification=mark, access_status="开放", publicity="公开").record
    assert record.classification == kept
    assert is_open(Marks.of(record, quarantined=False)) == (not kept)


def test_declassified_records_enter_for_staff_with_their_old_mark_beside() -> None:
    record = made(classification="机密", notes="1998年6月12日经保密局解密").record
    assert (record.classification, record.extra["密级"]) == ("解密", "机密")
    with pytest.raises(Refused):
        made(classification="机密", notes="已解密")  # no date


@pytest.mark.parametrize("text", ["机密★\n关于…", "正文\n绝密\n", "秘密 ★ 十年"])
def test_marks_on_ready_text_are_refused(text: str) -> None:
    with pytest.raises(Refused) as raised:
        draft(
            RawRow("a", "", 1, {"reference_code": "A-1", "title": "甲"}, texts=("一", text)), HeaderMap(), "1"
        )
    assert raised.value.code == "secret"
    assert choices.secret_in_text("关于机密文件管理的通知") is None


# ── the record ──────────────────────────────────────────────────────────────────


def test_several_values_of_a_cell() -> None:
    assert listed("舟山地委、舟山专署；定海县，普陀县\n岱山县") == (
        "舟山地委",
        "舟山专署",
        "定海县",
        "普陀县",
        "岱山县",
    )
    assert listed("Smith, John; Wang") == ("Smith, John", "Wang")
    assert made(creators=["甲、乙", "丙"]).record.creators == ("甲、乙", "丙")


def test_gaps_are_flagged_and_columns_no_field_takes_are_kept() -> None:
    record = made(date="1953", others={"男方": "张三", "证号": 7.0, "空": ""}).record
    assert record.flags == ("missing:creators", "missing:retention", "missing:access_status")
    assert record.extra == {"男方": "张三", "证号": "7"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"title": ""}, "missing-title"), ({"reference_code": ""}, "missing-code"), ({"date": "19531332"}, "impossible-date"),
     ({"date": "二月三十日"}, "impossible-date"), ({"reference_code": "J" * 300}, "bad-code")],
)  # fmt: skip
def test_what_must_be_there(fields: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as raised:
        made(**fields)
    assert raised.value.code == code
    assert raised.value.advice


def test_an_impossible_date_is_quoted_as_it_was_written() -> None:
    with pytest.raises(Refused, match="乾隆三十七年閏十月初五日"):
        made(date="乾隆三十七年閏十月初五日")


@given(st.dictionaries(st.sampled_from(["title", "date", "pages", "retention", "creators", "classification", "level", "item"]),
                       st.one_of(st.text(max_size=20), st.integers(), st.floats(), st.none()), max_size=5))  # fmt: skip
def test_any_row_gives_a_record_or_a_refusal(fields: dict[str, Any]) -> None:
    rows = [row(1, **{"reference_code": "J1-2-3", "title": "甲", **fields})]
    (whole,) = mend(rows)
    if isinstance(whole, RawRow):
        try:
            record = draft(whole, HeaderMap(), "1").record
        except Refused:
            return
        record.title.encode()
        assert "\x00" not in record.title


# ── sharing a volume ────────────────────────────────────────────────────────────


def test_ranges_and_single_numbers_share_a_volume() -> None:
    shares = share(
        12, [Member("a", "1"), Member("b", "4-7"), Member("c", "第7页"), Member("d", "9", pages=2)]
    )
    assert shares.of == {"a": [1, 2, 3], "b": [4, 5, 6, 7], "c": [7, 8], "d": [9, 10]}
    assert shares.left == [11, 12]
    assert shares.short == []


def test_the_last_single_number_runs_to_the_end_and_what_lies_beyond_is_said() -> None:
    assert share(5, [Member("a", "1-2"), Member("b", "3")]).of["b"] == [3, 4, 5]
    beyond = share(5, [Member("a", "1-2"), Member("b", "4-9")])
    assert (beyond.of["b"], beyond.short) == ([4, 5], ["b"])


@pytest.mark.parametrize(
    ("text", "ranges"),
    [("4-7", [(4, 7)]), ("004～007", [(4, 7)]), ("1、3", [(1, None), (3, None)]), ("P4-P7", [(4, 7)]), ("4-7，9", [(4, 7), (9, None)]), ("7-4", []), ("见附件", []), ("", [])],
)  # fmt: skip
def test_page_ranges(text: str, ranges: list[tuple[int, int | None]]) -> None:
    assert page_ranges(text) == ranges


@given(st.integers(0, 40), st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), max_size=8))
def test_no_page_is_lost(pages: int, ranges: list[tuple[int, int]]) -> None:
    shares = share(pages, [Member(str(n), f"{a}-{a + b}") for n, (a, b) in enumerate(ranges)])
    given_away = {n for numbers in shares.of.values() for n in numbers}
    assert given_away | set(shares.left) == set(range(1, pages + 1))
    assert not given_away & set(shares.left)
