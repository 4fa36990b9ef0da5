"""danghai series: the series, and what is proposed for one. Choosing is done in the explorer, by people."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.access import STAFF, Caller
from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly

if TYPE_CHECKING:  # imported when the command runs: `--help` answers at once
    from holdings.settings import Settings
    from search_api.schema_curation import ProposalsOut

series_app = typer.Typer(help="系列 series", no_args_is_help=True)


@series_app.command("list")
def list_series(as_json: AsJson = False) -> None:
    """系列与取舍件数。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        found = Catalogue(load_settings().catalogue_url).series.listing()
        if as_json:
            print_json([{"id": s.id, **vars(s.definition), "counts": dict(s.counts)} for s in found])
            return
        table = Table("号", "名称", "已收", "不收", "待定", "收什么")
        for one in found:
            counts = [str(one.counts.get(verdict, 0)) for verdict in ("accepted", "rejected", "later")]
            table.add_row(*map(Text, (str(one.id), one.definition.name, *counts, one.definition.about)))
        out.print(table)


@series_app.command()
@recorded("series propose", required=False)
def propose(
    series_id: Annotated[int, typer.Argument(help="系列的号（danghai series list）")],
    size: Annotated[int, typer.Option(min=1, max=100, help="条数")] = 20,
    as_json: AsJson = False,
) -> None:
    """为一个系列荐选，逐件说明缘由。"""
    with said_plainly():
        found = asyncio.run(_proposals(load_settings(), series_id, size))
    if as_json:
        print_json(found.model_dump(by_alias=True))
        return
    out.print(f"据 {found.learned_from} 次取舍", highlight=False)
    for proposal in found.proposals:
        hit, why = proposal.hit, proposal.reasons
        out.print(Text.assemble((f"{hit.rank}. ", "bold"), hit.title, (f"  {hit.reference_code}", "dim")))
        said = [f"检索“{one.question[:30]}”第 {one.rank} 位" for one in why.found_by[:2]]
        said += [f"与已收“{why.like.title}”相近"] if why.like else []
        said += ["有词：" + "、".join(why.words)] if why.words else []
        out.print(Text(f"   {'；'.join(said)}", "dim"))


async def _proposals(settings: Settings, series_id: int, size: int) -> ProposalsOut:
    from search_api.house import House
    from search_api.proposals import proposed, shown, wish_of

    house, caller = House(settings), Caller(STAFF)
    series = house.catalogue.series.get(series_id)
    wish = wish_of(series, house.catalogue.series.choices(series_id))
    await house.open()
    try:
        await house.warm()
        return shown(house, caller, await proposed(house, caller, wish), wish, size)
    finally:
        await house.close()
