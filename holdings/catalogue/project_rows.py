"""What every write to a project goes by: who may, one at a time, nothing overwritten, all of it on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.colleagues import holders
from holdings.catalogue.tables_projects import ChangeRow, PartRow, ProjectRow, ShareRow
from holdings.catalogue.visibility import is_held
from holdings.errors import BadInput, ChangedSince, Conflict, NotAllowed, NotFound

_HELD = "它的档案已撤下，暂不能改。"

Right = Literal["none", "read", "write", "own"]
What = Literal["added", "changed", "moved", "removed", "undone"]
_RIGHTS: tuple[Right, ...] = ("none", "read", "write", "own")
#: How deep parts may lie in each other.
DEEPEST = 8
#: Under what a body names the part of its project that it is about (`Shot` in curation/plan.py).
NAMED = "object"


# ── who may ────────────────────────────────────────────────────────────────────


def right_of(session: Session, row: ProjectRow, caller: Caller) -> Right:
    """What the caller may do with it. An admin owns what anybody does: a project outlives its owner's account."""
    if row.owner_id == caller.person or "admin" in caller.roles:
        return "own"
    given = select(ShareRow.writes).where(
        ShareRow.project_id == row.id, ShareRow.holder.in_(holders(caller.person, caller.roles))
    )
    found = list(session.scalars(given))
    return "write" if any(found) else "read" if found else "none"


def are_of(caller: Caller) -> ColumnElement[bool]:
    """A column of ProjectRow: whether the caller owns it or was given it."""
    given = select(ShareRow.project_id).where(ShareRow.holder.in_(holders(caller.person, caller.roles)))
    return or_(ProjectRow.owner_id == caller.person, ProjectRow.id.in_(given))


def project_row(
    session: Session, project_id: int, caller: Caller, need: Right = "read", *, gone_too: bool = False
) -> ProjectRow:
    """The project; for a change nobody else changes it before this transaction ends.

    Errors: NotFound, in the same words for none and for one that is not shared; NotAllowed; Conflict for a change
    to one that is gone.
    """
    row = session.get(ProjectRow, project_id, with_for_update=need != "read")
    right = right_of(session, row, caller) if row else "none"
    if row is None or right == "none":
        raise NotFound("没有这个项目，或没有共享给您。")
    if _RIGHTS.index(right) < _RIGHTS.index(need):
        said = "只有项目的主人能办。" if need == "own" else "这个项目给您的是只读。"
        raise NotAllowed(said, advice=f"请找 {row.owner}。")
    if need != "read" and row.gone and not gone_too:
        raise Conflict("这个项目已移去。", advice="请先在历史中恢复。")
    return row


# ── parts ──────────────────────────────────────────────────────────────────────


def part_row(session: Session, project_id: int, part_id: str, *, gone_too: bool = False) -> PartRow:
    """A part that can be written to. Errors: NotFound; ChangedSince for one that is gone; Conflict where it or
    what it lies in is withdrawn or gone."""
    row = session.get(PartRow, (project_id, part_id))
    if row is None:
        raise NotFound("项目中没有这一部分。")
    if part_id in held_parts(session, project_id):  # before anything of it is told
        raise Conflict(_HELD, advice="可以移去这一部分。")
    if row.gone and not gone_too:
        check_parent(session, project_id, row.parent)
        raise ChangedSince(f"{row.changed_by} 已移去这一部分。", standing(row), advice="可在历史中恢复。")
    check_parent(session, project_id, row.parent)
    return row


def check_parent(session: Session, project_id: int, parent: str, moving: str = "") -> None:
    """Whether a part may lie there. moving: the part that is to, with what lies in it. Errors: BadInput, NotFound,
    Conflict."""
    below = _levels_below(session, project_id, moving) if moving and parent else 0
    for _ in range(DEEPEST - below):
        if not parent:
            return
        if parent == moving:
            raise BadInput("不能放进它自己里面。")
        row = session.get(PartRow, (project_id, parent))
        if row is None:
            raise NotFound("项目中没有所要放入的那一部分。")
        if row.gone:
            raise Conflict(f"所在的部分已由 {row.changed_by} 移去。", advice="可在历史中恢复。")
        _not_held(session, row)
        parent = row.parent
    raise BadInput(f"层级太深：至多 {DEEPEST} 层。")


def _levels_below(session: Session, project_id: int, part_id: str) -> int:
    """How many levels of parts lie in this one."""
    inside = _inside(session, project_id)
    levels, these = -1, [part_id]
    while these:
        levels, these = levels + 1, [one for part in these for one in inside.get(part, ())]
    return levels


