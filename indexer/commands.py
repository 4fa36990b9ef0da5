"""danghai ingest, index, and the two background workers that `serve` starts."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from holdings.access import AUDIENCES
from holdings.console import (
    PARTLY,
    AsJson,
    end_with_supervisor,
    err,
    load_settings,
    out,
    print_json,
    said_plainly,
    supervised,
)
from holdings.errors import BadInput, IndexMismatch, IndexMissing
from holdings.locks import hold, projector_lock, reading_lock

if TYPE_CHECKING:  # what these commands work with is imported when one runs: `--help` answers at once
    from holdings.catalogue import WaitingPage
    from holdings.engines.port import IndexStatus, SearchEngine
    from indexer.reading import ReadingReport
    from indexer.report import IntakeReport
    from indexer.workshop import Workshop

index_app = typer.Typer(help="索引：状态与重建 index status and rebuild", no_args_is_help=True)


def _shop() -> Workshop:
    from indexer.workshop import Workshop

    return Workshop(load_settings())


def ingest(
    paths: Annotated[
        list[Path], typer.Argument(help="文件夹、目录文件（CSV/XLSX/JSONL）或文件清单", exists=True)
    ],
    mapping: Annotated[Path | None, typer.Option(help="表头对照文件（TOML）", exists=True)] = None,
    update: Annotated[bool, typer.Option("--update", help="接受与目录库不同的著录（旧著录保留）")] = False,
    no_ocr: Annotated[bool, typer.Option("--no-ocr", help="不识读扫描页，留待 serve 或下次")] = False,
    as_json: AsJson = False,
) -> None:
    """收进目录与扫描件：核对、入库、建索引、识读。可随时停下，再运行即接着做。"""
    from indexer.intake import Intake

    with said_plainly():
        shop = _shop()
        shop.catalogue.upgrade()
        report: IntakeReport | None = None
        try:
            with _bars(quiet=as_json) as bars:
                records = bars.add_task("收进 records", total=None)
                report = Intake(shop.catalogue, shop.store, shop.settings).run(
                    paths,
                    mapping=mapping,
                    update=update,
                    progress=lambda p: bars.update(records, completed=p.records, total=p.total, note=p.note),
                )
                if not projector_lock(shop.settings).is_held():
                    _work_here(shop, bars, ocr=not no_ocr)
                elif not no_ocr:
                    err.print("serve 正在运行，由它建索引并识读。`danghai index status` 看进度。")
        finally:  # what was refused is said, whatever becomes of the index
            if report is not None:
                _say(report, as_json=as_json)
        shop.close()
    if report.exit_status:
        raise typer.Exit(report.exit_status)


def _say(report: IntakeReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.as_dict())
    else:
        out.print(report.summary(), highlight=False, markup=False)


def _work_here(shop: Workshop, bars: Progress, *, ocr: bool) -> None:
    """No projector runs: index here, and read the scans beside it. Errors: the projector's."""
    with hold(projector_lock(shop.settings), "索引投影"), ThreadPoolExecutor(1, "projector") as pool:
        last_round, stop = threading.Event(), threading.Event()
        projecting = pool.submit(_project_here, shop, bars, last_round, stop)
        try:
            if ocr:
                _read_here(shop, bars)
            last_round.set()
            while not projecting.done():
                wait([projecting], 0.2)
        finally:
            stop.set()
        projecting.result()


def _project_here(shop: Workshop, bars: Progress, last_round: threading.Event, stop: threading.Event) -> None:
    """Project what comes, until a last round has found nothing or `stop` is set."""
    task = bars.add_task("索引 index", total=None)

    async def work() -> None:
        projector = shop.projector()
        await projector.open()
        await projector.give_meaning()
        moved = 0
        while not stop.is_set():
            last = last_round.is_set()
            if step := await projector.step():
                moved += step
                waiting = sum(shop.catalogue.outbox.counts().values())
                bars.update(task, completed=moved, total=moved + waiting)
            elif last:
                break
            else:
                await asyncio.sleep(0.2)
        await projector.close()

    asyncio.run(work())


def _read_here(shop: Workshop, bars: Progress) -> None:
    if reading_lock(shop.settings).is_held():
        return
    with hold(reading_lock(shop.settings), "扫描件识读"), closing(shop.scan_reading()) as reading:
        waiting = reading.waiting_count()
        if not waiting:
            return
        task = bars.add_task("识读 OCR", total=waiting)

        def moved(report: ReadingReport, page: WaitingPage) -> None:
            note = f"{report.rate:.0f} 页/分 · {page.reference_code}"
            bars.update(task, completed=report.read + report.failed, note=note)

        reading.run(threading.Event(), progress=moved)


def _bars(*, quiet: bool) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return _NotedProgress(*columns, console=err, disable=quiet)


class _NotedProgress(Progress):
    """Every task may carry a note; one without shows none."""

    def add_task(self, description: str, *args: Any, **fields: Any) -> TaskID:
        return super().add_task(description, *args, **{"note": "", **fields})


# ── workers that `serve` starts ─────────────────────────────────────────────────


def project(
    wait: Annotated[bool, typer.Option("--wait", help="已有一个在运行时等它停下再接手（备用机）")] = False,
) -> None:
    """索引投影进程：随目录库更新各索引，直到被叫停（serve 会启动它）。"""
    with said_plainly():
        _as_worker()
        shop = _shop()
        with hold(projector_lock(shop.settings), "索引投影", patiently=wait or supervised()):
            asyncio.run(_project_until_told(shop))


async def _project_until_told(shop: Workshop) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    projector = shop.projector()
    await projector.open()
    await projector.run(stop)
    await projector.close()


