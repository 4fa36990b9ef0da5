"""What table readers give: sheets of cells, then rows with the fields that their headers name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

Cell = str | int | float | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True)
class RawSheet:
    """A sheet as it lies in the file. `rows` can be called again and reads anew.

    Rows are numbered from 1 as the person sees them in the spreadsheet.
    """

    name: str
    rows: Callable[[], Iterator[Sequence[Cell]]]


@dataclass(frozen=True)
class RawRow:
    """One row with its cells by field name, and by their own header where no field takes them.

    texts: ready page texts, where the source has them.  context: what the sheet's title rows say.
    """

    source: str
    sheet: str
    row: int
    fields: Mapping[str, Cell | Sequence[str]]
    others: Mapping[str, Cell] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    texts: tuple[str, ...] | None = None


def cell_text(cell: object) -> str:
    """A cell as a person reads it: 3.0 is 3, a midnight is its day."""
    match cell:
        case None:
            return ""
        case bool():
            return "是" if cell else "否"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second) == (0, 0, 0):
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case _:
            return str(cell).strip()
