"""A record as an index sees it: nothing of staff's for others, everything findable, nothing ragged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from holdings.access import AUDIENCES, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import StoredRecord
from holdings.documents import Material, document
from holdings.engines.port import FACETS, TEXT_FIELDS, Document
from holdings.records import FIELDS, STAFF_ONLY_FIELDS, DateSpan, Record

RECORD = Record(
    id="990001:J045-1-12-3",
    reference_code="J045-1-12-3",
    former_codes=("旧45-12",),
    title="沈家門漁民登記公函",
    parallel_title="副题",
    fonds_code="J045",
    series="1",
    creators=("定海縣政府",),
    date=DateSpan("民国三十八年", "1949-01-01", "1950-12-31"),
    document_number="漁字第37號",
    genre="公函",
    persons=("張三",),
    places=("沈家門", "沈家门"),
    keywords=("登记",),
    abstract="提要文字",
    access_status="开放",
    publicity="公开",
    storage="东库三排",
    donor_limits="捐赠人限制",
    extra={"男方": "王五"},
    flags=("missing:x",),
    notes="附注文字",
)


def material(record: Record = RECORD, **more: Any) -> Material:
    now = datetime.now(UTC)
    texts = more.pop("texts", {1: "查本縣漁民", 2: "第二頁"})
    return Material(StoredRecord(record, "k", 7, 2, now, now, frozenset()), texts, **more)


def made(audience: str = PUBLIC, record: Record = RECORD, **more: Any) -> Document:
    vectors = more.pop("vectors", {})
    return document(material(record, **more), audience, lambda text: text.split() or [text], vectors)


def everything(found: Document) -> str:
    values = [token for texts in found.text.values() for tokens in texts for token in tokens]
    values += [pair for pairs in found.bigrams for pair in pairs]
    values += [value for facet in found.facets.values() for value in facet]
    return "\n".join([*values, *(part for pair in found.suggest for part in pair)])


def test_what_is_staffs_stays_with_staff() -> None:
    for audience in AUDIENCES:
        said = everything(made(audience))
        for secret in ("东库三排", "捐赠人限制", "王五"):
            assert (secret in said) == (audience == STAFF), (audience, secret)
        assert "missing:x" not in said
    assert made(PUBLIC) == made(READING_ROOM)


def test_every_described_field_can_be_found() -> None:
    """A field added to the table is indexed, or it is staff's, or it is a mere facet or number."""
    counted = {"level", "archive_code", "series", "volume", "item", "fonds_code", "retention", "pages",
               "page_range", "access_status", "publicity", "classification", "former_codes", "date"}  # fmt: skip
    for field in FIELDS:
        if field.name in counted or field.name in STAFF_ONLY_FIELDS:
            continue
        value: Any = ("寻常之词",) if field.kind == "list" else "寻常之词"
        assert "寻常之词" in everything(made(record=replace(RECORD, **{field.name: value}))), field.name


def test_text_is_normalised_before_it_is_cut() -> None:
    found = made()
    assert found.text["title"] == [["沈家门渔民登记公函"], ["副题"]]
    assert found.text["identifiers"] == [["j045-1-12-3"], ["旧45-12"], ["渔字第37号"]]
    assert found.text["body"] == [["查本县渔民"], ["第二页"]]
    assert ["沈家", "家门", "门渔", "渔民", "民登", "登记", "记公", "公函"] in list(map(list, found.bigrams))
    assert set(found.text) <= set(TEXT_FIELDS)
    assert found.version == 7


def test_pages_and_attachments_are_values_of_their_own() -> None:
    found = made(texts={2: "乙", 1: "甲"}, attachment_texts=["丙"])
    assert found.text["body"] == [["甲"], ["乙"], ["丙"]]  # in page order; no phrase runs across


def test_facets() -> None:
    found = made(ancestors=["990001:J045", "990001:J045-1"], has_scan=True)
    assert set(found.facets) <= set(FACETS)
    assert found.facets["places"] == ["沈家门"]  # both spellings are one place
    assert found.facets["persons"] == ["张三"]
    assert found.facets["fonds"] == ["J045"]
    assert found.facets["series"] == ["J045-1"]
    assert found.facets["ancestors"] == ["990001:J045", "990001:J045-1"]
    assert found.facets["decade"] == ["1940", "1950"]
    assert found.facets["has_scan"] == ["yes"]
    assert (found.first_day, found.last_day) == (19490101, 19501231)
    assert all(value for values in found.facets.values() for value in values)


@pytest.mark.parametrize(
    ("first", "last", "decades"),
    [
        ("1949-12-31", "1950-01-01", ["1940", "1950"]),
        ("1840-01-01", "1940-12-31", [str(d) for d in range(1840, 1950, 10)]),
        ("1840-01-01", "1959-12-31", None),
        (None, None, None),
    ],
)
def test_decades(first: str | None, last: str | None, decades: list[str] | None) -> None:
    found = made(record=replace(RECORD, date=DateSpan("x", first, last)))
    assert found.facets.get("decade") == decades
    assert (found.first_day is None) == (first is None)


def test_only_vectors_that_are_there_become_rows_in_order() -> None:
    vectors = {(1, 0): np.ones(4, np.float32), (0, 0): np.zeros(4, np.float32)}
    assert [(row.page, row.number) for row in made(vectors=vectors).rows] == [(0, 0), (1, 0)]
    assert list(made().rows) == []


def test_passages_begin_with_the_description_and_hold_nothing_of_staffs() -> None:
    passages = material().passages()
    assert [p.page for p in passages] == sorted(p.page for p in passages)
    assert passages[0].page == 0
    assert passages[0].text.startswith("沈家門漁民登記公函")
    said = "".join(p.text for p in passages)
    assert not any(secret in said for secret in ("东库三排", "捐赠人限制", "王五", "張三"))


def test_suggestions_carry_the_shown_and_the_normalised_form_once() -> None:
    found = made(record=replace(RECORD, keywords=("登记", "登记", " ")))
    assert ("沈家門", "沈家门") in found.suggest
    assert len(found.suggest) == len(set(found.suggest))
    assert all(shown.strip() for shown, _ in found.suggest)
