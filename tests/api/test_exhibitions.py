"""Published exhibitions: what the public may see of them now, byte by byte as if what is gone had never been there."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import iiif_prezi3
import pytest
from PIL import Image
from typer.testing import CliRunner

from curation.edition import Edition, Entry, Exhibit, Outside, Picture, Quotation, Section, as_json
from danghai import app
from holdings.access import PUBLIC, STAFF, Caller
from holdings.catalogue.tables_editions import EditionNameRow, EditionPartRow, EditionRecordRow, EditionRow
from holdings.edition_parts import name_of, page_name
from holdings.errors import BadInput, NotFound
from holdings.records import PageText
from holdings.redaction import BLEEDS, BLOCK
from search_api.published import publish, published

from .conftest import System
from .small_archive import THEMES, file_code, file_record, of, small_archive
from .test_records import problem

CURATOR = Caller(STAFF, frozenset({"curator"}), "试", "account:1")
#: Open to all: file number 1 has two pages, 6 one.
STAYS, LEAVES = of(file_code(6)), of(file_code(1))
SITE = "/exhibitions/yu-ye"


def exhibit(number: int, **more: Any) -> Exhibit:
    record = file_record(number)
    values: dict[str, Any] = {
        "key": record.id,
        "title": record.title,
        "date": record.date.text,
        "date_from": "",
        "date_to": "",
        "label": f"说明 {record.reference_code}",
        "record_id": record.id,
        "reference_code": record.reference_code,
        "quotation": Quotation(THEMES[number % len(THEMES)][1][:14], record.id, 1),
        "pictures": tuple(Picture(record.id, n, 1, 1, "原件") for n in range(1, 2 + number % 2)),
        "transcription": (THEMES[number % len(THEMES)][1],),
    }
    return Exhibit(**(values | more))


def edition(*numbers: int, title: str = "渔业<展>") -> Edition:
    exhibits = tuple(exhibit(n) for n in numbers)
    lamp = Exhibit("lamp", "马灯", "", "", "", "说明", outside=Outside("loan", "某馆", "借1", "协议2"))
    days = tuple(Entry("1950", "1950年", f"记事 {e.title}", e.reference_code, e.record_id) for e in exhibits)
    section = Section("one", "一", "节文", (*exhibits, lamp), "找旧照")
    return Edition(
        "yu-ye", 0, title, "", "导言", (section,), ("某馆",), ("某人",), "2026-03-02", ("凡例",), days
    )


@pytest.fixture(scope="module")
def shown(make_system: Callable[[], System]) -> System:
    """The small archive without an index; each test publishes what it needs."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    return system


def put_up(system: System, made: Edition) -> Edition:
    return publish(system.client.app.state.house, made, CURATOR)  # type: ignore[attr-defined]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for name, value in attributes:
            if name in ("href", "src") and value:
                self.found.append(value)
            if name == "srcset" and value:
                self.found += [part.split()[0] for part in value.split(", ")]


def whole(system: System) -> dict[str, bytes]:
    """Every file that the exhibition's pages lead to, by address; each is answered."""
    found: dict[str, bytes] = {}
    waiting = [f"{SITE}/", f"{SITE}/iiif/collection.json"]
    while waiting:
        address = waiting.pop()
        if address in found:
            continue
        answer = system.ask(address)
        assert answer.status_code == 200, address
        found[address] = answer.content
        if "html" in answer.headers["content-type"]:
            links = _Links()
            links.feed(answer.text)
            waiting += [urlsplit(urljoin(address, link)).path for link in links.found]
        if "json" in answer.headers["content-type"]:
            waiting += [
                urlsplit(url).path for url in re.findall(r'"id":"([^"]+\.(?:json|jpg|html))"', answer.text)
            ]
    return found


