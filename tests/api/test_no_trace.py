"""Invariant 1: what a caller gets equals what a system would give that never held what they may not see.

Three systems: one never held the hidden records, one holds them closed, one held them open to all, served
them, and withdrew them. Every GET route of the OpenAPI document is driven in each and compared byte for
byte, as the public and as the reading room.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from holdings.access import AUDIENCES, OPEN, PUBLIC, PUBLISHED, READING_ROOM, READING_ROOM_ONLY, visible_to
from holdings.catalogue import Incoming, IncomingAttachment
from holdings.records import DateSpan, Record

from .conftest import System
from .small_archive import ARCHIVE_CODE, file_record, node, of, small_archive, text_page

#: Said by hidden records alone, or by them far more often than by any other.
RARE = ("鲸骨", "秘事", "张阿毛", "海匪洪三", "黑水洋")
#: What keeps a record from both audiences, one way each.
CLOSED = (
    {"access_status": "控制", "publicity": ""},
    {"access_status": "延期开放", "publicity": "公开"},
    {"access_status": "未审核", "publicity": ""},
    {"access_status": OPEN, "publicity": "不公开"},
    {"access_status": OPEN, "publicity": PUBLISHED, "classification": "内部"},
)


def hidden_records(count: int) -> list[Record]:
    """Closed files: among open siblings, in a long run, and in a fonds of their own that is closed too."""
    records = [
        node("M999", "fonds", "秘档全宗鲸骨", None, open_=False),
        node("M999-1", "series", "秘档目录", "M999", open_=False),
        node("M999-1-1", "volume", "秘档案卷", "M999-1", open_=False),
    ]
    for n in range(count):
        # Between J045-1-1-3 and the next open one there lie more closed ones than any look-ahead would skip.
        parent, code = (
            ("J001-1-2", f"J001-1-2-{500 + n}"), ("J045-1-1", f"J045-1-1-3-{n}"),
            ("J045-1-1", f"J045-1-1-3-{n}"), ("M999-1-1", f"M999-1-1-{n}"),
        )[n % 4]  # fmt: skip
        records.append(
            file_record(
                n,
                id=of(code),
                reference_code=code,
                parent=of(parent),
                fonds_code=code.split("-")[0],
                title=f"鲸骨秘事渔民登记第{n}件",
                persons=("海匪洪三", "张阿毛"),
                places=("黑水洋", "沈家门"),
                keywords=("鲸骨",),
                genre="密函",
                creators=("海匪洪三",),
                date=DateSpan("1799年", "1799-01-01", "1799-12-31") if n % 2 else DateSpan(),
                abstract="渔民登记秘事" * 3,
                **CLOSED[n % len(CLOSED)],
            )
        )
    return records


def hidden(system: System, count: int) -> list[Incoming]:
    incoming = []
    for n, record in enumerate(hidden_records(count)):
        if record.level != "file":
            incoming.append(Incoming(record))
            continue
        page = text_page(n, 1, system.store)  # some share their file with an open record
        sha = system.store.put("秘事".encode())
        file = IncomingAttachment("秘事.txt", sha, "text/plain", 6, "秘事附件")
        incoming.append(Incoming(record, [page], [file]))
    return incoming


def opened(incoming: Incoming) -> Incoming:
    marks = {"access_status": OPEN, "publicity": PUBLISHED, "classification": ""}
    return replace(incoming, record=replace(incoming.record, **marks))


@dataclass
class Trio:
    never: dict[str, System]
    closed: System
    withdrawn: System
    hidden_ids: list[str]
    whole: bool
    wanted: dict[str, dict[str, Any]] = field(default_factory=dict)

    def compare(self, other: System, audience: str, *, ordered: bool = True) -> None:
        """Everything `other` answers against what the system that never held them answers."""
        if audience not in self.wanted:
            self.wanted[audience] = answers(self.never[audience], audience, self.calls(audience))
        want, got = self.wanted[audience], answers(other, audience, self.calls(audience))
        assert want.keys() == got.keys()
        for call, answer in want.items():  # call by call: a difference is told by the first one
            assert said(got[call], ordered=ordered) == said(answer, ordered=ordered), call

    def calls(self, audience: str) -> list[Call]:
        never = self.never[audience]
        found = sorted(hit["id"] for hit in never.search("", audience, level="file", size=100)["hits"])
        open_ids = [of("J045-1-1-3"), *found]
        hidden_ids = [i for i in self.hidden_ids if i.count("-") > 2]
        step = (6, 12, 1) if self.whole else (2, 4, 4)
        ids = [
            *open_ids[: step[0]],
            *hidden_ids[: step[1]],
            of("nonsense"),
            of("J045-1-2"),
            of("M999-1-1"),
            of("J001"),
        ]
        all_calls: list[Call] = []
        for path in get_routes(never):
            asked = calls(path, ids, hidden_ids)
            assert asked is not None, f"{path}: a GET route that the proof of no trace does not cover"
            # In short every third search: three has no factor with the four modes, so each mode has its turn.
            all_calls += list(asked)[:: step[2] - 1 or 1] if path == "/v1/search" else asked
        return all_calls


@pytest.fixture(scope="module")
def trio(make_system: Callable[[], System], long_run: bool) -> Trio:
    count = 400 if long_run else 44
    never = {}
    for audience in (PUBLIC, READING_ROOM):
        never[audience] = system = make_system()
        box = small_archive(system.store)
        # The reading room's own records are hidden from the public: so they were never held either.
        held = [i for i in box.incoming if i.record.level != "file" or sees(audience, i.record)]
        system.put(held)
        system.project()
    closed = make_system()
    closed.put([*small_archive(closed.store).incoming, *hidden(closed, count)])
    closed.project()
    withdrawn = make_system()
    held = hidden(withdrawn, count)
    box = small_archive(withdrawn.store)
    withdrawn.put([*box.incoming, *map(opened, held)])
    withdrawn.project()
    for audience in (PUBLIC, READING_ROOM):  # they were served, and what was served may be cached
        assert withdrawn.search("鲸骨", audience)["total"]["value"] >= count
        withdrawn.ask(f"/v1/records/{held[-1].record.id}/pages/1/thumbnail", audience)
        withdrawn.get("/v1/suggest", audience, q="鲸骨")
    withdrawn.put(held, update=True)
    withdrawn.project()
    return Trio(never, closed, withdrawn, [i.record.id for i in held], long_run)


def sees(audience: str, record: Record) -> bool:
    return audience in visible_to(record.access_status, record.publicity, record.classification)


# ── every GET route ────────────────────────────────────────────────────────────

FACETS = "fonds,series,genre,creators,persons,places,keywords,category,decade,access_status,retention,medium,level,parent,ancestors,has_scan"
QUESTIONS = ("", "渔民登记", "沈家门 -定海", "“渔民登记”", "1799年", "鲸骨 OR 灯塔", "秘*", "题名:鲸骨", "海匪是谁",
             "M999-1-1-3", "台风那天房屋倒了吗，1949年以前", "张阿毛", "秘事附件")  # fmt: skip

Call = tuple[str, dict[str, Any]]


def calls(path: str, ids: list[str], hidden_ids: list[str]) -> Iterator[Call] | None:
    """What to ask of one route, of these records; None: a route this test does not know."""
    records: dict[str, list[tuple[str, dict[str, Any]]]] = {
        "": [("", {})],
        "/pages/{number}": [
            ("/pages/1", {}),
            ("/pages/9", {}),
            ("/pages/1", {"version": 9}),
            ("/pages/x", {}),
        ],
        "/pages/{number}/image": [
            ("/pages/1/image", {}),
            ("/pages/1/image", {"width": 300, "rotate": 90}),
            ("/pages/9/image", {}),
        ],
        "/pages/{number}/thumbnail": [("/pages/1/thumbnail", {}), ("/pages/9/thumbnail", {})],
        "/matches": [("/matches", {"q": "渔民登记"}), ("/matches", {"q": "鲸骨"}), ("/matches", {})],
        "/citation": [
            ("/citation", {}),
            ("/citation", {"format": "ris", "page": 1}),
            ("/citation", {"format": "?"}),
        ],
        "/attachments/{number}": [("/attachments/1", {}), ("/attachments/2", {})],
        "/similar": [("/similar", {"size": 50}), ("/similar", {"size": 0})],
    }
    nodes = (None, of("J001"), of("J045"), of("J045-1"), of("J045-1-1"), of("J045-1-2"), of("J001-1-2"), of("M999"),
             of("M999-1"), of("nonsense"), *hidden_ids[:4])  # fmt: skip
    known: dict[str, list[Call]] = {
        "/v1/search": [
            ("/v1/search", {"q": q, "mode": mode, "size": 100, "facets": FACETS, "histogram": "true", **more})
            for q in QUESTIONS
            for mode, more in (("hybrid", {}), ("words", {"sort": "date"}), ("meaning", {}), ("words", {"level": "file"}))
        ]
        + [
            ("/v1/search", {"q": "渔民登记", "mode": "words", "size": 100, "facets": FACETS, **more})
            for more in ({"persons": "海匪洪三"}, {"fonds": "M999"}, {"within": of("M999")}, {"year_to": 1800}, {"undated": "true"},
                         {"exclude": "places:黑水洋"}, {"genre": "密函"}, {"parent": of("J045-1-1")})
        ],
        "/v1/suggest": [("/v1/suggest", {"q": q, "size": 20}) for q in (*RARE, "鲸", "关于", "沈", "渔", "登记", "密")],
        "/v1/browse": [("/v1/browse", {"size": 200} | ({"parent": parent} if parent else {})) for parent in nodes],
        "/v1/fields": [("/v1/fields", {})],
        "/v1/status": [("/v1/status", {})],
        "/healthz": [("/healthz", {})],
        "/readyz": [("/readyz", {})],
    }  # fmt: skip
    if path in known:
        return iter(known[path])
    prefix = "/v1/records/{record_id}"
    if path.startswith(prefix) and path[len(prefix) :] in records:
        return (
            (f"/v1/records/{i}{tail}", params) for i in ids for tail, params in records[path[len(prefix) :]]
        )
    return None


def get_routes(system: System) -> list[str]:
    document = system.client.get("/openapi.json").json()
    return sorted(path for path, methods in document["paths"].items() if "get" in methods)


def answers(system: System, audience: str, all_calls: list[Call]) -> dict[str, Any]:
    """call → status, headers and body, but for when a file was drawn and how long the answer took."""
    got: dict[str, Any] = {}
    for path, params in all_calls:
        answer = system.ask(path, audience, params=params)
        headers = {k: v for k, v in answer.headers.items() if k not in ("date", "last-modified")}
        body: Any = answer.content
        if answer.headers["content-type"].startswith("application/json"):
            body = followed(system, audience, path, params, answer.json())
            del headers["content-length"]  # took_ms has its own length
        got[f"{path} {params}"] = (answer.status_code, headers, body)
    return got


def said(answer: Any, *, ordered: bool) -> Any:
    status, headers, body = answer
    if isinstance(body, bytes):
        return answer
    return status, headers, json.dumps(cleaned(body, ordered=ordered), ensure_ascii=False, sort_keys=True)


def followed(system: System, audience: str, path: str, params: dict[str, Any], body: Any) -> Any:
    """The whole list, page after page: a cursor itself is sealed and never twice the same."""
    if not isinstance(body, dict) or "next" not in body or ("hits" not in body and "items" not in body):
        return body
    rows = "hits" if "hits" in body else "items"
    page = body
    while page["next"]:
        page = system.get(path, audience, **params, cursor=page["next"])
        body[rows] += page[rows]
    return body | {"next": None}


def cleaned(value: Any, *, ordered: bool) -> Any:
    if isinstance(value, dict):
        kept = {k: cleaned(v, ordered=ordered) for k, v in value.items() if k not in ("took_ms", "made_at")}
        if not ordered and "hits" in kept:
            for hit in kept["hits"]:
                hit.pop("rank")
                hit["why"] = {k: v if k == "matched" else bool(v) for k, v in hit["why"].items()}
            kept["hits"].sort(key=lambda hit: hit["id"])
        return kept
    return [cleaned(v, ordered=ordered) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("audience", [PUBLIC, READING_ROOM])
def test_closed_records_leave_no_trace(trio: Trio, audience: str) -> None:
    trio.compare(trio.closed, audience)


@pytest.mark.parametrize("audience", [PUBLIC, READING_ROOM])
def test_withdrawn_records_leave_none_but_in_the_order_of_hits(trio: Trio, audience: str) -> None:
    trio.compare(trio.withdrawn, audience, ordered=False)


def test_the_reading_rooms_own_records_leave_none_for_the_public(trio: Trio) -> None:
    trio.compare(trio.never[READING_ROOM], PUBLIC)


def test_a_withdrawal_asks_for_a_rebuild_and_after_it_not_even_the_order_tells(trio: Trio) -> None:
    assert {r.audience for r in trio.withdrawn.catalogue.outbox.rebuilds()} == {PUBLIC, READING_ROOM}
    assert trio.withdrawn.rebuild() == 2
    assert trio.withdrawn.catalogue.outbox.rebuilds() == []
    for audience in (PUBLIC, READING_ROOM):
        trio.compare(trio.withdrawn, audience)


def test_a_hidden_record_answers_as_one_that_never_was(trio: Trio) -> None:
    """Within one system too: the same status, headers and bytes; for every method."""
    tails = (
        "",
        "/pages/1",
        "/pages/1/image",
        "/pages/1/thumbnail",
        "/matches?q=a",
        "/citation",
        "/attachments/1",
        "/similar",
    )
    for audience in (PUBLIC, READING_ROOM):
        for method, rest in [
            *(("GET", t) for t in tails),
            ("PUT", "/access"),
            ("PUT", "/pages/1/text"),
            ("DELETE", ""),
        ]:
            seen = []
            for record_id in (trio.hidden_ids[5], of("never-was")):
                answer = trio.closed.ask(f"/v1/records/{record_id}{rest}", audience, method=method, json={})
                seen.append((answer.status_code, dict(answer.headers), answer.content))
            assert seen[0] == seen[1]
            assert seen[0][0] in (403, 404, 405, 422)


def test_the_proof_would_see_a_difference(trio: Trio) -> None:
    """A system that does hold more is told apart: the comparison can fail."""
    with pytest.raises(AssertionError, match="/v1/"):
        trio.compare(trio.never[PUBLIC], READING_ROOM, ordered=False)
    assert trio.closed.search("鲸骨", AUDIENCES[-1])["total"]["value"] == len(trio.hidden_ids) - 2
    assert sum(i.record.publicity == READING_ROOM_ONLY for i in small_archive(trio.closed.store).incoming)
    assert all(i.startswith(f"{ARCHIVE_CODE}:") for i in trio.hidden_ids)
