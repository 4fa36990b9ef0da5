"""What stands in the bodies of projects and their parts: a model for each (project kind, part kind). Pure.

A collection 资料夹 holds items; a plan 展陈方案 of an exhibition or compilation holds sections, objects, tasks, money,
cases, shots. A body says nothing of order, of record or of version: those are the project's. What is misspelt or too long
is refused, never bent. Money is whole fen 分, lengths are whole millimetres, light is lux.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from holdings.errors import BadInput
from holdings.invalid import said


def _day(day: str) -> str:
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise ValueError("没有这一天") from error


_ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=60, pattern=_ONE_LINE)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=_ONE_LINE)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=_ONE_LINE)
]
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=2_000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
    ),
]
#: Lines and paragraphs of a person, of a collection.
Note = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=_ONE_LINE)]
#: An ISO day, "" for none.
Day = Annotated[
    str,
    StringConstraints(pattern=r"^(\d{4}-\d\d-\d\d)?$"),
    AfterValidator(_day),
    Field(examples=["1950-05-17"]),
]
#: The last part of a public address: letters, digits, hyphens.
Slug = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{1,62}[a-z0-9])?$")]
#: The key of another part of the same project, "" for none.
PartKey = Annotated[str, StringConstraints(max_length=32, pattern=r"^([a-z0-9][a-z0-9-]*)?$")]
Page = Annotated[int, Field(ge=1, le=100_000)]
Fen = Annotated[int, Field(ge=0, le=10**13)]
Millimetres = Annotated[int, Field(ge=1, le=100_000)]
Lux = Annotated[int, Field(ge=1, le=2_000)]

Copyright = Literal["unknown", "expired", "official", "ours", "licensed", "refused"]
Portrait = Literal["unknown", "none", "agreed", "public-event", "refused"]
Donor = Literal["unknown", "none", "agreed", "refused"]
Shown = Literal["original", "facsimile", "image"]
CaseKind = Literal["case", "wall", "plinth", "screen"]
Category = Literal["collecting", "design", "printing", "transport", "digital", "publicity", "other"]
Movement = Literal["still", "zoom-in", "zoom-out", "pan"]

CATEGORY_NAMES: dict[str, str] = {
    "collecting": "征集与借展",
    "design": "设计与布展",
    "printing": "印刷与制作",
    "transport": "运输与保险",
    "digital": "数字与视频",
    "publicity": "宣传与活动",
    "other": "其他",
}


class Body(BaseModel):
    """What is not named here is refused, so that a slip of the pen is not kept as if it meant something."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ── collections ────────────────────────────────────────────────────────────────


class Collection(Body):
    """A collection 资料夹. about: what it is for."""

    about: Note = ""


class Item(Body):
    """A record in a collection. rating: 0 for none, to 5."""

    note: Note = ""
    tags: tuple[Tag, ...] = Field((), max_length=30)
    rating: int = Field(0, ge=0, le=5)


# ── plans ──────────────────────────────────────────────────────────────────────


class Strict(Body):
    """A number is a number."""

    model_config = ConfigDict(strict=True)


class Exhibition(Strict):
    """What stands in the project itself; its title is the project's name. opens, closes: of the exhibition on site.

    editorial 凡例: how a compilation was made. map_review: 审图号 of its maps. funds: what may be spent.
    """

    slug: Slug = ""
    subtitle: Line = ""
    lead: Words = ""
    organisers: list[Name] = Field([], max_length=20)
    curators: list[Name] = Field([], max_length=20)
    venue: Line = ""
    opens: Day = ""
    closes: Day = ""
    map_review: Short = ""
    editorial: list[Words] = Field([], max_length=40)
    funds: Fen = 0

    @model_validator(mode="after")
    def _in_order(self) -> Exhibition:
        if self.opens and self.closes and self.closes < self.opens:
            raise ValueError("闭幕早于开幕")
        return self


class Section(Strict):
    """wanted: what is still looked for here 征集线索, said to visitors."""

    title: Name
    text: Words = ""
    wanted: Annotated[Words, StringConstraints(max_length=300)] = ""


