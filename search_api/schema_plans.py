"""The shapes of plans: checks, gaps, label drafts, sums, where a plan stands, what was withdrawn."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from search_api.schema import Shape
from search_api.schema_curation import Words
from search_api.schema_projects import PartId, Right

Light = Literal["green", "amber", "red", "unknown"]
Stage = Literal["draft", "review", "proof", "openness", "cleared", "published", "archived"]
Step = Literal[
    "submit", "first", "second", "final", "proof-first", "proof-second", "proof-third", "openness",
    "publish", "archive", "return",
]  # fmt: skip
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="您所见的方案：stage 答复里的 digest")]


class CheckOut(Shape):
    """label: its name in Chinese.  blocks: nothing is published while it is so."""

    name: str
    label: str
    light: Light
    reason: str
    todo: str
    blocks: bool


class ExhibitChecks(Shape):
    """part: the object's key.  light: the worst of its checks."""

    part: str
    section: str
    title: str
    reference_code: str
    light: Light
    checks: list[CheckOut]


class ChecksOut(Shape):
    """publishable: no check keeps it from being published."""

    publishable: bool
    failing: int
    plan: list[CheckOut]
    exhibits: list[ExhibitChecks]


class GapOut(Shape):
    """wanted: a line for the section's wanted list.  taken: the section has one."""

    section: str
    title: str
    kind: Literal["empty", "before", "image"]
    said: str
    wanted: str
    taken: bool


class WantedOut(Shape):
    section: str
    title: str
    wanted: str


class GapsOut(Shape):
    """liberation: the day before which every section should have something.  wanted: the list as it stands."""

    liberation: str
    gaps: list[GapOut]
    wanted: list[WantedOut]


class SentenceOut(Shape):
    """words: as the source has them; to be kept as a source of the label.  page: 0 the description, of `field`."""

    words: str
    said: str
    page: int
    field: str = ""


class DraftOut(Shape):
    label: str
    length: int
    fits: bool
    sentences: list[SentenceOut]


class DraftsOut(Shape):
    """quotations: sentences of its pages that may be quoted beneath."""

    part: str
    drafts: list[DraftOut]
    quotations: list[SentenceOut]


class LabelIn(Shape):
    """label: the words that are approved, exactly as they were read."""

    part: PartId
    label: Words


class LabelsIn(Shape):
    labels: list[LabelIn] = Field(min_length=1, max_length=200)


class MoneyOut(Shape):
    category: str
    label: str
    planned: int
    spent: int


class RoomOut(Shape):
    """used, width: millimetres along it.  unmeasured: exhibits whose width nobody knows."""

    part: str
    name: str
    objects: list[str]
    used: int
    width: int | None
    unmeasured: int
    full: bool


class TaskOut(Shape):
    part: str
    title: str
    who: str
    due: str
    state: Literal["done", "late", "soon", "later", "undated"]


class SumsOut(Shape):
    """Money in fen. seconds, characters: of the film's story-board; begins: part → second; hurried: shots whose
    narration takes longer than they last.  unplaced: objects shown as things that stand nowhere yet."""

    planned: int
    spent: int
    funds: int
    left: int
    budget: list[MoneyOut]
    rooms: list[RoomOut]
    unplaced: list[str]
    tasks: list[TaskOut]
    seconds: int
    characters: int
    begins: dict[str, int]
    hurried: list[str]


class ActOut(Shape):
    step: str
    label: str
    part: str
    words: str
    by_id: str
    by: str
    at: str
    edition: int


class StageOut(Shape):
    """step: what comes next; mine: whether the caller may do it; why: why not.  done: acts of this round that count.
    changed: the plan was changed after acts of a round, which then count no more.  acts: all there ever were, oldest
    first."""

    stage: Stage
    label: str
    step: str
    step_label: str
    mine: bool
    why: str
    digest: str
    changed: bool
    done: list[ActOut]
    returned: ActOut | None
    published: ActOut | None
    slug: str
    acts: list[ActOut]


class StepIn(Shape):
    step: Step
    words: Words = ""
    seen: Digest


class EditionOut(Shape):
    """edition: as curation/edition.py says."""

    edition: dict[str, Any]


class WithdrawnOut(Shape):
    """title: "" where staff may not read it either."""

    part: str
    title: str
    why: str


class MyPlanOut(Shape):
    """right: what the caller may do with it."""

    project: int
    kind: str
    name: str
    owner: str
    right: Right
    changed_at: str
    stage: Stage
    label: str
    step: str
    step_label: str
    mine: bool
    changed: bool
    returned: bool = Field(
        description="一位审者退回了，尚未重新提交 a reviewer returned it, and it was not submitted again"
    )
    slug: str
    withdrawn: list[WithdrawnOut]
    tasks: list[TaskOut] = Field(description="未办的 those not done, the soonest first")


class MyPlansOut(Shape):
    plans: list[MyPlanOut]
