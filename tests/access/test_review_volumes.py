"""A volume's 开放 reaches its files only by an explicit decision in bulk, with a coded reason, by three people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from danghai import app
from holdings.access import OPEN, READING_ROOM, STAFF
from holdings.catalogue import Catalogue
from holdings.errors import BadInput, NotAllowed
from holdings.review_rules import Said
from tests.access.conftest import Door, problem
from tests.access.reviewing import FIRST, SECOND, SIGNER, batch_of, file, put

OPENS = {"status": "开放", "reasons": ["no-limit"]}


def holdings(catalogue: Catalogue) -> list[str]:
    """An open volume with eight files, none open by itself: inherited, closed, unreviewed, about somebody."""
    put(
        catalogue,
        file("J001-1", level="volume", access_status=OPEN, publicity="馆内", fonds_code="J001"),
        file("J001-2", level="volume", access_status="控制", fonds_code="J001"),
        file("J001-3", level="volume", access_status=OPEN, access_basis="随卷", fonds_code="J001"),
        *(file(f"J001-{v}-9", parent=f"990001:J001-{v}") for v in (2, 3)),
    )
    states: list[dict[str, Any]] = [
        *({"access_status": OPEN, "access_basis": "随卷"} for _ in range(6)),
        {"access_status": "未审核"},
        {"access_status": "未审核", "category": "婚姻"},
    ]
    own = file("J001-1-9", parent="990001:J001-1", access_status=OPEN, publicity="馆内")
    put(catalogue, own)
    return put(
        catalogue,
        *(file(f"J001-1-{n}", parent="990001:J001-1", **state) for n, state in enumerate(states, 1)),
    )


def readable(catalogue: Catalogue) -> set[str]:
    return {
        i for ids in catalogue.records.ids() for i, s in catalogue.records.many(ids).items()
        if READING_ROOM in s.audiences
    }  # fmt: skip


def ok(answer: Any) -> Any:
    assert answer.status_code in (200, 503), answer.text
    return answer.json()


def test_a_volume_s_openness_is_carried_to_its_files_by_three_people_and_a_sample(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search_api.closing.LOOK_SECONDS", 0.01)
    files = holdings(door.catalogue)
    before = {"990001:J001-1", "990001:J001-1-9"}
    assert readable(door.catalogue) == before  # nothing is inherited
    roles = {"first": "archivist", "second": "reviewer", "final": "reviewer"}
    keys = {step: door.catalogue.keys.add(STAFF, roles=[role], name=step) for step, role in roles.items()}
    curator = door.catalogue.keys.add(STAFF, roles=["curator"])
    assert door.ask("GET", "/v1/reviews/volumes", curator).status_code == 403
    [volume] = door.ask("GET", "/v1/reviews/volumes", keys["first"]).json()["volumes"]
    assert (volume["record_id"], volume["waiting"]) == ("990001:J001-1", 8)
    new = {"name": "卷内", "volume": volume["record_id"]}
    for bad, status in ((new | {"volume": "990001:J001-2"}, 400), (new | {"volume": "990001:J001-3"}, 400),
                        (new | {"volume": "990001:J001-1-9"}, 400), (new | {"volume": "990001:x"}, 404),
                        (new | {"kind": "web"}, 400), (new | {"ids": []}, 400)):  # fmt: skip
        assert door.ask("POST", "/v1/reviews/batches", keys["first"], json=bad).status_code == status, bad
    assert door.ask("POST", "/v1/reviews/batches", curator, json=new).status_code == 403
    made = ok(door.ask("POST", "/v1/reviews/batches", keys["first"], json=new))
    assert made["taken"] == 8
    batch = f"/v1/reviews/batches/{made['id']}"
    assert "J001-1" in door.ask("GET", batch, keys["first"]).json()["source"]
    bare = {"step": "first", "status": "开放"}
    problem(door.ask("POST", f"{batch}/bulks", keys["first"], json=bare), 400, "bad-input")  # no coded reason
    for step, key in keys.items():
        bulk = ok(door.ask("POST", f"{batch}/bulks", key, json={"step": step, **OPENS}))
        at = f"/v1/reviews/bulks/{bulk['id']}"
        problem(door.ask("POST", f"{at}/apply", key), 409, "conflict")  # the sample was not looked at
        for item in bulk["sample"]:
            review = item["review_id"] if isinstance(item, dict) else item
            ok(door.ask("POST", f"{at}/looks", key, json={"review_id": review, "agrees": True}))
        assert readable(door.catalogue) == before
        other = next(k for s, k in keys.items() if s != step)
        problem(door.ask("POST", f"{at}/apply", other), 403, "not-allowed")
        ok(door.ask("POST", f"{at}/apply", key))
    kept = files[-1]  # of a 民生 kind: the decision stands, and opens it to nobody
    assert readable(door.catalogue) == before | set(files) - {kept}
    for record_id in files:
        decision = door.catalogue.decisions.of(record_id)[0]
        assert (decision.how, decision.status, decision.reasons) == ("review", OPEN, ("no-limit",))
    volumes = door.ask("GET", "/v1/reviews/volumes", keys["first"]).json()["volumes"]
    assert volumes == []


def test_nobody_carries_it_through_two_steps(catalogue: Catalogue) -> None:
    holdings(catalogue)
    reasons = catalogue.review_lists.reasons()
    said = Said(OPEN, reasons=("no-limit",))
    batch = batch_of(catalogue, catalogue.volumes.files("990001:J001-1"))
    bulks = catalogue.bulk_reviews

    def through(step: str, caller: Any) -> list[str]:
        bulk = bulks.propose(batch, step, said, caller, reasons)
        for review_id in bulk.sample:
            bulks.look(bulk.id, review_id, True, "", caller)
        return [end.problem for end in bulks.apply(bulk.id, caller, reasons)]

    assert set(through("first", SECOND)) == {""}
    assert all("不能再办" in why for why in through("second", SECOND))
    assert set(through("second", FIRST)) == {""}
    with pytest.raises(NotAllowed):
        bulks.propose(batch, "final", said, FIRST, reasons)
    assert set(through("final", SIGNER)) == {""}
    with pytest.raises(BadInput, match="都已"):
        catalogue.volumes.files("990001:J001-1")  # all but the 民生 one, which waits no more


def test_the_command_proposes_in_the_name_of_whose_key_it_is(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANGHAI_HOME", str(door.settings.home))
    holdings(door.catalogue)
    key = door.catalogue.keys.add(STAFF, roles=["archivist"], name="试甲")
    curator = door.catalogue.keys.add(STAFF, roles=["curator"], name="试乙")
    run = CliRunner().invoke
    assert "J001-1" in run(app, ["review", "volumes"]).stdout
    asked = ["review", "carry", "J001-1", "--reason", "no-limit", "--json"]
    for given in ("", "dh_wrong\n", f"{curator}\n"):
        assert run(app, asked, input=given).exit_code == 1
    assert run(app, [*asked[:4], "personal", "--json"], input=f"{key}\n").exit_code == 1  # not for 开放
    assert door.catalogue.reviews.batches() == []
    answer = run(app, asked, input=f"{key}\n")
    assert answer.exit_code == 0, answer.stderr
    made = json.loads(answer.stdout)
    bulk = door.catalogue.bulk_reviews.get(made["bulk"])
    assert (made["taken"], bulk.by, bulk.said.reasons, bulk.state) == (8, "试甲", ("no-limit",), "looking")
    assert readable(door.catalogue) == {"990001:J001-1", "990001:J001-1-9"}  # nothing is decided yet
