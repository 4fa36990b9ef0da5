"""What stands around every answer: a time limit, a last resort for what nobody expected, security headers."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from typing import TYPE_CHECKING

from secure import (
    ContentSecurityPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    ReferrerPolicy,
    Secure,
    StrictTransportSecurity,
    XContentTypeOptions,
    XFrameOptions,
)
from secure.middleware import SecureASGIMiddleware

from holdings.time_limit import limited, too_slow
from search_api import docs
from search_api.problems import answer_of, problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("danghai.api")

EXHIBITIONS = "/exhibitions"
_SHARED = re.compile(rf"{EXHIBITIONS}/[^/]+/(?:iiif|images)/")


class HeadAsGet:
    """ASGI middleware: what may be got may be asked for its headers alone (HEAD, RFC 9110); the server sends no body.
    What stands around it knows the route and that it was HEAD."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        got = {**scope, "method": "GET"}
        try:
            await self._app(got, receive, send)
        finally:
            scope.update({name: got[name] for name in ("route", "endpoint", "path_params") if name in got})


class LastResort:
    """ASGI middleware: an answer that has not begun after `seconds` is given up (503), and what works for it
    stops at its next step (holdings/time_limit.py); an error nobody
    expected becomes a 500 with a number that stands in the log, never what happened."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            deadline.reschedule(None)  # a long file may take its time on the way
            limit.lift()
            await send(message)

        try:
            with limited(self._seconds) as limit:
                async with asyncio.timeout(self._seconds) as deadline:
                    await self._app(scope, receive, sending)
            return
        except Exception as error:
            if begun:
                raise
            late = isinstance(error, TimeoutError) and deadline.expired()
            answer = answer_of(too_slow(self._seconds)) if late else _unexpected(scope["path"], error)
        await answer(scope, receive, send)


def _unexpected(path: str, error: Exception) -> ASGIApp:
    number = secrets.token_hex(6)
    log.error("unexpected error %s at %s", number, path, exc_info=error)
    return problem(
        500,
        "internal",
        f"服务内部出错，已记入日志，编号 {number}。",
        advice="请稍后重试，或把编号告知管理员。",
    )


def _headers(policy: ContentSecurityPolicy, *, anywhere: bool = False) -> Secure:
    """Those that OWASP's secure headers project asks of every answer; Strict-Transport-Security binds only
    where TLS stands before the API. anywhere: other sites' pages may show it."""
    corp = CrossOriginResourcePolicy()
    return Secure(
        csp=policy.base_uri("'none'").frame_ancestors("'none'").form_action("'none'"),
        coop=CrossOriginOpenerPolicy().same_origin(),
        corp=corp.cross_origin() if anywhere else corp.same_origin(),
        hsts=StrictTransportSecurity().max_age(31_536_000),
        referrer=ReferrerPolicy().no_referrer(),
        xcto=XContentTypeOptions().nosniff(),
        xfo=XFrameOptions().deny(),
    )


class SecurityHeaders:
    """ASGI middleware: no answer is ever run, framed or sniffed as a page; the document's own page, and those of
    exhibitions, may load what they are made of, from here alone. Pictures and IIIF documents of exhibitions may be
    shown by any other site's page: they are for the public."""

    def __init__(self, app: ASGIApp) -> None:
        pages = (
            ContentSecurityPolicy()
            .default_src("'none'")
            .script_src("'self'")
            .style_src("'self'")
            .img_src("'self'", "data:")
            .connect_src("'self'")
        )
        exhibitions = (
            ContentSecurityPolicy()
            .default_src("'none'")
            .script_src("'self'")
            .style_src("'self'")
            .img_src("'self'")
        )
        answers = ContentSecurityPolicy().default_src("'none'")
        self._pages = SecureASGIMiddleware(app, secure=_headers(pages), multi_ok=())
        self._exhibitions = SecureASGIMiddleware(app, secure=_headers(exhibitions), multi_ok=())
        self._answers = SecureASGIMiddleware(app, secure=_headers(answers), multi_ok=())
        self._open = SecureASGIMiddleware(app, secure=_headers(answers, anywhere=True), multi_ok=())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        chosen = self._answers
        if path == docs.PATH:
            chosen = self._pages
        elif path == EXHIBITIONS or path.startswith(f"{EXHIBITIONS}/"):
            chosen = self._open if _SHARED.match(path) else self._exhibitions
        await chosen(scope, receive, send)  # type: ignore[arg-type]
