"""The shapes of grants."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from search_api.schema import Said, Shape

#: A record's id, or a caller's.
Id = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class GrantIn(Shape):
    """An approved application: these records, to this reader, until this day (inclusive)."""

    reader: Annotated[str, StringConstraints(pattern=r"^(account|key):[0-9]{1,18}$")] = Field(
        description="account:7 或 key:12", examples=["account:7"]
    )
    records: list[Id] = Field(min_length=1, max_length=200, examples=[["330900:J045-3-1-1"]])
    until: date = Field(examples=["2027-12-31"])
    reason: Said = Field(max_length=1000, examples=["本人申请，编号 2027-15，已批准"])


class GrantOut(Shape):
    """reader_name: of an account; "" for a key."""

    id: int
    reader: str
    reader_name: str
    records: list[str]
    until: str
    reason: str
    made_by: str
    made_at: str
    revoked_by: str
    revoked_at: str | None
    stands: bool


class OpenedOut(Shape):
    """A record that a grant opens to the caller, by its address."""

    id: str
    reference_code: str
    title: str
    until: str


class OpenedToMe(Shape):
    records: list[OpenedOut]
