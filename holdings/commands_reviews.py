"""danghai review: what is due, and how far the batches are. Deciding is done by people, in the explorer; one
opinion, an open volume's for its files, may be proposed here."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.access import OPEN, Caller
from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.errors import BadInput, NotAllowed
from holdings.review_rules import KIND_NAMES, STEP_NAMES, STEP_ROLES, Said, checked

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
def volumes(
    fonds: Annotated[str | None, typer.Option(help="只看这个全宗")] = None, as_json: AsJson = False
) -> None:
    """本身已开放、卷内还有未开放文件的案卷；它的开放要成批审过才及于卷内。"""
    with said_plainly():
        found = _catalogue().volumes.listing(fonds=fonds)
        if as_json:
            print_json([vars(volume) for volume in found])
            return
        _table(("档号", "题名", "未开放"), [(v.reference_code, v.title, v.waiting) for v in found])


@review_app.command()
@recorded("review carry")
def carry(
    volume: Annotated[str, typer.Argument(help="案卷的档号")],
    reason: Annotated[list[str], typer.Option(help="理由代码，可多个，例如 no-limit")],
    words: Annotated[str, typer.Option(help="说明")] = "",
    as_json: AsJson = False,
) -> None:
    """把案卷的开放及于卷内：成一批，提出初审的批量意见。由标准输入读办理人自己的密钥；样本看过才生效，其后两审在界面办。"""
    from holdings.catalogue.reviews import NewBatch

    with said_plainly():
        catalogue, caller = _person()
        ids = catalogue.records.ids_of_codes([volume])
        if volume not in ids:
            raise BadInput(f"没有档号 {volume}。", advice="`danghai review volumes` 可查。")
        reasons, said = catalogue.review_lists.reasons(), Said(OPEN, reasons=tuple(reason), words=words)
        checked("opening", said, reasons, datetime.now(UTC).date())
        files = catalogue.volumes.files(ids[volume])
        new = NewBatch(f"{volume} 卷内", "opening", source=f"案卷 {volume} 的开放及于卷内")
        made = catalogue.reviews.make(new, files, caller)
        bulk = catalogue.bulk_reviews.propose(made.batch_id, "first", said, caller, reasons)
        if as_json:
            left = [{"record_id": i, "why": why} for i, why in made.left_out]
            print_json({"batch": made.batch_id, "bulk": bulk.id, "taken": made.taken, "left_out": left})
            return
        out.print(
            f"已成第 {made.batch_id} 批，{made.taken} 件；请在界面“审核”里逐件看样本 {len(bulk.sample)} 件，"
            "看过且无异议，初审才生效。",
            highlight=False,
        )


def _person() -> tuple[Catalogue, Caller]:
    """Whose key stands on standard input. Errors: BadInput, NotAllowed."""
    key = sys.stdin.readline().strip()
    catalogue = _catalogue()
    caller = catalogue.keys.caller(key) if key else None
    if caller is None:
        raise BadInput("标准输入里没有有效的密钥。", advice="请给办理人自己的密钥一行：danghai keys add。")
    if not caller.roles & STEP_ROLES["first"]:
        raise NotAllowed("初审限业务人员或开放审核员。", advice="请由有此角色的同事办理。")
    return catalogue, caller


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
