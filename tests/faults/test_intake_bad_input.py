"""Bad input, each file made for real: refused with a reason and what to do, and all the rest goes in."""

from __future__ import annotations

import csv
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest
from PIL import Image

from holdings.catalogue import Catalogue
from holdings.errors import BadPackage
from holdings.page_image import open_page
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.intake import Intake
from indexer.report import REASONS, IntakeReport

GOOD = {"reference_code": "J1-1", "title": "好的一条", "date": "1953"}


class Package:
    """A package under the test's hands: one good record with a page, and whatever is added."""

    def __init__(self, root: Path, catalogue: Catalogue) -> None:
        self.root = root / "package"
        self.root.mkdir()
        self.catalogue = catalogue
        # fields by name: a developer's .env must not decide what these tests see
        self.settings = Settings(_env_file=None, home=root / "home")  # type: ignore[call-arg]
        self.lines: list[str] = [json.dumps(GOOD)]
        self.image("J1-1/0001.jpg")

    def add(self, **row: object) -> None:
        self.lines.append(json.dumps(row, ensure_ascii=False))

    def path(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def image(self, name: str) -> Path:
        path = self.path(name)
        Image.effect_noise((200, 300), 50).save(path)
        return path

    def run(self) -> IntakeReport:
        (self.root / "catalogue.jsonl").write_text("\n".join(self.lines), "utf-8")
        return Intake(self.catalogue, FileStore(self.settings.store_dir), self.settings).run([self.root])

    def refused(self, *codes: str) -> IntakeReport:
        """Run it: exactly these reasons, all the rest is in, the report says so and is kept."""
        report = self.run()
        assert sorted(r.code for r in report.rejections) == sorted(codes)
        assert report.exit_status == 2
        assert self.catalogue.records.get("990001:J1-1") is not None
        assert len(self.catalogue.pages.of("990001:J1-1")) == 1
        assert report.folder is not None
        kept = json.loads((report.folder / "report.json").read_text("utf-8"))
        with (report.folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
            table = list(csv.DictReader(file))
        assert len(kept) == len(table) == len(codes)
        for rejection in kept:
            assert rejection["code"] in REASONS
            assert rejection["reason"]
            assert rejection["advice"]
            assert rejection["file"] or rejection["reference_code"]
        assert "/.." not in str(list(report.folder.rglob("*")))
        return report


@pytest.fixture
def package(tmp_path: Path, catalogue: Catalogue) -> Package:
    return Package(tmp_path, catalogue)


# ── rows ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"title": "没有档号"}, "missing-code"),
        ({"reference_code": "J1-2"}, "missing-title"),
        ({"reference_code": "J1-2", "title": "甲", "date": "19531332"}, "impossible-date"),
        ({"reference_code": "J1-2", "title": "甲", "date": "1953年2月30日"}, "impossible-date"),
        ({"reference_code": "J1-2", "title": "甲", "classification": "絕密"}, "secret"),
        ({"reference_code": "J1-2", "title": "甲", "classification": "机密★10年"}, "secret"),
        ({"reference_code": "J1-2", "title": "甲", "classification": "秘密"}, "secret"),
        ({"reference_code": "J1-2", "title": "甲", "text": "机密★\n正文"}, "secret"),
        ({"reference_code": "J1-1", "title": "又一个 J1-1"}, "repeated"),
        ({"reference_code": "x" * 5000, "title": "甲"}, "bad-code"),
        ({"reference_code": "-", "title": "甲"}, "bad-code"),
        ({"reference_code": "—", "title": "甲"}, "bad-code"),
        ({"reference_code": "Ｊ１－１", "title": "全角的 J1-1"}, "repeated"),
        ({"reference_code": "J1-2", "title": "甲", "text": {"a": 1}}, "json"),
        ({"reference_code": "J1-2", "title": "甲", "creators": "〃"}, None),
    ],
)
def test_bad_rows(package: Package, row: dict[str, object], code: str | None) -> None:
    package.add(**row)
    report = package.refused(code or "ditto")
    (rejection,) = report.rejections
    assert rejection.row == 2
    if code == "secret":
        assert rejection.values == {}  # nothing of a secret row is kept
        assert "甲" not in (report.folder / "report.json").read_text("utf-8")  # type: ignore[operator]


def test_a_line_that_is_no_json(package: Package) -> None:
    package.lines += ["{", "[" * 100_000, "null", '"text"']
    package.refused("json", "json", "json", "json")


def test_text_that_no_database_takes_is_cleaned(package: Package) -> None:
    package.lines.append(r'{"reference_code": "J1-2", "title": "甲\u0000乙\ud800", "text": "字\u0000\udfff"}')
    assert package.run().exit_status == 0
    assert package.catalogue.records.get("990001:J1-2").record.title == "甲乙"  # type: ignore[union-attr]


