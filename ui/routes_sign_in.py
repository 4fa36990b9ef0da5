"""The explorer's routes for signing in and out. The session's token stays here, in memory; the browser holds
only the visitor's cookie, which changes with every sign-in and sign-out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ui.client import Api, ApiAway, ApiProblem, came_from
from ui.favourites import has_account, taken_along
from ui.state import address
from ui.visiting import api_of, cookie, visitor_of
from ui.visitors import COOKIE, Visitor, new_token, visitors


async def sign_in(request: Request) -> Response:
    """By name and password, or with a key that the API knows."""
    form = await request.form(max_fields=4)
    key = str(form.get("key", "")).strip()
    name, password = str(form.get("account", ""))[:100], str(form.get("password", ""))[:500]
    if not (key or name) or not key.isascii() or len(key) > 500:
        return _back("/sign-in", "failed")

    def signed() -> tuple[str, str]:
        if key:
            host = request.client.host if request.client else None
            told = came_from(request.headers.get("x-forwarded-for"), host)
            return key, Api(key, came_from=told).me()["name"]
        answer = _as_nobody(request).sign_in(name, password)
        return answer["token"], answer["me"]["name"]

    try:
        token, shown = await asyncio.to_thread(signed)
    except (ApiAway, ApiProblem) as error:
        return _back("/sign-in", _said(error))
    return await _as(request, token, shown)


async def sign_out(request: Request) -> Response:
    """End the session and forget the list."""
    visitor = visitor_of(request)
    if visitor.key and visitor.key.startswith("ds_"):
        await asyncio.to_thread(_try, api_of(request).sign_out)
    visitors().forget(request.cookies.get(COOKIE, ""))
    return _with_token(request, new_token())


async def change_password(request: Request) -> Response:
    form = await request.form(max_fields=4)
    old, new = str(form.get("old", ""))[:500], str(form.get("new", ""))[:500]
    error = await asyncio.to_thread(_try, lambda: api_of(request).change_password(old, new))
    return _back("/me", _said(error) if error else "changed")


async def enrol(request: Request) -> Response:
    form = await request.form(max_fields=4)
    code, new = str(form.get("code", "")).strip()[:200], str(form.get("new", ""))[:500]
    error = await asyncio.to_thread(_try, lambda: _as_nobody(request).enrol(code, new))
    if error is None:
        return _back("/sign-in", "enrolled")
    used = isinstance(error, ApiProblem) and error.status == 403
    return _back("/enrol", "code" if used else _said(error))


async def begin_oidc(request: Request) -> Response:
    """To the provider; what the answer must match waits here under the visitor's cookie."""
    token = request.cookies.get(COOKIE)
    if token is None:
        return _back("/sign-in", "oidc")
    try:
        url, flow = await asyncio.to_thread(_as_nobody(request).begin_oidc)
    except (ApiAway, ApiProblem):
        return _back("/sign-in", "oidc")
    visitors().change(token, lambda visitor: replace(visitor, flow=flow))
    return RedirectResponse(url, 303)


async def finish_oidc(request: Request) -> Response:
    """The provider sends the browser back here."""
    flow = visitor_of(request).flow
    code, state = request.query_params.get("code", ""), request.query_params.get("state", "")
    if not (flow and code and state):
        return _back("/sign-in", "oidc")
    try:
        answer = await asyncio.to_thread(_as_nobody(request).finish_oidc, flow, state, code)
    except (ApiAway, ApiProblem):
        return _back("/sign-in", "oidc")
    return await _as(request, answer["token"], answer["me"]["name"])


# ── what they share ────────────────────────────────────────────────────────────


def _as_nobody(request: Request) -> Api:
    """The API without the visitor's key: one that is no longer valid must not stand in the way."""
    host = request.client.host if request.client else None
    return Api(came_from=came_from(request.headers.get("x-forwarded-for"), host))


def _try(call: Callable[[], None]) -> ApiAway | ApiProblem | None:
    try:
        call()
    except (ApiAway, ApiProblem) as error:
        return error
    return None


def _said(error: ApiAway | ApiProblem) -> str:
    """The text that tells it (ui.texts_accounts, said_…)."""
    if isinstance(error, ApiAway):
        return "away"
    known = {400: "weak", 401: "failed", 403: "locked", 422: "failed", 429: "wait"}
    return known.get(error.status, "away")


def _back(path: str, said: str) -> Response:
    return RedirectResponse(address(path, [("said", said)]), 303)


async def _as(request: Request, key: str, name: str) -> Response:
    """The visitor goes on as this person, under a fresh token, so that an old one is worth nothing; an account's
    own list comes with it."""
    old, token = request.cookies.get(COOKIE), new_token()
    visitor = Visitor(key, visitors().get(old).kept, name)
    if has_account(visitor):
        host = request.client.host if request.client else None
        told = came_from(request.headers.get("x-forwarded-for"), host)
        with suppress(ApiAway, ApiProblem):  # the session's own list stays
            kept = await asyncio.to_thread(taken_along, Api(key, came_from=told), visitor.kept)
            visitor = replace(visitor, kept=kept)
    if old:
        visitors().forget(old)
    visitors().change(token, lambda _: visitor)
    return _with_token(request, token)


def _with_token(request: Request, token: str) -> Response:
    response = RedirectResponse("/", 303)
    response.headers.append("set-cookie", cookie(token, secure=request.url.scheme == "https"))
    return response


ROUTES = [
    Route("/x/sign-in", sign_in, methods=["POST"]),
    Route("/x/sign-out", sign_out, methods=["POST"]),
    Route("/x/password", change_password, methods=["POST"]),
    Route("/x/enrol", enrol, methods=["POST"]),
    Route("/x/oidc", begin_oidc, methods=["POST"]),
    Route("/x/oidc/back", finish_oidc),
]
