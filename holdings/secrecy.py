"""Secrecy marks 密级标志 in a mark's place on a page. Pure.

A mark stands in the page's head, in a stamp, or beside its star (GB/T 9704-2012 7.2.2: 密级 at the upper
left, with ★ and its period); the same words in running text are no mark. What is found holds a record
back until the security officer has looked, so a doubtful place counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from holdings.records import PageText
from holdings.text import normalise

Box = tuple[int, int, int, int]
Place = Literal["head", "stamp", "star"]

#: The upper part of an upright page that is its head; of a vertical one also as much at its right.
HEAD = 0.18
#: A page without boxes: its first lines are its head.
HEAD_LINES = 4
#: A line so much thicker than its page's others is no running text.
STAMP = 1.4
#: Characters of a line at most that may bear a starred mark beside a number or an urgency.
LONGEST = 24

_WORD = "(绝密|机密|秘密)"
_STARRED = re.compile(_WORD + r"(?:级|件)?[★☆*✩✭⭐※]")
_PERIOD = r"(?:[★☆*✩✭⭐※·:]?(?:[\d一二三四五六七八九十两]+(?:年|个月)|长期|永久))?"
_NUMBER = r"(?:(?:no\.?|第|编号:?)?\d{1,8}号?)?"
_LONE = re.compile(
    rf"(?:密级:?)?[(\[【〔「]?{_WORD}(?:级|件|文件|资料|档案|材料)?[)\]】〕」]?{_PERIOD}{_NUMBER}[.。!]?"
    rf"|{_NUMBER}{_WORD}"
)
_NOTICE = re.compile(
    r"[(\[【〔「]?(内部(?:资料|文件|刊物|使用)?|国内(?:发行)?|注意保存|不得(?:外传|翻印))"
    r"[)\]】〕」,、]?(?:注意保存|不得(?:外传|翻印))?[.。!]?"
)


@dataclass(frozen=True)
class FoundMark:
    """mark: the word.  place: where it stands.  line: its number on the page, from 0."""

    mark: str
    place: Place
    line: int
    text: str
    box: Box | None


def marks_on(page: PageText, width: int, height: int) -> list[FoundMark]:
    """The secrecy marks a page bears. width, height: pixels of the stored image; 0 without one."""
    return _found(page, width, height, _LONE, _STARRED)


def notices_on(page: PageText, width: int, height: int) -> list[FoundMark]:
    """Notices of restricted circulation (内部, 国内发行, 注意保存) in a mark's place: no secrecy marks, they
    hold nothing back, but who reviews a record must know."""
    return _found(page, width, height, _NOTICE, None)


def _found(
    page: PageText, width: int, height: int, lone: re.Pattern[str], starred: re.Pattern[str] | None
) -> list[FoundMark]:
    """lone: what a line is that is nothing but a mark.  starred: a mark beside its star. Groups: the mark."""
    lines = page.lines
    boxes = [upright(line.box, page.rotation, width, height) for line in lines]
    across, down = (width, height) if page.rotation in (0, 180) else (height, width)
    found = []
    for number, (line, box) in enumerate(zip(lines, boxes, strict=True)):
        text = re.sub(r"\s+", "", normalise(line.text).text)
        if starred and len(text) <= LONGEST and (match := starred.search(text)):
            found.append(FoundMark(match[1], "star", number, line.text, line.box))
        elif (match := lone.fullmatch(text)) and (place := _place(number, box, boxes, page, across, down)):
            mark = next(group for group in match.groups() if group)
            found.append(FoundMark(mark, place, number, line.text, line.box))
    return found


def upright(box: Box | None, rotation: int, width: int, height: int) -> Box | None:
    """A box of the stored image, on the page turned upright (`rotation` degrees clockwise)."""
    if box is None:
        return None
    x, y, w, h = box
    match rotation:
        case 90:
            return height - y - h, x, h, w
        case 180:
            return width - x - w, height - y - h, w, h
        case 270:
            return y, width - x - w, h, w
        case _:
            return box


def _place(
    number: int, box: Box | None, boxes: Sequence[Box | None], page: PageText, across: int, down: int
) -> Place | None:
    """Where a line that is nothing but a mark stands; None in running text."""
    if box is None or not down:
        said = [n for n, line in enumerate(page.lines) if line.text.strip()]
        return "head" if number in said[:HEAD_LINES] else None
    x, y, w, h = box
    if y + h / 2 <= HEAD * down or (page.vertical and x + w / 2 >= (1 - HEAD) * across):
        return "head"
    others = [b for n, b in enumerate(boxes) if b is not None and n != number]
    if not others or min(w, h) >= STAMP * median(min(b[2], b[3]) for b in others):
        return "stamp"
    # Text that goes on beside it, in its row or (vertical) its column, makes it a cell or a broken line.
    beside = [b for b in others if (_meet(x, w, b[0], b[2]) if page.vertical else _meet(y, h, b[1], b[3]))]
    return None if beside else "stamp"


def _meet(start: int, size: int, other: int, other_size: int) -> bool:
    """Whether two stretches share over a third of the first."""
    return min(start + size, other + other_size) - max(start, other) > size / 3
