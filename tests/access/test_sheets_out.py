"""No cell that leaves the house in a table is a formula (CSV injection): every way out is known here, and tried."""

from __future__ import annotations

import ast
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from danghai import app
from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue
from holdings.catalogue.offers import NewOffer, OfferWish
from holdings.catalogue.project_parts import NewPart
from holdings.catalogue.review_lists import Term
from holdings.offer_rules import consent
from holdings.sheets import FORMULA, read, write
from tests.access.conftest import Door
from tests.access.reviewing import batch_of, file, put
from ui.export import workbook
from ui.texts import Words

ROOT = Path(__file__).parents[2]
EVIL = [f"{begin}cmd|' /C calc'!A0" for begin in FORMULA]


def tables(data: bytes) -> list[list[str]]:
    """The cells as a spreadsheet takes them: of a workbook a formula would be one by its type."""
    if data[:2] != b"PK":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} <= {
        "s",
        "n",
        "inlineStr",
    }
    return [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]


def harmless(data: bytes, least: int) -> None:
    """Nothing begins like a formula in a CSV; nothing is one in a workbook; and the cells are there."""
    rows = tables(data)
    said = [cell for row in rows for cell in row if "cmd|" in cell]
    assert len(said) >= least, rows
    if data[:2] != b"PK":
        assert [cell for row in rows for cell in row if cell.startswith(FORMULA)] == []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_cells_come_back_as_they_were_and_none_is_a_formula(form: Any) -> None:
    data = write(form, EVIL[:2], [[cell] for cell in EVIL])
    harmless(data, len(EVIL) + 2)
    assert [row[0].strip() for row in read(data)][1:] == [cell.strip() for cell in EVIL]


# ── the API ────────────────────────────────────────────────────────────────────


def _routes(door: Door) -> set[str]:
    """Every operation that gives a table: one that lets the caller choose its format, or answers with bytes."""
    found = set()
    for path, methods in door.client.get("/openapi.json").json()["paths"].items():
        for method, entry in methods.items():
            chosen = [
                p["schema"].get("enum", ()) for p in entry.get("parameters", ()) if p["name"] == "format"
            ]
            if any({"csv", "xlsx"} & set(enum) for enum in chosen):
                found.add(f"{method} {path}")
    return found


def _due(door: Door, batch: int) -> tuple[str, int]:
    return "/v1/reviews/due/export", 2 * len(EVIL)


def _counts(door: Door, batch: int) -> tuple[str, int]:
    return "/v1/reviews/due/export?what=counts", 1


def _form(door: Door, batch: int) -> tuple[str, int]:
    return f"/v1/reviews/batches/{batch}/form", 2 * len(EVIL)


def _terms(door: Door, batch: int) -> tuple[str, int]:
    return "/v1/reviews/terms/export", 1


def _trail(door: Door, batch: int) -> tuple[str, int]:
    """Whoever changes anything is on record by name before it begins, also of what is then refused."""
    key = door.catalogue.keys.add("staff", roles=["reviewer"], name=EVIL[0])
    assert door.ask("POST", "/v1/reviews/batches", key, json={}).status_code == 422
    return "/v1/audit/export", 1


def _offers(door: Door, batch: int) -> tuple[str, int]:
    if not door.catalogue.offers.listing(OfferWish()):
        for evil in EVIL:
            door.catalogue.offers.add(
                NewOffer("donation", what=evil, name=evil, contact=evil), consent("试", 1)
            )
    return "/v1/offers/export", 3 * len(EVIL)


def _collection(door: Door, batch: int) -> tuple[str, int]:
    """Records that begin like formulas, with such notes."""
    curator = Caller(STAFF, frozenset({"curator"}), "试", "key:0")
    made = door.catalogue.projects.add("collection", "试", {}, curator)
    ids = door.catalogue.records.ids_of_codes([f"J001-1-1-{n}" for n in range(len(EVIL))]).values()
    body = {"note": EVIL[0], "tags": [EVIL[0]], "rating": 0}
    new = [NewPart("item", body, record_id=record_id) for record_id in ids]
    door.catalogue.project_parts.add(made.id, new, curator)
    return f"/v1/projects/{made.id}/export", 3 * len(EVIL)


TRIED: dict[str, list[Callable[[Door, int], tuple[str, int]]]] = {
    "get /v1/audit/export": [_trail],
    "get /v1/reviews/due/export": [_due, _counts],
    "get /v1/reviews/batches/{batch_id}/form": [_form],
    "get /v1/reviews/terms/export": [_terms],
    "get /v1/offers/export": [_offers],
    "get /v1/projects/{project_id}/export": [_collection],
}


