"""What every command shares: settings, errors as plain words with an exit status, --json."""

from __future__ import annotations

import errno
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
from pydantic_settings import SettingsError
from rich.console import Console
from rich.text import Text

from holdings.errors import BadInput, DanghaiError, NotReady
from holdings.invalid import said
from holdings.settings import Settings

#: Exit statuses: 0 done, 1 failed, 2 done in part or bad usage, 3 not ready yet (try again later).
FAILED, PARTLY, NOT_YET = 1, 2, 3

#: The process id of the `serve` that started this process; without it there is nothing to work for.
SUPERVISOR = "DANGHAI_SUPERVISOR"

out = Console()
err = Console(stderr=True)

#: Errors of a folder or a disk, which the person can mend; any other is ours and shows its traceback.
_PLACE_ERRORS = frozenset(
    {errno.EACCES, errno.EEXIST, errno.ENOENT, errno.ENOSPC, errno.ENOTDIR, errno.EPERM, errno.EROFS}
)
_PLACE_ADVICE = " 请检查 DANGHAI_HOME 所指目录的权限与剩余空间；再次运行同一命令即接着做。"
_SETTINGS_ADVICE = "请改环境变量或 .env（UTF-8 文本）后重试；列表写成 JSON。"

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出 machine-readable output")]


def load_settings() -> Settings:
    """Errors: BadInput that names the setting."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = "；".join(f"DANGHAI_{str(e['loc'][0]).upper()}：{said(e)}" for e in error.errors())
        raise BadInput(f"设置有误：{wrong}。", advice=_SETTINGS_ADVICE) from error
    except (SettingsError, UnicodeDecodeError) as error:
        raise BadInput(f"设置读不懂：{error}。", advice=_SETTINGS_ADVICE) from error


@contextmanager
def said_plainly() -> Iterator[None]:
    """This house's errors become one line on standard error and an exit status, never a traceback."""
    try:
        yield
    except DanghaiError as error:
        # As text: what it quotes of files and settings may hold brackets, which are no markup.
        # Left to the terminal to wrap: a command in the advice can be copied whole.
        err.print(Text.assemble(("✗ ", "bold red"), str(error)), soft_wrap=True)
        raise typer.Exit(NOT_YET if isinstance(error, NotReady) else FAILED) from error
    except OSError as error:
        if error.errno not in _PLACE_ERRORS:
            raise
        what = f"写不了或读不了：{error.strerror}（{error.filename or '磁盘'}）。"
        err.print(Text.assemble(("✗ ", "bold red"), what, _PLACE_ADVICE))
        raise typer.Exit(FAILED) from error
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
