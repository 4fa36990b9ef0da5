"""What runs, as Prometheus reads it. One registry an application; labels are routes, never what a caller sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from search_api.house import House

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Cheap to make. Counters are moved as things happen, gauges when somebody reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own = self.registry
        self.requests = Counter("danghai_requests_total", "Requests", ("route", "status"), registry=own)
        self.seconds = Histogram(
            "danghai_request_seconds", "Time to the whole answer", ("route",), buckets=_SECONDS, registry=own
        )
        self.alerts = Counter("danghai_alerts_total", "Unusual behaviour", ("rule",), registry=own)
        self.undelivered = Counter("danghai_alerts_undelivered_total", "Alerts no webhook took", registry=own)
        self._audit = Gauge("danghai_audit_entries", "Entries this process has written", registry=own)
        self._waiting = Gauge("danghai_audit_waiting", "Entries that wait to be written", registry=own)
        self._broken = Gauge(
            "danghai_audit_broken", "1 while the audit trail cannot be written", registry=own
        )
        self._late = Gauge(
            "danghai_publish_withdrawals_waiting",
            "Withdrawals the outside is not known to have",
            registry=own,
        )
        self._late_hours = Gauge(
            "danghai_publish_withdrawal_hours", "Age of the oldest of them", registry=own
        )
        self._hidden = Gauge(
            "danghai_publish_hidden_waiting",
            "Redactions and public forms the outside is not known to have, by record and exhibition",
            registry=own,
        )
        self._hidden_hours = Gauge("danghai_publish_hidden_hours", "Age of the oldest of them", registry=own)
        self._held = Gauge(
            "danghai_quarantine_held", "Findings the security officer has not decided", registry=own
        )
        self._held_hours = Gauge("danghai_quarantine_hours", "Age of the oldest of them", registry=own)
        self._lagging = Gauge("danghai_outbox_items", "Work the indexes still lack", ("stage",), registry=own)

    def withdrawals(self, count: int, hours: float) -> None:
        self._late.set(count)
        self._late_hours.set(hours)

    def hidden(self, count: int, hours: float) -> None:
        self._hidden.set(count)
        self._hidden_hours.set(hours)

    def quarantined(self, count: int, hours: float) -> None:
        self._held.set(count)
        self._held_hours.set(hours)

    def read(self, house: House) -> bytes:
        """Errors: CatalogueUnavailable."""
        writer = house.audit.writer
        self._audit.set(writer.written)
        self._waiting.set(writer.waiting + writer.lost)
        self._broken.set(writer.broken)
        self._lagging.clear()
        for stage, count in house.catalogue.outbox.counts().items():
            self._lagging.labels(stage).set(count)
        return generate_latest(self.registry)
