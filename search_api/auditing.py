"""What a serving process writes into the audit trail, counts, and raises alerts about.

Decided with the Personal Information Protection Law in mind (art. 6, the least that serves the purpose; art. 19,
no longer than needed) and the Cybersecurity Law's six months of logs: whoever is named (staff, reading room,
an account, a key) is on record request by request; of the anonymous public only figures are kept, no address and
no search text, unless DANGHAI_AUDIT_PUBLIC says otherwise. A refused request and a failed sign-in are on record
with their address, for they are why the record is kept. Addresses and search texts are details: they are erased
after DANGHAI_AUDIT_DAYS.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from holdings.access import PUBLIC, Caller
from holdings.audit.alerts import Alert, Rule, Watch
from holdings.audit.entry import Event
from holdings.audit.heads import write_daily
from holdings.audit.trail import Trail
from holdings.audit.webhook import Webhook
from holdings.audit.writer import Writer
from holdings.catalogue.publishing import Waiting
from holdings.errors import DanghaiError
from holdings.offer_box import OfferBox, erase_due
from search_api.metrics import Metrics
from search_api.verifying import Verifying

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue
    from holdings.settings import Settings

log = logging.getLogger("danghai.alerts")

#: Seconds between two looks for what is due: the day's head, erasures, the public's figures.
TEND = 60.0
FIGURES = 3600.0
DAY = 86_400.0
#: Seconds between two looks for withdrawals not carried over: a second's work for a million records.
LOOK = 600.0

#: What shows the inside of a record. Pictures enter the trail only where the record is closed.
PICTURES = frozenset({"page.image", "page.thumbnail"})
LOOKS = PICTURES | {"record.view", "page.view", "record.matches", "attachment"}


class Auditing:
    """Cheap to make; `open` starts its threads."""

    def __init__(self, settings: Settings, catalogue: Catalogue) -> None:
        self.settings = settings
        self.metrics = Metrics()
        self.trail = Trail.of(settings)
        self.writer = Writer(self.trail, self._complete)
        self.verifying = Verifying(settings, self.writer)
        self._catalogue = catalogue
        self._watch = Watch.of(settings)
        self._webhook = Webhook(settings, self._undelivered)
        self._figures: Counter[str] = Counter()
        self._figures_since = datetime.now(UTC)
        self._day: date | None = None
        self._told_late: dict[Rule, datetime] = {}
        self._told_held = (0, datetime.now(UTC))
        self._looked: datetime | None = None
        self._tending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self.writer.open()
        self._webhook.open()
        self.writer.note(self._own("process.start"))
        self._tending = asyncio.create_task(self._tend())

    async def close(self) -> None:
        if self._tending is None:
            return
        self._tending.cancel()
        with suppress(asyncio.CancelledError):
            await self._tending
        self._say_figures()
        self.writer.note(self._own("process.stop"))
        await asyncio.to_thread(self._webhook.close)
        await asyncio.to_thread(self.writer.close)
        self.trail.close()

    # ── what happens ───────────────────────────────────────────────────────────

    async def durable(self, event: Event) -> int:
        """On record before anything else is done. Errors: AuditUnavailable."""
        return await asyncio.wrap_future(self.writer.durable(event))

    async def decided(
        self,
        caller: Caller,
        action: str,
        record: str,
        facts: Mapping[str, Any],
        detail: Mapping[str, Any] | None = None,
    ) -> int:
        """A decision and what it said, on record before the answer: call it before the decision is written.

        detail: what is personal in it. Errors: AuditUnavailable: then nothing may be decided.
        """
        now = datetime.now(UTC)
        event = Event(
            caller.id, action, now, caller.audience, record=record, facts=facts, detail=detail or {}
        )
        return await self.durable(event)

    def count(self, action: str, outcome: str) -> None:
        """One more of the anonymous public's requests."""
        self._figures[f"{action} {outcome}"] += 1

    def saw(self, rule: Rule, who: str) -> None:
        """One more of what is unusual in numbers."""
        alert = self._watch.saw(rule, who, time.monotonic())
        if alert is not None:
            self.raise_alert(alert)

    def raise_alert(self, alert: Alert) -> None:
        """To the log, the metrics, the trail and the webhook. Never waits."""
        log.warning("告警 %s：%s %s", alert.rule, alert.message, alert.who)
        self.metrics.alerts.labels(alert.rule).inc()
        now = datetime.now(UTC)
        facts = {"rule": alert.rule, "count": alert.count, "seconds": alert.seconds}
        detail = {"who": alert.who} if alert.who else {}
        self.writer.note(Event("", "alert", now, outcome="noted", facts=facts, detail=detail))
        said = {"archive": self.settings.archive_name, "at": now.isoformat(), "message": alert.message}
        self._webhook.send({**facts, **said, "who": alert.who})

    def _undelivered(self, content: Mapping[str, Any], error: str) -> None:
        self.metrics.undelivered.inc()
        facts = {"rule": content["rule"], "error": error[:200]}
        self.writer.note(Event("", "alert.undelivered", datetime.now(UTC), outcome="failed", facts=facts))

    # ── in the writer's thread ─────────────────────────────────────────────────

    def _complete(self, events: Sequence[Event]) -> Sequence[Event]:
        """Say of every look into a record whether it was closed; pictures of open ones stay out."""
        looks = {e.record for e in events if e.action in LOOKS and e.outcome == "done"}
        closed = self._closed(sorted(looks)) if looks else {}
        kept = []
        for event in events:
            if event.record not in closed or event.action not in LOOKS:
                kept.append(event)
                continue
            is_closed = closed[event.record]
            if is_closed and event.action != "page.thumbnail":
                self.saw("closed", event.actor)
            if is_closed or event.action not in PICTURES:
                kept.append(replace(event, facts={**event.facts, "closed": is_closed}))
        return kept

    def _closed(self, ids: list[str]) -> dict[str, bool]:
        """record id → whether the public may not see it; one that cannot be asked about counts as closed."""
        try:
            found = self._catalogue.records.many(ids)
        except DanghaiError as error:
            log.error("%s", error)
            found = {}
        return {i: i not in found or PUBLIC not in found[i].audiences for i in ids}

    # ── what is due ────────────────────────────────────────────────────────────

    async def _tend(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self._daily)
            except (DanghaiError, OSError) as error:
                log.error("审计日结：%s", error)
            await asyncio.sleep(TEND)

    def _daily(self) -> None:
        now = datetime.now(UTC)
        if (now - self._figures_since).total_seconds() > FIGURES:
            self._say_figures()
        write_daily(self.settings, self.trail, now)
        if self._day != now.date():  # with or without a key to sign heads
            self.trail.erase(now, self.settings.audit_days)
            erase_due(
                self._catalogue.offers, OfferBox(self.settings.offers_dir), now, self.settings.offer_days
            )
            self._day = now.date()
            self._catalogue.publishing.notice(all_of_them=True)
        self._quarantined(now)
        if self._looked is None or (now - self._looked).total_seconds() > LOOK:
            self._looked = now
            self._carried_over(now)

    def _carried_over(self, now: datetime) -> None:
        """Withdrawals, and what was hidden since it was carried, that the public installation is not known to have:
        each said once a day while it is late."""
        ledger = self._catalogue.publishing
        ledger.notice()
        withdrawn, hidden = ledger.waiting(), ledger.waiting_hidden()
        self.metrics.withdrawals(withdrawn.count, withdrawn.hours(now))
        self.metrics.hidden(hidden.count, hidden.hours(now))
        self._say_late("withdrawals", withdrawn, now)
        self._say_late("hidden", hidden, now)

    def _say_late(self, rule: Rule, waiting: Waiting, now: datetime) -> None:
        hours, told = waiting.hours(now), self._told_late.get(rule)
        if hours > self.settings.publish_hours and (told is None or (now - told).total_seconds() >= DAY):
            self._told_late[rule] = now
            self.raise_alert(Alert(rule, "", waiting.count, hours * 3600))

    def _quarantined(self, now: datetime) -> None:
        """What waits for the security officer: said when more was found, and once a day while it waits. How
        many, never what: the alert leaves the house."""
        held = self._catalogue.quarantine.undecided()
        hours = held.hours(now)
        self.metrics.quarantined(held.count, hours)
        told, at = self._told_held
        if held.count and (held.newest > told or (now - at).total_seconds() > DAY):
            self._told_held = held.newest, now
            self.raise_alert(Alert("quarantine", "", held.count, hours * 3600))

    def _say_figures(self) -> None:
        figures, self._figures = self._figures, Counter()
        since, self._figures_since = self._figures_since, datetime.now(UTC)
        if figures:
            facts = {"since": since.isoformat(timespec="seconds"), "counts": dict(figures)}
            event = Event("", "public.figures", self._figures_since, PUBLIC, outcome="noted", facts=facts)
            self.writer.note(event)

    def _own(self, action: str) -> Event:
        return Event(
            "", action, datetime.now(UTC), what="api", outcome="noted", facts={"process": os.getpid()}
        )
