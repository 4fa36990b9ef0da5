"""A first opinion on opening a record, suggested by the machine. Pure. It suggests; people decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from holdings.access import OPEN, POSTPONED, RESTRICTED, UNREVIEWED, is_personal, obstacle
from holdings.records import Record
from holdings.signals import Seen

#: Archives Law of the PRC (2020), art. 27: years from formation until a record is due.
YEARS = 25
#: Kinds that may be opened sooner, by the same article.
EARLY_KINDS: dict[str, tuple[str, ...]] = {
    "经济": ("经济", "财政", "商业", "工业", "农业", "渔业", "贸易", "物价"),
    "教育": ("教育", "学校", "招生"),
    "科技": ("科技", "科学", "技术", "气象", "测绘"),
    "文化": ("文化", "文艺", "戏剧", "体育", "文物", "方志"),
}
#: What the machine says first when several speak.
_WEIGHT = {"secrecy-mark": 0, "classification": 0, "id-card": 1, "bank-card": 1, "minor": 1, "address": 2}
#: Earlier decisions that must agree before they are said to point somewhere.
AGREE = 3


@dataclass(frozen=True)
class Precedent:
    """An earlier decision on a record near to this one."""

    record_id: str
    status: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class FirstOpinion:
    """suggests: an opening state; 未审核 where too little could be read to say anything.

    reasons: codes of the house's list.  why: for people, in order of weight.
    due: the day the record is due; None: undated, nobody can say.
    """

    suggests: str
    reasons: tuple[str, ...]
    why: tuple[str, ...]
    due: date | None


def due_day(record: Record) -> date | None:
    """The day 25 years after the last day of formation; None for what has no date."""
    return add_years(record.date.last, YEARS) if record.date.last else None


def add_years(day: str, years: int) -> date | None:
    """An ISO day so many years on (29 February: the 28th); None beyond the calendar."""
    then = date.fromisoformat(day)
    try:
        return then.replace(year=then.year + years)
    except ValueError:
        return then.replace(year=then.year + years, day=28) if then.year + years <= 9999 else None


def early_kind(record: Record) -> str:
    """Which of the kinds that may open before 25 years its category or keywords name; "": none."""
    said = " ".join((record.category, record.series, *record.keywords, record.title))
    return next((kind for kind, words in EARLY_KINDS.items() if any(w in said for w in words)), "")


def first_opinion(
    record: Record,
    seen: Sequence[Seen],
    precedents: Sequence[Precedent],
    unread: Collection[int],
    today: date,
) -> FirstOpinion:
    """unread: pages whose words nobody has read yet."""
    due, why, reasons = due_day(record), [], list[str]()
    grave = sorted((s for s in seen if s.reason), key=lambda s: _WEIGHT.get(s.kind, 3))
    for one in grave:
        if one.reason not in reasons:
            reasons.append(one.reason)
    kinds = Counter((s.why.partition("，")[0], s.kind) for s in grave)
    why += [f"{said} {count} 处" for (said, _), count in kinds.items()]
    if is_personal(record):
        reasons = list(dict.fromkeys((*reasons, "personal")))
        why.append(obstacle(record))
    if record.donor_limits:
        reasons.append("donor")
        why.append(f"捐赠、寄存限制：{record.donor_limits}")
    if unread:
        why.append(f"{len(unread)} 页还没有文字，机器没有看过")
    why += _of_precedents(precedents)
    return FirstOpinion(*_suggestion(record, reasons, bool(unread), due, today, why), due)


def _suggestion(
    record: Record, reasons: list[str], unread: bool, due: date | None, today: date, why: list[str]
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    early = early_kind(record)
    if "secret" in reasons:
        return POSTPONED, tuple(reasons), tuple(why)
    if reasons:
        return RESTRICTED, tuple(reasons), tuple(why)
    if due is not None and due > today and not early:
        return POSTPONED, ("not-due",), (*why, f"未满 {YEARS} 年，{due} 到期")
    if unread:
        return UNREVIEWED, (), tuple(why)
    if due is None:
        return UNREVIEWED, (), (*why, "没有日期，不知是否到期")
    if due > today:
        why.append(f"{early}类档案，可少于 {YEARS} 年开放")
    return OPEN, ("no-limit",), (*why, "没有看到应限制利用的内容")


def _of_precedents(precedents: Sequence[Precedent]) -> list[str]:
    """What most of the nearest earlier decisions were, where enough agree."""
    said = Counter(p.status for p in precedents).most_common(1)
    if not said or said[0][1] < AGREE:
        return []
    status, count = said[0]
    return [f"意思相近的 {len(precedents)} 件中，{count} 件审为“{status}”"]
