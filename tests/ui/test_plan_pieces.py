"""Pieces of the planner that no browser is needed for: words, tables, the board's buttons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from holdings.access import STAFF
from holdings.catalogue import Catalogue
from ui.client import Api
from ui.plan_board import board
from ui.plan_tables import COLUMNS, save_rows, shown, typed
from ui.plan_words import sentences
from ui.projects_client import Projects
from ui.texts import Words

SAY = Words("zh")


def test_a_page_is_cut_into_sentences_to_quote() -> None:
    text = "报告\n漁民登記事宜，業經各鄉保甲造\n冊呈報。餘人均須領取旗照；遲者\n罰。\n本月三日"
    assert sentences(text) == [
        "漁民登記事宜，業經各鄉保甲造冊呈報。",
        "餘人均須領取旗照；",
        "遲者罰。",
        "本月三日",
    ]


def test_what_stands_in_a_cell_and_what_is_typed() -> None:
    assert (shown(12345, "money"), shown("", "day"), shown("", "object")) == (123.45, None, None)
    row = {"item": " 展板 ", "category": "printing", "planned": 10.1, "spent": float("nan"), "note": None}
    assert typed(row, "budget") == {"item": "展板", "category": "printing", "planned": 1010}
    case = {
        "name": "柜一",
        "kind": "case",
        "width": 1200.0,
        "height": None,
        "depth": pd.NA,
        "light": 50,
        "note": "",
    }
    sizes = {"width": 1200, "height": None, "depth": None, "light": 50}
    assert typed(case, "case") == {"name": "柜一", "kind": "case", "note": "", **sizes}


def part(key: str, kind: str, parent: str = "", **body: Any) -> dict[str, Any]:
    said = {"wanted": "", "text": "", "label": "", "date": "", "outside": None} | body
    return {
        "id": key,
        "kind": kind,
        "parent": parent,
        "record": None,
        "withdrawn": False,
        "version": 3,
        "body": said,
    }


def test_buttons_of_the_board_say_where_a_card_goes() -> None:
    parts = [part("s1", "section", title="一"), part("s2", "section", title="<二>")]
    parts += [part(key, "object", "s1", title=key) for key in ("a", "b", "c")]
    project = {"id": 7, "right": "write"}
    made = board(project, parts, {"exhibits": []}, {"b": "撤下"}, SAY)
    assert "&lt;二&gt;" in made
    assert "<二>" not in made
    card = made.partition('data-part="b"')[2].partition("</li>")[0]
    assert "撤下" in card
    moves = [one.partition(">")[0] for one in card.split("<button ")[1:]]
    assert [('data-after=""' in one, 'data-after="c"' in one, 'data-after="*"' in one) for one in moves] == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
    ]
    assert all('data-version="3"' in one and 'data-project="7"' in one for one in moves)
    read = board(project | {"right": "read"}, parts, {"exhibits": []}, {}, SAY)
    assert "/x/plan/move" not in read
    assert '<div class="plan-board">' in read  # without what it would be dragged by
    assert '<div class="plan-board" data-project="7">' in made


def test_a_table_is_saved_row_by_row_and_overwrites_nobody(home: Path, api: str) -> None:
    catalogue = Catalogue(f"sqlite:///{home / 'catalogue.sqlite'}")
    key = catalogue.keys.add(STAFF, roles=["curator"], name="策展人")
    catalogue.close()
    projects = Projects(Api(key, url=api))
    plan = projects.make("exhibition", "表格", {})
    tasks = [{"kind": "task", "body": {"title": title, "due": "2027-05-17"}} for title in ("甲", "乙", "丙")]
    seen = projects.add(plan["id"], tasks)

    def frame(*rows: dict[str, Any]) -> pd.DataFrame:
        return pd.DataFrame(rows, columns=list(COLUMNS["task"]))

    def row(index: int, **typed_in: Any) -> dict[str, Any]:
        body = seen[index]["body"]
        return {name: shown(body[name], how) for name, how in COLUMNS["task"].items()} | typed_in

    clashes: list[str] = []
    somebody = projects.change_part(plan["id"], seen[1]["id"], 1, seen[1]["body"] | {"who": "别人"})
    edited = frame(row(0, done=True, due=None), row(1, who="我"), row(2), {"title": "丁", "who": "我"})
    edited = edited.drop(index=2)
    assert save_rows(projects, plan, "task", seen, edited, clashes, SAY) == 3
    now = {one["body"]["title"]: one["body"] for one in projects.tree(plan["id"])["parts"]}
    assert list(now) == ["甲", "乙", "丁"]
    assert (now["甲"]["done"], now["甲"]["due"], now["乙"], now["丁"]["who"]) == (
        True,
        "",
        somebody["body"],
        "我",
    )
    assert len(clashes) == 1
    assert "别人" in clashes[0]
    assert save_rows(projects, plan, "task", seen[:1], frame(row(0)), [], SAY) == 0
