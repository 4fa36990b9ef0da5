"""Exhibitions in packages to the public installation: what arrives, what never enters, what leaves."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from curation.edition import Edition, Quotation, as_json, of_json
from holdings.access import PUBLIC, STAFF, Caller
from holdings.catalogue import Incoming, IncomingPage
from holdings.errors import BadPackage, Conflict
from holdings.publishing.coming_in import bring_in
from holdings.publishing.commands import _status
from holdings.publishing.editions import FROM_INSIDE, edition_of
from holdings.publishing.going_out import export
from holdings.publishing.package import EDITIONS, MANIFEST, SIGNATURE, WITHDRAWALS, Manifest
from holdings.records import Line, PageText
from holdings.signing import load_private, make_key
from tests.api.conftest import System
from tests.api.small_archive import file_code, file_record, of, small_archive
from tests.api.test_exhibitions import LEAVES, STAYS, edition, exhibit, put_up, whole

from .carrying import Side, bring, out, rewritten, signed_anew

CURATOR = Caller(STAFF, frozenset({"curator"}), "策展人甲", "account:1")
#: A closed record, and what people and its page say of it.
CLOSED, LABEL, QUOTED = of("P9"), "玄鰭說明", "玄鰭密約"
NOT_SAID, NO_FONDS = "頁上不再有的話", "蓬嶼密卷全宗"


def put_closed(side: Side | System) -> None:
    record = file_record(0, id=CLOSED, reference_code="P9", parent=None, access_status="控制", publicity="")
    page = IncomingPage(1, side.store.put(b"p9"), text=PageText((Line(QUOTED, None),), "person:试"))
    side.catalogue.records.put([Incoming(record, [page])])


def with_what_is_not_for_the_public(**changes: Any) -> Edition:
    """Files 1 and 6, which are open, a closed one with its label, words and line of the chronology; and of 6 what
    its page does not say any more, and a fonds that the public may not know."""
    made = edition(1, 6, **changes)
    [section] = made.sections
    first, second, lamp = section.exhibits
    second = replace(second, fonds=NO_FONDS, quotation=Quotation(NOT_SAID, second.record_id, 1))
    closed = replace(
        exhibit(6), key="c", record_id=CLOSED, reference_code="P9", title="玄鰭題名", label=LABEL,
        quotation=Quotation(QUOTED, CLOSED, 1), pictures=(), transcription=(QUOTED,),
    )  # fmt: skip
    entry = replace(made.chronology[0], text="玄鰭記事", record_id=CLOSED, reference_code="P9")
    return replace(
        made,
        sections=(replace(section, exhibits=(first, closed, second, lamp)),),
        chronology=(*made.chronology, entry),
    )


def show(side: Side, made: Edition) -> int:
    return side.catalogue.editions.publish(as_json(made), CURATOR)


def rests(side: Side, words: str) -> bool:
    """Whether the outside's catalogue says this anywhere, in freed pages and in the log too."""
    raw = b"".join(path.read_bytes() for path in side.settings.home.glob("catalogue.sqlite*"))
    return words.encode() in raw or json.dumps(words)[1:-1].encode() in raw  # JSON columns may escape


def editions_of(side: Side) -> list[tuple[str, int, str]]:
    return [
        (e.slug, e.number, json.dumps(e.body, ensure_ascii=False))
        for e in map(side.catalogue.editions.whole, side.catalogue.editions.heads())
    ]


def text_of(package: Path) -> str:
    with zipfile.ZipFile(package) as archive:
        return b"".join(archive.read(name) for name in archive.namelist()).decode("utf-8", "ignore")


# ── arriving ───────────────────────────────────────────────────────────────────


