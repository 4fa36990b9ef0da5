"""Pages written from left to right: letters and their kin, and registers as ruled tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from .sheet import Hand, Setter, Sheet, wrap
from .source import PageSpec

#: Paper in pixels at 150 dots an inch: A4 for offices since the 1980s, 16开 (185 × 260 mm) before.
A4 = (1240, 1754)
SHEET_16K = (1092, 1536)
#: From one line's top to the next, in type sizes.
LEADING = 1.75

_NUMBER = re.compile(r"^.{0,14}字第.{1,8}[号號]$|^.{1,12}[〔\[（(]\d{4}[〕\]）)]\d+号(（样）)?$")
_DATE = re.compile(
    r"^[^，。；：]{0,12}[\d一二三四五六七八九十〇零○OＯ元]{1,4}\s*年[^，。；：]{0,8}[日月]([上下]午.{1,2}[时時]|\s*[于於立].{0,4})?$"
)
_FULL = {",": "，", ":": "：", ";": "；", "?": "？", "!": "！", "(": "（", ")": "）"}
_CJK = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef“”]"


def full_width(text: str) -> str:
    """Half-width punctuation between Chinese signs, as a compositor would set it."""
    return re.sub(rf"(?<={_CJK})[,:;?!()]|[,:;?!()](?={_CJK})", lambda m: _FULL[m[0]], text.strip())


@dataclass(frozen=True)
class Block:
    """A paragraph and its place on the page: letterhead, number, title, body, plain, sign."""

    role: str
    text: str


def blocks(lines: tuple[str, ...], first_page: bool) -> list[Block]:
    """Guess each line's part in a letter from where it stands and how it ends."""
    texts = [full_width(line) for line in lines if line.strip()]
    head = _head_length(texts) if first_page else 0
    tail = _tail_length(texts[head:])
    body_end = len(texts) - tail
    found = [Block(role, text) for role, text in zip(_head_roles(texts[:head]), texts[:head], strict=True)]
    found += [Block("body" if _is_paragraph(text) else "plain", text) for text in texts[head:body_end]]
    return found + [Block("sign", text) for text in texts[body_end:]]


def _head_length(texts: list[str]) -> int:
    for index, text in enumerate(texts[:5]):
        if _NUMBER.match(text):
            continue
        if (
            len(text) > 34
            or text[-1] in "。：；，！？"
            or "（以下" in text
            or ("：" in text and len(text.split("：")[0]) < 8)
        ):
            return index
    return min(1, len(texts))


def _head_roles(head: list[str]) -> list[str]:
    numbers = [index for index, text in enumerate(head) if _NUMBER.match(text)]
    organ = len(head) > 1 and re.search(
        r"(局|会|委|府|公司|队|站|社|所|部|处|厂|行|文件)(（样例）)?$", head[0]
    )
    letterhead = bool(organ) and (len(head) > 2 or bool(numbers))
    return [
        "number" if index in numbers else "letterhead" if index == 0 and letterhead else "title"
        for index in range(len(head))
    ]


def _tail_length(texts: list[str]) -> int:
    dates = [index for index, text in enumerate(texts) if _DATE.match(text) and len(text) <= 30]
    if not dates or dates[-1] < len(texts) - 4:
        return 0
    start = dates[-1]
    while (
        start > 0 and len(texts[start - 1]) <= 26 and not re.search(r"[。：；，！？礼荷]", texts[start - 1])
    ):
        start -= 1
    return len(texts) - start


def _is_paragraph(text: str) -> bool:
    label = re.match(r"^[^，。；]{1,8}：", text)
    return text != "敬礼" and not (text.endswith("：") and len(text) < 30) and not (label and len(text) < 40)


