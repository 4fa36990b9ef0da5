"""The order in which a page's pieces of text are read. Pure: boxes in, indices out.

Horizontal text is read in rows from the top, each from the left; columns of running text one after the
other; the cells of a table row by row. Vertical text 直排 is the same turned by a quarter: "rows" are the
columns from the right, each from the top, and a leaf's registers 欄 one after the other. So both are
solved once, in coordinates `along` (the way characters follow each other) and `across` (the way lines do).

Small double-line notes 雙行小注 stand in their host line at half its thickness, two lines deep: the first
half (right, in vertical text) is read to its end, then the second, then the host goes on.

All lengths are compared with each other, so the unit is of no matter; boxes should be level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

#: x, y, width, height
FloatBox = tuple[float, float, float, float]

#: A piece at most this thick, against its host line, is a note.
NOTE = 0.72
#: A piece thinner than this share of the line lies on the line by chance only (a speck, a rule).
THINNEST = 0.3
#: Pieces of one line nearer than this many thicknesses are one line of text that the detector broke.
JOIN = 1.2
#: Columns of running text have lines at least this many times as long as thick, …
TEXT_COLUMN = 6.0
#: … and fill this share of their column.
FILLED = 0.7


@dataclass(frozen=True)
class _Piece:
    index: int
    start: float  # along
    end: float
    top: float  # across
    bottom: float

    @property
    def length(self) -> float:
        return self.end - self.start

    @property
    def thickness(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def key(self) -> tuple[float, float, float, float, int]:
        return (self.top, self.start, self.bottom, self.end, self.index)


def order(boxes: Sequence[FloatBox], *, vertical: bool = False) -> list[tuple[int, ...]]:
    """Indices of `boxes` in reading order; pieces that one line of text was broken into share a tuple.

    Every index comes exactly once. The order of the input is of no matter, but for equal boxes.
    """
    pieces = [_piece(index, box, vertical=vertical) for index, box in enumerate(boxes)]
    return [tuple(p.index for p in group) for group in _read_block(pieces)]


def _piece(index: int, box: FloatBox, *, vertical: bool) -> _Piece:
    x, y, width, height = box
    if vertical:  # along: downwards; across: leftwards
        return _Piece(index, y, y + height, -(x + width), -x)
    return _Piece(index, x, x + width, y, y + height)


def _read_block(pieces: list[_Piece]) -> list[list[_Piece]]:
    """A block in order: bands of text columns one after the other, the rest row by row."""
    if not pieces:
        return []
    rows = _rows(pieces)
    band = _column_band(rows)
    if band is None:
        return [group for row in rows for group in _read_row(row)]
    first, last, gutter = band
    inside = [piece for row in rows[first:last] for piece in row]
    before = [piece for row in rows[:first] for piece in row]
    after = [piece for row in rows[last:] for piece in row]
    near = [piece for piece in inside if piece.end <= gutter]
    far = [piece for piece in inside if piece.end > gutter]
    return [*_read_block(before), *_read_block(near), *_read_block(far), *_read_block(after)]


def _rows(pieces: list[_Piece]) -> list[list[_Piece]]:
    """Pieces gathered in rows, rows in order. The thickest found so far lead, notes join their host."""
    rows: list[tuple[_Piece, list[_Piece]]] = []
    for piece in sorted(pieces, key=lambda p: (-p.thickness, *p.key)):
        host = max(rows, key=lambda row: _shared(piece, row[0]), default=None)
        if host is None or not _belongs(piece, host[0]):
            rows.append((piece, [piece]))
        else:
            host[1].append(piece)
    return [row for lead, row in sorted(rows, key=lambda r: (r[0].middle, r[0].key))]


def _shared(piece: _Piece, lead: _Piece) -> float:
    """The share of the piece's thickness that lies within the row's."""
    overlap = min(piece.bottom, lead.bottom) - max(piece.top, lead.top)
    return overlap / piece.thickness if piece.thickness > 0 else float(lead.top <= piece.top <= lead.bottom)


def _belongs(piece: _Piece, lead: _Piece) -> bool:
    return _shared(piece, lead) >= 0.5 and piece.thickness >= THINNEST * lead.thickness


def _read_row(row: list[_Piece]) -> list[list[_Piece]]:
    """One row's pieces in order, joined where the detector broke a line."""
    thickness = max(piece.thickness for piece in row)
    middle = _middle(row, thickness)
    groups: list[list[_Piece]] = []
    for note, block in _blocks(row, thickness):
        parts = [block]
        if note:
            parts = [[p for p in block if p.middle <= middle], [p for p in block if p.middle > middle]]
        for part in parts:
            groups.extend(_join(sorted(part, key=lambda p: (p.start, p.key))))
    return groups


