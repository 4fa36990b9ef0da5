"""danghai audiences: whom else the holdings are for."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.audit.recorded import recorded
from holdings.console import AsJson, load_settings, out, print_json, said_plainly
from holdings.errors import BadInput

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue

audiences_app = typer.Typer(
    help="另设的利用范围 audiences of units, contractors, partners", no_args_is_help=True
)


@audiences_app.command()
@recorded("audiences add")
def add(  # noqa: PLR0913, PLR0917 (one parameter an option)
    name: Annotated[str, typer.Argument(help="名字：小写字母、数字、连字符，例如 unit-j045")],
    kind: Annotated[
        str, typer.Option(help="unit 形成单位（本单位全宗）、contractor 外包（一批条目）、partner 协作馆")
    ],
    fonds: Annotated[list[str] | None, typer.Option(help="全宗号，可多个（单位、协作馆）")] = None,
    within: Annotated[list[str] | None, typer.Option(help="此全宗、目录或案卷之内的全部文件（外包）")] = None,
    accession: Annotated[
        list[str] | None, typer.Option(help="此移交批次的全部文件：来源或“移交批次”等自有列如此写的（外包）")
    ] = None,
    records: Annotated[Path | None, typer.Option(help="档号清单，一行一个（外包）")] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="截止日（含）；外包与协作馆必填")
    ] = None,
    title: Annotated[str, typer.Option(help="给人看的名称")] = "",
    as_json: AsJson = False,
) -> None:
    """新设一个利用范围；索引由 serve 建好之后才可检索（serve 未运行：danghai index rebuild）。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        catalogue = Catalogue(load_settings().catalogue_url)
        catalogue.upgrade()
        lot = _lot(catalogue, within or [], accession or [], records)
        last = until.date() if until else None
        catalogue.audiences.add(name, kind, title=title, fonds=fonds or [], lot=lot, until=last)
        if as_json:
            print_json({"name": name, "kind": kind, "fonds": fonds or [], "records": len(lot)})
        else:
            out.print(
                f"已设“{name}”，索引建好即可用。给密钥：danghai keys add --audience {name}", highlight=False
            )


@audiences_app.command(name="list")
def list_audiences(as_json: AsJson = False) -> None:
    """另设的利用范围；public、reading_room、staff 随系统而来，不在此列。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        listing = Catalogue(load_settings().catalogue_url).audiences.listing()
    if as_json:
        print_json([vars(one) | {"fonds": list(one.fonds)} for one in listing])
        return
    table = Table("名字", "种类", "名称", "全宗", "条目", "截止", "状态")
    for one in listing:
        lot = one.records or ""
        cells = (one.name, one.kind, one.title, "、".join(one.fonds), lot, one.until, one.state)
        table.add_row(*(Text(str(cell)) for cell in cells))
    out.print(table)


@audiences_app.command()
@recorded("audiences remove")
def remove(name: Annotated[str, typer.Argument(help="名字")], as_json: AsJson = False) -> None:
    """撤除：立即不可检索、不可读，索引由 serve 删除。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        Catalogue(load_settings().catalogue_url).audiences.remove(name)
        if as_json:
            print_json({"name": name, "removed": True})
        else:
            out.print("已撤除。")


def _lot(catalogue: Catalogue, within: list[str], accessions: list[str], file: Path | None) -> list[str]:
    """Ids of the records a list names by code, of what lies in these, and of what came with these accessions.

    The lot is what there is now: what the same accession brings later is not in it. Errors: BadInput.
    """
    codes: list[str] = []
    if file is not None:
        try:
            codes = [line.strip() for line in file.read_text("utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"清单 {file} 读不出：{error}。", advice="请用 UTF-8，一行一个档号。") from error
    wanted = [code for code in dict.fromkeys(codes) if code]
    ids = catalogue.records.ids_of_codes([*wanted, *within])
    if unknown := [code for code in (*wanted, *within) if code not in ids]:
        raise BadInput(f"没有档号 {'、'.join(unknown[:5])}。", advice="请核对档号。")
    found = [ids[code] for code in wanted]
    for code in within:
        found += catalogue.records.files_below(ids[code])
    for accession in accessions:
        if not (came := catalogue.records.files_of_accession(accession)):
            raise BadInput(f"没有移交批次“{accession}”的文件。", advice="请照“来源”或“移交批次”一列所写。")
        found += came
    return list(dict.fromkeys(found))
