"""What every command shares: settings, errors as plain words with an exit status, --json."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from holdings.errors import BadInput, DanghaiError, NotReady
from holdings.settings import Settings

#: Exit statuses: 0 done, 1 failed, 2 done in part or bad usage, 3 not ready yet (try again later).
FAILED, PARTLY, NOT_YET = 1, 2, 3

#: The process id of the `serve` that started this process; without it there is nothing to work for.
SUPERVISOR = "DANGHAI_SUPERVISOR"

out = Console()
err = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出 machine-readable output")]


def load_settings() -> Settings:
    """Errors: BadInput that names the setting."""
    try:
        return Settings()
    except ValidationError as error:
        said = "；".join(f"DANGHAI_{str(e['loc'][0]).upper()}：{e['msg']}" for e in error.errors())
        raise BadInput(f"设置有误：{said}", advice="请改环境变量或 .env 后重试。") from error


@contextmanager
def said_plainly() -> Iterator[None]:
    """This house's errors become one line on standard error and an exit status, never a traceback."""
    try:
        yield
    except DanghaiError as error:
        err.print(f"[bold red]✗[/] {error}", highlight=False)
        raise typer.Exit(NOT_YET if isinstance(error, NotReady) else FAILED) from error
    except KeyboardInterrupt:
        err.print("已停下；再次运行同一命令即接着做。Stopped; run it again to go on.")
        raise typer.Exit(130) from None


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def supervised() -> bool:
    """Whether a `serve` started this process."""
    return SUPERVISOR in os.environ


def end_with_supervisor() -> None:
    """End this process (as if told by SIGTERM) when the `serve` that started it is gone."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None:
        return

    def watch() -> None:
        while os.getppid() == int(supervisor):
            time.sleep(1.0)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="supervisor", daemon=True).start()
