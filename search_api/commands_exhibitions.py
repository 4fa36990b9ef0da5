"""danghai exhibitions: what is published, as a folder for any web server, taken from the public; the deep zoom."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from holdings.access import STAFF, Caller
from holdings.audit.recorded import recorded
from holdings.console import AsJson, err, load_settings, out, print_json, said_plainly
from holdings.errors import BadInput, ModelMissing

if TYPE_CHECKING:  # imported when the command runs: `--help` answers at once
    from search_api.house import House

exhibitions_app = typer.Typer(help="展览 exhibitions", no_args_is_help=True)
Slug = Annotated[str, typer.Argument(help="展览的网址名（danghai exhibitions list）")]


@contextmanager
def _house() -> Iterator[House]:
    """Catalogue and pictures; the engine stays closed."""
    from search_api.house import House

    with said_plainly():
        house = House(load_settings())
        yield house
        house.images.close()
        house.catalogue.close()


@exhibitions_app.command("list")
def list_exhibitions(as_json: AsJson = False) -> None:
    """已发布的展览。"""
    from search_api.exhibition_parts import counted

    with _house() as house:
        found = counted(house)
        rows = [
            {"slug": e.slug, "number": e.number, "title": e.title, "made_on": e.made_on,
             "exhibits": exhibits}
            for e, exhibits in found
        ]  # fmt: skip
        if as_json:
            print_json(rows)
            return
        table = Table("网址名", "版", "题名", "日期", "展品")
        for row in rows:
            table.add_row(*(Text(str(value)) for value in row.values()))
        out.print(table)


@exhibitions_app.command()
@recorded("exhibitions export")
def export(
    slug: Slug,
    folder: Annotated[Path, typer.Argument(help="放到哪个文件夹（空的，或还没有）")],
    address: Annotated[
        str, typer.Option(help="将来的网址，写进 IIIF 清单；不给就用展览自己的，没有则不带 IIIF")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """把展览的全部页面与图像存成文件夹，任何网页服务器都可直接放出。"""
    from search_api.exporting import write_page_set

    with _house() as house:
        if folder.exists() and any(folder.iterdir()):
            raise BadInput(f"文件夹 {folder} 不是空的。", advice="请给一个新的文件夹。")
        files, zoom = write_page_set(
            house, slug, folder, address, lambda all_: track(all_, "导出", console=err)
        )
        if as_json:
            print_json({"slug": slug, "folder": str(folder), "files": files, "zoom": zoom})
            return
        out.print(f"{files} 个文件，在 {folder}；从 index.html 看起。", highlight=False, markup=False)
        if not zoom:
            out.print("没有放大细看：运行 danghai exhibitions viewer 后再导出一次即有。", highlight=False)


@exhibitions_app.command()
@recorded("exhibitions withdraw")
def withdraw(slug: Slug, as_json: AsJson = False) -> None:
    """撤下一个展览；公众立刻看不到。"""
    with _house() as house:
        house.catalogue.editions.withdraw(slug, Caller(STAFF, name="命令行"))
        if as_json:
            print_json({"slug": slug, "withdrawn": True})
            return
        out.print(f"已撤下 {slug}。", highlight=False, markup=False)


@exhibitions_app.command()
def viewer(
    source: Annotated[
        Path | None, typer.Option("--from", help="本地文件夹或 jar（离线安装）", exists=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """取来放大细看用的 OpenSeadragon（经 Maven，字节须与清单相符）；没有它，页面给出整幅大图。"""
    from curation.outputs.viewer import pull_script
    from models.errors import ModelsError

    shown = sys.stderr if as_json else sys.stdout
    with said_plainly():
        try:
            models_dir = load_settings().models_dir
            folder = pull_script(models_dir, source, lambda line: print(line, file=shown, flush=True))
        except ModelsError as error:
            raise ModelMissing(str(error)) from error
        if as_json:
            print_json({"folder": str(folder)})
