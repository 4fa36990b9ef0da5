"""How much one request may bring. A body is read before anybody is asked for a key, so this bounds what
a stranger can make the house hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from search_api.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Bytes; the longest correction of a page that is allowed fits.
MAX_BODY = 8_000_000
#: Bytes of all parameters as they travel; a thousand characters of question take nine thousand.
MAX_QUERY = 16_000
#: Parameters of one request: each value chosen in a facet is one.
MAX_PARAMETERS = 200


class RequestLimits:
    """ASGI middleware: 414 for parameters that are too long or too many; reading a body on beyond MAX_BODY
    raises HTTPException 413."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope.get("query_string", b"")
        if len(query) > MAX_QUERY or query.count(b"&") >= MAX_PARAMETERS:
            said = f"参数太长或太多：至多 {MAX_QUERY:,} 字节、{MAX_PARAMETERS} 个。"
            await problem(414, "uri-too-long", said, advice="请少选几个条件。")(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, f"请求正文超过 {MAX_BODY:,} 字节。")
            return message

        await self._app(scope, bounded if scope["type"] == "http" else receive, send)
