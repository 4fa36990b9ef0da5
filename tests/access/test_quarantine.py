"""A secrecy mark in a mark's place holds the record back from everybody but the security officer."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.access import AUDIENCES, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Catalogue, Incoming, IncomingPage, Stage
from holdings.records import Line, PageText, Record
from holdings.secrecy import HEAD, marks_on, upright
from indexer.embeddings import EmbeddingStore
from indexer.removal import MANIFEST, remove_confirmed
from tests.api.conftest import System
from tests.api.small_archive import file_code, file_record, of, text_page

WIDTH, HEIGHT = 1000, 1400
BODY = [Line(f"第{n}行，查本县渔民登记事宜业经核准在案", (120, 300 + 60 * n, 760, 40)) for n in range(12)]


def page(*lines: Line, rotation: int = 0, vertical: bool = False) -> PageText:
    return PageText(lines, "ocr:test@1", rotation, vertical)


@pytest.mark.parametrize(
    "text",
    ["机密", "机 密", "機密", "绝密★", "密级：秘密", "秘密★10年", "机密★一年", "（机密）", "秘密件", "机密 第00012号", "绝密文件"],
)  # fmt: skip
def test_a_mark_in_the_pages_head_is_found(text: str) -> None:
    found = marks_on(page(Line(text, (60, 50, 120, 36)), *BODY), WIDTH, HEIGHT)
    assert [f.place for f in found] in (["head"], ["star"])
    assert found[0].mark in ("机密", "绝密", "秘密")


@pytest.mark.parametrize(
    "text",
    ["秘密佛一尊", "不得泄露国家秘密", "此系机密，万勿声张", "机密费", "密", "秘密派人查访", "商业秘密", "密级变更情况"],
)  # fmt: skip
def test_the_same_words_in_running_text_are_no_mark(text: str) -> None:
    for at in ((60, 50, 300, 36), (120, 700, 300, 40)):
        assert marks_on(page(Line(text, at), *BODY), WIDTH, HEIGHT) == []
    assert marks_on(page(*(Line(text) for _ in range(9))), 0, 0) == []


def test_a_star_marks_wherever_it_stands_but_not_in_a_sentence() -> None:
    assert [f.place for f in marks_on(page(*BODY, Line("机密★长期", (120, 900, 200, 40))), WIDTH, HEIGHT)] == ["star"]  # fmt: skip
    long = Line("凡属机密★事项均应按照规定的范围传阅不得抄录并应于阅后三日之内交还", (120, 900, 800, 40))
    assert marks_on(page(*BODY, long), WIDTH, HEIGHT) == []


def test_a_stamp_is_larger_or_stands_alone_and_a_tables_cell_does_neither() -> None:
    cell, beside = Line("机密", (700, 600, 80, 40)), Line("渔区海图", (300, 602, 160, 40))
    rows = [Line("序号", (120, 500, 80, 40)), Line("一", (120, 600, 40, 40)), beside]
    assert marks_on(page(*rows, cell), WIDTH, HEIGHT) == []
    assert [f.place for f in marks_on(page(*rows, Line("机密", (680, 1000, 80, 40))), WIDTH, HEIGHT)] == ["stamp"]  # fmt: skip
    stamp = Line("机密", (700, 590, 150, 75))
    assert [f.place for f in marks_on(page(*rows, stamp), WIDTH, HEIGHT)] == ["stamp"]


@given(
    st.integers(0, 900), st.integers(0, 1300), st.integers(1, 100), st.integers(1, 100),
    st.sampled_from([0, 90, 180, 270]),
)  # fmt: skip
def test_a_turned_page_is_judged_upright(x: int, y: int, w: int, h: int, rotation: int) -> None:
    """Four quarter turns bring a box back; a head stays a head however the page was scanned."""
    box, size = (x, y, w, h), (WIDTH, HEIGHT)
    for _ in range(4):
        turned = upright(box, 90, *size)
        assert turned is not None
        box, size = turned, (size[1], size[0])
    assert box == (x, y, w, h)
    turns = {0: (WIDTH, HEIGHT), 90: (HEIGHT, WIDTH), 180: (WIDTH, HEIGHT), 270: (HEIGHT, WIDTH)}
    # Where the upright head lies in the stored image: the inverse turn of a box at its top.
    stored = upright((60, 50, 120, 36), (360 - rotation) % 360, WIDTH, HEIGHT)
    found = marks_on(page(Line("机密", stored), rotation=rotation), *turns[rotation])
    assert [f.place for f in found] == ["head"]
    assert HEAD * HEIGHT > 50


# ── held, released, confirmed ──────────────────────────────────────────────────

SECRET = PageText(
    (Line("机密★十年", (60, 50, 200, 40)), Line("鲸骨埋藏地点", (60, 300, 400, 40))), "ocr:new@2"
)


def officer(system: System) -> str:
    system.keys["officer"] = system.catalogue.keys.add(STAFF, roles=["security_officer"], name="保密员")
    return "officer"


def scanned(system: System) -> str:
    """A public record with a scan."""
    found = [hit["id"] for hit in system.search("", PUBLIC, level="file")["hits"]]
    return next(i for i in found if system.get(f"/v1/records/{i}")["pages"])


def read_secret(system: System, record_id: str) -> None:
    stored = system.catalogue.pages.get(record_id, 1)
    assert stored is not None
    system.catalogue.pages.save_reading(stored.id, SECRET, "new@2")


def test_a_marked_record_leaves_every_surface_at_once_and_only_the_officer_sees_it(fresh: System) -> None:
    record_id = scanned(fresh)
    title = fresh.get(f"/v1/records/{record_id}")["title"]
    role = officer(fresh)
    grant = fresh.catalogue.grants
    caller = fresh.catalogue.keys.caller(fresh.keys[READING_ROOM])
    assert caller is not None
    grant.add(caller.id, [record_id], until=date.today(), reason="试", by="试")
    read_secret(fresh, record_id)
    for projected in (False, True):  # before any projector ran, and after
        if projected:
            fresh.project()
        for audience in AUDIENCES:
            for tail in ("", "/pages/1", "/pages/1/image", "/similar", "/citation", "/matches?q=a"):
                assert fresh.ask(f"/v1/records/{record_id}{tail}", audience).status_code == 404
            assert (
                f'"{record_id}"'
                not in fresh.ask("/v1/search", audience, params={"q": title, "size": 100}).text
            )
            assert title not in fresh.get("/v1/suggest", audience, q=title[:8], size=20)["suggestions"]
            parent = record_id.rsplit("-", 1)[0]
            assert title not in fresh.ask("/v1/browse", audience, params={"parent": parent, "size": 200}).text
    assert {r.audience for r in fresh.catalogue.outbox.rebuilds()} == set(AUDIENCES)
    change = {"access_status": "开放", "publicity": "公开", "reason": "试"}
    assert fresh.ask(f"/v1/records/{record_id}/access", STAFF, method="PUT", json=change).status_code == 404
    assert fresh.ask("/v1/quarantine", STAFF).status_code == 403
    (finding,) = fresh.get("/v1/quarantine", role)
    assert (finding["record_id"], finding["mark"], finding["place"], finding["page"]) == (record_id, "机密", "star", 1)  # fmt: skip
    assert fresh.ask(finding["image"], role).status_code == 200
    assert fresh.ask(f"/v1/records/{record_id}", role).status_code == 200
    _release(fresh, record_id, title, finding["id"], role)


def _release(system: System, record_id: str, title: str, number: int, role: str) -> None:
    path, said = f"/v1/quarantine/{number}/release", {"reason": "已解密，有批文"}
    assert system.ask(path, STAFF, method="POST", json=said).status_code == 403
    assert system.ask(path, role, method="POST", json={"reason": ""}).status_code == 422
    assert system.ask(path, role, method="POST", json=said).status_code == 200
    assert system.ask(path, role, method="POST", json=said).status_code == 409
    system.project()
    assert f'"{record_id}"' in system.ask("/v1/search", PUBLIC, params={"q": title, "size": 100}).text
    read_secret(system, record_id)  # the officer has seen this page: the same mark does not hold it again
    assert system.get("/v1/quarantine", role) == []


def test_what_lies_in_a_held_record_is_held_with_it_also_what_comes_later(fresh: System) -> None:
    volume = of("J045-1-1")
    system = fresh
    system.put([Incoming(_volume(system), [_scan(system)])], update=True)
    stored = system.catalogue.pages.get(volume, 1)
    assert stored is not None
    system.catalogue.pages.save_reading(stored.id, SECRET, "new@2")
    inside = [i for i in (of(file_code(n)) for n in range(30)) if i.startswith(f"{volume}-")]
    late = file_record(1, id=f"{volume}-990", reference_code="J045-1-1-990", parent=volume)
    system.put([Incoming(late)])
    for record_id in (volume, *inside, late.id):
        found = system.catalogue.records.get(record_id)
        assert found is not None
        assert found.audiences == frozenset(), record_id
    (finding,) = system.catalogue.quarantine.listing()
    assert finding.with_it > len(inside) > 0
    system.catalogue.quarantine.release(finding.id, by="保密员", reason="试")
    found = system.catalogue.records.get(late.id)
    assert found is not None
    assert STAFF in found.audiences


def _volume(system: System) -> Record:
    stored = system.catalogue.records.get(of("J045-1-1"))
    assert stored is not None
    return stored.record


def _scan(system: System) -> IncomingPage:
    made = text_page(1, 1, system.store)
    return IncomingPage(1, made.sha256, "scan", 0, "image/jpeg", "0001.jpg", 620, 800, None)


def test_text_that_comes_with_its_page_is_looked_at_too(catalogue: Catalogue) -> None:
    record = file_record(0, parent=None)
    given = IncomingPage(
        1, "a" * 64, "text", text=PageText((Line("绝密"), Line("正文")), "born-digital:text")
    )
    catalogue.records.put([Incoming(record, [given])])
    stored = catalogue.records.get(record.id)
    assert stored is not None
    assert stored.audiences == frozenset()
    assert Stage.WITHDRAWAL in {item.stage for item in catalogue.outbox.take()}


def test_a_confirmed_secret_is_exported_verified_and_deleted(fresh: System, tmp_path: Path) -> None:
    record_id = scanned(fresh)
    read_secret(fresh, record_id)
    fresh.project()
    page = fresh.catalogue.pages.get(record_id, 1)
    assert page is not None
    (finding,) = fresh.catalogue.quarantine.listing()
    embeddings = EmbeddingStore(tmp_path / "vectors.sqlite", "none")
    assert remove_confirmed(fresh.catalogue, fresh.store, fresh.settings, embeddings, tmp_path / "o") == []
    fresh.catalogue.quarantine.confirm(finding.id, by="保密员", reason="确属机密")
    (removed,) = remove_confirmed(fresh.catalogue, fresh.store, fresh.settings, embeddings, tmp_path / "o")
    said = json.loads((removed.folder / "record.json").read_text("utf-8"))
    assert said["id"] == record_id
    assert "鲸骨埋藏地点" in said["pages"][0]["texts"][0]["text"]
    names = {line.split("  ")[1] for line in (removed.folder / MANIFEST).read_text().splitlines()}
    assert names == {p.name for p in removed.folder.iterdir()} - {MANIFEST}
    assert fresh.catalogue.records.get(record_id) is None
    assert not fresh.store.path(page.sha256).exists()
    assert "鲸骨埋藏地点".encode() not in b"".join(
        p.read_bytes() for p in fresh.settings.home.glob("catalogue.sqlite*")
    )
    fresh.project()
    fresh.rebuild()
    for audience in AUDIENCES:
        assert f'"{record_id}"' not in fresh.ask("/v1/search", audience, params={"q": "", "size": 100}).text
