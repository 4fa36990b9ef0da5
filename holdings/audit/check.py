"""The trail of an installation, verified."""

from __future__ import annotations

from pathlib import Path

from holdings.audit.heads import read_heads
from holdings.audit.trail import Trail
from holdings.audit.verify import Report, verify
from holdings.settings import Settings
from holdings.signing import load_public, public_file


def check(settings: Settings, *, heads: Path | None = None, key: Path | None = None) -> Report:
    """heads, key: copies kept elsewhere; else the installation's own, where there are any.

    Errors: NotFound, BadInput (heads or key cannot be read); AuditUnavailable.
    """
    trail = Trail.of(settings)
    last = trail.last()  # what is written meanwhile is for the next time
    path = heads or settings.audit_heads_file
    known = read_heads(path) if heads or path.exists() else []
    public = key or public_file(settings.audit_key_file)
    signer = load_public(public) if known else None
    through = last.seq if last else 0
    found = ((f.entry, f.salt, f.detail) for f in trail.entries(-1, through))
    report = verify(found, known, signer)
    for name in trail.guards_missing():
        report.find("guard", 0, f"防改触发器 {name} 不在：有人动过审计库。请与备份比对。")
    trail.close()
    return report
