"""danghai serve, ui, demo: the processes of one machine, started together and ended together."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.live import Live
from rich.text import Text

from holdings.access import STAFF
from holdings.console import SUPERVISOR, end_with_supervisor, err, load_settings, out, said_plainly
from holdings.errors import BadInput, NotReady
from holdings.locks import hold, work_lock
from holdings.store import FileStore
from indexer.work_commands import kinds_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from holdings.catalogue import Catalogue
    from holdings.settings import Settings

ROOT = Path(__file__).parent
EXPLORER = ROOT / "ui" / "app.py"
SAMPLES = ROOT / "corpus_samples" / "holdings"
#: Answered only by a scan of the first, small fonds: no description holds it.
DEMO_QUESTION = "大风潮那夜，是谁把学童背过水沟的？"
DEMO_FONDS = "J001"
EXAMPLES = (DEMO_QUESTION, "沈家门渔民登记，1949年以前", "“护渔办法”", "灯塔 不含花鸟山", "光绪年间的告示")
#: A worker that dies is started again after this many seconds.
RESTART_AFTER = 2.0


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址，缺省 127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="端口，缺省 8080")] = None,
    no_ocr: Annotated[bool, typer.Option("--no-ocr", help="不在后台识读扫描件")] = False,
    workers: Annotated[int | None, typer.Option(min=1, max=64, help="接口进程数，缺省 1")] = None,
    api_only: Annotated[
        bool,
        typer.Option(
            "--api-only", help="只开接口；投影与识读在别处（danghai project、danghai read --follow）"
        ),
    ] = False,
) -> None:
    """检索接口、索引投影与后台识读，一起开、一起停。"""
    with said_plainly():
        settings = load_settings()
        host, port = host or settings.host, port or settings.port
        _free_port(host, port, "DANGHAI_PORT 或 --port")
        _catalogue(settings).upgrade()
        beside = [["project"]] + ([["read", "--follow"]] if settings.ocr and not no_ocr else [])
        commands = [] if api_only else [[sys.executable, "-m", "danghai", *work] for work in beside]
        with _supervised(commands):
            _run_api(host, port, workers or settings.api_workers)


def _catalogue(settings: Settings) -> Catalogue:
    from holdings.catalogue import Catalogue

    return Catalogue(settings.catalogue_url)


def _run_api(host: str, port: int, workers: int) -> None:
    """Serve until told to end. Several workers are processes that share the port: uvicorn replaces one that
    dies."""
    # Numerical libraries read these when they load: no team of threads for each request.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    import uvicorn

    if workers > 1:
        os.environ[SUPERVISOR] = str(os.getpid())
    uvicorn.run(
        "serving:api",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        proxy_headers=False,  # the application itself believes DANGHAI_TRUSTED_PROXIES
    )


def api() -> FastAPI:
    """The application of one process of the interface, which does not outlive the `serve` that started it."""
    from search_api.app import create_app

    end_with_supervisor()
    return create_app()


@contextmanager
def _supervised(commands: Sequence[list[str]]) -> Iterator[None]:
    """Keep these processes running beside us; a worker that dies is started again.

    Told to end (SIGTERM), we end them first. Killed outright, they see that we are gone and end.
    """
    # uvicorn gives the signal back once it has shut down; as an exit it runs the `finally` below.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stop = threading.Event()
    threads = [threading.Thread(target=_keep, args=(command, stop), daemon=True) for command in commands]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)


def _keep(command: list[str], stop: threading.Event) -> None:
    while not stop.is_set():
        environment = os.environ | {SUPERVISOR: str(os.getpid())}
        process = subprocess.Popen(command, env=environment, start_new_session=True)
        while process.poll() is None and not stop.wait(0.2):
            pass
        if stop.is_set():
            _end(process)
            return
        err.print(f"{' '.join(command[3:])} 停了（{process.returncode}），{RESTART_AFTER:.0f} 秒后重启。")
        stop.wait(RESTART_AFTER)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def work(
    context: typer.Context,
    kind: Annotated[str, typer.Option("--kind", help="ocr 识读，embed 向量；可并列")] = "ocr,embed",
    name: Annotated[str, typer.Option(help="本机的名字，重启后不变；缺省主机名")] = "",
) -> None:
    """分担识读与向量：在这台或别的机器上，与正在运行的 serve 用同一个目录库。Ctrl-C 停下，别的机器接手。"""
    if context.invoked_subcommand is not None:
        return
    with said_plainly():
        settings = load_settings()
        kinds, name = kinds_of(kind), name or socket.gethostname()
        if "ocr" in kinds:
            from indexer.work_kinds import check_store

            check_store(_catalogue(settings), FileStore(settings.store_dir))
        counts = {"ocr": settings.ocr_workers or os.cpu_count() or 1, "embed": 1}  # embedding takes all cores
        names = [(each, f"{name}/{each}-{number}") for each in kinds for number in range(counts[each])]
        me = [sys.executable, "-m", "danghai", "work-one"]
        with (
            hold(work_lock(settings, name), f"名为 {name} 的 danghai work "),
            _supervised([[*me, "--kind", each, "--name", one] for each, one in names]),
        ):
            out.print(f"{name}：{len(names)} 个工作进程。`danghai work status` 看进度。", highlight=False)
            threading.Event().wait()


def ui(
    port: Annotated[int | None, typer.Option(help="端口，缺省 8501")] = None,
    api: Annotated[str, typer.Option(help="接口地址，缺省本机")] = "",
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
) -> None:
    """浏览器界面（Streamlit），另需 `danghai serve`。"""
    with said_plainly():
        settings = load_settings()
        port = port or settings.ui_port
        _free_port(host, port, "DANGHAI_UI_PORT 或 --port")
        environment = os.environ | {"DANGHAI_API_URL": api or settings.explorer_api_url}
        # In this process's place: told to end, the explorer itself ends.
        os.execve(sys.executable, _explorer(host, port), environment)


def _explorer(host: str, port: int) -> list[str]:
    options = {
        "server.port": port,
        "server.address": host,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "server.fileWatcherType": "none",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(EXPLORER), *flags]


def _free_port(host: str, port: int, how: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadInput(
                f"端口 {port} 用不了：{error.strerror}。", advice=f"请用 {how} 换一个。"
            ) from error


# ── demo ────────────────────────────────────────────────────────────────────────


def demo(
    until_answer: Annotated[bool, typer.Option("--until-answer", help="得到答案即结束")] = False,
) -> None:
    """样例全程：收进样例档案，开接口与界面，后台识读，回答一个只写在扫描件上的问题，办一个展览。"""
    with said_plainly():
        os.environ.setdefault("DANGHAI_EXAMPLE_QUESTIONS", json.dumps(EXAMPLES, ensure_ascii=False))
        settings = load_settings()
        began = time.monotonic()
        for port, how in ((settings.port, "DANGHAI_PORT"), (settings.ui_port, "DANGHAI_UI_PORT")):
            _free_port(settings.host, port, how)
        me = [sys.executable, "-m", "danghai"]
        status = subprocess.call([*me, "ingest", "--no-ocr", str(SAMPLES)])
        if status not in (0, 2):
            raise typer.Exit(status)
        catalogue = _catalogue(settings)
        api = f"http://{settings.host}:{settings.port}"
        environment = f"DANGHAI_API_URL={api}"
        with _supervised([[*me, "serve"], ["env", environment, *_explorer("127.0.0.1", settings.ui_port)]]):
            _wait_ready(api)
            key = catalogue.keys.add(STAFF, roles=["archivist", "curator"], name="样例馆员")
            out.print(f"\n界面 explorer   http://127.0.0.1:{settings.ui_port}", highlight=False)
            out.print(f"接口 API        {api}/docs", highlight=False)
            out.print(f"馆员密钥 staff key（样例）  {key}\n", highlight=False)
            _watch(catalogue, lambda: _fonds_read(catalogue, DEMO_FONDS))
            _print_answer(api, time.monotonic() - began)
            out.print(f"展览 exhibition  {_put_on(catalogue, api)}", highlight=False)
            if not until_answer:
                _watch(catalogue, lambda: False)


def _put_on(catalogue: Catalogue, api: str) -> str:
    """The sample exhibition, reviewed by its eight sample people; its address."""
    import httpx

    from corpus_samples.exhibition import STEPS, put_on

    keys = {step: catalogue.keys.add(STAFF, roles=[role], name=name) for step, (name, role) in STEPS.items()}
    with httpx.Client(base_url=api, timeout=60) as client:
        return api + put_on(client, keys)


def _wait_ready(api: str) -> None:
    import httpx

    for _ in range(300):
        try:
            if httpx.get(f"{api}/readyz", timeout=5).json()["legs"]["meaning"]:
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        time.sleep(0.2)
    raise NotReady("接口一分钟内没有就绪。", advice="请看上面的日志。")


def _fonds_read(catalogue: Catalogue, fonds: str) -> bool:
    """Whether every scan of this fonds was read and the indexes have it, vectors too."""
    return not catalogue.pages.untried(fonds) and not catalogue.outbox.lags(fonds)


def _watch(catalogue: Catalogue, done: Callable[[], bool]) -> None:
    """Show the reading's progress until `done()`."""
    began, first = time.monotonic(), None
    with Live(console=err, refresh_per_second=2, transient=True) as live:
        while not done():
            pages = catalogue.pages.states()
            read = pages["read"] + pages["failed"]
            first = read if first is None else first
            rate = 60 * (read - first) / max(time.monotonic() - began, 1)
            total = read + pages["waiting"]
            live.update(Text(f"识读 OCR  {read}/{total} 页 · {rate:.0f} 页/分 · Ctrl-C 结束"))
            time.sleep(0.5)


def _print_answer(api: str, seconds: float) -> None:
    import httpx

    found = httpx.get(f"{api}/v1/search", params={"q": DEMO_QUESTION, "size": 3}, timeout=30).json()
    out.print(f"问 Q  {DEMO_QUESTION}", highlight=False)
    for hit in found["hits"]:
        scans = [p for p in hit["passages"] if p["page"]]
        if not scans:
            continue
        out.print(
            f"答 A  {hit['title']}（{hit['reference_code']}，第 {scans[0]['page']} 页）", highlight=False
        )
        out.print(Text("      " + scans[0]["text"].replace("\n", ""), "italic"))
        break
    out.print(f"      从收进到答案 {seconds:.0f} 秒", highlight=False)
