"""danghai index: status, rebuild, going back, moving to the other engine."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import TaskID
from rich.table import Table
from rich.text import Text

from holdings.audit.recorded import recorded
from holdings.console import FAILED, AsJson, err, out, print_json, said_plainly
from holdings.errors import BadInput, Conflict, IndexMismatch, IndexMissing
from holdings.locks import hold, moving_lock, projector_lock
from indexer.at_work import progress_bars, project_here, workshop

if TYPE_CHECKING:  # what these commands work with is imported when one runs: `--help` answers at once
    from rich.progress import Progress as Bars

    from holdings.catalogue.engine_choice import Choice
    from holdings.engines.port import IndexStatus, SearchEngine
    from indexer.rebuilding import Progress, Verified
    from indexer.workshop import Workshop

index_app = typer.Typer(help="索引：状态、重建、退回与换引擎 indexes", no_args_is_help=True)

Only = Annotated[list[str] | None, typer.Option("--audience", help="只对这些范围；缺省全部")]
_QUEUED = "已排队，由正在运行的 serve 来做。`danghai index status` 看进度。"


# ── status ──────────────────────────────────────────────────────────────────────


@index_app.command()
def status(as_json: AsJson = False) -> None:
    """各利用范围的索引：条目、段落、有向量的条目、两路是否可用、保留的旧索引占多少，以及积压。"""
    with said_plainly():
        here = workshop()
        choice = here.catalogue.engine.read(here.settings.engine)
        rows, model = asyncio.run(_statuses(here, choice.engine))
        lagging = here.catalogue.outbox.counts()
        pages = here.catalogue.pages.states()
        rebuilds = {wish.audience: wish.reason for wish in here.catalogue.outbox.rebuilds()}
        beside = here.catalogue.engine.lacking_count() if choice.beside else 0
    if as_json:
        said = {
            "engine": choice.engine,
            "beside": choice.beside,
            "moving": choice.filling,
            "beside_lacks": beside,
        }
        told = {"meaning_model": model, "lagging": lagging, "rebuilds": rebuilds, "pages": pages}
        print_json({**said, "indexes": [asdict(row) for row in rows], **told})
        return
    out.print(_table(rows))
    for said_of in dict.fromkeys(row.mismatch for row in rows if row.mismatch):
        out.print(Text.assemble(("✗ ", "bold red"), said_of))
    for line in _notes(rows, choice, beside, rebuilds):
        out.print(line, highlight=False)
    if not model:
        out.print("未装向量模型，只按词检索。请运行：danghai models pull", highlight=False)
    out.print(f"积压 {lagging or '无'}；页面 {pages}", highlight=False)


def _table(rows: Sequence[IndexStatus]) -> Table:
    table = Table("范围", "条目", "段落", "有向量", "代次", "词", "意", "已删未清", "磁盘 MB")
    for row in rows:
        share = f"{100 * row.with_rows // row.documents}%" if row.documents else "—"
        words = "✓" if row.words_ready else "✗"
        meaning = "✗" if row.mismatch else "✓" if row.with_rows else "—"
        size = f"{row.bytes_on_disk / 1e6:.1f}"
        cells = (row.audience, row.documents, row.rows, share, row.generation, words, meaning, row.dead, size)
        table.add_row(*map(str, cells))
    return table


def _notes(rows: Sequence[IndexStatus], choice: Choice, lacks: int, rebuilds: dict[str, str]) -> list[str]:
    found = []
    if kept := [row for row in rows if row.kept]:
        size = sum(row.kept_bytes for row in kept) / 1e6
        found.append(
            f"保留的旧索引 {size:.1f} MB（{'、'.join(row.audience for row in kept)}）："
            "danghai index rollback 退回，danghai index drop-old 删去"
        )
    if rebuilds:
        found.append(
            f"待重建 {'、'.join(f'{audience}（{reason}）' for audience, reason in rebuilds.items())}"
        )
    if filling := [f"{row.audience} {row.building}" for row in rows if row.building]:
        found.append(f"正在重建 {'、'.join(filling)}")
    if choice.filling:
        command = f"danghai index move --to {choice.beside}"
        found.append(f"正在换引擎 {choice.engine} → {choice.beside}，尚欠 {lacks} 条变更：{command} 接着做")
    elif choice.beside:
        found.append(
            f"引擎 {choice.engine}；{choice.beside} 的旧索引还在（欠 {lacks} 条变更）："
            f"danghai index move --to {choice.beside} 换回，danghai index drop-old 删去"
        )
    return found


async def _statuses(here: Workshop, engine: str) -> tuple[list[IndexStatus], str]:
    """Of the indexes there are, also of those that this installation cannot ask: they say why; and the
    name of its embedding model, "" for none."""
    from holdings.engines.making import search_engine

    wanted = here.made_with
    asking, reading = (search_engine(here.settings, made, engine) for made in (wanted, None))
    found = []
    for engine_ in (asking, reading):
        await engine_.open()
    for audience in await asyncio.to_thread(here.catalogue.audiences.names):
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


# ── rebuilding ──────────────────────────────────────────────────────────────────


@index_app.command()
@recorded("index rebuild")
def rebuild(audience: Only = None, as_json: AsJson = False) -> None:
    """由目录库重建索引，检索不中断；与目录库核对后才启用，旧索引保留。停下后再运行即接着做。"""
    with said_plainly():
        here = workshop()
        wanted = _named(here, audience)
        here.catalogue.outbox.ask_rebuild(wanted, "danghai index rebuild")
        _have_done(here, wanted, "rebuild", "重建完成。", as_json)


@index_app.command()
@recorded("index rollback")
def rollback(audience: Only = None, as_json: AsJson = False) -> None:
    """放弃没做完的重建或换引擎；都没有，就退回保留的旧索引（其后的变更补齐，收回的不会再现）。"""
    from holdings.catalogue.outbox import BACK, GIVE_UP, WITHDRAWAL

    with said_plainly():
        here = workshop()
        wanted = _named(here, audience)
        if here.catalogue.engine.read(here.settings.engine).filling:
            _drop_beside(here)
            _say({"rollback": "move given up"}, "已放弃换引擎；检索照旧。", as_json)
            return
        pending = {w.audience: w.reason for w in here.catalogue.outbox.rebuilds() if w.audience in wanted}
        if WITHDRAWAL in pending.values():
            advice = "重建完即与现在的词典、模型一致，不必退回。"
            raise Conflict("有条目收回，正等候重建，不能退回旧索引。", advice=advice)
        if pending and set(pending.values()) != {BACK}:
            here.catalogue.outbox.ask_rebuild(list(pending), GIVE_UP)
            _have_done(here, list(pending), "rollback", "已放弃重建；检索照旧。", as_json)
            return
        here.catalogue.outbox.ask_rebuild(wanted, BACK)
        _have_done(here, wanted, "rollback", "已退回。", as_json)


@index_app.command("drop-old")
@recorded("index drop-old")
def drop_old(audience: Only = None, as_json: AsJson = False) -> None:
    """删去重建后保留的旧索引；换过引擎的，删去原引擎的索引。此后不能再退回。"""
    from holdings.catalogue.outbox import DROP_KEPT

    with said_plainly():
        here = workshop()
        wanted = _named(here, audience)
        choice = here.catalogue.engine.read(here.settings.engine)
        if choice.filling:
            raise Conflict("正在换引擎。", advice="请等它做完，或用 danghai index rollback 放弃。")
        if here.catalogue.outbox.rebuilds():
            raise Conflict("正在重建索引。", advice="请等它做完，或用 danghai index rollback 放弃。")
        if choice.beside and audience is None:
            _drop_beside(here)
        here.catalogue.outbox.ask_rebuild(wanted, DROP_KEPT)
        _have_done(here, wanted, "drop_old", "已删去旧索引。", as_json)


def _drop_beside(here: Workshop) -> None:
    """Remove the indexes of the engine that does not answer. Errors: Conflict while a move is at work."""

    async def dropped(engine: str) -> None:
        writer = here.projector(engine).rebuilding.writer
        for audience in here.catalogue.audiences.names():
            await writer.drop(audience)
        await writer.close()

    with hold(moving_lock(here.settings), "换引擎"):
        beside = here.catalogue.engine.read(here.settings.engine).beside
        here.catalogue.engine.leave()
        asyncio.run(dropped(beside))


def _named(here: Workshop, audiences: list[str] | None) -> list[str]:
    names = here.catalogue.audiences.names()
    wanted = audiences or list(names)
    for name in wanted:
        if name not in names:
            raise BadInput(f"没有“{name}”这个利用范围。", advice=f"可选：{'、'.join(names)}。")
    return wanted


def _have_done(here: Workshop, audiences: list[str], name: str, words: str, as_json: bool) -> None:
    """What was asked for is done here, or by the projector that runs."""
    if projector_lock(here.settings).is_held():
        _say({"audiences": audiences, name: "queued"}, _QUEUED, as_json)
        return
    with hold(projector_lock(here.settings), "索引投影"), progress_bars(quiet=as_json) as shown:
        told = _Told(shown, "重建 rebuild")
        reports, left = asyncio.run(_wishes_here(here, told, audiences))
        last_round = threading.Event()
        last_round.set()
        project_here(here, shown, last_round, threading.Event())  # what still waits, vectors among it
    _say_reports(reports, as_json)
    if left:
        raise Conflict(f"没有做成：{'；'.join(left)}。", advice="详情见上；检索照旧。")
    verified = [report.as_dict() for report in reports]
    _say({"audiences": audiences, name: "done", "verified": verified}, words, as_json)


async def _wishes_here(
    here: Workshop, told: _Told, audiences: Sequence[str]
) -> tuple[list[Verified], list[str]]:
    """What was compared, and which wishes came to nothing."""
    projector = here.projector()
    projector.rebuilding.told = told
    try:
        await projector.open()
        await projector.rebuild_wanted()
        return list(projector.rebuilding.reports), list(projector.rebuilding.refusals)
    finally:
        await projector.close()


# ── moving ──────────────────────────────────────────────────────────────────────


@index_app.command()
@recorded("index move")
def move(
    to: Annotated[str, typer.Option("--to", help="elasticsearch 或 embedded")], as_json: AsJson = False
) -> None:
    """换检索引擎：检索与收录照常，另一引擎的索引由目录库建起，核对无误，一步切换。停下后再运行即接着做。"""
    with said_plainly():
        if to not in ("embedded", "elasticsearch"):
            raise BadInput(f"没有“{to}”这个引擎。", advice="可选：embedded、elasticsearch。")
        here = workshop()
        here.catalogue.upgrade()
        if here.engine == to:
            _say({"engine": to, "move": "nothing to do"}, f"现在用的就是 {to}。", as_json)
            return
        with hold(moving_lock(here.settings), "换引擎"), progress_bars(quiet=as_json) as shown:
            reports = asyncio.run(_move_here(here, to, _Told(shown, f"换到 {to}")))
        if here.engine != to:
            err.print("已停下；检索照旧。再次运行同一命令即接着做，danghai index rollback 放弃。")
            raise typer.Exit(FAILED)
        if not projector_lock(here.settings).is_held():
            with hold(projector_lock(here.settings), "索引投影"), progress_bars(quiet=as_json) as shown:
                last_round = threading.Event()
                last_round.set()
                project_here(here, shown, last_round, threading.Event())
        _say_reports(reports, as_json)
        verified = [report.as_dict() for report in reports]
        words = (
            f"已换到 {to}，正在运行的 serve 即时改用。DANGHAI_ENGINE 不必改：目录库记着。"
            "原引擎的索引还在：danghai index move 换回，danghai index drop-old 删去。"
        )
        _say({"engine": to, "move": "done", "verified": verified}, words, as_json)


async def _move_here(here: Workshop, to: str, told: _Told) -> list[Verified]:
    from indexer.moving import Move

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await Move(here, to, told).run(stop)


# ── saying ──────────────────────────────────────────────────────────────────────


class _Told:
    """Shows how far a rebuild or a move is."""

    def __init__(self, shown: Bars, what: str) -> None:
        self._shown = shown
        self._what = what
        self._task: TaskID | None = None

    def __call__(self, progress: Progress) -> None:
        if self._task is None:
            self._task = self._shown.add_task(self._what, total=None)
        if progress.phase == "fill":
            self._shown.update(self._task, completed=progress.done, total=progress.total)
        else:
            self._shown.update(
                self._task, note={"verify": "核对 verify", "switch": "切换 switch"}[progress.phase]
            )


def _say_reports(reports: Sequence[Verified], as_json: bool) -> None:
    if as_json or not reports:
        return
    table = Table("范围", "索引条目", "目录库应有", "索引校验", "目录库校验", "未收", "")
    for r in reports:
        cells = (
            r.audience,
            r.documents,
            r.wanted,
            r.checksum,
            r.wanted_checksum,
            r.left_out,
            "✓" if r.ok else "✗",
        )
        table.add_row(*map(str, cells))
    out.print(table)


def _say(told: dict[str, Any], words: str, as_json: bool) -> None:
    if as_json:
        print_json(told)
    else:
        out.print(words, highlight=False)
