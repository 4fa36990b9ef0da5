"""Opening review and web review over HTTP: who may, what reviewers are shown, what the public gets and when."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from holdings.access import ANONYMOUS, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Incoming, IncomingPage
from holdings.identifiers import check_digit
from holdings.records import DateSpan, Line, PageText, Record
from holdings.review_rules import Said
from holdings.sheets import read, write
from tests.api.conftest import System
from tests.api.small_archive import file_record, of, picture

from .test_signals import REAL_DAY

PEOPLE = {
    "first": ["archivist"],
    "second": ["archivist", "reviewer"],
    "signer": ["reviewer", "admin"],
    "web": ["reviewer"],
    "curator": ["curator"],
}
OPENS = {"status": "开放", "reasons": ["no-limit"]}
CLOSES = {"status": "控制", "reasons": ["personal"], "words": "有身份证号"}
ID_CARD = REAL_DAY + check_digit(REAL_DAY)
WORDS = "鯨骨灘塗丈量第一區共計若干畝，各戶具結。"


def page(store: Any, seed: str, *lines: str) -> IncomingPage:
    placed = tuple(Line(t, (100, 300 + 60 * n, 40 * len(t), 40), 0.98) for n, t in enumerate(lines))
    sha = store.put(picture(seed))
    return IncomingPage(1, sha, "scan", 0, "image/jpeg", "1.jpg", 620, 800, PageText(placed, "ocr:test@1"))


def closed(code: str, **changes: object) -> Record:
    values = {
        "id": of(code),
        "reference_code": code,
        "parent": of("J001-1-1"),
        "fonds_code": "J001",
        "persons": ("鲸小满",),
        "title": f"鲸骨滩涂丈量册 {code}",
        "access_status": "未审核",
        "publicity": "",
        "document_number": f"定政〔1951〕{code.rsplit('-', 1)[1]}号",
    }
    return file_record(0, **(values | changes))


def staffed(system: System) -> System:
    for name, roles in PEOPLE.items():
        system.keys[name] = system.catalogue.keys.add(STAFF, roles=roles, name=name)
    return system


@pytest.fixture(scope="module")
def house(make_system: Callable[[], System]) -> System:
    """Closed records to review, among an archive that is open. Tests take one each."""
    from tests.api.small_archive import small_archive

    system = staffed(make_system())
    system.put(small_archive(system.store).incoming)
    some = [
        Incoming(closed("J001-1-1-900", due_opinion="建议开放", disclosure="主动公开"), [page(system.store, "a", WORDS, f"證號{ID_CARD}")]),
        *(Incoming(closed(f"J001-1-1-{n}"), [page(system.store, str(n), f"{WORDS}第{n}冊")]) for n in range(901, 912)),
        Incoming(closed("J001-1-1-950", document_number="定政〔1951〕901号", access_status="控制")),
        Incoming(closed("J001-1-1-951", access_status="控制"), [page(system.store, "902", f"{WORDS}第902冊")]),
    ]  # fmt: skip
    system.put(some)
    system.project()
    return system


def send(system: System, who: str, path: str, body: Any, method: str = "POST") -> httpx.Response:
    return system.ask(path, who, method=method, json=body)


def ok(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def make(system: System, codes: Sequence[str], kind: str = "opening", **more: str) -> tuple[int, list[Any]]:
    body = {"name": "试一批", "kind": kind, "ids": [of(code) for code in codes], **more}
    batch = ok(send(system, "first", "/v1/reviews/batches", body))["id"]
    return batch, system.get(f"/v1/reviews/batches/{batch}/items", "first")["items"]


def say(system: System, who: str, item: int, said: dict[str, Any], **more: Any) -> httpx.Response:
    now = system.get(f"/v1/reviews/items/{item}", "first")
    body = {"step": now["step"], "version": now["version"], **said, **more}
    return send(system, who, f"/v1/reviews/items/{item}/opinions", body)


def opened(system: System, code: str) -> None:
    """Through opening review and web review, by four people; then into the indexes."""
    _, [item] = make(system, [code])
    for who in ("first", "second", "signer"):
        ok(say(system, who, item["id"], OPENS))
    _, [item] = make(system, [code], "web", announced="第一批")
    for who in ("first", "web"):
        ok(say(system, who, item["id"], {"publicity": "公开"}))
    system.project()


# ── who may ────────────────────────────────────────────────────────────────────


def test_only_those_with_a_part_in_it_come_in(house: System) -> None:
    for path in ("/v1/reviews/due", "/v1/reviews/batches", "/v1/reviews/reasons", "/v1/reviews/terms"):
        for who in (PUBLIC, READING_ROOM, "curator"):
            assert house.ask(path, who).status_code == 403, (path, who)
        assert house.ask(path, "first").status_code == 200
    terms = {"terms": [{"term": "海匪", "category": "案件"}]}
    assert send(house, "first", "/v1/reviews/terms", terms, "PUT").status_code == 403


def test_nobody_opens_a_record_past_the_review_and_everybody_with_the_role_closes_one(fresh: System) -> None:
    staffed(fresh)
    wanted = {"access_status": "开放", "publicity": "馆内", "reason": "急"}
    shut = next(h for h in fresh.every_hit("", STAFF, level="file") if h["access_status"] == "未审核")["id"]
    answer = send(fresh, "signer", f"/v1/records/{shut}/access", wanted, "PUT")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:danghai:problem:not-allowed")
    assert "/v1/reviews/batches" in answer.json()["advice"]
    room = next(
        h for h in fresh.every_hit("", READING_ROOM, level="file")
        if fresh.ask(f"/v1/records/{h['id']}").status_code == 404
    )["id"]  # fmt: skip
    wider = {"access_status": "开放", "publicity": "公开", "reason": "上网"}
    assert send(fresh, "signer", f"/v1/records/{room}/access", wider, "PUT").status_code == 403
    for status in ("控制", "未审核"):
        said = {"access_status": status, "publicity": "", "reason": "收回"}
        assert send(fresh, "first", f"/v1/records/{room}/access", said, "PUT").status_code in (200, 503)
    history = fresh.get(f"/v1/reviews/records/{room}/history", "first")["decisions"]
    assert [(d["how"], d["status"], d["by"]) for d in history] == [
        ("withdrawal", "未审核", "first"), ("withdrawal", "控制", "first"),
    ]  # fmt: skip


def test_an_archive_of_one_person_may_say_so(make_system: Any, tools: Any, tmp_path: Any) -> None:
    system = System(tmp_path, tools, one_person_review=True)
    system.put([Incoming(closed("J001-1-1-1", parent=None))])
    wanted = {"access_status": "开放", "publicity": "公开", "reason": "一人"}
    assert send(system, STAFF, f"/v1/records/{of('J001-1-1-1')}/access", wanted, "PUT").status_code == 200
    assert [d.how for d in system.catalogue.decisions.of(of("J001-1-1-1"))] == ["single"]
    system.close()


# ── one record ─────────────────────────────────────────────────────────────────


def test_a_reviewer_is_shown_what_was_seen_where_and_what_came_with_the_transfer(house: System) -> None:
    _, [item] = make(house, ["J001-1-1-900"])
    shown = house.get(f"/v1/reviews/items/{item['id']}", "first")
    first = shown["first_opinion"]
    assert (first["suggests"], first["reasons"]) == ("控制", ["personal"])
    [seen] = [s for s in first["seen"] if s["kind"] == "id-card"]
    assert (seen["page"], seen["line"], seen["text"]) == (1, 1, ID_CARD)
    [[x, y, width, height]] = seen["boxes"]
    assert (x, y, width, height) == (180, 360, 720, 40)  # after two characters of 40 pixels
    assert {f["name"]: f["value"] for f in shown["transfer"]} == {
        "due_opinion": "建议开放",
        "disclosure": "主动公开",
    }
    assert shown["why_not"] == ""
    assert ok(say(house, "first", item["id"], CLOSES))["extra"]["step"] == "second"


def test_earlier_decisions_near_by_meaning_are_told_with_their_reasons(house: System) -> None:
    _, [item] = make(house, ["J001-1-1-903"])
    for who in ("first", "second", "signer"):
        ok(say(house, who, item["id"], CLOSES))
    house.project()
    _, [item] = make(house, ["J001-1-1-904"])
    told = house.get(f"/v1/reviews/items/{item['id']}", "first")["first_opinion"]
    assert told["nearest_away"] == ""
    near = told["precedents"][0]
    assert (near["reference_code"], near["status"], near["words"]) == ("J001-1-1-903", "控制", "有身份证号")
    encoder, house.client.app.state.house.encoder = house.client.app.state.house.encoder, None  # type: ignore[attr-defined]
    try:
        without = house.get(f"/v1/reviews/items/{item['id']}", "first")["first_opinion"]
    finally:
        house.client.app.state.house.encoder = encoder  # type: ignore[attr-defined]
    assert without["precedents"] == []
    assert "danghai models pull" in without["nearest_away"]


def test_the_same_document_elsewhere_is_shown_whichever_way_it_is_the_same(house: System) -> None:
    ways = {}
    for code in ("J001-1-1-901", "J001-1-1-902", "J001-1-1-905"):
        _, [item] = make(house, [code])
        twins = house.get(f"/v1/reviews/items/{item['id']}", "first")["twins"]
        ways[code] = {(t["reference_code"], t["how"], t["differs"]) for t in twins}
    assert ("J001-1-1-950", "number", True) in ways["J001-1-1-901"]
    assert ("J001-1-1-951", "page", True) in ways["J001-1-1-902"]
    assert ("J001-1-1-906", "text", False) in ways["J001-1-1-905"]


def test_two_at_once_the_second_is_told_and_nothing_is_lost(house: System) -> None:
    _, [item] = make(house, ["J001-1-1-907"])
    seen = house.get(f"/v1/reviews/items/{item['id']}", "first")
    body = {"step": "first", "version": seen["version"], **CLOSES}
    ok(send(house, "first", f"/v1/reviews/items/{item['id']}/opinions", body))
    late = send(house, "second", f"/v1/reviews/items/{item['id']}/opinions", {**body, **OPENS})
    assert (late.status_code, late.json()["type"]) == (409, "urn:danghai:problem:conflict")
    assert "first刚给了初审意见" in late.json()["detail"]
    [opinion] = house.get(f"/v1/reviews/items/{item['id']}", "first")["opinions"]
    assert (opinion["status"], opinion["by"]) == ("控制", "first")


# ── what the public gets, and when ─────────────────────────────────────────────


def test_nothing_is_public_before_the_web_review_is_signed_and_then_it_is_announced(house: System) -> None:
    code = "J001-1-1-908"
    _, [item] = make(house, [code])
    for who in ("first", "second", "signer"):
        assert house.ask(f"/v1/records/{of(code)}", READING_ROOM).status_code == 404
        ok(say(house, who, item["id"], OPENS))
    house.project()
    assert house.ask(f"/v1/records/{of(code)}", READING_ROOM).status_code == 200
    assert house.ask(f"/v1/records/{of(code)}").status_code == 404
    assert of(code) in {o["id"] for o in house.get("/v1/openings", READING_ROOM)["items"]}
    assert of(code) not in house.ask("/v1/openings").text
    _, [item] = make(house, [code], "web", announced="二〇二六年第一批")
    ok(say(house, "first", item["id"], {"publicity": "公开"}))
    assert say(house, "signer", item["id"], {"publicity": "公开"}).status_code == 403  # signed the opening
    ok(say(house, "web", item["id"], {"publicity": "公开"}))
    house.project()
    assert house.search(code, mode="words")["total"]["value"] == 1
    [told] = [o for o in house.get("/v1/openings")["items"] if o["id"] == of(code)]
    assert told["batch"] == "二〇二六年第一批"
    assert house.get("/v1/openings", batch="二〇二六年第一批")["items"] == [told]
    assert house.get("/v1/openings", to="2001-01-01")["items"] == []
    feed = ET.fromstring(house.ask("/v1/openings/feed").content)
    titles = [e.text for e in feed.iter("{http://www.w3.org/2005/Atom}title")]
    assert told["title"] in titles
    # Withdrawn, it is on no list, whether or not a projector runs.
    said = {"access_status": "控制", "publicity": "", "reason": "收回"}
    assert send(house, "first", f"/v1/records/{of(code)}/access", said, "PUT").status_code == 503
    assert house.get("/v1/openings")["items"] == []
    assert told["title"] not in house.ask("/v1/openings/feed").text
    house.project()


def test_the_published_catalogue_tells_nothing_of_what_was_withdrawn(make_system: Any) -> None:
    """The same list, byte for byte, as of an archive that never opened the other record."""
    answers = []
    for codes in (["T1-1"], ["T1-1", "T1-2"]):
        system = staffed(make_system())
        system.put([Incoming(closed(f"T1-{n}", parent=None)) for n in (1, 2)])
        system.project()
        for code in codes:
            opened(system, code)
        system.catalogue.decisions.set(
            of("T1-2"), Said("控制", "不公开", ("personal",)), ANONYMOUS, "withdrawal"
        )
        system.project()
        paths = ("/v1/openings", "/v1/openings?size=1", "/v1/openings/feed", "/v1/openings?batch=第一批")
        answers.append([system.ask(path, who).content for path in paths for who in (PUBLIC, READING_ROOM)])
        assert "T1-1" in answers[-1][0].decode()
    assert answers[0] == answers[1]


def test_openings_page_newest_first(house: System) -> None:
    for code in ("J001-1-1-909", "J001-1-1-910"):
        opened(house, code)
    codes, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = house.get("/v1/openings", size=1, **more)
        codes += [o["reference_code"] for o in answer["items"]]
        if not (cursor := answer["next"]):
            break
    assert codes[:2] == ["J001-1-1-910", "J001-1-1-909"]
    assert len(set(codes)) == len(codes)


def test_a_preview_is_what_the_public_would_find_and_writes_nothing(house: System) -> None:
    code = "J001-1-1-911"
    _, [item] = make(house, [code])
    before = house.get("/v1/status")
    shown = house.get(f"/v1/reviews/items/{item['id']}/preview", "first")
    assert shown["title"] == closed(code).title
    assert any(WORDS[:4] in p["text"] for p in shown["passages"])
    assert {"field": "places", "value": "沈家门", "new": False} in shown["findable"]
    assert any(f["field"] == "persons" and f["value"] == "鲸小满" for f in shown["findable"])
    assert not {f["name"] for f in shown["fields"]} & {"storage", "donor_limits", "due_opinion"}
    assert "东库三排" not in str(shown)
    assert house.get("/v1/status") == before
    assert house.ask(f"/v1/records/{of(code)}").status_code == 404
    for who in ("first", "second", "signer"):
        ok(say(house, who, item["id"], OPENS))
    house.project()
    assert shown["words"] > 10


def test_a_preview_leaves_out_what_is_redacted_and_says_what_the_rule_keeps(fresh: System) -> None:
    system = staffed(fresh)
    marriage = closed("J001-1-1-961", category="民生 婚姻登记")
    secret = f"證號{ID_CARD}"
    system.put(
        [Incoming(closed("J001-1-1-960"), [page(system.store, "r", WORDS, secret)]), Incoming(marriage)]
    )
    system.project()
    _, items = make(system, ["J001-1-1-960", "J001-1-1-961"])
    one, other = (f"/v1/reviews/items/{item['id']}" for item in items)
    assert ID_CARD in str(system.get(f"{one}/preview", "first"))
    system.catalogue.redactions.add(
        of("J001-1-1-960"), 1, [(90, 350, 520, 60)], code="privacy", note="", by="试"
    )
    shown = system.get(f"{one}/preview", "first")
    assert (shown["kept"], ID_CARD in str(shown), WORDS[:4] in str(shown)) == ("", False, True)
    seen = system.get(one, "first")["first_opinion"]["seen"]
    assert any(s["kind"] == "id-card" for s in seen), "the reviewer still sees all"
    assert system.get(f"{other}/preview", "first")["kept"].startswith("民生档案")
    assert system.get(other, "first")["first_opinion"]["suggests"] == "控制"


# ── batches, forms, many at once ───────────────────────────────────────────────


def test_batches_come_from_the_due_list_a_search_or_a_volume(make_system: Any, tools: Any) -> None:
    system = staffed(make_system())
    system.put([Incoming(Record(of("T1"), "T1", "全宗", "fonds", fonds_code="T1"))])
    system.put(
        [Incoming(closed(f"T1-{n}", parent=of("T1"), fonds_code="T1", date=span(1950 + n))) for n in range(6)]
    )
    system.project()
    due = system.get("/v1/reviews/due", "first")["counts"]
    assert [(c["fonds_code"], c["fonds_title"], c["year"], c["due"]) for c in due] == [
        ("T1", "全宗", 1950 + n, 1) for n in range(6)
    ]
    post = lambda **more: send(system, "first", "/v1/reviews/batches", {"name": "批", **more})  # noqa: E731
    assert ok(post(due={"fonds": "T1", "year_to": 1951}))["taken"] == 2
    found = ok(post(q="T1-3"))
    assert (found["taken"], found["left_out"]) == (1, [])
    rest = ok(post(within=of("T1")))
    assert rest["taken"] == 3
    assert {left["why"] for left in rest["left_out"]} == {"已在另一批中"}
    assert post().status_code == post(q="a", within="b").status_code == 400
    table = read(system.ask("/v1/reviews/due/export?what=counts&format=xlsx", "first").content)
    assert table[1][:3] == ["T1", "1950", "1"]
    export = system.ask("/v1/reviews/due/export?format=csv", "first")
    assert export.headers["content-disposition"].endswith('.csv"')
    people = {p["name"] for p in system.get("/v1/reviews/people", "first")["people"]}
    assert people >= {"first", "second", "signer"}
    assert "curator" not in people
    account = system.catalogue.accounts.add(
        "jia", real_name="甲某", roles=["reviewer"], password="晒盐的人-数着-退潮的钟声"
    )
    system.catalogue.keys.add(STAFF, roles=["reviewer"], name="甲某之钥", owner=account.id)
    found = system.get("/v1/reviews/people", "first")["people"]
    assert {p["id"] for p in found if "甲某" in p["name"]} == {account.caller_id}


def span(year: int) -> DateSpan:
    return DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_units_form_goes_out_and_comes_back_row_by_row(make_system: Any, form: str) -> None:
    system = staffed(make_system())
    titles = ["=cmd|' /C calc'!A0", "甲", "乙", "丙", "丁", "戊"]
    system.put([Incoming(closed(f"T1-{n}", parent=None, title=t)) for n, t in enumerate(titles)])
    batch, items = make(system, [f"T1-{n}" for n in range(6)], unit="定海县民政局（继承单位）")
    out = system.ask(f"/v1/reviews/batches/{batch}/form?format={form}", "first").content
    if form == "csv":
        assert "'=cmd" in out.decode("utf-8-sig")
    headers, *rows = read(out)
    assert rows[0][2] == titles[0]
    fill = {name: headers.index(name) for name in ("单位意见", "延期至", "理由与说明", "档号", "审核号")}
    rows = [row + [""] * (len(headers) - len(row)) for row in rows]
    answers = [
        ("开放", ""),
        ("延期开放", "2099-01-01"),
        ("延期开放", ""),
        ("随便", ""),
        ("开放", ""),
        ("", ""),
    ]
    for row, (status, until) in zip(rows, answers, strict=True):
        row[fill["单位意见"]], row[fill["延期至"]], row[fill["理由与说明"]] = status, until, "据来函"
    rows[4][fill["档号"]] = "T9-9"
    back = system.ask(
        f"/v1/reviews/batches/{batch}/form", "first", method="POST", content=write(form, headers, rows)
    )  # type: ignore[arg-type]
    taken = ok(back)
    assert taken["taken"] == 2
    assert [p["row"] for p in taken["problems"]] == [4, 5, 6]
    assert all(p["problem"] for p in taken["problems"])
    shown = system.get(f"/v1/reviews/items/{items[1]['id']}", "first")
    [opinion] = shown["opinions"]
    assert "尚无索引" in shown["twins_away"]  # a review goes on before anything is indexed
    assert (opinion["step"], opinion["status"], opinion["by"]) == (
        "unit",
        "延期开放",
        "定海县民政局（继承单位）",
    )
    ok(say(system, "first", items[1]["id"], OPENS))  # it keeps nobody from their step
    for bad in (b"", b"\xff\xfe\x00\xd8", b"PK\x03\x04broken", "甲,乙\n1,2".encode()):
        answer = system.ask(f"/v1/reviews/batches/{batch}/form", "first", method="POST", content=bad)
        assert answer.status_code in (400, 422), bad


def test_a_bulk_opinion_over_http(make_system: Any) -> None:
    system = staffed(make_system())
    system.put([Incoming(closed(f"T1-{n}", parent=None)) for n in range(8)])
    batch, _ = make(system, [f"T1-{n}" for n in range(8)])
    bulk = ok(send(system, "first", f"/v1/reviews/batches/{batch}/bulks", {"step": "first", **OPENS}))
    assert (bulk["targets"], len(bulk["sample"]), bulk["state"]) == (8, 5, "looking")
    at = f"/v1/reviews/bulks/{bulk['id']}"
    assert (bulk["mine"], system.get(at, "second")["mine"]) == (True, False)
    assert send(system, "first", f"{at}/apply", None).status_code == 409
    for review_id in bulk["sample"]:
        ok(send(system, "second", f"{at}/looks", {"review_id": review_id, "agrees": True}))
    assert ok(send(system, "first", f"{at}/apply", None)) == {"done": 8, "problems": []}
    assert system.get(f"/v1/reviews/batches/{batch}", "first")["counts"] == {"second": 8}
    told = system.get(f"/v1/reviews/batches/{batch}/items", "first", machine=True, step="second")["items"]
    assert {t["suggests"] for t in told} == {"开放"}
    shown = system.get(f"/v1/reviews/batches/{batch}/preview", "signer")
    assert (shown["opening"], shown["looked_at"]) == (8, 8)


def test_terms_go_out_as_a_file_and_come_back(make_system: Any) -> None:
    system = staffed(make_system())
    data = system.ask("/v1/reviews/terms/export", "signer").content
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["词", "类别", "理由代码"]
    body = write("csv", rows[0], [["海匪", "案件", "case"]])
    path = "/v1/reviews/terms/import?replace=true"
    assert system.ask(path, "signer", method="POST", content=body).status_code == 200
    assert system.get("/v1/reviews/terms", "first")["terms"] == [
        {"term": "海匪", "category": "案件", "reason": "case"}
    ]
    wrong = write("csv", rows[0], [["海盗", "案件", ""], ["x", "", ""]])
    assert system.ask(path, "signer", method="POST", content=wrong).status_code == 400
    assert len(system.get("/v1/reviews/terms", "first")["terms"]) == 1
    reason = {"code": "new", "text": "新理由", "states": ["控制"]}
    assert send(system, "signer", "/v1/reviews/reasons/new", reason, "PUT").status_code == 200
    assert "new" in {r["code"] for r in system.get("/v1/reviews/reasons", "first")["reasons"]}
