"""Cursors: where a list goes on. Sealed, bound to their question and audience.

What a cursor carries (the score of the last hit, the index's state) never leaves the house readable,
not even by its length: scores weigh what a caller may not see (invariant 1).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
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
    """Seals cursors with the installation's key, so that they outlive a restart and go on at any process.
    Cheap to make: the key is asked for when it is first needed."""

    def __init__(self, key: Callable[[], str]) -> None:
        self._key = key

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(self._key())

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


def new_key() -> str:
    """A key to seal with."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()
