"""What stands in the bodies of projects and their parts: a model for each (project kind, part kind)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from holdings.errors import BadInput
from holdings.invalid import said

#: Lines and paragraphs of a person: no control characters but tab and line breaks.
Words = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
Tag = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$"),
]


class Body(BaseModel):
    """What is not named here is refused, so that a slip of the pen is not kept as if it meant something."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Collection(Body):
    """A collection 资料夹. about: what it is for."""

    about: Words = ""


class Item(Body):
    """A record in a collection. rating: 0 for none, to 5."""

    note: Words = ""
    tags: tuple[Tag, ...] = Field((), max_length=30)
    rating: int = Field(0, ge=0, le=5)


#: (kind of project, kind of part; "" for the project's own) → the model of that body.
BODIES: Mapping[tuple[str, str], type[Body]] = {
    ("collection", ""): Collection,
    ("collection", "item"): Item,
}


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
