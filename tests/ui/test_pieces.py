"""The explorer's pure pieces: texts, visitors, workbook, brush, chips, cards, routes' gates."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from holdings.audit.alerts import SAID
from ui import shapes
from ui.cards import card
from ui.export import workbook
from ui.facets import chip_text, column, filter_chips, understood_chips
from ui.histogram import brushed
from ui.leaf import maker
from ui.routes import ROUTES
from ui.state import Search
from ui.texts import TEXTS, Words
from ui.visiting import VisitorCookie
from ui.visitors import COOKIE, IDLE, MOST_ITEMS, Visitor, Visitors

SAY = Words()
UI = Path(__file__).parents[2] / "ui"


# ── texts ──────────────────────────────────────────────────────────────────────


def test_every_text_stands_in_both_languages_with_the_same_blanks() -> None:
    for key, (chinese, english) in TEXTS.items():
        assert chinese.strip(), key
        assert english.strip(), key
        blanks = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (chinese, english)]
        assert blanks[0] == blanks[1], key


def test_every_alert_has_its_words() -> None:
    assert {f"alert_{rule.replace('-', '_')}" for rule in SAID} <= set(TEXTS)


def test_texts_asked_for_are_there() -> None:
    asked: set[str] = set()
    for file in UI.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        asked |= set(re.findall(r"""say(?:\.counted)?\(\s*["']([a-z_]+)["']""", source))
    assert len(asked) > 80
    # A key that ends with _ is completed by a value: each such family has members.
    families = {key for key in asked if key.endswith("_")}
    assert asked - families <= TEXTS.keys()
    assert all(any(key.startswith(family) for key in TEXTS) for family in families)


# ── visitors ───────────────────────────────────────────────────────────────────


def test_a_list_is_added_to_moved_noted_and_dropped() -> None:
    visitor = Visitor().adding("a").adding("b").adding("c").adding("a")
    assert [item.id for item in visitor.kept] == ["a", "b", "c"]
    assert [item.id for item in visitor.moving("c", -1).kept] == ["a", "c", "b"]
    assert visitor.moving("a", -1) == visitor
    assert visitor.moving("c", 1) == visitor
    assert visitor.moving("x", 1) == visitor
    assert visitor.noting("b", "看").kept[1].note == "看"
    assert [item.id for item in visitor.dropping("b").kept] == ["a", "c"]


def test_a_list_and_the_register_have_their_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor()
    for n in range(MOST_ITEMS + 5):
        visitor = visitor.adding(str(n))
    assert len(visitor.kept) == MOST_ITEMS
    monkeypatch.setattr("ui.visitors.MOST_VISITORS", 2)
    register = Visitors()
    for token in ("one", "two", "three"):
        register.change(token, lambda v: v.adding("a"))
    assert register.get("one") == Visitor()
    assert register.get("three").has("a")


def test_an_idle_visitor_is_forgotten_key_and_all() -> None:
    now = [0.0]
    register = Visitors(clock=lambda: now[0])
    register.change("t", lambda _: Visitor(key="k"))
    now[0] = IDLE - 1
    assert register.get("t").key == "k"
    now[0] += IDLE + 1
    assert register.get("t") == Visitor()
    assert register.change("t", lambda v: v.adding("a")).key is None


# ── the workbook ───────────────────────────────────────────────────────────────


def field(name: str, value: str | list[str], term: str) -> shapes.Field:
    return {"name": name, "term": term, "label_en": name, "value": value}


def record(record_id: str, *fields: shapes.Field) -> shapes.Record:
    date: shapes.Date = {"text": "", "from": None, "to": None, "certainty": "exact"}
    return {
        "id": record_id, "reference_code": "", "title": "", "level": "file", "access_status": "开放",
        "fonds_code": "", "date": date, "fields": list(fields), "extra": {}, "flags": [], "ancestors": [],
        "previous": None, "next": None, "pages": [], "page_count": 0, "attachments": [],
    }  # fmt: skip


def test_a_workbook_has_the_used_fields_in_order_and_runs_no_formula() -> None:
    table = [
        field(n, "", t)
        for n, t in (("reference_code", "档号"), ("title", "题名"), ("draft", "稿本"), ("creators", "责任者"))
    ]
    evil = '=HYPERLINK("http://x")\x07'
    rows = [
        (
            record("990001:A-1", field("title", evil, "题名"), field("reference_code", "A-1", "档号")),
            "A[A].",
            "n",
        ),
        (record("990001:A-2", field("creators", ["甲", "乙"], "责任者")), "B[A].", ""),
    ]
    sheet = load_workbook(BytesIO(workbook(rows, table, SAY, base="http://h"))).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == ["序号", "档号", "题名", "责任者", "引用格式", "备注", "地址"]
    assert sheet["C2"].value == '=HYPERLINK("http://x")'
    assert sheet["C2"].data_type == "s"
    assert sheet["D3"].value == "甲；乙"
    assert sheet["G2"].value == "http://h/record?id=990001:A-1"


# ── the brush ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("selection", "years"),
    [
        ({}, (None, None)),
        ({"brush": {}}, (None, None)),
        ({"brush": {"year": [1930.2, 1949.7]}}, (1930, 1949)),
        ({"brush": {"year": [1949.7, 1930.2]}}, (1930, 1949)),
        ({"brush": {"year": [1930, 1950]}}, (1930, 1949)),
        ({"brush": {"year": [1930.1, 1930.4]}}, (1930, 1930)),
        ({"brush": {"year": [1930, 1930]}}, (1930, 1930)),
    ],
)
def test_a_brush_takes_in_the_years_it_touches(
    selection: dict[str, object], years: tuple[object, object]
) -> None:
    assert brushed(selection) == years


# ── chips, facets, cards ───────────────────────────────────────────────────────


def chip(kind: str, text: str, **more: object) -> shapes.Chip:
    made = {"kind": kind, "text": text, "label": "", "also": [], "first": None, "last": None, **more}
    return made  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (chip("date", "1949年以前", last="1949-12-31"), "1949年以前（≤1949）"),
        (chip("date", "民国时期", first="1912-01-01", last="1949-09-30"), "民国时期（1912–1949-09-30）"),
        (chip("date", "1953年", first="1953-01-01", last="1953-12-31"), "1953年（1953）"),
        (chip("place", "沈家门", also=["a", "b", "c", "d"]), "沈家门（a、b、c…）"),
        (chip("not", "不含灯塔", label="灯塔"), "灯塔"),
    ],
)
def test_chips_say_what_was_understood(said: shapes.Chip, shown: str) -> None:
    assert chip_text(said) == shown


