"""Plans over HTTP, on the small archive: from sections and labels through eight people to a published exhibition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from holdings.access import OPEN as OPENED
from holdings.access import PUBLIC, PUBLISHED, STAFF, Caller
from holdings.errors import Conflict, NotFound
from holdings.identifiers import check_digit
from holdings.plan_rules import STEPS
from holdings.records import Line, PageText
from search_api.editions import act
from search_api.plans import load
from tests.api.conftest import System
from tests.api.small_archive import THEMES, file_code, file_record, of, small_archive
from tests.api.test_projects import send

CURATOR = "curator"
#: Who does which step; nobody does two.
PEOPLE = dict(zip(STEPS, (CURATOR, "a", "b", "chief", "c", "d", "e", "opener"), strict=True))
ROLES = {CURATOR: "curator", "chief": "admin", "opener": "reviewer"}
LABEL = "查本县沈家门渔民登记事宜，业经各乡保甲造册呈报，漁船均須領取旗照。" * 3
QUOTED = "漁民登記事宜，業經各鄉保甲造冊呈報"
IN_ORDER = {
    "label": LABEL,
    "quotation": {"text": QUOTED, "page": 1},
    "rights": {"copyright": "official"},
}
_numbers = iter(range(100))


@pytest.fixture(scope="module")
def house(make_system: Callable[[], System]) -> System:
    """The small archive, not indexed, with a key for each of eight people."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    for name in PEOPLE.values():
        role = ROLES.get(name, "archivist")
        system.keys[name] = system.catalogue.keys.add(STAFF, roles=[role], name=name)
    return system


def planned(system: System, *objects: dict[str, Any]) -> tuple[str, list[str]]:
    """An exhibition of one section with these objects, shared for reading with all who review; its address and the
    objects' keys, every label approved."""
    slug = f"yu-gang-{next(_numbers)}"
    body = {"slug": slug, "lead": "前言。", "organisers": ["蓬屿市档案馆"]}
    made = send(
        system, CURATOR, "POST", "projects", {"kind": "exhibition", "name": "渔港", "body": body}, 201
    )
    path = f"projects/{made['id']}"
    for role in ("archivist", "reviewer"):
        send(system, CURATOR, "PUT", f"{path}/sharing", {"holder": f"role:{role}", "may": "read"})
    parts = [{"kind": "section", "id": "s1", "body": {"title": "登记", "text": "说明。"}}]
    parts += [{"kind": "object", "parent": "s1", **one} for one in objects]
    added = send(system, CURATOR, "POST", f"{path}/parts", {"parts": parts}, 201)["parts"]
    keys = [part["id"] for part in added[1:]]
    approve(system, path, {k: o["body"].get("label", "") for k, o in zip(keys, objects, strict=True)})
    return path, keys


def approve(system: System, path: str, labels: dict[str, str], status: int = 200) -> Any:
    given = [{"part": part, "label": label} for part, label in labels.items()]
    return send(system, CURATOR, "POST", f"{path}/labels", {"labels": given}, status)


def on(number: int, **body: Any) -> dict[str, Any]:
    """An object on file `number` of the small archive."""
    return {"record": of(file_code(number)), "body": IN_ORDER | body}


def step(system: System, who: str, path: str, name: str, status: int = 200, words: str = "") -> Any:
    seen = send(system, who, "GET", f"{path}/stage")["digest"]
    return send(system, who, "POST", f"{path}/stage", {"step": name, "words": words, "seen": seen}, status)


def through(system: System, path: str, *steps: str) -> Any:
    told = None
    for name in steps:
        told = step(system, PEOPLE[name], path, name)
    return told


def lights(system: System, path: str, part: str) -> dict[str, str]:
    told = send(system, CURATOR, "GET", f"{path}/checks")
    own = next(one for one in told["exhibits"] if one["part"] == part)
    return {check["name"]: check["light"] for check in own["checks"]}


def shown(system: System, slug: str) -> list[str]:
    """Keys of the exhibits that the public is shown now."""
    stored = system.catalogue.editions.latest(slug)
    gone = system.catalogue.editions.gone(stored, PUBLIC)
    return [e["key"] for s in stored.body["sections"] for e in s["exhibits"] if e["record_id"] not in gone]


OUTSIDE = {
    "body": {
        "title": "渔民旗照",
        "date": "1948年",
        "date_from": "1948-01-01",
        "label": LABEL,
        "rights": {"copyright": "licensed", "portrait": "none", "donor": "none"},
        "outside": {"kind": "museum", "owner": "蓬屿博物馆", "number": "B-12", "agreement": "2026 借 3 号"},
    }
}


