"""/v1/accounts, /v1/readers, keys: who may come in. Done by persons who are signed in, never by a key."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from holdings.access import READING_ROOM
from holdings.catalogue.accounts import Account, DeskCheck
from holdings.errors import NotAllowed, NotFound
from search_api.callers import Desk, InHouse, Person, SecurityAdmin, SystemAdmin
from search_api.schema import Changed
from search_api.schema_accounts import (
    AccountIn,
    AccountMade,
    AccountOut,
    KeyIn,
    KeyMade,
    KeyOut,
    ReaderIn,
    RolesIn,
)

router = APIRouter(tags=["账号 accounts"])

#: An account's or key's number; more than the catalogue's integers hold is nobody's.
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
#: China has one clock; the day at the desk is its day.
CHINA = timedelta(hours=8)


@router.get("/v1/accounts", summary="账号 Accounts")
async def list_accounts(house: InHouse, caller: SecurityAdmin) -> list[AccountOut]:
    """所有账号（安全管理员）。"""
    return [_out(account) for account in await asyncio.to_thread(house.catalogue.accounts.listing)]


@router.post("/v1/accounts", summary="开账号 Make an account", status_code=201)
async def add_account(house: InHouse, caller: SecurityAdmin, given: AccountIn) -> AccountMade:
    """开账号，得一次性开通码，由本人设密码（安全管理员）。三员各一个账号，不与别的角色同在。"""
    seen = given.check
    check = DeskCheck(seen.by, seen.document, seen.on) if seen else None

    def made() -> tuple[Account, str]:
        accounts = house.catalogue.accounts
        account = accounts.add(
            given.name,
            real_name=given.real_name,
            roles=given.roles,
            audience=given.audience,
            check=check,
            by=caller.id,
        )
        return account, accounts.enrolment(account.id, by=caller.id)

    account, code = await asyncio.to_thread(made)
    return AccountMade(account=_out(account), enrolment=code)


@router.get("/v1/readers", summary="读者 Readers")
async def list_readers(
    house: InHouse,
    caller: Desk,
    q: Annotated[str, Query(max_length=80, description="姓名或账号名中的字")] = "",
) -> list[AccountOut]:
    """登记过的读者，新的在前，至多一百位（业务人员）。"""
    return [_out(account) for account in await asyncio.to_thread(house.catalogue.accounts.readers, q)]


@router.post("/v1/readers", summary="读者登记 Register a reader", status_code=201)
async def add_reader(house: InHouse, caller: Desk, given: ReaderIn) -> AccountMade:
    """柜台登记读者：当面核验真实姓名，记下经办人、日期与证件种类，不记号码（业务人员）。"""

    def made() -> tuple[Account, str]:
        accounts = house.catalogue.accounts
        today = (datetime.now(UTC) + CHINA).date()
        account = accounts.add(
            given.name,
            real_name=given.real_name,
            audience=READING_ROOM,
            check=DeskCheck(caller.name, given.document, today),
            by=caller.id,
        )
        return account, accounts.enrolment(account.id, by=caller.id)

    account, code = await asyncio.to_thread(made)
    return AccountMade(account=_out(account), enrolment=code)


@router.put("/v1/accounts/{number}/roles", summary="改角色 Change roles")
async def set_roles(house: InHouse, caller: SecurityAdmin, number: Number, given: RolesIn) -> AccountOut:
    """此后的全部角色，下一次请求起生效；自己的角色不能自己改（安全管理员）。"""
    change = house.catalogue.accounts.set_roles
    return _out(await asyncio.to_thread(change, number, given.roles, audience=given.audience, by=caller.id))


@router.post("/v1/accounts/{number}/lock", summary="停用 Lock an account")
async def lock(house: InHouse, caller: SecurityAdmin, number: Number) -> AccountOut:
    """停用账号；它的登录与密钥立即失效（安全管理员）。"""
    return _out(await asyncio.to_thread(house.catalogue.accounts.lock, number, by=caller.id))


@router.post("/v1/accounts/{number}/unlock", summary="恢复 Unlock an account")
async def unlock(house: InHouse, caller: SecurityAdmin, number: Number) -> AccountOut:
    """恢复账号，并清掉登录失败的等候（安全管理员）。"""
    account = await asyncio.to_thread(house.catalogue.accounts.unlock, number, by=caller.id)
    await asyncio.to_thread(house.catalogue.failures.forgive, account.name)
    return _out(account)


@router.post("/v1/accounts/{number}/retire", summary="注销 Retire an account")
async def retire(house: InHouse, caller: SecurityAdmin, number: Number) -> AccountOut:
    """此后永不能用：去掉角色、密码、登录与密钥；账号名不再给别人（安全管理员）。"""
    return _out(await asyncio.to_thread(house.catalogue.accounts.retire, number, by=caller.id))


@router.post("/v1/accounts/{number}/reset", summary="重设密码 Reset a password")
async def reset(house: InHouse, caller: SecurityAdmin, number: Number) -> AccountMade:
    """原密码与登录立即失效，给一次性开通码（安全管理员）。"""
    code = await asyncio.to_thread(house.catalogue.accounts.enrolment, number, by=caller.id)
    account = await asyncio.to_thread(house.catalogue.accounts.get, number)
    return AccountMade(account=_out(account), enrolment=code)


# ── keys ───────────────────────────────────────────────────────────────────────


@router.get("/v1/me/keys", summary="我的密钥 My keys")
async def my_keys(house: InHouse, caller: Person) -> list[KeyOut]:
    """自己的密钥；密钥本身不再显示。"""
    rows = await asyncio.to_thread(house.catalogue.keys.listing, _number(caller.id))
    return [_key(row) for row in rows]


@router.post("/v1/me/keys", summary="发密钥 Make a key", status_code=201)
async def add_key(house: InHouse, caller: Person, given: KeyIn) -> KeyMade:
    """给自己的程序一个密钥，只显示这一次；权限不超过本人当时的角色。"""
    if beyond := sorted(set(given.roles) - caller.roles):
        raise NotAllowed(f"自己没有这些角色：{'、'.join(beyond)}。", advice="密钥只能有自己的角色。")
    key = await asyncio.to_thread(
        house.catalogue.keys.add,
        caller.audience,
        roles=given.roles,
        name=given.name,
        owner=_number(caller.id),
        expires_on=given.expires_on,
    )
    return KeyMade(key=key)


@router.delete("/v1/me/keys/{number}", summary="撤销自己的密钥 Revoke my key")
async def revoke_mine(house: InHouse, caller: Person, number: Number) -> Changed:
    """立即生效。"""
    if not await asyncio.to_thread(house.catalogue.keys.revoke, number, _number(caller.id)):
        raise NotFound("没有这个有效的密钥。")
    return Changed(id=f"key:{number}", detail="已撤销。")


@router.get("/v1/keys", summary="所有密钥 All keys")
async def all_keys(house: InHouse, caller: SystemAdmin) -> list[KeyOut]:
    """所有密钥（系统管理员）；密钥本身谁也看不到。"""
    return [_key(row) for row in await asyncio.to_thread(house.catalogue.keys.listing)]


@router.delete("/v1/keys/{number}", summary="撤销密钥 Revoke a key")
async def revoke(house: InHouse, caller: SystemAdmin, number: Number) -> Changed:
    """撤销任何密钥，立即生效（系统管理员）。"""
    if not await asyncio.to_thread(house.catalogue.keys.revoke, number):
        raise NotFound("没有这个有效的密钥。")
    return Changed(id=f"key:{number}", detail="已撤销。")


def _number(caller_id: str) -> int:
    return int(caller_id.partition(":")[2])


def _key(row: dict[str, Any]) -> KeyOut:
    return KeyOut(**row)


def _out(account: Account) -> AccountOut:
    return AccountOut(
        id=account.id,
        name=account.name,
        real_name=account.real_name,
        audience=account.audience,
        roles=list(account.roles),
        locked=account.locked,
        retired=account.retired,
        enrolled=account.enrolled,
        made_by=account.made_by,
        made_at=account.made_at.isoformat(),
        checked_by=account.checked_by,
        checked_on=account.checked_on,
        document=account.document,
        by_oidc=bool(account.subject),
    )
