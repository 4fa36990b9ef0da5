"""danghai review: what is due, and how far the batches are. Deciding is done in the explorer, by people."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.review_rules import KIND_NAMES, STEP_NAMES

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue

review_app = typer.Typer(help="开放审核 opening review", no_args_is_help=True)


def _catalogue() -> Catalogue:
    from holdings.catalogue import Catalogue

    return Catalogue(load_settings().catalogue_url)


def _table(headers: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    table = Table(*headers)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out.print(table)


@review_app.command()
def due(
    fonds: Annotated[str | None, typer.Option(help="只看这个全宗")] = None, as_json: AsJson = False
) -> None:
    """到期清单：满二十五年而未审、或延期届满的，按全宗与年份。"""
    from holdings.catalogue.due import DueWish

    with said_plainly():
        counts = _catalogue().due.counts(datetime.now(UTC).date(), DueWish(fonds))
        if as_json:
            print_json([vars(count) for count in counts])
            return
        headers = ("全宗号", "年份", "到期未审", "延期届满", "可提前", "正在审核")
        _table(headers, [(c.fonds_code, c.year or "无日期", c.due, c.again, c.early, c.busy) for c in counts])


@review_app.command()
def batches(as_json: AsJson = False) -> None:
    """批次与进度。"""
    with said_plainly():
        found = _catalogue().reviews.batches()
        if as_json:
            print_json([vars(batch) for batch in found])
            return
        rows: list[tuple[object, ...]] = [
            (
                b.id,
                b.name,
                KIND_NAMES[b.kind],
                "、".join(f"{STEP_NAMES[step]} {n}" for step, n in b.counts.items()),
                "、".join(f"{STEP_NAMES[step]} {who[1]}" for step, who in b.assigned.items()),
                b.made_at.date(),
            )
            for b in found
        ]
        _table(("号", "名称", "种类", "进度", "分派", "成于"), rows)


@review_app.command()
def terms(
    path: Annotated[Path, typer.Argument(help="CSV 或 XLSX；由后缀定")],
    as_json: AsJson = False,
) -> None:
    """把敏感词表写到文件。"""
    from holdings.sheets import Format, write

    with said_plainly():
        rows = [(t.term, t.category, t.reason) for t in _catalogue().review_lists.terms()]
        form: Format = "xlsx" if path.suffix.lower() == ".xlsx" else "csv"
        path.write_bytes(write(form, ("词", "类别", "理由代码"), rows))
        if as_json:
            print_json({"path": str(path), "terms": len(rows)})
        else:
            out.print(f"{len(rows)} 词已写入 {path}。", highlight=False)
