"""Themes, series, anniversaries over HTTP, on the small archive."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from curation import apart
from holdings.access import STAFF
from holdings.records import Line, PageText
from tests.api.conftest import System
from tests.api.small_archive import FILES, THEMES, file_code, of


@pytest.fixture(autouse=True)
def in_earnest(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that tests keep busy, what gives way to all else would hardly come to an end."""
    monkeypatch.setattr(apart, "GIVES_WAY", 0)


@pytest.fixture(scope="module")
def curated(make_system: Callable[[], System]) -> System:
    """The small archive with a curator's key under STAFF; tests use series of their own."""
    from tests.api.small_archive import small_archive

    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.project()
    return curators(system)


def curators(system: System) -> System:
    system.keys["archivist"] = system.keys[STAFF]
    system.keys[STAFF] = system.catalogue.keys.add(STAFF, roles=["curator"], name="编研员")
    return system


def send(system: System, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer: httpx.Response = system.ask(path, STAFF, method=method, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def discovered(system: System, **wanted: Any) -> Any:
    """A run, once it is done."""
    run = send(system, "POST", "/v1/themes", wanted, 202)
    while run["state"] in ("waiting", "running"):
        time.sleep(0.1)
        run = system.get(f"/v1/themes/{run['id']}", STAFF)["run"]
    assert run["state"] == "done", run
    return system.get(f"/v1/themes/{run['id']}", STAFF)


# ── themes ─────────────────────────────────────────────────────────────────────


def test_themes_of_everything_are_the_subjects_of_the_files(curated: System) -> None:
    found = discovered(curated, fineness="fine")
    assert (found["total"], found["taken"], found["unplaced"], found["by"]) == (FILES, FILES, 0, "all")
    assert sum(theme["size"] for theme in found["themes"]) + found["none"] == FILES
    points = curated.get(f"/v1/themes/{found['run']['id']}/points", STAFF)
    assert points["drawn"] == FILES
    subject = {of(file_code(n)): THEMES[n % len(THEMES)][0] for n in range(FILES)}
    for theme in found["themes"]:
        own = [subject[p["id"]] for p in points["points"] if p["theme"] == theme["number"]]
        assert len(own) == theme["size"]
        most = max(set(own), key=own.count)
        assert own.count(most) / len(own) > 0.6, (theme["words"], own)
        assert theme["words"]
        assert {subject[one["id"]] for one in theme["core"]} <= set(own)
    assert {place["name"] for place in points["places"]} == {"沈家门", "定海", "岱山", "普陀山"}
    assert all(29 < place["latitude"] < 31 and 121 < place["longitude"] < 123 for place in points["places"])


def test_the_same_seed_gives_the_same_map_in_another_process(curated: System) -> None:
    runs = [discovered(curated, q="灯塔", seed=3) for _ in range(2)]
    first, second = (curated.get(f"/v1/themes/{run['run']['id']}/points", STAFF) for run in runs)
    assert first == second
    assert runs[0]["themes"] == runs[1]["themes"]
    assert runs[0]["by"] == "words"
    assert runs[0]["total"] == curated.search("灯塔", STAFF, mode="words", level="file")["total"]["value"]


def test_a_set_is_what_a_search_counts_narrowed(curated: System) -> None:
    narrowed = discovered(curated, fonds=["J001"], year_from=1930, year_to=1940)
    counted = curated.search("", STAFF, fonds="J001", year_from=1930, year_to=1940, level="file")
    assert narrowed["total"] == counted["total"]["value"] > 0
    assert discovered(curated, since="2999-01-01")["taken"] == 0
    nothing = discovered(curated, q="航天飞机")
    assert nothing["by"] == "meaning"
    assert nothing["taken"] > 0


def test_a_run_is_its_persons_alone_and_curators_only(curated: System) -> None:
    run = discovered(curated, q="灯塔")["run"]["id"]
    mine = curated.keys[STAFF]
    curated.keys[STAFF] = curated.catalogue.keys.add(STAFF, roles=["curator"], name="另一人")
    assert curated.ask(f"/v1/themes/{run}", STAFF).status_code == 404
    curated.keys[STAFF] = mine
    for audience, status in (("archivist", 403), ("reading_room", 403), ("public", 403)):
        for path in ("/v1/themes", f"/v1/themes/{run}", "/v1/series", "/v1/anniversaries"):
            assert curated.ask(path, audience).status_code == status, (audience, path)
    assert curated.ask(f"/v1/themes/{run}", STAFF, method="DELETE").status_code == 200
    assert curated.ask(f"/v1/themes/{run}", STAFF).status_code == 404


def test_a_result_is_void_once_a_record_of_it_is_held_back(fresh: System) -> None:
    system = curators(fresh)
    run = discovered(system, q="灯塔")
    held = run["themes"][0]["core"][0]["id"]
    hold(system, held)
    told = system.get(f"/v1/themes/{run['run']['id']}", STAFF)
    assert told["run"]["state"] == "void"
    assert told["themes"] == []
    assert held not in str(told)
    assert system.ask(f"/v1/themes/{run['run']['id']}/points", STAFF).status_code == 404


def hold(system: System, record_id: str) -> None:
    system.catalogue.pages.correct(record_id, 1, PageText((Line("机密★长期"),), "person:试"))


# ── series ─────────────────────────────────────────────────────────────────────


def new_series(system: System, name: str, **more: Any) -> int:
    body = {"name": name, "about": "灯塔的修建", "questions": ["灯塔修建"], **more}
    return int(send(system, "POST", "/v1/series", body, 201)["id"])


def proposals(system: System, series: int, size: int = 100) -> Any:
    return system.get(f"/v1/series/{series}/proposals", STAFF, size=size)


def test_proposals_say_why_and_leave_out_what_was_chosen(curated: System) -> None:
    series = new_series(curated, "灯塔一")
    first = proposals(curated, series)
    assert (first["learned_from"], first["mode"]) == (0, "hybrid")
    assert all("灯塔" in one["hit"]["title"] for one in first["proposals"][:9])
    best = first["proposals"][0]
    assert {found["question"] for found in best["reasons"]["found_by"]} <= {"灯塔的修建", "灯塔修建"}
    ids = [one["hit"]["id"] for one in first["proposals"]]
    assert len(ids) == len(set(ids))
    path = f"/v1/series/{series}/choices"
    send(curated, "POST", path, {"records": ids[:2], "verdict": "accepted"})
    send(curated, "POST", path, {"records": ids[2:3], "verdict": "rejected"})
    send(curated, "POST", path, {"records": ids[3:4], "verdict": "later"})
    then = proposals(curated, series)
    assert not {one["hit"]["id"] for one in then["proposals"]} & set(ids[:4])
    assert then["learned_from"] == 3
    assert then["proposals"][0]["reasons"]["like"]["id"] in ids[:2]
    verdicts = {c["record"]["id"]: c["verdict"] for c in curated.get(path, STAFF)["choices"]}
    assert verdicts == dict(zip(ids[:4], ["accepted", "accepted", "rejected", "later"], strict=True))
    assert curated.get(f"/v1/series/{series}", STAFF)["counts"] == {"accepted": 2, "rejected": 1, "later": 1}
    send(curated, "POST", path, {"records": ids[2:3], "verdict": None})
    assert ids[2] in {one["hit"]["id"] for one in proposals(curated, series)["proposals"]}


def test_what_was_rejected_teaches_the_next_round(curated: System) -> None:
    """A question that two subjects answer: after one of them was rejected in part, the rest of it sinks."""
    series = new_series(curated, "海上", about="", questions=["渔船与灯塔"])
    lights = [
        one["hit"]["id"] for one in proposals(curated, series)["proposals"] if "灯塔" in one["hit"]["title"]
    ]
    boats = [
        one["hit"]["id"] for one in proposals(curated, series)["proposals"] if "渔民" in one["hit"]["title"]
    ]
    path = f"/v1/series/{series}/choices"
    send(curated, "POST", path, {"records": lights[:4], "verdict": "rejected"})
    send(curated, "POST", path, {"records": boats[:4], "verdict": "accepted"})
    order = [one["hit"]["id"] for one in proposals(curated, series)["proposals"]]
    left = ["boat" if i in boats else "light" for i in order if i in boats or i in lights]
    assert left == ["boat"] * (len(boats) - 4) + ["light"] * (len(lights) - 4)


def test_excluded_words_keep_records_out(curated: System) -> None:
    series = new_series(curated, "灯塔二", excluded=["普陀山"])
    found = proposals(curated, series)["proposals"]
    assert found
    assert not [one for one in found if "普陀山" in one["hit"]["title"]]


def test_series_are_changed_with_their_version(curated: System) -> None:
    series = new_series(curated, "灯塔三")
    body = {"name": "灯塔三", "about": "改", "version": 1}
    assert send(curated, "PUT", f"/v1/series/{series}", body)["version"] == 2
    assert send(curated, "PUT", f"/v1/series/{series}", body, 409)["advice"]
    send(curated, "DELETE", f"/v1/series/{series}")
    send(curated, "GET", f"/v1/series/{series}/proposals", None, 404)
    unknown = {"records": [of("M999")], "verdict": "accepted"}
    other = new_series(curated, "灯塔四")
    send(curated, "POST", f"/v1/series/{other}/choices", unknown, 404)


# ── the calendar ───────────────────────────────────────────────────────────────


def test_the_coming_year_has_its_dates_and_records_for_them(curated: System) -> None:
    found = curated.get("/v1/anniversaries", STAFF, **{"from": "2030-01-01", "to": "2030-12-31"})["coming"]
    by_name = {one["anniversary"]["name"]: one for one in found}
    assert (by_name["国际档案日"]["on"], by_name["国际档案日"]["years"]) == ("2030-06-09", 82)
    assert by_name["舟山解放"]["round"]
    assert by_name["春节"]["on"] == "2030-02-03"
    assert [one["on"] for one in found] == sorted(one["on"] for one in found)
    body = {"name": "灯塔初亮", "month": 9, "day": 1, "year": 1931, "questions": ["灯塔修建"]}
    made = send(curated, "POST", "/v1/anniversaries", body, 201)
    told = curated.get(f"/v1/anniversaries/{made['id']}/proposals", STAFF, size=5)["proposals"]
    assert all("灯塔" in one["hit"]["title"] for one in told)
    assert told[0]["reasons"]["that_year"]
    assert told[0]["hit"]["date"]["from"].startswith("1931")
    send(curated, "PUT", f"/v1/anniversaries/{made['id']}", body | {"month": 2, "day": 30}, 400)
    send(curated, "DELETE", f"/v1/anniversaries/{made['id']}")
    assert (
        curated.ask("/v1/anniversaries", STAFF, params={"from": "2030-01-01", "to": "2090-01-01"}).status_code
        == 400
    )


def test_what_was_shown_is_noted(curated: System) -> None:
    shown = of(file_code(1))
    send(curated, "POST", "/v1/showings", {"records": [shown], "name": "展", "on": "2020-06-09"}, 201)
    assert curated.catalogue.showings.of([shown]) == {shown: [("展", "2020-06-09")]}
    send(curated, "POST", "/v1/showings", {"records": [of("M999")], "name": "展", "on": "2020-06-09"}, 404)
