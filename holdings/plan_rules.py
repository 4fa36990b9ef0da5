"""How a plan comes before the public: 三审三校, openness review, publishing. Who may do what, and what still counts. Pure.

draft → 初审 → 复审 → 终审 → 一校 → 二校 → 三校 → 开放审核 → published → archived. One person, one step of a round. Where a plan
stands is never stored apart from its acts: each names, by digest, exactly what it was about, and what is no longer so
counts no more. Whoever changes what visitors are to see has thereby taken the plan back to draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from holdings.access import Caller
from holdings.errors import BadInput, Conflict, NotAllowed

SUBMIT, RETURN, PUBLISH, ARCHIVE, LABEL = "submit", "return", "publish", "archive", "label"
#: What a round goes through, in order.
STEPS: tuple[str, ...] = (
    SUBMIT, "first", "second", "final", "proof-first", "proof-second", "proof-third", "openness",
)  # fmt: skip
STEP_NAMES: dict[str, str] = {
    SUBMIT: "提交",
    "first": "初审",
    "second": "复审",
    "final": "终审",
    "proof-first": "一校",
    "proof-second": "二校",
    "proof-third": "三校",
    "openness": "开放审核",
    PUBLISH: "发布",
    ARCHIVE: "归档",
    RETURN: "退回",
    LABEL: "说明牌定稿",
}
STAGE_NAMES: dict[str, str] = {
    "draft": "草稿",
    "review": "三审",
    "proof": "三校",
    "openness": "开放审核",
    "cleared": "可以发布",
    "published": "已发布",
    "archived": "已归档",
}
_CURATORS = frozenset({"curator", "admin"})
_READERS = frozenset({"curator", "archivist", "reviewer", "admin"})
_SIGNERS = frozenset({"reviewer", "admin"})
STEP_ROLES: dict[str, frozenset[str]] = {
    SUBMIT: _CURATORS,
    "first": _READERS,
    "second": _READERS,
    "final": _SIGNERS,
    "proof-first": _READERS,
    "proof-second": _READERS,
    "proof-third": _READERS,
    "openness": _SIGNERS,
    PUBLISH: _CURATORS,
    ARCHIVE: _CURATORS,
    RETURN: _READERS,
    LABEL: _CURATORS,
}
WORDS_LENGTH = 2_000


@dataclass(frozen=True)
class Act:
    """What somebody did. part: of a label, its object. digest: of what it was about. slug, edition: address and number
    of what was published."""

    id: int
    part: str
    step: str
    digest: str
    words: str
    by_id: str
    by: str
    at: datetime
    slug: str = ""
    edition: int = 0


@dataclass(frozen=True)
class Standing:
    """Where a plan stands. step: what comes next.  done: acts of this round that count.  changed: the round fell because
    the plan was changed after `done` of it.  published: the last publication, whatever was changed since."""

    stage: str
    step: str
    done: tuple[Act, ...] = ()
    changed: bool = False
    returned: Act | None = None
    published: Act | None = None


def standing(acts: Sequence[Act], digest: str) -> Standing:
    """acts: of the plan, oldest first.  digest: of the plan as it is now."""
    done: list[Act] = []
    returned: Act | None = None
    published: Act | None = None
    archived = False
    for act in acts:
        if act.step == LABEL:
            continue
        if act.step in (SUBMIT, RETURN, ARCHIVE):
            done, archived = [], act.step == ARCHIVE
            returned = act if act.step == RETURN else None
        if act.step == ARCHIVE:
            published = None
        if act.step == PUBLISH:
            published = act
        if act.step in STEPS or act.step == PUBLISH:
            done.append(act)
    if any(act.digest != digest for act in done):
        return Standing("draft", SUBMIT, (), True, returned, published)
    if not done:
        return Standing("archived" if archived else "draft", SUBMIT, (), False, returned, published)
    if done[-1].step == PUBLISH:
        return Standing("published", ARCHIVE, tuple(done), False, None, published)
    step = (*STEPS, PUBLISH)[len(done)]
    return Standing(_stage(step), step, tuple(done), False, None, published)


def _stage(step: str) -> str:
    """That in which this step is waited for."""
    if step == PUBLISH:
        return "cleared"
    if step == "openness":
        return "openness"
    return "proof" if step.startswith("proof") else "review"


def admit(caller: Caller, step: str, now: Standing, *, one_person: bool) -> None:
    """Silent if this caller may do this step now. one_person: the house is of one person.

    Errors: BadInput for no such step; Conflict where another is waited for; NotAllowed.
    """
    if step not in STEP_ROLES:
        raise BadInput(f"没有“{step}”这一步。", advice=f"可选：{'、'.join(STEP_ROLES)}。")
    if not caller.person:
        raise NotAllowed("要知道是谁在办。", advice="请用自己的账号或密钥。")
    if not caller.roles & STEP_ROLES[step]:
        raise NotAllowed(f"您的角色不办{STEP_NAMES[step]}。", advice="请由有此角色的同事办理。")
    if step == LABEL:
        return
    _in_turn(step, now)
    if one_person or step not in STEPS:
        return
    for act in now.done:
        if act.by_id == caller.person:
            raise NotAllowed(
                f"您已办过这一轮的{STEP_NAMES[act.step]}，不能再办{STEP_NAMES[step]}。",
                advice="三审三校与开放审核的各步须由不同的人办理。",
            )


def _in_turn(step: str, now: Standing) -> None:
    if step == SUBMIT and now.stage in ("draft", "archived"):
        return
    if step == RETURN and now.stage in ("review", "proof", "openness", "cleared"):
        return
    if step == ARCHIVE and now.published is not None:
        return
    if step not in (RETURN, ARCHIVE) and step == now.step:
        return
    why = "方案在审后改过，已回到草稿" if now.changed else f"方案现在是“{STAGE_NAMES[now.stage]}”"
    what = f"，等{STEP_NAMES[now.step]}" if now.step else ""
    raise Conflict(f"{why}{what}，不能{STEP_NAMES[step]}。", advice="请重新打开方案再看；您的意见没有存入。")


def said(step: str, words: str) -> str:
    """The words of an act, checked. Errors: BadInput."""
    kept = words.strip()
    if len(kept) > WORDS_LENGTH:
        raise BadInput(f"意见超过 {WORDS_LENGTH} 字。", advice="请缩短。")
    if step == RETURN and not kept:
        raise BadInput("退回要说明要改什么。", advice="请写明。")
    return kept
