"""The audit trail verified on request, behind the answer: it is read from its first entry, some seconds for every
hundred thousand. What came of it is an entry of the trail itself."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from holdings.audit.check import check
from holdings.audit.entry import Event
from holdings.audit.writer import wait_for
from holdings.errors import AuditUnavailable, DanghaiError

if TYPE_CHECKING:
    from holdings.access import Caller
    from holdings.audit.writer import Writer
    from holdings.settings import Settings

log = logging.getLogger("danghai.audit")

#: The action of an entry that says what a verification found.
VERIFIED = "audit.verified"
#: Findings told with it; `danghai audit verify` tells them all.
TOLD = 20


class Verifying:
    """One verification at a time in this process."""

    def __init__(self, settings: Settings, writer: Writer) -> None:
        self._settings = settings
        self._writer = writer
        self._one = threading.Lock()

    @property
    def running(self) -> bool:
        return self._one.locked()

    def begin(self, caller: Caller) -> None:
        """Begin, unless one runs already. A daemon: a process that ends does not wait for it."""
        if self._one.acquire(blocking=False):
            threading.Thread(target=self._run, args=(caller,), name="audit-verify", daemon=True).start()

    def _run(self, caller: Caller) -> None:
        try:  # over only when its result can be read
            wait_for(self._writer.durable(self._verified(caller)))
        except AuditUnavailable as error:
            log.error("%s", error)
        finally:
            self._one.release()

    def _verified(self, caller: Caller) -> Event:
        try:
            report = check(self._settings)
        except (DanghaiError, OSError) as error:
            return self._event(caller, sound=False, facts={"error": str(error)[:500]})
        found = [{"seq": f.seq, "kind": f.kind, "message": f.message} for f in report.findings]
        facts = {
            "sound": not found,
            "entries": report.entries,
            "heads": report.heads,
            "erased": report.erased,
            "lost": report.lost,
            "findings": len(found),
            "first": found[:TOLD],
        }
        return self._event(caller, sound=not found, facts=facts)

    def _event(self, caller: Caller, *, sound: bool, facts: Mapping[str, Any]) -> Event:
        return Event(
            caller.id,
            VERIFIED,
            datetime.now(UTC),
            audience=caller.audience,
            outcome="done" if sound else "failed",
            facts=facts,
            detail={"name": caller.name} if caller.name else {},
        )
