"""Model folders for PaddleOCR, made from the ONNX weights that the installed `rapidocr` wheel ships.

PaddleOCR wants a folder a model: `inference.onnx` and an `inference.yml` that says how to prepare the
input and read the output. No model hub is asked. The settings are those that paddlex itself writes for
`PP-OCRv6_small_det` and `PP-OCRv6_small_rec`, with one change that is told beside it.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import ModelFilesMissing

DETECTOR = "PP-OCRv6_small_det"
RECOGNISER = "PP-OCRv6_small_rec"
FAMILY = "PP-OCRv6_small"

_WEIGHTS = {DETECTOR: "PP-OCRv6_det_small.onnx", RECOGNISER: "PP-OCRv6_rec_small.onnx"}

_DETECTOR_SETTINGS: dict[str, Any] = {
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"DetResizeForTest": {"resize_long": 960}},
            {
                "NormalizeImage": {
                    "mean": [0.485, 0.456, 0.406],
                    "std": [0.229, 0.224, 0.225],
                    "scale": "1./255.",
                    "order": "hwc",
                }
            },
            {"ToCHWImage": None},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.3,
        "box_thresh": 0.6,
        "max_candidates": 1000,
        "unclip_ratio": 1.5,
        # paddlex: "fast", the score of the box around a region. A column with small notes half its width
        # is no box, and whole columns fell under box_thresh; "slow" scores the region itself.
        "score_mode": "slow",
    },
}
_RECOGNISER_SETTINGS: dict[str, Any] = {
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
        ]
    },
    "PostProcess": {"name": "CTCLabelDecode"},
}


@dataclass(frozen=True)
class SightFiles:
    """The two model folders, and `sha8`: the first 8 hex digits of the SHA-256 of both weights."""

    detector: Path
    recogniser: Path
    sha8: str


def shipped_weights() -> dict[str, Path]:
    """Model name → the ONNX file in the installed `rapidocr` wheel (found without importing it).

    Raises ModelFilesMissing when the wheel or one of its files is not there.
    """
    spec = importlib.util.find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise ModelFilesMissing(
            "识读模型缺失：未安装 rapidocr。 The OCR weights ship in `rapidocr`: install it."
        )
    folder = Path(spec.submodule_search_locations[0]) / "models"
    found = {model: folder / name for model, name in _WEIGHTS.items()}
    missing = [str(path) for path in found.values() if not path.is_file()]
    if missing:
        raise ModelFilesMissing(
            f"识读模型缺失 OCR weights missing: {', '.join(missing)}. Install rapidocr 3.10."
        )
    return found


def prepare(cache_dir: Path) -> SightFiles:
    """Make the model folders below `cache_dir` if they are not there; several processes may do so at once."""
    weights = shipped_weights()
    sha8 = _sha256(weights[DETECTOR], weights[RECOGNISER])[:8]
    # The settings are part of the folder's name: an old cache is never read with new settings.
    settings = json.dumps([_DETECTOR_SETTINGS, _RECOGNISER_SETTINGS]).encode()
    home = cache_dir / f"{FAMILY}-{sha8}-{hashlib.sha256(settings).hexdigest()[:8]}"
    if not home.is_dir():
        cache_dir.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".making-", dir=cache_dir))
        try:
            _write_model(draft / DETECTOR, weights[DETECTOR], _DETECTOR_SETTINGS)
            _write_model(draft / RECOGNISER, weights[RECOGNISER], _RECOGNISER_SETTINGS)
            _move_into_place(draft, home)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return SightFiles(home / DETECTOR, home / RECOGNISER, sha8)


def _write_model(folder: Path, weights: Path, settings: dict[str, Any]) -> None:
    folder.mkdir()
    shutil.copyfile(weights, folder / "inference.onnx")
    settings = {"Global": {"model_name": folder.name}, **settings}
    if folder.name == RECOGNISER:
        characters = _characters(weights)
        settings["PostProcess"] = {**settings["PostProcess"], "character_dict": characters}
    # JSON is YAML, and needs no YAML writer.
    text = json.dumps(settings, ensure_ascii=True, indent=0)
    (folder / "inference.yml").write_text(text, encoding="utf-8")


def _characters(weights: Path) -> list[str]:
    """The characters that the recogniser knows, in the order of its outputs, from its own metadata."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(weights), providers=["CPUExecutionProvider"])
    characters: str = session.get_modelmeta().custom_metadata_map.get("character", "")
    if not characters:
        raise ModelFilesMissing(
            f"识读模型没有字表 no `character` metadata in {weights.name}: reinstall rapidocr 3.10."
        )
    return characters.split("\n")


def _move_into_place(draft: Path, home: Path) -> None:
    try:
        os.rename(draft, home)
    except OSError:
        if not home.is_dir():  # else: another process was first, with the same bytes
            raise


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()
