"""The shapes of projects, their parts, history and comments."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from search_api.schema import Said, Shape
from search_api.schema_curation import RecordId, Seen, Words

PartId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=32)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1, description="您所见的版本 the version you saw")]
Name = Annotated[Said, Field(max_length=200)]
#: Where a part lies: behind which other; "" the first, null the last.
After = Annotated[PartId | Literal[""] | None, Field(description="放在它后面；空为最前，null 为最后")]
Where = Annotated[PartId | Literal[""], Field(description="所在的部分；空为项目之下")]
Right = Literal["none", "read", "write", "own"]


class ColleagueOut(Shape):
    """handle: what to write after @."""

    id: str
    handle: str
    name: str
    roles: list[str]


class ColleaguesOut(Shape):
    people: list[ColleagueOut]
    roles: dict[str, str] = Field(description="可共享的角色 role → its name")


class ProjectNew(Shape):
    kind: Name = Field(max_length=16, examples=["collection"])
    name: Name = Field(examples=["灯塔"])
    body: dict[str, Any] = Field({})


class ProjectChange(Shape):
    """What is null stays."""

    version: Version
    name: Name | None = None
    body: dict[str, Any] | None = None


class ProjectOut(Shape):
    """right: what the caller may do.  shared: "account:3", "role:curator" → may write.  parts: how many."""

    id: int
    kind: str
    name: str
    body: dict[str, Any]
    stage: str
    version: int
    gone: bool
    owner_id: str
    owner: str
    made_at: str
    changed_by: str
    changed_at: str
    right: Right
    parts: int
    shared: dict[str, bool]


class ProjectsOut(Shape):
    projects: list[ProjectOut]


class PartNew(Shape):
    """id: wanted where others in the same request lie in it; else it is made up."""

    kind: Said = Field(max_length=16, examples=["item"])
    body: dict[str, Any] = Field({})
    record: RecordId | None = None
    parent: Where = ""
    after: After = None
    id: PartId | None = None


class PartsNew(Shape):
    parts: list[PartNew] = Field(min_length=1, max_length=200)


class PartChange(Shape):
    version: Version
    body: dict[str, Any]


class PartMove(Shape):
    version: Version
    parent: Where = ""
    after: After = None


class PartOut(Shape):
    """record: null for a part that stands on none, and where it is withdrawn; then the body is empty."""

    id: str
    kind: str
    parent: str
    record: Seen | None
    withdrawn: bool
    body: dict[str, Any]
    version: int
    changed_by: str
    changed_at: str


class PartsOut(Shape):
    parts: list[PartOut]


class TreeOut(Shape):
    """parts: in reading order, each before what lies in it."""

    project: ProjectOut
    parts: list[PartOut]


class ShareIn(Shape):
    """may: null takes it back."""

    holder: Annotated[str, Field(pattern=r"^(account|key|role):[a-z0-9_]+$", max_length=64)]
    may: Literal["read", "write"] | None


class OwnerIn(Shape):
    """person: a colleague's id."""

    person: Annotated[str, Field(pattern=r"^(account|key):[0-9]+$", max_length=64)]


class ChangeOut(Shape):
    """part: "" for the project itself.  record: what the part stands on.  before, after: the fields that changed."""

    id: int
    part: str
    record: Seen | None
    what: Literal["added", "changed", "moved", "removed", "undone"]
    before: dict[str, Any]
    after: dict[str, Any]
    by_id: str
    by: str
    at: str


class ChangesOut(Shape):
    """next: give it as `before` for those that came earlier; null: there are none."""

    changes: list[ChangeOut]
    next: int | None


class CommentNew(Shape):
    """text: @ and a colleague's handle or name tells them."""

    text: Words = Field(min_length=1)
    part: Where = ""


class CommentDone(Shape):
    done: bool


class CommentOut(Shape):
    """mentions: ids of those it names.  done_by: "" while it is open."""

    id: int
    project_id: int
    part: str
    text: str
    by_id: str
    by: str
    at: str
    mentions: list[str]
    done_by: str


class CommentsOut(Shape):
    comments: list[CommentOut]


class MentionOut(Shape):
    project: str
    comment: CommentOut


class MentionsOut(Shape):
    mentions: list[MentionOut]


class FindOut(Shape):
    """A part, and whose it is."""

    project_id: int
    project_kind: str
    project: str
    part: PartOut


class FindsOut(Shape):
    found: list[FindOut]