class Composer:
    """Sets the blocks of one page on a sheet, smaller until they fit."""

    def __init__(self, spec: PageSpec, hand: Hand, rng: np.random.Generator) -> None:
        self.spec, self.hand, self.rng = spec, hand, rng
        self.paper = A4 if spec.fonds in {"J102", "P001"} else SHEET_16K
        self.margin = round(self.paper[0] * 0.115)
        self.red_head = spec.look in {"clean", "stamp", "skewed", "rotated"} and not spec.traditional

    def page(self) -> Sheet:
        parts = blocks(self.spec.lines, self.spec.number == 1)
        for size in range(33, 17, -1):
            height = sum(self._height(part, size) for part in parts)
            if height < self.paper[1] * 0.80:
                break
        sheet = Sheet(*self.paper)
        y = round(self.paper[1] * (0.075 if parts[0].role == "letterhead" else 0.095))
        for index, part in enumerate(parts):
            if part.role == "sign" and parts[index - 1].role != "sign":
                y += size
            y = self._set(sheet, part, size, y)
        return sheet

    def _measure(self, part: Block, size: int) -> tuple[int, list[str]]:
        scale = {"letterhead": 1.7, "title": 1.3}.get(part.role, 1.0)
        size = round(size * scale)
        face = self.hand.font(size, bold=scale > 1)
        width = self.paper[0] - 2 * self.margin
        return size, wrap(part.text, face, width, 2 * size if part.role == "body" else 0)

    def _height(self, part: Block, size: int) -> int:
        own, lines = self._measure(part, size)
        return round(len(lines) * own * LEADING) + (
            round(size * 1.1) if part.role in {"letterhead", "title", "number"} else 0
        )

    def _set(self, sheet: Sheet, part: Block, size: int, y: int) -> int:
        own, lines = self._measure(part, size)
        red = part.role == "letterhead" and self.red_head
        setter = Setter(sheet.red if red else sheet.ink, self.hand, self.rng)
        bold = part.role in {"letterhead", "title"}
        for index, text in enumerate(lines):
            x = self._left(part.role, text, own, index == 0, bold)
            setter.line(x, y, text, own, bold=bold)
            sheet.text.append(text)
            y += round(own * LEADING)
        if part.role == "letterhead":
            self._rule(setter, y, red)
            y += round(size * 1.1)
        return y + (round(size * 0.6) if part.role in {"title", "number"} else 0)

    def _left(self, role: str, text: str, size: int, first: bool, bold: bool) -> int:
        length = round(self.hand.font(size, bold=bold).getlength(text))
        if role in {"letterhead", "title", "number"}:
            return max(self.margin // 2, (self.paper[0] - length) // 2)
        if role == "sign":
            return self.paper[0] - self.margin - length - size
        return self.margin + (2 * size if role == "body" and first else 0)

    def _rule(self, setter: Setter, y: int, red: bool) -> None:
        setter.draw.line(
            (self.margin, y + 4, self.paper[0] - self.margin, y + 4), fill=255, width=4 if red else 2
        )
        setter.draw.line((self.margin, y + 12, self.paper[0] - self.margin, y + 12), fill=220, width=1)


def register(spec: PageSpec, hand: Hand, rng: np.random.Generator) -> Sheet:
    """A ruled table: lines with '|' are rows, the first of them the header; others stand above or below."""
    rows = [[full_width(cell) for cell in line.split("|")] for line in spec.lines if "|" in line]
    columns = max((len(row) for row in rows), default=1)
    rows = [row + [""] * (columns - len(row)) for row in rows]
    paper = A4 if spec.fonds in {"J102", "P001"} else SHEET_16K
    natural = [max(_ems(row[c]) for row in rows) for c in range(columns)]
    if sum(natural) + columns > (paper[0] - 120) / 25:
        paper = (paper[1], paper[0])
    sheet = Sheet(*paper)
    setter = Setter(sheet.ink, hand, rng)
    size, widths = _column_widths(natural, paper[0] - 120)
    first_row = next(index for index, line in enumerate(spec.lines) if "|" in line)
    last_row = max(index for index, line in enumerate(spec.lines) if "|" in line)
    y = _captions(sheet, setter, spec.lines[:first_row], size, round(paper[1] * 0.07), centred=True)
    after = spec.lines[last_row + 1 :]
    lines_below = sum(-(-round(_ems(line)) * size // (paper[0] - 140)) for line in after)
    low = paper[1] - round(paper[1] * 0.09) - round(lines_below * size * 1.75)
    y = _table(sheet, setter, rows, widths, size, (y + 8, low))
    _captions(sheet, setter, after, size, y + 18, centred=False)
    return sheet


def _ems(text: str) -> float:
    return sum(1.0 if ord(sign) > 0x2E7F or sign in "“”" else 0.6 for sign in text)


def _column_widths(natural: list[float], room: int) -> tuple[int, list[int]]:
    """The largest type at which no cell wraps; below 18 pixels the widest columns give way and wrap."""
    for size in range(30, 17, -1):
        wanted = [round(ems * size) + 22 for ems in natural]
        if sum(wanted) <= room:
            break
    while sum(wanted) > room:
        widest = max(range(len(wanted)), key=lambda c: wanted[c])
        wanted[widest] -= 10
    spare = (room - sum(wanted)) // len(wanted)
    return size, [width + min(spare, 60) for width in wanted]


def _captions(
    sheet: Sheet, setter: Setter, lines: tuple[str, ...], size: int, y: int, *, centred: bool
) -> int:
    for index, line in enumerate(lines):
        title = centred and index == 0
        own = round(size * 1.35) if title else size
        face = setter.hand.font(own, bold=title)
        for text in wrap(full_width(line), face, sheet.width - 140):
            x = (sheet.width - round(face.getlength(text))) // 2 if title else 72
            setter.line(x, y, text, own, bold=title)
            sheet.text.append(text)
            y += round(own * 1.75)
    return y


def _table(
    sheet: Sheet, setter: Setter, rows: list[list[str]], widths: list[int], size: int, span: tuple[int, int]
) -> int:
    """Rule and fill the table between span's top and (at most) its bottom; returns the last rule's y."""
    top, bottom = span
    left = (sheet.width - sum(widths)) // 2
    edges = [left + sum(widths[:c]) for c in range(len(widths) + 1)]
    face = setter.hand.font(size)
    cells = [[wrap(cell, face, widths[c] - 16) for c, cell in enumerate(row)] for row in rows]
    room = bottom - top
    needed = sum(max(len(cell) for cell in row) * size * 1.4 for row in cells)
    padding = max(8, min(size, round((room - needed) / (2 * len(cells)))))
    headed = not re.match(r"\d", rows[0][0])  # a table carried over from the page before has no header
    y = top
    setter.draw.line((edges[0], y, edges[-1], y), fill=255, width=3)
    for index, row in enumerate(cells):
        deepest = max(1, *(len(cell) for cell in row))
        for c, cell in enumerate(row):
            inset = (deepest - len(cell)) * size * 7 // 10
            for depth, text in enumerate(cell):
                at = y + padding + inset + round(depth * size * 1.4)
                setter.line(edges[c] + 9, at - size // 5, text, size, bold=index == 0 and headed)
        sheet.text.append(" ".join("".join(cell) for cell in row if cell))
        y += round(deepest * size * 1.4) + 2 * padding
        setter.draw.line((edges[0], y, edges[-1], y), fill=235, width=2 if index == 0 else 1)
    deep = round(size * 1.4) + 2 * padding
    while y + deep < bottom - deep:  # the form's rows that were never filled in
        y += deep
        setter.draw.line((edges[0], y, edges[-1], y), fill=235, width=1)
    setter.draw.line((edges[0], y, edges[-1], y), fill=255, width=3)
    for edge in edges:
        setter.draw.line((edge, top, edge, y), fill=235, width=3 if edge in (edges[0], edges[-1]) else 1)
    return y
