"""Files addressed by SHA-256 in a folder. Writing is atomic; writing the same twice changes nothing."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

CHUNK = 1 << 20


class FileStore:
    """`<root>/<first two hex digits>/<sha256>`. Cheap to make."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256

    def holds(self, sha256: str) -> bool:
        """Whether the file is there, and its bytes are those of its name."""
        path = self.path(sha256)
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256

    def put(self, source: Path | bytes) -> str:
        """Keep these bytes; returns their SHA-256. Durable when it returns."""
        self.root.mkdir(parents=True, exist_ok=True)
        temporary = self.root / f".{secrets.token_hex(8)}.part"
        try:
            with temporary.open("wb") as out:
                digest = _copy(source, out)
                out.flush()
                os.fsync(out.fileno())
            target = self.path(digest)
            if not target.exists():
                target.parent.mkdir(exist_ok=True)
                temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
        return digest


def sha256_of(data: bytes) -> str:
    """Hex digits of these bytes' SHA-256."""
    return hashlib.sha256(data).hexdigest()


def _copy(source: Path | bytes, out: BinaryIO) -> str:
    digest = hashlib.sha256()
    if isinstance(source, bytes):
        digest.update(source)
        out.write(source)
        return digest.hexdigest()
    with source.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()
