"""/v1/projects/{id}/checks|gaps|label-drafts|labels|sums|stage|edition, /v1/me/plans: a plan until it is published."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.edition import as_json
from curation.labels import Sentence, drafts, quotations
from curation.lights import NAMES, Check, worst
from curation.plan import CATEGORY_NAMES, PLANNED, BudgetLine, Case, Object, Shot, Task, label_digest
from curation.sums import board, due, money, rooms, unplaced
from holdings.access import ANONYMOUS, Caller
from holdings.catalogue.plan_acts import NewAct
from holdings.catalogue.projects import Project
from holdings.catalogue.visibility import today
from holdings.errors import Conflict, NotAllowed, NotFound
from holdings.plan_rules import LABEL, STAGE_NAMES, STEP_NAMES, Act, admit
from search_api.callers import Colleague, InHouse
from search_api.editions import act, edition_of, hindrance, object_of, withdrawn
from search_api.house import House
from search_api.plans import Checked, Known, Plan, checked, gaps_of, known, load, planned
from search_api.schema import Changed
from search_api.schema_plans import (
    ActOut,
    CheckOut,
    ChecksOut,
    DraftOut,
    DraftsOut,
    EditionOut,
    ExhibitChecks,
    GapOut,
    GapsOut,
    LabelsIn,
    MoneyOut,
    MyPlanOut,
    MyPlansOut,
    RoomOut,
    SentenceOut,
    StageOut,
    StepIn,
    SumsOut,
    TaskOut,
    WantedOut,
    WithdrawnOut,
)
from search_api.schema_projects import PartId

router = APIRouter(prefix="/v1", tags=["展陈 plans"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


# ── checks, gaps, drafts, sums ─────────────────────────────────────────────────


@router.get("/projects/{project_id}/checks", summary="核对 Checks of every exhibit")
async def get_checks(house: InHouse, caller: Colleague, project_id: Number) -> ChecksOut:
    """每件展品逐项亮灯：red 不能发布，amber 请看一看，unknown 还没有人说；各有理由与办法。"""

    def told() -> ChecksOut:
        plan = load(house, caller, project_id)
        return _checks(checked(house, plan))

    return await asyncio.to_thread(told)


@router.get("/projects/{project_id}/gaps", summary="缺项 Gaps, and the wanted list")
async def get_gaps(house: InHouse, caller: Colleague, project_id: Number) -> GapsOut:
    """哪一部分没有本地解放以前的展品、没有图像、一件也没有；每处附一句征集线索，可写进该部分的 wanted。"""

    def told() -> GapsOut:
        plan = load(house, caller, project_id)
        return GapsOut(
            liberation=house.settings.liberation.isoformat(),
            gaps=[GapOut.model_validate(vars(gap)) for gap in gaps_of(house, plan)],
            wanted=[
                WantedOut(section=key, title=section.title, wanted=section.wanted)
                for key, section in plan.sections
                if section.wanted
            ],
        )

    return await asyncio.to_thread(told)


@router.get("/projects/{project_id}/label-drafts", summary="拟说明牌 Drafts of a label")
async def get_label_drafts(
    house: InHouse, caller: Colleague, project_id: Number, part: Annotated[PartId, Query()]
) -> DraftsOut:
    """只用该条目公众可读的著录与原文句子，逐句注明页码；不添一字，须由人定稿。"""

    def told() -> DraftsOut:
        plan = load(house, caller, project_id)
        one = next((k for k in known(house, plan) if k.part.key == part), None)
        if one is None:
            raise NotFound("方案中没有这件展品。")
        return _drafts(house, one)

    return await asyncio.to_thread(told)


@router.post("/projects/{project_id}/labels", summary="说明牌定稿 Approve labels")
async def post_labels(house: InHouse, caller: Colleague, project_id: Number, given: LabelsIn) -> Changed:
    """核对后定稿；定的是这段文字、这些依据，改一字即须重定。"""

    def done() -> int:
        plan = load(house, caller, project_id)
        _may_write(plan.project)
        new = []
        for one in given.labels:
            found = object_of(plan, one.part)
            if found is None or one.part in plan.held:
                raise NotFound("方案中没有这件展品。")
            record_id, body = found
            if body.label != one.label.strip():
                raise Conflict("说明文字刚被改过，与您所见的不同。", advice="请重新打开再看。")
            new.append(NewAct(LABEL, label_digest(record_id, body), one.part))

        def allowed(acts: list[Act]) -> str:
            admit(caller, LABEL, plan.stands, one_person=False)
            return ""

        return len(house.catalogue.plan_acts.add(project_id, new, caller, allowed))

    count = await asyncio.to_thread(done)
    return Changed(id=str(project_id), detail=f"已定稿 {count} 件。")


@router.get("/projects/{project_id}/sums", summary="合计 Money, room, tasks, story-board")
async def get_sums(house: InHouse, caller: Colleague, project_id: Number) -> SumsOut:
    """预算合计（分）、展柜所容、任务期限、短视频分镜的秒数。"""
    return await asyncio.to_thread(lambda: _sums(load(house, caller, project_id)))


# ── its way before the public ──────────────────────────────────────────────────


@router.get("/projects/{project_id}/stage", summary="进度 Where a plan stands")
async def get_stage(house: InHouse, caller: Colleague, project_id: Number) -> StageOut:
    """草稿 → 初审 → 复审 → 终审 → 一校 → 二校 → 三校 → 开放审核 → 发布 → 归档；谁、何时，全在其中。审后改过的回到草稿。"""
    return await asyncio.to_thread(lambda: _stage(house, load(house, caller, project_id), caller))


@router.post("/projects/{project_id}/stage", summary="审、校、发布 A step of its way")
async def post_stage(house: InHouse, caller: Colleague, project_id: Number, given: StepIn) -> StageOut:
    """办一步，或退回（return，须说明）。每步由不同的人；有一项核对不过即不能发布，答复（409）逐项列出。"""

    def done() -> StageOut:
        plan = load(house, caller, project_id)
        if given.step in ("submit", "publish", "archive"):
            _may_write(plan.project)
        act(house, plan, caller, given.step, given.words, given.seen)
        return _stage(house, load(house, caller, project_id), caller)

    return await asyncio.to_thread(done)


@router.get("/projects/{project_id}/edition", summary="定稿预览 The edition as it would be published today")
async def get_edition(house: InHouse, caller: Colleague, project_id: Number) -> EditionOut:
    """公众今天会看到的样子；公众看不到的展品不在其中。"""

    def told() -> EditionOut:
        plan = load(house, caller, project_id)
        number = plan.stands.published.edition if plan.stands.published else 0
        return EditionOut(edition=as_json(edition_of(house, plan, number=number)))

    return await asyncio.to_thread(told)


@router.get("/me/plans", summary="我的方案 My plans: where each stands, what was withdrawn")
async def get_my_plans(house: InHouse, caller: Colleague) -> MyPlansOut:
    """自己的与共享来的展览与汇编：到哪一步，是否等您办，哪些展品已撤下，哪些任务到期。"""

    def told() -> MyPlansOut:
        projects = [p for p in house.catalogue.projects.listing(caller) if p.kind in PLANNED]
        acts = house.catalogue.plan_acts.of_many([p.id for p in projects])
        return MyPlansOut(
            plans=[
                _mine(house, planned(house, project, acts.get(project.id, ()), caller), caller)
                for project in projects
            ]
        )

    return await asyncio.to_thread(told)


def _may_write(project: Project) -> None:
    if project.right not in ("write", "own"):
        raise NotAllowed("这个项目给您的是只读。", advice=f"请找 {project.owner}。")


# ── for people ─────────────────────────────────────────────────────────────────


def _check(check: Check) -> CheckOut:
    return CheckOut.model_validate(vars(check) | {"label": NAMES[check.name], "blocks": check.blocks})


def _checks(found: Checked) -> ChecksOut:
    failing = len(found.failing())
    return ChecksOut(
        publishable=not failing,
        failing=failing,
        plan=[_check(check) for check in found.plan],
        exhibits=[
            ExhibitChecks(
                part=one.part.key,
                section=one.part.parent,
                title=one.title,
                reference_code=one.stored.record.reference_code if one.stored else "",
                light=worst(list(own)),
                checks=[_check(check) for check in own],
            )
            for one, own in found.each
        ],
    )


def _drafts(house: House, one: Known) -> DraftsOut:
    """Of all its pages, not only of those shown."""
    if one.stored is None:
        return DraftsOut(part=one.part.key, drafts=[], quotations=[])
    pages = house.pages(ANONYMOUS).of(one.stored.record.id, limit=50)
    texts = {page.number: page.text for page in pages if page.text}
    record = one.stored.record
    return DraftsOut(
        part=one.part.key,
        drafts=[
            DraftOut(
                label=draft.label,
                length=draft.length,
                fits=draft.fits,
                sentences=[_sentence(sentence) for sentence in draft.sentences],
            )
            for draft in drafts(record, texts, house.segmenter)
        ],
        quotations=[_sentence(s) for s in quotations(record, texts, house.segmenter)],
    )


def _sentence(one: Sentence) -> SentenceOut:
    return SentenceOut(words=one.words, said=one.said, page=one.page, field=one.field)


def _sums(plan: Plan) -> SumsOut:
    bodies = [(part.key, part.body) for part in plan.parts]
    objects = [(key, body) for key, body in bodies if isinstance(body, Object)]
    cases = [(key, body) for key, body in bodies if isinstance(body, Case)]
    sums = money((body for _, body in bodies if isinstance(body, BudgetLine)), plan.body.funds)
    film = board([(key, body) for key, body in bodies if isinstance(body, Shot)])
    return SumsOut(
        planned=sums.planned,
        spent=sums.spent,
        funds=sums.funds,
        left=sums.left,
        budget=[
            MoneyOut(category=name, label=CATEGORY_NAMES[name], planned=planned_, spent=spent)
            for name, (planned_, spent) in sums.by.items()
        ],
        rooms=[
            RoomOut(
                part=room.key,
                name=room.name,
                objects=list(room.objects),
                used=room.used,
                width=room.width,
                unmeasured=room.unmeasured,
                full=room.full,
            )
            for room in rooms(cases, objects)
        ],
        unplaced=unplaced(cases, objects),
        tasks=_tasks(plan),
        seconds=film.seconds,
        characters=film.characters,
        begins=dict(film.begins),
        hurried=list(film.hurried),
    )


def _tasks(plan: Plan) -> list[TaskOut]:
    tasks = [(part.key, part.body) for part in plan.parts if isinstance(part.body, Task)]
    return [
        TaskOut(part=key, title=task.title, who=task.who, due=task.due, state=due(task, today()))
        for key, task in tasks
    ]


def _act(one: Act) -> ActOut:
    return ActOut.model_validate(vars(one) | {"label": STEP_NAMES[one.step], "at": one.at.isoformat()})


def _acts(some: Sequence[Act]) -> list[ActOut]:
    return [_act(one) for one in some]


def _stage(house: House, plan: Plan, caller: Caller) -> StageOut:
    now = plan.stands
    why = hindrance(plan, caller, one_person=house.settings.one_person_review)
    return StageOut.model_validate(
        {
            "stage": now.stage,
            "label": STAGE_NAMES[now.stage],
            "step": now.step,
            "step_label": STEP_NAMES[now.step],
            "mine": not why,
            "why": why,
            "digest": plan.digest,
            "changed": now.changed,
            "done": _acts(now.done),
            "returned": _act(now.returned) if now.returned else None,
            "published": _act(now.published) if now.published else None,
            "slug": now.published.slug if now.published else "",
            "acts": _acts(plan.acts),
        }
    )


def _mine(house: House, plan: Plan, caller: Caller) -> MyPlanOut:
    now, gone = plan.stands, withdrawn(house, plan)
    titles = {one.part.key: one.title for one in known(house, plan)} if gone else {}
    open_tasks = [task for task in _tasks(plan) if task.state != "done"]
    return MyPlanOut.model_validate(
        {
            "project": plan.project.id,
            "kind": plan.project.kind,
            "name": plan.project.name,
            "owner": plan.project.owner,
            "right": plan.project.right,
            "changed_at": plan.project.changed_at.isoformat(),
            "stage": now.stage,
            "label": STAGE_NAMES[now.stage],
            "step": now.step,
            "step_label": STEP_NAMES[now.step],
            "mine": not hindrance(plan, caller, one_person=house.settings.one_person_review),
            "changed": now.changed,
            "returned": now.returned is not None,
            "slug": now.published.slug if now.published else "",
            "withdrawn": [
                WithdrawnOut(part=key, title=titles.get(key, ""), why=why) for key, why in gone.items()
            ],
            "tasks": sorted(open_tasks, key=lambda task: (task.due or "9999", task.title)),
        }
    )
