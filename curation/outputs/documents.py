"""The documents that an edition can be had as, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from curation.edition import Edition, Pictures
from holdings.sheets import MEDIA_TYPES as _SHEETS

_WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"


@dataclass(frozen=True)
class Document:
    """title: what people call it.  ending: of its file's name."""

    title: str
    ending: str
    media_type: str
    make: Callable[[Edition, Pictures], bytes]


def documents() -> dict[str, Document]:
    """name → document. Made when it is asked for: what each is written with takes a moment to load."""
    from curation.outputs import (
        article_html,
        chronology_docx,
        compilation_docx,
        labels_docx,
        lists,
        panels_pdf,
        slides_pptx,
        text_docx,
    )

    return {
        "text": Document("展览文本", "docx", _WORD, text_docx.render),
        "labels": Document("展签", "docx", _WORD, labels_docx.render),
        "slides": Document("讲座课件", "pptx", _SLIDES, slides_pptx.render),
        "panels": Document("展板", "pdf", "application/pdf", panels_pdf.render),
        "compilation": Document("汇编", "docx", _WORD, compilation_docx.render),
        "chronology": Document("大事记", "docx", _WORD, chronology_docx.render),
        "article": Document("公众号文章", "html", "text/html; charset=utf-8", article_html.render),
        "objects": Document("展品清单", "xlsx", _SHEETS["xlsx"], lists.objects),
        "objects-csv": Document("展品清单", "csv", _SHEETS["csv"], lists.objects_csv),
        "loans": Document("借展清单", "xlsx", _SHEETS["xlsx"], lists.loans),
    }
