"""The package: a zip of manifest.json, manifest.sig, withdrawals.jsonl, records.jsonl, editions.jsonl and
files/<SHA-256>.

The manifest names every other file with its SHA-256 and size, the package's number and the manifest before it;
the signature (Ed25519) is over the manifest's bytes. Nothing else may be in the zip. Format 1, which is read still,
has no exhibitions.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from holdings.catalogue.publishing import Package
from holdings.errors import BadPackage
from holdings.signing import is_signed, key_name

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = 2
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
RECORDS, WITHDRAWALS, EDITIONS = "records.jsonl", "withdrawals.jsonl", "editions.jsonl"
CHUNK = 1 << 20
#: A manifest names some hundred bytes a file: room for a million pages, and no bomb.
MAX_MANIFEST = 400_000_000
MAX_LINE = 200_000_000
_FILE = re.compile(r"files/[0-9a-f]{64}")
#: Half of a character, or half of an escape that is whole with its neighbour.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


class FileMark(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(BaseModel):
    """previous: SHA-256 of the manifest before, "" for the first.  made_at: ISO 8601, UTC.

    additions, withdrawals: records.  editions, taken_down: exhibitions.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1, 2]
    archive: str
    kind: Literal["full", "delta"]
    sequence: int = Field(ge=1)
    previous: str
    made_at: str
    key: str
    additions: int = Field(ge=0)
    withdrawals: int = Field(ge=0)
    editions: int = Field(0, ge=0)
    taken_down: int = Field(0, ge=0)
    files: dict[str, FileMark]

    def encoded(self) -> bytes:
        return json.dumps(
            self.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()


def package_of(manifest: Manifest, named: str) -> Package:
    """What the ledgers of both sides keep of it. named: `digest` of its bytes."""
    m = manifest
    made_at = datetime.fromisoformat(m.made_at)
    return Package(
        m.sequence,
        m.kind,
        named,
        made_at,
        m.additions,
        m.withdrawals,
        editions=m.editions,
        taken_down=m.taken_down,
    )


def digest(manifest: bytes) -> str:
    return hashlib.sha256(manifest).hexdigest()


def receipt(sequence: int, manifest: str) -> str:
    """What the outside gives back once a package is in, short enough to be read over the telephone."""
    made = hashlib.sha256(f"danghai-receipt {sequence} {manifest}".encode()).digest()
    letters = base64.b32encode(made)[:12].decode()
    return "-".join(letters[start : start + 4] for start in range(0, 12, 4))


@dataclass(frozen=True)
class Opened:
    """A package whose signature and files were checked."""

    manifest: Manifest
    digest: str
    archive: zipfile.ZipFile

    def lines(self, name: str) -> Iterator[dict[str, Any]]:
        """The objects of a JSON Lines file. Errors: BadPackage."""
        with self.archive.open(name) as file:
            for number, line in enumerate(file, 1):
                try:
                    data = json.loads(text := line.decode())
                    if _HALF.search(text):
                        json.dumps(data, ensure_ascii=False).encode()  # what no database holds is no text
                except (ValueError, RecursionError) as error:
                    raise BadPackage(f"{name} 第 {number} 行不是 JSON。", advice=_AGAIN) from error
                if not isinstance(data, dict):
                    raise BadPackage(f"{name} 第 {number} 行不是对象。", advice=_AGAIN)
                yield data

    def file(self, sha256: str) -> bytes:
        return self.archive.read(f"files/{sha256}")

    def has(self, sha256: str) -> bool:
        return f"files/{sha256}" in self.manifest.files


_AGAIN = "请由内网重新导出并拷来；不要改动包内文件。"
_BROKEN = (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError)


@contextmanager
def opened(path: Path, key: Ed25519PublicKey, *, limit: int) -> Iterator[Opened]:
    """The package, every byte of it checked. limit: most bytes it may unfold to. Errors: BadPackage."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError) as error:
        raise BadPackage(f"{path.name} 打不开：{error}", advice=_AGAIN) from error
    with archive:
        content = _manifest(archive, key)
        manifest = _parsed(content)
        _check_names(archive, manifest, limit)
        for name, mark in manifest.files.items():
            _check_file(archive, name, mark)
        yield Opened(manifest, digest(content), archive)


def _manifest(archive: zipfile.ZipFile, key: Ed25519PublicKey) -> bytes:
    try:
        if archive.getinfo(MANIFEST).file_size > MAX_MANIFEST or archive.getinfo(SIGNATURE).file_size != 64:
            raise BadPackage("包的清单或签名大小不对。", advice=_AGAIN)
        content, signature = archive.read(MANIFEST), archive.read(SIGNATURE)
    except _BROKEN as error:
        raise BadPackage("包里没有完好的清单与签名。", advice=_AGAIN) from error
    if not is_signed(key, signature, content):
        advice = f"请核对是否内网导出、公钥（{key_name(key)}）是否为内网的那一把。"
        raise BadPackage("包的签名不对：不是内网签的，或被改动。", advice=advice)
    return content


def _parsed(content: bytes) -> Manifest:
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        advice = "请把两边的档海升级到同一版本。"
        raise BadPackage("包的清单读不懂。", advice=advice) from error


def _check_names(archive: zipfile.ZipFile, manifest: Manifest, limit: int) -> None:
    names = [info.filename for info in archive.infolist()]
    wanted = {MANIFEST, SIGNATURE, *manifest.files}
    if len(names) != len(set(names)) or set(names) != wanted:
        odd = sorted(set(names) ^ wanted)[:3]
        raise BadPackage(f"包里的文件与清单不符：{'、'.join(odd) or '有重名'}。", advice=_AGAIN)
    lines = {RECORDS, WITHDRAWALS} | ({EDITIONS} if manifest.format > 1 else set())
    rest = manifest.files.keys() - lines
    if not lines <= wanted or not all(_FILE.fullmatch(name) for name in rest):
        raise BadPackage("包的清单里有不该有的文件名。", advice=_AGAIN)
    if sum(info.file_size for info in archive.infolist()) > limit:
        raise BadPackage(
            f"包解开后超过 {limit:,} 字节。", advice="请调大 DANGHAI_PUBLISH_MAX，或分几次导出。"
        )


def _check_file(archive: zipfile.ZipFile, name: str, mark: FileMark) -> None:
    found, size = hashlib.sha256(), 0
    try:
        with archive.open(name) as file:
            while chunk := file.read(CHUNK):
                size += len(chunk)
                found.update(chunk)
    except _BROKEN as error:
        raise BadPackage(f"包里的 {name} 读不出：{error}", advice=_AGAIN) from error
    if size != mark.size or found.hexdigest() != mark.sha256:
        raise BadPackage(f"包里的 {name} 与清单的 SHA-256 不符。", advice=_AGAIN)
    if name.startswith("files/") and name != f"files/{mark.sha256}":
        raise BadPackage(f"包里的 {name} 名不副实。", advice=_AGAIN)
