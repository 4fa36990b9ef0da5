"""The shapes of the audit trail over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import Field

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


class HeadOut(Shape):
    """A signed head. agrees: the trail still has that entry with that hash, and the key signed it."""

    at: str
    seq: int
    key: str
    agrees: bool


class FindingOut(Shape):
    seq: int
    kind: str
    message: str


class VerifiedOut(Shape):
    """What the last verification asked for here found. findings: the first of `findings_in_all`; error: why it
    could not be done."""

    at: str
    by: str
    sound: bool
    entries: int = 0
    heads: int = 0
    lost: int = 0
    findings: list[FindingOut] = Field([])
    findings_in_all: int = 0
    error: str = ""


class AuditStateOut(Shape):
    """entries: how many the chain has.  last_at, last_hash: of its last entry.  signs: there is a key to sign
    heads with.  guards_missing: triggers against changes that somebody took away.  broken: it cannot be written.
    verifying: a verification runs in this process."""

    entries: int
    last_at: str
    last_hash: str
    signs: bool
    head: HeadOut | None
    guards_missing: list[str]
    broken: bool
    days: int = Field(description="细目保存天数")
    verifying: bool
    verified: VerifiedOut | None
