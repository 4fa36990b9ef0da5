"""Cursors: where a list goes on. Sealed, bound to their question and audience.

What a cursor carries (the score of the last hit, the index's state) never leaves the house readable,
not even by its length: scores weigh what a caller may not see (invariant 1).
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from holdings.errors import BadCursor

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

#: Cursors are padded to multiples of so many bytes.
PADDED = 256


@dataclass(frozen=True)
class Cursor:
    """question: fingerprint of what was asked and by which audience.

    offset: place in the list shown; words: hits of the words leg that lie behind it; after: place in the
    words leg beyond the fused list; snapshot: the index's state.
    """

    question: str
    offset: int = 0
    words: int = 0
    after: str | None = None
    snapshot: str | None = None


def fingerprint(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=9).hexdigest()


class Cursors:
    """Seals cursors with a key of the data folder, so that they outlive a restart. Cheap to make."""

    def __init__(self, key_file: Path) -> None:
        self._key_file = key_file

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(_key(self._key_file))

    def encode(self, cursor: Cursor) -> str:
        data = json.dumps(asdict(cursor), separators=(",", ":")).encode()
        return self._fernet.encrypt(data.ljust(-(-len(data) // PADDED) * PADDED)).decode().rstrip("=")

    def decode(self, text: str, question: str) -> Cursor:
        """Errors: BadCursor when it is not ours, or belongs to another question."""
        from cryptography.fernet import InvalidToken

        try:
            sealed = text.encode() + b"=" * (-len(text) % 4)
            cursor = Cursor(**json.loads(self._fernet.decrypt(sealed)))
        except (InvalidToken, ValueError, TypeError) as error:
            raise BadCursor("续页标记无效。", advice="请从第一页重新检索。") from error
        if cursor.question != question:
            raise BadCursor("续页标记属于另一次检索。", advice="请从第一页重新检索。")
        return cursor


def _key(path: Path) -> bytes:
    """The folder's key, made once; whoever comes second uses the first one's."""
    from cryptography.fernet import Fernet

    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
        with suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
    return path.read_bytes()
