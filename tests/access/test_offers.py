"""Offers by the public: taken in with consent, bounded, followed by staff to the real intake, forgotten in time."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from PIL import Image
from typer.testing import CliRunner

from curation.edition import Edition, Section
from danghai import app
from holdings.access import OPEN, PUBLISHED, STAFF, Caller
from holdings.catalogue.tables_public import OfferPersonRow, OfferRow
from holdings.offer_box import OfferBox, erase_due
from holdings.records import Line, PageText
from search_api import published

from .conftest import Door, problem
from .reviewing import file, put

MakeDoor = Callable[..., Door]
WHO = {"name": "读者一", "contact": "du.zhe@example.org"}
SAID = "家中有一张 1952 年的渔业互助组合影，愿捐给本馆。"


def picture(shade: int = 200, kind: str = "JPEG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 40), (shade, 90, 60)).save(out, kind)
    return out.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few kilobytes that would unfold to 3.6 thousand million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(2_000_000))) + chunk(b"IEND", b"")


def offered(door: Door, token: str = "", **more: Any) -> Any:
    terms = door.ask("GET", "/v1/offers/terms").json()
    said = {"kind": "donation", "what": SAID, "consent": terms["consent"]["version"], **WHO, **more}
    return door.ask("POST", "/v1/offers", token, json=said)


def receipt(door: Door, **more: Any) -> str:
    answer = offered(door, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["receipt"])


def send(door: Door, number: str, data: bytes, name: str = "合影.jpg") -> Any:
    kind = {"Content-Type": "application/octet-stream"}
    path = f"/v1/offers/receipts/{number}/files"
    return door.ask("POST", path, params={"name": name}, content=data, headers=kind)


@pytest.fixture
def curator(door: Door) -> str:
    return door.catalogue.keys.add(STAFF, roles=["curator"], name="编研员")


def step(door: Door, key: str, offer: Any, to: str, **more: Any) -> Any:
    body = {"version": offer["version"], "to": to, **more}
    return door.ask("POST", f"/v1/offers/{offer['id']}/steps", key, json=body)


def one(door: Door, key: str) -> Any:
    [offer] = door.ask("GET", "/v1/offers", key).json()["offers"]
    return offer


def test_without_consent_nothing_is_kept_and_a_receipt_tells_nothing_personal(
    door: Door, curator: str
) -> None:
    problem(offered(door, consent="0" * 12), 400, "bad-input")
    problem(offered(door, consent=""), 400, "bad-input")
    assert door.ask("GET", "/v1/offers", curator).json()["offers"] == []
    number = receipt(door)
    terms = door.ask("GET", "/v1/offers/terms").json()
    assert one(door, curator)["contact"] == WHO["contact"]
    assert door.catalogue.offers.get(1).consent == terms["consent"]["version"]
    asked = door.ask("GET", f"/v1/offers/receipts/{number.lower().replace('-', ' ')}")
    assert (asked.status_code, asked.json()["said"]) == (200, "线索，待看")
    for secret in (*WHO.values(), SAID):
        assert secret not in asked.text
    problem(door.ask("GET", "/v1/offers/receipts/ZJ-0000-0000-0000-0000"), 404, "not-found")
    for path in ("/v1/offers", "/v1/offers/1", "/v1/offers/export", "/v1/offers/1/files/1"):
        assert door.ask("GET", path).status_code == 403
        reviewer = door.catalogue.keys.add(STAFF, roles=["reviewer"])
        assert door.ask("GET", path, reviewer).status_code == 403


def test_a_flood_is_refused_by_address_and_in_all(
    make_door: MakeDoor, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = make_door(rate_offers="3/hour")

    def statuses(times: int, address: str) -> list[int]:
        terms = door.ask("GET", "/v1/offers/terms").json()["consent"]["version"]
        body = {"kind": "donation", "what": SAID, "consent": terms, **WHO}
        headers = {"X-Forwarded-For": address}
        return [door.ask("POST", "/v1/offers", json=body, headers=headers).status_code for _ in range(times)]

    assert statuses(5, "192.0.2.1") == [201] * 3 + [429] * 2
    assert statuses(1, "192.0.2.2") == [201]
    key = door.catalogue.keys.add(STAFF, roles=["archivist"])
    assert {door.ask("GET", "/v1/offers", key).status_code for _ in range(9)} == {200}  # staff read on
    monkeypatch.setattr("holdings.catalogue.offers.MOST_WAITING", 4)
    assert statuses(1, "192.0.2.3") == [503]


def test_only_whole_images_of_a_bearable_size_are_kept_and_staff_alone_get_them(
    door: Door, curator: str
) -> None:
    number = receipt(door)
    first = send(door, number, picture(), "../../etc/我的\u202egpj.照片.exe")
    assert (first.status_code, first.json()) == (201, {"number": 1, "left": 4})
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    for bad in (bomb(), bomb(9_500), svg, b"MZ" + bytes(900), picture()[:300], picture(kind="GIF")):
        problem(send(door, number, bad, "x.jpg"), 400, "bad-input")
    problem(send(door, number, bytes(8_000_001)), 413, "content-too-large")
    assert send(door, number, b"%PDF-1.7\n", "清单.pdf").status_code == 201
    files = one(door, curator)["files"]
    assert [(f["name"], f["media_type"]) for f in files] == [
        ("etc 我的 gpj.照片.jpg", "image/jpeg"),
        ("清单.pdf", "application/pdf"),
    ]  # nothing lost, nothing of what was refused
    kept = [path for path in door.settings.offers_dir.rglob("*") if path.is_file()]
    assert len(kept) == 2
    assert not door.settings.store_dir.exists() or not any(door.settings.store_dir.rglob("*"))
    got = door.ask("GET", files[0]["url"], curator)
    assert got.content == picture()
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment")
    assert got.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in got.headers["content-security-policy"]
    for _ in range(3):
        assert send(door, number, picture(90, "PNG")).status_code == 201
    problem(send(door, number, picture()), 400, "bad-input")  # five are enough
    with door.catalogue.database.write() as session:
        session.get_one(OfferRow, 1).made_at = datetime.now(UTC) - timedelta(hours=2)
    problem(send(door, number, picture()), 409, "conflict")


def test_a_record_that_is_closed_and_one_that_never_was_are_answered_alike(door: Door, curator: str) -> None:
    [closed] = put(door.catalogue, file("J045-1-1-1"))
    about = {"kind": "correction", "page": 1, "suggested": "试"}
    hidden = offered(door, **about, record_id=closed)
    never = offered(door, **about, record_id="990001:J045-9-9-9")
    assert (hidden.status_code, hidden.content) == (404, never.content)
    assert one_or_none(door, curator) == []
    assert offered(door, curator, **about | {"page": 0, "suggested": ""}, record_id=closed).status_code == 201


def one_or_none(door: Door, key: str) -> Any:
    return door.ask("GET", "/v1/offers", key).json()["offers"]


def test_a_donation_is_followed_to_the_real_intake_and_found(
    door: Door, curator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = receipt(door)
    for shade in (20, 220):
        assert send(door, number, picture(shade)).status_code == 201
    offer = one(door, curator)
    problem(step(door, curator, offer, "received"), 409, "conflict")  # not without the steps between
    offer = step(door, curator, offer, "appraisal", words="先看原件").json()
    problem(step(door, curator, offer | {"version": 1}, "agreement"), 409, "conflict")
    offer = step(door, curator, offer, "agreement", told="协议已寄出").json()
    told = door.ask("GET", f"/v1/offers/receipts/{number}").json()
    assert (told["state"], told["told"]) == ("agreement", "协议已寄出")
    assert "先看原件" not in str(told)
    agreed = {
        "number": "捐协〔2026〕3 号",
        "reference_code": "Z101-1-1-5",
        "title": "渔业互助组合影",
        "date": "1952",
        "donor_limits": "不用于商业广告",
    }
    problem(step(door, curator, offer, "received"), 400, "bad-input")
    for bad in ("../../x", "Z1/2", ".", "Z101-"):
        answer = step(door, curator, offer, "received", agreement=agreed | {"reference_code": bad})
        problem(answer, 400, "bad-input")
    offer = step(door, curator, offer, "received", agreement=agreed).json()
    assert (offer["state"], offer["package"], offer["taken_in"]) == ("received", "0001", None)
    assert [s["by"].startswith("编研员") for s in offer["steps"]] == [False, True, True, True]
    monkeypatch.setenv("DANGHAI_HOME", str(door.settings.home))
    monkeypatch.setenv("DANGHAI_MODELS_DIR", str(door.settings.home / "no models"))
    took = CliRunner().invoke(app, ["ingest", "--no-ocr", str(door.settings.donations_dir / "0001")])
    assert took.exit_code == 0, took.output
    made = one(door, curator)["taken_in"]
    assert made["reference_code"] == "Z101-1-1-5"
    record = door.ask("GET", f"/v1/records/{made['id']}", curator).json()
    said = {f["name"]: f["value"] for f in record["fields"]}
    assert (said["acquisition"], said["donor_limits"]) == ("捐赠", "不用于商业广告")
    assert (record["access_status"], record["page_count"]) == ("未审核", 2)
    assert record["extra"] == {"征集编号": "0001", "协议编号": "捐协〔2026〕3 号"}
    hits = door.ask("GET", "/v1/search", curator, params={"q": "互助组合影"}).json()["hits"]
    assert [hit["id"] for hit in hits] == [made["id"]]
    assert door.ask("GET", f"/v1/records/{made['id']}").status_code == 404  # nobody opened it


def test_a_correction_becomes_a_new_version_of_the_page(door: Door, curator: str) -> None:
    from holdings.catalogue import Incoming, IncomingPage

    shown = file("J045-1-1-2", access_status=OPEN, publicity=PUBLISHED)
    text = PageText((Line("查本县渔民登汜", (1, 2, 30, 10)), Line("业经核准")), "ocr:x")
    page = IncomingPage(1, "0" * 64, "text", media_type="text/plain", text=text)
    door.catalogue.records.put([Incoming(shown, [page])])
    about = {"kind": "correction", "record_id": shown.id, "page": 1}
    problem(offered(door, **about | {"page": 2}), 404, "not-found")
    receipt(door, **about, what="登汜应为登记", suggested="查本县渔民登记\n业经核准")
    offer = one(door, curator)
    assert offer["record"]["reference_code"] == "J045-1-1-2"
    lines = offer["suggested"].splitlines()
    done = step(door, curator, offer, "accepted", lines=lines, told="谢谢，已改正").json()
    assert "第 2 版" in done["steps"][-1]["words"]
    now = door.ask("GET", f"/v1/records/{shown.id}/pages/1").json()
    assert (now["text"], now["version"], now["maker"]) == ("查本县渔民登记\n业经核准", 2, "person:编研员")
    assert now["lines"][0]["box"] == [1, 2, 30, 10]
    noted = door.ask("GET", "/v1/offers", curator, params={"record": shown.id, "state": "accepted"}).json()
    assert [o["id"] for o in noted["offers"]] == [offer["id"]]
    problem(step(door, curator, done, "spam"), 409, "conflict")
    assert send(door, receipt(door, **about | {"page": 0}), picture()).status_code == 201
    door.catalogue.removal.delete(shown.id)  # a secret: no offer tells of it any more
    assert one_or_none(door, curator) == []
    box, now = OfferBox(door.settings.offers_dir), datetime.now(UTC)
    assert (erase_due(door.catalogue.offers, box, now, 180), box.offers()) == (0, set())


def test_a_list_that_goes_out_holds_no_formula_and_what_is_personal_is_erased_in_time(
    door: Door, curator: str
) -> None:
    number = receipt(door, name="=HYPERLINK(1)", what="＝1+1 <script>alert(1)</script>")
    assert send(door, number, picture()).status_code == 201
    data = door.ask("GET", "/v1/offers/export", curator, params={"format": "csv"}).content
    row = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))[1]
    assert (row[3][:2], row[4]) == ("'＝", "'=HYPERLINK(1)")
    offer = step(door, curator, one(door, curator), "spam", words="广告").json()
    box, offers = OfferBox(door.settings.offers_dir), door.catalogue.offers
    days = door.settings.offer_days
    assert erase_due(offers, box, datetime.now(UTC) + timedelta(days=days - 1), days) == 0
    later = datetime.now(UTC) + timedelta(days=days + 1)
    assert erase_due(offers, box, later, days) == 1
    assert erase_due(offers, box, later, days) == 0
    gone = offers.get(offer["id"])
    assert (gone.name, gone.contact, gone.what, gone.files) == ("", "", "", ())
    assert (gone.state, gone.steps[-1].words, bool(gone.erased_at)) == ("spam", "广告", True)
    assert not any(path.is_file() for path in door.settings.offers_dir.rglob("*"))
    with door.catalogue.database.read() as session:
        assert session.get(OfferPersonRow, offer["id"]) is None
    left = b"".join(path.read_bytes() for path in door.settings.home.glob("catalogue.sqlite*"))
    assert WHO["contact"].encode() not in left
    assert b"HYPERLINK" not in left
    problem(step(door, curator, one(door, curator), "lead"), 409, "conflict")


def test_a_published_exhibition_is_in_the_feed_and_what_it_wants_is_answered(
    door: Door, curator: str
) -> None:
    house = door.app.state.house
    sections = (Section("one", "渔业", "", (), "找 1952 年前后的渔船照片"), Section("two", "盐业", "", ()))
    made = Edition("yu-ye", 0, "渔业<展>", "", "导言 & 说明\x01", sections, ("某馆",), (), "2026-03-02")
    published.publish(house, made, Caller(STAFF, frozenset({"curator"}), "试", "key:1"))

    def entries() -> list[tuple[str, str, str]]:
        answer = door.ask("GET", "/exhibitions/feed.xml")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        atom = "{http://www.w3.org/2005/Atom}"
        found = ElementTree.fromstring(answer.content).iter(f"{atom}entry")
        return [
            (e.findtext(f"{atom}title"), e.findtext(f"{atom}id"), e.findtext(f"{atom}summary")) for e in found
        ]  # type: ignore[misc]

    assert entries() == [("渔业<展>", "http://testserver/exhibitions/yu-ye/#1", "导言 &amp; 说明")]
    [item] = door.ask("GET", "/v1/wanted").json()["wanted"]
    assert (item["slug"], item["section"], item["wanted"]) == ("yu-ye", "one", "找 1952 年前后的渔船照片")
    receipt(door, slug="yu-ye", section="one")
    offer = one(door, curator)
    assert (offer["wanted_slug"], offer["wanted_section"], offer["wanted"]) == (
        "yu-ye",
        "one",
        item["wanted"],
    )
    assert len(door.ask("GET", "/v1/offers", curator, params={"slug": "yu-ye"}).json()["offers"]) == 1
    nothing = offered(door, slug="yu-ye", section="two")
    problem(nothing, 404, "not-found")
    door.catalogue.editions.withdraw("yu-ye", Caller(STAFF, frozenset(), "试", "key:1"))
    assert offered(door, slug="yu-ye", section="one").content == nothing.content
    assert (entries(), door.ask("GET", "/v1/wanted").json()["wanted"]) == ([], [])
    assert one(door, curator)["wanted"] == item["wanted"]  # what was answered stands
