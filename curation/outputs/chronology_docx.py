"""A chronology 大事记 whose every entry cites the 档号 it stands on."""

from __future__ import annotations

from typing import Any

from docx.shared import Cm, Pt

from curation.edition import Edition, Pictures
from curation.outputs import docx_kit as kit
from curation.outputs.places import text_of

#: Width of the column of days, in cm.
DAY = 4.4


def render(edition: Edition, pictures: Pictures) -> bytes:
    document = kit.new_document(edition)
    kit.running_heads(document, edition.title)
    kit.centred(document.add_paragraph(text_of(edition.title), style="Title"))
    kit.centred(document.add_heading("大事记", 1))
    entries(document, edition)
    return kit.saved(document, edition)


def entries(document: Any, edition: Edition) -> None:
    """One a line: the day, what happened, its source."""
    for entry in edition.chronology:
        line = document.add_paragraph()
        line.paragraph_format.left_indent = Cm(DAY)
        line.paragraph_format.first_line_indent = Cm(-DAY)
        line.paragraph_format.tab_stops.add_tab_stop(Cm(DAY))
        day = line.add_run(text_of(f"{entry.said or entry.day}\t"))
        day.font.bold = True
        line.add_run(text_of(" ".join(entry.text.split("\n"))))
        cited = line.add_run(text_of(f"（档号 {entry.reference_code}）"))
        cited.font.size, cited.font.color.rgb = Pt(10), kit.FAINT