def test_chips_and_facets_lead_where_they_say() -> None:
    search = Search(q="渔", filters={"fonds": ("J045",)}, plain=("旧",))
    html = understood_chips(search, [chip("place", "沈家门")], SAY)
    assert "plain=%E6%97%A7&amp;plain=%E6%B2%88" in html
    facets = {
        "fonds": [
            {"value": "J045", "label": "定海<县>", "count": 3},
            {"value": "M003", "label": "", "count": 1},
        ]
    }
    html = column(search, facets, SAY)  # type: ignore[arg-type]
    assert "定海&lt;县&gt;" in html
    assert html.count('aria-checked="true"') == 1
    assert "fonds=J045&amp;fonds=M003" in html
    assert "定海&lt;县&gt;" in filter_chips(search, facets, SAY, {})  # type: ignore[arg-type]


def test_a_chosen_value_without_hits_can_still_be_taken_back() -> None:
    html = column(Search(filters={"genre": ("函",)}), {"genre": []}, SAY)
    assert 'aria-checked="true"' in html


def hit(**more: object) -> shapes.Hit:
    date = {"text": "1950年", "from": "1950-01-01", "to": "1950-12-31", "certainty": "exact"}
    made = {
        "rank": 1, "id": "990001:A-1", "reference_code": "A-1", "title": "<b>题</b>", "title_marks": [[0, 2]],
        "level": "file", "creators": ["甲"], "date": date, "genre": "", "fonds_code": "A", "fonds_title": "",
        "access_status": "开放", "document_number": "", "pages": 1,
        "why": {"words_rank": None, "meaning_rank": 5, "matched": []},
        "passages": [{"page": 0, "text": "<b>题</b>\n\n提要", "marks": [[10, 12]], "by_meaning": True}],
        "thumbnail": None, **more,
    }  # fmt: skip
    return made  # type: ignore[return-value]


