"""danghai work status, and the one worker that `danghai work` starts several of."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from holdings.console import AsJson, end_with_supervisor, load_settings, out, print_json, said_plainly
from holdings.errors import BadInput

KINDS = ("ocr", "embed")


def kinds_of(said: str) -> list[str]:
    """ "ocr,embed" → its kinds. Errors: BadInput."""
    kinds = [kind.strip() for kind in said.split(",") if kind.strip()]
    if not kinds or set(kinds) - set(KINDS):
        raise BadInput(f"不认得 --kind {said}。", advice=f"可选：{'、'.join(KINDS)}，可用逗号并列。")
    return list(dict.fromkeys(kinds))


def one(
    kind: Annotated[str, typer.Option()],
    name: Annotated[str, typer.Option(help="重启后不变")],
) -> None:
    """一个工作进程（danghai work 会启动它）：与别的进程分担识读或向量。"""
    from indexer.workshop import Workshop

    with said_plainly():
        end_with_supervisor()
        logging.basicConfig(
            level=logging.WARNING, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr
        )
        logging.getLogger("danghai").setLevel(logging.INFO)
        shop = Workshop(load_settings())
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        shop.work(kinds_of(kind)[0], name).run(stop)
        sys.stderr.flush()
        os._exit(0)  # a piece in hand would be waited for; it was given out anew


def status(as_json: AsJson = False) -> None:
    """各机器上的工作进程、每分钟多少、还有多少、哪些没做成和原因。"""
    from holdings.catalogue import Catalogue

    with said_plainly():
        settings = load_settings()
        catalogue = Catalogue(settings.catalogue_url)
        workers = catalogue.workers.all()
        pages, lagging = catalogue.pages.states(), catalogue.outbox.counts()
        failures = catalogue.pages.failures()
    present = [worker for worker in workers if worker.silent < settings.work_gone]
    rates = {kind: round(sum(w.rate for w in present if w.kind == kind), 1) for kind in KINDS}
    if as_json:
        reasons = [{"reason": reason, "pages": number} for reason, number in failures]
        told = [asdict(worker) for worker in workers]
        print_json(
            {"workers": told, "a_minute": rates, "pages": pages, "lagging": lagging, "failures": reasons}
        )
        return
    table = Table("工作进程", "工作", "模型", "做成", "未成", "每分钟", "上次见到")
    for w in workers:
        seen = f"{w.silent:.0f} 秒前" + ("" if w in present else "（失联）")
        table.add_row(w.name, w.kind, w.maker, str(w.done), str(w.failed), f"{w.rate:.1f}", seen)
    out.print(table)
    out.print(f"识读 {rates['ocr']} 页/分，向量 {rates['embed']} 段/分", highlight=False)
    out.print(f"页面 {pages}；索引积压 {lagging or '无'}", highlight=False)
    for reason, number in failures:
        out.print(f"  {number} 页：{reason}", highlight=False, markup=False)
    if failures:
        out.print("重读失败的页：danghai read --retry", highlight=False)
