"""danghai audit: verify, search, key, head, erase."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from holdings.audit.recorded import recorded
from holdings.audit.showing import shown, utc
from holdings.console import FAILED, AsJson, load_settings, out, print_json, said_plainly

if TYPE_CHECKING:
    from holdings.audit.verify import Report

audit_app = typer.Typer(help="审计：核验、检索、签署 the audit trail", no_args_is_help=True)


@audit_app.command()
def verify(
    heads: Annotated[Path | None, typer.Option(help="日结文件，最好是寄出或另存的副本", exists=True)] = None,
    key: Annotated[Path | None, typer.Option(help="签署日结的公钥（.pub）", exists=True)] = None,
    as_json: AsJson = False,
) -> None:
    """核验审计链：改动、删除、调换、插入、截尾，并指明是哪一条。有问题则退出码为 1。"""
    from holdings.audit.check import check

    with said_plainly():
        report = check(load_settings(), heads=heads, key=key)
    if as_json:
        print_json(report.as_dict())
    else:
        _say(report)
    if report.findings:
        raise typer.Exit(FAILED)


def _say(report: Report) -> None:
    for finding in report.findings:
        where = f"第 {finding.seq} 条 " if finding.seq else ""
        out.print(Text.assemble(("✗ ", "bold red"), f"{where}[{finding.kind}] {finding.message}"))
    lost = f"，停写期间缺 {report.lost} 条" if report.lost else ""
    said = f"{report.entries} 条，{report.heads} 个日结相符，细目到期已删 {report.erased} 条{lost}。"
    out.print(("审计链有问题：" if report.findings else "审计链完好：") + said, highlight=False)
    if not report.heads:
        out.print(
            "没有可核对的日结：截尾查不出。请运行 danghai audit key，并把日结文件另存他处。", highlight=False
        )


@audit_app.command()
def search(
    who: Annotated[str, typer.Option(help="谁：key:12、account:7、os:1000，或姓名")] = "",
    what: Annotated[str, typer.Option(help="何事：search、change …，或路径、命令的开头")] = "",
    record: Annotated[str, typer.Option(help="条目 id")] = "",
    outcome: Annotated[str, typer.Option(help="结果：done、refused、not-found、failed …")] = "",
    since: Annotated[str, typer.Option(help="自何时（ISO 8601）")] = "",
    until: Annotated[str, typer.Option(help="到何时（ISO 8601，不含）")] = "",
    size: Annotated[int, typer.Option(min=1, max=10_000, help="条数")] = 50,
    as_json: AsJson = False,
) -> None:
    """检索审计记录，新的在前。"""
    from holdings.audit.trail import Trail, Wanted

    with said_plainly():
        wanted = Wanted(who, what, record, outcome, utc(since), utc(until))
        trail = Trail.of(load_settings())
        found = trail.search(wanted, size=size)
        trail.close()
    if as_json:
        print_json([shown(one) for one in found])
        return
    table = Table("号", "时间", "谁", "何事", "条目", "结果", "细目")
    for one in found:
        e = one.entry
        detail = one.detail or ("（到期已删）" if e.commitment else "")
        cells = (e.seq, e.at[:19], e.actor or "公众", f"{e.action} {e.what}", e.record, e.outcome, detail)
        table.add_row(*(Text(str(cell)) for cell in cells))
    out.print(table)


@audit_app.command()
@recorded("audit key")
def key(as_json: AsJson = False) -> None:
    """生成签署日结的密钥（Ed25519，权限 0600）；公钥请另存他处。"""
    from holdings.signing import key_name, load_public, make_key

    with said_plainly():
        public = make_key(load_settings().audit_key_file)
        name = key_name(load_public(public))
        if as_json:
            print_json({"public_key": str(public), "name": name})
        else:
            out.print(f"密钥 {name}；公钥在 {public}，请另存他处。", highlight=False, soft_wrap=True)


@audit_app.command()
def head(as_json: AsJson = False) -> None:
    """现在就签署一次日结，记入日结文件；可打印、寄出。serve 每天自动签。"""
    from holdings.audit.heads import write_head
    from holdings.audit.trail import Trail

    with said_plainly():
        settings = load_settings()
        trail = Trail.of(settings)
        line = write_head(settings, trail, datetime.now(UTC))
        trail.close()
        if as_json:
            print_json({"head": line, "file": str(settings.audit_heads_file)})
        else:
            out.print(line or "审计记录还是空的。", highlight=False, soft_wrap=True)


@audit_app.command()
@recorded("audit erase")
def erase(as_json: AsJson = False) -> None:
    """删去保存期已满的细目（地址、检索词等）；链本身不动。serve 每天自动做。"""
    from holdings.audit.trail import Trail

    with said_plainly():
        settings = load_settings()
        trail = Trail.of(settings)
        count = trail.erase(datetime.now(UTC), settings.audit_days)
        trail.close()
        if as_json:
            print_json({"erased": count, "days": settings.audit_days})
        else:
            out.print(f"删去 {count} 条细目（保存 {settings.audit_days} 天）。", highlight=False)
