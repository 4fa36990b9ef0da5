"""danghai db, danghai keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.access import AUDIENCES, ROLES, on_public_installation
from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.errors import NotAllowed, NotFound

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue

db_app = typer.Typer(help="目录库 the catalogue's database", no_args_is_help=True)
keys_app = typer.Typer(help="API 密钥 keys", no_args_is_help=True)


def open_catalogue() -> Catalogue:
    from holdings.catalogue import Catalogue

    return Catalogue(load_settings().catalogue_url)


def refuse_outside(audience: str, roles: Sequence[str]) -> None:
    """On a public installation none but the public and the 三员 get a key or an account. Errors: NotAllowed."""
    if load_settings().public_only and not on_public_installation(audience, roles):
        raise NotAllowed(
            "这是公众网一端，没有馆员与阅览室的密钥和账号。",
            advice="只可给 system_admin、security_admin、audit_admin 之一，范围为 public；其余请在内网一端开。",
        )


@db_app.callback()
def database() -> None:
    """目录库。"""


@db_app.command()
@recorded("db upgrade")
def upgrade(as_json: AsJson = False) -> None:
    """把目录库的表升级到本版本。"""
    with said_plainly():
        open_catalogue().upgrade()
        if as_json:
            print_json({"upgraded": True})
        else:
            out.print("目录库已是最新。")


@keys_app.command()
@recorded("keys add")
def add(
    audience: Annotated[str, typer.Option(help=f"利用范围：{'、'.join(AUDIENCES)}")],
    role: Annotated[list[str] | None, typer.Option(help=f"角色，可多个：{'、'.join(ROLES)}")] = None,
    name: Annotated[str, typer.Option(help="给谁用")] = "",
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="最后一天，缺省不限")] = None,
    as_json: AsJson = False,
) -> None:
    """新密钥，只显示这一次。"""
    with said_plainly():
        refuse_outside(audience, role or [])
        catalogue = open_catalogue()
        catalogue.upgrade()
        last = until.date() if until else None
        key = catalogue.keys.add(audience, roles=role or [], name=name, expires_on=last)
        if as_json:
            print_json({"key": key, "audience": audience, "roles": role or []})
        else:
            out.print(f"密钥（只显示这一次）：\n{key}", highlight=False, soft_wrap=True)


@keys_app.command(name="list")
def list_keys(as_json: AsJson = False) -> None:
    """已发的密钥；密钥本身不再显示。"""
    with said_plainly():
        listing = open_catalogue().keys.listing()
        if as_json:
            print_json(listing)
            return
        table = Table("号", "给谁", "范围", "角色", "账号", "发于", "到期", "最近使用", "撤于")
        for row in listing:
            roles = row["roles"]
            shown = "、".join(roles) if isinstance(roles, list) else ""
            dates = (row[day] or "" for day in ("made_at", "expires_on", "used_on", "revoked_at"))
            cells = (row["id"], row["name"], row["audience"], shown, row["owner"], *dates)
            table.add_row(*(Text(str(cell)) for cell in cells))
        out.print(table)


@keys_app.command()
@recorded("keys revoke")
def revoke(
    key_id: Annotated[int, typer.Argument(help="密钥的号（见 keys list）")], as_json: AsJson = False
) -> None:
    """撤销密钥，立即生效。"""
    with said_plainly():
        if not open_catalogue().keys.revoke(key_id):
            raise NotFound(f"没有 {key_id} 号有效密钥。", advice="`danghai keys list` 可查。")
        if as_json:
            print_json({"id": key_id, "revoked": True})
        else:
            out.print("已撤销。")
