"""Who may do what in an opening review, and what an opinion must say. Pure.

Opening 开放审核: 初审 → 复审 → 终审; web 上网审查: 初审 → 终审. One person, one step: nobody acts twice on one
record. The web review of a record is signed by somebody who had no part in opening it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from holdings.access import (
    OPEN,
    POSTPONED,
    PUBLICITY,
    PUBLISHED,
    READING_ROOM_ONLY,
    RESTRICTED,
    Caller,
)
from holdings.errors import BadInput, Conflict, NotAllowed

Kind = Literal["opening", "web"]
DONE = "done"
RETURN = "return"
UNIT = "unit"
STEPS: dict[str, tuple[str, ...]] = {"opening": ("first", "second", "final"), "web": ("first", "final")}
STEP_NAMES = {
    "first": "初审",
    "second": "复审",
    "final": "终审",
    UNIT: "单位意见",
    RETURN: "退回",
    DONE: "已定",
}
KIND_NAMES = {"opening": "开放审核", "web": "上网审查"}
#: Opening states a review may end in; 未审核 is none of them.
ENDS: tuple[str, ...] = (OPEN, RESTRICTED, POSTPONED)
#: Roles that may do a step.
STEP_ROLES: dict[str, frozenset[str]] = {
    "first": frozenset({"archivist", "reviewer"}),
    "second": frozenset({"archivist", "reviewer"}),
    "final": frozenset({"reviewer", "admin"}),
}
REVIEW_ROLES: frozenset[str] = frozenset().union(*STEP_ROLES.values())
WORDS_LENGTH = 2000


@dataclass(frozen=True)
class Reason:
    """A coded reason. basis: "本馆" or the rule it follows. states: opening states it may stand for."""

    code: str
    text: str
    basis: str
    states: tuple[str, ...]
    place: int = 0
    active: bool = True


@dataclass(frozen=True)
class Said:
    """An opinion. publicity: of an opened record, "" as the state says. review_again: ISO day, 延期开放 only."""

    status: str
    publicity: str = ""
    reasons: tuple[str, ...] = ()
    words: str = ""
    review_again: str | None = None


def checked(kind: str, said: Said, reasons: Mapping[str, Reason], today: date) -> Said:
    """The opinion, what it leaves open filled in. Errors: BadInput that says what is missing."""
    if len(said.words) > WORDS_LENGTH:
        raise BadInput(f"说明超过 {WORDS_LENGTH} 字。", advice="请缩短。")
    if kind == "web":
        return _checked_web(said, reasons)
    if said.status not in ENDS:
        raise BadInput(f"意见不能是“{said.status}”。", advice=f"可选：{'、'.join(ENDS)}。")
    if said.publicity == PUBLISHED:
        raise BadInput("开放审核不定“公开”。", advice="先审为开放，再作上网审查。")
    if said.status != OPEN and not said.reasons:
        raise BadInput(f"审为“{said.status}”要有理由。", advice="请从理由表中选。")
    _known(said, reasons)
    if said.status == POSTPONED:
        _future(said.review_again, today)
    elif said.review_again:
        raise BadInput("只有延期开放有复审日期。", advice="请去掉日期，或改为延期开放。")
    publicity = (said.publicity or READING_ROOM_ONLY) if said.status == OPEN else PUBLICITY[-1]
    return Said(said.status, publicity, said.reasons, said.words.strip(), said.review_again)


def _checked_web(said: Said, reasons: Mapping[str, Reason]) -> Said:
    if said.publicity not in PUBLICITY:
        raise BadInput(
            f"上网审查的意见不能是“{said.publicity}”。", advice=f"公开属性可选：{'、'.join(PUBLICITY)}。"
        )
    if said.publicity != PUBLISHED and not said.reasons and not said.words.strip():
        raise BadInput("不上网要说明理由。", advice="请选理由，或写说明。")
    if unknown := sorted(set(said.reasons) - reasons.keys()):
        raise BadInput(f"没有“{'、'.join(unknown)}”这个理由。", advice="请从理由表中选。")
    return Said(OPEN, said.publicity, said.reasons, said.words.strip())


def _known(said: Said, reasons: Mapping[str, Reason]) -> None:
    for code in said.reasons:
        reason = reasons.get(code)
        if reason is None or not reason.active:
            raise BadInput(f"没有“{code}”这个理由。", advice="请从理由表中选。")
        if said.status not in reason.states:
            raise BadInput(
                f"理由“{reason.text}”不用于“{said.status}”。", advice=f"它用于：{'、'.join(reason.states)}。"
            )


def _future(day: str | None, today: date) -> None:
    try:
        if day and date.fromisoformat(day) > today:
            return
    except ValueError:
        pass
    raise BadInput("延期开放要有以后的复审日期。", advice="例如 2031-12-31；到那天它自动回到到期清单。")


def admit(
    caller: Caller,
    kind: str,
    step: str,
    assigned: Mapping[str, Sequence[str]],
    acted: Sequence[tuple[str, str, str]],
    openers: Sequence[str] = (),
) -> None:
    """Whether this caller may do this step of this record's review; silent if so.

    assigned: step → (caller id, name).  acted: (step, caller id, name) of the opinions given so far.
    openers: ids of those who opened the record, for the web review's sign-off.
    Errors: NotAllowed.
    """
    if not caller.person:
        raise NotAllowed("要知道是谁在审。", advice="请用自己的账号或密钥。")
    if not caller.roles & STEP_ROLES[step]:
        roles = "开放审核员或业务管理员" if step == "final" else "业务人员或开放审核员"
        raise NotAllowed(f"{STEP_NAMES[step]}限{roles}。", advice="请由有此角色的同事办理。")
    named = assigned.get(step)
    if named and named[0] != caller.person:
        raise NotAllowed(f"这一批的{STEP_NAMES[step]}分给了{named[1]}。", advice="请由本人办理，或改派。")
    for earlier, by_id, _ in acted:
        own = "final" if earlier == RETURN else earlier
        if by_id == caller.person and own in STEPS[kind] and own != step:
            raise NotAllowed(
                f"您已办过这一条的{STEP_NAMES[own]}，不能再办{STEP_NAMES[step]}。",
                advice="同一条目的各步须由不同的人办理。",
            )
    if kind == "web" and step == "final" and caller.person in openers:
        raise NotAllowed("您参加过这一条的开放审核，不能签发它的上网审查。", advice="请由另一人签发。")


def after(kind: str, step: str) -> str:
    """The step that follows."""
    steps = STEPS[kind]
    at = steps.index(step) + 1
    return steps[at] if at < len(steps) else DONE


def still(
    step: str, version: int, given_step: str, given_version: int, latest: tuple[str, str] | None
) -> None:
    """Silent if the review stands where the caller saw it. latest: (step, name) of its newest opinion.

    Errors: Conflict that says who was first; nothing is overwritten.
    """
    if (step, version) == (given_step, given_version):
        return
    who = f"{latest[1]}刚给了{STEP_NAMES[latest[0]]}意见" if latest else "它已变动"
    now = "这一条已审定" if step == DONE else f"现在等{STEP_NAMES[step]}"
    raise Conflict(f"{who}，{now}。", advice="您的意见没有存入；请重新打开这一条再看。")
