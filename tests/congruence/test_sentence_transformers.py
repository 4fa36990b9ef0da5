"""The extra against the light encoder: the same folder, the same vectors.

Runs in a process of the extra's own virtual environment (`make transformers`), never in this one.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from models.errors import ModelFilesMissing
from models.meaning import OnnxEncoder
from models.store import default_models_dir, locate

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-transformers" / "bin" / "python"

PASSAGES = [
    "查本县沈家门渔民登记事宜,业经派员前往办理,兹将登记册随函送请查照。",
    "台风",
    "光绪二十六年五月,镇海口外洋面盗劫商船,仰该县遵照办理。" * 9,
    "渔" * 700,
    "J045-1-12-3 Fishermen's registration, 1949",
    "",
]
QUESTION = "打鱼的人要到哪里办手续"

#: Runs there: our class, and the library itself as anybody would call it.
THERE = """
import sys
from pathlib import Path
import numpy as np
from models.meaning import SentenceTransformersEncoder

folder, given, out = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
texts = Path(given).read_text("utf-8").split("\\x1f")
ours = SentenceTransformersEncoder(folder, threads=2)
from sentence_transformers import SentenceTransformer
plain = SentenceTransformer(
    str(folder), backend="onnx", device="cpu", local_files_only=True,
    model_kwargs={"file_name": "onnx/model_quantized.onnx", "provider": "CPUExecutionProvider"},
)
np.savez(
    out,
    name=np.array(ours.name),
    passages=ours.encode_passages(texts[1:]),
    question=ours.encode_question(texts[0]),
    none=ours.encode_passages([]),
    plain_passages=plain.encode(texts[1:], batch_size=1),
    plain_question=plain.encode(texts[0], prompt_name="query"),
)
"""


@pytest.fixture(scope="module")
def folder() -> Path:
    try:
        return locate(Path(os.environ.get("DANGHAI_MODELS_DIR") or default_models_dir()))
    except ModelFilesMissing as missing:
        pytest.skip(f"the embedding model is not here: {missing}")


@pytest.fixture(scope="module")
def there(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What sentence-transformers makes of the same folder and texts."""
    if not PYTHON.exists():
        pytest.skip("the extra sentence-transformers is not installed: make transformers")
    scratch = tmp_path_factory.mktemp("there")
    (scratch / "texts").write_text("\x1f".join([QUESTION, *PASSAGES]), encoding="utf-8")
    done = subprocess.run(
        [PYTHON, "-c", THERE, folder, scratch / "texts", scratch / "vectors.npz"],
        cwd=ROOT,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(scratch / "vectors.npz") as made:
        return dict(made)


@pytest.mark.models
def test_vectors_are_the_same(there: dict[str, np.ndarray], folder: Path) -> None:
    encoder = OnnxEncoder(folder, threads=2)
    passages = encoder.encode_passages(PASSAGES)
    question = encoder.encode_question(QUESTION)
    for kind in ("", "plain_"):
        np.testing.assert_allclose(there[f"{kind}passages"], passages, atol=2e-6)
        np.testing.assert_allclose(there[f"{kind}question"], question, atol=2e-6)
    assert there["passages"].dtype == np.float32
    assert there["none"].shape == (0, encoder.dimension)


@pytest.mark.models
def test_the_name_is_the_same_so_either_reads_the_others_index(
    there: dict[str, np.ndarray], folder: Path
) -> None:
    assert str(there["name"]) == OnnxEncoder(folder).name