def test_the_page_set_holds_together_and_asks_nobody_else(shown: System) -> None:
    put_up(shown, edition(1, 6))
    redirect = shown.ask(SITE, follow_redirects=False)
    assert (redirect.status_code, redirect.headers["location"]) == (308, "./yu-ye/")
    files = whole(shown)
    assert len([path for path in files if path.endswith(".jpg")]) == 2 * 3  # 620 × 800 in two sizes
    front = files[f"{SITE}/"].decode()
    assert "渔业&lt;展&gt;" in front
    assert "http://" not in front.replace("http://www.w3.org", "")
    for path, content in files.items():
        if path.endswith(".html"):
            text = content.decode()
            assert not re.search(r"<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:", text), path
            assert text.count("<main") == text.count("<h1") == 1
            assert all(re.search(r'\salt="[^"]+"', image) for image in re.findall(r"<img[^>]*>", text, re.S))
    answer = shown.ask(f"{SITE}/index.html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    again = shown.ask(f"{SITE}/index.html", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "渔业&lt;展&gt;" in shown.ask("/exhibitions").text
    for gone in (
        f"{SITE}/x.html",
        "/exhibitions/none/",
        "/exhibitions/none/index.html",
    ):
        problem(shown.ask(gone), 404, "not-found")


def test_iiif_documents_are_what_the_standard_says_and_open_to_other_sites(shown: System) -> None:
    put_up(shown, edition(1, 6))
    answer = shown.ask(f"{SITE}/iiif/collection.json")
    collection = iiif_prezi3.Collection(**answer.json())
    assert len(collection.items) == 2
    for reference in collection.items:
        manifest = json.loads(shown.ask(urlsplit(str(reference.id)).path).content)
        iiif_prezi3.Manifest(**manifest)
        for canvas in manifest["items"]:
            body = canvas["items"][0]["items"][0]["body"]
            picture = shown.ask(urlsplit(body["id"]).path)
            assert picture.headers["access-control-allow-origin"] == "*"
            assert picture.headers["cross-origin-resource-policy"] == "cross-origin"
            with Image.open(io.BytesIO(picture.content)) as image:
                assert image.size == (body["width"], body["height"]) == (canvas["width"], canvas["height"])
            info = shown.ask(f"{urlsplit(body['service'][0]['id']).path}/info.json").json()
            assert info["sizes"][-1] == {"width": body["width"], "height": body["height"]}
            for size in info["sizes"]:  # what level 0 promises: these addresses, and pictures of this size
                at = f"{urlsplit(info['id']).path}/full/{size['width']},{size['height']}/0/default.jpg"
                with Image.open(io.BytesIO(shown.ask(at).content)) as image:
                    assert image.size == (size["width"], size["height"])


def test_a_withdrawn_record_leaves_every_file_at_once(shown: System) -> None:
    number = put_up(shown, edition(1, 6)).number
    before = whole(shown)
    tags = {path: shown.ask(path).headers["etag"] for path in before}
    shown.catalogue.records.set_access(LEAVES, access_status="控制", publicity="", reason="试")
    try:
        after = whole(shown)
        assert after == _alone(shown, number)
        for path in before.keys() - after.keys():
            for headers in ({}, {"If-None-Match": tags[path]}):
                problem(shown.ask(path, headers=headers), 404, "not-found")
        changed = [path for path in after if before[path] != after[path]]
        assert changed
        for path in changed:
            assert shown.ask(path, headers={"If-None-Match": tags[path]}).status_code == 200
        assert not [path for path, content in after.items() if file_code(1).encode() in content]
        assert published(shown.client.app.state.house, "yu-ye", STAFF) != published(  # type: ignore[attr-defined]
            shown.client.app.state.house,
            "yu-ye",
            PUBLIC,  # type: ignore[attr-defined]
        )
    finally:
        shown.catalogue.records.set_access(LEAVES, access_status="开放", publicity="公开", reason="试")
    assert whole(shown) == before


def _alone(system: System, number: int) -> dict[str, bytes]:
    """The page set of an edition that never had what leaves, of the same number."""
    editions = system.catalogue.editions
    kept = editions.latest("yu-ye").body
    try:
        _drop(system, number)
        assert editions.publish(as_json(edition(6)), CURATOR) == number
        return whole(system)
    finally:
        _drop(system, number)
        assert editions.publish(kept, CURATOR) == number


def _drop(system: System, number: int) -> None:
    with system.catalogue.database.write() as session:
        session.delete(session.get_one(EditionRow, ("yu-ye", number)))


def test_what_is_redacted_later_takes_its_exhibit_along_and_before_blackens_its_picture(
    shown: System,
) -> None:
    put_up(shown, edition(1, 6))
    region = (96, 288, 160, 96)
    shown.catalogue.redactions.add(LEAVES, 1, [region], code="privacy", note="", by="试")
    assert file_code(1) not in shown.ask(f"{SITE}/").text
    made = edition(1, 6)
    put_up(
        shown, replace(made, sections=(replace(made.sections[0], exhibits=(exhibit(1, quotation=None),)),))
    )
    page = shown.ask(f"{SITE}/").text
    assert file_code(1) in page
    largest = re.findall(r"images/\w+/full/620,800/0/default\.jpg", page)[0]
    with Image.open(io.BytesIO(shown.ask(f"{SITE}/{largest}").content)) as image:
        assert image.size == (620, 800)
        x, y, w, h = region
        inside = image.convert("L").crop((x - x % BLOCK + BLEEDS, y + BLEEDS, x + w, y + h))
        assert inside.getextrema()[1] < 16
    [redaction] = shown.catalogue.redactions.history(LEAVES)
    shown.catalogue.redactions.undo(LEAVES, redaction.id, by="试")
    assert file_code(1) in shown.ask(f"{SITE}/").text


def test_a_quotation_that_the_page_does_not_say_any_more_is_not_shown(shown: System) -> None:
    put_up(shown, edition(6))
    said = THEMES[0][1][:14]
    assert said in shown.ask(f"{SITE}/").text
    page = shown.catalogue.pages.of(STAYS)[0]
    assert page.text
    lines = tuple(replace(line, text=line.text.replace(said[:4], "改正")) for line in page.text.lines)
    shown.catalogue.pages.correct(STAYS, 1, PageText(lines, "person:试"))
    text = shown.ask(f"{SITE}/").text
    assert said not in text
    assert file_code(6) in text


def test_an_exhibition_of_which_nothing_is_left_is_still_answered(shown: System) -> None:
    made = edition(1)
    put_up(shown, replace(made, sections=(replace(made.sections[0], exhibits=(exhibit(1),)),)))
    problem(shown.ask(f"{SITE}/images/0000/info.json"), 404, "not-found")  # nothing of it has such a picture
    shown.catalogue.records.set_access(LEAVES, access_status="控制", publicity="", reason="试")
    try:
        for page in ("", "iiif/collection.json"):
            answer = shown.ask(f"{SITE}/{page}")
            assert answer.status_code == 200, answer.text
            assert file_code(1) not in answer.text
        assert shown.ask(f"/v1{SITE}/export/site", STAFF).status_code == 200
    finally:
        before = file_record(1)
        shown.catalogue.records.set_access(
            LEAVES, access_status=before.access_status, publicity=before.publicity, reason="试"
        )


def test_the_name_of_a_fonds_that_was_closed_is_not_shown(shown: System) -> None:
    record = shown.catalogue.records.get(of("J001"))
    assert record
    made = edition(6)
    lit = exhibit(6, fonds=record.record.title)
    put_up(shown, replace(made, sections=(replace(made.sections[0], exhibits=(lit,)),)))
    said = f"<dt>全宗</dt><dd>{record.record.title}</dd>"
    page = re.findall(r"exhibits/\w+\.html", shown.ask(f"{SITE}/").text)[0]
    assert said in shown.ask(f"{SITE}/{page}").text
    shown.catalogue.records.set_access(of("J001"), access_status="控制", publicity="", reason="试")
    try:
        text = shown.ask(f"{SITE}/{page}").text
        assert file_code(6) in text
        assert "<dt>全宗</dt>" not in text
        manifests = shown.ask(f"{SITE}/iiif/collection.json").json()["items"]
        assert "全宗" not in shown.ask(urlsplit(manifests[0]["id"]).path).text
    finally:
        before = record.record
        shown.catalogue.records.set_access(
            of("J001"), access_status=before.access_status, publicity=before.publicity, reason="试"
        )


def test_only_the_last_edition_is_shown_and_none_after_it_was_withdrawn(shown: System) -> None:
    first = put_up(shown, edition(6, title="甲"))
    second = put_up(shown, edition(6, title="乙"))
    assert second.number == first.number + 1
    assert "乙" in shown.ask(f"{SITE}/").text
    assert shown.catalogue.editions.standing_on([STAYS, LEAVES]) == {STAYS: ["yu-ye"]}
    assert ("乙", "2026-03-02") in shown.catalogue.showings.of([STAYS])[STAYS]
    shown.catalogue.editions.withdraw("yu-ye", CURATOR)
    problem(shown.ask(f"{SITE}/"), 404, "not-found")
    assert "乙" not in shown.ask("/exhibitions").text
    with pytest.raises(NotFound):
        shown.catalogue.editions.withdraw("yu-ye", CURATOR)
    house = shown.client.app.state.house  # type: ignore[attr-defined]
    for slug in ("", "渔业", "a/b", "-a", "a" * 81, "site.css"):
        with pytest.raises(BadInput):
            publish(house, replace(edition(6), slug=slug), CURATOR)
    with pytest.raises(NotFound):
        publish(
            house,
            replace(edition(6), sections=(Section("s", "", "", (exhibit(6, record_id="x"),)),)),
            CURATOR,
        )


def test_the_folder_that_is_exported_is_what_the_api_answers(
    shown: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_up(shown, edition(1, 6))
    monkeypatch.setenv("DANGHAI_HOME", str(shown.settings.home))
    folder = tmp_path / "zhan"
    address = f"http://testserver{SITE}"
    command = ["exhibitions", "export", "yu-ye", str(folder), "--address", address, "--json"]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0, answer.output
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    assert json.loads(answer.stdout)["files"] == len(found)
    for path, content in found.items():
        assert shown.ask(f"{SITE}/{path}").content == content, path
    assert {p.removeprefix(f"{SITE}/") or "index.html" for p in whole(shown)} <= set(found)
    assert CliRunner().invoke(app, command).exit_code == 1  # the folder is not empty
    with zipfile.ZipFile(io.BytesIO(shown.ask("/v1/exhibitions/yu-ye/export/site", STAFF).content)) as packed:
        pages = {name.removeprefix("yu-ye/"): packed.read(name) for name in packed.namelist()}
    assert pages == {path: content for path, content in found.items() if not path.endswith(".json")}
    assert json.loads(CliRunner().invoke(app, ["exhibitions", "list", "--json"]).stdout)[0]["exhibits"] == 3
    assert CliRunner().invoke(app, ["exhibitions", "withdraw", "yu-ye"]).exit_code == 0
    problem(shown.ask(f"{SITE}/"), 404, "not-found")


def test_documents_are_for_staff_and_hold_what_the_public_may_see(shown: System) -> None:
    put_up(shown, edition(1, 6))
    address = "/v1/exhibitions/yu-ye/export/objects-csv"
    problem(shown.ask(address), 403, "not-allowed")
    problem(shown.ask("/v1/exhibitions/none/export/text", STAFF), 404, "not-found")
    answer = shown.ask(address, STAFF)
    assert "attachment" in answer.headers["content-disposition"]
    assert file_code(1) in answer.text
    shown.catalogue.records.set_access(LEAVES, access_status="控制", publicity="", reason="试")
    try:
        assert file_code(1) not in shown.ask(address, STAFF).text
        [told] = shown.get("/v1/exhibitions")["exhibitions"]
        assert (told["slug"], told["exhibits"]) == ("yu-ye", 2)
    finally:
        shown.catalogue.records.set_access(LEAVES, access_status="开放", publicity="公开", reason="试")


def test_nothing_of_a_removed_record_is_left_in_any_edition(make_system: Callable[[], System]) -> None:
    system = make_system()
    system.put(small_archive(system.store).incoming)
    put_up(system, edition(1, 6))
    put_up(system, edition(1))
    system.catalogue.removal.delete(LEAVES)
    with system.catalogue.database.read() as session:
        bodies = [
            json.dumps([row.record_id, row.body], ensure_ascii=False) for row in session.query(EditionPartRow)
        ]
        names = {row.name for row in session.query(EditionNameRow)}
        assert {row.record_id for row in session.query(EditionRecordRow)} == {STAYS}
        assert all(json.dumps(row.body).count(file_code(1)) == 0 for row in session.query(EditionRow))
    assert len(bodies) == 2 + 1 + 1  # with its line of chronology; a lamp in each
    assert not [body for body in bodies if file_code(1) in body]
    assert sum(file_code(6) in body for body in bodies) == 2
    assert names == {name_of("lamp"), name_of(STAYS), page_name(STAYS, 1)}