def test_a_published_exhibition_opens_outside_as_inside_and_nothing_closed_is_in_the_package(
    make_system: Callable[[], System], stick: Path
) -> None:
    inside, outside = make_system(), make_system()
    inside.put(small_archive(inside.store).incoming)
    put_closed(inside)
    make_key(inside.settings.publish_key_file)
    put_up(inside, with_what_is_not_for_the_public())
    s = outside.settings
    s.public_only, s.publish_public_key = True, inside.settings.publish_key_file.with_name("publish.key.pub")
    made = export(inside.settings, inside.catalogue, stick)
    assert made is not None
    said = text_of(made[0])
    assert f"说明 {file_code(6)}" in said
    for kept in ("玄鰭", CLOSED, NOT_SAID, NO_FONDS, "试"):  # the last is the curator's name
        assert kept not in said, kept
    arrived = bring_in(s, outside.catalogue, made[0])
    assert (arrived.package.editions, arrived.taken_down) == (1, 0)
    [there] = map(outside.catalogue.editions.whole, outside.catalogue.editions.heads())
    assert there.published_by == FROM_INSIDE
    assert outside.catalogue.editions.standing_on([STAYS, LEAVES]) == {STAYS: ["yu-ye"], LEAVES: ["yu-ye"]}
    here, seen = whole(inside), whole(outside)
    assert here.keys() == seen.keys()
    pictures = {path for path in seen if path.endswith(".jpg")}
    assert len(pictures) == 2 * 3
    assert all(seen[path] == here[path] for path in seen.keys() - pictures)  # pictures are derivatives there
    assert all(seen[path].startswith(b"\xff\xd8") for path in pictures)
    for path in ("/exhibitions", "/exhibitions/feed.xml"):
        assert outside.ask(path).content == inside.ask(path).content
    assert outside.get("/v1/wanted")["wanted"][0]["wanted"] == "找旧照"


def test_an_edition_that_says_the_same_is_carried_once_and_the_next_one_takes_its_place(
    inside: Side, outside: Side, stick: Path
) -> None:
    show(inside, edition(1, 6, title="甲展玄鰭"))
    bring(outside, out(inside, stick))
    assert rests(outside, "玄鰭")
    assert export(inside.settings, inside.catalogue, stick) is None
    assert show(inside, edition(6, title="乙展")) == 2
    show(inside, replace(edition(6, title="丙展"), slug="bing"))
    arrived = bring(outside, out(inside, stick))
    assert (arrived.package.additions, arrived.package.editions, arrived.taken_down) == (0, 2, 0)
    assert {(slug, number) for slug, number, _ in editions_of(outside)} == {("yu-ye", 2), ("bing", 1)}
    assert not rests(outside, "玄鰭")
    inside.catalogue.editions.withdraw("bing", CURATOR)
    assert bring(outside, out(inside, stick, full=True)).taken_down == 1
    assert [slug for slug, _, _ in editions_of(outside)] == ["yu-ye"]


# ── leaving ────────────────────────────────────────────────────────────────────


def test_what_is_taken_down_or_closed_inside_leaves_no_trace_outside(
    inside: Side, outside: Side, stick: Path
) -> None:
    show(inside, edition(1, 6))
    bring(outside, out(inside, stick))
    assert rests(outside, f"记事 {file_record(1).title}")
    inside.set_access(LEAVES, open_=False)
    arrived = bring(outside, out(inside, stick))
    assert (arrived.withdrawn, arrived.package.editions, arrived.taken_down) == (1, 1, 0)
    [(_, _, body)] = editions_of(outside)
    assert LEAVES not in body
    assert f"说明 {file_code(6)}" in body
    assert not rests(outside, f"记事 {file_record(1).title}")
    inside.set_access(LEAVES, open_=True)
    bring(outside, out(inside, stick))
    assert outside.catalogue.editions.standing_on([LEAVES]) == {LEAVES: ["yu-ye"]}
    inside.catalogue.redactions.add(LEAVES, 1, [(96, 288, 160, 96)], code="privacy", note="", by="试")
    bring(outside, out(inside, stick))
    assert LEAVES in outside.state()  # the record stays, redacted; people's words about it do not
    assert LEAVES not in editions_of(outside)[0][2]
    assert outside.shows() == inside.shows()
    inside.catalogue.editions.withdraw("yu-ye", CURATOR)
    arrived = bring(outside, out(inside, stick))
    assert (arrived.package.additions, arrived.withdrawn, arrived.taken_down) == (0, 0, 1)
    assert editions_of(outside) == []
    assert not rests(outside, "yu-ye")
    assert export(inside.settings, inside.catalogue, stick) is None


