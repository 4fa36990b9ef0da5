"""Public forms: what a person wrote for others stands in the place of what names somebody, on every surface."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from holdings.access import OPEN, PUBLIC, PUBLISHED, READING_ROOM, STAFF
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage, descriptions
from holdings.documents import Material, document
from holdings.errors import BadInput
from holdings.public_forms import formed, left_out, outer, still_said
from holdings.publishing.going_out import export
from holdings.records import FORMED_FIELDS, Line, PageText, PublicForm
from holdings.signing import make_key
from indexer.materials import materials
from tests.api.conftest import System
from tests.api.small_archive import file_record, of, small_archive
from tests.noninterference.surfaces import World, calls, operations

NAME = "琴屿阿婆"
RECORD, VOLUME = of("J045-1-1-960"), of("J045-1-1")
OUTER = (PUBLIC, READING_ROOM)
ORIGINAL = file_record(
    3, id=RECORD, reference_code="J045-1-1-960", parent=VOLUME, fonds_code="J045", access_status=OPEN,
    publicity=PUBLISHED, title=f"{NAME}关于房屋纠纷的申请", abstract=f"{NAME}陈述房屋来历。", persons=(NAME, "村长"),
    creators=(f"{NAME}代书", "定海县政府"), attachments=(f"{NAME}地契",), notes=f"{NAME}已故。",
    keywords=("房屋纠纷",), parallel_title="", genre="公函", category="行政",
)  # fmt: skip
FORMS: dict[str, Any] = {
    "title": "某××关于房屋纠纷的申请",
    "abstract": "陈述房屋来历。",
    "persons": ["某××", "村长"],
    "creators": ["定海县政府"],
    "attachments": [],
    "notes": "",
}
WHY = PublicForm((), "privacy", "", "试甲（key:1）", "2026-03-02T08:00:00+00:00")


# ── the pure part ──────────────────────────────────────────────────────────────


def test_the_record_as_others_see_it_holds_the_public_form_alone() -> None:
    record = formed(ORIGINAL, FORMS, WHY)
    seen = outer(record)
    assert seen == replace(
        ORIGINAL, title=FORMS["title"], abstract=FORMS["abstract"], persons=("某××", "村长"),
        creators=("定海县政府",), attachments=(), notes="",
    )  # fmt: skip
    assert NAME not in str(seen)
    assert descriptions.from_json(descriptions.to_json(record)) == record
    assert outer(ORIGINAL) is ORIGINAL
    back = formed(record, dict.fromkeys(FORMS), WHY)
    assert back == ORIGINAL


def test_where_the_left_out_words_are_still_read_is_said() -> None:
    record = formed(ORIGINAL, {"title": FORMS["title"]}, WHY)
    assert left_out(record) == [NAME]
    names, pages = still_said(record, [(1, "無關"), (2, f"立據人{NAME}")])
    assert names == ["creators", "attachments", "abstract", "persons", "notes"]
    assert pages == [2]
    assert still_said(formed(ORIGINAL, FORMS, WHY), [(1, "無關")]) == ([], [])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "privacy"),
        ({"title": "某"}, "because"),
        ({"reference_code": "J1"}, "privacy"),
        ({"title": " "}, "privacy"),
        ({"title": ["某"]}, "privacy"),
        ({"persons": "某"}, "privacy"),
        ({"notes": "长" * 4001}, "privacy"),
    ],
)
def test_what_cannot_be_a_public_form_is_refused(given: dict[str, Any], code: str) -> None:
    with pytest.raises(BadInput):
        formed(ORIGINAL, given, replace(WHY, code=code))


# ── on a whole system ──────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def system(make_system: Callable[[], System]) -> System:
    made = make_system()
    box = small_archive(made.store)
    text = PageText((Line("右列各項業經核准在案", (1, 2, 300, 40)),), "ocr:test@1")
    page = IncomingPage(1, made.store.put(b"page"), "text", 0, "text/plain", "0001.txt", 0, 0, text)
    original = made.store.put(f"原件：{NAME}".encode())
    attached = IncomingAttachment("原件.txt", original, "text/plain", 20, f"附件 {NAME}")
    incoming = [
        replace(i, record=replace(i.record, title=f"{NAME}一案卷")) if i.record.id == VOLUME else i
        for i in box.incoming
    ]
    made.put([*incoming, Incoming(ORIGINAL, [page], [attached])])
    made.project()
    return made


def put(system: System, record_id: str, fields: dict[str, Any], who: str = STAFF) -> Any:
    body = {"fields": fields, "code": "privacy"}
    return system.ask(f"/v1/records/{record_id}/public-form", who, method="PUT", json=body)


def found(system: System, audience: str, q: str) -> bool:
    hits = system.search(q, audience, mode="words", size=100)["hits"]
    return RECORD in [hit["id"] for hit in hits]


def test_no_surface_says_what_a_public_form_hides(
    system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for audience in (*OUTER, STAFF):
        assert found(system, audience, NAME)
    assert put(system, RECORD, FORMS, READING_ROOM).status_code == 403
    monkeypatch.setattr("search_api.closing.WAIT_SECONDS", 0.1)
    monkeypatch.setattr("search_api.closing.LOOK_SECONDS", 0.05)
    assert (
        put(system, RECORD, FORMS).status_code == 503
    )  # no projector runs: it says so, and hides all the same
    assert put(system, VOLUME, {"title": "某××一案卷"}).status_code == 503
    _silent(system, searches=4)
    system.project()
    _silent(system, searches=12)
    assert {r.audience for r in system.catalogue.outbox.rebuilds()} == set(OUTER)
    system.rebuild()
    _silent(system, searches=4)
    for audience in OUTER:
        assert found(system, audience, "某××关于房屋纠纷")
        assert system.get(f"/v1/records/{RECORD}", audience)["title"] == FORMS["title"]
        assert system.get(f"/v1/records/{RECORD}", audience)["attachments"] == []
    assert found(system, STAFF, NAME)
    record = system.get(f"/v1/records/{RECORD}", STAFF)
    assert (record["title"], len(record["attachments"])) == (ORIGINAL.title, 1)
    _no_package_says_it(system, tmp_path)
    _the_index_is_that_of_one_that_never_held_it(system)


def _silent(system: System, *, searches: int) -> None:
    """Every operation asked as every kind of caller but staff, with nothing of the name in the question."""
    seen = [outer(formed(ORIGINAL, FORMS, WHY))]
    about = World(seen, [replace(seen[0], id=of("J045-1-1-999"))])
    document_ = system.client.get("/openapi.json").json()
    for audience in OUTER:
        for operation in operations(document_):
            if "sign-in" in operation.path or "enrol" in operation.path:  # hashes passwords, tells nothing
                continue
            for call in calls(operation, about, Random(7), searches):
                answer = system.ask(
                    call.path, audience, method=(call.method or operation.method).upper(),
                    params=call.params, headers=call.headers, json=call.json,
                )  # fmt: skip
                assert NAME not in answer.text, str(call)
        for mode in ("words", "hybrid", "meaning"):
            hits = system.search(NAME, audience, mode=mode, size=100, facets="persons,creators,fonds")
            assert NAME not in str(hits["hits"]) + str(hits["facets"])
            assert mode != "words" or hits["hits"] == []
        assert system.get("/v1/suggest", audience, q=NAME[:2])["suggestions"] == []
        browsed = system.ask("/v1/browse", audience, params={"parent": VOLUME, "size": 200})
        assert NAME not in browsed.text


def _no_package_says_it(system: System, stick: Path) -> None:
    make_key(system.settings.publish_key_file)
    made = export(system.settings, system.catalogue, stick)
    assert made is not None
    with zipfile.ZipFile(made[0]) as package:
        said = {name: package.read(name).decode("utf-8", "replace") for name in package.namelist()}
    assert any(FORMS["title"] in text for text in said.values())
    assert [name for name, text in said.items() if NAME in text or "public_forms" in text] == []


def _the_index_is_that_of_one_that_never_held_it(system: System) -> None:
    material = materials(system.catalogue, [RECORD])[RECORD]
    seen = material.seen(staff=False)
    never = Material.of(
        replace(material.stored, record=outer(formed(ORIGINAL, FORMS, WHY))),
        system.catalogue.pages.of(RECORD), (), material.ancestors,
    )  # fmt: skip
    assert document(seen, PUBLIC, list, {}) == document(never, PUBLIC, list, {})
    assert document(seen, PUBLIC, list, {}) != document(material.seen(staff=True), PUBLIC, list, {})


def test_a_new_delivery_of_the_same_record_does_not_bring_the_name_back(system: System) -> None:
    system.put([Incoming(replace(ORIGINAL, notes=f"{NAME}再记。", title=f"{NAME}又一申请"))], update=True)
    system.project()
    answer = system.get(f"/v1/records/{RECORD}", PUBLIC)
    assert answer["title"] == FORMS["title"]
    assert not found(system, PUBLIC, NAME)
    assert system.get(f"/v1/records/{RECORD}", STAFF)["title"] == f"{NAME}又一申请"


def test_the_preview_of_a_review_shows_the_public_form(system: System) -> None:
    from search_api.previewing import would_hold

    stored = system.catalogue.records.get(RECORD)
    assert stored is not None
    house = system.client.app.state.house  # type: ignore[attr-defined]
    (would,) = system.client.portal.call(would_hold, house, [stored])  # type: ignore[union-attr]
    assert NAME not in str(would)


def test_staff_read_both_forms_and_who_wrote_them_and_take_them_away(system: System) -> None:
    said = system.get(f"/v1/records/{RECORD}/public-form", STAFF)
    assert [f["name"] for f in said["fields"]] == list(FORMED_FIELDS)
    title = said["fields"][0]
    assert (title["original"], title["public"], title["reason"]) == (
        f"{NAME}又一申请", FORMS["title"], "个人隐私",
    )  # fmt: skip
    assert title["by"]
    assert (said["still_in"], said["still_on"]) == ([], [])
    assert system.ask(f"/v1/records/{RECORD}/public-form", READING_ROOM).status_code == 403
    assert put(system, of("J045-nothing"), {"title": "某"}).status_code == 404
    assert put(system, RECORD, dict.fromkeys(FORMS)).status_code == 200
    assert put(system, VOLUME, {"title": None}).status_code == 200
    system.project()
    assert found(system, PUBLIC, NAME)
    reasons = [reason for _, _, reason in system.catalogue.records.versions(RECORD)]
    assert sum(reason.startswith("公开著录：个人隐私") for reason in reasons) == 2


def test_the_way_out_reads_records_through_the_house_alone() -> None:
    """Whoever asks the catalogue itself would show what a public form hides: only those may who show nothing
    of the record (whether it exists, who could see it, whether it is closed)."""
    rooms = Path(__file__).parents[2] / "search_api"
    asks = re.compile(r"catalogue\.records\b(?!\s+import)(?:\.(\w+))?")
    asked = {(p.name, m) for p in rooms.glob("*.py") for m in asks.findall(p.read_text("utf-8"))}
    assert asked == {
        ("house.py", ""), ("closing.py", "seen_if"), ("auditing.py", "many"), ("routes_house.py", "get"),
        ("routes_public_forms.py", "set_public_forms"), ("offering.py", "ids_of_codes"),
    }  # fmt: skip
