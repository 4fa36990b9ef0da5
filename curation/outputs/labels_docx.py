"""Label sheets 展签: six to an A4 page, with lines to cut along."""

from __future__ import annotations

from typing import Any

from docx.enum.table import WD_ROW_HEIGHT_RULE
from docx.shared import Cm, Pt

from curation.edition import Edition, Exhibit, Pictures
from curation.outputs import docx_kit as kit
from curation.outputs.places import joined, text_of

#: Width and height of a label, in cm; a longer one grows.
WIDE, HIGH, ACROSS = 9.4, 8.6, 2


def render(edition: Edition, pictures: Pictures) -> bytes:
    document = kit.new_document(edition, margin=1.1)
    exhibits = list(edition.exhibits())
    table = document.add_table(rows=0, cols=ACROSS, style="Table Grid")
    table.autofit = False
    for first in range(0, len(exhibits), ACROSS):
        row = table.add_row()
        row.height, row.height_rule = Cm(HIGH), WD_ROW_HEIGHT_RULE.AT_LEAST
        _whole(row)
        for cell, exhibit in zip(row.cells, exhibits[first : first + ACROSS], strict=False):
            cell.width = Cm(WIDE)
            _label(cell, exhibit)
    return kit.saved(document, edition)


def _label(cell: Any, exhibit: Exhibit) -> None:
    title = cell.paragraphs[0]
    run = title.add_run(text_of(exhibit.title))
    run.font.size, run.font.bold = Pt(14), True
    kit.set_font(run._r.get_or_add_rPr(), kit.HEADING)
    parts = [(exhibit.date, 10.5, kit.BODY), (exhibit.label, 11.0, kit.BODY)]
    if exhibit.quotation is not None:
        words = f"“{joined(exhibit.quotation.text)}”（第 {exhibit.quotation.page} 页）"
        parts.append((words, 10.5, kit.CITED))
    parts.append((exhibit.source, 9.5, kit.BODY))
    for text, size, font in parts:
        if text:
            run = cell.add_paragraph().add_run(text_of(text))
            run.font.size = Pt(size)
            kit.set_font(run._r.get_or_add_rPr(), font)
    title.paragraph_format.space_before = Pt(6)
    for paragraph in cell.paragraphs:
        paragraph.paragraph_format.line_spacing = 1.25
        paragraph.paragraph_format.space_after = Pt(3)


def _whole(row: Any) -> None:
    """A label is never cut by a page's end."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