def read(
    follow: Annotated[bool, typer.Option("--follow", help="读完后继续等新页")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="先把识读失败的页重新排队")] = False,
    as_json: AsJson = False,
) -> None:
    """识读等候的扫描页（serve 会启动它）。按档号次序。"""
    with said_plainly():
        _as_worker()
        shop = _shop()
        again = shop.catalogue.pages.retry_failed() if retry else 0
        if retry and not as_json:
            out.print(f"重新排队 {again} 页。")
        mine = hold(reading_lock(shop.settings), "扫描件识读", patiently=supervised())
        with mine, closing(shop.scan_reading()) as reading:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            report = reading.run(stop, follow=follow)
        if as_json:
            rate = round(report.rate, 1)
            print_json({"queued_again": again, "read": report.read, "failed": report.failed, "rate": rate})
        else:
            out.print(f"识读 {report.read} 页，失败 {report.failed} 页，{report.rate:.1f} 页/分。")
        if report.failed:
            raise typer.Exit(PARTLY)


def _as_worker() -> None:
    """Log to standard error, and do not outlive the `serve` that started this."""
    end_with_supervisor()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("danghai").setLevel(logging.INFO)


# ── index ───────────────────────────────────────────────────────────────────────


@index_app.command()
def status(as_json: AsJson = False) -> None:
    """各利用范围的索引：条目、段落、有向量的条目、两路是否可用，以及积压。"""
    with said_plainly():
        shop = _shop()
        rows, model = asyncio.run(_statuses(shop))
        lagging = shop.catalogue.outbox.counts()
        pages = shop.catalogue.pages.states()
    if as_json:
        indexes = [asdict(row) for row in rows]
        print_json({"indexes": indexes, "meaning_model": model, "lagging": lagging, "pages": pages})
        return
    table = Table("范围", "条目", "段落", "有向量", "代次", "词", "意", "已删未清", "磁盘 MB")
    for row in rows:
        share = f"{100 * row.with_rows // row.documents}%" if row.documents else "—"
        words = "✓" if row.words_ready else "✗"
        meaning = "✗" if row.mismatch else "✓" if row.with_rows else "—"
        size = f"{row.bytes_on_disk / 1e6:.1f}"
        cells = (row.audience, row.documents, row.rows, share, row.generation, words, meaning, row.dead, size)
        table.add_row(*map(str, cells))
    out.print(table)
    for said in dict.fromkeys(row.mismatch for row in rows if row.mismatch):
        out.print(Text.assemble(("✗ ", "bold red"), said))
    if not model:
        out.print("未装向量模型，只按词检索。请运行：danghai models pull", highlight=False)
    out.print(f"积压 {lagging or '无'}；页面 {pages}", highlight=False)


async def _statuses(shop: Workshop) -> tuple[list[IndexStatus], str]:
    """Of the indexes there are, also of those that this installation cannot ask: they say why; and the
    name of its embedding model, "" for none."""
    from holdings.engines.making import made_with, search_engine
    from models.loading import load_encoder
    from models.words import JiebaSegmenter

    wanted = made_with(JiebaSegmenter(), load_encoder(shop.settings.models_dir))
    asking, reading = (search_engine(shop.settings, made) for made in (wanted, None))
    found = []
    for audience in AUDIENCES:
        with suppress(IndexMissing):
            found.append(await _status(asking, reading, audience))
    await asking.close()
    await reading.close()
    return found, wanted.encoder


async def _status(asking: SearchEngine, reading: SearchEngine, audience: str) -> IndexStatus:
    """reading: reads anything, and so gives the figures of an index that cannot be asked."""
    from holdings.engines.port import IndexStatus

    try:
        return await asking.status(audience)
    except IndexMismatch as error:
        mismatch = str(error)
    try:
        figures = await reading.status(audience)
    except IndexMismatch:  # of another format, which says nothing to this version
        figures = IndexStatus(audience, 0, 0, "", False, False, 0, None)
    return replace(figures, words_ready=False, mismatch=mismatch)


@index_app.command()
def rebuild(
    audience: Annotated[list[str] | None, typer.Option(help="只重建这些范围；缺省全部")] = None,
    as_json: AsJson = False,
) -> None:
    """由目录库重建索引，检索不中断。serve 在运行时由它来做。"""
    with said_plainly():
        wanted = audience or list(AUDIENCES)
        for name in wanted:
            if name not in AUDIENCES:
                raise BadInput(f"没有“{name}”这个利用范围。", advice=f"可选：{'、'.join(AUDIENCES)}。")
        shop = _shop()
        shop.catalogue.outbox.ask_rebuild(wanted, "danghai index rebuild")
        if projector_lock(shop.settings).is_held():
            _rebuild_said(
                wanted, "queued", "已排队，由正在运行的 serve 重建。`danghai index status` 看进度。", as_json
            )
            return
        with hold(projector_lock(shop.settings), "索引投影"), _bars(quiet=as_json) as bars:
            task = bars.add_task("重建 rebuild", total=None)
            asyncio.run(_rebuild_here(shop))
            bars.update(task, total=1, completed=1)
            last_round = threading.Event()
            last_round.set()
            _project_here(shop, bars, last_round, threading.Event())  # what still waits, vectors among it
        _rebuild_said(wanted, "done", "重建完成。", as_json)


def _rebuild_said(audiences: list[str], state: str, words: str, as_json: bool) -> None:
    if as_json:
        print_json({"audiences": audiences, "rebuild": state})
    else:
        out.print(words)


async def _rebuild_here(shop: Workshop) -> None:
    projector = shop.projector()
    await projector.open()
    await projector.rebuild_wanted()
    await projector.close()