def test_files_of_a_refused_row_are_refused_with_it_and_a_secret_ones_are_not_copied(
    package: Package,
) -> None:
    package.add(reference_code="J1-2", title="甲", date="19531332")
    package.add(reference_code="J1-3", title="乙", classification="绝密")
    package.image("J1-2/0001.jpg")
    secret = package.image("J1-3/0001.jpg")
    report = package.refused("impossible-date", "secret", "record-refused", "record-refused")
    assert report.folder is not None
    copies = [
        p.relative_to(report.folder / "files").as_posix() for p in (report.folder / "files").rglob("*.jpg")
    ]
    assert copies == ["package/J1-2/0001.jpg"]
    everything = b"".join(p.read_bytes() for p in package.settings.home.rglob("*") if p.is_file())
    assert secret.read_bytes() not in everything


# ── tables ──────────────────────────────────────────────────────────────────────


def test_unknown_encodings(package: Package) -> None:
    package.path("big5.csv").write_bytes("檔號,題名\r\nM1-1,定海縣政府公函\r\n".encode("big5"))
    package.path("bytes.csv").write_bytes(bytes(range(128, 256)) * 10)
    package.path("cut.csv").write_bytes(b"\xff\xfe" + "档号,题名\r\nM1-1,甲".encode("utf-16-le") + b"\x00")
    package.path("gb.jsonl").write_bytes('{"reference_code": "M1-2", "title": "国"}'.encode("gb18030"))
    package.refused("encoding", "encoding", "encoding", "encoding")


def test_tables_that_are_no_catalogues(package: Package) -> None:
    package.path("prices.csv").write_text("名目,价\r\n米,3\r\n", "utf-8")
    package.path("empty.csv").write_bytes(b"")
    package.path("empty.jsonl").write_bytes(b"")
    package.refused("no-headers", "empty")


def test_codes_that_excel_made_dates(package: Package) -> None:
    import datetime

    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["档号", "题名"])
    sheet.append([datetime.datetime(2011, 3, 1), "甲"])
    book.save(package.path("dates.xlsx"))
    report = package.refused("code-became-date")
    assert (report.rejections[0].sheet, report.rejections[0].row) == ("Sheet", 2)


def locked_workbook(path: Path) -> None:
    """As Office saves a workbook with a password: an OLE container in place of the ZIP."""
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(24) + b"\x3e\x00\x03\x00\xfe\xff" + bytes(4000)
    )


def bomb(path: Path, member: str = "xl/worksheets/sheet1.xml") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(member, "w") as stream:
        for _ in range(40):
            stream.write(bytes(1 << 20))


def lying_bomb(path: Path) -> None:
    """A bomb whose directory says that it is small."""
    bomb(path)
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 1000)
    path.write_bytes(bytes(data))


def entities(path: Path) -> None:
    book = io.BytesIO()
    openpyxl.Workbook().save(book)
    bombs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            body = old.read(entry)
            if entry.endswith("sheet1.xml"):
                body = f'<!DOCTYPE x [<!ENTITY e0 "lol">{bombs}]>'.encode() + body
            new.writestr(entry, body)


def far_cell(path: Path) -> None:
    """One stray cell at the very end: the reader would make room for 17 thousand million cells."""
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "档号"
    book.worksheets[0]["XFD1048576"] = "x"
    book.save(path)


def encrypted_zip(path: Path) -> None:
    openpyxl.Workbook().save(path)
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + place] |= 1
            at = data.find(mark, at + 4)
    path.write_bytes(bytes(data))


def cut_workbook(path: Path) -> None:
    openpyxl.Workbook().save(path)
    path.write_bytes(path.read_bytes()[:-200])


def broken_member(path: Path) -> None:
    openpyxl.Workbook().save(path)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x03\x04") + 60
    data[at : at + 20] = bytes(20)
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (locked_workbook, "locked"),
        (encrypted_zip, "locked"),
        (bomb, "bomb"),
        (lying_bomb, "damaged"),
        (entities, "xml-entities"),
        (far_cell, "sheet-too-large"),
        (cut_workbook, "damaged"),
        (broken_member, "damaged"),
        (lambda path: path.write_bytes(b"no workbook at all"), "damaged"),
    ],
    ids=["locked", "encrypted", "bomb", "lying", "entities", "far-cell", "cut", "broken", "other"],
)
def test_bad_workbooks_as_catalogue_and_as_attachment(
    package: Package, make: Callable[[Path], object], code: str
) -> None:
    make(package.path("bad.xlsx"))
    make(package.path("J1-1/名单.xlsx"))
    package.refused(code, code)


