"""How often one caller may ask. Counted by the `limits` library: a sliding window for each kind of request
and each caller (account or key; the address where nobody is named).

With async+memory:// each process counts for itself (`danghai serve` runs one); several share a redis.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from limits import RateLimitItem, parse
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError
from limits.storage import storage_from_string

from holdings.errors import BadInput, TooOften

if TYPE_CHECKING:
    from limits.aio.storage import Storage

    from holdings.settings import Settings

Kind = Literal["search", "images", "sign_in", "offers", "other"]

#: Last parts of the routes that search or draw; every other one is "other".
_KINDS: dict[str, Kind] = {
    "search": "search",
    "suggest": "search",
    "similar": "search",
    "matches": "search",
    "image": "images",
    "thumbnail": "images",
    "{number}": "images",
    "{path:path}": "images",
}


class RateExceeded(TooOften):
    """kind, limit, per: what was exceeded (requests, seconds), for the RateLimit headers."""

    def __init__(self, kind: Kind, limit: RateLimitItem, retry_after: int) -> None:
        super().__init__(
            f"请求太密：{limit.amount} 次/{limit.get_expiry()} 秒。Too many requests.",
            retry_after,
            advice=f"请 {retry_after} 秒后再试；大批量请与本馆联系。",
        )
        self.kind, self.limit, self.per = kind, limit.amount, limit.get_expiry()

    @property
    def headers(self) -> dict[str, str]:
        """RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
        return {
            "RateLimit-Policy": f'"{self.kind}";q={self.limit};w={self.per}',
            "RateLimit": f'"{self.kind}";r=0;t={self.retry_after}',
        }


#: What a stranger sends and we keep.
_OFFERS = frozenset({"/v1/offers", "/v1/offers/receipts/{receipt}/files"})


def kind_of(route: str, method: str = "GET") -> Kind:
    """What a route's path counts as."""
    if method == "POST" and route in _OFFERS:
        return "offers"
    return _KINDS.get(route.rpartition("/")[2], "other")


@dataclass(frozen=True)
class Rates:
    """The limits of one process; a kind without one is not counted."""

    limits: dict[Kind, RateLimitItem]
    counter: SlidingWindowCounterRateLimiter

    async def count(self, kind: Kind, who: str) -> None:
        """One more request of this kind. Errors: RateExceeded, which is not counted."""
        limit = self.limits.get(kind)
        if limit is None or await self.counter.hit(limit, kind, who):
            return
        window = await self.counter.get_window_stats(limit, kind, who)
        raise RateExceeded(kind, limit, max(1, round(window.reset_time - time.time())))


def rates(settings: Settings) -> Rates:
    """Errors: BadInput for a limit or a storage that cannot be read."""
    given: dict[Kind, str] = {
        "search": settings.rate_search,
        "images": settings.rate_images,
        "sign_in": settings.rate_sign_in,
        "offers": settings.rate_offers,
        "other": settings.rate_other,
    }
    try:
        items = {kind: parse(text) for kind, text in given.items() if text.strip()}
    except ValueError as error:
        raise BadInput(
            f"设置 DANGHAI_RATE_* 读不懂：{error}", advice="例如 1200/minute；空为不限。"
        ) from error
    try:
        storage: Storage = storage_from_string(settings.rate_storage)  # type: ignore[assignment]
        return Rates(items, SlidingWindowCounterRateLimiter(storage))
    except (ConfigurationError, AssertionError) as error:
        said = f"设置 DANGHAI_RATE_STORAGE 用不了：{error}"
        raise BadInput(said, advice="用 async+memory://，或装 redis 客户端后用 async+redis://…。") from error