def test_a_package_half_applied_has_taken_down_and_replaced_already_and_is_finished(
    inside: Side, outside: Side, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdings.publishing import coming_in

    inside.set_access(STAYS, open_=False)
    show(inside, edition(1, title="甲展"))
    show(inside, replace(edition(1), slug="bing"))
    bring(outside, out(inside, stick))
    inside.set_access(STAYS, open_=True)
    show(inside, edition(1, 6, title="乙展"))
    inside.catalogue.editions.withdraw("bing", CURATOR)
    package = out(inside, stick)

    def fails(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr(coming_in, "_apply", fails)
        with pytest.raises(OSError, match="No space"):
            bring(outside, package)
    [there] = map(outside.catalogue.editions.whole, outside.catalogue.editions.heads())
    assert (there.slug, there.number) == ("yu-ye", 2)
    assert outside.catalogue.editions.gone(there, PUBLIC) == {STAYS}  # shown without what is not there yet
    assert bring(outside, package).new
    assert outside.catalogue.editions.gone(there, PUBLIC) == set()
    assert outside.catalogue.editions.standing_on([STAYS]) == {STAYS: ["yu-ye"]}


def test_an_exhibition_taken_down_while_the_package_is_made_does_not_go_out(
    inside: Side, stick: Path
) -> None:
    show(inside, edition(1, 6))
    down: list[str] = []

    def meanwhile(done: int, total: int) -> None:
        if not down:
            down.append("yu-ye")
            inside.catalogue.editions.withdraw("yu-ye", CURATOR)

    with pytest.raises(Conflict, match="yu-ye"):
        export(inside.settings, inside.catalogue, stick, progress=meanwhile)
    assert list(stick.iterdir()) == []
    assert text_of(out(inside, stick)).count("yu-ye") == 0


# ── tampered with, and of another version ──────────────────────────────────────


def _lines(change: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, bytes]], None]:
    def changed(files: dict[str, bytes]) -> None:
        lines = [json.loads(line) for line in files[EDITIONS].splitlines()]
        for line in lines:
            change(line)
        files[EDITIONS] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)

    return changed


def _on_a_closed_one(line: dict[str, Any]) -> None:
    line["body"]["sections"][0]["exhibits"][0]["record_id"] = CLOSED


def _counted(**counts: int) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        manifest = Manifest.model_validate_json(files[MANIFEST])
        files[MANIFEST] = manifest.model_copy(update=counts).encoded()

    return change


BAD: dict[str, tuple[Callable[[dict[str, bytes]], None], bool, str]] = {
    "a label changed": (_lines(lambda line: line["body"].update(title="假")), False, "SHA-256"),
    "left out": (lambda f: f.pop(EDITIONS) and None, False, "与清单不符"),
    "left out, rightly signed": (lambda f: f.pop(EDITIONS) and None, True, "不该有的文件名"),
    "on a closed record": (_lines(_on_a_closed_one), True, "公众看不到的条目"),
    "no sections": (_lines(lambda line: line["body"].pop("sections")), True, "读不懂的展览"),
    "an address elsewhere": (_lines(lambda line: line["body"].update(slug="../x")), True, "读不懂的展览"),
    "half a character": (_lines(lambda line: line["body"].update(title="\ud800")), True, "不是 JSON"),
    "more than is said": (_lines(lambda line: line.update(by="试")), True, "读不懂的展览"),
    "twice": (lambda f: f.update({EDITIONS: f[EDITIONS] * 2}), True, "展览数与清单不符"),
    "one fewer": (_counted(editions=2), True, "展览数与清单不符"),
    "not all taken down": (lambda f: f.update({WITHDRAWALS: f[WITHDRAWALS].splitlines(True)[0]}), True, "撤下的展览数"),
    "a withdrawal of nothing": (lambda f: f.update({WITHDRAWALS: b'{"slug": ""}\n'}), True, "读不懂的收回"),
    "format 1 with exhibitions": (_counted(format=1), True, "不该有的文件名"),
}  # fmt: skip


def test_a_package_tampered_with_is_refused_with_nothing_changed(
    inside: Side, outside: Side, stick: Path, tmp_path: Path
) -> None:
    show(inside, replace(edition(1), slug="bing"))
    bring(outside, out(inside, stick))
    inside.catalogue.editions.withdraw("bing", CURATOR)
    show(inside, edition(1, 6))
    inside.set_access(next(i for i in sorted(inside.state()) if i not in (LEAVES, STAYS)), open_=False)
    package = out(inside, stick)
    before = outside.state(), editions_of(outside)
    for name, (change, signed, said) in BAD.items():
        bad = rewritten(package, tmp_path / "bad.zip", signed_anew(inside, change) if signed else change)
        with pytest.raises(BadPackage, match=said):
            bring(outside, bad)
        assert (outside.state(), editions_of(outside)) == before, name
    bring(outside, package)
    assert [slug for slug, _, _ in editions_of(outside)] == ["yu-ye"]