def _middle(row: list[_Piece], thickness: float) -> float:
    full = [piece.middle for piece in row if piece.thickness > NOTE * thickness]
    return median(full)


def _blocks(row: list[_Piece], thickness: float) -> list[tuple[bool, list[_Piece]]]:
    """The row cut into runs of full pieces and of note pieces lying beside each other."""
    blocks: list[tuple[bool, list[_Piece]]] = []
    for piece in sorted(row, key=lambda p: (p.start, p.key)):
        note = piece.thickness <= NOTE * thickness
        last = blocks[-1] if blocks else None
        if last and last[0] == note and (not note or _beside(piece, last[1], thickness)):
            last[1].append(piece)
        else:
            blocks.append((note, [piece]))
    return blocks


def _beside(piece: _Piece, block: list[_Piece], thickness: float) -> bool:
    """Whether a note piece goes on with the note before it: no more than half a character away."""
    return piece.start < max(p.end for p in block) + thickness / 2


def _join(pieces: list[_Piece]) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        if last is not None and piece.start - last.end < JOIN * min(piece.thickness, last.thickness):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _column_band(rows: list[list[_Piece]]) -> tuple[int, int, float] | None:
    """The longest run of rows [first, last) that a gutter parts into columns of running text, if any."""
    best: tuple[int, int, float] | None = None
    for gutter in _gutters(rows):
        for first, last in _uncrossed(rows, gutter):
            longer = best is None or last - first > best[1] - best[0]
            if longer and _running_text(rows[first:last], gutter):
                best = (first, last, gutter)
    return best


def _gutters(rows: list[list[_Piece]]) -> list[float]:
    """Middles of the gaps within rows that are wider than a character, each once, from the start."""
    found: set[float] = set()
    for row in rows:
        reach = None
        for piece in sorted(row, key=lambda p: (p.start, p.key)):
            if reach is not None and piece.start - reach > 0.8 * piece.thickness:
                found.add((piece.start + reach) / 2)
            reach = piece.end if reach is None else max(reach, piece.end)
    return sorted(found)


def _uncrossed(rows: list[list[_Piece]], gutter: float) -> list[tuple[int, int]]:
    """Runs of rows in which no piece lies across the gutter."""
    runs: list[tuple[int, int]] = []
    first = None
    for number, row in enumerate([*rows, None]):
        clear = row is not None and not any(p.start < gutter < p.end for p in row)
        if clear and first is None:
            first = number
        elif not clear and first is not None:
            runs.append((first, number))
            first = None
    return runs


def _running_text(rows: list[list[_Piece]], gutter: float) -> bool:
    """Whether both sides of the gutter are columns of text rather than cells of a table."""
    near = [p for row in rows for p in row if p.end <= gutter]
    far = [p for row in rows for p in row if p.end > gutter]
    return _is_column(near) and _is_column(far)


def _is_column(pieces: list[_Piece]) -> bool:
    if len(pieces) < 3:
        return False
    width = max(p.end for p in pieces) - min(p.start for p in pieces)
    lengths = sorted(p.length for p in pieces)
    thickness = median(p.thickness for p in pieces)
    return median(lengths) >= max(TEXT_COLUMN * thickness, FILLED * width)
