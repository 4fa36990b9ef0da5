"""danghai accounts: who runs the machine makes the first administrator here; there is no default password."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.audit.recorded import recorded
from holdings.commands import open_catalogue, refuse_outside
from holdings.console import AsJson, out, print_json, said_plainly
from holdings.errors import BadInput
from holdings.roles import ROLE_NAMES, audience_of

if TYPE_CHECKING:
    from holdings.catalogue.accounts import Account, DeskCheck

accounts_app = typer.Typer(help="账号 accounts", no_args_is_help=True)

#: Who a change made here is put down to: whoever may run commands on this machine.
CONSOLE = "console"

Name = Annotated[str, typer.Argument(help="账号名")]
Roles = Annotated[list[str] | None, typer.Option("--role", help=f"角色，可多个：{'、'.join(ROLE_NAMES)}")]
Audience = Annotated[str, typer.Option(help="没有角色的账号的利用范围，例如 reading_room")]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="由标准输入读密码，而不是发开通码")]


@accounts_app.command()
@recorded("accounts add")
def add(
    name: Name,
    real_name: Annotated[str, typer.Option(help="真实姓名（单位账号写单位名）")] = "",
    role: Roles = None,
    audience: Audience = "",
    checked_by: Annotated[str, typer.Option(help="读者：今天在柜台核验的经办人")] = "",
    document: Annotated[str, typer.Option(help="读者：证件种类，例如 居民身份证；不记号码")] = "",
    password_stdin: PasswordStdin = False,
    as_json: AsJson = False,
) -> None:
    """开账号。终端里没有给密码时发一次性开通码，24 小时内由本人设密码。"""
    with said_plainly():
        password = _password() if password_stdin else ""
        refuse_outside(audience_of(role or [], audience), role or [])
        catalogue = open_catalogue()
        catalogue.upgrade()
        account = catalogue.accounts.add(
            name,
            real_name=real_name or name,
            roles=role or [],
            audience=audience,
            check=_check(checked_by, document),
            by=CONSOLE,
            password=password,
        )
        code = "" if password else catalogue.accounts.enrolment(account.id, by=CONSOLE)
        _say_made(account, code, as_json=as_json)


@accounts_app.command(name="list")
def list_accounts(as_json: AsJson = False) -> None:
    """所有账号。"""
    with said_plainly():
        found = open_catalogue().accounts.listing()
        if as_json:
            print_json([as_row(account) for account in found])
            return
        table = Table("账号", "姓名", "范围", "角色", "状态", "核验", "开于")
        for account in found:
            roles = "、".join(ROLE_NAMES.get(role, role) for role in account.roles)
            state = "可用" if account.enrolled else "待开通"
            state = "注销" if account.retired else "停用" if account.locked else state
            check = " ".join(filter(None, (account.checked_by, account.document, account.checked_on)))
            made = f"{account.made_at:%Y-%m-%d}"
            cells = (account.name, account.real_name, account.audience, roles, state, check, made)
            table.add_row(*(Text(cell) for cell in cells))
        out.print(table)


@accounts_app.command()
@recorded("accounts lock")
def lock(name: Name, as_json: AsJson = False) -> None:
    """停用账号，登录立即失效。"""
    with said_plainly():
        accounts = open_catalogue().accounts
        _say(accounts.lock(accounts.named(name).id, by=CONSOLE), "已停用。", as_json=as_json)


@accounts_app.command()
@recorded("accounts unlock")
def unlock(name: Name, as_json: AsJson = False) -> None:
    """恢复账号，并清掉登录失败的等候。"""
    with said_plainly():
        catalogue = open_catalogue()
        account = catalogue.accounts.unlock(catalogue.accounts.named(name).id, by=CONSOLE)
        catalogue.failures.forgive(account.name)
        _say(account, "已恢复。", as_json=as_json)


@accounts_app.command()
@recorded("accounts retire")
def retire(name: Name, as_json: AsJson = False) -> None:
    """注销账号，永不能用：去掉角色、密码、登录与密钥；账号名不再给别人。"""
    with said_plainly():
        accounts = open_catalogue().accounts
        _say(accounts.retire(accounts.named(name).id, by=CONSOLE), "已注销。", as_json=as_json)


@accounts_app.command()
@recorded("accounts reset")
def reset(name: Name, password_stdin: PasswordStdin = False, as_json: AsJson = False) -> None:
    """重设密码：原密码与登录立即失效，发一次性开通码。"""
    with said_plainly():
        password = _password() if password_stdin else ""
        catalogue = open_catalogue()
        account = catalogue.accounts.named(name)
        if password:
            catalogue.accounts.set_password(account.id, password)
        code = "" if password else catalogue.accounts.enrolment(account.id, by=CONSOLE)
        catalogue.failures.forgive(account.name)
        _say_made(account, code, as_json=as_json)


@accounts_app.command()
@recorded("accounts roles")
def roles(name: Name, role: Roles = None, audience: Audience = "", as_json: AsJson = False) -> None:
    """改角色：写明今后的全部角色，下一次请求起生效。"""
    with said_plainly():
        refuse_outside(audience_of(role or [], audience), role or [])
        accounts = open_catalogue().accounts
        account = accounts.set_roles(accounts.named(name).id, role or [], audience=audience, by=CONSOLE)
        _say(account, f"范围 {account.audience}，角色 {'、'.join(account.roles) or '无'}。", as_json=as_json)


def as_row(account: Account) -> dict[str, object]:
    """An account as --json gives it."""
    return {**vars(account), "roles": list(account.roles), "made_at": account.made_at.isoformat()}


def _say(account: Account, said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(as_row(account))
    else:
        out.print(f"{account.name}：{said}", highlight=False, markup=False)


def _say_made(account: Account, code: str, *, as_json: bool) -> None:
    if as_json:
        print_json({**as_row(account), "enrolment": code})
    elif code:
        said = f"{account.name} 的开通码（只显示这一次，24 小时内有效，在界面 /enrol 设密码）：\n{code}"
        out.print(said, highlight=False, markup=False, soft_wrap=True)
    else:
        _say(account, "已设密码。", as_json=False)


def _check(by: str, document: str) -> DeskCheck | None:
    from holdings.catalogue.accounts import DeskCheck

    if not by and not document:
        return None
    return DeskCheck(by, document, date.today())


def _password() -> str:
    """Typed twice at a terminal, unseen; the first line of anything else."""
    if sys.stdin.isatty():
        typed: str = typer.prompt("密码", hide_input=True, confirmation_prompt=True)
        return typed
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise BadInput("标准输入里没有密码。", advice="请给一行。")
    return line