def test_an_exhibition_goes_through_eight_people_to_the_public(house: System) -> None:
    path, (first, second, lent) = planned(house, on(0), on(6), OUTSIDE)
    told = send(house, CURATOR, "GET", f"{path}/checks")
    assert told["publishable"], told
    now = send(house, "a", "GET", f"{path}/stage")
    assert (now["stage"], now["step"], now["mine"]) == ("draft", "submit", False)
    assert "角色" in now["why"]
    assert send(house, CURATOR, "GET", f"{path}/stage")["why"] == ""
    for name in STEPS:
        for other in {*PEOPLE.values()} - {PEOPLE[name]}:
            done = STEPS[: STEPS.index(name)]
            if other in [PEOPLE[earlier] for earlier in done]:
                step(house, other, path, name, status=403)
        step(house, CURATOR, path, "publish", status=409)
        now = step(house, PEOPLE[name], path, name, words=f"{name} 可以")
    assert (now["stage"], now["step"]) == ("cleared", "publish")
    assert [(act["step"], act["by"]) for act in now["done"]] == list(PEOPLE.items())
    assert all(act["at"] and act["words"] for act in now["done"])
    published = step(house, CURATOR, path, "publish")
    assert (published["stage"], published["published"]["edition"]) == ("published", 1)

    edition = house.catalogue.editions.latest(published["slug"]).body
    exhibits = {e["key"]: e for s in edition["sections"] for e in s["exhibits"]}
    assert list(exhibits) == [first, second, lent]
    assert exhibits[first]["quotation"] == {"text": QUOTED, "record_id": of(file_code(0)), "page": 1}
    assert exhibits[first]["pictures"][0]["alt"]
    assert (exhibits[lent]["record_id"], exhibits[lent]["outside"]["number"]) == ("", "B-12")
    assert [entry["day"] for entry in edition["chronology"]] == ["1930", "1936"]
    again = send(house, CURATOR, "GET", f"{path}/edition")["edition"]
    assert again == edition

    # A change of what visitors see begins anew, and what is published stays as it was.
    tree = {part["id"]: part for part in send(house, CURATOR, "GET", path)["parts"]}
    at, version = f"{path}/parts/{second}", tree[second]["version"]
    body = tree[second]["body"]
    moved = body | {"original": body["original"] | {"depth": 2, "light": 50}}
    version = send(house, CURATOR, "PATCH", at, {"version": version, "body": moved})["version"]
    assert send(house, CURATOR, "GET", f"{path}/stage")["stage"] == "published"
    changed = moved | {"notes": ["注"]}
    send(house, CURATOR, "PATCH", at, {"version": version, "body": changed})
    now = send(house, CURATOR, "GET", f"{path}/stage")
    assert (now["stage"], now["changed"], now["done"]) == ("draft", True, [])
    assert now["published"]["edition"] == 1
    assert len(now["acts"]) == 3 + len(STEPS) + 1
    assert shown(house, now["slug"]) == [first, second, lent]
    through(house, path, *STEPS)
    assert step(house, CURATOR, path, "publish")["published"]["edition"] == 2
    assert step(house, CURATOR, path, "archive")["stage"] == "archived"


def test_nothing_is_published_while_a_check_fails_and_all_of_them_are_listed(house: System) -> None:
    reading_room = 2
    assert file_record(reading_room).publicity != PUBLISHED
    short = {"record": of(file_code(1)), "body": IN_ORDER | {"label": "太短", "rights": {}}}
    path, (first, closed, bad) = planned(house, on(0), on(reading_room, quotation=None), short)
    told = send(house, CURATOR, "GET", f"{path}/checks")
    assert not told["publishable"]
    through(house, path, *STEPS[:-1])
    refused = step(house, "opener", path, "openness", status=409)
    assert refused["type"].endswith(":checks-fail")
    assert [(f["part"], f["check"]) for f in refused["failing"]] == [(closed, "web")]
    step(house, "opener", path, "return", status=400)
    assert step(house, "opener", path, "return", words="第二件没有上网")["returned"]["by"] == "opener"

    # The law opens it; the curator's own faults are left.
    house.catalogue.records.set_access(of(file_code(reading_room)), access_status=OPENED, publicity=PUBLISHED)
    through(house, path, *STEPS)
    refused = step(house, CURATOR, path, "publish", status=409)
    failing = {(f["part"], f["check"]) for f in refused["failing"]}
    assert failing == {(bad, "copyright"), (bad, "label"), (bad, "quotation")}
    assert all(f["reason"] and f["todo"] for f in refused["failing"])
    assert first not in {part for part, _ in failing}
    slug = send(house, CURATOR, "GET", path)["project"]["body"]["slug"]
    with pytest.raises(NotFound):
        house.catalogue.editions.latest(slug)


