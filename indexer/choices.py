"""Fields with a fixed choice, from the many ways in which they are written. Pure functions.

Default deny: an opening state or a publicity that is not understood counts as none.
"""

from __future__ import annotations

import re

from holdings.access import (
    AS_DELIVERED,
    DECLASSIFIED,
    INHERITED,
    NO_MARKS,
    OPEN,
    OPENING_STATES,
    POSTPONED,
    PUBLICITY,
    PUBLISHED,
    READING_ROOM_ONLY,
    RESTRICTED,
    SECRET_MARKS,
    UNREVIEWED,
)
from holdings.dates import find_dates
from holdings.records import LEVELS
from holdings.text import normalise

_OPENING = {
    "已开放": OPEN, "可开放": OPEN, "同意开放": OPEN,
    "不开放": RESTRICTED, "控制使用": RESTRICTED, "控制利用": RESTRICTED, "限制": RESTRICTED, "限制利用": RESTRICTED,
    "不予开放": RESTRICTED, "封闭": RESTRICTED,
    "延期": POSTPONED, "延期向社会开放": POSTPONED, "暂缓开放": POSTPONED,
    "未鉴定": UNREVIEWED, "待审核": UNREVIEWED, "待审": UNREVIEWED, "未审": UNREVIEWED, "待鉴定": UNREVIEWED,
}  # fmt: skip
_PUBLICITY = {
    "互联网公开": PUBLISHED, "上网公开": PUBLISHED, "可上网": PUBLISHED, "同意上网": PUBLISHED,
    "馆内利用": READING_ROOM_ONLY, "馆内查阅": READING_ROOM_ONLY, "馆内公开": READING_ROOM_ONLY,
    "局域网": READING_ROOM_ONLY, "不上网": READING_ROOM_ONLY,
}  # fmt: skip
_RETENTION = {"y": "永久", "永久": "永久", "长期": "长期", "短期": "短期", "c": "长期", "d": "短期"}
#: What says that a status is the volume's, not the record's own.
_INHERITED = frozenset(
    {"随卷", "随案卷", "同案卷", "同卷", "依案卷", "随全宗", "继承", "随上级", "按卷", "案卷开放标识"}
)
UNKNOWN = "依据不明"
#: What says that somebody decided on this very record, before it came here.
_OWN = frozenset({"", "逐件", "逐件审核", "逐件鉴定", "件", "文件级", "本件", "移交单位审核"})
_SECRET_WORDS = frozenset({"topsecret", "secret", "confidential"})
#: Secrets that are not the state's: they enter, for staff only.
_OTHERS_SECRETS = re.compile(r"(?:商业|工作|个人|技术)秘密")
#: A mark as documents bear it: the word with its star, or alone on a line.
_MARKED = re.compile(r"(绝密|机密|秘密)\s*(?:级)?\s*[★☆*✩✭]|^\s*(绝密|机密|秘密)(?:件|级)?\s*$")


def level(text: str) -> str | None:
    """fonds, series, volume or file; None when it is none of them."""
    key = _key(text)
    return next((name for name, words in LEVELS.items() if key == name or key in words), None)


def opening(text: str) -> str | None:
    """One of OPENING_STATES; None when it is not understood."""
    key = _key(text)
    return key if key in OPENING_STATES else _OPENING.get(key)


def publicity(text: str) -> str | None:
    key = _key(text)
    return key if key in PUBLICITY else _PUBLICITY.get(key)


def basis(text: str) -> str:
    """What a status rests on: its own row, its volume, or what nobody here knows, which opens nothing.

    Only this house writes 本馆审核: a package that claims it is as good as unknown.
    """
    key = _key(text)
    if key in _OWN:
        return AS_DELIVERED
    if key in _INHERITED:
        return INHERITED
    return f"{UNKNOWN}：{key}"[:40]


def retention(text: str) -> str | None:
    """永久, 长期, 短期, 30年, 10年 …; None when it is not understood. Codes Y, D30, D10 by DA/T 22."""
    key = re.sub(r"^定期|[()（）]", "", _key(text))
    if match := re.fullmatch(r"(?:d|定期)?(\d{1,3}|三十|十|六十|一百)年?", key):
        years = {"三十": "30", "十": "10", "六十": "60", "一百": "100"}.get(match[1], match[1])
        return f"{int(years)}年"
    return _RETENTION.get(key)


def retention_code(value: str) -> str:
    """The code a retention period has in an archived item's reference code: 永久 → Y, 30年 → D30."""
    plain = retention(value) or value
    return {"永久": "Y", "长期": "C", "短期": "D"}.get(plain, re.sub(r"^(\d+)年$", r"D\1", plain))


def classification(text: str) -> str:
    """密级 made plain, for what was not refused: "" means none, 解密 declassified (staff only)."""
    key = _key(text)
    if key in NO_MARKS:
        return ""
    was_secret = "解密" in key or any(mark in _OTHERS_SECRETS.sub("", key) for mark in SECRET_MARKS)
    return DECLASSIFIED if was_secret else key[:16]


def secret_in_cell(text: str, remarks: str = "") -> str | None:
    """The secret mark of a 密级 cell, None when it has none or is declassified.

    Declassified counts when the cell says 解密 and it or the remarks give the date of it.
    """
    key = _OTHERS_SECRETS.sub("", _key(text))
    mark = next((mark for mark in sorted(SECRET_MARKS) if mark in key), None)
    if mark is None and key in _SECRET_WORDS:
        mark = key
    if mark is None:
        return None
    said = text if "解密" in text else remarks if "解密" in remarks else ""
    return None if find_dates(said) else mark


def secret_in_text(text: str) -> str | None:
    """The secret mark that a page bears (机密★, or the word alone on a line), None when it bears none."""
    for line in text.splitlines():  # each by itself: normalising joins lines
        if match := _MARKED.search(normalise(line).text):
            return match[1] or match[2]
    return None


def _key(text: str) -> str:
    return re.sub(r"\s+", "", normalise(text).text)
