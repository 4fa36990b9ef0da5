"""danghai quarantine: what was held back for a secrecy mark."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.locks import hold, projector_lock

if TYPE_CHECKING:
    from indexer.workshop import Workshop

quarantine_app = typer.Typer(help="涉密待核 records held for a secrecy mark", no_args_is_help=True)


@quarantine_app.command(name="list")
def list_held(as_json: AsJson = False) -> None:
    """因密级标志而隐去的条目；放行与确认由保密员在界面或接口上办。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        found = Catalogue(load_settings().catalogue_url).quarantine.listing()
    if as_json:
        keys = ("id", "record_id", "page", "mark", "place", "state")
        print_json([{key: getattr(one, key) for key in keys} for one in found])
        return
    table = Table("号", "条目", "页", "标志", "位置", "状态")
    for one in found:
        cells = (one.id, one.record_id, one.page, one.mark, one.place, one.state)
        table.add_row(*(Text(str(cell)) for cell in cells))
    out.print(table)


@quarantine_app.command()
@recorded("quarantine scan")
def scan(as_json: AsJson = False) -> None:
    """把已有的文字重新查一遍密级标志。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        catalogue = Catalogue(load_settings().catalogue_url)
        catalogue.upgrade()
        held = catalogue.quarantine.scan()
        if as_json:
            print_json({"held": held})
        else:
            out.print(f"新隐去 {held} 件。")


@quarantine_app.command()
@recorded("quarantine export")
def export(
    to: Annotated[Path, typer.Option(help="涉密介质上的文件夹")],
    as_json: AsJson = False,
) -> None:
    """把已确认涉密的条目连同文件导出、核对，然后从本系统删除，并重建索引。请先停 danghai serve。"""
    from indexer.removal import remove_confirmed, summary
    from indexer.workshop import Workshop

    with said_plainly():
        shop = Workshop(load_settings())
        with hold(projector_lock(shop.settings), "索引投影"):
            removed = remove_confirmed(shop.catalogue, shop.store, shop.settings, shop.embeddings(), to)
            asyncio.run(_caught_up(shop))
        if as_json:
            print_json(summary(removed))
            return
        for one in removed:
            out.print(f"已移出 {one.record_id}：{one.files} 个文件 → {one.folder}", highlight=False)
        out.print(f"共 {len(removed)} 件。备份与先前导出中的副本须另行清除。", highlight=False)


async def _caught_up(shop: Workshop) -> None:
    """Every index loses what was taken out, and is built anew without its words."""
    projector = shop.projector()
    await projector.open()
    while await projector.step():
        pass
    await projector.rebuild_wanted()
    await projector.close()
