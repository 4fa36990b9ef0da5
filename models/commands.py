"""danghai models. This room knows no other, so settings come as options with their environment names."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from models.errors import ModelsError
from models.store import default_models_dir, pull, verify

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出 machine-readable output")]

models_app = typer.Typer(help="模型文件 model files", no_args_is_help=True)


@models_app.callback()
def models() -> None:
    """模型文件：下载与核对。"""


@models_app.command(name="pull")
def pull_models(
    source: Annotated[Path | None, typer.Option("--from", help="本地文件夹（离线安装）", exists=True)] = None,
    models_dir: Annotated[Path | None, typer.Option(envvar="DANGHAI_MODELS_DIR", help="模型目录")] = None,
    as_json: AsJson = False,
) -> None:
    """取来向量模型：依次试本地文件夹、模型站、Maven；字节不符清单一律不收。"""
    shown = sys.stderr if as_json else sys.stdout
    try:
        folder = pull(
            models_dir or default_models_dir(), source, lambda line: print(line, file=shown, flush=True)
        )
        if as_json:
            _print({"model": folder.name, "folder": str(folder)})
    except ModelsError as error:
        sys.stderr.write(f"✗ {error}\n")
        raise typer.Exit(1) from error


@models_app.command()
def check(
    models_dir: Annotated[Path | None, typer.Option(envvar="DANGHAI_MODELS_DIR", help="模型目录")] = None,
    as_json: AsJson = False,
) -> None:
    """核对已有的模型文件；退出码 0 即齐备。"""
    wrong = verify(models_dir or default_models_dir())
    if as_json:
        _print({"complete": not wrong, "wrong": wrong})
    else:
        print("\n".join(wrong) or "模型文件齐备 complete。")
    raise typer.Exit(1 if wrong else 0)


def _print(data: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
