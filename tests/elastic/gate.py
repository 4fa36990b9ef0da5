"""What stands before a user's own cluster and is not in the test server: TLS and API keys.

A real TLS end on the loopback that hands every request on to a real node, and answers a wrong key as
Elasticsearch's security does. Certificates are made for the moment (trustme).
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import trustme
from aiohttp import web

#: What Elasticsearch 9 answers without valid credentials (its reference, "Security").
REFUSED = {
    "error": {
        "root_cause": [
            {"type": "security_exception", "reason": "unable to authenticate with provided credentials"}
        ],
        "type": "security_exception",
        "reason": "unable to authenticate with provided credentials",
    },
    "status": 401,
}
CHALLENGE = 'Basic realm="security", charset="UTF-8", ApiKey'
#: Belong to one connection, not to the request.
_HOP = {"host", "connection", "transfer-encoding", "content-length", "content-encoding"}


class Gate:
    """Before one node. asked: requests let through."""

    def __init__(self, node: str, key: str) -> None:
        self._node = node
        self._key = key
        self.asked = 0

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"ApiKey {self._key}":
            return web.json_response(REFUSED, status=401, headers={"WWW-Authenticate": CHALLENGE})
        self.asked += 1
        headers = {k: v for k, v in request.headers.items() if k.lower() not in {*_HOP, "authorization"}}
        asked = request.app[_SESSION].request(
            request.method, f"{self._node}{request.rel_url}", data=await request.read(), headers=headers
        )
        async with asked as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP}
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)


_SESSION = web.AppKey("session", aiohttp.ClientSession)


@contextmanager
def gate(node: str, authority: trustme.CA, key: str) -> Iterator[tuple[str, Gate]]:
    """The address to use instead of the node's, and the gate; it runs in a thread of its own."""
    made = Gate(node, key)
    loop, ready, stop = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    address: list[Any] = []

    async def serve() -> None:
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", made.handle)
        async with aiohttp.ClientSession() as session:
            app[_SESSION] = session
            runner = web.AppRunner(app)
            await runner.setup()
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
            address.append(runner.addresses[0])
            ready.set()
            await stop.wait()
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    host, port = address[0][:2]
    try:
        yield f"https://{host}:{port}", made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
