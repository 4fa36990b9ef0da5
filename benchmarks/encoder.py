"""How fast passages become vectors, and how long one question takes.

    python -m benchmarks.encoder [--passages 192] [--models-dir DIR]

Texts are made from a fixed seed. The bare loop is onnxruntime alone, in the same number of threads, on
tokens made beforehand: what `encode_passages` adds to it (tokenising, sorting, pooling, order) is to
cost no more than a tenth (ratio at least 0.9). Rounds alternate, so that a busy machine hits both alike.
`batch8_per_s` is the usual way instead: batches of 8 alike in length, on onnxruntime's own threads.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from models.meaning import OnnxEncoder, read_folder
from models.store import default_models_dir, locate

_PHRASES = (
    "查本县沈家门渔民登记事宜", "业经派员前往办理", "兹将登记册随函送请查照", "本年春汛生产计划已下达各乡",
    "台风过境损毁渔船多艘", "海塘决口数处亟待修筑", "盐民生计困难请予贷款", "各轮船公司航班照旧",
    "小学经费不敷", "呈请鉴核示遵", "会议决定成立合作社", "按照规定移交档案",
)  # fmt: skip


def make_passages(count: int, *, longest: int = 300) -> list[str]:
    """Passages as ingest cuts them: most near the limit, one in five short (titles)."""
    rng = random.Random(11)
    passages = []
    for _ in range(count):
        size = rng.randint(12, 30) if rng.random() < 0.2 else rng.randint(int(longest * 0.6), longest)
        text = ""
        while len(text) < size:
            text += rng.choice(_PHRASES) + rng.choice(",。;")
        passages.append(text[:size])
    return passages


def open_session(folder: Path, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    weights = str(read_folder(folder).weights)
    return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def run(session: Any, rows: list[list[int]]) -> None:
    """One run over token ids, padded to the longest, and nothing else."""
    ids = np.zeros((len(rows), max(map(len, rows))), np.int64)
    mask = np.zeros_like(ids)
    for at, row in enumerate(rows):
        ids[at, : len(row)], mask[at, : len(row)] = row, 1
    session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)})


def one_by_one(folder: Path, threads: int) -> Callable[[list[list[int]]], Any]:
    session, pool = open_session(folder, 1), ThreadPoolExecutor(threads)
    return lambda rows: list(pool.map(lambda row: run(session, [row]), rows))


def by_eights(folder: Path, threads: int) -> Callable[[list[list[int]]], Any]:
    session = open_session(folder, threads)

    def all_of(rows: list[list[int]]) -> None:
        ordered = sorted(rows, key=len)
        for start in range(0, len(ordered), 8):
            run(session, ordered[start : start + 8])

    return all_of


def seconds(work: Any, *given: Any) -> float:
    start = time.perf_counter()
    work(*given)
    return time.perf_counter() - start


def measure(folder: Path, count: int, rounds: int, threads: int) -> dict[str, Any]:
    from tokenizers import Tokenizer

    passages = make_passages(count)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(512)
    rows = [encoding.ids for encoding in tokenizer.encode_batch(passages)]
    encoder, bare, eights = (
        OnnxEncoder(folder, threads),
        one_by_one(folder, threads),
        by_eights(folder, threads),
    )
    start = seconds(encoder.warm)
    bare(rows[:4])
    pairs = [(seconds(bare, rows), seconds(encoder.encode_passages, passages)) for _ in range(rounds)]
    batched = min(seconds(eights, rows) for _ in range(2))
    questions = [seconds(encoder.encode_question, "1949年以前沈家门渔民登记的公函") for _ in range(100)]
    return {
        "encoder": encoder.name,
        "threads": threads,
        "passages": count,
        "characters_mean": round(statistics.mean(map(len, passages)), 1),
        "warm_s": round(start, 2),
        "bare_per_s": round(count / min(bare_s for bare_s, _ in pairs), 1),
        "batch8_per_s": round(count / batched, 1),
        "encode_passages_per_s": round(count / min(ours for _, ours in pairs), 1),
        "ratio": round(statistics.median(bare_s / ours for bare_s, ours in pairs), 3),
        "question_ms_p50": round(statistics.median(questions) * 1e3, 2),
        "question_ms_p95": round(sorted(questions)[94] * 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=192)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models-dir", type=Path, default=default_models_dir())
    parser.add_argument("--model", default="")
    asked = parser.parse_args()
    folder = locate(asked.models_dir, asked.model)
    for threads in sorted({1, len(os.sched_getaffinity(0))}):
        print(json.dumps(measure(folder, asked.passages, asked.rounds, threads), ensure_ascii=False))


if __name__ == "__main__":
    main()
