"""The shapes of one opinion for many records, and the sample behind it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from search_api.schema import Shape
from search_api.schema_reviews import OpinionIn, ReviewId, Words


class BulkNew(OpinionIn):
    """One opinion for all records that wait at `step`, or for these of them. `version` is not used."""

    version: int = 1
    reviews: list[ReviewId] = Field([], max_length=5000)


class LookIn(Shape):
    review_id: ReviewId
    agrees: bool
    words: Words = ""


class LookOut(Shape):
    review_id: int
    agrees: bool
    words: str
    by: str


class BulkOut(Shape):
    """state: looking (the sample is not through), done, stopped. sample: drawn by seed.

    mine: the caller proposed it, and is who puts it into effect.
    """

    id: int
    batch_id: int
    step: str
    status: str
    publicity: str
    reasons: list[str]
    words: str
    review_again: str | None
    targets: int
    seed: int
    sample: list[int]
    looked: list[LookOut]
    state: str
    by: str
    at: datetime
    mine: bool


class BulksOut(Shape):
    bulks: list[BulkOut]


class ItemProblem(Shape):
    """problem "": done."""

    review_id: int
    problem: str


class BulkApplied(Shape):
    done: int
    problems: list[ItemProblem]
