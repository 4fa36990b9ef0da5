"""The shapes of the audit trail over HTTP."""

from __future__ import annotations

from typing import Any

from search_api.schema import Shape


class AuditEntryOut(Shape):
    """actor: 谁（key:12、account:7、os:1000，空为无名者）. detail: 地址、检索词等；detail_erased: 保存期已满，已删."""

    seq: int
    at: str
    actor: str
    audience: str
    action: str
    what: str
    record: str
    outcome: str
    facts: dict[str, Any]
    detail: dict[str, Any] | None
    detail_erased: bool
    hash: str


class AuditOut(Shape):
    """next: 续页标记，没有了为 null."""

    entries: list[AuditEntryOut]
    next: str | None