def test_a_card_escapes_and_says_when_only_meaning_found_it() -> None:
    html = card(hit(), SAY, Visitor(), q="渔")
    assert "<b>题" not in html
    assert "意 第5位" in html
    assert "仅意思相近" in html
    # The description's passage begins with the title, which stands above it already.
    assert '<p class="dh-snippet"><mark>提要</mark>' in html


def test_makers_are_named_for_people() -> None:
    assert maker("ocr:PP-OCRv6_small@1234abcd", SAY) == "识读 PP-OCRv6_small"
    assert maker("person:王某", SAY) == "校对 王某"
    assert maker("elsewhere", SAY) == "elsewhere"


# ── the routes' gates ──────────────────────────────────────────────────────────


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """The routes before an API that is not there: what gets past the gates answers 502."""
    monkeypatch.setenv("DANGHAI_API_URL", "http://127.0.0.1:9")
    page = Route("/", lambda _: PlainTextResponse("page"))
    app = Starlette(routes=[page, *ROUTES], middleware=[Middleware(VisitorCookie)])
    return TestClient(app, follow_redirects=False)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("v1/records/990001:A-1/pages/1/image", 502),
        ("v1/records/990001:A-1/pages/1/thumbnail", 502),
        ("v1/records/990001:A-1/attachments/1", 502),
        ("v1/records/990001:A-1", 404),
        ("v1/search", 404),
        ("v1/records/%2e%2e/pages/1/image", 404),
        ("v1/records/a%2Fb/pages/1/image", 404),
        ("docs", 404),
    ],
)
def test_only_images_and_attachments_are_passed_on(client: TestClient, path: str, status: int) -> None:
    assert client.get(f"/x/api/{path}").status_code == status


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
def test_the_language_switch_leads_nowhere_else(client: TestClient, back: str) -> None:
    answer = client.get("/x/language/en", params={"back": back})
    assert answer.headers["location"] == "/"
    assert "danghai_language=en" in answer.headers["set-cookie"]


def test_a_page_gives_a_cookie_once_and_only_pages_do(client: TestClient) -> None:
    first = client.get("/", headers={"accept": "text/html"})
    assert COOKIE in first.headers["set-cookie"]
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "set-cookie" not in client.get("/", headers={"accept": "text/html"}).headers
    client.cookies.clear()
    assert "set-cookie" not in client.get("/", headers={"accept": "image/*"}).headers


def test_a_list_needs_a_visitor_and_a_known_change(client: TestClient) -> None:
    assert client.post("/x/list/add", data={"id": "a"}).status_code == 400
    client.get("/", headers={"accept": "text/html"})
    assert client.post("/x/list/add", data={"id": "a"}).status_code == 204
    assert client.post("/x/list/explode", data={"id": "a"}).status_code == 400
    assert client.post("/x/list/add", data={"id": "a" * 300}).status_code == 400


def test_signing_in_without_an_api_says_so(client: TestClient) -> None:
    assert client.post("/x/sign-in", data={"key": "k"}).headers["location"] == "/sign-in?said=away"
    assert client.post("/x/sign-in", data={"key": " "}).headers["location"] == "/sign-in?said=failed"
