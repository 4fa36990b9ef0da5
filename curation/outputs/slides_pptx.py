"""Slides for a lecture or a school class: an exhibit a slide, its source beneath, what the original says in the notes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR
from pptx.oxml.ns import qn
from pptx.util import Cm, Emu, Pt

from curation.edition import Edition, Exhibit, Picture, Pictures
from curation.outputs.packed import timeless
from curation.outputs.places import joined, text_of

#: Width and height of a slide, in cm: 16 to 9.
WIDE, HIGH, MARGIN = 33.867, 19.05, 1.8
#: Longer side of a picture, in pixels.
PIXELS = 1600
#: Sources listed on one slide.
LISTED = 12
_RGB: Any = RGBColor  # python-pptx says its types in part
INK, FAINT, ACCENT, PAPER = (_RGB.from_string(code) for code in ("1F1B16", "57504A", "7D2316", "FBF9F4"))
SERIF, SANS, CITED = "宋体", "微软雅黑", "楷体"


def render(edition: Edition, pictures: Pictures) -> bytes:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Cm(WIDE), Cm(HIGH)
    deck.core_properties.title = text_of(edition.title)
    deck.core_properties.author = text_of("；".join(edition.curators))
    _opening(deck, edition)
    for order, section in enumerate(edition.sections, 1):
        slide = _slide(deck)
        _box(
            slide,
            MARGIN,
            6,
            WIDE - 2 * MARGIN,
            2.6,
            [(f"{order}　{section.title}", 40, ACCENT, SERIF, True)],
            title=True,
        )
        _box(slide, MARGIN, 9, WIDE - 2 * MARGIN, 6, [(section.text, 22, INK, SERIF, False)])
        for exhibit in section.exhibits:
            _exhibit(deck, exhibit, pictures)
    _chronology(deck, edition)
    _sources(deck, edition)
    out = io.BytesIO()
    deck.save(out)
    return timeless(out.getvalue(), edition.made_on)


def _opening(deck: Any, edition: Edition) -> None:
    slide = _slide(deck)
    width = WIDE - 2 * MARGIN
    _box(slide, MARGIN, 5, width, 3, [(edition.title, 48, ACCENT, SERIF, True)], title=True)
    _box(slide, MARGIN, 8.4, width, 1.6, [(edition.subtitle, 24, INK, SERIF, False)])
    made = "　".join([*edition.organisers, edition.made_on])
    _box(slide, MARGIN, 15.5, width, 1.6, [(made, 16, FAINT, SANS, False)])
    if edition.lead:
        slide = _slide(deck)
        _box(slide, MARGIN, MARGIN, width, 2, [("前言", 32, ACCENT, SERIF, True)], title=True)
        lines = [(line, 22, INK, SERIF, False) for line in edition.lead.splitlines() if line.strip()]
        _box(slide, MARGIN, 4.4, width, 12, lines)


def _exhibit(deck: Any, exhibit: Exhibit, pictures: Pictures) -> None:
    slide = _slide(deck)
    left, width = MARGIN, WIDE - 2 * MARGIN
    if exhibit.pictures:
        _picture(slide, exhibit.pictures[0], pictures)
        left, width = 16.2, WIDE - 16.2 - MARGIN
    _box(
        slide,
        left,
        MARGIN,
        width,
        3,
        [(exhibit.title, 26, INK, SERIF, True)],
        title=True,
        anchor=MSO_ANCHOR.BOTTOM,
    )
    lines: list[Line] = [(exhibit.date, 16, FAINT, SANS, False), (exhibit.label, 20, INK, SERIF, False)]
    if exhibit.quotation is not None:
        words = f"“{joined(exhibit.quotation.text)}”（第 {exhibit.quotation.page} 页）"
        lines.append((words, 18, ACCENT, CITED, False))
    _box(slide, left, 5, width, 11.2, lines)
    _box(slide, left, 16.6, width, 1.2, [(exhibit.source, 12, FAINT, SANS, False)])
    if exhibit.transcription or exhibit.notes:
        said = [*(f"释文　{page}" for page in exhibit.transcription), *exhibit.notes]
        slide.notes_slide.notes_text_frame.text = text_of("\n\n".join(said))


def _chronology(deck: Any, edition: Edition) -> None:
    for page in _parts(edition.chronology, 7):
        slide = _slide(deck)
        _box(slide, MARGIN, MARGIN, WIDE - 2 * MARGIN, 2, [("大事记", 32, ACCENT, SERIF, True)], title=True)
        lines = [
            (f"{e.said or e.day}　{e.text}（档号 {e.reference_code}）", 18, INK, SERIF, False) for e in page
        ]
        _box(slide, MARGIN, 4.4, WIDE - 2 * MARGIN, 13, lines)


def _sources(deck: Any, edition: Edition) -> None:
    for page in _parts(list(edition.exhibits()), LISTED):
        slide = _slide(deck)
        _box(slide, MARGIN, MARGIN, WIDE - 2 * MARGIN, 2, [("出处", 32, ACCENT, SERIF, True)], title=True)
        lines = [(f"{e.title}：{e.source}", 14, INK, SANS, False) for e in page]
        _box(slide, MARGIN, 4.2, WIDE - 2 * MARGIN, 13.4, lines)


#: Text, size in points, colour, font, whether bold.
Line = tuple[str, float, Any, str, bool]


def _slide(deck: Any) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[5])  # a title and nothing else
    slide.background.fill.solid()
    slide.background.fill.fore_color.rgb = PAPER
    return slide


def _box(
    slide: Any, left: float, top: float, width: float, height: float, lines: Sequence[Line],
    *, title: bool = False, anchor: Any = MSO_ANCHOR.TOP,
) -> None:  # fmt: skip
    """Lines in a box; the slide's own title, for outlines and readers, where it is one. Sizes in cm."""
    box = slide.shapes.title if title else slide.shapes.add_textbox(Cm(left), Cm(top), Cm(width), Cm(height))
    box.left, box.top, box.width, box.height = (Cm(v) for v in (left, top, width, height))
    frame = box.text_frame
    frame.word_wrap, frame.vertical_anchor = True, anchor
    frame.margin_left = frame.margin_right = Emu(0)
    kept = [line for line in lines if line[0].strip()]
    for order, (text, size, colour, font, bold) in enumerate(kept):
        paragraph = frame.paragraphs[0] if order == 0 else frame.add_paragraph()
        paragraph.alignment = 1
        paragraph.line_spacing, paragraph.space_after = 1.3, Pt(8)
        run = paragraph.add_run()
        run.text = text_of(text)
        run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, colour
        run.font.name = font
        properties = run._r.get_or_add_rPr()
        east = properties.makeelement(qn("a:ea"), {"typeface": font})
        properties.append(east)
        properties.set("lang", "zh-CN")


def _picture(slide: Any, shown: Picture, pictures: Pictures) -> None:
    wide, high = 13.0, HIGH - 2 * MARGIN
    scale = min(wide / shown.width, high / shown.height)
    width, height = shown.width * scale, shown.height * scale
    left, top = MARGIN + (wide - width) / 2, MARGIN + (high - height) / 2
    image = io.BytesIO(pictures.jpeg(shown, longest=PIXELS))
    made = slide.shapes.add_picture(image, Cm(left), Cm(top), Cm(width), Cm(height))
    made._element.nvPicPr.cNvPr.set("descr", text_of(shown.alt))


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
