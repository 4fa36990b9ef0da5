"""The visitor's cookie: given with the first page, before the page opens its connection back; and what a
route knows of the visitor it brings."""

from __future__ import annotations

from http.cookies import SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.client import Api, came_from
from ui.visitors import COOKIE, Visitor, new_token, visitors


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


class SameOrigin:
    """ASGI middleware: what changes anything (POST) is done for this site's own pages only. The cookie is
    SameSite=Lax besides; a browser says with every POST where it comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/x/"):
            headers = Headers(scope=scope)
            if headers.get("origin", "").partition("://")[2] != headers.get("host"):
                await Response(status_code=403)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def visitor_of(request: Request) -> Visitor:
    return visitors().get(request.cookies.get(COOKIE))


def api_of(request: Request) -> Api:
    """The API with the key or session of whoever sends this request."""
    host = request.client.host if request.client else None
    return Api(visitor_of(request).key, came_from=came_from(request.headers.get("x-forwarded-for"), host))
