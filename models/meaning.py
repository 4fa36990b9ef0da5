"""Meaning: sentence embeddings behind the `Encoder` port.

Any folder in the layout of sentence-transformers that holds an ONNX export runs on onnxruntime and
tokenizers alone (`OnnxEncoder`); the extra `sentence-transformers` loads the same folder with the same
vectors, and folders that have only torch weights (`SentenceTransformersEncoder`).
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelFilesMissing, ModelsError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

Vectors = NDArray[np.float32]

_ONNX_FILES = ("onnx/model_quantized.onnx", "onnx/model.onnx", "model_quantized.onnx", "model.onnx")
_TORCH_FILES = ("model.safetensors", "pytorch_model.bin")
#: What else decides a vector beside the weights, and so belongs to the encoder's name.
_SETTINGS = (
    "tokenizer.json", "modules.json", "1_Pooling/config.json", "sentence_bert_config.json",
    "config_sentence_transformers.json",
)  # fmt: skip
#: Tokens of one batch where batches are allowed: more only adds padding and cache misses.
_BATCH_TOKENS = 512


class Encoder(Protocol):
    """What indexer and API need of an encoder. Texts are normalised (holdings.text.normalise).

    name: model folder and fingerprint, "bge-small-zh-v1.5-int8@1a2b3c4d"; an index remembers it.
    A text's vector depends on that text alone, never on what is encoded with it.
    Safe to call from several threads. Errors: ModelFilesMissing, ModelsError.
    """

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...
    @property
    def max_tokens(self) -> int: ...
    def warm(self) -> None: ...
    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension), float32, each row of length 1, in the order given."""

    def encode_question(self, text: str) -> Vectors:
        """(dimension,), float32, length 1; the model's own instruction for questions is put before it."""


@dataclass(frozen=True)
class ModelFolder:
    """What a sentence-transformers folder says about itself."""

    path: Path
    weights: Path
    dimension: int
    max_tokens: int
    pooling: str  # "cls" or "mean"
    question_prompt: str
    passage_prompt: str

    @cached_property
    def name(self) -> str:
        """The folder's name and 8 hex digits over weights, tokenizer and settings (about 0.05 s)."""
        digest = hashlib.sha256()
        for path in (self.weights, *(self.path / setting for setting in _SETTINGS)):
            if path.is_file():
                with path.open("rb") as stream:
                    digest.update(hashlib.file_digest(stream, "sha256").digest())
        return f"{self.path.resolve().name}@{digest.hexdigest()[:8]}"


def read_folder(directory: Path, weights: Sequence[str] = _ONNX_FILES) -> ModelFolder:
    """Read a model folder's settings. `weights`: the files to look for, the first found is taken.

    Raises ModelFilesMissing when files are absent, ModelsError when the model is of a kind that we
    do not run ourselves (pooling other than CLS or mean, dense layers).
    """
    found = [directory / name for name in weights if (directory / name).is_file()]
    if not found:
        raise ModelFilesMissing(
            f"{directory} 里没有模型权重（{'、'.join(weights)}）。请运行 danghai models pull。 "
            "No weights there: run `danghai models pull`."
        )
    pooling = _json(directory / "1_Pooling" / "config.json")
    kinds = [kind for kind in ("cls_token", "mean_tokens") if pooling.get(f"pooling_mode_{kind}")]
    modules = [str(module["type"]).rsplit(".", 1)[-1] for module in _json(directory / "modules.json")]
    if len(kinds) != 1 or set(modules) - {"Transformer", "Pooling", "Normalize"}:
        raise ModelsError(
            f"{directory.name}：不支持的池化或模块（{modules}）。 Pooling or modules that this encoder does not run."
        )
    settings = _json(directory / "sentence_bert_config.json", {})
    prompts = _json(directory / "config_sentence_transformers.json", {}).get("prompts", {})
    return ModelFolder(
        path=directory,
        weights=found[0],
        dimension=int(pooling["word_embedding_dimension"]),
        max_tokens=min(512, int(settings.get("max_seq_length") or 512)),
        pooling=kinds[0].split("_")[0],
        question_prompt=str(prompts.get("query", "")),
        passage_prompt=str(prompts.get("document", "")),
    )


class _OnFolder:
    """What every encoder on a model folder knows before it is warm."""

    def __init__(self, folder: ModelFolder, threads: int) -> None:
        self._folder = folder
        self._threads = threads or len(os.sched_getaffinity(0))
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def dimension(self) -> int:
        return self._folder.dimension

    @property
    def max_tokens(self) -> int:
        return self._folder.max_tokens