def test_a_corrected_page_turns_its_caption_red(house: System) -> None:
    path, (part,) = planned(house, on(18))
    assert lights(house, path, part)["quotation"] == "green"
    lines = ("沈家门第1頁", THEMES[0][1].replace("漁民", "漁戶"))
    text = PageText(tuple(Line(line) for line in lines), "person:校对")
    house.catalogue.pages.correct(of(file_code(18)), 1, text)
    assert lights(house, path, part)["quotation"] == "red"
    told = send(house, CURATOR, "GET", f"{path}/checks")
    assert not told["publishable"]
    assert told["exhibits"][0]["light"] == "red"


def test_a_persons_number_in_any_words_that_visitors_read_keeps_it_back(house: System) -> None:
    """Plainly invented. A final X is written large, digits full-width; a quoted page need not be shown."""
    number = next(n for n in (f"33090219300517{i:03}" for i in range(99)) if check_digit(n) == "x") + "X"
    wide = number.translate({ord(str(n)): ord("０") + n for n in range(10)})
    text = PageText((Line("沈家门第2頁"), Line(f"持證人{number}")), "person:校对")
    house.catalogue.pages.correct(of(file_code(13)), 2, text)
    cited = on(13, pages=[1], quotation={"text": f"持證人{number}", "page": 2})
    path, parts = planned(house, on(0, notes=[f"号 {wide}"]), on(6, rights={"said": number}), cited)
    assert {lights(house, path, part)["redacted"] for part in parts} == {"red"}
    path, (part,) = planned(house, on(0))
    assert lights(house, path, part)["redacted"] != "red"
    assert send(house, CURATOR, "GET", f"{path}/checks")["publishable"]
    given = {"version": 1, "body": {"title": "登记", "text": f"{wide}。"}}
    send(house, CURATOR, "PATCH", f"{path}/parts/s1", given)
    told = send(house, CURATOR, "GET", f"{path}/checks")
    assert not told["publishable"]
    assert "身份证号" in told["plan"][0]["reason"]


def test_a_withdrawn_record_leaves_at_once_and_its_curator_is_told(house: System) -> None:
    path, (kept, closed, held) = planned(house, on(0), on(36), on(42))
    through(house, path, *STEPS)
    slug = step(house, CURATOR, path, "publish")["slug"]
    assert shown(house, slug) == [kept, closed, held]
    mine = {plan["slug"]: plan for plan in send(house, CURATOR, "GET", "me/plans")["plans"]}
    assert mine[slug]["withdrawn"] == []

    house.catalogue.records.set_access(of(file_code(36)), access_status="控制", publicity="")
    house.catalogue.pages.correct(of(file_code(42)), 1, PageText((Line("机密★长期"),), "person:试"))
    assert shown(house, slug) == [kept]
    mine = {plan["slug"]: plan for plan in send(house, CURATOR, "GET", "me/plans")["plans"]}
    told = {one["part"]: one for one in mine[slug]["withdrawn"]}
    assert set(told) == {closed, held}
    assert told[closed]["title"] == file_record(36).title
    assert told[held]["title"] == ""
    assert (lights(house, path, closed)["open"], lights(house, path, held)["stands"]) == ("red", "red")
    edition = send(house, CURATOR, "GET", f"{path}/edition")["edition"]
    assert [e["key"] for s in edition["sections"] for e in s["exhibits"]] == [kept]
    assert file_record(42).title not in str((mine, edition, send(house, CURATOR, "GET", f"{path}/checks")))


def test_an_approval_falls_with_its_words_and_nobody_approves_what_they_did_not_read(house: System) -> None:
    path, (part,) = planned(house, on(0))
    approve(house, path, {part: LABEL + "。"}, status=409)
    approve(house, path, {"s1": "登记"}, status=404)
    at = f"{path}/parts/{part}"
    send(house, CURATOR, "PATCH", at, {"version": 1, "body": IN_ORDER | {"label": LABEL + "改。"}})
    assert lights(house, path, part)["label"] == "red"
    send(house, "a", "POST", f"{path}/labels", {"labels": [{"part": part, "label": LABEL + "改。"}]}, 403)
    approve(house, path, {part: LABEL + "改。"})
    assert lights(house, path, part)["label"] == "green"
    seen = send(house, CURATOR, "GET", f"{path}/stage")["digest"]
    send(house, CURATOR, "PATCH", path, {"version": 1, "name": "渔港二"})
    stale = {"step": "submit", "seen": seen}
    assert "您所见的" in send(house, CURATOR, "POST", f"{path}/stage", stale, 409)["detail"]


