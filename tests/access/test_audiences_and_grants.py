"""Audiences that are table rows, and grants to one reader, on a whole system."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from danghai import app
from holdings.access import OPEN, PUBLIC, PUBLISHED, READING_ROOM, STAFF
from holdings.catalogue import visibility
from holdings.errors import BadInput, Conflict, NotFound
from tests.api.conftest import System
from tests.api.small_archive import FILES, file_code, file_record, of, small_archive

from .conftest import Door
from .reviewing import file, put

TOMORROW = date.today() + timedelta(days=1)


def add(system: System, name: str, kind: str, **more: Any) -> None:
    system.catalogue.audiences.add(name, kind, **more)
    system.keys[name] = system.catalogue.keys.add(name, name=name)


def names(system: System, audience: str) -> set[str]:
    hits = system.every_hit("", audience, level="file", size=100)
    return {hit["id"] for hit in hits}


@pytest.fixture(scope="module")
def three(make_system: Callable[[], System]) -> System:
    """The small archive with one personal and one internal record, and an audience of each kind."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    from holdings.catalogue import Incoming

    own = {"parent": of("J045-1-1"), "fonds_code": "J045"}
    system.put(
        [
            Incoming(
                file_record(
                    2, id=of(c), reference_code=c, access_status=OPEN, publicity=PUBLISHED, **own, **x
                )
            )
            for c, x in (("J045-1-1-901", {"category": "民生"}), ("J045-1-1-902", {"classification": "内部"}))
        ]
    )
    system.project()
    add(system, "unit-j045", "unit", fonds=["J045"])
    add(system, "partner-a", "partner", fonds=["J045"], until=TOMORROW)
    add(system, "lot-7", "contractor", lot=[of(file_code(4)), of(file_code(5))], until=TOMORROW)
    return system


J045 = {of(file_code(n)) for n in range(FILES) if file_code(n).startswith("J045")}


def test_an_audience_is_not_asked_before_its_index_stands_and_then_holds_what_the_rule_says(
    three: System,
) -> None:
    for name in ("unit-j045", "partner-a", "lot-7"):
        answer = three.ask("/v1/search", name, params={"q": ""})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:danghai:problem:index-missing")
    assert three.rebuild() == 3
    assert names(three, "unit-j045") == J045 | {of("J045-1-1-902")}
    assert names(three, "partner-a") == names(three, READING_ROOM) & J045
    assert names(three, "lot-7") == {of(file_code(4)), of(file_code(5))}
    assert of("J045-1-1-901") not in names(three, PUBLIC)
    assert of("J045-1-1-901") in names(three, STAFF)
    facets = three.search("", "unit-j045", facets="fonds", level="file")["facets"]["fonds"]
    assert {value["value"] for value in facets} == {"J045"}


def test_what_an_audience_reads_by_address_is_what_it_finds(three: System) -> None:
    every = names(three, STAFF)
    for name in ("unit-j045", "partner-a", "lot-7"):
        found = names(three, name)
        for record_id in sorted(every)[::7]:
            for tail in ("", "/citation", "/similar", "/pages/1", "/matches?q=a"):
                status = three.ask(f"/v1/records/{record_id}{tail}", name).status_code
                assert (status == 200) == (record_id in found) or (tail == "/pages/1" and status == 404)
    record = three.get(f"/v1/records/{of(file_code(4))}", "lot-7")
    assert record["extra"] == {}
    assert "storage" not in [field["name"] for field in record["fields"]]


def test_a_closed_ancestor_shows_the_others_only_its_code(three: System) -> None:
    code = "J045-1-2"  # closed itself; its files have their own decisions
    title = "定海县人民政府第2卷"
    inside = next(i for i in sorted(names(three, PUBLIC)) if i.startswith(of(code) + "-"))
    for path, params in (
        (f"/v1/records/{inside}", {}),
        ("/v1/browse", {"parent": of("J045-1")}),
        ("/v1/browse", {"parent": of(code)}),
        (f"/v1/records/{inside}/citation", {"format": "ris"}),
        ("/v1/search", {"within": of(code), "facets": "fonds,series,parent,ancestors", "size": 50}),
        ("/v1/suggest", {"q": "第2卷"}),
    ):
        answer = three.ask(path, PUBLIC, params=params)
        assert answer.status_code == 200
        assert title not in answer.text, path
        if path.startswith("/v1/browse"):
            assert code in answer.text


def test_what_changes_later_reaches_an_added_audience_and_leaves_it(three: System) -> None:
    record_id = next(i for i in sorted(J045) if i in names(three, "partner-a"))
    three.catalogue.records.set_access(record_id, access_status="控制", publicity="", reason="试")
    assert record_id not in names(three, "partner-a")  # at once, before any projector ran
    assert three.ask(f"/v1/records/{record_id}", "partner-a").status_code == 404
    three.project()
    assert record_id not in names(three, "partner-a")
    assert record_id in names(three, "unit-j045")
    three.catalogue.records.set_access(record_id, access_status=OPEN, publicity=PUBLISHED, reason="试")
    three.project()
    assert record_id in names(three, "partner-a")


