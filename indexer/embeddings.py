"""Vectors once made are kept, by model and text: a rebuild or a second audience costs no embedding.

A single SQLite file beside the indexes, disposable like them. A general cache library (diskcache)
would pickle; a table of bytes is all this needs.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CHUNK = 500
Vector = NDArray[np.float32]


class EmbeddingStore:
    """text → vector for one encoder, for the threads of one process: the projector's."""

    def __init__(self, path: Path, encoder: str) -> None:
        self._path = path
        self._encoder = encoder
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self._path, timeout=30, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")  # losing the last vectors costs time only
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
            )
        return self._connection

    def get(self, texts: Sequence[str]) -> dict[str, Vector]:
        """Those that are there: text → (dimension,) float32."""
        keys = {self._key(text): text for text in texts}
        wanted, found = list(keys), {}
        for start in range(0, len(wanted), CHUNK):
            chunk = wanted[start : start + CHUNK]
            marks = ",".join("?" * len(chunk))
            query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"
            with self._lock:
                rows = self._open().execute(query, chunk).fetchall()
            for key, blob in rows:
                found[keys[key]] = np.frombuffer(blob, dtype=np.float16).astype(np.float32)
        return found

    def put(self, texts: Sequence[str], vectors: Vector) -> None:
        """vectors: (len(texts), dimension), unit length; kept as float16 (cosine differs below 1e-3)."""
        rows = [(self._key(t), v.astype(np.float16).tobytes()) for t, v in zip(texts, vectors, strict=True)]
        with self._lock, self._open() as connection:
            connection.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def forget(self, texts: Sequence[str]) -> None:
        """Delete these texts' vectors, their bytes overwritten."""
        with self._lock, self._open() as connection:
            connection.execute("PRAGMA secure_delete=ON")
            connection.executemany("DELETE FROM vectors WHERE key = ?", [(self._key(t),) for t in texts])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._encoder}\0{text}".encode(), digest_size=16).digest()
