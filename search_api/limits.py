"""How much one request may bring. A body is read before anybody is asked for a key, so this bounds what
a stranger can make the house hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes; the longest correction of a page that is allowed fits.
MAX_BODY = 8_000_000


class BodyLimit:
    """ASGI middleware: reading on beyond MAX_BODY raises HTTPException 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, f"请求正文超过 {MAX_BODY:,} 字节。")
            return message

        await self._app(scope, bounded if scope["type"] == "http" else receive, send)
