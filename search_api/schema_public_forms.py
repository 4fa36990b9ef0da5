"""The shapes of public forms."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from search_api.schema import Shape
from search_api.schema_redactions import Code

Text = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Entries = Annotated[list[Text], Field(max_length=200)]


class PublicFormsIn(Shape):
    """fields: a text, or the entries of a field that has several; null takes the public form away."""

    fields: dict[Annotated[str, Field(max_length=40)], Text | Entries | None] = Field(
        min_length=1, max_length=20, examples=[{"title": "王××关于房屋纠纷的申请", "persons": []}]
    )
    code: Code
    note: str = Field("", max_length=1000, pattern=r"^[^\x00-\x1f\x7f]*$")


class PublicFormOut(Shape):
    """One field. public null: others read what staff read."""

    name: str
    term: str
    original: str | list[str]
    public: str | list[str] | None
    code: str = ""
    reason: str = ""
    note: str = ""
    by: str = ""
    at: str = ""


class PublicFormsOut(Shape):
    """left_out: words the public forms leave out. still_in, still_on: fields and pages where others still read
    one of them."""

    record_id: str
    fields: list[PublicFormOut]
    left_out: list[str]
    still_in: list[str]
    still_on: list[int]
