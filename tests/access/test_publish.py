"""Packages between the archive and its public installation (issue 5, point 7): two real systems, real files."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from curation.edition import as_json
from holdings.access import PUBLIC, STAFF
from holdings.errors import BadInput, BadPackage, NotFound
from holdings.publishing.coming_in import bring_in
from holdings.publishing.commands import _acknowledge, _status
from holdings.publishing.going_out import export, make_plan
from holdings.publishing.package import MANIFEST, RECORDS, SIGNATURE, WITHDRAWALS
from holdings.records import Line, PageText
from holdings.signing import make_key
from tests.api.conftest import System
from tests.api.small_archive import file_record, of, small_archive
from tests.api.test_exhibitions import CURATOR, edition

from .carrying import Side, bring, out, rewritten, signed_anew

ROOT = Path(__file__).parents[2]


def an_open_file(side: Side) -> str:
    found = (i for i in sorted(side.state()) if i.count("-") == 3)
    return next(found)


def test_a_fresh_outside_holds_exactly_what_is_public_and_deltas_follow(
    inside: Side, outside: Side, stick: Path
) -> None:
    first = out(inside, stick)
    assert bring(outside, first).new
    assert outside.state() == inside.state()
    everything = [i for ids in outside.catalogue.records.ids() for i in ids]
    assert sorted(everything) == sorted(outside.state())  # not one more
    raw = b"".join(path.read_bytes() for path in outside.settings.home.glob("catalogue.sqlite*"))
    for kept in ("东库三排", "Z0001", "控制"):
        assert kept not in raw.decode("utf-8", "ignore")
    assert export(inside.settings, inside.catalogue, stick) is None  # nothing new, no package
    gone = an_open_file(inside)
    came = next(i for ids in inside.catalogue.records.ids() for i in ids if i not in inside.state())
    corrected = sorted(inside.state())[-1]
    inside.set_access(gone, open_=False)
    inside.set_access(came, open_=True)
    inside.catalogue.pages.correct(corrected, 1, PageText((Line("鯨骨訂正", (1, 2, 3, 4)),), "person:张三"))
    renumbered = sorted(inside.state())[-2]
    inside.catalogue.records.renumber(renumbered, "J009-9-9-9")
    arrived = bring(outside, out(inside, stick))
    assert (arrived.package.additions, arrived.withdrawn) == (3, 1)
    assert outside.state() == inside.state()
    assert outside.catalogue.records.get(gone) is None
    assert [v for v in outside.catalogue.records.versions(gone)] == []


def test_what_is_withdrawn_leaves_no_file_behind(inside: Side, outside: Side, stick: Path) -> None:
    bring(outside, out(inside, stick))
    gone = an_open_file(inside)
    files = {page.sha256 for page in outside.catalogue.pages.of(gone)}
    assert all(outside.store.path(sha).exists() for sha in files)
    cached = outside.settings.home / "cache" / "images" / "ab" / "x.jpg"
    cached.parent.mkdir(parents=True)
    cached.touch()
    inside.set_access(gone, open_=False)
    bring(outside, out(inside, stick))
    assert not any(outside.store.path(sha).exists() for sha in files)
    assert not cached.exists()
    assert gone in outside.catalogue.outbox.withdrawing()
    assert {r.audience for r in outside.catalogue.outbox.rebuilds()} >= {PUBLIC}


def test_images_are_derivatives_without_what_the_file_says_of_itself(
    inside: Side, outside: Side, stick: Path, tmp_path: Path
) -> None:
    from holdings.catalogue import Incoming, IncomingPage

    exif = Image.Exif()
    exif[0x010E] = "库房三号柜"
    large = tmp_path / "large.jpg"
    Image.new("RGB", (4800, 1200), "white").save(large, exif=exif)
    sha = inside.store.put(large)
    text = PageText((Line("甲", (400, 200, 40, 40)),), "ocr:test@1")
    page = IncomingPage(1, sha, width=4800, height=1200, text=text)
    record = file_record(
        0, id=of("P1"), reference_code="P1", parent=None, access_status="开放", publicity="公开"
    )
    inside.catalogue.records.put([Incoming(record, [page])])
    bring(outside, out(inside, stick))
    [there] = outside.catalogue.pages.of(of("P1"))
    content = outside.store.path(there.sha256).read_bytes()
    assert "库房三号柜".encode() not in content
    assert (there.width, there.height) == (2400, 600)
    assert there.text is not None
    assert there.text.lines[0].box == (200, 100, 20, 20)


def test_a_package_out_of_turn_is_refused_with_what_to_do(inside: Side, outside: Side, stick: Path) -> None:
    packages = [out(inside, stick)]
    ids = sorted(inside.state())
    for record_id in ids[-3:]:
        inside.set_access(record_id, open_=False)
        packages.append(out(inside, stick))
    with pytest.raises(BadPackage, match="全量包"):
        bring(outside, packages[1])
    bring(outside, packages[0])
    with pytest.raises(BadPackage, match="请先导入第 2、3 号"):
        bring(outside, packages[3])
    bring(outside, packages[1])
    before = outside.state()
    with pytest.raises(BadPackage, match=r"旧包.*第 3 号"):
        bring(outside, packages[0])
    assert not bring(outside, packages[1]).new  # the same once more: nothing changes
    assert outside.state() == before
    full = out(inside, stick, full=True)  # one is lost: a full one helps
    assert bring(outside, full).withdrawn == 2
    assert outside.state() == inside.state()
    with pytest.raises(BadPackage, match="旧包"):
        bring(outside, packages[2])


# ── packages that were tampered with ───────────────────────────────────────────


def line_changed(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        assert old.encode() in files[RECORDS]
        files[RECORDS] = files[RECORDS].replace(old.encode(), new.encode())

    return change


TAMPERED: dict[str, tuple[Callable[[dict[str, bytes]], None], str]] = {
    "a record changed": (line_changed("登记", "登计"), "SHA-256"),
    "the manifest changed": (lambda f: f.update({MANIFEST: f[MANIFEST] + b" "}), "签名不对"),
    "a withdrawal left out": (lambda f: f.update({WITHDRAWALS: b""}), "SHA-256"),
    "a file more": (lambda f: f.update({"../../evil.sh": b"x"}), "与清单不符"),
    "a file less": (lambda f: f.pop(next(n for n in f if n.startswith("files/"))) and None, "与清单不符"),
    "no signature": (lambda f: f.pop(SIGNATURE) and None, "签名"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_package_that_was_tampered_with_changes_nothing(
    inside: Side, outside: Side, stick: Path, tmp_path: Path, name: str
) -> None:
    bring(outside, out(inside, stick))
    before = outside.state()
    inside.set_access(an_open_file(inside), open_=False)
    inside.set_access(next(i for i in sorted(inside.state()) if "登记" in inside.state()[i][0]), open_=True)
    package = out(inside, stick)
    change, said = TAMPERED[name]
    with pytest.raises(BadPackage, match=said):
        bring(outside, rewritten(package, tmp_path / "bad.zip", change))
    assert outside.state() == before
    bring(outside, package)
    assert outside.state() == inside.state()


CLOSED: dict[str, tuple[str, str, str]] = {
    "a closed one": ('"access_status": "开放"', '"access_status": "控制"', "不是可以公开"),
    "one for the reading room": ('"publicity": "公开"', '"publicity": "馆内"', "不是可以公开"),
    "one marked 内部": ('"access_status": "开放"', '"access_status": "开放", "classification": "内部"', "不是可以公开"),
    "with what stays with staff": ('"access_status": "开放"', '"access_status": "开放", "storage": "东库"', "只给馆员"),
}  # fmt: skip


@pytest.mark.parametrize("name", CLOSED)
def test_the_outside_asks_the_rule_once_more_even_of_a_rightly_signed_package(
    inside: Side, outside: Side, stick: Path, tmp_path: Path, name: str
) -> None:
    old, new, said = CLOSED[name]
    change = signed_anew(inside, line_changed(old, new))
    with pytest.raises(BadPackage, match=said):
        bring(outside, rewritten(out(inside, stick), tmp_path / "bad.zip", change))
    assert outside.state() == {}


def test_another_s_key_another_archive_and_the_wrong_side_are_refused(
    inside: Side, outside: Side, stick: Path, tmp_path: Path
) -> None:
    package = out(inside, stick)
    other = tmp_path / "other.key"
    make_key(other)
    with pytest.raises(BadPackage, match="签名不对"):
        bring(Side(tmp_path / "o1", public_only=True, publish_public_key=tmp_path / "other.key.pub"), package)
    with pytest.raises(NotFound, match="公钥"):
        bring(Side(tmp_path / "o2", public_only=True), package)
    key = outside.settings.publish_public_key
    with pytest.raises(BadPackage, match="990001 馆"):
        bring(Side(tmp_path / "o3", public_only=True, publish_public_key=key, archive_code="330900"), package)
    with pytest.raises(BadInput, match="不是公众网"):
        bring(inside, package)
    with pytest.raises(BadInput, match="不导出"):
        export(outside.settings, outside.catalogue, stick)


# ── killed ─────────────────────────────────────────────────────────────────────


def command(side: Side, *arguments: str) -> subprocess.Popen[bytes]:
    given = {"DANGHAI_HOME": str(side.settings.home), "PYTHONPATH": str(ROOT)}
    if side.settings.public_only:
        given |= {"DANGHAI_PUBLIC_ONLY": "1"}
        given |= {"DANGHAI_PUBLISH_PUBLIC_KEY": str(side.settings.publish_public_key)}
    words = [sys.executable, "-m", "danghai", "publish", *arguments]
    return subprocess.Popen(words, cwd=side.settings.home, env=os.environ | given, stderr=subprocess.DEVNULL)


def killed(process: subprocess.Popen[bytes], chance: random.Random) -> None:
    time.sleep(chance.uniform(0.6, 2.0))
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_killed_at_any_instant_both_sides_end_alike(
    inside: Side, outside: Side, stick: Path, long_run: bool
) -> None:
    chance = random.Random(7)
    bring(outside, out(inside, stick))
    for number in range(12 if long_run else 2):
        for slug in chance.sample(sorted(inside.shows()), min(number, 1)):
            inside.catalogue.editions.withdraw(slug, CURATOR)
        for slug in chance.sample(("jia", "yi", "bing"), 2):
            shown = replace(edition(1, 6, title=f"第 {number} 轮"), slug=slug)
            inside.catalogue.editions.publish(as_json(shown), CURATOR)
        ids = [i for ids in inside.catalogue.records.ids() for i in ids if i.count("-") == 3]
        for record_id in chance.sample(ids, 8):
            inside.set_access(record_id, open_=chance.random() < 0.6)
        killed(command(inside, "export", str(stick)), chance)
        export(inside.settings, inside.catalogue, stick)  # goes on, or has nothing left to do
        newest = sorted(stick.glob("danghai-*.zip"))[-1]
        killed(command(outside, "import", str(newest)), chance)
        bring(outside, newest)
        assert outside.state() == inside.state()
        assert outside.shows() == inside.shows()
        assert not list(outside.settings.home.glob(".package-*"))
        assert not list(stick.glob(".*.part"))


def test_a_package_half_applied_is_finished_before_any_other(
    inside: Side, outside: Side, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdings.publishing import coming_in

    first = out(inside, stick)
    gone = an_open_file(inside)
    inside.set_access(gone, open_=False)
    second = out(inside, stick)
    bring(outside, first)

    def fails(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(coming_in, "_apply", fails)
        with pytest.raises(OSError, match="No space"):
            bring(outside, second)
    assert outside.catalogue.records.get(gone) is None  # withdrawals come first
    third = out(inside, stick, full=True)
    with pytest.raises(BadPackage, match="第 2 号包再导入一次"):
        bring(outside, third)
    assert bring(outside, second).new
    assert bring(outside, third).new


# ── what was not carried over ──────────────────────────────────────────────────


def test_a_withdrawal_waits_until_the_outside_has_acknowledged_it(
    inside: Side, outside: Side, stick: Path
) -> None:
    ledger = inside.catalogue.publishing
    arrived = bring(outside, out(inside, stick))
    assert _acknowledge(inside.catalogue, arrived.code.lower()) == 1
    assert ledger.waiting().count == 0
    gone = an_open_file(inside)
    inside.set_access(gone, open_=False)
    ledger.notice()
    waiting = ledger.waiting()
    assert (waiting.unpacked, waiting.unacknowledged) == (1, 0)
    assert waiting.since is not None
    assert abs(waiting.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert waiting.hours(datetime.now(UTC) + timedelta(hours=30)) == pytest.approx(30, abs=0.1)
    package = out(inside, stick)
    assert (ledger.waiting().unpacked, ledger.waiting().unacknowledged) == (0, 1)
    assert ledger.waiting().since == waiting.since  # made, but not yet there: the clock runs on
    said = _status(inside.settings, inside.catalogue)
    assert (said["unacknowledged"], said["withdrawals_not_acknowledged"], said["overdue"]) == ([2], 1, False)
    with pytest.raises(NotFound, match="回执码"):
        _acknowledge(inside.catalogue, "AAAA-BBBB-CCCC")
    code = bring(outside, package).code
    path = stick / "receipt.json"
    path.write_text(json.dumps({"receipt": code}))
    assert _acknowledge(inside.catalogue, str(path)) == 2
    assert ledger.waiting().count == 0


def test_opened_again_before_it_was_carried_over_is_no_withdrawal(inside: Side, stick: Path) -> None:
    out(inside, stick)
    ledger, gone = inside.catalogue.publishing, an_open_file(inside)
    inside.set_access(gone, open_=False)
    ledger.notice()
    inside.set_access(gone, open_=True)
    ledger.notice(all_of_them=True)
    assert ledger.waiting().unpacked == 0
    assert make_plan(inside.catalogue, full=False).withdrawn == []


def test_a_late_withdrawal_is_an_alert_a_metric_and_shown_to_staff(make_system: Callable[[], System]) -> None:
    system = make_system()
    system.put(small_archive(system.store).incoming[:20])
    system.project()
    make_key(system.settings.publish_key_file)
    export(system.settings, system.catalogue, system.settings.home / "out")
    record_id = "990001:J001-1-1-1"
    system.catalogue.records.set_access(record_id, access_status="控制", publicity="")
    system.catalogue.publishing.notice()
    system.keys["system_admin"] = system.catalogue.keys.add(PUBLIC, roles=["system_admin"])
    assert system.get("/v1/status", STAFF)["withdrawals"] == {
        "waiting": 1,
        "oldest_hours": 0.0,
        "overdue": False,
    }
    assert system.get("/v1/status")["withdrawals"] is None
    audit = system.client.app.state.house.audit  # type: ignore[attr-defined]
    for _ in range(2):  # said once, not each time it is looked at
        audit._carried_over(datetime.now(UTC) + timedelta(hours=25))
    assert 'danghai_alerts_total{rule="withdrawals"} 1.0' in system.ask("/metrics", "system_admin").text
    assert "danghai_publish_withdrawals_waiting 1.0" in system.ask("/metrics", "system_admin").text


def test_staff_are_shown_packages_and_what_the_outside_has_still_to_lose(
    make_system: Callable[[], System],
) -> None:
    system = make_system()
    system.put(small_archive(system.store).incoming[:20])
    system.project()
    for role in ("security_officer", "curator"):
        system.keys[role] = system.catalogue.keys.add(STAFF, roles=[role])
    system.keys["system_admin"] = system.catalogue.keys.add(PUBLIC, roles=["system_admin"])
    for who in (PUBLIC, "curator", "system_admin"):
        assert system.ask("/v1/publish", who).status_code == 403
    said = system.get("/v1/publish", STAFF)
    assert (said["packages"], said["signs"], said["since"], said["overdue"]) == ([], False, None, False)
    make_key(system.settings.publish_key_file)
    export(system.settings, system.catalogue, system.settings.home / "out")
    public = sorted(i for ids in system.catalogue.publishing.carried_ids() for i in ids)
    files = [i for i, s in system.catalogue.records.many(public).items() if s.record.level == "file"]
    for record_id in files[:2]:
        system.catalogue.records.set_access(record_id, access_status="控制", publicity="")
    page = system.catalogue.pages.of(files[2])[0] if system.catalogue.pages.of(files[2]) else None
    assert page is not None
    marked = PageText((Line("机密", (60, 50, 120, 36)),), "ocr:test@1")
    assert system.catalogue.pages.save_reading(page.id, marked, "test")
    said = system.get("/v1/publish", STAFF)
    assert [one["record_id"] for one in said["waiting"]] == files[:2]
    assert {one["access_status"] for one in said["waiting"]} == {"控制"}
    assert (said["waiting_in_all"], said["unacknowledged"], said["overdue"]) == (2, 0, False)
    assert system.get("/v1/status", STAFF)["withdrawals"]["waiting"] == 2
    held = system.get("/v1/publish", "security_officer")  # what is held is the officer's alone
    assert (sorted(one["record_id"] for one in held["waiting"]), held["waiting_in_all"]) == (files[:3], 3)
    assert system.get("/v1/status", "security_officer")["withdrawals"]["waiting"] == 3
    export(system.settings, system.catalogue, system.settings.home / "out")
    said = system.get("/v1/publish", STAFF)
    assert (said["waiting"], said["waiting_in_all"], said["unacknowledged"]) == ([], 0, 3)
    assert [(p["sequence"], p["withdrawals"], p["done_at"]) for p in said["packages"]] == [
        (2, 3, None),
        (1, 0, None),
    ]
    system.catalogue.publishing.acknowledged(2)
    said = system.get("/v1/publish", STAFF)
    assert (said["unacknowledged"], said["since"], said["hours"]) == (0, None, 0.0)
    assert all(p["done_at"] for p in said["packages"])


# ── the outside serves ─────────────────────────────────────────────────────────


def test_the_outside_serves_what_is_public_and_knows_no_other_caller(
    inside: Side, make_system: Callable[[], System], stick: Path
) -> None:
    system = make_system()
    s = system.settings
    s.public_only, s.publish_public_key = True, inside.settings.publish_key_file.with_name("publish.key.pub")
    bring_in(s, system.catalogue, out(inside, stick))
    system.project()
    found = system.search("渔民登记")
    assert found["total"]["value"] > 0
    record_id = found["hits"][0]["id"]
    assert system.ask(f"/v1/records/{record_id}/pages/1/image").status_code == 200
    for who in ("reading_room", STAFF):
        assert system.ask("/v1/search", who).status_code == 401
    routes = system.client.get("/openapi.json").json()["paths"]
    assert {method for methods in routes.values() for method in methods} == {"get"}
    assert system.ask(f"/v1/records/{record_id}/access", method="PUT", json={}).status_code in (404, 405)
    inside.set_access(record_id, open_=False)
    bring_in(s, system.catalogue, out(inside, stick))
    assert record_id not in [hit["id"] for hit in system.every_hit("渔民登记")]  # at once, index or not
    assert system.ask(f"/v1/records/{record_id}").status_code == 404
    system.project()
    assert system.rebuild()
    assert system.search("", level="file")["total"]["value"] == len(
        [i for i in inside.state() if i.count("-") == 3]
    )


def test_the_outside_takes_no_ingest_and_gives_no_staff_key_or_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from danghai import app

    monkeypatch.setenv("DANGHAI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DANGHAI_PUBLIC_ONLY", "1")
    refused = (
        ["ingest", str(tmp_path)],
        ["keys", "add", "--audience", "staff"],
        ["accounts", "add", "shi.yi", "--role", "archivist"],
        ["accounts", "add", "shi.yi", "--role", "security_officer"],
        ["accounts", "add", "du.zhe", "--audience", "reading_room"],
        ["accounts", "roles", "guan.li", "--role", "curator"],
    )
    taken = (
        ["keys", "add", "--audience", "public", "--role", "audit_admin"],
        ["accounts", "add", "guan.li", "--role", "system_admin"],
        ["accounts", "roles", "guan.li", "--role", "audit_admin"],
    )
    for arguments in taken:
        assert CliRunner().invoke(app, arguments).exit_code == 0, arguments
    for arguments in refused:
        answer = CliRunner().invoke(app, arguments)
        assert (answer.exit_code, "公众网" in answer.stderr) == (1, True), arguments
    accounts = json.loads(CliRunner().invoke(app, ["accounts", "list", "--json"]).stdout)
    assert [(one["name"], one["roles"]) for one in accounts] == [("guan.li", ["audit_admin"])]


def test_a_redaction_carried_over_leaves_nothing_of_what_it_hides(
    inside: Side, outside: Side, stick: Path
) -> None:
    bring(outside, out(inside, stick))
    record_id = an_open_file(inside)
    [before, *_] = outside.catalogue.pages.of(record_id)
    assert before.text is not None
    first, second, *_ = before.text.lines
    assert first.box is not None
    x, y, w, h = first.box
    inside.catalogue.redactions.add(record_id, 1, [(x, y, w, h)], code="privacy", note="", by="key:1")
    bring(outside, out(inside, stick))
    [after, *_] = outside.catalogue.pages.of(record_id)
    assert after.text is not None
    assert first.text not in after.text.text
    assert second.text in after.text.text
    assert after.sha256 != before.sha256
    assert not outside.store.path(before.sha256).exists()
    assert len(outside.catalogue.pages.versions(record_id, 1)) == 1
    with Image.open(outside.store.path(after.sha256)) as image:
        assert image.convert("L").getpixel((x + w // 2, y + h // 2)) < 20  # type: ignore[operator]
    assert record_id in outside.catalogue.outbox.withdrawing()


def test_a_corrected_description_leaves_no_former_one(inside: Side, outside: Side, stick: Path) -> None:
    from holdings.catalogue import Incoming

    bring(outside, out(inside, stick))
    record_id = an_open_file(inside)
    stored = inside.catalogue.records.get(record_id)
    assert stored is not None
    inside.catalogue.records.put([Incoming(replace(stored.record, title="改后题名"))], update=True)
    bring(outside, out(inside, stick))
    there = outside.catalogue.records.get(record_id)
    assert there is not None
    assert there.record.title == "改后题名"
    assert outside.catalogue.records.versions(record_id) == []
    assert inside.catalogue.records.versions(record_id) != []
