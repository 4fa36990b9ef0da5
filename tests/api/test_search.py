"""GET /v1/search over a real catalogue, engine and encoder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from holdings.access import AUDIENCES, BUILT_IN, PUBLIC, READING_ROOM, STAFF, Marks, visible_to
from holdings.catalogue import Incoming, IncomingPage
from holdings.records import Line, PageText, Record
from holdings.text import normalise

from .conftest import System
from .small_archive import FILES, GENRES, PLACES, file_code, file_record, node, of, small_archive

FILE_RECORDS = [file_record(n) for n in range(FILES)]


def seen_by(audience: str) -> list[Record]:
    marks = {r.id: Marks.of(r, quarantined=False) for r in FILE_RECORDS}
    return [r for r in FILE_RECORDS if audience in visible_to(marks[r.id], BUILT_IN, date.today())]


def ids(hits: list[Any]) -> list[str]:
    return [hit["id"] for hit in hits]


# ── who sees what ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_finds_exactly_what_it_may_see(archive: System, audience: str) -> None:
    found = archive.every_hit("", audience, level="file", size=20)
    assert sorted(ids(found)) == sorted(r.id for r in seen_by(audience))
    answer = archive.search("", audience, level="file", size=1)
    assert answer["total"] == {"value": len(seen_by(audience)), "of": "filtered", "exact": True}


def test_columns_that_no_field_takes_are_searchable_by_staff_only(archive: System) -> None:
    assert ids(archive.search("Z0003", STAFF, mode="words")["hits"]) == [of(file_code(3))]
    assert archive.search("Z0003", READING_ROOM, mode="words")["total"]["value"] == 0
    assert archive.search("东库三排", READING_ROOM, mode="words")["total"]["value"] == 0


# ── filters, facets, histogram ─────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("params", "keep"),
    [
        ({"fonds": "J001"}, lambda r: r.fonds_code == "J001"),
        ({"series": "J045-1"}, lambda r: r.fonds_code == "J045"),
        ({"genre": ["公函", "通知"]}, lambda r: r.genre in ("公函", "通知")),
        ({"creators": "浙江省漁業局"}, lambda r: "浙江省渔业局" in r.creators),
        ({"persons": "張阿毛"}, lambda r: "张阿毛" in r.persons),
        ({"places": "岱山"}, lambda r: "岱山" in r.places),
        ({"keywords": "渔民"}, lambda r: "渔民" in r.keywords),
        ({"decade": "1940"}, lambda r: bool(r.date.first) and r.date.first[:3] == "194"),
        ({"access_status": "开放"}, lambda r: r.access_status == "开放"),
        ({"level": "volume"}, lambda r: False),
        ({"parent": of("J001-1-1")}, lambda r: r.parent == of("J001-1-1")),
        ({"within": of("J001-1")}, lambda r: r.fonds_code == "J001"),
        ({"has_scan": "no"}, lambda r: False),
        (
            {"year_from": 1940, "year_to": 1944},
            lambda r: bool(r.date.first) and "1940" <= r.date.first[:4] <= "1944",
        ),
        ({"year_to": 1932}, lambda r: bool(r.date.first) and r.date.first[:4] <= "1932"),
        ({"undated": "true"}, lambda r: r.date.first is None),
        ({"exclude": ["genre:公函", "fonds:J001"]}, lambda r: r.genre != "公函" and r.fonds_code != "J001"),
        ({"exclude": "within:" + of("J001")}, lambda r: r.fonds_code != "J001"),
        ({"fonds": "J001", "genre": "公函"}, lambda r: r.fonds_code == "J001" and r.genre == "公函"),
        ({"fonds": ""}, lambda r: True),
        ({"category": "没有的"}, lambda r: False),
        ({"retention": "没有的"}, lambda r: False),
        ({"medium": "没有的"}, lambda r: False),
    ],
)
def test_every_filter_binds_every_mode(archive: System, params: dict[str, Any], keep: Any) -> None:
    wanted = sorted(r.id for r in seen_by(STAFF) if keep(r))
    only = {"level": "file"} | params
    found = sorted(i for i in ids(archive.every_hit("", STAFF, **only, size=50)) if len(i.split("-")) == 4)
    assert found == (wanted if params.get("level") != "volume" else [])
    for mode in ("hybrid", "meaning", "words"):
        hits = archive.every_hit("渔民登记与灯塔", STAFF, **only, mode=mode, size=50)
        files = [i for i in ids(hits) if len(i.split("-")) == 4]
        assert set(files) <= set(wanted), mode
        if mode != "words":  # meaning ranks all that pass
            assert sorted(files) == (wanted if params.get("level") != "volume" else [])


def test_facets_are_exact_and_a_choice_does_not_narrow_its_own_facet(archive: System) -> None:
    asked = {"facets": "fonds,genre,creators,places,decade,has_scan,level", "size": 1}
    records = seen_by(PUBLIC)
    answer = archive.search("", level="file", **asked)
    said = {name: {f["value"]: f["count"] for f in values} for name, values in answer["facets"].items()}
    assert said["fonds"] == Counter(r.fonds_code for r in records)
    assert said["creators"] == Counter(c for r in records for c in r.creators)
    assert said["places"] == Counter(r.places[0] for r in records)
    assert said["decade"] == Counter(r.date.first[:3] + "0" for r in records if r.date.first)
    assert said["level"] == {"file": len(records), "fonds": 2, "series": 2, "volume": 3}
    labels = {f["value"]: f["label"] for f in answer["facets"]["fonds"]}
    assert labels == {"J001": "舟山要塞司令部", "J045": "定海县人民政府"}
    chosen = archive.search("", level="file", fonds="J001", **asked)
    said = {name: {f["value"]: f["count"] for f in values} for name, values in chosen["facets"].items()}
    assert said["fonds"] == Counter(r.fonds_code for r in records)
    assert said["genre"] == Counter(r.genre for r in records if r.fonds_code == "J001")
    assert chosen["total"]["value"] == sum(r.fonds_code == "J001" for r in records)


def test_the_histogram_counts_years_and_the_undated(archive: System) -> None:
    records = seen_by(PUBLIC)
    answer = archive.search("", level="file", histogram="true", year_from=1940, size=1)
    years = {y["year"]: y["count"] for y in answer["years"]}
    assert years == Counter(int(r.date.first[:4]) for r in records if r.date.first)
    assert answer["undated"] == sum(r.date.first is None for r in records)
    assert answer["total"]["value"] == sum(bool(r.date.first) and r.date.first >= "1940" for r in records)


def test_the_total_counts_the_words_matches_under_the_filters(archive: System) -> None:
    wanted = [r for r in seen_by(PUBLIC) if "护渔" in r.title]
    for mode in ("words", "hybrid"):
        answer = archive.search("“护渔办法”", mode=mode, level="file")
        assert answer["total"] == {"value": len(wanted), "of": "words", "exact": True}
        assert set(ids(answer["hits"])) == {r.id for r in wanted}  # the phrase binds the meaning leg too


def test_an_or_finds_what_either_side_finds(archive: System) -> None:
    def found(q: str, mode: str = "words") -> set[str]:
        return {hit["id"] for hit in archive.every_hit(q, STAFF, mode=mode, size=50)}

    either = found("渔民登记") | found("灯塔")
    assert found("渔民登记") != either != found("灯塔")
    for q in ("渔民登记 OR 灯塔", "渔民登记|灯塔"):
        assert found(q) == either
    assert found("(渔民 OR 灯塔) 沈家门") == (found("渔民") | found("灯塔")) & found("沈家门")
    assert found("沈家门 渔民或灯塔") == found("(渔民 OR 灯塔) 沈家门")
    years = found("1931年或1934年", "hybrid")
    assert years == found("1931年") | found("1934年")
    assert found("1931年或1934年 渔民", "meaning") == years  # a constraint: it binds meaning as well
    assert all(len(ids) > 0 for ids in (years, found("(渔民 OR 灯塔) 沈家门")))


def test_an_exclusion_binds_both_legs(archive: System) -> None:
    hits = archive.every_hit("渔民登记 不含沈家门", STAFF, size=50, level="file")
    assert hits
    assert all("沈家门" not in hit["title"] for hit in hits)
    assert any(hit["why"]["meaning_rank"] for hit in hits)


# ── order and paging ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("mode", ["hybrid", "words", "meaning"])
@pytest.mark.parametrize("size", [1, 7, 100])
def test_paging_neither_skips_nor_repeats(archive: System, mode: str, size: int) -> None:
    whole = ids(archive.search("渔民登记", STAFF, mode=mode, size=100)["hits"])
    paged = archive.every_hit("渔民登记", STAFF, mode=mode, size=size)
    assert ids(paged) == whole
    assert len(set(whole)) == len(whole)
    assert [hit["rank"] for hit in paged] == list(range(1, len(whole) + 1))


def test_same_question_same_answer(archive: System) -> None:
    for mode in ("hybrid", "words", "meaning"):
        first, second = (archive.search("灯塔", STAFF, mode=mode, size=50) for _ in range(2))
        assert first | {"took_ms": 0, "next": 0} == second | {"took_ms": 0, "next": 0}


def test_sorting(archive: System) -> None:
    def day(hit: Any) -> str:
        return hit["date"]["from"] or ""

    def code(hit: Any) -> list[int | str]:
        return [int(part) if part.isdigit() else part for part in hit["reference_code"].split("-")]

    for mode in ("words", "hybrid", "meaning"):
        by_date = archive.every_hit("", STAFF, sort="date", level="file", size=13, mode=mode)
        dated = [hit for hit in by_date if day(hit)]
        assert [day(h) for h in dated] == sorted(day(h) for h in dated)
        assert by_date == dated + [h for h in by_date if not day(h)]  # undated last
        newest = archive.every_hit("", STAFF, sort="date_desc", level="file", size=13, mode=mode)
        dated = [hit for hit in newest if day(hit)]
        assert [day(h) for h in dated] == sorted((day(h) for h in dated), reverse=True)
        by_code = archive.every_hit("登记", STAFF, sort="reference_code", size=3, mode=mode)
        assert by_code
        assert list(map(code, by_code)) == sorted(map(code, by_code))  # J045-1-1-2 before J045-1-1-10


def test_a_cursor_belongs_to_its_question_and_audience(archive: System) -> None:
    cursor = archive.search("登记", STAFF, size=2)["next"]
    for params, audience in (
        ({"q": "灯塔"}, STAFF),
        ({"q": "登记", "fonds": "J001"}, STAFF),
        ({"q": "登记"}, PUBLIC),
    ):
        answer = archive.ask("/v1/search", audience, params={**params, "size": 2, "cursor": cursor})
        assert (answer.status_code, answer.json()["type"]) == (400, "urn:danghai:problem:bad-cursor")


# ── understood, why, marks ─────────────────────────────────────────────────────


def test_what_was_understood_is_shown_and_can_be_taken_back(archive: System) -> None:
    answer = archive.search("沈家門漁民登記，1949年以前", STAFF, mode="words")
    chips = {chip["kind"]: chip for chip in answer["query"]["understood"]}
    assert chips["date"]["text"] == "1949年以前"
    assert (chips["date"]["first"], chips["date"]["last"]) == (None, "1949-12-31")
    assert "沈家門" in chips["place"]["also"]
    assert all(hit["date"]["from"] <= "1949-12-31" for hit in answer["hits"])
    wider = archive.search("沈家門漁民登記，1949年以前", STAFF, mode="words", plain="1949年以前")
    assert [chip["kind"] for chip in wider["query"]["understood"]] == ["place"]
    assert wider["total"]["value"] > answer["total"]["value"] > 0


def test_every_hit_says_why(archive: System) -> None:
    hits = archive.every_hit("沈家门渔民登记", STAFF, size=50)
    assert all(hit["why"]["words_rank"] or hit["why"]["meaning_rank"] for hit in hits)
    words = [hit["why"]["words_rank"] for hit in hits if hit["why"]["words_rank"]]
    meaning = [hit["why"]["meaning_rank"] for hit in hits if hit["why"]["meaning_rank"]]
    assert sorted(words) == list(range(1, len(words) + 1))
    assert sorted(meaning) == list(range(1, len(meaning) + 1))
    best = hits[0]
    assert {normalise(w).text for w in best["why"]["matched"]} & {"沈家门", "渔民", "登记", "沈家门渔民登记"}
    by_meaning = [hit for hit in hits if not hit["why"]["words_rank"]]
    assert all(any(p["by_meaning"] for p in hit["passages"]) for hit in by_meaning)
    assert "score" not in archive.ask("/v1/search", STAFF, params={"q": "登记"}).text


def test_marks_and_boxes_point_at_the_words(archive: System) -> None:
    hits = archive.every_hit("渔民登记", STAFF, mode="words", level="file", size=50)
    paged = 0
    for hit in hits:
        titled = {hit["title"][a:b] for a, b in hit["title_marks"]}
        assert titled <= {"渔民登记", "渔民", "登记"}
        for passage in hit["passages"]:
            said = {normalise(passage["text"][a:b]).text for a, b in passage["marks"]}
            assert said <= {"渔民登记", "渔民", "登记"}
            if not passage["page"]:
                assert passage["boxes"] == []
                continue
            paged += 1
            page = archive.get(f"/v1/records/{hit['id']}/pages/{passage['page']}", STAFF)
            assert passage["text"] in page["text"]
            for x, y, w, h in passage["boxes"]:
                line = next(li for li in page["lines"] if li["box"][1] == y and li["box"][3] == h)
                first = (x - line["box"][0]) // 40
                under = normalise(line["text"][first : first + w // 40]).text
                assert under
                assert under in "渔民登记"
            assert passage["boxes"]
    assert paged


def test_a_phrase_broken_over_two_lines_is_found_and_has_a_box_in_each(fresh: System) -> None:
    lines = (Line("此處鯨", (0, 0, 120, 40)), Line("骨出土", (0, 60, 120, 40)))
    page = IncomingPage(1, "0" * 64, "text", text=PageText(lines, "born-digital:x"))
    fresh.put(
        [Incoming(file_record(0, id=of("J045-1-1-900"), reference_code="J045-1-1-900", title="杂件"), [page])]
    )
    fresh.project()
    (hit,) = fresh.search("“鲸骨”")["hits"]
    (passage,) = (p for p in hit["passages"] if p["page"])
    assert [passage["text"][a:b] for a, b in passage["marks"]] == ["鯨\n骨"]
    assert passage["boxes"] == [[80, 0, 40, 40], [0, 60, 40, 40]]


@pytest.fixture(scope="module")
def long_record(make_system: Callable[[], System]) -> System:
    """A volume of 450 pages: one word on the pages 90 and 401, another on its 300th alone."""
    said = {90: "鯨骨擱淺於白節山", 401: "鯨骨移交縣府", 300: "颱風過境，漁船沉沒，漁民溺斃多人"}
    pages = [
        IncomingPage(
            n, f"{n:064d}", "text", text=PageText((Line(said.get(n, f"第{n}号登记册尾")),), "person:甲")
        )
        for n in range(1, 451)
    ]
    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.put([Incoming(file_record(0, id=of("L1-1"), reference_code="L1-1", title="册页"), pages)])
    system.project()
    return system


def test_words_are_shown_on_whatever_page_they_stand(long_record: System) -> None:
    (hit,) = (h for h in long_record.search("鲸骨", mode="words")["hits"] if h["id"] == of("L1-1"))
    assert [p["page"] for p in hit["passages"]] == [90]  # the 401st is beyond what is looked through
    assert hit["passages"][0]["text"][slice(*hit["passages"][0]["marks"][0])] == "鯨骨"


def test_what_is_nearest_in_meaning_is_shown_on_whatever_page_it_stands(long_record: System) -> None:
    hits = long_record.search("台风中渔民遇难的情况", mode="meaning")["hits"]
    (hit,) = (h for h in hits if h["id"] == of("L1-1"))
    assert [p["page"] for p in hit["passages"] if p["by_meaning"]][:1] == [300]


def test_ordinary_hits_cost_few_questions_to_the_catalogue(
    long_record: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = long_record.client.app.state.house  # type: ignore[attr-defined]
    asked: list[Any] = []
    rows = house.catalogue.database.rows
    monkeypatch.setattr(
        house.catalogue.database, "rows", lambda *query, **more: asked.append(query) or rows(*query, **more)
    )

    def cost(q: str, **params: Any) -> int:
        before = len(asked)
        assert long_record.search(q, mode="words", **params)["hits"]
        return len(asked) - before

    withdrawing = 2  # every question leaves out what is being withdrawn, and asks which engine answers
    withdrawing += 2  # records, and titles of fonds: for whom they are is asked anew each time
    withdrawing += 1  # what of the hits' pages is redacted
    assert cost("渔民登记", fonds="J001", level="file") == 3 + withdrawing
    assert cost("册页") == 3 + withdrawing  # the title says it all
    assert cost("鲸骨 册页") == 3 + withdrawing + 2  # until all was seen: pages, and what of them is redacted
    assert cost("鲸骨") == 3 + withdrawing + 2
    assert cost("“移交县府”") == 3 + withdrawing + 6  # looked for up to the 400th page


# ── nothing found ──────────────────────────────────────────────────────────────


def test_an_empty_answer_says_what_to_loosen_and_how_many_that_gives(archive: System) -> None:
    answer = archive.search(
        "“渔民登记” 1880年 不含定海", mode="words", fonds="J001", genre="没有的", year_from=1700, year_to=1800
    )
    assert (answer["hits"], answer["total"]["value"]) == ([], 0)
    assert answer["loosen"] == []  # no single one would help
    answer = archive.search("“渔民登记” 1880年", mode="words", level="file")
    (date,) = answer["loosen"]
    assert date["chip"] == "1880年"
    again = archive.search("“渔民登记” 1880年", mode="words", level="file", plain="1880年")
    wanted = sum("渔民登记" in record.title for record in seen_by(PUBLIC))
    assert again["total"]["value"] == date["total"] == wanted
    answer = archive.search("“渔民登记”", mode="words", genre="没有的", level="file")
    (genre,) = answer["loosen"]
    assert (genre["param"], genre["value"]) == ("genre", "没有的")
    assert genre["total"] == archive.search("“渔民登记”", mode="words", level="file")["total"]["value"] > 0
    answer = archive.search("“渔民登记”", mode="words", year_to=1800, level="file")
    assert [(e["param"], e["total"]) for e in answer["loosen"]] == [("years", genre["total"])]


# ── suggest, similar, browse ───────────────────────────────────────────────────


def test_suggestions_come_from_what_the_caller_may_see(archive: System) -> None:
    assert archive.get("/v1/suggest", q="沈家")["suggestions"][0] == "沈家门"
    assert archive.get("/v1/suggest", q="沈家門")["suggestions"][0] == "沈家门"
    assert len(archive.get("/v1/suggest", q="关于", size=3)["suggestions"]) == 3
    for audience in AUDIENCES:
        titles = {r.title for r in seen_by(audience)}
        offered = set()
        for place in PLACES:
            offered |= set(archive.get("/v1/suggest", audience, q=f"关于{place}", size=20)["suggestions"])
        assert offered == titles
    assert archive.get("/v1/suggest", q=" \u200b")["suggestions"] == []


def test_similar_records_are_near_others_and_visible(archive: System) -> None:
    here = next(r for r in seen_by(PUBLIC) if "盐场" in r.title)
    answer = archive.get(f"/v1/records/{here.id}/similar", size=3)
    assert answer["by"] == "meaning"
    assert len(answer["hits"]) == 3
    assert here.id not in ids(answer["hits"])
    assert set(ids(answer["hits"])) <= {r.id for r in seen_by(PUBLIC)}
    assert "盐场" in answer["hits"][0]["title"]


def test_similar_goes_by_words_while_there_are_no_vectors(make_system: Any) -> None:
    system = make_system()
    system.put(
        [Incoming(node("J001", "fonds", "甲", None)), Incoming(node("J001-1", "series", "乙", "J001"))]
    )
    for n in (0, 6):
        record = file_record(n, parent=of("J001-1"), title="1953年“渔民” 不含登记" + "长" * 1200)
        system.put([Incoming(record)])

    async def words_only(projector: Any) -> None:
        await projector.step()

    system.work(words_only)
    answer = system.get(f"/v1/records/{of(file_code(0))}/similar", STAFF)
    assert (answer["by"], ids(answer["hits"])) == ("words", [of(file_code(6))])


def test_browsing_goes_down_by_natural_order_with_counts(archive: System) -> None:
    top = archive.get("/v1/browse")
    assert [i["node"] for i in top["items"]] == [of("J001"), of("J045")]
    assert {i["node"]: i["count"] for i in top["items"]} == {
        of(f): sum(r.fonds_code == f for r in seen_by(PUBLIC)) for f in ("J001", "J045")
    }
    assert top["items"][0]["introduction"] == "舟山要塞司令部沿革"
    volumes = archive.get("/v1/browse", parent=of("J045-1"))
    assert [p["reference_code"] for p in volumes["path"]] == ["J045", "J045-1"]
    assert [i["reference_code"] for i in volumes["items"]] == ["J045-1-1", "J045-1-2"]
    closed = volumes["items"][1]
    assert (closed["id"], closed["title"], closed["introduction"], closed["date"]["text"]) == (
        None,
        "J045-1-2",
        "",
        "",
    )
    below = archive.get("/v1/browse", parent=of("J045-1-2"), size=5)
    assert below["path"][-1] == {
        "id": None,
        "reference_code": "J045-1-2",
        "title": "J045-1-2",
        "level": "volume",
    }
    items = below["items"]
    while below["next"]:
        below = archive.get("/v1/browse", parent=of("J045-1-2"), size=5, cursor=below["next"])
        items += below["items"]
    wanted = [r for r in seen_by(PUBLIC) if r.parent == of("J045-1-2")]
    assert [i["node"] for i in items] == [
        r.id for r in sorted(wanted, key=lambda r: int(r.reference_code.split("-")[3]))
    ]
    assert closed["count"] == len(wanted)
    staff = archive.get("/v1/browse", STAFF, parent=of("J045-1"))["items"][1]
    assert staff["title"] == "定海县人民政府第2卷"


def test_what_lies_in_a_series_that_moves_is_found_where_it_lies_now(fresh: System) -> None:
    def within(code: str) -> set[str]:
        hits = fresh.every_hit("", STAFF, within=of(code), level="file", size=100)
        return {hit["id"] for hit in hits}

    before = within("J001-1")
    assert before <= within("J001")
    assert before
    assert not before & within("J045")
    series = fresh.catalogue.records.get(of("J001-1"))
    assert series is not None
    fresh.put([Incoming(replace(series.record, parent=of("J045")))], update=True)
    fresh.project()
    assert within("J001-1") == before
    assert before <= within("J045")
    assert not before & within("J001")


def test_a_node_without_anything_to_see_is_not_there(fresh: System) -> None:
    fresh.put([Incoming(node("M999", "fonds", "秘", None, open_=False)),
               Incoming(file_record(4, id=of("M999-1"), reference_code="M999-1", parent=of("M999"), fonds_code="M999"))])  # fmt: skip
    fresh.project()
    assert of("M999") not in [i["node"] for i in fresh.get("/v1/browse")["items"]]
    assert fresh.ask("/v1/browse", params={"parent": of("M999")}).status_code == 404
    assert of("M999") in [i["node"] for i in fresh.get("/v1/browse", STAFF)["items"]]


def test_genres_of_the_archive_are_all_there() -> None:
    """The counts above are of something: every state, genre and place occurs for the public."""
    assert {r.genre for r in seen_by(PUBLIC)} == set(GENRES)
    assert {r.places[0] for r in seen_by(PUBLIC)} == set(PLACES)
    assert len(seen_by(PUBLIC)) < len(seen_by(READING_ROOM)) < len(seen_by(STAFF)) == FILES


@pytest.mark.parametrize("mode", ["hybrid", "words", "meaning"])
def test_what_is_written_between_two_pages_neither_skips_nor_repeats(fresh: System, mode: str) -> None:
    whole = ids(fresh.search("渔民登记", STAFF, mode=mode, size=100)["hits"])
    page = fresh.search("渔民登记", STAFF, mode=mode, size=5)
    found = ids(page["hits"])
    for n in range(3):  # each would stand at the very top
        if page["next"] is None:
            break
        record = file_record(0, id=of(f"J001-1-1-9{n}"), reference_code=f"J001-1-1-9{n}", title="渔民登记")
        fresh.put([Incoming(record)])
        fresh.project()
        assert fresh.search("渔民登记", STAFF, mode=mode)["hits"]  # the reader has taken it up
        page = fresh.search("渔民登记", STAFF, mode=mode, size=5, cursor=page["next"])
        found += ids(page["hits"])
    assert found == whole[: len(found)]
    assert len(found) > 5
