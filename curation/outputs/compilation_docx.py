"""A compilation 汇编: 凡例, contents, proof-read transcriptions with the editors' marks as they stand, notes, sources."""

from __future__ import annotations

from typing import Any

from docx.shared import Pt

from curation.edition import Edition, Exhibit, Pictures
from curation.outputs import docx_kit as kit
from curation.outputs.chronology_docx import entries
from curation.outputs.places import flowed, text_of


def render(edition: Edition, pictures: Pictures) -> bytes:
    """Items without a transcription are not in it: there is nothing to print of them."""
    document = kit.new_document(edition)
    kit.running_heads(document, edition.title)
    kit.title_page(document, edition, "档案汇编")
    parts = [
        (section, [exhibit for exhibit in section.exhibits if exhibit.transcription])
        for section in edition.sections
    ]
    if edition.editorial:
        document.add_heading("凡例", 1)
        for rule in edition.editorial:
            kit.said(document, rule)
        document.add_page_break()
    if edition.lead:
        document.add_heading("前言", 1)
        kit.said(document, edition.lead)
    _contents(document, parts)
    number = 0
    for order, (section, exhibits) in enumerate(parts, 1):
        if not exhibits:
            continue
        document.add_heading(text_of(f"{order}　{section.title}"), 1)
        kit.said(document, section.text)
        for exhibit in exhibits:
            number += 1
            _item(document, number, exhibit, pictures)
    if edition.chronology:
        document.add_page_break()
        document.add_heading("大事记", 1)
        entries(document, edition)
    return kit.saved(document, edition)


def _contents(document: Any, parts: list[Any]) -> None:
    document.add_heading("目录", 1)
    number = 0
    for order, (section, exhibits) in enumerate(parts, 1):
        if not exhibits:
            continue
        line = document.add_paragraph(text_of(f"{order}　{section.title}"))
        line.runs[0].font.bold = True
        for exhibit in exhibits:
            number += 1
            dated = f"（{exhibit.date}）" if exhibit.date else ""
            line = document.add_paragraph(text_of(f"{number}. {exhibit.title}{dated}"))
            line.paragraph_format.left_indent = Pt(24)
    document.add_page_break()


def _item(document: Any, number: int, exhibit: Exhibit, pictures: Pictures) -> None:
    document.add_heading(text_of(f"{number}. {exhibit.title}"), 2)
    heads = [exhibit.date, "、".join(exhibit.creators)]
    if any(heads):
        kit.kept(kit.faint(kit.centred(document.add_paragraph(text_of("　".join(filter(None, heads)))))))
    for page in exhibit.transcription:
        for line in flowed(page):
            kit.said(document, line)
    if exhibit.notes:
        document.add_heading("注释", 3)
        for order, note in enumerate(exhibit.notes, 1):
            kit.faint(document.add_paragraph(text_of(f"〔{order}〕{note}")))
    kit.source(document, exhibit)
    if exhibit.pictures:
        place = kit.kept(kit.centred(document.add_paragraph()))
        kit.picture(place, exhibit.pictures[0], pictures, widest=7, highest=8)
        shown = f"{exhibit.title}，第 {exhibit.pictures[0].page} 页（原件）"
        kit.faint(kit.centred(document.add_paragraph(text_of(shown))))