def test_a_bad_xls(package: Package) -> None:
    package.path("bad.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(3000))
    package.refused("damaged")


# ── pages ───────────────────────────────────────────────────────────────────────


def long_image(path: Path) -> None:
    Image.new("1", (50_000, 40)).save(path, "PNG")


def huge_image(path: Path) -> None:
    """20,000 × 20,000 pixels in 50 kB."""
    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(2501 * 100)) for _ in range(200)) + rows.flush()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


def cut_image(path: Path) -> None:
    Image.effect_noise((200, 300), 50).save(path, "JPEG")
    path.write_bytes(path.read_bytes()[:-2000])


def cut_tiff(path: Path) -> None:
    frames = [Image.effect_noise((200, 300), 50) for _ in range(2)]
    frames[0].save(path, "TIFF", save_all=True, append_images=frames[1:])
    path.write_bytes(path.read_bytes()[:-40_000])


def postscript(path: Path) -> None:
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(x) print\n")


@pytest.mark.parametrize(
    ("ending", "make", "code"),
    [
        ("png", long_image, "image-too-large"),
        ("png", huge_image, "image-too-large"),
        ("jpg", cut_image, "damaged"),
        ("tif", cut_tiff, "damaged"),
        ("jpg", postscript, "damaged"),
        ("jpg", lambda path: path.write_bytes(b""), "empty"),
        ("jpg", lambda path: path.write_bytes(b"\xff\xd8\xff" + bytes(90)), "damaged"),
    ],
    ids=["long", "huge", "cut-jpeg", "cut-tiff", "postscript", "empty", "nonsense"],
)
def test_bad_images(package: Package, ending: str, make: Callable[[Path], object], code: str) -> None:
    make(package.path(f"J1-1/0002.{ending}"))
    report = package.refused(code)
    assert report.folder is not None
    kept = report.folder / f"files/package/J1-1/0002.{ending}"
    assert kept.read_bytes() == package.path(f"J1-1/0002.{ending}").read_bytes()
    assert not [p for p in package.settings.store_dir.rglob("*.part")]


PDF_HEAD = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"


def pdf(body: str, trailer: str) -> bytes:
    """A small PDF with a right cross-reference table."""
    text = PDF_HEAD + body
    places = [text.index(f"{n} 0 obj") for n in range(1, text.count(" 0 obj") + 1)]
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(places) + 1
    tail = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer<</Size {size}/Root 1 0 R{trailer}>>\n"
    return f"{text}{tail}startxref\n{len(text)}\n%%EOF".encode("latin-1")


def locked_pdf(path: Path) -> None:
    """Encrypted for a password that is not the empty one."""
    page = "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    lock = f"4 0 obj<</Filter/Standard/V 1/R 2/O<{'41' * 32}>/U<{'42' * 32}>/P -4>>endobj\n"
    path.write_bytes(pdf(page + lock, f"/Encrypt 4 0 R/ID[<{'43' * 16}><{'43' * 16}>]"))


def many_pages(path: Path) -> None:
    """One page, named 20,001 times."""
    kids = "3 0 R " * 20_001
    pages = f"2 0 obj<</Type/Pages/Count 20001/Kids[{kids}]>>endobj\n"
    page = "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n"
    path.write_bytes(pdf(pages + page, ""))


def wide_page(path: Path) -> None:
    page = "2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 14000 90]>>endobj\n"
    path.write_bytes(pdf(page, ""))


@pytest.mark.parametrize(
    ("ending", "make", "code"),
    [
        ("pdf", locked_pdf, "locked"),
        ("pdf", many_pages, "too-many-pages"),
        ("pdf", lambda path: path.write_bytes(b"%PDF-1.4 and no more"), "damaged"),
        ("ofd", lambda path: path.write_bytes(b"no ofd"), "damaged"),
        ("ofd", lambda path: bomb(path, "OFD.xml"), "bomb"),
        ("ofd", entities, "xml-entities"),
        ("ofd", encrypted_zip, "locked"),
        ("ofd", lambda path: openpyxl.Workbook().save(path), "damaged"),
        (
            "txt",
            lambda path: path.write_bytes("定海縣政府為漁民登記事，相應函達，即希查照為荷。".encode("big5")),
            "encoding",
        ),
        ("docx", locked_workbook, "locked"),
        ("docx", lambda path: bomb(path, "word/document.xml"), "bomb"),
        ("docx", lambda path: openpyxl.Workbook().save(path), "damaged"),
        ("pptx", lambda path: docx.Document().save(str(path)), "damaged"),
        (
            "eml",
            lambda path: path.write_bytes(b"Content-Type: text/plain; charset=nonsense\n\n\xff\xfe"),
            "damaged",
        ),
        ("exe", lambda path: path.write_bytes(b"MZ"), "unknown-type"),
    ],
)
def test_bad_files(package: Package, ending: str, make: Callable[[Path], object], code: str) -> None:
    make(package.path(f"J1-1/坏.{ending}"))
    package.refused(code)


