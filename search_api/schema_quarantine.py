"""The shapes of the security officer's queue."""

from __future__ import annotations

from pydantic import Field

from search_api.schema import Box, Said, Shape


class FindingOut(Shape):
    """A secrecy mark found on a record. place: head, stamp or star; with_it: records held that lie in it."""

    id: int
    record_id: str
    reference_code: str
    title: str
    page: int
    mark: str
    place: str
    line: str
    box: Box | None = None
    image: str
    state: str
    found_at: str
    decided_by: str
    decided_at: str | None
    reason: str
    with_it: int


class Verdict(Shape):
    reason: Said = Field(max_length=1000, examples=["1958年已解密，有批文"])
