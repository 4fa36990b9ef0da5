"""The embedding model of an installation, or none."""

from __future__ import annotations

import logging
from pathlib import Path

from models.errors import ModelFilesMissing
from models.meaning import Encoder, OnnxEncoder
from models.store import default_models_dir, locate

log = logging.getLogger("danghai.models")


def load_encoder(models_dir: Path | None, *, threads: int = 0) -> Encoder | None:
    """The encoder, not yet warm; None, with a log line that says so, when its files are not here."""
    try:
        return OnnxEncoder(locate(models_dir or default_models_dir()), threads=threads)
    except ModelFilesMissing as error:
        log.warning("检索只用词，不用意：%s", error)
        return None
