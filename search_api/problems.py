"""One error shape for everything (RFC 9457 application/problem+json)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from holdings.errors import ChangedSince, ChecksFail, DanghaiError, NotFound, NotReady, NotSignedIn, TooOften
from holdings.invalid import said
from search_api.rates import RateExceeded
from search_api.schema import Problem

#: Never held, closed, or no such address: the same words.
NO_SUCH_THING = "没有这一条目，或您无权查看。No such thing, or not for you."

_TITLES = {
    400: "请求有误 Bad request",
    401: "没有登录 Not signed in",
    403: "无权操作 Not allowed",
    404: "没有找到 Not found",
    405: "方法不支持 Method not allowed",
    409: "冲突 Conflict",
    413: "正文太大 Content too large",
    414: "地址太长 Address too long",
    422: "参数有误 Invalid parameters",
    429: "请求太密 Too many requests",
    503: "暂不可用 Not ready",
}
_CODES = {405: "method-not-allowed", 413: "content-too-large"}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    advice: str = "",
    headers: dict[str, str] | None = None,
    now: Mapping[str, Any] | None = None,
    failing: Sequence[Mapping[str, str]] | None = None,
) -> JSONResponse:
    body = Problem(
        type=f"urn:danghai:problem:{code}",
        title=_TITLES.get(status, "内部错误 Internal error"),
        status=status,
        detail=detail,
        advice=advice,
        now=None if now is None else dict(now),
        failing=None if failing is None else [dict(one) for one in failing],
    )
    return JSONResponse(
        body.model_dump(exclude_none=True),
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def add_handlers(app: FastAPI) -> None:
    app.add_exception_handler(DanghaiError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DanghaiError)
    return answer_of(error)


def answer_of(error: DanghaiError) -> JSONResponse:
    """One of our errors as an answer."""
    headers: dict[str, str] = {}
    if isinstance(error, NotReady | TooOften):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, RateExceeded):
        headers |= error.headers
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return problem(
        error.status,
        error.code,
        error.message,
        advice=error.advice,
        headers=headers,
        now=error.now if isinstance(error, ChangedSince) else None,
        failing=error.failing if isinstance(error, ChecksFail) else None,
    )


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = "；".join(f"{_place(e['loc'])}：{said(e)}" for e in error.errors())
    return problem(422, "invalid-parameters", f"{wrong}。", advice="参数说明见 /docs。")


def _place(location: tuple[int | str, ...]) -> str:
    """Where in the request it stands: the parameter's name, or the way into the body."""
    return ".".join(str(part) for part in location[1:]) or "请求正文"


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return problem(404, NotFound.code, NO_SUCH_THING)
    headers = dict(error.headers or {})
    detail = "这个地址不支持这种方法。" if error.status_code == 405 else str(error.detail)
    return problem(error.status_code, _CODES.get(error.status_code, "http"), detail, headers=headers)
