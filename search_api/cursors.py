"""Cursors: where a list goes on. Opaque to callers, bound to their question and audience."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass

from holdings.errors import BadCursor


@dataclass(frozen=True)
class Cursor:
    """question: fingerprint of what was asked and by which audience.

    offset: place in the fused list; after: place in the words leg beyond it; snapshot: the index's state.
    """

    question: str
    offset: int = 0
    after: str | None = None
    snapshot: str | None = None


def fingerprint(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=9).hexdigest()


def encode(cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(json.dumps(asdict(cursor)).encode()).decode().rstrip("=")


def decode(text: str, question: str) -> Cursor:
    """Errors: BadCursor when it is not ours, or belongs to another question."""
    try:
        data = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        cursor = Cursor(
            question=str(data["question"]),
            offset=int(data["offset"]),
            after=data["after"] if data["after"] is None else str(data["after"]),
            snapshot=data["snapshot"] if data["snapshot"] is None else str(data["snapshot"]),
        )
    except (ValueError, TypeError, KeyError, binascii.Error) as error:
        raise BadCursor("续页标记无效。", advice="请从第一页重新检索。") from error
    if cursor.question != question or cursor.offset < 0:
        raise BadCursor("续页标记属于另一次检索。", advice="请从第一页重新检索。")
    return cursor