def _not_held(session: Session, row: PartRow) -> None:
    query = select(PartRow.id).where(PartRow.project_id == row.project_id, PartRow.id == row.id)
    if row.record_id and session.scalar(query.where(is_held(PartRow.record_id))):
        raise Conflict(_HELD, advice="可以移去这一部分。")


def held_parts(session: Session, project_id: int) -> frozenset[str]:
    """Parts whose record is quarantined, and all that lies in them or is about them: nothing of them is shown."""
    mine = PartRow.project_id == project_id
    held = set(session.scalars(select(PartRow.id).where(mine, is_held(PartRow.record_id))))
    return frozenset(about(session, project_id, held)) if held else frozenset()


def about(session: Session, project_id: int, part_ids: set[str]) -> set[str]:
    """These parts, all that lies in them, and what is written of one of them elsewhere: its body names it."""
    found = within(session, project_id, part_ids)
    of = select(PartRow.id, PartRow.body[NAMED].as_string()).where(
        PartRow.project_id == project_id, PartRow.body[NAMED].as_string().is_not(None)
    )
    return found | {part_id for part_id, named in session.execute(of) if named in found}


def within(session: Session, project_id: int, part_ids: set[str]) -> set[str]:
    """These parts and all that lies in them."""
    inside = _inside(session, project_id)
    found, waiting = set[str](), list(part_ids)
    while waiting:
        part_id = waiting.pop()
        found.add(part_id)
        waiting += inside.get(part_id, ())
    return found


def _inside(session: Session, project_id: int) -> dict[str, list[str]]:
    """part → those that lie in it, gone or not."""
    found: dict[str, list[str]] = {}
    query = select(PartRow.id, PartRow.parent).where(PartRow.project_id == project_id)
    for part_id, parent in session.execute(query):
        found.setdefault(parent, []).append(part_id)
    return found


# ── writing ────────────────────────────────────────────────────────────────────


def check_seen(session: Session, row: ProjectRow | PartRow, version: int, fields: set[str]) -> None:
    """Whether these fields are still as they were in the version the writer saw: a move does not void a text that
    somebody is writing, another text does. Errors: ChangedSince, with what stands now and who wrote it."""
    if version == row.version:
        return
    project_id, part = _place(row)
    later = select(ChangeRow.by, ChangeRow.after).where(
        ChangeRow.project_id == project_id, ChangeRow.part == part, ChangeRow.version > version
    )
    rows = session.execute(later.order_by(ChangeRow.version.desc()))
    writers = [by for by, after in rows if fields & set(after)]
    if writers or version > row.version:
        said = f"{writers[0]} 先改过。" if writers else "没有这个版本。"
        raise ChangedSince(said, standing(row), advice="现有内容随此答复给出，请对照后再存。")


def standing(row: ProjectRow | PartRow) -> dict[str, Any]:
    """What stands now, as JSON."""
    names = ("name", "stage") if isinstance(row, ProjectRow) else ("id", "kind", "parent")
    shown = {name: getattr(row, name) for name in (*names, "body", "version", "gone", "changed_by")}
    return shown | {"changed_at": row.changed_at.isoformat()}


def write(
    session: Session,
    project: ProjectRow,
    row: ProjectRow | PartRow,
    what: What,
    wanted: Mapping[str, Any],
    caller: Caller,
) -> None:
    """Set these fields and note what they were. What is as wanted already makes no version."""
    before = {name: getattr(row, name) for name in wanted if getattr(row, name) != wanted[name]}
    if not before:
        return
    for name in before:
        setattr(row, name, wanted[name])
    row.version += 1
    note(session, project, row, what, before, caller)


def note(
    session: Session,
    project: ProjectRow,
    row: ProjectRow | PartRow,
    what: What,
    before: Mapping[str, Any],
    caller: Caller,
    after: Mapping[str, Any] | None = None,
) -> None:
    """On record: by whom, when, from what to what. after: None: the fields of `before` as they are now."""
    now = datetime.now(UTC)
    project_id, part = _place(row)
    for one in (project, row):
        one.changed_by, one.changed_at = caller.name, now
    session.add(
        ChangeRow(
            project_id=project_id,
            part=part,
            what=what,
            before=dict(before),
            after=dict(after) if after is not None else {name: getattr(row, name) for name in before},
            version=row.version,
            by_id=caller.person,
            by=caller.name,
            at=now,
        )
    )


def _place(row: ProjectRow | PartRow) -> tuple[int, str]:
    """A row's project, and its part of it: "" for the project itself."""
    return (row.id, "") if isinstance(row, ProjectRow) else (row.project_id, row.id)
