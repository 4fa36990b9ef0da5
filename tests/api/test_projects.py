"""Projects over HTTP, on the small archive: rights, bodies, what a second writer is told, withdrawn records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from holdings.access import STAFF
from holdings.records import Line, PageText
from holdings.sheets import read
from tests.api.conftest import System
from tests.api.small_archive import file_code, of, small_archive

ANN, BEN = "ann", "ben"


@pytest.fixture(scope="module")
def shared(make_system: Callable[[], System]) -> System:
    """The small archive, not indexed, with keys of two curators and a security officer."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    for name, role in ((ANN, "curator"), (BEN, "curator"), ("officer", "security_officer")):
        system.keys[name] = system.catalogue.keys.add(STAFF, roles=[role], name=name)
    return system


def send(
    system: System, who: str, method: str, path: str, body: Any = None, status: int = 200, **params: Any
) -> Any:
    answer = system.ask(f"/v1/{path}", who, method=method, json=body, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def new(system: System, name: str) -> str:
    """A collection of ann's that curators may write to; the beginning of its addresses."""
    made = send(system, ANN, "POST", "projects", {"kind": "collection", "name": name}, 201)
    assert made["body"] == {"about": ""}
    path = f"projects/{made['id']}"
    send(system, ANN, "PUT", f"{path}/sharing", {"holder": "role:curator", "may": "write"})
    return path


def items(system: System, path: str, *numbers: int, status: int = 201) -> Any:
    parts = [{"kind": "item", "record": of(file_code(n))} for n in numbers]
    return send(system, ANN, "POST", f"{path}/parts", {"parts": parts}, status).get("parts")


def test_two_people_work_on_one_collection(shared: System) -> None:
    path = new(shared, "灯塔")
    first, second = items(shared, path, 1, 2)
    assert first["record"]["reference_code"] == file_code(1)
    assert first["body"] == {"note": "", "tags": [], "rating": 0}
    at = f"{path}/parts/{first['id']}"
    body = {"note": "试记", "tags": ["灯塔", " 守塔 "], "rating": 5}
    written = send(shared, BEN, "PATCH", at, {"version": 1, "body": body})
    assert (written["body"]["tags"], written["changed_by"]) == (["灯塔", "守塔"], BEN)
    refused = send(shared, ANN, "PATCH", at, {"version": 1, "body": {"note": "另记"}}, 409)
    assert refused["type"].endswith(":changed-since")
    assert BEN in refused["detail"]
    assert (refused["now"]["body"]["note"], refused["now"]["version"]) == ("试记", 2)
    send(shared, ANN, "POST", f"{at}/move", {"version": 2, "after": second["id"]})
    tree = send(shared, BEN, "GET", path)
    assert [part["id"] for part in tree["parts"]] == [second["id"], first["id"]]
    assert (tree["project"]["right"], tree["project"]["parts"]) == ("write", 2)

    page = send(shared, BEN, "GET", f"{path}/changes", size=2)
    assert [(c["what"], c["by"]) for c in page["changes"]] == [("moved", ANN), ("changed", BEN)]
    send(shared, BEN, "POST", f"{path}/changes/{page['changes'][0]['id']}/undo")
    earlier = send(shared, BEN, "GET", f"{path}/changes", before=page["next"])
    assert [c["what"] for c in earlier["changes"]] == ["added", "added", "added"]
    assert earlier["next"] is None
    send(shared, BEN, "DELETE", at, status=409, seen=2)
    send(shared, BEN, "DELETE", at, seen=4)
    assert [part["id"] for part in send(shared, BEN, "GET", path)["parts"]] == [second["id"]]
    removal = send(shared, ANN, "GET", f"{path}/changes", size=1)["changes"][0]
    assert (removal["what"], removal["record"]["title"]) == ("removed", first["record"]["title"])
    assert removal["record"]["thumbnail"] == first["record"]["thumbnail"] is not None


def test_a_comment_reaches_whom_it_names(shared: System) -> None:
    path = new(shared, "提到")
    people = {one["handle"]: one for one in send(shared, ANN, "GET", "projects/people")["people"]}
    assert {ANN, BEN} <= set(people)
    assert "officer" not in people
    made = send(shared, ANN, "POST", f"{path}/comments", {"text": "@ben 请看"}, 201)
    assert made["mentions"] == [people[BEN]["id"]]
    mine = send(shared, BEN, "GET", "me/mentions")["mentions"]
    assert [(m["project"], m["comment"]["text"]) for m in mine] == [("提到", "@ben 请看")]
    send(shared, BEN, "PATCH", f"{path}/comments/{made['id']}", {"done": True})
    assert send(shared, BEN, "GET", "me/mentions")["mentions"] == []
    assert send(shared, ANN, "GET", f"{path}/comments")["comments"][0]["done_by"] == BEN


def test_a_record_says_in_which_of_my_projects_it_is(shared: System) -> None:
    path, other = new(shared, "甲"), new(shared, "乙")
    send(shared, ANN, "PUT", f"{other}/sharing", {"holder": "role:curator", "may": None})
    one = items(shared, path, 7)[0]
    items(shared, other, 7)

    def holding(who: str) -> list[str]:
        return [
            f["project"] for f in send(shared, who, "GET", f"records/{of(file_code(7))}/projects")["found"]
        ]

    assert (holding(ANN), holding(BEN)) == (["乙", "甲"], ["甲"])
    mine = send(shared, BEN, "GET", "me/parts", kind="item")["found"]
    assert one["id"] in {found["part"]["id"] for found in mine}
    send(shared, ANN, "DELETE", f"{path}/parts/{one['id']}", seen=1)
    assert holding(BEN) == []
    send(shared, ANN, "GET", "records/990001:nothing-of-ours/projects", status=404)


def test_a_project_is_handed_over(shared: System) -> None:
    path = new(shared, "移交")
    people = {one["handle"]: one["id"] for one in send(shared, ANN, "GET", "projects/people")["people"]}
    send(shared, BEN, "PUT", f"{path}/owner", {"person": people[BEN]}, 403)
    send(shared, ANN, "PUT", f"{path}/owner", {"person": "key:999"}, 400)
    send(shared, ANN, "PUT", f"{path}/sharing", {"holder": people[BEN], "may": "read"})
    handed = send(shared, ANN, "PUT", f"{path}/owner", {"person": people[BEN]})
    assert (handed["owner_id"], handed["owner"], handed["right"]) == (people[BEN], BEN, "write")
    assert handed["shared"] == {people[ANN]: True, "role:curator": True}
    step = send(shared, BEN, "GET", f"{path}/changes", size=1)["changes"][0]
    assert step["after"] == {"owner_id": people[BEN], "owner": BEN}
    send(shared, ANN, "POST", f"{path}/changes/{step['id']}/undo", status=400)
    send(shared, ANN, "DELETE", path, seen=2, status=403)
    send(shared, BEN, "DELETE", path, seen=2)


def test_a_collection_goes_out_as_a_table(shared: System) -> None:
    path = new(shared, "导出")
    first, _ = items(shared, path, 2, 3)
    body = {"note": "=1+1", "tags": ["海", "船"], "rating": 4}
    send(shared, ANN, "PATCH", f"{path}/parts/{first['id']}", {"version": 1, "body": body})
    answer = shared.ask(f"/v1/{path}/export", ANN, params={"format": "csv"})
    rows = read(answer.content)
    assert [row[1] for row in rows[1:]] == [file_code(2), file_code(3)]
    assert rows[1][7:10] == ["4", "海；船", "=1+1"]
    assert b",'=1+1," in answer.content  # no formula
    assert shared.ask(f"/v1/{path}/export", ANN).content[:2] == b"PK"


def test_bodies_say_what_is_wrong_with_them(shared: System) -> None:
    path = new(shared, "正文")
    item = items(shared, path, 1)[0]
    at = f"{path}/parts/{item['id']}"
    for body, said in (({"rating": 6}, "5"), ({"colour": "红"}, "colour"), ({"tags": [""]}, "tags")):
        refused = send(shared, ANN, "PATCH", at, {"version": 1, "body": body}, 400)
        assert said in refused["detail"]
        assert "now" not in refused
    wrong = {"parts": [{"kind": "section"}]}
    assert "item" in send(shared, ANN, "POST", f"{path}/parts", wrong, 400)["advice"]
    send(shared, ANN, "POST", "projects", {"kind": "shop", "name": "店"}, 400)


def test_projects_are_for_those_who_work_on_them(shared: System) -> None:
    path = new(shared, "内部")
    send(shared, ANN, "PUT", f"{path}/sharing", {"holder": "role:curator", "may": None})
    send(shared, BEN, "GET", path, status=404)
    send(shared, BEN, "POST", f"{path}/comments", {"text": "在吗"}, 404)
    assert path.rpartition("/")[2] not in {
        str(p["id"]) for p in send(shared, BEN, "GET", "projects", everyones=True)["projects"]
    }
    for audience in ("officer", "reading_room", "public"):
        for asked in ("projects", path, f"{path}/changes", f"{path}/export", "me/mentions", "me/parts"):
            send(shared, audience, "GET", asked, status=403)


def test_a_withdrawn_record_is_shown_no_more(shared: System) -> None:
    path = new(shared, "撤下")
    kept, held = items(shared, path, 4, 5)
    title, body = held["record"]["title"], {"note": f"抄了：{held['record']['title']}"}
    send(shared, ANN, "PATCH", f"{path}/parts/{held['id']}", {"version": 1, "body": body})
    shared.catalogue.pages.correct(of(file_code(5)), 1, PageText((Line("机密★长期"),), "person:试"))
    tree = send(shared, ANN, "GET", path)
    assert [(p["id"], p["withdrawn"]) for p in tree["parts"]] == [(kept["id"], False), (held["id"], True)]
    assert tree["parts"][1]["record"] is None
    history = send(shared, ANN, "GET", f"{path}/changes")
    stale = send(shared, BEN, "PATCH", f"{path}/parts/{held['id']}", {"version": 1, "body": body}, 409)
    assert title not in str((tree["parts"][1], history, stale))
    items(shared, path, 5, status=404)
    lost = send(shared, BEN, "GET", "me/parts")["found"]
    assert [(f["project"], f["part"]["id"], f["part"]["record"]) for f in lost] == [
        ("撤下", held["id"], None)
    ]
    send(shared, ANN, "GET", f"records/{of(file_code(5))}/projects", status=404)
    table = shared.ask(f"/v1/{path}/export", ANN, params={"format": "csv"}).text
    assert file_code(4) in table
    assert title not in table
    send(shared, ANN, "DELETE", f"{path}/parts/{held['id']}", seen=2)


def test_what_was_taken_away_of_a_record_since_withdrawn_is_not_told(shared: System) -> None:
    """Who writes to a part that is gone is told what stands there: not where its record, or what it lies in, is held."""
    path = new(shared, "撤下又移去")
    parent = items(shared, path, 8)[0]["id"]
    part = {"kind": "item", "parent": parent, "body": {"note": "抄了其中一句"}}
    child = send(shared, ANN, "POST", f"{path}/parts", {"parts": [part]}, 201)["parts"][0]["id"]
    for gone in (child, parent):
        body = {"note": "抄了其中一句"}
        if gone == parent:
            send(shared, ANN, "PATCH", f"{path}/parts/{gone}", {"version": 1, "body": body})
        send(shared, ANN, "DELETE", f"{path}/parts/{gone}", seen=2 if gone == parent else 1)
    told = send(shared, BEN, "PATCH", f"{path}/parts/{parent}", {"version": 1, "body": {}}, 409)
    assert told["now"]["body"]["note"] == "抄了其中一句"
    shared.catalogue.pages.correct(of(file_code(8)), 1, PageText((Line("机密★长期"),), "person:试"))
    for gone in (child, parent):
        at = f"{path}/parts/{gone}"
        for method, address, given in (
            ("PATCH", at, {"version": 1, "body": {}}),
            ("POST", f"{at}/move", {"version": 1}),
            ("POST", f"{path}/comments", {"part": gone, "text": "试"}),
        ):
            assert "抄了" not in str(send(shared, BEN, method, address, given, 409))


def test_a_shot_of_a_withdrawn_record_is_shown_no_more(shared: System) -> None:
    """The story-board says in words what the film shows of an object."""
    made = send(shared, ANN, "POST", "projects", {"kind": "exhibition", "name": "短片"}, 201)
    path = f"projects/{made['id']}"
    told = {"narration": "念出其中一句", "seconds": 8}
    parts = [
        {"kind": "object", "id": "o1", "record": of(file_code(9))},
        {"kind": "object", "id": "o2", "record": of(file_code(10))},
        {"kind": "shot", "id": "s1", "body": told | {"object": "o1"}},
        {"kind": "shot", "id": "s2", "body": told | {"object": "o2"}},
        {"kind": "shot", "id": "s3", "body": told},
    ]
    send(shared, ANN, "POST", f"{path}/parts", {"parts": parts}, 201)
    send(shared, ANN, "POST", f"{path}/comments", {"part": "s1", "text": "念出其中一句"}, 201)
    shared.catalogue.pages.correct(of(file_code(9)), 1, PageText((Line("机密★长期"),), "person:试"))
    tree = send(shared, ANN, "GET", path)["parts"]
    assert [part["id"] for part in tree if part["withdrawn"]] == ["o1", "s1"]
    assert [part["id"] for part in tree if part["body"].get("narration")] == ["s2", "s3"]
    assert send(shared, ANN, "GET", f"{path}/comments")["comments"] == []
    stale = send(shared, ANN, "PATCH", f"{path}/parts/s1", {"version": 9, "body": told}, 409)
    history = send(shared, ANN, "GET", f"{path}/changes")["changes"]
    assert "念出" not in str((stale, [one for one in history if one["part"] == "s1"]))
    assert send(shared, ANN, "GET", f"{path}/sums")["seconds"] == 16
    send(shared, ANN, "DELETE", f"{path}/parts/s1", seen=1)
    shared.catalogue.removal.delete(of(file_code(9)))
    history = send(shared, ANN, "GET", f"{path}/changes")["changes"]
    assert {one["part"] for one in history} == {"", "o2", "s2", "s3"}
