"""Manuscript pages: columns from right to left, 雙行小注 as two narrow columns in place."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from .sheet import Hand, Setter, Sheet
from .source import PageSpec

#: Paper in pixels at 150 dots an inch: letter paper 信箋, and the wider unfolded 摺 sheet.
PAPERS = ((1080, 1560), (1240, 1560), (1500, 1240), (1720, 1240))


@dataclass(frozen=True)
class Piece:
    """A run of one size in a paragraph: the main text, or a small note."""

    text: str
    note: bool


def pieces(line: str) -> list[Piece]:
    """Cut a line at ⟦ and ⟧; spaces are kept only inside the main text, as 抬頭 gaps."""
    parts = re.split(r"⟦(.*?)⟧", line.strip())
    return [Piece(part, index % 2 == 1) for index, part in enumerate(parts) if part]


@dataclass(frozen=True)
class Sign:
    """One sign placed in em units: column from the right, row from the top; half 0 is full size,
    1 the right and 2 the left half-size column."""

    sign: str
    column: int
    row: float
    half: int = 0


class Columns:
    """Lays paragraphs into columns of `rows` ems. Knows nothing of pixels."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.column = -1
        self.row = 0.0
        self.signs: list[Sign] = []
        self.text: list[str] = []

    def paragraph(self, line: str) -> None:
        self._break()
        for piece in pieces(line):
            if piece.note:
                self._note(piece.text)
            else:
                for sign in piece.text:
                    self._main(sign)

    def _break(self) -> None:
        self.column += 1
        self.row = 0.0
        self.text.append("")

    def _main(self, sign: str) -> None:
        self.row = float(-(-self.row // 1))  # a sign after a note begins at the next whole em
        if self.row >= self.rows and sign not in "，。、；：！？）」』》":
            self._break()
        self.signs.append(Sign(sign, self.column, self.row))
        self.text[-1] += sign
        self.row += 1

    def _note(self, note: str) -> None:
        """The right narrow column is filled first, then the left, as far down as the note needs."""
        rest = note
        while rest:
            room = int((self.rows - self.row) * 2)
            if room < 2:
                self._break()
                continue
            deep = min(room, -(-len(rest) // 2))
            here, rest = rest[: 2 * deep], rest[2 * deep :]
            for index, sign in enumerate(here):
                half, down = (1, index) if index < deep else (2, index - deep)
                self.signs.append(Sign(sign, self.column, self.row + down / 2, half))
            self.text[-1] += here
            self.row += deep / 2


def lay(lines: tuple[str, ...], rows: int) -> Columns:
    """All paragraphs of a page in columns of `rows` signs."""
    columns = Columns(rows)
    for line in lines:
        if line.strip():
            columns.paragraph(line)
    return columns


def manuscript(spec: PageSpec, hand: Hand, rng: np.random.Generator) -> Sheet:
    """Draw a vertical page: the first paper and size that hold all of it, on ruled paper half the time."""
    size, paper, columns = _fit(spec.lines)
    pitch = round(size * 1.55)
    sheet = Sheet(*paper)
    setter = Setter(sheet.ink, hand, rng)
    top, right = _margins(paper, size)
    for sign in columns.signs:
        left = right - (sign.column + 1) * pitch + (pitch - size) // 2
        y = top + round(sign.row * size * 1.06)
        if sign.half == 0:
            setter.down(left, y, sign.sign, size)
        else:
            half = round(size * 0.49)  # the two small columns stand a little wider than the main one
            aside = round(size * 0.06)
            setter.down(left + (size - half + aside if sign.half == 1 else -aside), y, sign.sign, half)
    if rng.random() < 0.5:
        _rules(sheet, pitch, top, right, size, columns.rows)
    sheet.text = [text for text in columns.text if text]
    return sheet


def _margins(paper: tuple[int, int], size: int) -> tuple[int, int]:
    return round(paper[1] * 0.085), paper[0] - round(size * 1.3)


def _fit(lines: tuple[str, ...]) -> tuple[int, tuple[int, int], Columns]:
    for size in (50, 46, 42, 40, 38, 36, 34, 32, 30):
        for paper in PAPERS:
            top, right = _margins(paper, size)
            rows = int((paper[1] - 2 * top) / (size * 1.06))
            columns = lay(lines, rows)
            if (columns.column + 1) * round(size * 1.55) <= right - round(size * 1.3):
                return size, paper, columns
    raise ValueError(f"too much text for a manuscript page: {sum(map(len, lines))} signs")


def _rules(sheet: Sheet, pitch: int, top: int, right: int, size: int, rows: int) -> None:
    """Red column rules with a heavier frame, as on printed letter paper, across the whole sheet."""
    draw = ImageDraw.Draw(sheet.red)
    low = top + round(rows * size * 1.06) + 14
    count = (right - size) // pitch
    left = right - count * pitch
    for index in range(count + 1):
        draw.line((right - index * pitch, top - 14, right - index * pitch, low), fill=150, width=2)
    draw.rectangle((left - 8, top - 22, right + 8, low + 8), outline=190, width=4)