def test_an_address_stays_its_exhibitions(house: System) -> None:
    path, _ = planned(house, on(0))
    through(house, path, *STEPS)
    slug = step(house, CURATOR, path, "publish")["slug"]
    other, _ = planned(house, on(6))
    project = send(house, CURATOR, "GET", other)["project"]
    body = project["body"] | {"slug": slug}
    send(house, CURATOR, "PATCH", other, {"version": project["version"], "body": body})
    through(house, other, *STEPS)
    assert slug in step(house, CURATOR, other, "publish", status=409)["detail"]
    assert shown(house, slug)


def test_an_edition_is_published_with_its_act_or_not_at_all(house: System) -> None:
    """Somebody returns the plan while it is being published: nothing of it stands before the public."""
    path, _ = planned(house, on(0))
    through(house, path, *STEPS)
    rooms = house.client.app.state.house  # type: ignore[attr-defined]
    own = send(house, CURATOR, "GET", path)["project"]
    curator = Caller(STAFF, frozenset({"curator"}), CURATOR, own["owner_id"])
    seen = load(rooms, curator, own["id"])
    step(house, "a", path, "return", words="导言要改")
    with pytest.raises(Conflict):
        act(rooms, seen, curator, "publish", "", seen.digest)
    with pytest.raises(NotFound):
        house.catalogue.editions.latest(own["body"]["slug"])
    assert step(house, CURATOR, path, "submit")["stage"] == "review"


def test_a_plan_that_was_taken_away_goes_no_further(house: System) -> None:
    path, (part,) = planned(house, on(0))
    through(house, path, *STEPS)
    version = send(house, CURATOR, "GET", path)["project"]["version"]
    send(house, CURATOR, "DELETE", path, seen=version)
    assert "已移去" in step(house, CURATOR, path, "publish", 409)["detail"]
    approve(house, path, {part: LABEL}, 409)
    changes = send(house, CURATOR, "GET", f"{path}/changes", size=1)["changes"]
    send(house, CURATOR, "POST", f"{path}/changes/{changes[0]['id']}/undo")
    step(house, CURATOR, path, "publish")
    version = send(house, CURATOR, "GET", path)["project"]["version"]
    send(house, CURATOR, "DELETE", path, seen=version)
    assert step(house, CURATOR, path, "archive")["stage"] == "archived"


def test_drafts_gaps_and_sums(house: System) -> None:
    path, (part, _) = planned(house, on(0, label=""), OUTSIDE)
    told = send(house, CURATOR, "GET", f"{path}/label-drafts", part=part)
    text = "".join(file_record(0).abstract.split()) + THEMES[0][1]
    for draft in told["drafts"]:
        assert draft["length"] <= 150
        for sentence in draft["sentences"]:
            assert sentence["field"] not in ("", "abstract") or sentence["words"] in text
    assert told["quotations"][0]["page"] == 1
    gaps = send(house, CURATOR, "GET", f"{path}/gaps")
    assert (gaps["liberation"], gaps["gaps"]) == ("1950-05-17", [])
    more = [
        {"kind": "section", "id": "s2", "body": {"title": "空", "wanted": "征集旗照。"}},
        {"kind": "task", "body": {"title": "借展", "due": "2020-01-01"}},
        {"kind": "budget", "body": {"item": "展板", "category": "printing", "planned": 100_00}},
        {"kind": "case", "id": "c1", "body": {"name": "柜一", "width": 100}},
        {"kind": "shot", "body": {"seconds": 5, "narration": "字" * 21}},
    ]
    send(house, CURATOR, "POST", f"{path}/parts", {"parts": more}, 201)
    gaps = send(house, CURATOR, "GET", f"{path}/gaps")
    assert [(gap["section"], gap["kind"], gap["taken"]) for gap in gaps["gaps"]] == [("s2", "empty", True)]
    assert gaps["wanted"] == [{"section": "s2", "title": "空", "wanted": "征集旗照。"}]
    sums = send(house, CURATOR, "GET", f"{path}/sums")
    assert (sums["planned"], sums["left"], sums["seconds"], len(sums["hurried"])) == (100_00, -100_00, 5, 1)
    assert [task["state"] for task in sums["tasks"]] == ["late"]
    assert len(sums["unplaced"]) == 2


def test_plans_are_of_exhibitions_and_for_colleagues(house: System) -> None:
    made = send(house, CURATOR, "POST", "projects", {"kind": "collection", "name": "资料"}, 201)
    send(house, CURATOR, "GET", f"projects/{made['id']}/checks", status=400)
    path, _ = planned(house, on(0))
    for asked in ("checks", "gaps", "sums", "stage", "edition", "label-drafts?part=s1"):
        for audience in ("reading_room", PUBLIC):
            assert house.ask(f"/v1/{path}/{asked}", audience).status_code == 403
    send(house, "a", "PATCH", path, {"version": 1, "name": "改"}, 403)
    step(house, "a", path, "submit", status=403)
