"""Citations: GB/T 7714, RIS, BibTeX, with nothing of a record able to break their form."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdings.records import DateSpan, Record
from search_api.citing import MEDIA_TYPES, citation

LETTER = Record(
    id="990001:J045-1-12-3",
    reference_code="J045-1-12-3",
    title="关于沈家门渔民登记事宜的公函",
    creators=("定海县政府", "浙江省渔业局"),
    date=DateSpan("民国三十八年三月五日", "1949-03-05", "1949-03-05"),
    genre="公函",
    abstract="查沈家门\n渔民登记",
    keywords=("渔民", "登记"),
)
ARCHIVE = "蓬屿市档案馆"


def test_gbt7714() -> None:
    assert citation(LETTER, ARCHIVE, "gbt7714", page=2) == (
        "定海县政府, 浙江省渔业局. 关于沈家门渔民登记事宜的公函[A]. 1949-03-05. 蓬屿市档案馆: J045-1-12-3: 2."
    )
    assert citation(LETTER, ARCHIVE, "gbt7714").endswith("蓬屿市档案馆: J045-1-12-3.")


@pytest.mark.parametrize(
    ("date", "said"),
    [
        (DateSpan("民国三十八年三月", "1949-03-01", "1949-03-31"), ". 1949. "),
        (DateSpan("1948-1949", "1948-01-01", "1949-12-31"), ". 1948-1949. "),
        (DateSpan("无日期"), ". 无日期. "),
        (DateSpan(), "[A]. 蓬屿市档案馆"),
    ],
)
def test_gbt7714_says_no_more_of_a_date_than_is_known(date: DateSpan, said: str) -> None:
    assert said in citation(replace(LETTER, date=date), ARCHIVE, "gbt7714")


def test_gbt7714_names_three_creators_at_most_and_stands_without_any() -> None:
    many = replace(LETTER, creators=("甲", "乙", "丙", "丁"))
    assert citation(many, ARCHIVE, "gbt7714").startswith("甲, 乙, 丙, 等. ")
    assert citation(replace(LETTER, creators=()), ARCHIVE, "gbt7714").startswith("关于沈家门")


def test_ris() -> None:
    lines = citation(LETTER, ARCHIVE, "ris", page=2).split("\r\n")
    assert lines[0] == "TY  - UNPB"
    assert lines[-2:] == ["ER  - ", ""]
    assert "AU  - 定海县政府" in lines
    assert "AU  - 浙江省渔业局" in lines
    assert "DA  - 1949/03/05" in lines
    assert "AN  - J045-1-12-3" in lines
    assert "AB  - 查沈家门 渔民登记" in lines
    assert "SP  - 2" in lines


def test_bibtex() -> None:
    said = citation(LETTER, ARCHIVE, "bibtex")
    assert said.startswith("@misc{J045_1_12_3,\n")
    assert "  author = {{定海县政府} and {浙江省渔业局}},\n" in said
    assert "  year = {1949},\n" in said
    assert said.endswith("\n}\n")


_NASTY = st.text(st.sampled_from('{}\\"\n\r,@%甲 -:.ER'), max_size=12)


@settings(max_examples=120)
@given(_NASTY, _NASTY, st.lists(_NASTY, max_size=3), _NASTY, st.sampled_from(sorted(MEDIA_TYPES)))
def test_nothing_written_in_a_record_breaks_the_form(
    title: str, code: str, creators: list[str], dated: str, form: str
) -> None:
    record = Record(id="x", reference_code=code, title=title, creators=tuple(creators), date=DateSpan(dated))
    said = citation(record, ARCHIVE, form)
    if form == "ris":
        assert said.endswith("ER  - \r\n")
        for line in said.removesuffix("\r\n").split("\r\n"):
            assert line[2:6] == "  - "
            assert "\n" not in line
            assert "\r" not in line
    elif form == "bibtex":
        assert said.count("{") == said.count("}")
        assert set(re.sub(r"\\[&%$#_]", "", said)).isdisjoint("\\&%$#")
    else:
        assert said.endswith(".")
        assert len(said.splitlines()) == 1
