"""Redaction: pixels and words are gone for all but staff, in every version, and no leg finds them."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from holdings.access import OPEN, PUBLIC, PUBLISHED, READING_ROOM, STAFF
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage
from holdings.page_image import without
from holdings.records import Line, PageText
from holdings.redaction import GAP, Hides, blackened, redacted_text
from holdings.secrecy import upright
from tests.api.conftest import System
from tests.api.small_archive import file_record, of, picture, small_archive

# ── the pure part ──────────────────────────────────────────────────────────────

TEXT = "立據人張三住定海城關"


def page(*lines: Line, rotation: int = 0, vertical: bool = False) -> PageText:
    return PageText(lines, "ocr:test@1", rotation, vertical)


def left(text: PageText, *regions: tuple[int, int, int, int]) -> list[str]:
    return [line.text for line in redacted_text(text, regions).lines]


def test_words_go_by_their_share_of_the_line() -> None:
    line = Line(TEXT, (100, 200, 1000, 100))  # ten characters of 100 pixels
    assert left(page(line), (460, 210, 80, 80)) == [f"立據人{GAP}住定海城關"]
    assert left(page(line), (100, 200, 1000, 100)) == []
    assert left(page(line), (100, 295, 1000, 100)) == [TEXT]  # it only grazes the line's edge
    assert left(page(line), (100, 400, 1000, 100)) == [TEXT]
    assert left(page(line, Line("別行", (100, 400, 200, 100))), (90, 190, 1020, 120)) == ["別行"]


def test_what_cannot_be_placed_goes_whole() -> None:
    assert left(page(Line(TEXT)), (0, 0, 10, 10)) == []
    assert (
        left(page(Line(TEXT, (100, 200, 40, 900))), (100, 200, 30, 30)) == []
    )  # upright box, horizontal page
    assert redacted_text(page(Line(TEXT, (1, 1, 99, 9))), (), whole=True).lines == ()


@given(
    st.sampled_from([0, 90, 180, 270]), st.booleans(), st.integers(0, 9), st.integers(1, 3),
    st.text("甲乙丙丁戊己庚辛壬癸", min_size=10, max_size=10),
)  # fmt: skip
def test_a_covered_character_is_gone_however_the_page_lies(
    rotation: int, vertical: bool, first: int, count: int, said: str
) -> None:
    """The line and the region are laid out upright, then turned as the scanner turned the page."""
    width, height = 1400, 1600
    line = (200, 300, 100, 1000) if vertical else (200, 300, 1000, 100)
    size = min(count, 10 - first) * 100
    region = (210, 300 + 100 * first, 80, size) if vertical else (200 + 100 * first, 310, size, 80)
    back = (360 - rotation) % 360
    stored_line, stored_region = upright(line, back, width, height), upright(region, back, width, height)
    assert stored_line is not None
    assert stored_region is not None
    text = page(Line(said, stored_line), rotation=rotation, vertical=vertical)
    shown = "".join(left(text, stored_region))
    before, after = said[: max(0, first - 1)], said[first + count + 1 :]
    assert shown.replace(GAP, "") in {
        said[:a] + said[b:]
        for a in (first, max(0, first - 1))
        for b in range(first + count, first + count + 2)
    } | {""}
    assert before in shown
    assert after in shown


@given(st.integers(0, 600), st.integers(0, 780), st.integers(1, 600), st.integers(1, 700))
def test_what_is_blackened_holds_the_region_and_stays_on_the_page(x: int, y: int, w: int, h: int) -> None:
    left_, top, wide, high = blackened((x, y, w, h), 620, 800)
    assert left_ <= x
    assert top <= y
    assert left_ + wide >= min(x + w, 620)
    assert top + high >= min(y + h, 800)
    assert left_ + wide <= 620
    assert top + high <= 800
    assert Hides().boxes(620, 800) == []


@given(st.tuples(*[st.integers(0, 255)] * 3), st.integers(1, 40), st.integers(1, 40))
def test_nothing_of_what_is_hidden_is_left_in_the_picture(
    colour: tuple[int, int, int], x: int, y: int
) -> None:
    """Neither beyond the region's edge nor in what the file says of itself; the JPEG is encoded as scanners do."""
    hides = Hides(((x, y, 37, 21),))

    def shown(beneath: tuple[int, int, int]) -> tuple[bytes, object]:
        scan, out = Image.new("RGB", (120, 100), (200, 190, 170)), io.BytesIO()
        scan.paste(beneath, (x, y, x + 37, y + 21))
        scan.save(out, "JPEG", comment=str(beneath).encode())
        with Image.open(out) as page:
            made = without(page, hides)
        return made.tobytes(), made.info

    assert shown(colour) == shown((20, 40, 90))


# ── on a whole system ──────────────────────────────────────────────────────────

NAME = "鯨骨老人"
WORDS = ("海嶼漁會公函", f"立據人{NAME}住岱山東沙", "右列各項業經核准在案")
BOX = (100, 200, 440, 40)
RECORD = of("J045-1-1-950")
OUTER = (PUBLIC, READING_ROOM)


