"""The deep zoom's script: OpenSeadragon (BSD-3-Clause), out of the WebJar that Maven fetches, by its SHA-256.

It is no part of this repository and no Python package ships a present one; it comes as the models come
(models/store.py), into the same folder. Without it pages show a plain large image.
"""

from __future__ import annotations

from pathlib import Path

from models.errors import ModelFilesMissing
from models.store import Progress, default_models_dir, locate, pull

MANIFEST = Path(__file__).with_name("viewer.toml")


def script(models_dir: Path | None) -> dict[str, bytes]:
    """Name → content of the script and its licence; none where it was not pulled."""
    try:
        folder = locate(models_dir or default_models_dir(), manifest_path=MANIFEST)
    except ModelFilesMissing:
        return {}
    names = {"openseadragon.min.js": "openseadragon.min.js", "openseadragon.txt": "LICENSE.txt"}
    return {name: (folder / file).read_bytes() for name, file in names.items()}


def pull_script(models_dir: Path | None, source: Path | None, progress: Progress) -> Path:
    """Fetch it. Errors: ModelFilesMissing, with what every source said."""
    return pull(models_dir or default_models_dir(), source, progress, manifest_path=MANIFEST)