def _changed(said: Any) -> Iterator[Any]:
    """The same JSON with one thing left out, null, a number beyond a column, or a list; everywhere in turn."""
    if isinstance(said, dict):
        for name, value in said.items():
            yield {n: v for n, v in said.items() if n != name}
            yield from (said | {name: other} for other in (None, 2**70, [7], *_changed(value)))
    elif isinstance(said, list):
        for n, value in enumerate(said):
            yield from ([*said[:n], other, *said[n + 1 :]] for other in (None, 2**70, [7], *_changed(value)))


def test_pages_can_be_made_of_every_edition_that_is_taken_in() -> None:
    """One that is no edition would take the list of all exhibitions and the feed along."""
    made = replace(edition(1), number=1, editorial=("凡例",))
    line = {"published_at": "2026-03-02T00:00:00+00:00", "body": as_json(made)}
    assert edition_of(line, set).body == as_json(made)
    taken = refused = 0
    for body in _changed(as_json(made)):
        try:
            edition_of(line | {"body": body}, set)
        except BadPackage:
            refused += 1
        else:
            of_json(body)
            assert str(2**70) not in json.dumps(body)
            taken += 1
    assert refused > 100
    assert taken  # what has a default may be left out


def test_a_package_made_before_exhibitions_were_carried_is_read(
    inside: Side, outside: Side, stick: Path, tmp_path: Path
) -> None:
    def of_format_1(files: dict[str, bytes]) -> None:
        assert files.pop(EDITIONS) == b""
        said = json.loads(files[MANIFEST])
        assert (said.pop("editions"), said.pop("taken_down"), said["format"]) == (0, 0, 2)
        del said["files"][EDITIONS]
        files[MANIFEST] = json.dumps(said | {"format": 1}).encode()
        files[SIGNATURE] = load_private(inside.settings.publish_key_file, "").sign(files[MANIFEST])

    assert bring(outside, rewritten(out(inside, stick), tmp_path / "old.zip", of_format_1)).new
    assert outside.state() == inside.state()
    show(inside, edition(1))
    bring(outside, out(inside, stick, full=True))
    assert [slug for slug, _, _ in editions_of(outside)] == ["yu-ye"]


# ── what was not carried over ──────────────────────────────────────────────────


def test_an_exhibition_taken_down_waits_until_the_outside_has_acknowledged_it(
    make_system: Callable[[], System],
) -> None:
    system = make_system()
    system.put(small_archive(system.store).incoming)
    ledger, folder = system.catalogue.publishing, system.settings.home / "out"
    make_key(system.settings.publish_key_file)
    put_up(system, edition(1, 6, title="渔业展"))
    export(system.settings, system.catalogue, folder)
    ledger.acknowledged(1)
    assert system.get("/v1/publish", STAFF)["exhibitions"] == []
    system.catalogue.editions.withdraw("yu-ye", CURATOR)
    said = system.get("/v1/publish", STAFF)
    [told] = said["exhibitions"]
    assert (told["slug"], told["title"], said["waiting_in_all"], said["waiting"]) == (
        "yu-ye",
        "渔业展",
        1,
        [],
    )
    since = ledger.waiting().since
    assert since is not None
    assert abs(since - datetime.now(UTC)) < timedelta(minutes=1)
    audit = system.client.app.state.house.audit  # type: ignore[attr-defined]
    audit._carried_over(datetime.now(UTC) + timedelta(hours=25))
    system.keys["system_admin"] = system.catalogue.keys.add(PUBLIC, roles=["system_admin"])
    metrics = system.ask("/metrics", "system_admin").text
    assert 'danghai_alerts_total{rule="withdrawals"} 1.0' in metrics
    assert "danghai_publish_withdrawals_waiting 1.0" in metrics
    put_up(system, edition(1))  # published again before it was carried over: no withdrawal
    ledger.notice()
    assert ledger.waiting().count == 0
    system.catalogue.editions.withdraw("yu-ye", CURATOR)
    export(system.settings, system.catalogue, folder)
    status = _status(system.settings, system.catalogue)
    assert (status["withdrawals_not_exported"], status["withdrawals_not_acknowledged"]) == (0, 1)
    told = system.get("/v1/publish", STAFF)["packages"][0]
    assert (told["editions"], told["taken_down"], told["withdrawals"]) == (0, 1, 0)
    assert ledger.last("out").closed_at >= since  # type: ignore[union-attr, operator]
    ledger.acknowledged(2)
    assert ledger.waiting().count == 0