def lines(*texts: str) -> tuple[Line, ...]:
    return tuple(Line(t, (100, 120 + 80 * n, 40 * len(t), 40)) for n, t in enumerate(texts))


@pytest.fixture(scope="module")
def system(make_system: Callable[[], System]) -> System:
    made = make_system()
    box = small_archive(made.store)
    scan = made.store.put(picture("redacted", form="PNG"))
    page_ = IncomingPage(
        1, scan, "scan", 0, "image/png", "0001.png", 620, 800, PageText(lines(*WORDS), "ocr:test@1")
    )
    jpeg = made.store.put(picture("second"))
    two = IncomingPage(
        2, jpeg, "scan", 0, "image/jpeg", "0002.jpg", 620, 800, PageText(lines("第二頁附記"), "ocr:test@1")
    )
    original = made.store.put(f"原件：{NAME}".encode())
    attached = IncomingAttachment("原件.txt", original, "text/plain", 20, f"附件 {NAME}")
    record = file_record(
        3, id=RECORD, reference_code="J045-1-1-950", title="漁會公函", abstract="", persons=(), parent=of("J045-1-1"),
        fonds_code="J045", access_status=OPEN, publicity=PUBLISHED,
    )  # fmt: skip
    made.put([*box.incoming, Incoming(record, [page_, two], [attached])])
    made.project()
    return made


def mark(system: System, who: str = STAFF, **more: Any) -> Any:
    given = {"page": 1, "regions": [[180, 200, 200, 40]], "code": "privacy"} | more
    body = {key: value for key, value in given.items() if value is not None}
    return system.ask(f"/v1/records/{RECORD}/redactions", who, method="POST", json=body)


def found(system: System, audience: str, q: str, mode: str = "words") -> bool:
    return RECORD in [hit["id"] for hit in system.search(q, audience, mode=mode, size=100)["hits"]]


def pixels(system: System, audience: str, path: str = "image", **params: Any) -> Image.Image:
    answer = system.ask(f"/v1/records/{RECORD}/pages/1/{path}", audience, params=params)
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content)).convert("L")


