"""danghai models. This room knows no other, so settings come as options with their environment names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from models.errors import ModelsError
from models.store import default_models_dir, pull, verify

models_app = typer.Typer(help="模型文件 model files", no_args_is_help=True)


@models_app.callback()
def models() -> None:
    """模型文件：下载与核对。"""


@models_app.command(name="pull")
def pull_models(
    source: Annotated[Path | None, typer.Option("--from", help="本地文件夹（离线安装）", exists=True)] = None,
    models_dir: Annotated[Path | None, typer.Option(envvar="DANGHAI_MODELS_DIR", help="模型目录")] = None,
) -> None:
    """取来向量模型：依次试本地文件夹、模型站、Maven；字节不符清单一律不收。"""
    try:
        pull(models_dir or default_models_dir(), source, lambda line: print(line, flush=True))
    except ModelsError as error:
        sys.stderr.write(f"✗ {error}\n")
        raise typer.Exit(1) from error


@models_app.command()
def check(
    models_dir: Annotated[Path | None, typer.Option(envvar="DANGHAI_MODELS_DIR", help="模型目录")] = None,
) -> None:
    """核对已有的模型文件；退出码 0 即齐备。"""
    wrong = verify(models_dir or default_models_dir())
    for line in wrong:
        print(line)
    raise typer.Exit(1 if wrong else 0)
