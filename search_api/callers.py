"""Who is asking: a key or a session names the caller; nobody named is the public.

A program or the explorer sends `Authorization: Bearer …`; a browser that signed in here sends a cookie, and
then what it changes must come from a page of this very site (no other site's form may act for the person).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from holdings.access import (
    ANONYMOUS,
    AUDIT_ROLES,
    OPENING_ROLES,
    SYSTEM_ROLES,
    Caller,
    on_public_installation,
)
from holdings.errors import NotAllowed, NotSignedIn
from holdings.review_rules import REVIEW_ROLES
from holdings.roles import COLLECTING_ROLES, CURATION_ROLES, DESK_ROLES, PROJECT_ROLES
from search_api.audited import SAFE, caller_known
from search_api.house import House
from search_api.presence import Known
from search_api.rates import kind_of

COOKIE = "danghai_session"
NOBODY = Known(ANONYMOUS, "")

_BEARER = HTTPBearer(auto_error=False, description="API 密钥（danghai keys add）或登录所得的令牌")


def get_house(request: Request) -> House:
    house: House = request.app.state.house
    return house


def address_of(request: Request) -> str:
    """Where the request comes from; what trusted proxies say is put in by the application."""
    return request.client.host if request.client else ""


async def get_visitor(request: Request, house: InHouse) -> None:
    """Of pages for everybody: counted by address. What a visitor is shown does not hang on who they are, nor on a
    session that ended."""
    await house.rates.count(kind_of(request.scope["route"].path), address_of(request))


def token_of(request: Request) -> str | None:
    """The key or session token the request carries, None for none.

    Errors: NotSignedIn for an Authorization header that holds none; NotAllowed for a change by cookie that
    another site's page asked for.
    """
    if "Authorization" in request.headers:
        scheme, _, token = request.headers["Authorization"].partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn("Authorization 里没有密钥。", advice="写法：Authorization: Bearer <密钥>。")
        return token.strip()
    token = request.cookies.get(COOKIE, "")
    if token and request.method not in SAFE:
        check_origin(request)
    return token or None


def check_origin(request: Request) -> None:
    """Errors: NotAllowed unless a page of this site asks (Origin is sent with every change by a browser)."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    if not origin or origin != request.headers.get("Host"):
        raise NotAllowed("这个请求不是从本站页面发出的。", advice="请在本站页面上操作。")


async def get_known(
    request: Request,
    house: Annotated[House, Depends(get_house)],
    _documented: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Known:
    """Errors: 401 for a key or session that is not valid: never the public by mistake; 429 beyond the rate."""
    address = address_of(request)
    try:
        token = token_of(request)
        known = await house.presence.known(token) if token else NOBODY
        _exists_here(house, known.caller)
    except NotSignedIn:
        await house.rates.count("other", address)
        raise
    request.state.caller = known.caller
    kind = kind_of(request.scope["route"].path, request.method)
    await house.rates.count(kind, known.caller.id or address)
    await caller_known(request.scope, known.caller)
    return known


def _exists_here(house: House, caller: Caller) -> None:
    """Errors: NotSignedIn for one of staff or reading room on a public installation: nobody such is there."""
    if house.settings.public_only and not on_public_installation(caller.audience, caller.roles):
        raise NotSignedIn("密钥无效或已撤销。", advice="这是公众网一端，没有馆员与阅览室。")


async def get_caller(known: Annotated[Known, Depends(get_known)]) -> Caller:
    return known.caller


async def get_staff(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
    if not caller.is_staff:
        raise NotAllowed("此操作只限馆员。", advice="请以馆员身份登录，或用馆员密钥。")
    return caller


async def get_person(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
    """A signed-in account: what is done to accounts and keys is done by a person, never by a key."""
    if not caller.id.startswith("account:"):
        raise NotAllowed("此操作须由本人登录办理。", advice="请先登录；密钥不能代办。")
    return caller


def with_role(
    of: Callable[..., Awaitable[Caller]], roles: frozenset[str], said: str, advice: str
) -> Callable[..., Awaitable[Caller]]:
    """A dependency: one of those callers who has one of these roles. Errors: NotAllowed with these words."""

    # `of` is this call's own: an annotation, read later as text, could not name it
    async def checked(caller: Caller = Depends(of)) -> Caller:  # noqa: B008
        if not caller.roles & roles:
            raise NotAllowed(said, advice=advice)
        return caller

    return checked


get_opener = with_role(
    get_staff, OPENING_ROLES, "此操作限档案员、开放审核员或管理员。", "请由有此角色的同事办理。"
)
get_security_admin = with_role(
    get_person, frozenset({"security_admin"}), "账号与角色只由安全管理员办理。", "请由安全管理员办理。"
)
get_system_admin = with_role(
    get_person, SYSTEM_ROLES, "他人的密钥只由系统管理员办理。", "请由系统管理员办理。"
)
get_desk = with_role(get_person, DESK_ROLES, "读者登记由业务人员办理。", "请由业务人员办理。")
get_reviewer = with_role(
    get_staff, REVIEW_ROLES, "此操作限业务人员、开放审核员或业务管理员。", "请由有此角色的同事办理。"
)
get_curator = with_role(
    get_staff, CURATION_ROLES, "此操作限编研人员或业务管理员。", "请由有此角色的同事办理。"
)
get_colleague = with_role(
    get_staff, PROJECT_ROLES, "项目限业务、审核、编研人员与业务管理员。", "请由有此角色的同事办理。"
)
get_collector = with_role(
    get_staff, COLLECTING_ROLES, "此操作限业务人员、编研人员或业务管理员。", "请由有此角色的同事办理。"
)
get_auditor = with_role(get_caller, AUDIT_ROLES, "此操作限审计管理员、保密员。", "请由有此角色的同事办理。")


def get_metrics_reader(
    request: Request,
    house: Annotated[House, Depends(get_house)],
    caller: Annotated[Caller, Depends(get_caller)],
) -> Caller:
    """The system administrator, or this machine itself where the setting says so."""
    client = request.client.host if request.client else ""
    local = house.settings.metrics_loopback and client in ("127.0.0.1", "::1")
    if not local and not caller.roles & SYSTEM_ROLES:
        raise NotAllowed("此操作限系统管理员。", advice="或在本机读取，并设 DANGHAI_METRICS_LOOPBACK=1。")
    return caller


InHouse = Annotated[House, Depends(get_house)]
AnyKnown = Annotated[Known, Depends(get_known)]
AnyCaller = Annotated[Caller, Depends(get_caller)]
Staff = Annotated[Caller, Depends(get_staff)]
Auditor = Annotated[Caller, Depends(get_auditor)]
MetricsReader = Annotated[Caller, Depends(get_metrics_reader)]
Opener = Annotated[Caller, Depends(get_opener)]
Person = Annotated[Caller, Depends(get_person)]
SecurityAdmin = Annotated[Caller, Depends(get_security_admin)]
SystemAdmin = Annotated[Caller, Depends(get_system_admin)]
Desk = Annotated[Caller, Depends(get_desk)]
Curator = Annotated[Caller, Depends(get_curator)]
Colleague = Annotated[Caller, Depends(get_colleague)]
Collector = Annotated[Caller, Depends(get_collector)]
Reviewer = Annotated[Caller, Depends(get_reviewer)]