def test_words_and_pixels_are_gone_for_all_but_staff(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    for audience in (*OUTER, STAFF):
        assert found(system, audience, NAME)
        assert system.get(f"/v1/records/{RECORD}", audience)["attachments"]
    before = pixels(system, PUBLIC)
    assert mark(system, PUBLIC).status_code == 403
    monkeypatch.setattr("search_api.closing.WAIT_SECONDS", 0.1)
    monkeypatch.setattr("search_api.closing.LOOK_SECONDS", 0.05)
    assert mark(system).status_code == 503  # no projector runs: it says so, and hides all the same
    for projected in (False, True):
        if projected:
            system.project()
        for audience in OUTER:
            _nothing_says_it(system, audience)
    assert {r.audience for r in system.catalogue.outbox.rebuilds()} == set(OUTER)
    system.rebuild()
    for audience in OUTER:
        _nothing_says_it(system, audience)
        assert found(system, audience, "右列各項業經核准")
        hidden = pixels(system, audience)
        region = hidden.crop((180, 200, 380, 240))
        assert max(region.get_flattened_data()) < 12
        assert hidden.crop((0, 300, 620, 500)).tobytes() != region.tobytes()
        assert (before.width, before.height) == (hidden.width, hidden.height)
    assert found(system, STAFF, NAME)
    assert max(pixels(system, STAFF).crop((180, 200, 380, 240)).get_flattened_data()) > 200
    assert NAME in system.get(f"/v1/records/{RECORD}/pages/1", STAFF)["text"]


def _nothing_says_it(system: System, audience: str) -> None:
    for mode in ("words", "hybrid", "meaning"):
        answer = system.ask("/v1/search", audience, params={"q": NAME, "mode": mode, "size": 100})
        hits = answer.json()["hits"]
        assert all(NAME not in p["text"] for hit in hits for p in hit["passages"])
        assert mode != "words" or hits == []
    for q in (f"“{NAME}”", "鯨骨*", f"立據人{NAME}住岱山"):
        assert not found(system, audience, q)
    assert system.get("/v1/suggest", audience, q="鲸骨")["suggestions"] == []
    for tail in ("", "/pages/1", "/pages/1?version=1", "/similar", f"/matches?q={NAME}", "/citation"):
        answer = system.ask(f"/v1/records/{RECORD}{tail}", audience)
        assert answer.status_code == 200
        assert NAME not in answer.text, tail
    assert system.get(f"/v1/records/{RECORD}/matches", audience, q=NAME)["pages"] == []
    assert system.get(f"/v1/records/{RECORD}", audience)["attachments"] == []
    assert system.ask(f"/v1/records/{RECORD}/attachments/1", audience).status_code == 404
    for tail in ("redactions", "pages/1/outer", "pages/1/outer/image"):
        assert system.ask(f"/v1/records/{RECORD}/{tail}", audience).status_code == 403
    rows = system.client.portal.call(  # type: ignore[union-attr]
        system.client.app.state.house.engine.vectors,
        audience,
        RECORD,  # type: ignore[attr-defined]
    )
    staff = system.client.portal.call(  # type: ignore[union-attr]
        system.client.app.state.house.engine.vectors,
        STAFF,
        RECORD,  # type: ignore[attr-defined]
    )
    if not system.catalogue.outbox.counts():  # no vector of the page was made with its words
        told = {(r.page, r.number): r.vector.tobytes() for r in staff}
        assert all(told.get((r.page, r.number)) != r.vector.tobytes() for r in rows if r.page == 1)


def test_a_new_reading_or_a_correction_does_not_bring_the_words_back(system: System) -> None:
    stored = system.catalogue.pages.get(RECORD, 1)
    assert stored is not None
    assert stored.text is not None
    again = replace(stored.text, maker="ocr:new@2", lines=lines(*WORDS)[1:] + lines(WORDS[0]))
    system.catalogue.pages.save_reading(stored.id, again, "new@2")
    system.project()
    for audience in OUTER:
        _nothing_says_it(system, audience)
    given = {"lines": [WORDS[1] + "，鯨骨老人親書", WORDS[0]], "by": "校对"}
    answer = system.ask(f"/v1/records/{RECORD}/pages/1/text", STAFF, method="PUT", json=given)
    assert answer.status_code == 200
    system.project()
    for audience in OUTER:
        _nothing_says_it(system, audience)
        for version in (1, 2, 3):
            assert NAME not in system.ask(f"/v1/records/{RECORD}/pages/1?version={version}", audience).text
    assert found(system, STAFF, "鯨骨老人親書")


def test_another_image_in_its_place_is_hidden_whole(system: System) -> None:
    record = system.catalogue.records.get(RECORD)
    assert record is not None
    scan = system.store.put(picture("scanned again"))
    again = IncomingPage(
        1, scan, "scan", 0, "image/jpeg", "0001.jpg", 620, 800, PageText(lines(*WORDS), "ocr:test@1")
    )
    old = system.catalogue.pages.get(RECORD, 2)
    assert old is not None
    two = IncomingPage(2, old.sha256, "scan", 0, "image/jpeg", "0002.jpg", 620, 800)
    system.put([Incoming(record.record, [again, two])], update=True)
    system.project()
    for audience in OUTER:
        _nothing_says_it(system, audience)
        assert system.get(f"/v1/records/{RECORD}/pages/1", audience)["text"] == ""
        assert max(pixels(system, audience).get_flattened_data()) < 12
    assert system.get(f"/v1/records/{RECORD}/pages/2", PUBLIC)["text"] == "第二頁附記"


def test_the_preview_shows_what_all_others_would_see_and_undoing_shows_it_again(system: System) -> None:
    (standing,) = system.get(f"/v1/records/{RECORD}/redactions", STAFF)
    assert (standing["code"], standing["box"], standing["undone_at"]) == (
        "privacy",
        [180, 200, 200, 40],
        None,
    )
    path = f"/v1/records/{RECORD}/redactions/{standing['id']}"
    assert system.ask(path, PUBLIC, method="DELETE").status_code == 403
    assert system.ask(path, STAFF, method="DELETE").status_code == 200
    assert system.ask(path, STAFF, method="DELETE").status_code == 404
    system.project()
    assert found(system, PUBLIC, NAME)
    assert system.get(f"/v1/records/{RECORD}", PUBLIC)["attachments"]
    left_ = system.get(f"/v1/records/{RECORD}/pages/1/outer", STAFF, regions="100,200,440,40")
    assert NAME not in left_["text"]
    assert "右列" in left_["text"]
    shown = pixels(system, STAFF, "outer/image", regions="100,200,440,40")
    assert max(shown.crop((104, 204, 536, 236)).get_flattened_data()) < 12
    assert found(system, PUBLIC, NAME)  # a preview changes nothing
    (history,) = system.get(f"/v1/records/{RECORD}/redactions", STAFF)
    assert history["undone_by"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"regions": [[600, 700, 100, 10]]}, 400),
        ({"regions": [[1, 1, 0, 10]]}, 400),
        ({"regions": []}, 400),
        ({"whole": True}, 400),
        ({"code": "because"}, 422),
        ({"page": 9}, 404),
        ({"regions": [[-1, 1, 5, 5]]}, 422),
    ],
)
def test_what_cannot_be_marked_is_refused(system: System, more: dict[str, Any], status: int) -> None:
    assert mark(system, **more).status_code == status
    for bad in ("1,2,3", "a", "1,2,3,4,5"):
        path = f"/v1/records/{RECORD}/pages/1/outer"
        assert system.ask(path, STAFF, params={"regions": bad}).status_code == 400


def test_the_way_out_reads_pages_through_the_house_alone() -> None:
    """Whoever asks the catalogue itself would show what was redacted: only the preview may."""
    rooms = Path(__file__).parents[2] / "search_api"
    asks = re.compile(r"catalogue\.(?:pages\.(?:of|of_many|at|get|versions)|records\.attachments)\b")
    found = {p.name for p in rooms.glob("*.py") if asks.search(p.read_text("utf-8"))}
    assert found == {"routes_redactions.py"}
