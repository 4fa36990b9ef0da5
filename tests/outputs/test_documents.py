"""Every document of an edition, opened by the libraries and the programs that people open them with."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import get_args

import docx
import openpyxl
import pptx
import pypdfium2
import pypdfium2.raw
import pytest
from lxml import etree

from curation.edition import Edition, as_json, of_json
from curation.outputs.documents import documents
from curation.outputs.places import flowed, joined, text_of
from search_api.schema_exhibitions import DocumentName
from tests.outputs.sample import HOSTILE, DrawnPictures, edition

EDITION = edition()
MADE = documents()
SOFFICE = shutil.which("soffice")


@pytest.fixture(scope="module")
def made() -> dict[str, bytes]:
    return {name: document.make(EDITION, DrawnPictures()) for name, document in MADE.items()}


def squeezed(text: str) -> str:
    return "".join(text.split())


def docx_text(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return squeezed("".join(p.text for p in document.paragraphs) + "".join(cells))


def pdf_text(content: bytes) -> str:
    found = pypdfium2.PdfDocument(content)
    return squeezed("".join(page.get_textpage().get_text_bounded() for page in found)).replace("\x02", "-")


def test_an_edition_survives_its_json() -> None:
    assert of_json(as_json(EDITION)) == EDITION


def test_the_routes_offer_every_document() -> None:
    assert set(get_args(DocumentName)) == {*MADE, "site"}


def test_every_document_names_every_source_and_is_the_same_twice(made: dict[str, bytes]) -> None:
    for name, document in MADE.items():
        assert document.make(EDITION, DrawnPictures()) == made[name], name
    texts = {name: docx_text(made[name]) for name in ("text", "labels")}
    texts["panels"] = pdf_text(made["panels"])
    texts["article"] = squeezed(re.sub(r"<[^>]+>", "", made["article"].decode()))
    texts["slides"] = squeezed(slides_text(made["slides"]))
    texts["objects-csv"] = squeezed(made["objects-csv"].decode("utf-8-sig"))
    for name, text in texts.items():
        for exhibit in EDITION.exhibits():
            for said in (exhibit.title, exhibit.label, exhibit.source):
                assert squeezed(said) in text, (name, said)
            if exhibit.quotation is not None:
                assert squeezed(joined(exhibit.quotation.text)) in text, name


def slides_text(content: bytes) -> str:
    deck = pptx.Presentation(io.BytesIO(content))
    return "".join(
        shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame
    )


def test_the_exhibition_text_holds_sections_and_pictures_with_alternatives(made: dict[str, bytes]) -> None:
    document = docx.Document(io.BytesIO(made["text"]))
    headings = [p.text for p in document.paragraphs if p.style.name == "Heading 1"]
    assert headings == ["前言", "1　海上", "2　岛上", "3　后来"]
    assert len(document.inline_shapes) == 4
    alts = document.element.xpath("//wp:docPr/@descr")
    assert len(alts) == 4
    assert all("原件扫描" in alt for alt in alts)


def test_the_compilation_prints_transcriptions_with_rules_notes_and_sources(made: dict[str, bytes]) -> None:
    text = docx_text(made["compilation"])
    for exhibit in EDITION.exhibits():
        for page in exhibit.transcription:
            assert squeezed(page) in text, exhibit.key  # every character of the page, in order
        for note in exhibit.notes:
            assert squeezed(note) in text
        assert (squeezed(exhibit.title) in text) is bool(exhibit.transcription)
    assert all(squeezed(rule) in text for rule in EDITION.editorial)
    assert text.index("凡例") < text.index("目录") < text.index("為呈報事") < text.index("大事记")


def test_every_entry_of_the_chronology_cites_its_record(made: dict[str, bytes]) -> None:
    text = docx_text(made["chronology"])
    for entry in EDITION.chronology:
        assert squeezed(f"{entry.said}{entry.text}（档号{entry.reference_code}）") in text


def test_slides_have_titles_notes_and_nothing_outside_them(made: dict[str, bytes]) -> None:
    deck = pptx.Presentation(io.BytesIO(made["slides"]))
    assert all(slide.shapes.title.text_frame.text for slide in deck.slides)
    notes = squeezed("".join(s.notes_slide.notes_text_frame.text for s in deck.slides if s.has_notes_slide))
    assert all(squeezed(page) in notes for e in EDITION.exhibits() for page in e.transcription)
    for slide in deck.slides:
        for shape in slide.shapes:
            assert shape.left >= 0 <= shape.top
            assert shape.left + shape.width <= deck.slide_width
            assert shape.top + shape.height <= deck.slide_height


def test_panels_are_of_the_printers_size_with_their_fonts_inside(made: dict[str, bytes]) -> None:
    found = pypdfium2.PdfDocument(made["panels"])
    assert len(found) == 1 + len(EDITION.sections)
    for page in found:
        assert [round(side / 72 * 25.4) for side in page.get_size()] == [906, 1206]
    assert b"/FontFile" in made["panels"]
    assert re.search(rb"/BaseFont /[A-Z]{6}\+Noto|/BaseFont/[A-Z]{6}\+", made["panels"])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))


def test_the_article_has_inline_styles_only() -> None:
    shown = MADE["article"].make(edition(), DrawnPictures()).decode()
    tags = _Tags()
    tags.feed(shown)
    assert not {tag for tag, _ in tags.tags} & {"script", "style", "link", "iframe", "form", "input"}
    for _, attributes in tags.tags:
        assert not set(attributes) & {"class", "id"}
        assert not [name for name in attributes if name.startswith("on")]
    images = [str(attributes["src"]) for tag, attributes in tags.tags if tag == "img"]
    assert len(images) == 4
    assert all(src.startswith("https://exhibitions.example/dongji-1942/images/") for src in images)
    alone = of_json(as_json(EDITION) | {"address": ""})
    assert MADE["article"].make(alone, DrawnPictures()).count(b'src="data:image/jpeg;base64,') == 4


def test_lists_hold_every_object_and_loan_and_no_formula(made: dict[str, bytes]) -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(made["objects"])).active
    rows = list(sheet.iter_rows(values_only=True))
    exhibits = list(EDITION.exhibits())
    assert [row[2] for row in rows[1:]] == [e.title for e in exhibits]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert HOSTILE in {row[-1] for row in rows}
    [row] = [r for r in csv.reader(io.StringIO(made["objects-csv"].decode("utf-8-sig"))) if r[2] == "马灯"]
    assert row[-1] == f"'{HOSTILE}"
    loans = list(openpyxl.load_workbook(io.BytesIO(made["loans"])).active.iter_rows(values_only=True))
    assert [r[1:2] + r[3:7] for r in loans[1:]] == [
        ("马灯", "私人", "东极居民丙（样例）", "借-003", "2026年借展协议第3号")
    ]


def test_office_files_are_well_formed_whatever_people_wrote() -> None:
    odd = f"{HOSTILE}\x00\x08\x0b\ufffe]]>"
    body = as_json(EDITION)
    for part in body["sections"]:
        part["title"] = part["text"] = odd
        for exhibit in part["exhibits"]:
            exhibit |= {"title": odd, "label": odd, "rights": odd, "notes": [odd], "transcription": [odd]}
    hostile: Edition = of_json(body | {"title": odd, "lead": odd, "editorial": [odd]})
    for name, document in MADE.items():
        content = document.make(hostile, DrawnPictures())
        if document.ending in ("docx", "pptx", "xlsx"):
            with zipfile.ZipFile(io.BytesIO(content)) as parts:
                for part_name in parts.namelist():
                    if part_name.endswith((".xml", ".rels")):
                        etree.fromstring(parts.read(part_name))
        if name in ("text", "compilation"):
            assert squeezed(text_of(odd)) in docx_text(content)
        if name == "article":
            assert b"<script" not in content


def test_lines_flow_into_paragraphs_and_lose_no_character() -> None:
    page = "照得舟山解放海上渐靖我沈\n家门渔民亟待复业。\n兹经驻军与区公所会同商\n定如下。\n此布"
    assert flowed(page) == [
        "照得舟山解放海上渐靖我沈家门渔民亟待复业。",
        "兹经驻军与区公所会同商定如下。",
        "此布",
    ]
    assert joined("the Lisbon\nMaru 沉\n没") == "the Lisbon Maru 沉没"


@pytest.fixture(scope="module")
def converted(made: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What LibreOffice makes of each."""
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed")
    folder = tmp_path_factory.mktemp("office")
    names = {name: folder / f"{name}.{MADE[name].ending}" for name in made if name != "panels"}
    for name, path in names.items():
        path.write_bytes(made[name])
    profile = f"-env:UserInstallation=file://{folder / 'profile'}"
    command = [
        SOFFICE,
        "--headless",
        profile,
        "--convert-to",
        "pdf",
        "--outdir",
        str(folder),
        *map(str, names.values()),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=200)
    return {name: Path(folder / f"{name}.pdf").read_bytes() for name in names if name != "objects-csv"}


@pytest.mark.parametrize(
    "name", ["text", "labels", "slides", "compilation", "chronology", "objects", "loans"]
)
def test_libreoffice_shows_every_word(converted: dict[str, bytes], name: str) -> None:
    shown = pdf_text(converted[name])
    if name == "chronology":
        wanted = [entry.reference_code for entry in EDITION.chronology]
    elif name == "loans":
        wanted = ["东极居民丙（样例）", "借-003", "2026年借展协议第3号"]
    elif name == "compilation":
        wanted = [e.source for e in EDITION.exhibits() if e.transcription]
    else:
        wanted = [said for e in EDITION.exhibits() for said in (e.title, e.label, e.source)]
    for words in wanted:
        assert squeezed(words) in shown, words
