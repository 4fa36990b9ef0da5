"""danghai search."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from holdings.access import PUBLIC, STAFF, Caller
from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.errors import BadInput

if TYPE_CHECKING:  # imported when the command runs: `--help` answers at once
    from holdings.settings import Settings
    from search_api.schema import HitOut, Mode, SearchOut


@recorded("search", required=False)
def search(
    question: Annotated[str, typer.Argument(help="检索词，一句话也行")],
    mode: Annotated[str, typer.Option(help="hybrid、words 或 meaning")] = "hybrid",
    size: Annotated[int, typer.Option(min=1, max=100, help="条数")] = 10,
    audience: Annotated[str, typer.Option(help="以谁的范围检索：public、reading_room、staff")] = STAFF,
    as_json: AsJson = False,
) -> None:
    """检索，说明每条为何在此。"""
    with said_plainly():
        settings = load_settings()
        audience = PUBLIC if settings.public_only else audience
        found = asyncio.run(_search(settings, _mode(mode), question, size, audience))
    if as_json:
        print_json(found.model_dump(by_alias=True))
        return
    chips = " ".join(f"[{c.kind} {c.text}]" for c in found.query.understood)
    out.print(f"{found.total.value} 条 · {found.took_ms:.0f} 毫秒 {chips}", highlight=False, markup=False)
    for hit in found.hits:
        _print_hit(hit)


def _mode(name: str) -> Mode:
    match name:
        case "hybrid" | "words" | "meaning":
            return name
        case _:
            raise typer.BadParameter("mode: hybrid、words、meaning")


async def _search(settings: Settings, mode: Mode, question: str, size: int, audience: str) -> SearchOut:
    from search_api.asking import Asked
    from search_api.house import House
    from search_api.searching import search as run_search

    house = House(settings)
    await house.open()
    try:
        await house.status(PUBLIC)  # no index yet: that is what to say, whatever else lacks
        if audience not in (names := house.catalogue.audiences.names()):
            raise BadInput(f"没有“{audience}”这个利用范围。", advice=f"可选：{'、'.join(names)}。")
        await house.warm()
        return await run_search(house, Caller(audience), Asked(text=question, mode=mode, size=size))
    finally:
        await house.close()


def _print_hit(hit: HitOut) -> None:
    out.print(Text.assemble((f"{hit.rank}. ", "bold"), _marked(hit.title, hit.title_marks)))
    why = "、".join(
        part
        for part in (
            f"词第{hit.why.words_rank}位" if hit.why.words_rank else "",
            f"意第{hit.why.meaning_rank}位" if hit.why.meaning_rank else "",
        )
        if part
    )
    out.print(
        Text(f"   {hit.reference_code} · {hit.date.text or '无日期'} · {hit.access_status} · {why}", "dim")
    )
    for passage in hit.passages[:1]:
        place = f"（第 {passage.page} 页）" if passage.page else ""
        shown = _marked(passage.text, passage.marks)
        shown = Text("").join(part for part in shown.split("\n"))
        shown.truncate(240, overflow="ellipsis")
        out.print(Text.assemble("   ", shown, place))


def _marked(text: str, marks: list[tuple[int, int]]) -> Text:
    shown = Text(text)
    for start, end in marks:
        shown.stylize("bold yellow", start, end)
    return shown