def test_after_its_last_day_an_audience_sees_nothing_and_its_index_goes(
    three: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        for module in (visibility, __import__("holdings.catalogue.audiences", fromlist=["today"])):
            later.setattr(module, "today", lambda: TOMORROW + timedelta(days=1))
        assert three.ask("/v1/search", "partner-a").status_code == 403
        assert three.ask(f"/v1/records/{next(iter(J045))}", "partner-a").status_code == 404
        three.project()
        assert not (three.settings.index_dir / "partner-a" / "CURRENT").exists()
        assert three.ask("/v1/search", "unit-j045").status_code == 200
    assert three.ask("/v1/search", "partner-a").status_code in (403, 503)


def test_a_removed_audience_is_refused_at_once_and_its_index_deleted(three: System) -> None:
    record_id = of(file_code(4))
    assert three.ask(f"/v1/records/{record_id}", "lot-7").status_code == 200
    three.catalogue.audiences.remove("lot-7")
    assert three.ask("/v1/search", "lot-7").status_code == 403
    assert three.ask("/v1/suggest", "lot-7", params={"q": "渔"}).status_code == 403
    assert three.ask(f"/v1/records/{record_id}", "lot-7").status_code == 404
    with pytest.raises(Conflict):
        three.catalogue.audiences.add("lot-7", "unit", fonds=["J045"])
    three.project()
    assert not (three.settings.index_dir / "lot-7" / "CURRENT").exists()
    assert [a.name for a in three.catalogue.audiences.listing()] == ["partner-a", "unit-j045"]
    with pytest.raises(NotFound):
        three.catalogue.audiences.remove("lot-7")


@pytest.mark.parametrize(
    ("name", "kind", "more"),
    [
        ("staff", "unit", {"fonds": ["J045"]}),
        ("../up", "unit", {"fonds": ["J045"]}),
        ("x1", "staff", {"fonds": ["J045"]}),
        ("x2", "unit", {"fonds": ["J999"]}),
        ("x3", "unit", {}),
        ("x4", "partner", {"fonds": ["J045"]}),
        ("x5", "partner", {"fonds": ["J045"], "until": date(2001, 1, 1)}),
        ("x6", "contractor", {"until": TOMORROW}),
        ("x7", "contractor", {"lot": [of(file_code(1))]}),
        ("x8", "contractor", {"lot": ["990001:nowhere"], "until": TOMORROW}),
    ],
)
def test_an_audience_that_makes_no_sense_is_refused(
    three: System, name: str, kind: str, more: dict[str, Any]
) -> None:
    with pytest.raises((BadInput, Conflict)):
        three.catalogue.audiences.add(name, kind, **more)
    with pytest.raises(BadInput):
        three.catalogue.keys.add(name if name != "staff" else "x0")


# ── grants ─────────────────────────────────────────────────────────────────────


def reader_of(system: System, name: str) -> str:
    """A new public key; its caller's id."""
    system.keys[name] = system.catalogue.keys.add(PUBLIC, name=name)
    caller = system.catalogue.keys.caller(system.keys[name])
    assert caller is not None
    return caller.id


def closed_with_scan(system: System) -> str:
    closed = names(system, STAFF) - names(system, READING_ROOM)
    return next(i for i in sorted(closed) if system.get(f"/v1/records/{i}", STAFF)["pages"])


READ = ("", "/pages/1", "/pages/1/image", "/pages/1/thumbnail", "/citation", "/matches?q=鱼")


def test_a_grant_opens_named_records_by_id_and_never_by_search(archive: System) -> None:
    system, reader = archive, reader_of(archive, "甲")
    reader_of(archive, "乙")
    record_id = closed_with_scan(system)
    given = {"reader": reader, "records": [record_id], "until": str(TOMORROW), "reason": "本人申请已批准"}
    assert system.ask("/v1/grants", "甲", method="POST", json=given).status_code == 403
    made = system.ask("/v1/grants", STAFF, method="POST", json=given)
    assert made.status_code == 201, made.text
    for tail in READ:
        assert system.ask(f"/v1/records/{record_id}{tail}", "甲").status_code == 200, tail
        for other in ("乙", PUBLIC, READING_ROOM):
            assert system.ask(f"/v1/records/{record_id}{tail}", other).status_code == 404
    record = system.get(f"/v1/records/{record_id}", "甲")
    assert (record["extra"], record["flags"]) == ({}, [])
    for path, params in (
        ("/v1/search", {"q": record["title"], "facets": "fonds,genre", "size": 100}),
        ("/v1/search", {"q": record["reference_code"], "mode": "words"}),
        ("/v1/suggest", {"q": record["title"][:6], "size": 20}),
        ("/v1/browse", {"parent": record_id.rsplit("-", 1)[0], "size": 200}),
    ):
        mine, others = (system.ask(path, who, params=params) for who in ("甲", "乙"))
        assert mine.status_code == others.status_code
        assert [hit["id"] for hit in mine.json().get("hits", [])] == [
            hit["id"] for hit in others.json().get("hits", [])
        ]
        assert f'"id":"{record_id}"' not in mine.text
    assert system.ask(f"/v1/records/{record_id}/similar", "甲").status_code == 404
    for change in ("access", "pages/1/text"):
        path = f"/v1/records/{record_id}/{change}"
        assert system.ask(path, "甲", method="PUT", json={}).status_code in (403, 422)
    mine = system.get("/v1/grants/mine", "甲")["records"]
    assert [(m["id"], m["until"]) for m in mine] == [(record_id, str(TOMORROW))]
    assert system.get("/v1/grants/mine", "乙") == system.get("/v1/grants/mine") == {"records": []}


def test_after_its_date_or_when_revoked_a_granted_record_is_not_found(
    archive: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, record_id = reader_of(archive, "丙"), closed_with_scan(archive)
    grants = archive.catalogue.grants
    grant = grants.add(reader, [record_id], until=date.today(), reason="试", by="试")
    assert archive.ask(f"/v1/records/{record_id}", "丙").status_code == 200
    with monkeypatch.context() as later:
        later.setattr("holdings.catalogue.grants.today", lambda: TOMORROW)
        never = archive.ask(f"/v1/records/{of('never-was')}", "丙")
        after = archive.ask(f"/v1/records/{record_id}", "丙")
        assert (after.status_code, after.content) == (404, never.content)
        assert archive.get("/v1/grants/mine", "丙") == {"records": []}
    path = f"/v1/grants/{grant.id}"
    assert archive.ask(path, "丙", method="DELETE").status_code == 403
    assert archive.ask(path, STAFF, method="DELETE").status_code == 200
    assert archive.ask(path, STAFF, method="DELETE").status_code == 404
    assert archive.ask(f"/v1/records/{record_id}", "丙").status_code == 404
    (listed,) = archive.get("/v1/grants", STAFF, reader=reader)
    assert (listed["stands"], bool(listed["revoked_by"])) == (False, True)


def test_a_grant_names_what_is_here_and_a_day_to_come(archive: System) -> None:
    grants, record_id = archive.catalogue.grants, closed_with_scan(archive)
    for reader, records, until in (
        ("key:1", ["990001:nowhere"], TOMORROW),
        ("key:1", [], TOMORROW),
        ("", [record_id], TOMORROW),
        ("key:1", [record_id], date.today() - timedelta(days=1)),
    ):
        with pytest.raises(BadInput):
            grants.add(reader, records, until=until, reason="试", by="试")
    assert not grants.opens("", record_id)


# ── decisions of one's own ─────────────────────────────────────────────────────


def test_a_package_does_not_undo_a_decision_made_here_but_may_close(fresh: System) -> None:
    from holdings.catalogue import Incoming

    record = file_record(0)
    assert record.access_status == OPEN
    fresh.catalogue.records.set_access(record.id, access_status="控制", publicity="", reason="试")
    fresh.put([Incoming(record)], update=True)
    stored = fresh.catalogue.records.get(record.id)
    assert stored is not None
    assert (stored.record.access_status, stored.audiences) == ("控制", {STAFF})
    fresh.catalogue.records.set_access(record.id, access_status=OPEN, publicity=PUBLISHED, reason="试")
    fresh.put([Incoming(file_record(0, access_status="延期开放"))], update=True)
    stored = fresh.catalogue.records.get(record.id)
    assert stored is not None
    assert (stored.record.access_status, stored.audiences) == ("延期开放", {STAFF})


def test_a_contractor_s_lot_may_be_an_accession(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """By 来源 or by a column of the archive's own; files alone, and what is not of it stays out."""
    monkeypatch.setenv("DANGHAI_HOME", str(door.settings.home))
    said = "2024年市民政局移交第三批"
    ids = put(
        door.catalogue,
        file("J009-1", level="fonds", acquisition=said),
        file("J009-1-1", acquisition=said),
        file("J009-1-2", extra={"移交批次": said}),
        file("J009-1-3", acquisition=f"{said}之外"),
        file("J009-1-4", notes=said),
    )
    run, add_ = (
        CliRunner().invoke,
        ["audiences", "add", "lot-8", "--kind", "contractor", "--until", "2099-12-31"],
    )
    unknown = run(app, [*add_, "--accession", "没有这一批"])
    assert (unknown.exit_code, "没有移交批次" in unknown.stderr) == (1, True)
    assert run(app, [*add_, "--accession", said]).exit_code == 0
    seen = door.catalogue.records.many(ids)
    assert {i for i in ids if "lot-8" in seen[i].audiences} == {ids[1], ids[2]}