class OnnxEncoder(_OnFolder):
    """A model folder on onnxruntime and tokenizers. Constructing is cheap; `warm` loads (about 0.3 s).

    threads: texts encoded at once; 0: one a core. Each runs on one thread of its own: onnxruntime's own
    threads wait for each other within every operator, and lose half their speed on a busy machine.

    A dynamically quantised model (int8) scales its activations over the whole batch, so a neighbour in
    the batch would move a vector (measured: cosine 0.991 to the same text alone). Such models get one
    text a run; that is also the quickest for whole passages. Others are batched by length.
    """

    def __init__(self, directory: Path, threads: int = 0) -> None:
        super().__init__(read_folder(directory), threads)

    def warm(self) -> None:
        """Load the model, and encode once, so that the first question is as quick as the next."""
        self.encode_question("舟山")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension), float32, unit rows, in the order given; empty texts are allowed."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        if not texts:
            return vectors
        prompt = self._folder.passage_prompt
        encodings = self._loaded.tokenizer.encode_batch([prompt + text for text in texts])
        batches = self._batches(encodings)

        def fill(batch: list[int]) -> None:
            vectors[batch] = self._run([encodings[row] for row in batch])

        if self._threads == 1 or len(batches) == 1:
            for batch in batches:
                fill(batch)
        else:
            list(self._loaded.pool.map(fill, batches))
        return vectors

    def encode_question(self, text: str) -> Vectors:
        """(dimension,), float32, length 1."""
        encoding = self._loaded.tokenizer.encode(self._folder.question_prompt + text)
        vector: Vectors = self._run([encoding])[0]
        return vector

    @property
    def _loaded(self) -> _Loaded:
        with self._lock:
            return self._load

    @cached_property
    def _load(self) -> _Loaded:
        return _Loaded(self._folder, self._threads)

    def _batches(self, encodings: Sequence[Encoding]) -> list[list[int]]:
        """Rows by batch: longest first (the short ones even out the end), alike in length."""
        lengths = [len(encoding.ids) for encoding in encodings]
        batches: list[list[int]] = []
        for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
            full = not batches or lengths[batches[-1][0]] * (len(batches[-1]) + 1) > _BATCH_TOKENS
            if full or self._loaded.quantised:
                batches.append([row])
            else:
                batches[-1].append(row)
        return batches

    def _run(self, batch: Sequence[Encoding]) -> Vectors:
        longest = max(len(encoding.ids) for encoding in batch)
        ids = np.zeros((len(batch), longest), np.int64)
        mask = np.zeros_like(ids)
        for row, encoding in enumerate(batch):
            ids[row, : len(encoding.ids)] = encoding.ids
            mask[row, : len(encoding.ids)] = 1
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = self._loaded.session.run(None, {name: given[name] for name in self._loaded.inputs})[0]
        if self._folder.pooling == "cls":
            pooled = hidden[:, 0]
        else:
            pooled = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        return _unit(pooled)


class _Loaded:
    """What `OnnxEncoder` holds once it is warm."""

    def __init__(self, folder: ModelFolder, threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # Shapes vary with every text: a plan a shape would only pile up.
        options.enable_mem_pattern = False
        self.session: InferenceSession = onnxruntime.InferenceSession(
            str(folder.weights), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = [given.name for given in self.session.get_inputs()]
        self.quantised = b"DynamicQuantizeLinear" in folder.weights.read_bytes()
        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder.path / "tokenizer.json"))
        self.tokenizer.enable_truncation(folder.max_tokens)
        self.tokenizer.no_padding()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="encoder")


class SentenceTransformersEncoder(_OnFolder):
    """The same folders through the `sentence-transformers` extra; also those with torch weights only.

    Vectors equal those of `OnnxEncoder` on a folder with an ONNX export: the same file is run, one text
    at a time where it is quantised. `name` is then the same too, so either may read the other's index.
    """

    def __init__(self, directory: Path, threads: int = 0) -> None:
        super().__init__(read_folder(directory, (*_ONNX_FILES, *_TORCH_FILES)), threads)

    def warm(self) -> None:
        """Load the model (about 10 s, most of it imports)."""
        self.encode_question("舟山")

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension), float32, unit rows, in the order given."""
        if not texts:
            return np.empty((0, self.dimension), np.float32)
        return self._encode(texts, self._folder.passage_prompt)

    def encode_question(self, text: str) -> Vectors:
        """(dimension,), float32, length 1."""
        vector: Vectors = self._encode([text], self._folder.question_prompt)[0]
        return vector

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        with self._lock:
            given = self._model.encode(
                list(texts), prompt=prompt, batch_size=1, normalize_embeddings=True, show_progress_bar=False
            )
        return np.asarray(given, np.float32)

    @cached_property
    def _model(self) -> Any:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise ModelsError(
                "未安装 sentence-transformers。 It is an extra of its own: see requirements/transformers.in."
            ) from error
        if self._folder.weights.suffix != ".onnx":
            return SentenceTransformer(str(self._folder.path), device="cpu", local_files_only=True)
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        return SentenceTransformer(
            str(self._folder.path),
            device="cpu",
            local_files_only=True,
            backend="onnx",
            model_kwargs={
                "file_name": self._folder.weights.relative_to(self._folder.path).as_posix(),
                "provider": "CPUExecutionProvider",
                "session_options": options,
            },
        )


def _unit(rows: NDArray[Any]) -> Vectors:
    rows = rows.astype(np.float32, copy=False)
    scaled: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-12)
    return scaled


def _json(path: Path, default: Any = None) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if default is not None:
            return default
        raise ModelFilesMissing(f"模型文件缺失或损坏 missing or damaged: {path} ({error})") from error
