"""The shapes of opening review and web review."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from search_api.schema import Box, DateOut, FieldOut, Said, Shape

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Kind = Literal["opening", "web"]
Step = Literal["first", "second", "final"]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[\w-]+$")]
ReviewId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class DueOut(Shape):
    """year null: undated. due: never decided; again: postponed until a day that has come; early: may open
    before 25 years by its kind; busy: under review."""

    fonds_code: str
    fonds_title: str
    year: int | None
    due: int
    again: int
    early: int
    busy: int


class DueListOut(Shape):
    today: date
    counts: list[DueOut]


class DueFrom(Shape):
    """Part of the due list."""

    fonds: Line | None = None
    year_from: int | None = Field(None, ge=1, le=9999)
    year_to: int | None = Field(None, ge=1, le=9999)
    early: bool = False
    limit: int = Field(500, ge=1, le=5000)


class BatchNew(Shape):
    """One of due, volume, within, q, ids says which records.

    volume: an open volume's id: those of its files that are not open by a decision of their own.
    announced: the name the published catalogue of openings bears.  unit: who joins (Archives Law art. 30).
    """

    name: Said = Field(max_length=200, examples=["J045 1998 年第一批"])
    kind: Kind = "opening"
    announced: Line = ""
    unit: Line = ""
    due: DueFrom | None = None
    volume: str | None = Field(None, max_length=300, description="已开放案卷的条目 id：其开放及于卷内")
    within: str | None = Field(None, max_length=300, description="全宗、目录或案卷的条目 id")
    q: str | None = Field(None, max_length=1000, description="馆员范围的检索词")
    ids: list[str] | None = Field(None, max_length=5000)


class LeftOut(Shape):
    record_id: str
    why: str


class BatchMade(Shape):
    id: int
    taken: int
    left_out: list[LeftOut]


class Person(Shape):
    id: str = Field(max_length=64, examples=["account:7"])
    name: str = Field(max_length=200)
    roles: list[str] = Field([])


class Assignment(Shape):
    """step → who; steps not named are anybody's with the role."""

    steps: dict[Step, Person]


class BatchOut(Shape):
    """counts: step → records that wait there; "done": decided."""

    id: int
    name: str
    kind: Kind
    announced: str
    source: str
    unit: str
    assigned: dict[str, Person]
    made_by: str
    made_at: str
    counts: dict[str, int]


class BatchesOut(Shape):
    batches: list[BatchOut]


class OpinionIn(Shape):
    """step and version: as the caller saw them, so that nobody is overwritten."""

    step: Step
    version: int = Field(ge=1, le=2**31 - 1)
    status: str = Field("", max_length=16, examples=["控制"])
    publicity: str = Field("", max_length=16, examples=["馆内"])
    reasons: list[Code] = Field([], max_length=20, examples=[["personal"]])
    words: Words = ""
    review_again: date | None = Field(None, description="复审日期，延期开放用")


class ReturnIn(Shape):
    version: int = Field(ge=1, le=2**31 - 1)
    words: Words


class OpinionOut(Shape):
    step: str
    status: str
    publicity: str = ""
    reasons: list[str] = Field([])
    words: str = ""
    review_again: str | None = None
    by: str
    at: str


class DecisionOut(Shape):
    """how: review, web, withdrawal or single."""

    how: str
    status: str
    publicity: str
    reasons: list[str]
    words: str
    review_again: str | None
    by: str
    at: str


class HistoryOut(Shape):
    record_id: str
    decisions: list[DecisionOut]


class ItemOut(Shape):
    """One record of a batch. suggests: the machine's first opinion, where it was asked for."""

    id: int
    record_id: str
    reference_code: str
    title: str
    date: DateOut
    access_status: str
    step: str
    version: int
    opinions: list[OpinionOut]
    suggests: str = ""
    seen: int = 0


class ItemsOut(Shape):
    """after: give it back to go on; null: this was the end."""

    items: list[ItemOut]
    after: int | None


class SeenOut(Shape):
    """Something seen. page 0 is the description; boxes: pixels of the page image."""

    kind: str
    page: int
    line: int
    start: int
    end: int
    text: str
    why: str
    category: str = ""
    reason: str = ""
    boxes: list[Box] = Field([])


class PrecedentOut(Shape):
    record_id: str
    reference_code: str
    title: str
    status: str
    reasons: list[str]
    words: str
    at: str


class FirstOpinionOut(Shape):
    """What a machine suggests and what it saw; it decides nothing. nearest_away: why no earlier decision is told."""

    suggests: str
    reasons: list[str]
    why: list[str]
    due: date | None
    early: str = ""
    seen: list[SeenOut]
    precedents: list[PrecedentOut]
    nearest_away: str = ""


class TwinOut(Shape):
    """The same document elsewhere. how: number, page or text. differs: it stands otherwise than this one."""

    record_id: str
    reference_code: str
    title: str
    access_status: str
    how: Literal["number", "page", "text"]
    detail: str
    differs: bool


class ReviewOut(Shape):
    """A record under review with all a reviewer needs. why_not: why the caller may not act ("": may).

    twins_away: what was not looked for, and why.  next: the record of the batch that waits after this one.
    """

    id: int
    batch_id: int
    batch_name: str
    kind: Kind
    step: str
    version: int
    record_id: str
    reference_code: str
    title: str
    date: DateOut
    access_status: str
    publicity: str
    page_count: int
    transfer: list[FieldOut]
    opinions: list[OpinionOut]
    history: list[DecisionOut]
    first_opinion: FirstOpinionOut
    twins: list[TwinOut]
    twins_away: str
    why_not: str
    next: int | None


class FindableOut(Shape):
    """new: nothing the public can find now has it."""

    field: str
    value: str
    new: bool


class PassageShown(Shape):
    page: int
    text: str


class PreviewOut(Shape):
    """What the public could newly find of one record: as its index would hold it, nothing written.

    kept: why the public would not find it even then ("": it would).
    """

    record_id: str
    reference_code: str
    title: str
    kept: str = ""
    fields: list[FieldOut]
    findable: list[FindableOut]
    suggestions: list[str]
    passages: list[PassageShown]
    passages_in_all: int
    pages: list[int]
    attachments: list[str]
    words: int


class BatchPreviewOut(Shape):
    """The records of a batch that would be opened as opinions stand, and the names that would be new."""

    records: list[LeftOut]
    opening: int
    new_names: list[FindableOut]
    looked_at: int


class FormProblem(Shape):
    row: int
    reference_code: str
    problem: str


class FormTaken(Shape):
    """Rows taken, and each row that was not, with what to mend."""

    taken: int
    problems: list[FormProblem]


class ReasonIO(Shape):
    code: Code
    text: Said = Field(max_length=400)
    basis: Line = "本馆"
    states: list[str] = Field(min_length=1, max_length=4)
    place: int = Field(0, ge=0, le=100_000)
    active: bool = True


class ReasonsOut(Shape):
    reasons: list[ReasonIO]


class TermIO(Shape):
    term: Said = Field(max_length=80)
    category: Said = Field(max_length=40)
    reason: str = Field("", max_length=40)


class TermsIO(Shape):
    terms: list[TermIO] = Field(max_length=20_000)


class PeopleOut(Shape):
    people: list[Person]