def test_a_pdf_page_as_long_as_a_street_is_drawn_smaller(package: Package) -> None:
    package.add(reference_code="J1-2", title="乙")
    wide_page(package.path("J1-2.pdf"))
    assert package.run().exit_status == 0
    (page,) = package.catalogue.pages.of("990001:J1-2")
    drawn = open_page(FileStore(package.settings.store_dir).path(page.sha256), page.media_type, page.frame)
    assert drawn.size == (page.width, page.height)
    assert page.width <= 12_001


def test_pages_without_a_record(package: Package) -> None:
    package.image("J1-9/0001.jpg")
    package.image("stray.jpg")
    package.path("说明.docx").write_bytes(b"")
    package.path("run.exe").write_bytes(b"MZ")
    package.refused("no-record", "no-record", "no-record", "unknown-type")


def test_a_name_that_may_be_two_records(package: Package) -> None:
    package.add(reference_code="J2/1", title="甲")
    package.add(reference_code="J2-1", title="乙")
    package.image("J2_1.jpg")
    package.refused("ambiguous-name")


# ── paths ───────────────────────────────────────────────────────────────────────


def test_links_that_leave_the_folder(package: Package, tmp_path: Path) -> None:
    outside = tmp_path / "secret.jpg"
    Image.effect_noise((90, 90), 50).save(outside)
    (tmp_path / "dir").mkdir()
    package.path("J1-1/0002.jpg").symlink_to(outside)
    package.path("J1-1/0003.jpg").symlink_to("/etc/passwd")
    package.path("J1-1/0004.jpg").symlink_to("nowhere.jpg")
    package.path("J1-1/0005.jpg").symlink_to(package.path("J1-1/0005.jpg"))
    package.path("J1-1/folder").symlink_to(tmp_path / "dir")
    os.mkfifo(package.path("J1-1/0006.jpg"))
    report = package.refused("outside", "outside", "outside", "not-a-file", "not-a-file", "not-a-file")
    assert report.folder is not None
    assert not (report.folder / "files").exists()
    everything = b"".join(p.read_bytes() for p in package.settings.home.rglob("*") if p.is_file())
    assert outside.read_bytes() not in everything


def test_a_link_inside_the_folder_is_its_target(package: Package) -> None:
    package.add(reference_code="J1-2", title="乙")
    package.path("J1-2").mkdir()
    package.path("J1-2/0001.jpg").symlink_to(package.path("J1-1/0001.jpg"))
    assert package.run().exit_status == 0
    assert len(package.catalogue.pages.of("990001:J1-2")) == 1


def test_names_that_are_no_text(package: Package) -> None:
    raw = os.fsencode(package.path("J1-1")) + b"/\xff\xfe.jpg"
    Image.new("L", (9, 9)).save(os.fsdecode(raw), "JPEG")
    (package.root / "J1-1" / os.fsdecode(b"\xff.exe")).write_bytes(b"MZ")
    report = package.run()
    assert [r.code for r in report.rejections] == ["unknown-type"]
    assert len(package.catalogue.pages.of("990001:J1-1")) == 2


def test_a_path_that_does_not_exist(package: Package, tmp_path: Path) -> None:
    intake = Intake(package.catalogue, FileStore(package.settings.store_dir), package.settings)
    with pytest.raises(BadPackage):
        intake.run([tmp_path / "nowhere"])


def test_nothing_usable_is_status_1(package: Package, tmp_path: Path) -> None:
    intake = Intake(package.catalogue, FileStore(package.settings.store_dir), package.settings)
    (tmp_path / "empty").mkdir()
    assert intake.run([tmp_path / "empty"]).exit_status == 1


# ── the report ──────────────────────────────────────────────────────────────────


def test_the_same_package_twice_leaves_one_report(package: Package) -> None:
    package.add(reference_code="J1-2")
    package.image("J1-9/0001.jpg")
    first = package.refused("missing-title", "no-record")
    second = package.refused("missing-title", "no-record")
    assert first.folder == second.folder
    assert len(list(package.settings.quarantine_dir.iterdir())) == 1


def test_a_report_opened_in_excel_runs_nothing(package: Package) -> None:
    package.path("=cmd.csv").write_text("a,b\r\n1,2\r\n", "utf-8")
    package.add(reference_code='=HYPERLINK("x")', title="")
    report = package.refused("no-headers", "missing-title")
    assert report.folder is not None
    with (report.folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