class Quoted(Strict):
    """Words as the page has them. page 0: the record's description."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=400)]
    page: Annotated[int, Field(ge=0, le=100_000)]


class OutsideIn(Strict):
    """Of an object that is not of the holdings: owner, number and agreement in place of a 档号."""

    kind: Literal["loan", "museum", "partner", "private"]
    owner: Name
    number: Short = ""
    agreement: Line = ""


class Rights(Strict):
    """said: what is printed with the object."""

    copyright: Copyright = "unknown"
    portrait: Portrait = "unknown"
    donor: Donor = "unknown"
    said: Line = ""


class Original(Strict):
    """The thing in the room. loanable: whether the original may leave the stack; None: not asked yet. light: the most
    it may be lit by. case: the part it stands in."""

    shown: Shown = "facsimile"
    loanable: bool | None = None
    width: Millimetres | None = None
    height: Millimetres | None = None
    depth: Millimetres | None = None
    light: Lux | None = None
    case: PartKey = ""


class Object(Strict):
    """An exhibit. Stands on the part's record, or on `outside`. title, date: in place of the record's; date_from,
    date_to: of an outside object.

    sources: the words its label was assembled from.  pages: those shown, in order; none: the first with an image.
    event: its line in the chronology.  transcribe: its text is printed (a compilation).
    """

    title: Line = ""
    date: Short = ""
    date_from: Day = ""
    date_to: Day = ""
    label: Annotated[Words, StringConstraints(max_length=400)] = ""
    sources: list[Quoted] = Field([], max_length=12)
    quotation: Quoted | None = None
    pages: list[Page] = Field([], max_length=40)
    alt: Line = ""
    notes: list[Words] = Field([], max_length=40)
    event: Line = ""
    transcribe: bool = False
    is_map: bool | None = None
    map_review: Short = ""
    rights: Rights = Rights()
    outside: OutsideIn | None = None
    original: Original = Original()

    @model_validator(mode="after")
    def _of_a_page(self) -> Object:
        if self.quotation is not None and self.quotation.page == 0:
            raise ValueError("引文须出自某一页")
        return self


class Task(Strict):
    title: Name
    about: Words = ""
    who: Short = ""
    due: Day = ""
    done: bool = False


class BudgetLine(Strict):
    item: Name
    category: Category = "other"
    planned: Fen = 0
    spent: Fen = 0
    note: Line = ""


class Case(Strict):
    """A place for objects. light: what it is lit by."""

    name: Name
    kind: CaseKind = "case"
    width: Millimetres | None = None
    height: Millimetres | None = None
    depth: Millimetres | None = None
    light: Lux | None = None
    note: Line = ""


class Shot(Strict):
    """Of the short video. object: the part whose page is seen, "" for none."""

    object: PartKey = ""
    page: Page = 1
    movement: Movement = "still"
    picture: Line = ""
    narration: Annotated[Words, StringConstraints(max_length=500)] = ""
    sound: Line = ""
    seconds: Annotated[int, Field(ge=1, le=600)]


#: Kinds of project that are planned.
PLANNED: tuple[str, ...] = ("exhibition", "compilation")
#: What stands in a part of a plan, by its kind.
PART_BODIES: Mapping[str, type[Body]] = {
    "section": Section,
    "object": Object,
    "task": Task,
    "budget": BudgetLine,
    "case": Case,
    "shot": Shot,
}
#: (kind of project, kind of part; "" for the project's own) → the model of that body.
BODIES: Mapping[tuple[str, str], type[Body]] = {
    ("collection", ""): Collection,
    ("collection", "item"): Item,
    **{(kind, ""): Exhibition for kind in PLANNED},
    **{(kind, part): model for kind in PLANNED for part, model in PART_BODIES.items()},
}
#: Parts that visitors see: what reviews are about.
REVIEWED: tuple[str, ...] = ("section", "object")


def checked(kind: str, part: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The body as JSON with everything its model says, defaults too. Errors: BadInput, which says what is wrong."""
    model = BODIES.get((kind, part))
    if model is None:
        known = sorted({k for k, _ in BODIES} if not part else {p for k, p in BODIES if k == kind and p})
        raise BadInput(f"没有“{part or kind}”这一类。", advice=f"可选：{'、'.join(known)}。")
    try:
        return model.model_validate(dict(body)).model_dump(mode="json")
    except ValidationError as error:
        wrong = "；".join(f"{'.'.join(map(str, e['loc'])) or '正文'}：{said(e)}" for e in error.errors())
        raise BadInput(f"{wrong}。", advice="请改正后再存。") from error


@dataclass(frozen=True)
class Part:
    """One part as it stands. Parts of a plan are given in order, those of one parent together."""

    key: str
    kind: str
    parent: str
    record_id: str
    body: Body


def digest(name: str, plan: Exhibition, parts: Iterable[Part]) -> str:
    """A name of exactly what visitors are to see: who changes that takes a reviewed plan back to draft.

    Money, tasks, cases, shots, where and when it opens, and of the original all but the size that is told are no part
    of it.
    """
    seen = [
        [part.key, part.kind, part.parent, part.record_id, _shown(part.body)]
        for part in parts
        if part.kind in REVIEWED
    ]
    return _digest([name, _said(plan, {"funds", "venue", "opens", "closes"}), seen])


def _shown(body: Body) -> dict[str, Any]:
    """Of a section or an object, what visitors see."""
    told = _said(body, {"original"})
    if isinstance(body, Object) and body.original.width and body.original.height:
        told["size"] = [body.original.width, body.original.height]
    return told


def _said(body: Body, but: set[str]) -> dict[str, Any]:
    """What somebody wrote; a field that is new in a later version is nothing that changed."""
    return body.model_dump(exclude=but, exclude_defaults=True)


def label_digest(record_id: str, body: Object) -> str:
    """A name of exactly what an approval of a label approves: its words, and what they are said to stand on."""
    quoted = body.quotation.model_dump() if body.quotation else None
    stands = body.outside.model_dump() if body.outside else record_id
    told = [body.label, [source.model_dump() for source in body.sources], quoted, stands]
    return _digest(told)


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
