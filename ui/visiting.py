"""The visitor's cookie: given with the first page, before the page opens its connection back."""

from __future__ import annotations

from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.visitors import COOKIE, new_token


class VisitorCookie:
    """ASGI middleware: a page asked for without the cookie is answered with one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_page_without_cookie(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if "set-cookie" not in headers or COOKIE not in headers["set-cookie"]:
                    headers.append("set-cookie", cookie(new_token(), secure=scope["scheme"] == "https"))
            await send(message)

        await self._app(scope, receive, with_cookie)


def _is_page_without_cookie(headers: Headers) -> bool:
    return "text/html" in headers.get("accept", "") and COOKIE not in SimpleCookie(headers.get("cookie", ""))


def cookie(token: str, *, secure: bool) -> str:
    """A Set-Cookie header that ends with the browser session and that no script can read."""
    response = Response()
    response.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=secure, path="/")
    return response.headers["set-cookie"]
