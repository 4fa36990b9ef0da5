"""The shapes of redactions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from search_api.schema import Box, LineOut, Shape

Code = Literal["privacy", "identity", "address", "health", "minor", "commercial", "third-party", "other"]
Pixel = Annotated[int, Field(ge=0, le=100_000)]
Region = tuple[Pixel, Pixel, Pixel, Pixel]


class RedactionIn(Shape):
    """regions: [x, y, width, height] in pixels of the page image; none: the whole page."""

    page: int = Field(ge=1, le=2**31 - 1)
    regions: list[Region] = Field([], max_length=200, examples=[[[120, 340, 96, 32]]])
    whole: bool = False
    code: Code
    note: str = Field("", max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")


class RedactionOut(Shape):
    """box null: the whole page."""

    id: int
    page: int
    box: Box | None
    code: str
    reason: str
    note: str
    made_by: str
    made_at: str
    undone_by: str
    undone_at: str | None


class LeftOut(Shape):
    """What of a page all but staff read."""

    page: int
    text: str
    lines: list[LineOut]
