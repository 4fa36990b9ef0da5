"""/v1/projects, /v1/me/mentions: projects 项目 that several people work on without overwriting each other."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.plan import checked
from holdings.catalogue.project_comments import Comment
from holdings.catalogue.project_parts import NewPart
from holdings.roles import PROJECT_ROLES, ROLE_NAMES
from search_api.callers import Colleague, InHouse
from search_api.projects_out import change_out, parts_out, project_out, seen_records
from search_api.schema import Changed
from search_api.schema_projects import (
    ChangesOut,
    ColleagueOut,
    ColleaguesOut,
    CommentDone,
    CommentNew,
    CommentOut,
    CommentsOut,
    MentionOut,
    MentionsOut,
    OwnerIn,
    PartChange,
    PartId,
    PartMove,
    PartOut,
    PartsNew,
    PartsOut,
    ProjectChange,
    ProjectNew,
    ProjectOut,
    ProjectsOut,
    ShareIn,
    TreeOut,
)

router = APIRouter(prefix="/v1", tags=["项目 projects"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Part_ = Annotated[PartId, Path()]
Seen = Annotated[int, Query(ge=1, le=2**31 - 1, description="您所见的版本")]


# ── projects ───────────────────────────────────────────────────────────────────


@router.get("/projects", summary="项目 Projects")
async def get_projects(
    house: InHouse, caller: Colleague, gone: bool = False, everyones: bool = False
) -> ProjectsOut:
    """自己的与共享来的，新改的在前。gone=true 列已移去的；everyones=true 时业务管理员见全部。"""
    found = await asyncio.to_thread(
        lambda: house.catalogue.projects.listing(caller, gone=gone, everyones=everyones)
    )
    return ProjectsOut(projects=[project_out(one) for one in found])


@router.post("/projects", summary="新项目 A new project", status_code=201)
async def postproject_out(house: InHouse, caller: Colleague, given: ProjectNew) -> ProjectOut:
    """新建，归自己；要几个人做，另行共享。"""
    body = checked(given.kind, "", given.body)
    return project_out(
        await asyncio.to_thread(house.catalogue.projects.add, given.kind, given.name, body, caller)
    )


@router.get("/projects/people", summary="同事 Colleagues and roles to share with")
async def get_people(house: InHouse, caller: Colleague) -> ColleaguesOut:
    """可共享、可 @ 的同事，及可共享的角色。"""
    people = await asyncio.to_thread(house.catalogue.colleagues.listing)
    return ColleaguesOut(
        people=[ColleagueOut(id=p.id, handle=p.handle, name=p.name, roles=sorted(p.roles)) for p in people],
        roles={role: name for role, name in ROLE_NAMES.items() if role in PROJECT_ROLES},
    )


@router.get("/projects/{project_id}", summary="一个项目 One project with its parts")
async def getproject_out(house: InHouse, caller: Colleague, project_id: Number) -> TreeOut:
    """项目与它的各部分，按次序，先外后内；条目已撤下的部分只余其位。"""
    project = await asyncio.to_thread(house.catalogue.projects.get, project_id, caller)
    parts = await asyncio.to_thread(house.catalogue.project_parts.tree, project_id, caller)
    return TreeOut(project=project_out(project), parts=await parts_out(house, caller, parts))


@router.patch("/projects/{project_id}", summary="改项目 Change a project")
async def patchproject_out(
    house: InHouse, caller: Colleague, project_id: Number, given: ProjectChange
) -> ProjectOut:
    """改名称、正文；别人先改过时不覆盖，答复（409）给出现有内容。"""
    project = await asyncio.to_thread(house.catalogue.projects.get, project_id, caller)
    body = None if given.body is None else checked(project.kind, "", given.body)
    changed = await asyncio.to_thread(
        lambda: house.catalogue.projects.change(project_id, given.version, caller, name=given.name, body=body)
    )
    return project_out(changed)


@router.delete("/projects/{project_id}", summary="移去项目 Take a project away")
async def deleteproject_out(house: InHouse, caller: Colleague, project_id: Number, seen: Seen) -> Changed:
    """由主人移去；在历史中撤销这一步，即全部恢复。"""
    await asyncio.to_thread(house.catalogue.projects.remove, project_id, seen, caller)
    return Changed(id=str(project_id), detail="已移去，可在历史中恢复。")


@router.put("/projects/{project_id}/sharing", summary="共享 Share with a person or a role")
async def put_sharing(house: InHouse, caller: Colleague, project_id: Number, given: ShareIn) -> ProjectOut:
    """由主人共享给一位同事或一种角色，只读或可改；may 为 null 则收回。"""
    writes = None if given.may is None else given.may == "write"
    shared = await asyncio.to_thread(house.catalogue.projects.share, project_id, given.holder, writes, caller)
    return project_out(shared)


@router.put("/projects/{project_id}/owner", summary="移交 Hand a project over")
async def put_owner(house: InHouse, caller: Colleague, project_id: Number, given: OwnerIn) -> ProjectOut:
    """由主人移交给另一位同事，记入历史；原主人仍可改。"""
    handed = await asyncio.to_thread(house.catalogue.projects.hand_over, project_id, given.person, caller)
    return project_out(handed)


# ── parts ──────────────────────────────────────────────────────────────────────


@router.post("/projects/{project_id}/parts", summary="加入 Add parts", status_code=201)
async def post_parts(house: InHouse, caller: Colleague, project_id: Number, given: PartsNew) -> PartsOut:
    """加一个或几个部分，要么全加，要么不加；后面的可放进前面的。"""
    project = await asyncio.to_thread(house.catalogue.projects.get, project_id, caller)
    new = [
        NewPart(p.kind, checked(project.kind, p.kind, p.body), p.parent, p.record or "", p.after, p.id or "")
        for p in given.parts
    ]
    added = await asyncio.to_thread(house.catalogue.project_parts.add, project_id, new, caller)
    return PartsOut(parts=await parts_out(house, caller, added))


@router.patch("/projects/{project_id}/parts/{part}", summary="改一部分 Change a part")
async def patch_part(
    house: InHouse, caller: Colleague, project_id: Number, part: Part_, given: PartChange
) -> PartOut:
    """改正文；别人先改过时不覆盖，答复（409）给出现有内容，只是挪过位置的不妨碍。"""
    project = await asyncio.to_thread(house.catalogue.projects.get, project_id, caller)
    kind = await asyncio.to_thread(house.catalogue.project_parts.kind_of, project_id, part, caller)
    body = checked(project.kind, kind, given.body)
    changed = await asyncio.to_thread(
        house.catalogue.project_parts.change, project_id, part, body, given.version, caller
    )
    return (await parts_out(house, caller, [changed]))[0]


@router.post("/projects/{project_id}/parts/{part}/move", summary="挪一部分 Move a part")
async def post_move(
    house: InHouse, caller: Colleague, project_id: Number, part: Part_, given: PartMove
) -> PartOut:
    """挪到某一部分之内、某一部分之后；正在改它的人不受影响。"""
    moved = await asyncio.to_thread(
        lambda: house.catalogue.project_parts.move(
            project_id, part, given.parent, given.after, given.version, caller
        )
    )
    return (await parts_out(house, caller, [moved]))[0]


@router.delete("/projects/{project_id}/parts/{part}", summary="移去一部分 Take a part away")
async def delete_part(
    house: InHouse, caller: Colleague, project_id: Number, part: Part_, seen: Seen
) -> Changed:
    """连同其内的一并移去；在历史中撤销这一步，即全部恢复。"""
    await asyncio.to_thread(house.catalogue.project_parts.remove, project_id, part, seen, caller)
    return Changed(id=part, detail="已移去，可在历史中恢复。")


# ── history ────────────────────────────────────────────────────────────────────


@router.get("/projects/{project_id}/changes", summary="历史 History")
async def get_changes(
    house: InHouse,
    caller: Colleague,
    project_id: Number,
    part: Annotated[PartId | None, Query(description="只看这一部分")] = None,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="更早的：上一页的 next")] = None,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ChangesOut:
    """谁在何时把什么改成什么，新的在前；已移去的项目也可看。"""
    found = await asyncio.to_thread(
        lambda: house.catalogue.project_history.listing(
            project_id, caller, part=part, before=before, most=size
        )
    )
    seen = await asyncio.to_thread(seen_records, house, caller, [one.record_id for one in found])
    changes = [change_out(one, seen) for one in found]
    return ChangesOut(changes=changes, next=found[-1].id if len(found) == size else None)


@router.post("/projects/{project_id}/changes/{change_id}/undo", summary="撤销 Undo a step")
async def post_undo(house: InHouse, caller: Colleague, project_id: Number, change_id: Number) -> Changed:
    """把这一步改的改回去，也记为一步，可再撤销；此后又改过的不动，答复（409）给出现有内容。"""
    await asyncio.to_thread(house.catalogue.project_history.undo, project_id, change_id, caller)
    return Changed(id=str(change_id), detail="已撤销。")


# ── comments ───────────────────────────────────────────────────────────────────


@router.get("/projects/{project_id}/comments", summary="评论 Comments")
async def get_comments(house: InHouse, caller: Colleague, project_id: Number) -> CommentsOut:
    """项目与各部分的评论，旧的在前。"""
    found = await asyncio.to_thread(house.catalogue.project_comments.listing, project_id, caller)
    return CommentsOut(comments=[_comment(one) for one in found])


@router.post("/projects/{project_id}/comments", summary="写评论 Comment", status_code=201)
async def post_comment(
    house: InHouse, caller: Colleague, project_id: Number, given: CommentNew
) -> CommentOut:
    """评论整个项目或一部分；@账号名 或 @姓名 会告诉此人。"""
    made = await asyncio.to_thread(
        house.catalogue.project_comments.add, project_id, given.part, given.text, caller
    )
    return _comment(made)


@router.patch("/projects/{project_id}/comments/{comment_id}", summary="评论办结 A comment is dealt with")
async def patch_comment(
    house: InHouse, caller: Colleague, project_id: Number, comment_id: Number, given: CommentDone
) -> CommentOut:
    """办结，或重新打开。"""
    changed = await asyncio.to_thread(
        house.catalogue.project_comments.set_done, project_id, comment_id, given.done, caller
    )
    return _comment(changed)


@router.get("/me/mentions", summary="提到我的 Comments that name me")
async def get_mentions(house: InHouse, caller: Colleague) -> MentionsOut:
    """提到自己而未办结的评论，新的在前。"""
    found = await asyncio.to_thread(house.catalogue.project_comments.mentions, caller)
    return MentionsOut(
        mentions=[MentionOut(project=name, comment=_comment(comment)) for comment, name in found]
    )


def _comment(one: Comment) -> CommentOut:
    said = {"at": one.at.isoformat(), "mentions": list(one.mentions)}
    return CommentOut.model_validate(vars(one) | said)
