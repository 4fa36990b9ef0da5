"""Readers on real files, made here."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import openpyxl
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from PIL import Image, ImageDraw

from holdings.errors import BadInput
from holdings.page_image import open_page
from holdings.settings import Settings
from indexer.readers.encoding import encoding_of, read_text
from indexer.readers.files import read_pages
from indexer.readers.headers import HeaderMap, load_mapping, raw_rows
from indexer.readers.images import read_image
from indexer.readers.jsonl import read_jsonl
from indexer.readers.office import attachment_text
from indexer.readers.package import SourceFile, walk
from indexer.readers.pdf import read_pdf
from indexer.readers.refused import Refused
from indexer.readers.rows import RawRow
from indexer.readers.tables import read_table
from indexer.readers.texts import read_text_pages

SETTINGS = Settings(_env_file=None)  # type: ignore[call-arg]
LIMIT = SETTINGS.max_unpacked
HEADER = ["档号", "题名", "责任者", "成文日期", "男方"]
ROWS = [
    ["J1-1", "关于登记渔民的通知", "定海县政府", "1950年", "张三"],
    ["J1-2", "會議紀錄", "漁會", "民國三十八年", ""],
]


def write_csv(path: Path, rows: Sequence[Sequence[object]], encoding: str, delimiter: str = ",") -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows(rows)
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def rows_of(path: Path, mapping: HeaderMap | None = None) -> list[RawRow]:
    mapping = mapping or HeaderMap()
    return [row for sheet in read_table(path, LIMIT)[0] for row in raw_rows(sheet, path.name, mapping) or ()]


# ── tables ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_the_encodings_that_excel_saves(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = write_csv(tmp_path / "目录.csv", [HEADER, *ROWS], encoding, delimiter)
    first, second = rows_of(path)
    assert first.fields == dict(zip(["reference_code", "title", "creators", "date"], ROWS[0], strict=False))
    assert first.others == {"男方": "张三"}
    assert (first.row, second.row, second.others) == (2, 3, {})


def test_big5_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "目录.csv", [["檔號", "題名"], ["M1-1", "定海縣政府公函"]], "big5")
    assert encoding_of(path) == "gb18030"  # it decodes without an error: that is the trap
    assert rows_of(path) == []
    text = tmp_path / "M1-1.txt"
    text.write_bytes("定海縣政府為漁民登記事，相應函達，即希查照為荷。".encode("big5"))
    with pytest.raises(Refused) as raised:
        read_text(text, 1000)
    assert raised.value.code == "encoding"


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_text_files(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("第一页的文字，有两行。\r\n第二行\f第二页".encode(encoding))
    pages = read_text_pages(path)
    assert [p.text.text for p in pages if p.text] == ["第一页的文字，有两行。\n第二行", "第二页"]


def workbook(path: Path, sheets: dict[str, list[list[object]]], merge: Sequence[str] = ()) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cells in merge:
            sheet.merge_cells(cells)
    book.save(path)
    return path


def test_title_rows_stand_above_the_headers_and_say_which_volume(tmp_path: Path) -> None:
    inner = [
        ["定海县人民政府卷内文件目录"],
        ["全宗号：J045", None, "目录号：1", None, "案卷号", "12"],
        ["顺序号", "文号", "责任者", "题 名", "日期", "页号", "备注"],
        [1, "海民字第1号", "县府", "关于渔民登记", 19500601, "1", None],
        [2, None, "县府", "渔民名册", "1950.7", "4-7", None],
        [None] * 7,
        ["案卷号：13"],
        ["顺序号", "文号", "责任者", "题 名", "日期", "页号", "备注"],
        [1, None, "县府", "第二卷的文件", 1951, "1", None],
    ]
    rows = rows_of(workbook(tmp_path / "x.xlsx", {"Sheet1": inner}, ["A1:G1"]))
    assert [r.row for r in rows] == [4, 5, 9]
    assert rows[0].context == {"kind": "file", "fonds_code": "J045", "series": "1", "volume": "12"}
    assert rows[2].context["volume"] == "13"
    assert rows[0].fields["serial"] == 1


def test_several_sheets_merged_cells_and_hidden_sheets(tmp_path: Path) -> None:
    volumes = [["案卷目录"], ["全宗号", "目录号", "案卷号", "案卷题名"], ["J1", "1", "1", "甲卷"]]
    files = [
        ["全宗号", "目录号", "案卷号", "件号", "文件题名"],
        ["J1", "1", "1", "1", "甲"],
        [None, None, None, "2", "乙"],
    ]
    path = workbook(tmp_path / "目录.xlsx", {"案卷": volumes, "文件": files})
    book = openpyxl.load_workbook(path)
    for column in "ABC":
        book["文件"].merge_cells(f"{column}2:{column}3")
    book.create_sheet("说明").sheet_state = "hidden"
    book["说明"].append(["档号", "题名"])
    book["说明"].append(["X-1", "不该读到"])
    book.save(path)
    rows = rows_of(path)
    assert [(r.sheet, r.context.get("kind")) for r in rows] == [
        ("案卷", "volume"),
        ("文件", None),
        ("文件", None),
    ]
    assert [rows[2].fields[name] for name in ("fonds_code", "series", "volume", "item")] == [
        "J1",
        "1",
        "1",
        "2",
    ]


def test_two_row_headers(tmp_path: Path) -> None:
    rows = [["档号", None, None, "题名"], ["全宗号", "案卷号", "件号", None], ["J1", "2", "3", "甲"]]
    path = workbook(tmp_path / "x.xlsx", {"a": rows}, ["A1:C1", "D1:D2"])
    (only,) = rows_of(path)
    assert only.fields == {"fonds_code": "J1", "volume": "2", "item": "3", "title": "甲"}


def test_a_title_that_reads_like_a_heading_is_still_a_row(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["档号", "题名"], ["J1-1", "案卷目录"], ["J1-2", "题名"]], "utf-8")
    assert [r.fields["reference_code"] for r in rows_of(path)][:1] == ["J1-1"]


def test_a_mapping_file_names_what_the_table_does_not_know(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [["文档标识", "说明文字", "杂项"], ["J1-1", "甲", "x"]], "gb18030")
    assert rows_of(path) == []
    toml = tmp_path / "map.toml"
    toml.write_text(
        '[headers]\n"文档标识" = "reference_code"\n"说明文字" = "title"\n"杂项" = ""\n[defaults]\nfonds_code = "J1"\n',
        "utf-8",
    )
    mapping = load_mapping(toml)
    (only,) = rows_of(path, mapping)
    assert only.fields == {"reference_code": "J1-1", "title": "甲"}
    assert only.others == {}
    assert mapping.defaults == {"fonds_code": "J1"}


@pytest.mark.parametrize(
    "text", ["[headers", '[headers]\n"a" = "nonsense"\n', '[codes]\nJ = "("\n', "headers = 3"]
)
def test_a_mapping_file_that_cannot_be_read_says_what_to_do(tmp_path: Path, text: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInput) as raised:
        load_mapping(path)
    assert raised.value.advice


def test_a_mapping_file_may_use_the_terms_of_the_standard(tmp_path: Path) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text('[headers]\n"案号" = "档号"\n"名目" = "题名"\n[defaults]\n"保管期限" = "永久"\n')
    found = load_mapping(mapping)
    assert dict(found.headers) == {"案号": "reference_code", "名目": "title"}
    assert dict(found.defaults) == {"retention": "永久"}


def test_an_unpaired_quote_swallows_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('档号,题名\nJ1-1,"两\n行"\nJ1-2,"没有配对\nJ1-3,题名\n')
    with pytest.raises(Refused) as refused:
        list(read_table(path, LIMIT)[0][0].rows())
    assert refused.value.code == "damaged"
    assert "第 4 行" in refused.value.message

    path.write_text('档号,题名\nJ1-1,"护渔"办法\nJ1-2,"末行\n两行"\n')
    assert len(list(read_table(path, LIMIT)[0][0].rows())) == 3


def test_names_in_gbk_bytes_are_read_as_people_wrote_them(tmp_path: Path) -> None:
    folder = tmp_path / "包"
    folder.mkdir()
    for name in ("档案一.txt".encode("gbk"), b"\xff\xff.txt"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text("正文")
    found = [file for file in walk([folder]) if isinstance(file, SourceFile)]
    assert [file.relative for file in found] == ["包/档案一.txt", "包/\ufffd\ufffd.txt"]
    assert all(file.path.read_text() == "正文" for file in found)


def test_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        json.dumps(
            {
                "reference_code": "J1-1",
                "题名": "甲",
                "creators": ["a、b", "c"],
                "text": "一\f二",
                "_note": 1,
                "extra": {"证号": 7},
                "x": {"y": 1},
            }
        ),
        "not json",
        "[1]",
        json.dumps({"reference_code": "J1-2", "title": "乙", "text": ["三", "四"]}),
        json.dumps({"reference_code": "J1-3", "title": "丙", "text": 5}),
    ]
    path.write_text("\n".join(lines), "utf-8")
    found = list(read_jsonl(path, "a.jsonl", HeaderMap()))
    first, fourth = found[0], found[3]
    assert isinstance(first, RawRow)
    assert first.fields == {"reference_code": "J1-1", "title": "甲", "creators": ["a、b", "c"]}
    assert first.others == {"证号": 7, "x": '{"y": 1}'}
    assert first.texts == ("一", "二")
    assert isinstance(fourth, RawRow)
    assert fourth.texts == ("三", "四")
    assert [f[0] for f in found if isinstance(f, tuple)] == [2, 3, 5]


# ── pages ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("a.jpg", "image/jpeg"),
        ("a.png", "image/png"),
        ("a.webp", "image/webp"),
        ("a.bmp", "image/bmp"),
        ("a.jp2", "image/jp2"),
    ],
)
def test_images(tmp_path: Path, name: str, media_type: str) -> None:
    path = tmp_path / name
    Image.new("RGB", (300, 200), "white").save(path)
    (page,) = read_image(path, SETTINGS, decode=True)
    assert (page.kind, page.media_type, page.width, page.height) == ("scan", media_type, 300, 200)
    assert open_page(path, media_type, 0).size == (300, 200)


def test_a_tiff_has_a_page_a_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    frames = [Image.new("L", (100 + n, 80), n) for n in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    pages = read_image(path, SETTINGS, decode=True)
    assert [(p.frame, p.width) for p in pages] == [(0, 100), (1, 101), (2, 102)]
    assert open_page(path, "image/tiff", 2).size == (102, 80)


LETTER = ["Letter of the harbour committee, 1953", "To the county government: boats are registered."]


def born_pdf(path: Path, turns: Sequence[int] = (0,)) -> Path:
    """A PDF with LETTER set in Helvetica on each page, the page turned as told."""
    import ctypes

    document = pypdfium2.PdfDocument.new()
    for turn in turns:
        page = document.new_page(595, 842)
        for line, text in enumerate(LETTER):
            piece = pdfium.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", ctypes.c_float(16))
            encoded = (text + "\0").encode("utf-16-le")
            pdfium.FPDFText_SetText(piece, ctypes.cast(encoded, pdfium.FPDF_WIDESTRING))
            pdfium.FPDFPageObj_Transform(piece, 1, 0, 0, 1, 72, 742 - 40 * line)
            pdfium.FPDFPage_InsertObject(page.raw, piece)
        page.set_rotation(turn)
        page.gen_content()
    document.save(path)
    document.close()
    return path


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_born_digital_pdf_gives_its_text_with_boxes_on_the_drawn_page(tmp_path: Path, turn: int) -> None:
    path = born_pdf(tmp_path / "a.pdf", [turn])
    (page,) = read_pdf(path, SETTINGS)
    assert page.kind == "text"
    assert page.text is not None
    assert page.text.maker == "born-digital:pypdfium2"
    assert sorted(line.text for line in page.text.lines) == LETTER
    drawn = open_page(path, "application/pdf", 0).convert("L")
    assert drawn.size == (page.width, page.height)
    for line in page.text.lines:
        assert line.box is not None
        x, y, width, height = line.box
        inside = drawn.crop((x, y, x + width, y + height))
        drawn.paste(255, (max(0, x - 4), max(0, y - 4), x + width + 4, y + height + 4))
        assert inside.getextrema()[0] < 100  # there is ink in the box
    assert drawn.getextrema()[0] == 255  # and none outside of them


def test_a_scanned_pdf_is_for_the_ocr(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    image = Image.new("L", (400, 600), "white")
    ImageDraw.Draw(image).rectangle((50, 50, 200, 90), fill=0)
    image.save(path, "PDF", save_all=True, append_images=[image], resolution=100)
    pages = read_pdf(path, SETTINGS)
    assert [(p.frame, p.kind, p.text) for p in pages] == [(0, "scan", None), (1, "scan", None)]


def test_the_samples_ofd_gives_its_text_and_says_it_has_no_image() -> None:
    path = next(Path("corpus_samples/holdings").rglob("*.ofd"))
    for page in read_pages(path, SETTINGS, decode=True):
        assert (page.kind, page.width, page.height, page.media_type) == ("text", 0, 0, "application/ofd")
        assert page.text is not None
        assert len(page.text.text) > 50


def test_a_scanned_ofd_gives_its_page_picture(tmp_path: Path) -> None:
    import zipfile

    picture = io.BytesIO()
    Image.new("L", (840, 1188), 200).save(picture, "JPEG")
    name = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    parts = {
        "OFD.xml": f"<ofd:OFD {name}><ofd:DocBody><ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {name}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        '<ofd:DocumentRes>DocumentRes.xml</ofd:DocumentRes></ofd:CommonData><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages></ofd:Document>',
        "Doc_0/DocumentRes.xml": f'<ofd:Res {name} BaseLoc="Res"><ofd:MultiMedias><ofd:MultiMedia ID="5" Type="Image"><ofd:MediaFile>scan.jpg</ofd:MediaFile></ofd:MultiMedia></ofd:MultiMedias></ofd:Res>',
        "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page {name}><ofd:Content><ofd:Layer ID="2"><ofd:ImageObject ID="3" Boundary="0 0 210 297" ResourceID="5"/></ofd:Layer></ofd:Content></ofd:Page>',
    }
    path = tmp_path / "a.ofd"
    with zipfile.ZipFile(path, "w") as archive:
        for part, text in parts.items():
            archive.writestr(part, text)
        archive.writestr("Doc_0/Res/scan.jpg", picture.getvalue())
    (page,) = read_pages(path, SETTINGS, decode=True)
    assert (page.kind, page.media_type, page.width, page.height) == ("scan", "image/jpeg", 840, 1188)
    assert page.data == picture.getvalue()


# ── attachments ─────────────────────────────────────────────────────────────────


def test_office_files_and_mail_give_their_text(tmp_path: Path) -> None:
    import docx
    import pptx

    document = docx.Document()
    document.add_paragraph("渔民登记说明")
    document.add_table(1, 2).rows[0].cells[1].text = "表中的字"
    document.save(str(tmp_path / "a.docx"))
    slides = pptx.Presentation()
    slides.slides.add_slide(slides.slide_layouts[5]).shapes.title.text = "渔港规划"
    slides.save(str(tmp_path / "a.pptx"))
    workbook(tmp_path / "a.xlsx", {"名单": [["姓名"], ["王阿大"]]})
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "来信", "a@example.invalid"
    mail.set_content("请查 1953 年的登记。")
    mail.add_alternative("<p>请查</p><script>x()</script>", subtype="html")
    mail.add_attachment(b"x", maintype="image", subtype="png", filename="照片.png")
    (tmp_path / "a.eml").write_bytes(mail.as_bytes())
    (tmp_path / "a.html").write_text("<title>甲</title><style>p{}</style><p>乙 <b>丙</b></p>", "utf-8")
    (tmp_path / "a.mp3").write_bytes(b"ID3")
    expected = {
        "docx": ["渔民登记说明", "表中的字"],
        "pptx": ["渔港规划"],
        "xlsx": ["名单", "王阿大"],
        "eml": ["来信", "1953", "照片.png"],
        "html": ["甲", "丙"],
    }
    for ending, words in expected.items():
        text = attachment_text(tmp_path / f"a.{ending}", LIMIT)
        assert all(word in text for word in words), ending
        assert "x()" not in text
        assert "p{}" not in text
    assert attachment_text(tmp_path / "a.mp3", LIMIT) == ""


# ── the package's places ────────────────────────────────────────────────────────


def test_what_a_folder_holds(tmp_path: Path) -> None:
    for name in ("J1/J1-1/0001.jpg", "J1/J1-2.pdf", "J1/.hidden", "J1/Thumbs.db", "J1/~$a.xlsx"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [f.relative for f in walk([tmp_path / "J1"]) if isinstance(f, SourceFile)]
    assert found == ["J1/J1-2.pdf", "J1/J1-1/0001.jpg"]


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("x/J045-1-12-3/0001.jpg", "j045-1-12-3"),
        ("x/J045-1-12-3.pdf", "j045-1-12-3"),
        ("x/J102-WS_2011-Y-0003.ofd", "j102-ws-2011-y-0003"),
        ("J045/1/12/3/0001.jpg", "j045-1-12-3"),
        ("J045/1/12/3.pdf", "j045-1-12-3"),
        ("scans/0001.jpg", "0001"),
    ],
)
def test_a_files_place_names_its_record(place: str, key: str) -> None:
    assert key in SourceFile(Path(place), place).places()


def test_a_stray_file_in_a_fonds_folder_is_not_the_fondss() -> None:
    stray = SourceFile(Path("J045/J045-9-9-9.pdf"), "J045/J045-9-9-9.pdf")
    assert not stray.is_page_of("j045", high=True)
    assert SourceFile(Path("J045/0001.jpg"), "J045/0001.jpg").is_page_of("j045", high=True)
    assert SourceFile(Path("J1-1/名单.xlsx"), "J1-1/名单.xlsx").is_page_of("j1-1", high=False)
