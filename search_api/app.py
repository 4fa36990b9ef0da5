"""The HTTP interface, put together. `danghai serve` runs it; tests call `create_app` with their own settings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from holdings.settings import Settings
from search_api import (
    docs,
    routes_accounts,
    routes_audit,
    routes_bulk_reviews,
    routes_exhibition_documents,
    routes_exhibitions,
    routes_favourites,
    routes_grants,
    routes_house,
    routes_offers,
    routes_openings,
    routes_plans,
    routes_project_finds,
    routes_projects,
    routes_public_forms,
    routes_publish,
    routes_quarantine,
    routes_records,
    routes_redactions,
    routes_review_lists,
    routes_reviews,
    routes_search,
    routes_series,
    routes_sign_in,
    routes_themes,
    routes_visits,
    routes_wanted,
)
from search_api.audited import Audited
from search_api.guarding import HeadAsGet, LastResort, SecurityHeaders
from search_api.house import House
from search_api.limits import RequestLimits
from search_api.problems import add_handlers
from search_api.schema import Problem
from search_api.visits import Counted

DESCRIPTION = """档海检索接口：词与意两路检索、条目、页面图像与文字、浏览。

没有登录就是公众；`Authorization: Bearer <密钥，或登录所得的令牌>` 表明身份。错误一律为 application/problem+json（RFC 9457）。
"""

#: How OpenAPI describes every error.
ERROR: dict[str, Any] = {
    "description": "RFC 9457",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class Described(FastAPI):
    """With the shape of every error in its OpenAPI document once. FastAPI takes up what is sent as JSON only; written
    out at each answer of each route it was nine tenths of the document, and a browser took 11 s of processor time to draw /docs; now 4."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
        return document


def create_app(settings: Settings | None = None) -> FastAPI:
    """A new application; opening catalogue, engine and models waits for start-up."""
    house = House(settings or Settings())

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await house.audit.open()
        await house.open()
        yield
        await house.close()

    app = Described(
        title="档海 Danghai",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # search_api/docs.py: FastAPI's own pages load scripts from elsewhere
        redoc_url=None,
        responses=dict.fromkeys((400, 401, 403, 404, 409, 413, 414, 422, 429, 500, 503), ERROR),
    )
    app.state.house = house
    for room in (
        routes_search,
        routes_records,
        routes_redactions,
        routes_public_forms,
        routes_grants,
        routes_quarantine,
        routes_house,
        routes_sign_in,
        routes_accounts,
        routes_review_lists,
        routes_bulk_reviews,
        routes_reviews,
        routes_openings,
        routes_publish,
        routes_themes,
        routes_series,
        routes_plans,
        routes_project_finds,
        routes_projects,
        routes_wanted,
        routes_exhibitions,
        routes_exhibition_documents,
        routes_offers,
        routes_favourites,
        routes_visits,
        routes_audit,
        docs,
    ):
        app.include_router(_reading(room.router) if house.settings.public_only else room.router)
    app.add_middleware(HeadAsGet)  # innermost
    app.add_middleware(RequestLimits)
    app.add_middleware(LastResort, seconds=house.settings.request_seconds)
    app.add_middleware(Counted, counter=house.visits)
    app.add_middleware(Audited, auditing=house.audit)
    app.add_middleware(SecurityHeaders)
    # Outermost: the address everybody else sees is the one that a trusted proxy says.
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(house.settings.trusted))
    add_handlers(app)
    return app


def _reading(router: APIRouter) -> APIRouter:
    """What of it only reads: nothing else exists on a public installation."""
    kept = [route for route in router.routes if getattr(route, "methods", set()) <= {"GET", "HEAD"}]
    return APIRouter(routes=kept, tags=router.tags)
