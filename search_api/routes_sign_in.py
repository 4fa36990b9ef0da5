"""/v1/sign-in, sign-out, me, enrol, OIDC: who one is, and how one says so."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from holdings.catalogue.accounts import Account
from holdings.catalogue.tokens import SESSION
from holdings.errors import BadInput, NotFound, NotSignedIn, SignInFailed
from holdings.roles import ROLE_NAMES
from search_api.callers import (
    COOKIE,
    AnyKnown,
    InHouse,
    Person,
    address_of,
    check_origin,
    get_house,
    token_of,
)
from search_api.house import House
from search_api.presence import Known
from search_api.schema import Changed
from search_api.schema_accounts import (
    EnrolIn,
    MeOut,
    OidcBack,
    OidcBegun,
    PasswordIn,
    SignedInOut,
    SignInIn,
    SignInWays,
    SignOutIn,
)

router = APIRouter(tags=["登录 sign-in"])


async def count_sign_in(request: Request, house: Annotated[House, Depends(get_house)]) -> None:
    """Whatever tells a right secret from a wrong one is counted by address, whoever asks."""
    await house.rates.count("sign_in", address_of(request))


Counted = [Depends(count_sign_in)]


@router.get("/v1/sign-in", summary="登录的方式 Ways to sign in")
async def sign_in_ways(house: InHouse) -> SignInWays:
    """有哪些登录方式；oidc 是统一认证的名称，空为没有。"""
    return SignInWays(oidc=house.settings.oidc_label if house.oidc.enabled else "")


@router.post("/v1/sign-in", summary="登录 Sign in", dependencies=Counted)
async def sign_in(house: InHouse, request: Request, response: Response, given: SignInIn) -> SignedInOut:
    """账号名与密码。账号不存在与密码不对是同一个回答；失败多了要等候（429）。"""
    if given.cookie:
        check_origin(request)
    account = await house.signing_in.by_password(given.name, given.password, address_of(request))
    return await _signed_in(house, request, response, account, "password", cookie=given.cookie)


@router.post("/v1/sign-out", summary="退出 Sign out")
async def sign_out(house: InHouse, request: Request, response: Response, given: SignOutIn) -> Changed:
    """结束本次登录；everywhere 结束此账号的全部登录。已过期的登录也可以退出。"""
    token = token_of(request) or ""
    if not token.startswith(SESSION):
        raise NotSignedIn("没有登录。", advice="密钥用 DELETE /v1/me/keys 撤销。")
    signed = await asyncio.to_thread(house.catalogue.sessions.signed_in, token)
    if signed is not None and given.everywhere:
        account_id = int(signed.caller.id.partition(":")[2])
        await asyncio.to_thread(house.catalogue.sessions.close_all, account_id)
    await asyncio.to_thread(house.catalogue.sessions.close, token)
    response.delete_cookie(COOKIE, path="/")
    return Changed(id=signed.caller.id if signed else "", detail="已退出。")


@router.get("/v1/me", summary="我是谁 Who I am")
async def me(known: AnyKnown) -> MeOut:
    """调用者的身份、利用范围与角色；没有登录就是公众。"""
    return _me(known)


@router.put("/v1/me/password", summary="改密码 Change the password", dependencies=Counted)
async def change_password(house: InHouse, caller: Person, request: Request, given: PasswordIn) -> Changed:
    """改自己的密码；其他各处的登录随即失效。"""
    token = token_of(request) or ""
    account_id = int(caller.id.partition(":")[2])
    await house.signing_in.change_password(account_id, given.old, given.new, address_of(request), token)
    return Changed(id=caller.id, detail="密码已改，其他各处的登录已失效。")


@router.post("/v1/enrol", summary="开通账号 Set the first password", dependencies=Counted)
async def enrol(house: InHouse, given: EnrolIn) -> Changed:
    """凭一次性开通码设密码；开通码用一次即废。"""
    account = await house.signing_in.enrol(given.code, given.password)
    return Changed(id=account.caller_id, detail="密码已设，请登录。", extra={"name": account.name})


# ── OIDC ───────────────────────────────────────────────────────────────────────


@router.post("/v1/sign-in/oidc", summary="统一认证：开始 Begin OIDC", dependencies=Counted)
async def begin_oidc(house: InHouse) -> OidcBegun:
    """认证服务的登录地址；flow 留在此人的浏览器里，回来时一并交回。"""
    _needs_oidc(house)
    begun = await house.oidc.begin()
    return OidcBegun(url=begun.url, flow=begun.flow)


@router.post("/v1/sign-in/oidc/back", summary="统一认证：回来 Finish OIDC", dependencies=Counted)
async def finish_oidc(house: InHouse, request: Request, response: Response, given: OidcBack) -> SignedInOut:
    """以认证服务给的 code 与 state 完成登录；角色每次登录按其声明重定。"""
    _needs_oidc(house)
    who = await house.oidc.finish(given.flow, given.state, given.code)
    try:
        account = await asyncio.to_thread(
            house.catalogue.accounts.of_subject,
            who.subject,
            name=who.name,
            real_name=who.real_name[:80],
            powers=who.powers,
        )
    except BadInput as error:
        raise SignInFailed(
            f"认证服务给的角色不能同在：{error.message}", advice="请与安全管理员联系。"
        ) from error
    if account.locked:
        raise SignInFailed("这个账号已停用。", advice="请找安全管理员。")
    return await _signed_in(house, request, response, account, "oidc", cookie=False)


def _needs_oidc(house: House) -> None:
    if not house.oidc.enabled:
        raise NotFound("没有设统一认证。")


# ── what both give ─────────────────────────────────────────────────────────────


async def _signed_in(
    house: House, request: Request, response: Response, account: Account, via: str, *, cookie: bool
) -> SignedInOut:
    token = await asyncio.to_thread(house.catalogue.sessions.open, account, via)
    known = await house.presence.known(token)
    request.state.caller = known.caller
    response.headers["Cache-Control"] = "no-store"
    if cookie:
        response.set_cookie(
            COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https", path="/"
        )
    return SignedInOut(token="" if cookie else token, me=_me(known))


def _me(known: Known) -> MeOut:
    caller, roles = known.caller, sorted(known.caller.roles)
    return MeOut(
        id=caller.id,
        name=caller.name,
        audience=caller.audience,
        roles=roles,
        role_names=[ROLE_NAMES.get(role, role) for role in roles],
        via=known.via,
        ends_at=known.ends_at.isoformat(timespec="seconds") if known.ends_at else None,
    )