@pytest.fixture
def filled(door: Door) -> tuple[Door, int]:
    """Records, terms and a batch whose every text begins like a formula."""
    records = [
        file(f"J001-1-1-{n}", title=evil, creators=(evil,), due_opinion=evil, fonds_code=EVIL[0])
        for n, evil in enumerate(EVIL)
    ]
    ids = put(door.catalogue, *records)
    door.catalogue.review_lists.put_terms([Term(evil, "试", "") for evil in EVIL], replace=True)
    # A batch of its own: what is under review is on the due list no longer.
    more = [file(f"J001-1-2-{n}", title=evil, creators=(evil,)) for n, evil in enumerate(EVIL)]
    assert ids
    return door, batch_of(door.catalogue, put(door.catalogue, *more))


def test_every_table_the_api_gives_is_harmless(filled: tuple[Door, int]) -> None:
    door, batch = filled
    assert _routes(door) == set(TRIED), "say in TRIED how a table of this operation is had"
    key = door.catalogue.keys.add("staff", roles=["reviewer", "security_officer", "admin"], name="试")
    for ways in TRIED.values():
        for way in ways:
            path, least = way(door, batch)
            for form in ("csv", "xlsx"):
                answer = door.ask("GET", path, key, params=_with(path, form))
                assert answer.status_code == 200, answer.text
                harmless(answer.content, least)


def _with(path: str, form: str) -> dict[str, str]:
    given = dict(part.split("=") for part in path.partition("?")[2].split("&") if part)
    return given | {"format": form}


# ── the explorer, the commands ─────────────────────────────────────────────────


def test_the_explorer_s_workbook_is_harmless() -> None:
    record: Any = {"id": "990001:J1", "fields": [{"name": "title", "value": evil} for evil in EVIL[:1]]}
    table: Any = [{"name": "title", "term": "题名", "label_en": "title"}]
    for evil in EVIL:
        record["fields"][0]["value"] = evil
        harmless(workbook([(record, evil, evil)], table, Words("zh"), base="http://x"), 3)


def test_the_tables_of_commands_are_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANGHAI_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("DANGHAI_OCR", "false")
    package = tmp_path / "package"
    package.mkdir()
    rows = [{"reference_code": evil, "title": ""} for evil in EVIL]
    (package / "=list.jsonl").write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    CliRunner().invoke(app, ["ingest", "--no-ocr", str(package)])
    [report] = (tmp_path / "data" / "quarantine").glob("*/report.csv")
    harmless(report.read_bytes(), 1)
    catalogue = Catalogue(f"sqlite:///{tmp_path / 'data' / 'catalogue.sqlite'}")
    catalogue.review_lists.put_terms([Term(evil, "试", "") for evil in EVIL], replace=True)
    catalogue.close()
    for form in ("csv", "xlsx"):
        out = tmp_path / f"terms.{form}"
        assert CliRunner().invoke(app, ["review", "terms", str(out)]).exit_code == 0
        harmless(out.read_bytes(), 1)


#: Where tables are written, and the tests above that try each.
WRITERS = {"holdings/sheets.py", "ui/export.py"}
USERS = {
    "holdings/commands_reviews.py", "indexer/report.py", "search_api/routes_audit.py",
    "search_api/routes_review_lists.py", "search_api/routes_reviews.py", "search_api/routes_offers.py",
    "search_api/routes_project_finds.py",
}  # fmt: skip


def test_no_other_module_writes_a_table() -> None:
    """csv.writer and workbooks stand in two modules; who uses the first is tried above."""
    writing, using = set(), set()
    for room in ("holdings", "indexer", "models", "search_api", "ui"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text("utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.ImportFrom) and node.module == "holdings.sheets":
                    using |= {name} if {"write"} & {a.name for a in node.names} else set()
                called = node.func if isinstance(node, ast.Call) else None
                if (isinstance(called, ast.Attribute) and called.attr in ("writer", "DictWriter", "to_csv", "to_excel")
                        and isinstance(called.value, ast.Name) and called.value.id in ("csv", "pd", "pandas", "frame")):  # fmt: skip
                    writing.add(name)
                if isinstance(called, ast.Name) and called.id in ("Workbook", "DictWriter"):
                    writing.add(name)
    assert writing == WRITERS
    assert using == USERS
