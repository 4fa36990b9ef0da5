"""danghai publish: key, export, import, acknowledge, status."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from holdings.audit.recorded import recorded
from holdings.console import PARTLY, AsJson, err, load_settings, out, print_json, said_plainly
from holdings.errors import NotFound
from holdings.locks import hold, projector_lock, publish_lock

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue
    from holdings.settings import Settings

#: Seconds an import waits for the indexes to drop what was withdrawn.
PATIENCE = 60.0

publish_app = typer.Typer(help="公众网：导出、导入 the public installation apart", no_args_is_help=True)


@contextmanager
def _opened(settings: Settings) -> Iterator[Catalogue]:
    """The catalogue, for one process at a time."""
    from holdings.catalogue import Catalogue

    catalogue = Catalogue(settings.catalogue_url)
    with hold(publish_lock(settings), "公众网导出导入"):
        catalogue.upgrade()
        yield catalogue
    catalogue.close()


@contextmanager
def _bar(words: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    with Progress(console=err, disable=quiet) as bars:
        task = bars.add_task(words, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


@publish_app.command()
@recorded("publish key")
def key(as_json: AsJson = False) -> None:
    """生成签包的密钥（内网一端）；公钥文件带到公众网一端。"""
    from holdings.signing import key_name, load_public, make_key

    with said_plainly():
        public = make_key(load_settings().publish_key_file)
        name = key_name(load_public(public))
        if as_json:
            print_json({"public_key": str(public), "name": name})
        else:
            said = f"密钥 {name}。请把 {public} 带到公众网一端的数据目录。"
            out.print(said, highlight=False, soft_wrap=True)


@publish_app.command()
@recorded("publish export")
def export(
    folder: Annotated[Path, typer.Argument(help="包写到哪个文件夹")],
    full: Annotated[bool, typer.Option("--full", help="全量包，给空的或接不上的公众网一端")] = False,
    as_json: AsJson = False,
) -> None:
    """导出一个签名的包：新公开的条目与展览，收回的条目与撤下的展览（内网一端）。"""
    from holdings.publishing.going_out import export as make
    from holdings.publishing.going_out import summary

    with said_plainly():
        settings = load_settings()
        with _opened(settings) as catalogue, _bar("导出 export", quiet=as_json) as moved:
            made = make(settings, catalogue, folder, full=full, progress=moved)
        if as_json:
            print_json({"package": summary(made[1]) if made else None})
        elif made is None:
            out.print("没有要带出去的。")
        else:
            path, p = made
            said = f"第 {p.sequence} 号：{_counts(p.additions, p.withdrawals, p.editions, p.taken_down)} → {path}"
            out.print(said, highlight=False, soft_wrap=True)


@publish_app.command(name="import")
@recorded("publish import")
def bring(
    package: Annotated[Path, typer.Argument(help="导出的包（.zip）", exists=True, dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """核对并导入一个包，条目与展览都先收回、后公开（公众网一端）；给出回执码。"""
    from holdings.publishing.coming_in import bring_in

    with said_plainly():
        settings = load_settings()
        with _opened(settings) as catalogue, _bar("导入 import", quiet=as_json) as moved:
            arrived = bring_in(settings, catalogue, package, moved)
            path = _write_receipt(settings, arrived.package.sequence, arrived.code)
            _until_gone(settings, catalogue)
        p = arrived.package
        if as_json:
            print_json({"sequence": p.sequence, "new": arrived.new, "withdrawn": arrived.withdrawn,
                        "additions": p.additions, "editions": p.editions, "taken_down": arrived.taken_down,
                        "receipt": arrived.code, "file": str(path)})  # fmt: skip
            return
        done = "已经导入过，没有改动"
        if arrived.new:
            done = _counts(p.additions, arrived.withdrawn, p.editions, arrived.taken_down)
        out.print(
            f"第 {p.sequence} 号包：{done}。回执码 {arrived.code}（{path}）", highlight=False, soft_wrap=True
        )


def _counts(additions: int, withdrawals: int, editions: int, taken_down: int) -> str:
    shows = f"；展览 {editions} 个，撤下 {taken_down} 个" if editions or taken_down else ""
    return f"公开 {additions} 条，收回 {withdrawals} 条{shows}"


def _until_gone(settings: Settings, catalogue: Catalogue) -> None:
    """What was withdrawn is out of every answer already; wait until it is out of the indexes too."""
    import time

    from holdings.catalogue import Stage

    until = time.monotonic() + PATIENCE
    while catalogue.outbox.has(Stage.WITHDRAWAL):
        if time.monotonic() > until or not projector_lock(settings).is_held():
            err.print("索引还没有更新：请确认 danghai serve 正在运行，它会自动补上。", highlight=False)
            return
        time.sleep(0.2)


def _write_receipt(settings: Settings, sequence: int, code: str) -> Path:
    import json

    path = settings.home / f"receipt-{sequence:06d}.json"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"sequence": sequence, "receipt": code, "imported_at": now}))
    return path


@publish_app.command()
@recorded("publish acknowledge")
def acknowledge(
    given: Annotated[str, typer.Argument(help="回执码，或带回的回执文件", metavar="CODE|FILE")],
    as_json: AsJson = False,
) -> None:
    """登记公众网一端已收到（内网一端）。"""
    with said_plainly():
        with _opened(load_settings()) as catalogue:
            sequence = _acknowledge(catalogue, given)
        if as_json:
            print_json({"sequence": sequence})
        else:
            out.print(f"已登记：到第 {sequence} 号包，公众网一端都已收到。", highlight=False)


def _acknowledge(catalogue: Catalogue, given: str) -> int:
    import json

    from holdings.publishing.package import receipt

    path = Path(given)
    code = given
    if path.is_file():
        try:
            code = str(json.loads(path.read_text()).get("receipt", ""))
        except (ValueError, AttributeError, UnicodeDecodeError) as error:
            raise NotFound(f"{path} 不是回执文件。", advice="请改用回执码。") from error
    code = code.strip().upper()
    for package in reversed(catalogue.publishing.unacknowledged()):
        if receipt(package.sequence, package.manifest) == code:
            catalogue.publishing.acknowledged(package.sequence)
            return package.sequence
    advice = "请核对抄写；`danghai publish status` 列出还没有回执的包。"
    raise NotFound("没有哪个未回执的包是这个回执码。", advice=advice)


@publish_app.command()
def status(as_json: AsJson = False) -> None:
    """最近的包、未回执的包、尚未送到公众网的收回、涂黑与公开著录及其时长；超过时限则退出码为 2。"""
    with said_plainly():
        settings = load_settings()
        with _opened(settings) as catalogue:
            catalogue.publishing.notice(all_of_them=True)
            said = _status(settings, catalogue)
        if as_json:
            print_json(said)
        else:
            _say(settings, said)
    if said["overdue"]:
        raise typer.Exit(PARTLY)


def _status(settings: Settings, catalogue: Catalogue) -> dict[str, Any]:
    ledger = catalogue.publishing
    last = ledger.last("in" if settings.public_only else "out")
    waiting, hidden, now = ledger.waiting(), ledger.waiting_hidden(), datetime.now(UTC)
    hours, hidden_hours = waiting.hours(now), hidden.hours(now)
    return {
        "side": "outside" if settings.public_only else "inside",
        "last": vars(last) if last else None,
        "unacknowledged": [p.sequence for p in ledger.unacknowledged()],
        "withdrawals_not_exported": waiting.unpacked,
        "withdrawals_not_acknowledged": waiting.unacknowledged,
        "oldest_hours": round(hours, 1),
        "hidden_not_exported": hidden.unpacked,
        "hidden_not_acknowledged": hidden.unacknowledged,
        "hidden_oldest_hours": round(hidden_hours, 1),
        "overdue": max(hours, hidden_hours) > settings.publish_hours,
    }


def _say(settings: Settings, said: dict[str, Any]) -> None:
    last = said["last"]
    if last is None:
        out.print("还没有任何包。")
        return
    done = (
        ""
        if last["done_at"] is None
        else f"，{'导完' if settings.public_only else '回执'}于 {last['done_at']:%F %R}"
    )
    out.print(
        f"最近：第 {last['sequence']} 号（{last['kind']}），{last['made_at']:%F %R} 出包{done}",
        highlight=False,
    )
    if settings.public_only:
        return
    if said["unacknowledged"]:
        out.print(f"还没有回执：第 {'、'.join(map(str, said['unacknowledged']))} 号", highlight=False)
    withdrawn = said["withdrawals_not_exported"], said["withdrawals_not_acknowledged"], said["oldest_hours"]
    hidden = said["hidden_not_exported"], said["hidden_not_acknowledged"], said["hidden_oldest_hours"]
    _say_waiting(settings, "收回", *withdrawn)
    _say_waiting(settings, "涂黑、另写公开著录的", *hidden)


def _say_waiting(settings: Settings, what: str, unpacked: int, unacknowledged: int, hours: float) -> None:
    if count := unpacked + unacknowledged:
        late = "，已超过时限！请立即导出、带去、取回回执" if hours > settings.publish_hours else ""
        said = f"{what} {count} 项（条目与展览）尚未确认送到公众网（未出包 {unpacked}），最早的已 {hours} 小时{late}。"
        out.print(said, highlight=False)
