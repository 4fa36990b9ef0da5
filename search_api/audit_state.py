"""How the audit trail stands, from what it says itself, its signed heads and its last verification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from holdings.audit.heads import Head, read_heads
from holdings.audit.trail import Found, Trail, Wanted
from holdings.errors import DanghaiError
from holdings.signing import load_public, public_file
from search_api.schema_audit import AuditStateOut, FindingOut, HeadOut, VerifiedOut
from search_api.verifying import VERIFIED

if TYPE_CHECKING:
    from holdings.settings import Settings
    from search_api.auditing import Auditing


def state_of(auditing: Auditing) -> AuditStateOut:
    """Errors: AuditUnavailable; BadInput for a file of heads that cannot be read."""
    trail, settings = auditing.trail, auditing.settings
    last = trail.last()
    path = settings.audit_heads_file
    heads = read_heads(path) if path.exists() else []
    found = trail.search(Wanted(what=VERIFIED), size=1)
    return AuditStateOut(
        entries=last.seq if last else 0,
        last_at=last.at if last else "",
        last_hash=last.hash if last else "",
        signs=settings.audit_key_file.exists(),
        head=_head(heads[-1], trail, settings) if heads else None,
        guards_missing=trail.guards_missing(),
        broken=auditing.writer.broken,
        days=settings.audit_days,
        verifying=auditing.verifying.running,
        verified=_verified(found[0]) if found else None,
    )


def _head(head: Head, trail: Trail, settings: Settings) -> HeadOut:
    there = next(trail.entries(head.seq - 1, head.seq), None)
    try:
        signed = head.is_by(load_public(public_file(settings.audit_key_file)))
    except DanghaiError:  # the public key is not here: nobody can tell
        signed = False
    agrees = signed and there is not None and there.entry.true_hash() == head.hash
    return HeadOut(at=head.at, seq=head.seq, key=head.key, agrees=agrees)


def _verified(found: Found) -> VerifiedOut:
    facts: dict[str, Any] = json.loads(found.entry.facts)
    name = json.loads(found.detail).get("name", "") if found.detail else ""
    return VerifiedOut(
        at=found.entry.at,
        by=name or found.entry.actor,
        sound=facts.get("sound", False),
        entries=facts.get("entries", 0),
        heads=facts.get("heads", 0),
        lost=facts.get("lost", 0),
        findings=[FindingOut(**one) for one in facts.get("first", ())],
        findings_in_all=facts.get("findings", 0),
        error=facts.get("error", ""),
    )
