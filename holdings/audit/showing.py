"""Entries as people and programs read them, and the times they ask by."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from holdings.errors import BadInput

if TYPE_CHECKING:
    from holdings.audit.trail import Found


def utc(text: str) -> str:
    """A time as the trail writes it; one without a zone is this machine's. Errors: BadInput."""
    if not text:
        return ""
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError) as error:
        raise BadInput(
            f"“{text}”不是时间。", advice="写作 2026-11-22 或 2026-11-22T08:00:00+08:00。"
        ) from error


def shown(found: Found) -> dict[str, Any]:
    """An entry as JSON: detail null when there is none or its period is over."""
    e = found.entry
    values = {name: getattr(e, name) for name in ("seq", "at", "actor", "audience", "action", "what")}
    detail = json.loads(found.detail) if found.detail else None
    erased = bool(e.commitment) and found.detail is None
    more = {"record": e.record, "outcome": e.outcome, "facts": json.loads(e.facts), "detail": detail}
    return values | more | {"detail_erased": erased, "hash": e.hash}
