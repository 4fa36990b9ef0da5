"""Answers of /v1/exhibitions."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

#: What an exhibition can be had as; "site": its page set as a zip.
DocumentName = Literal[
    "text", "labels", "slides", "panels", "compilation", "chronology", "article",
    "objects", "objects-csv", "loans", "site",
]  # fmt: skip


class ExhibitionOut(BaseModel):
    """exhibits: how many of its exhibits the public may see now. pages: where they are, below this API."""

    slug: str
    number: int
    title: str
    subtitle: str
    made_on: str
    exhibits: int
    pages: str


class ExhibitionsOut(BaseModel):
    exhibitions: list[ExhibitionOut]
