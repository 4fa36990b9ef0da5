"""What all DOCX outputs share: A4, fonts that Chinese offices have, page numbers, pictures with alternative texts."""

from __future__ import annotations

import io
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from curation.edition import Edition, Exhibit, Picture, Pictures
from curation.outputs.packed import timeless
from curation.outputs.places import joined, text_of

#: Fonts by name: of the body, of headings, of what is cited. Where one is not installed the program takes its own.
BODY, HEADING, CITED = "宋体", "黑体", "楷体"
#: Longer side of a picture in a document, in pixels: 300 dpi at 12 cm.
PIXELS = 1600
FAINT = RGBColor(0x57, 0x50, 0x4A)


def new_document(edition: Edition, *, margin: float = 2.5) -> Any:
    """An empty A4 document with the house's styles. margin: cm."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(margin)
    _style(made.styles["Normal"], BODY, 12, spacing=1.5)
    _style(made.styles["Title"], HEADING, 26, bold=True)
    for level, size in ((1, 20), (2, 15), (3, 13)):
        _style(made.styles[f"Heading {level}"], HEADING, size, bold=True)
    _style(made.styles["Quote"], CITED, 12)
    language = OxmlElement("w:lang")
    for kind in ("w:val", "w:eastAsia"):  # which of the Han writings the characters are
        language.set(qn(kind), "zh-CN")
    made.styles["Normal"].element.get_or_add_rPr().append(language)
    properties = made.core_properties
    properties.title, properties.author = text_of(edition.title), text_of("；".join(edition.curators))
    properties.language = "zh-CN"
    return made


def title_page(document: Any, edition: Edition, kind: str) -> None:
    """Title, subtitle, what it is, who made it and when; then a new page."""
    for _ in range(5):
        document.add_paragraph()
    centred(document.add_paragraph(text_of(edition.title), style="Title"))
    if edition.subtitle:
        _sized(centred(document.add_paragraph(text_of(edition.subtitle))), 16)
    _sized(centred(document.add_paragraph(kind)), 16)
    for _ in range(8):
        document.add_paragraph()
    for line in (
        *edition.organisers,
        f"编研：{'、'.join(edition.curators)}" if edition.curators else "",
        edition.made_on,
    ):
        if line:
            centred(document.add_paragraph(text_of(line)))
    document.add_page_break()


def running_heads(document: Any, title: str) -> None:
    """The title above every page, its number below."""
    section = document.sections[0]
    head = section.header.paragraphs[0]
    head.text = text_of(title)
    _sized(centred(head), 9)
    foot = centred(section.footer.paragraphs[0])
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = foot.add_run()
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = text
        run._r.append(part)


def said(document: Any, text: str, *, indent: bool = True) -> None:
    """Paragraphs of a text, each set in by two characters."""
    for line in text.splitlines():
        if line.strip():
            paragraph = document.add_paragraph(text_of(line.strip()))
            if indent:
                paragraph.paragraph_format.first_line_indent = Pt(24)


def quotation(document: Any, exhibit: Exhibit) -> None:
    if exhibit.quotation is not None:
        words = joined(exhibit.quotation.text)
        document.add_paragraph(text_of(f"“{words}”（第 {exhibit.quotation.page} 页）"), style="Quote")


def source(document: Any, exhibit: Exhibit) -> None:
    faint(document.add_paragraph(text_of(f"出处：{exhibit.source}")))
    if exhibit.rights:
        faint(document.add_paragraph(text_of(f"权利说明：{exhibit.rights}")))


def faint(paragraph: Any) -> Any:
    for run in paragraph.runs:
        run.font.size, run.font.color.rgb = Pt(10), FAINT
    paragraph.paragraph_format.space_after = Pt(4)
    return paragraph


def picture(place: Any, shown: Picture, pictures: Pictures, *, widest: float, highest: float) -> None:
    """A picture in a paragraph, no larger than so many cm, with its alternative text."""
    scale = min(widest / shown.width, highest / shown.height)
    image = io.BytesIO(pictures.jpeg(shown, longest=PIXELS))
    made = place.add_run().add_picture(image, width=Cm(shown.width * scale), height=Cm(shown.height * scale))
    made._inline.docPr.set("descr", text_of(shown.alt))


def centred(paragraph: Any) -> Any:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph


def kept(paragraph: Any) -> Any:
    """Never the last line of its page."""
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def saved(document: Any, edition: Edition) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return timeless(out.getvalue(), edition.made_on)


def set_font(run_properties: Any, name: str) -> None:
    """A font for Chinese and other writing alike."""
    fonts = run_properties.get_or_add_rFonts()
    for kind in ("w:ascii", "w:hAnsi", "w:eastAsia"):
        fonts.set(qn(kind), name)
    for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(kind), None)


def _style(style: Any, font: str, size: float, *, bold: bool = False, spacing: float | None = None) -> None:
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor(0x1F, 0x1B, 0x16)
    set_font(style.element.get_or_add_rPr(), font)
    if spacing is not None:
        style.paragraph_format.line_spacing = spacing
        style.paragraph_format.space_after = Pt(6)
    border = style.element.find(f".//{qn('w:pBdr')}")
    if border is not None:
        border.getparent().remove(border)


def _sized(paragraph: Any, size: float) -> Any:
    for run in paragraph.runs:
        run.font.size = Pt(size)
    return paragraph
