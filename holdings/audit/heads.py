"""Signed heads: what the last entry was, each day. Printed or sent away, they show a tail cut off and a chain
written anew.

A head is one line of text: `danghai-head 1 <time> <seq> <hash> <key> <signature>`, the signature (Ed25519,
base64url) over all before it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from holdings.audit.trail import Trail
from holdings.errors import BadInput, NotFound
from holdings.settings import Settings
from holdings.signing import is_signed, key_name, load_private

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAKE_KEY = "danghai audit key"
_KIND = "danghai-head 1"
_FIELDS = 7


@dataclass(frozen=True)
class Head:
    """at: ISO 8601, UTC.  seq, hash: of the last entry then.  signed: the line up to the signature."""

    at: str
    seq: int
    hash: str
    key: str
    signature: bytes
    signed: bytes

    @property
    def day(self) -> str:
        return self.at[:10]

    def is_by(self, key: Ed25519PublicKey) -> bool:
        return is_signed(key, self.signature, self.signed)


def write_head(settings: Settings, trail: Trail, now: datetime) -> str | None:
    """Sign the last entry and add the line to the heads' file; None while the trail is empty.

    Errors: NotFound, BadInput (the key); AuditUnavailable; OSError.
    """
    key = load_private(settings.audit_key_file, MAKE_KEY)
    last = trail.last()
    if last is None:
        return None
    name = key_name(key.public_key())
    signed = f"{_KIND} {now.isoformat(timespec='seconds')} {last.seq} {last.hash} {name}"
    line = f"{signed} {base64.urlsafe_b64encode(key.sign(signed.encode())).decode()}"
    path = settings.audit_heads_file
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="ascii") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
    return line


def write_daily(settings: Settings, trail: Trail, now: datetime) -> bool:
    """The day's head, if there is a key and the day has none yet."""
    if not settings.audit_key_file.exists():
        return False
    path = settings.audit_heads_file
    heads = read_heads(path) if path.exists() else []
    if heads and heads[-1].day >= now.isoformat()[:10]:
        return False
    return write_head(settings, trail, now) is not None


def read_heads(path: Path) -> list[Head]:
    """Errors: NotFound; BadInput for a line that is no head."""
    if not path.exists():
        raise NotFound(f"没有日结文件 {path}。", advice="请用 --heads 指明存放或寄出的副本。")
    return parse(path.read_text(encoding="utf-8", errors="replace").splitlines())


def parse(lines: Iterable[str]) -> list[Head]:
    heads = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        parts = line.split()
        if len(parts) != _FIELDS or " ".join(parts[:2]) != _KIND or not parts[3].isdigit():
            raise BadInput(f"日结文件第 {number} 行不是日结。", advice="请用未经改动的副本核对。")
        try:
            signature = base64.urlsafe_b64decode(parts[6])
        except ValueError as error:
            raise BadInput(
                f"日结文件第 {number} 行的签名残缺。", advice="请用未经改动的副本核对。"
            ) from error
        heads.append(
            Head(parts[2], int(parts[3]), parts[4], parts[5], signature, " ".join(parts[:6]).encode())
        )
    return heads
