"""What a request leaves in the audit trail, what it costs when the trail is away, and who may read it."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import hmac
import io
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from typing import Any

import pytest

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.audit.alerts import Watch
from holdings.audit.check import check
from holdings.audit.heads import write_head
from holdings.audit.trail import Found, Trail, Wanted
from holdings.records import Line, PageText
from holdings.signing import make_key
from tests.api.conftest import System
from tests.api.small_archive import small_archive
from tests.api.test_closing import CLOSE, OPEN_AGAIN

from .trails import at_the_file, event

OPENED = "990001:J001-1-1-1"


@pytest.fixture
def system(make_system: Callable[[], System]) -> System:
    """A system of its own, with the keys of the three administrators."""
    made = make_system()
    made.put(small_archive(made.store).incoming[:20])
    made.project()
    for role in ("audit_admin", "system_admin", "security_admin"):
        made.keys[role] = made.catalogue.keys.add(PUBLIC, roles=[role])
    made.keys["security_officer"] = made.catalogue.keys.add(STAFF, roles=["security_officer"])
    return made


def on_record(system: System, **wanted: str) -> list[Found]:
    """Newest first, once all that waits is written."""
    writer = system.client.app.state.house.audit.writer  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while (writer.waiting or writer.lost) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.05)
    trail = Trail.of(system.settings)
    try:
        return trail.search(Wanted(**wanted))
    finally:
        trail.close()


def codes(found: list[Found]) -> list[tuple[str, str, str, str]]:
    return [(f.entry.action, f.entry.actor, f.entry.record, f.entry.outcome) for f in found]


@contextmanager
def locked(system: System) -> Iterator[None]:
    """Another program holds the trail's file."""
    with closing(sqlite3.connect(system.settings.home / "audit.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def closed_one(system: System) -> str:
    hits = system.search("", STAFF, level="file", access_status="控制", size=100)["hits"]
    return str(hits[0]["id"])


def test_what_named_callers_do_is_on_record_and_of_the_public_only_figures(system: System) -> None:
    closed = closed_one(system)
    before = len(on_record(system))
    system.search("渔民登记", STAFF)
    system.search("盐场", READING_ROOM)
    system.search("公众所问")
    system.ask(f"/v1/records/{OPENED}")
    system.ask(f"/v1/records/{OPENED}", STAFF)
    system.ask(f"/v1/records/{closed}", STAFF)
    system.ask(f"/v1/records/{closed}")
    system.ask(f"/v1/records/{closed}/pages/1/image", STAFF)
    system.ask(f"/v1/records/{OPENED}/pages/1/image", STAFF)
    system.ask("/v1/suggest", STAFF, params={"q": "渔"})
    found = on_record(system)
    assert codes(found[: len(found) - before]) == [
        ("page.image", "key:2", closed, "done"),
        ("record.view", "key:2", closed, "done"),
        ("record.view", "key:2", OPENED, "done"),
        ("search", "key:1", "", "done"),
        ("search", "key:2", "", "done"),
    ]
    assert [json.loads(f.entry.facts).get("closed") for f in found[:3]] == [True, True, False]
    assert json.loads(found[3].detail or "") == {
        "address": "testclient",
        "name": "reading_room",
        "query": "q=盐场",
    }
    system.close_client()  # a process that ends says its figures
    said = {f.entry.action: f for f in Trail.of(system.settings).search(Wanted(), size=3)}
    assert list(said) == ["process.stop", "public.figures", "page.image"]
    counts = json.loads(said["public.figures"].entry.facts)["counts"]
    assert counts == {"search done": 1, "record.view done": 1, "record.view not-found": 1}
    assert "公众所问" not in (system.settings.home / "audit.sqlite").read_bytes().decode("utf-8", "ignore")
    assert check(system.settings).findings == []


def test_a_setting_puts_each_public_request_on_record(system: System) -> None:
    system.close_client()
    system.settings.audit_public = True
    system.search("公众所问")
    [found] = on_record(system, what="search")
    assert json.loads(found.detail or "") == {"address": "testclient", "query": "q=公众所问"}


def test_a_change_is_on_record_before_it_begins_and_before_it_is_answered(system: System) -> None:
    answer = system.ask(
        f"/v1/records/{OPENED}/access", STAFF, method="PUT", json={**OPEN_AGAIN, "publicity": "公开"}
    )
    assert answer.status_code == 200
    found = Trail.of(system.settings).search(Wanted(what="change"))  # at once: nothing is waited for
    assert codes(found) == [("change", "key:2", OPENED, "done"), ("change", "key:2", OPENED, "begun")]
    assert found[0].entry.what == "PUT /v1/records/{record_id}/access"


def test_refusals_are_on_record_with_the_address(system: System) -> None:
    system.ask(f"/v1/records/{OPENED}/access", READING_ROOM, method="PUT", json=CLOSE)
    system.ask(f"/v1/records/{OPENED}/access", method="PUT", json=CLOSE)
    system.client.get("/v1/search", headers={"Authorization": "Bearer dh_wrong"})
    system.ask("/metrics")
    found = on_record(system, outcome="refused")
    assert codes(found) == [
        ("read", "", "", "refused"),
        ("search", "", "", "refused"),
        ("change", "", OPENED, "refused"),
        ("change", "key:1", OPENED, "refused"),
    ]
    assert all(json.loads(f.detail or "")["address"] == "testclient" for f in found)


def test_while_the_trail_is_locked_changes_are_refused_reads_go_on_and_the_gap_is_told(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdings.audit.trail.PATIENCE", 0.2)
    system.search("开始", STAFF)
    on_record(system)
    system.close_client()
    writer = system.client.app.state.house.audit.writer  # type: ignore[attr-defined]
    monkeypatch.setattr(writer, "_kept", 5)
    on_record(system)
    with locked(system):
        for n in range(8):
            assert system.ask("/v1/search", STAFF, params={"q": f"其间{n}"}).status_code == 200
        answer = system.ask(f"/v1/records/{OPENED}/access", STAFF, method="PUT", json=CLOSE)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:danghai:problem:audit-unavailable")
        assert "审计" in answer.json()["detail"]
        assert "retry-after" in answer.headers
        assert writer.broken
    stored = system.catalogue.records.get(OPENED)
    assert stored is not None
    assert stored.record.access_status == "开放"  # nothing was changed that is not on record
    found = on_record(system)
    gap = next(f for f in found if f.entry.action == "audit.gap")
    lost = json.loads(gap.entry.facts)["lost"]
    kept = [f for f in found if f.detail and "其间" in f.detail]
    assert lost + len(kept) >= 8
    assert lost >= 3
    assert system.ask(f"/v1/records/{OPENED}/access", STAFF, method="PUT", json=OPEN_AGAIN).status_code == 200
    report = check(system.settings)
    assert (report.findings, report.lost) == ([], lost)


def test_asking_for_headers_alone_is_on_record_as_the_look_it_is(system: System) -> None:
    got, headers = (system.ask(f"/v1/records/{OPENED}", STAFF, method=method) for method in ("GET", "HEAD"))
    assert (headers.status_code, headers.headers["content-length"]) == (200, got.headers["content-length"])
    entries = [f.entry for f in on_record(system, record=OPENED)[:2]]
    assert [(e.action, e.what.partition(" ")[0]) for e in entries] == [
        ("record.view", "HEAD"),
        ("record.view", "GET"),
    ]
    assert system.ask(f"/v1/records/{OPENED}/access", STAFF, method="HEAD").status_code == 405


def test_who_may_read_the_trail_and_the_metrics(system: System) -> None:
    for who in (PUBLIC, READING_ROOM, STAFF, "system_admin", "security_admin"):
        assert system.ask("/v1/audit", who).status_code == 403
    for who in (PUBLIC, READING_ROOM, STAFF, "audit_admin", "security_officer"):
        assert system.ask("/metrics", who).status_code == 403
    system.ask(f"/v1/records/{OPENED}", STAFF)
    on_record(system)
    for who in ("audit_admin", "security_officer"):
        [entry] = system.get("/v1/audit", who, record=OPENED, who="key:2")["entries"]
        assert (entry["action"], entry["outcome"], entry["detail"]["address"]) == (
            "record.view",
            "done",
            "testclient",
        )
    assert [f.entry.what for f in on_record(system, what="read")[:2]] == ["GET /v1/audit"] * 2
    text = system.ask("/metrics", "system_admin").text
    assert 'danghai_requests_total{route="/v1/records/{record_id}",status="200"} 1.0' in text
    assert "danghai_audit_broken 0.0" in text
    bad = system.ask("/v1/audit", "audit_admin", params={"since": "昨天"})
    assert (bad.status_code, bad.json()["type"]) == (400, "urn:danghai:problem:bad-input")


def test_the_trail_pages_by_cursor(system: System) -> None:
    for n in range(7):
        system.search(f"第{n}问", STAFF)
    on_record(system)
    answer = system.get("/v1/audit", "audit_admin", what="search", size=3)
    seen = list(answer["entries"])
    while answer["next"]:
        answer = system.get("/v1/audit", "audit_admin", what="search", size=3, cursor=answer["next"])
        seen += answer["entries"]
    assert [e["detail"]["query"] for e in seen] == [f"q=第{n}问" for n in range(6, -1, -1)]
    other = system.get("/v1/audit", "audit_admin", what="search", size=3)["next"]
    assert system.ask("/v1/audit", "security_officer", params={"cursor": other}).status_code == 400


def test_the_trail_goes_out_as_a_file_without_formulas(system: System) -> None:
    system.search("=1+1", STAFF)
    system.ask(f"/v1/records/{OPENED}", STAFF)
    on_record(system)
    answer = system.ask("/v1/audit/export", "audit_admin", params={"who": "key:2"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    headers, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert [row[headers.index("条目")] for row in rows] == [OPENED, ""]
    assert [row[headers.index("自何处")] for row in rows] == ["testclient", "testclient"]
    assert rows[1][headers.index("参数")] == "q==1+1"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    on_record(system)
    [entry] = system.get("/v1/audit", "audit_admin", what="export")["entries"]
    assert entry["what"] == "GET /v1/audit/export"
    assert system.ask("/v1/audit/export", STAFF).status_code == 403


def test_the_chain_is_verified_on_request_and_its_state_told(system: System) -> None:
    for method, path in (("GET", "state"), ("POST", "verify")):
        for who in (PUBLIC, STAFF, "system_admin", "security_admin"):
            assert system.ask(f"/v1/audit/{path}", who, method=method).status_code == 403
    system.search("登记", STAFF)
    on_record(system)
    state = system.get("/v1/audit/state", "audit_admin")
    assert (state["verified"], state["head"], state["signs"], state["guards_missing"]) == (
        None,
        None,
        False,
        [],
    )
    make_key(system.settings.audit_key_file)
    write_head(system.settings, Trail.of(system.settings), datetime.now(UTC))
    sound = verified(system)
    assert (sound["verified"]["sound"], sound["verified"]["heads"]) == (True, 1)
    assert sound["verified"]["by"] == "public"  # the key's name
    assert sound["head"]["agrees"]
    seq = sound["head"]["seq"]
    with at_the_file(system.settings) as file:  # the entry that the head names is written anew
        file.execute("UPDATE audit_entries SET what = 'GET /nothing' WHERE seq = ?", (seq,))
    unsound = verified(system)
    assert not unsound["head"]["agrees"]
    assert not unsound["verified"]["sound"]
    assert seq in {found["seq"] for found in unsound["verified"]["findings"]}
    assert unsound["verified"]["findings_in_all"] == len(unsound["verified"]["findings"])


def verified(system: System) -> Any:
    """The state once a verification asked for now is on record."""
    before = system.get("/v1/audit/state", "audit_admin")["verified"]
    assert system.ask("/v1/audit/verify", "audit_admin", method="POST").status_code == 202
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        on_record(system)
        state = system.get("/v1/audit/state", "audit_admin")
        if state["verified"] != before and not state["verifying"]:
            return state
        time.sleep(0.02)
    raise AssertionError("never verified")


# ── alerts ─────────────────────────────────────────────────────────────────────


def test_an_alert_comes_at_the_limit_within_the_window_and_not_again_until_as_many_more() -> None:
    watch = Watch({"not-found": 3}, 60)
    seen = [watch.saw("not-found", "key:1", now) is not None for now in (0, 1, 2, 3, 4, 5)]
    assert seen == [False, False, True, False, False, True]
    slow = [watch.saw("not-found", "key:2", now) is not None for now in (0, 40, 80, 120, 160)]
    assert not any(slow)
    assert watch.saw("not-found", "key:2", 161) is not None  # 120, 160, 161


class Receiver:
    """A real HTTP server that answers 500 so many times, then takes what it is sent."""

    def __init__(self, failures: int) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                nonlocal failures
                body = self.rfile.read(int(self.headers["Content-Length"]))
                failures -= 1
                if failures < 0:
                    receiver.taken.append((dict(self.headers), body))
                self.send_response(204 if failures < 0 else 500)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/alerts"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def alerting(system: System, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    from pydantic import SecretStr

    system.close_client()
    s = system.settings
    s.alert_not_found, s.alert_sign_ins, s.alert_closed, s.alert_downloads = 5, 4, 3, 6
    s.alert_webhook, s.alert_secret = receiver.address, SecretStr("样例密语")
    monkeypatch.setattr("holdings.audit.webhook.WAITS", (0.05, 0.05))
    monkeypatch.setattr("holdings.audit.webhook.Webhook.__init__.__defaults__", ((0.05, 0.05),))


def test_unusual_numbers_reach_log_trail_metrics_and_webhook(
    system: System, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = Receiver(failures=1)
    alerting(system, receiver, monkeypatch)
    closed = closed_one(system)
    for n in range(5):
        system.ask(f"/v1/records/990001:none-{n}", READING_ROOM)
    for _ in range(4):
        system.client.get("/v1/search", headers={"Authorization": "Bearer dh_wrong"})
    for _ in range(3):
        system.ask(f"/v1/records/{closed}", STAFF)
    for _ in range(6):
        system.ask(f"/v1/records/{OPENED}/pages/1/image")
    alerts = [json.loads(f.entry.facts)["rule"] for f in on_record(system, what="alert")]
    assert sorted(alerts) == ["closed", "downloads", "not-found", "sign-in"]
    assert "告警 sign-in" in caplog.text
    assert 'danghai_alerts_total{rule="closed"} 1.0' in system.ask("/metrics", "system_admin").text
    deadline = time.monotonic() + 10
    while len(receiver.taken) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    headers, body = receiver.taken[0]
    given = dict(part.split("=") for part in headers["Danghai-Signature"].split(","))
    made = hmac.new("样例密语".encode(), f"{given['t']}.".encode() + body, hashlib.sha256).hexdigest()
    assert given["v1"] == made
    assert {json.loads(b)["rule"] for _, b in receiver.taken} == set(alerts)
    assert json.loads(body)["who"] == "key:1"


def test_an_alert_that_nobody_takes_is_said(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(failures=1_000)
    alerting(system, receiver, monkeypatch)
    for n in range(5):
        system.ask(f"/v1/records/990001:none-{n}")
    deadline = time.monotonic() + 10
    while not on_record(system, what="alert.undelivered") and time.monotonic() < deadline:
        time.sleep(0.05)
    [said] = on_record(system, what="alert.undelivered")
    assert json.loads(said.entry.facts) == {"rule": "not-found", "error": "HTTP 500"}
    assert "danghai_alerts_undelivered_total 1.0" in system.ask("/metrics", "system_admin").text


def test_an_alert_address_needs_a_secret_and_is_an_address() -> None:
    from holdings.settings import Settings

    with pytest.raises(ValueError, match="signed"):
        Settings(alert_webhook="https://alerts.example", _env_file=None)
    with pytest.raises(ValueError, match="https"):
        Settings(alert_webhook="file:///etc/passwd", alert_secret="x", _env_file=None)


def test_the_day_s_head_and_erasures_are_made_while_serving(system: System) -> None:
    make_key(system.settings.audit_key_file)
    system.search("登记", STAFF)
    on_record(system)
    audit = system.client.app.state.house.audit  # type: ignore[attr-defined]
    asyncio.run(asyncio.to_thread(audit._daily))
    assert len(system.settings.audit_heads_file.read_text().splitlines()) == 1
    assert (check(system.settings).heads, check(system.settings).findings) == (1, [])


def test_details_are_erased_while_serving_with_or_without_a_key(system: System) -> None:
    old = datetime.now(UTC) - timedelta(days=system.settings.audit_days + 1)
    trail = Trail.of(system.settings)
    trail.append([event(1, old), event(2, datetime.now(UTC))])
    assert system.client.app.state.house.audit.writer is not None  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while not trail.search(Wanted(what="audit.erase")) and time.monotonic() < deadline:
        time.sleep(0.05)
    found = {f.entry.what: f for f in trail.search(Wanted(record="990001:J001-1-1-1"))}
    assert found["GET /v1/search"].detail is None
    [kept] = trail.search(Wanted(record="990001:J001-1-1-2"))
    assert kept.detail is not None
    assert check(system.settings).findings == []


def test_the_security_officer_is_told_of_what_is_held_and_only_how_much(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver = Receiver(failures=0)
    alerting(system, receiver, monkeypatch)
    system.get("/v1/me")
    audit = system.client.app.state.house.audit  # type: ignore[attr-defined]
    now = datetime.now(UTC)
    audit._quarantined(now)  # nothing is held: nothing is said
    marked = PageText((Line("机密★十年", (60, 50, 200, 40)),), "ocr:new@2")
    pages = (
        page for ids in system.catalogue.records.ids() for i in ids for page in system.catalogue.pages.of(i)
    )
    first, second = islice((page for page in pages if page.number == 1), 2)
    system.catalogue.pages.save_reading(first.id, marked, "new@2")
    for later in (0, 1, 2):  # said once, not each time it is looked at
        audit._quarantined(now + timedelta(hours=later))
    system.catalogue.pages.save_reading(second.id, marked, "new@2")
    audit._quarantined(now + timedelta(hours=3))  # more was found
    audit._quarantined(now + timedelta(hours=4))
    audit._quarantined(now + timedelta(hours=28))  # it waits for a day
    deadline = time.monotonic() + 10
    while len(receiver.taken) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    told = [json.loads(body) for _, body in receiver.taken]
    assert [(one["rule"], one["count"], one["who"]) for one in told] == [
        ("quarantine", 1, ""),
        ("quarantine", 2, ""),
        ("quarantine", 2, ""),
    ]
    assert not any(text in str(told) for text in (first.record_id, second.record_id, "机密★"))
    metrics = system.ask("/metrics", "system_admin").text
    assert 'danghai_alerts_total{rule="quarantine"} 3.0' in metrics
    assert "danghai_quarantine_held 2.0" in metrics
    for finding in system.catalogue.quarantine.listing():
        system.catalogue.quarantine.release(finding.id, by="保密员", reason="试")
    audit._quarantined(now + timedelta(hours=60))
    assert "danghai_quarantine_held 0.0" in system.ask("/metrics", "system_admin").text
    assert 'danghai_alerts_total{rule="quarantine"} 3.0' in system.ask("/metrics", "system_admin").text
