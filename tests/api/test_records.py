"""Records, pages, images, citations, attachments, keys, errors, the OpenAPI document."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from holdings.access import AUDIENCES, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Incoming, IncomingPage
from holdings.records import FIELDS, STAFF_ONLY_FIELDS, Line, PageText
from holdings.text import normalise
from search_api.house import House
from search_api.limits import MAX_BODY

from .conftest import System
from .small_archive import file_code, file_record, of, picture, text_page

PLAIN = of(file_code(1))  # open to all, two pages


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Whatever goes wrong has one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    said: dict[str, Any] = answer.json()
    assert set(said) == {"type", "title", "status", "detail", "advice"}
    assert (said["type"], said["status"]) == (f"urn:danghai:problem:{code}", status)
    assert said["title"]
    assert said["detail"]
    assert "Traceback" not in answer.text
    return said


# ── one record ─────────────────────────────────────────────────────────────────


def test_fields_come_in_the_standards_order_and_staffs_stay_with_staff(archive: System) -> None:
    order = [field.name for field in FIELDS]
    assert [field["name"] for field in archive.get("/v1/fields")] == order
    for audience in AUDIENCES:
        record = archive.get(f"/v1/records/{PLAIN}", audience)
        names = [field["name"] for field in record["fields"]]
        assert names == sorted(names, key=order.index)
        assert {"title", "creators", "date", "document_number"} <= set(names)
        assert (set(names) & STAFF_ONLY_FIELDS == {"storage"}) == (audience == STAFF)
        assert record["extra"] == ({"证号": "Z0001"} if audience == STAFF else {})
        assert "东库三排" not in archive.ask(f"/v1/records/{PLAIN}").text


def test_a_closed_ancestor_shows_only_as_its_code(archive: System) -> None:
    record = archive.get(f"/v1/records/{PLAIN}")
    assert [a["reference_code"] for a in record["ancestors"]] == ["J045", "J045-1", "J045-1-2"]
    assert [a["id"] for a in record["ancestors"]] == [of("J045"), of("J045-1"), None]
    assert record["ancestors"][2]["title"] == "J045-1-2"
    assert archive.get(f"/v1/records/{PLAIN}", STAFF)["ancestors"][2]["title"] == "定海县人民政府第2卷"


def test_neighbours_lead_through_all_that_is_open_in_natural_order(archive: System) -> None:
    at: str | None = min(
        (h["id"] for h in archive.every_hit("", parent=of("J001-1-1"), level="file")),
        key=lambda i: int(i.split("-")[3]),
    )
    walked: list[str] = []
    while at:
        record = archive.get(f"/v1/records/{at}")
        assert record["previous"] == (walked[-1] if walked else None)
        walked.append(at)
        at = record["next"]
    assert sorted(walked) == sorted(
        h["id"] for h in archive.every_hit("", parent=of("J001-1-1"), level="file")
    )
    assert [int(i.split("-")[3]) for i in walked] == sorted(int(i.split("-")[3]) for i in walked)


def test_a_long_run_of_closed_records_hides_no_open_one(fresh: System) -> None:
    run = [
        file_record(
            0,
            id=of(f"J001-1-1-{900 + n}"),
            reference_code=f"J001-1-1-{900 + n}",
            publicity="公开" if n in (0, 260) else "",
        )
        for n in range(261)
    ]
    fresh.put([Incoming(record) for record in run])
    fresh.project()
    assert fresh.get(f"/v1/records/{run[0].id}")["next"] == run[260].id
    assert fresh.get(f"/v1/records/{run[260].id}")["previous"] == run[0].id


def test_pages_and_their_text(archive: System) -> None:
    record = archive.get(f"/v1/records/{PLAIN}")
    assert [p["number"] for p in record["pages"]] == [1, 2]
    assert all(p["has_image"] and p["has_text"] for p in record["pages"])
    page = archive.get(f"/v1/records/{PLAIN}/pages/2")
    assert page["text"] == "\n".join(line["text"] for line in page["lines"])
    assert (page["width"], page["height"], page["version"]) == (620, 800, 1)
    problem(archive.ask(f"/v1/records/{PLAIN}/pages/3"), 404, "not-found")
    problem(archive.ask(f"/v1/records/{PLAIN}/pages/2", params={"version": 2}), 404, "not-found")


def test_matches_point_at_the_words_on_every_page(archive: System) -> None:
    found = archive.get(f"/v1/records/{PLAIN}/matches", q="颱風 燈器")["pages"]
    assert [page["page"] for page in found] == [1, 2]
    for match in found:
        page = archive.get(f"/v1/records/{PLAIN}/pages/{match['page']}")
        said = {normalise(page["text"][a:b]).text for a, b in match["marks"]}
        assert said <= {"台风", "灯器", "灯", "器", "灯\n器"}
        assert "台风" in said
        assert len(match["boxes"]) >= len(match["marks"])
    assert archive.get(f"/v1/records/{PLAIN}/matches", q="没有的词")["pages"] == []
    problem(archive.ask(f"/v1/records/{PLAIN}/matches", params={"q": "长" * 1001}), 400, "bad-query")


def test_citations(archive: System) -> None:
    gbt = archive.get(f"/v1/records/{PLAIN}/citation", page=2)
    assert gbt["text"].endswith(f"蓬屿市档案馆: {file_code(1)}: 2.")
    assert "[A]" in gbt["text"]
    assert archive.get(f"/v1/records/{PLAIN}/citation", format="ris")["text"].startswith("TY  - ")
    assert archive.get(f"/v1/records/{PLAIN}/citation", format="bibtex")["text"].startswith("@misc{")
    problem(archive.ask(f"/v1/records/{PLAIN}/citation", params={"format": "mla"}), 422, "invalid-parameters")


def test_an_attachment_is_a_download_under_its_own_name(archive: System) -> None:
    record_id = of(file_code(3))
    (file,) = archive.get(f"/v1/records/{record_id}", STAFF)["attachments"]
    answer = archive.ask(file["url"], STAFF)
    assert answer.content == "录音文字稿".encode()
    assert answer.headers["content-type"] == "application/octet-stream"  # never rendered as our own page
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    problem(archive.ask(f"/v1/records/{record_id}/attachments/2", STAFF), 404, "not-found")
    problem(archive.ask(f"/v1/records/{record_id}/attachments/0", STAFF), 404, "not-found")


# ── images ─────────────────────────────────────────────────────────────────────


def shown(answer: Any) -> Image.Image:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/jpeg"
    image = Image.open(io.BytesIO(answer.content))
    image.load()
    return image


def bar(image: Image.Image) -> str:
    """Where the black bar of `picture` lies: which corner is dark."""
    grey = image.convert("L")
    w, h = grey.size
    corners = {
        "top left": (4, 4),
        "top right": (w - 5, 4),
        "bottom left": (4, h - 5),
        "bottom right": (w - 5, h - 5),
    }
    return ", ".join(name for name, at in corners.items() if grey.getpixel(at) < 100)


@pytest.fixture(scope="module")
def pictures(make_system: Callable[[], System]) -> System:
    """Pages of every form: a JPEG, one whose EXIF turns it, TIFF frames of bits, a PDF, a damaged file."""
    system = make_system()
    exif = Image.Exif()
    exif[0x0112] = 6
    bits = [Image.open(io.BytesIO(picture(f"b{n}", (900, 1300)))).convert("1") for n in range(2)]
    tiff = io.BytesIO()
    bits[0].save(tiff, "TIFF", save_all=True, append_images=bits[1:], compression="group4")
    forms = [
        ("image/jpeg", picture("jpeg", (900, 1300)), 0, (900, 1300)),
        ("image/jpeg", picture("exif", (900, 1300), exif=exif), 0, (900, 1300)),
        ("image/tiff", tiff.getvalue(), 1, (900, 1300)),
        ("application/pdf", picture("pdf", (900, 1300), "PDF", resolution=200.0), 0, (900, 1300)),
        ("image/png", picture("png", (90, 130), "PNG"), 0, (90, 130)),
        ("image/jpeg", b"no image at all", 0, (900, 1300)),
    ]
    turned = PageText((Line("字", (0, 0, 9, 9)),), "ocr:x", rotation=90)
    pages = [
        IncomingPage(n, system.store.put(data), "scan", frame, media, "x", w, h, turned if n == 1 else None)
        for n, (media, data, frame, (w, h)) in enumerate(forms, 1)
    ]
    pages.append(IncomingPage(7, "0" * 64, "text", text=PageText((Line("字"),), "born-digital:x")))
    system.put([Incoming(file_record(0, parent=None), pages)])
    system.project()
    return system


def image_of(system: System, page: int, kind: str = "image", **params: Any) -> Any:
    return system.ask(f"/v1/records/{of(file_code(0))}/pages/{page}/{kind}", params=params)


@pytest.mark.parametrize("page", [1, 2, 3, 4])
def test_an_image_of_every_form_stands_as_it_is_stored(pictures: System, page: int) -> None:
    """So that boxes fit: an EXIF turn does not move them."""
    whole = shown(image_of(pictures, page))
    assert whole.size == (900, 1300)
    assert whole.getexif().get(0x0112, 1) == 1
    assert bar(whole) == "top left"
    small = shown(image_of(pictures, page, width=300))
    assert small.size == (480, 693)  # rounded up to a width that is kept
    assert bar(small) == "top left"


@pytest.mark.parametrize(("turn", "corner"), [(90, "top right"), (180, "bottom right"), (270, "bottom left")])
def test_turns_are_clockwise_and_widths_are_those_of_what_is_shown(
    pictures: System, turn: int, corner: str
) -> None:
    image = shown(image_of(pictures, 3, rotate=turn, width=800))
    assert image.width == 800
    assert bar(image) == corner
    assert shown(image_of(pictures, 5, rotate=turn, width=800)).size in (
        (90, 130),
        (130, 90),
    )  # never enlarged


def test_a_thumbnail_stands_upright(pictures: System) -> None:
    thumbnail = shown(image_of(pictures, 1, "thumbnail"))
    assert thumbnail.width == 240
    assert bar(thumbnail) == "top right"  # its reading says: turn it 90


def test_a_thumbnail_of_bits_is_grey_not_ragged(pictures: System) -> None:
    assert len(set(shown(image_of(pictures, 3, "thumbnail")).convert("L").tobytes())) > 20


def test_an_image_that_cannot_be_shown_is_a_problem_not_a_crash(pictures: System) -> None:
    for page in (6, 7, 8):
        problem(image_of(pictures, page), 404, "not-found")
        problem(image_of(pictures, page, "thumbnail"), 404, "not-found")
    for params in ({"width": 0}, {"width": 10_001}, {"width": "x"}, {"rotate": 45}):
        problem(image_of(pictures, 1, **params), 422, "invalid-parameters")


def test_a_browser_asks_again_and_need_not_fetch_again(pictures: System) -> None:
    first = image_of(pictures, 3, width=480)
    assert first.headers["cache-control"] == "private, no-cache"
    tag = first.headers["etag"]
    address = f"/v1/records/{of(file_code(0))}/pages/3/image"
    again = pictures.ask(address, params={"width": 400}, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert image_of(pictures, 3, width=800).headers["etag"] != tag


# ── keys and roles ─────────────────────────────────────────────────────────────


def test_keys_say_who_asks_and_a_revoked_one_is_refused_at_once(fresh: System) -> None:
    key = fresh.catalogue.keys.add(STAFF, roles=["curator"], name="策展")
    bearer = {"Authorization": f"Bearer {key}"}
    assert fresh.client.get("/v1/status", headers=bearer).json()["reading"] is not None
    assert fresh.get("/v1/status")["reading"] is None
    change = {"access_status": "控制", "reason": "x"}
    address = f"/v1/records/{PLAIN}/access"
    problem(
        fresh.client.put(address, headers=bearer, json=change), 403, "not-allowed"
    )  # staff without the role
    for audience in (PUBLIC, READING_ROOM):
        problem(fresh.ask(address, audience, method="PUT", json=change), 403, "not-allowed")
    number = next(row["id"] for row in fresh.catalogue.keys.listing() if row["name"] == "策展")
    assert fresh.catalogue.keys.revoke(int(str(number)))
    answer = fresh.client.get("/v1/status", headers=bearer)
    problem(answer, 401, "key-not-valid")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic YTpi", "nonsense"])
def test_a_header_that_is_no_key_is_never_taken_for_the_public(archive: System, header: str) -> None:
    problem(archive.client.get("/v1/search", headers={"Authorization": header}), 401, "key-not-valid")


# ── every error, one shape ─────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not-found"),
        ("GET", "/v1/records/x:y", 404, "not-found"),
        ("GET", "/v1/records/x%00y", 404, "not-found"),
        ("GET", "/v1/browse?parent=x", 404, "not-found"),
        ("GET", f"/v1/records/{PLAIN}/pages/99999999999999999999", 422, "invalid-parameters"),
        ("POST", "/v1/search", 405, "method-not-allowed"),
        ("DELETE", f"/v1/records/{PLAIN}", 405, "method-not-allowed"),
        ("GET", "/v1/search?size=0", 422, "invalid-parameters"),
        ("GET", "/v1/search?size=1000", 422, "invalid-parameters"),
        ("GET", "/v1/search?mode=magic", 422, "invalid-parameters"),
        ("GET", "/v1/search?sort=price", 422, "invalid-parameters"),
        ("GET", "/v1/search?year_from=0", 422, "invalid-parameters"),
        ("GET", "/v1/search?facets=fonds,colour", 400, "bad-query"),
        ("GET", "/v1/search?exclude=colour:red", 400, "bad-query"),
        ("GET", "/v1/search?exclude=genre", 400, "bad-query"),
        ("GET", "/v1/search?cursor=abc", 400, "bad-cursor"),
        ("GET", "/v1/browse?cursor=abc", 400, "bad-cursor"),
        ("GET", "/v1/search?q=" + "x" * 1001, 400, "bad-query"),
        ("GET", "/v1/suggest", 422, "invalid-parameters"),
        ("GET", "/v1/suggest?q=" + "x" * 61, 422, "invalid-parameters"),
    ],
)
def test_errors(archive: System, method: str, path: str, status: int, code: str) -> None:
    said = problem(archive.ask(path, method=method), status, code)
    if code == "method-not-allowed":
        assert archive.ask(path, method=method).headers["allow"]
    if status == 400:
        assert said["advice"]


def test_bad_bodies(fresh: System) -> None:
    access, text = f"/v1/records/{PLAIN}/access", f"/v1/records/{PLAIN}/pages/1/text"

    def put(path: str, **more: Any) -> Any:
        return fresh.ask(path, STAFF, method="PUT", **more)

    problem(put(access, json={}), 422, "invalid-parameters")
    problem(put(access, content=b"{"), 422, "invalid-parameters")
    problem(put(access, json={"access_status": "半开", "reason": "x"}), 400, "bad-input")
    problem(
        put(access, json={"access_status": "开放", "publicity": "半公开", "reason": "x"}), 400, "bad-input"
    )
    problem(
        put(access, json={"access_status": "开放", "publicity": "公开", "reason": ""}),
        422,
        "invalid-parameters",
    )
    problem(put(access, json={"access_status": "开放", "reason": "  "}), 422, "invalid-parameters")
    for line in ("一\n二", "一\r二", "一\u2028二", "一\x00"):
        problem(put(text, json={"lines": [line], "by": "甲"}), 400, "bad-input")
    problem(put(text, content=b'{"lines": ["\\ud800"], "by": "x"}'), 422, "invalid-parameters")
    problem(put(text, json={"lines": ["渔" * 1001], "by": "甲"}), 422, "invalid-parameters")
    problem(put(text, json={"lines": ["一"]}), 422, "invalid-parameters")
    problem(put(f"/v1/records/{PLAIN}/pages/9/text", json={"lines": ["一"], "by": "甲"}), 404, "not-found")
    assert fresh.get(f"/v1/records/{PLAIN}")["version"] == 1  # nothing of it was written


def test_a_stranger_cannot_make_it_hold_a_huge_body(archive: System) -> None:
    path = f"/v1/records/{PLAIN}/pages/1/text"
    for body in (b'{"lines": ["' + b"x" * MAX_BODY, (b"x" * 1_000_000 for _ in range(20))):
        problem(archive.client.put(path, content=body), 413, "content-too-large")


def test_what_nobody_expected_is_a_problem_too_and_says_nothing_of_the_inside(fresh: System) -> None:
    """A file store that is gone: the answer is whole, the reason goes to the log."""
    fresh.client.get("/healthz")
    house: House = fresh.client.app.state.house  # type: ignore[attr-defined]
    record_id = of(file_code(3))
    file = fresh.get(f"/v1/records/{record_id}", STAFF)["attachments"][0]
    sha = house.catalogue.records.attachments(record_id)[0].sha256
    house.store.path(sha).unlink()
    answer = fresh.ask(file["url"], STAFF)
    problem(answer, answer.status_code, {404: "not-found", 500: "internal"}[answer.status_code])
    assert sha not in answer.text
    assert str(fresh.settings.home) not in answer.text


def test_before_there_is_an_index_it_says_so_and_when_to_come_again(
    make_system: Callable[[], System],
) -> None:
    system = make_system()
    system.put([Incoming(file_record(0, parent=None), [text_page(0, 1, system.store)])])
    for path in (
        "/v1/search?q=x",
        "/v1/suggest?q=x",
        "/v1/status",
        "/v1/browse",
        f"/v1/records/{of(file_code(0))}/similar",
    ):
        answer = system.ask(path)
        assert "danghai" in problem(answer, 503, "index-missing")["advice"]
        assert int(answer.headers["retry-after"]) > 0
    ready = system.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"], ready.json()["catalogue"]) == (503, False, True)
    assert int(ready.headers["retry-after"]) > 0
    assert system.client.get("/healthz").json() == {"status": "ok"}
    assert system.get(f"/v1/records/{of(file_code(0))}")["title"]  # what needs no index answers
    system.project()
    ready = system.client.get("/readyz")  # the index is taken up without a restart
    assert (ready.status_code, ready.json()["legs"]) == (200, {"words": True, "meaning": True})
    assert system.search("渔民")["total"]["value"] == 1


def test_without_an_embedding_model_all_but_meaning_works_and_says_so(archive: System) -> None:
    house: House = archive.client.app.state.house  # type: ignore[attr-defined]
    encoder, house.encoder = house.encoder, None
    try:
        answer = archive.search("渔民登记", mode="hybrid")
        assert (answer["query"]["mode"], answer["query"]["answered_by"]) == ("hybrid", "words")
        assert answer["hits"]
        assert archive.search("渔民登记", mode="meaning")["query"]["answered_by"] == "words"
        assert archive.get("/v1/status")["meaning_away"] == "no-model"
        assert "danghai models pull" in archive.get("/readyz")["detail"]
        house.encoder, house.encoder_ready = encoder, False
        assert archive.get("/v1/status")["meaning_away"] == "warming"
        assert archive.get("/readyz")["detail"].startswith("向量模型正在预热")
        house.encoder_broken = True
        assert archive.get("/v1/status")["meaning_away"] == "broken-model"
        assert "danghai models check" in archive.get("/readyz")["detail"]
    finally:
        house.encoder_ready, house.encoder_broken = True, False
        house.encoder = encoder
    assert archive.get("/v1/status")["meaning_away"] == archive.get("/readyz")["detail"] == ""
    assert archive.search("渔民登记")["query"]["answered_by"] == "hybrid"


# ── the document of it all ─────────────────────────────────────────────────────


def test_openapi_describes_every_route_with_a_summary_examples_and_errors(archive: System) -> None:
    document = archive.client.get("/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            assert any("\u4e00" <= letter <= "\u9fff" for letter in route["summary"]), path
            assert route["description"], path
            for status in ("400", "401", "404", "422", "503"):
                assert "application/problem+json" in route["responses"][status]["content"], (path, method)
    shapes = document["components"]["schemas"]
    assert "HTTPValidationError" not in shapes
    example = shapes["SearchOut"]["example"]
    assert set(example) == set(shapes["SearchOut"]["properties"])
    assert set(example["hits"][0]) <= set(shapes["HitOut"]["properties"])
    q = next(p for p in document["paths"]["/v1/search"]["get"]["parameters"] if p["name"] == "q")
    assert len(q["examples"]) >= 4
    assert archive.client.get("/docs").status_code == 200


def test_the_examples_of_the_document_are_answers_a_search_gives(archive: System) -> None:
    document = archive.client.get("/openapi.json").json()
    q = next(p for p in document["paths"]["/v1/search"]["get"]["parameters"] if p["name"] == "q")
    for example in q["examples"].values():
        assert archive.search(example["value"])["query"]["text"] == example["value"]
    hit = archive.search("渔民登记")["hits"][0]
    wanted = document["components"]["schemas"]["SearchOut"]["example"]["hits"][0]
    assert set(wanted) <= set(hit)
    assert set(wanted["date"]) == set(hit["date"])
    assert set(wanted["passages"][0]) == set(hit["passages"][0])
