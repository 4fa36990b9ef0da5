"""Alerts posted to an address of the installation's settings, signed; never to one that a caller gave.

Each post bears `Danghai-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA256 with the shared secret over `<seconds>.<body>`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any

from holdings.settings import Settings

log = logging.getLogger("danghai.alerts")

HEADER = "Danghai-Signature"
#: Seconds before each further try.
WAITS = (1.0, 4.0, 15.0, 60.0)


def signature(secret: str, seconds: int, body: bytes) -> str:
    made = hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256)
    return f"t={seconds},v1={made.hexdigest()}"


class Webhook:
    """A thread that posts one after the other. `failed` is told of what could not be delivered."""

    def __init__(
        self,
        settings: Settings,
        failed: Callable[[Mapping[str, Any], str], None],
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self._address = settings.alert_webhook
        self._secret = settings.alert_secret.get_secret_value() if settings.alert_secret else ""
        self._failed = failed
        self._waits = waits
        self._queue: SimpleQueue[Mapping[str, Any] | None] = SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        if self._address:
            self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
            self._thread.start()

    def send(self, content: Mapping[str, Any]) -> None:
        """Never waits."""
        if self._thread is not None:
            self._queue.put(content)

    def close(self) -> None:
        """What waits gets one try more."""
        self._stop.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(15)

    def _run(self) -> None:
        while (content := self._queue.get()) is not None:
            error = self._deliver(content)
            if error:
                log.error("告警未能送达 %s：%s", self._address, error)
                self._failed(content, error)

    def _deliver(self, content: Mapping[str, Any]) -> str:
        """ "" once it was taken, else the last error."""
        body = json.dumps(content, ensure_ascii=False).encode()
        for wait in (*self._waits, None):
            if not (error := self._post(body)):
                return ""
            if wait is None or self._stop.wait(wait):
                break
            log.warning("告警送达失败，再试：%s", error)
        return error

    def _post(self, body: bytes) -> str:
        import httpx

        headers = {
            "Content-Type": "application/json",
            HEADER: signature(self._secret, int(time.time()), body),
        }
        try:
            answer = httpx.post(self._address, content=body, headers=headers, timeout=10)
        except httpx.HTTPError as error:
            return str(error) or type(error).__name__
        return "" if answer.is_success else f"HTTP {answer.status_code}"
