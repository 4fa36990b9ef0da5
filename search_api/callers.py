"""Who is asking: an API key names the caller's audience and roles; nobody named is the public."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from holdings.access import ANONYMOUS, OPENING_ROLES, Caller
from holdings.errors import NotAllowed
from search_api.house import House

_BEARER = HTTPBearer(auto_error=False, description="API 密钥（danghai keys add）")


def get_house(request: Request) -> House:
    house: House = request.app.state.house
    return house


async def get_caller(
    request: Request,
    house: Annotated[House, Depends(get_house)],
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)],
) -> Caller:
    """Errors: 401 for a key that is not valid, or a header that holds none: never the public by mistake."""
    if "Authorization" not in request.headers:
        return ANONYMOUS
    caller = await asyncio.to_thread(house.catalogue.keys.caller, given.credentials) if given else None
    if caller is None:
        raise HTTPException(401, "密钥无效或已撤销。", headers={"WWW-Authenticate": "Bearer"})
    return caller


async def get_staff(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
    if not caller.is_staff:
        raise NotAllowed("此操作只限馆员。", advice="请用馆员密钥。")
    return caller


async def get_opener(caller: Annotated[Caller, Depends(get_staff)]) -> Caller:
    if not caller.roles & OPENING_ROLES:
        raise NotAllowed("此操作限档案员、开放审核员或管理员。", advice="请由有此角色的同事办理。")
    return caller


InHouse = Annotated[House, Depends(get_house)]
AnyCaller = Annotated[Caller, Depends(get_caller)]
Staff = Annotated[Caller, Depends(get_staff)]
Opener = Annotated[Caller, Depends(get_opener)]
