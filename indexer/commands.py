"""danghai ingest, and the two background workers that `serve` starts."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdings.audit.recorded import recorded
from holdings.console import (
    PARTLY,
    AsJson,
    end_with_supervisor,
    err,
    out,
    print_json,
    said_plainly,
    supervised,
)
from holdings.errors import EngineChanged, NotAllowed
from holdings.locks import hold, projector_lock, reading_lock
from indexer.at_work import progress_bars, project_here, workshop

if TYPE_CHECKING:  # what these commands work with is imported when one runs: `--help` answers at once
    from rich.progress import Progress

    from holdings.catalogue import WaitingPage
    from indexer.reading import ReadingReport, ScanReading
    from indexer.report import IntakeReport
    from indexer.workshop import Workshop

log = logging.getLogger("danghai.projector")


@recorded("ingest")
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
        shop = workshop()
        if shop.settings.public_only:
            advice = "请在内网收进，再用 danghai publish export 带出、在这里 publish import。"
            raise NotAllowed("这是公众网一端，不收进目录与扫描件。", advice=advice)
        shop.catalogue.upgrade()
        report: IntakeReport | None = None
        try:
            with progress_bars(quiet=as_json) as bars:
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
        projecting = pool.submit(project_here, shop, bars, last_round, stop)
        try:
            if ocr:
                _read_here(shop, bars)
            last_round.set()
            while not projecting.done():
                wait([projecting], 0.2)
        finally:
            stop.set()
        projecting.result()


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
        _say_left(reading)


def _say_left(reading: ScanReading) -> None:
    if left := reading.left_to_workers():
        err.print(f"danghai work 正在识读，本机让开，还有 {left} 页由它读。`danghai work status` 看进度。")


# ── workers that `serve` starts ─────────────────────────────────────────────────


@recorded("project")
def project(
    wait: Annotated[bool, typer.Option("--wait", help="已有一个在运行时等它停下再接手（备用机）")] = False,
) -> None:
    """索引投影进程：随目录库更新各索引，直到被叫停（serve 会启动它）。"""
    with said_plainly():
        _as_worker()
        shop = workshop()
        with hold(projector_lock(shop.settings), "索引投影", patiently=wait or supervised()):
            asyncio.run(_project_until_told(shop))


async def _project_until_told(shop: Workshop) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    while not stop.is_set():
        projector = shop.projector()
        try:
            await projector.open()
            await projector.run(stop)
        except EngineChanged as error:
            log.info("%s", error)
        finally:
            await projector.close()


@recorded("read")
def read(
    follow: Annotated[bool, typer.Option("--follow", help="读完后继续等新页")] = False,
    retry: Annotated[bool, typer.Option("--retry", help="先把识读失败的页重新排队")] = False,
    as_json: AsJson = False,
) -> None:
    """识读等候的扫描页（serve 会启动它）。按档号次序。"""
    with said_plainly():
        _as_worker()
        shop = workshop()
        again = shop.catalogue.pages.retry_failed() if retry else 0
        if retry and not as_json:
            out.print(f"重新排队 {again} 页。")
        mine = hold(reading_lock(shop.settings), "扫描件识读", patiently=supervised())
        with mine, closing(shop.scan_reading()) as reading:
            stop = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            report = reading.run(stop, follow=follow)
            _say_left(reading)
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
