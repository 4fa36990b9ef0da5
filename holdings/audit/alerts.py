"""Unusual behaviour: how often one caller did what. Pure but for what it remembers; nothing is written here."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Literal

from holdings.settings import Settings

Rule = Literal["downloads", "not-found", "sign-in", "closed", "withdrawals", "hidden", "quarantine"]

SAID: dict[Rule, str] = {
    "downloads": "短时间内取走大量图像或附件",
    "not-found": "短时间内大量“未找到”",
    "sign-in": "登录或密钥多次失败",
    "closed": "查看未开放档案的次数异常",
    "withdrawals": "收回的条目久未送到公众网",
    "hidden": "涂黑或另写公开著录的条目久未送到公众网，那里仍是原样",
    "quarantine": "发现带密级标志的条目，已隐去，待保密员核定",
}
#: What waits for somebody, and is told with its age.
WAITING: frozenset[Rule] = frozenset({"withdrawals", "hidden", "quarantine"})
#: Callers remembered for each rule; the one seen longest ago is forgotten first.
REMEMBERED = 5_000


@dataclass(frozen=True)
class Alert:
    """who: a caller's id, or an address where nobody is named."""

    rule: Rule
    who: str
    count: int
    seconds: float

    @property
    def message(self) -> str:
        if self.rule in WAITING:
            return f"{SAID[self.rule]}：{self.count} 条，最早的已 {self.seconds / 3600:.0f} 小时。"
        return f"{SAID[self.rule]}：{int(self.seconds // 60)} 分钟内 {self.count} 次。"


class Watch:
    """limits: rule → how many within `seconds` are unusual. Thread-safe."""

    def __init__(self, limits: Mapping[Rule, int], seconds: float) -> None:
        self._limits = limits
        self._seconds = seconds
        self._seen: OrderedDict[tuple[Rule, str], deque[float]] = OrderedDict()
        self._lock = Lock()

    @classmethod
    def of(cls, settings: Settings) -> Watch:
        limits: dict[Rule, int] = {
            "downloads": settings.alert_downloads,
            "not-found": settings.alert_not_found,
            "sign-in": settings.alert_sign_ins,
            "closed": settings.alert_closed,
        }
        return cls(limits, 60.0 * settings.alert_minutes)

    def saw(self, rule: Rule, who: str, now: float) -> Alert | None:
        """One more. now: seconds of any steady clock. An alert when it is one too many: then the count
        begins anew, so that somebody who goes on is told of once every `limit` times."""
        limit = self._limits[rule]
        with self._lock:
            times = self._seen.pop((rule, who), None) or deque(maxlen=limit)
            self._seen[rule, who] = times
            times.append(now)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            if len(times) < limit or now - times[0] > self._seconds:
                return None
            times.clear()
        return Alert(rule, who, limit, self._seconds)
