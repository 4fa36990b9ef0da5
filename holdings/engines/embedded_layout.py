"""Where the embedded engine keeps what, and how a commit becomes one step on the disk.

    <index_dir>/<audience>/CURRENT            name of the generation readers follow, replaced atomically
    <index_dir>/<audience>/BUILDING, KEPT     of the one that is being filled, and of the one before the last
    <index_dir>/<audience>/<generation>/
        meta.json                             what it was made with (MadeWith)
        in-use                                readers hold a shared lock on it while they look
        tantivy/                              words, facets, dates; the commit point
        ids.bin docs.u64 days.i32 ...         columns by dense document number (embedded_columns)
        rows.f16 row-keys.u32 signs-<k>.u8 mean-<k>.f32   vectors by dense row number

Columns only grow. Their lengths as of a commit travel inside Tantivy, in one stored document (State):
so one Tantivy commit makes words, columns and vectors visible together, and what a kill left beyond
those lengths was never seen by anybody and is cut off when the writer opens again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from holdings.engines.common import REBUILD
from holdings.engines.port import MadeWith
from holdings.errors import IndexMismatch, IndexMissing

FORMAT = 3
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class State:
    """What one commit holds: lengths of the columns, and what readers must know of its past.

    docs, rows, deaths: entries of the columns; id_bytes, suggest_bytes: lengths of ids.bin and suggest.bin;
    pairs: facet → entries.
    withdrawn: deletions so far; when it moves, readers let go of older snapshots.
    mean_rows: rows the centring mean was computed from (0: none yet); signs: number of the signs file.
    """

    commit: int = 0
    docs: int = 0
    rows: int = 0
    deaths: int = 0
    id_bytes: int = 0
    suggest_bytes: int = 0
    withdrawn: int = 0
    mean_rows: int = 0
    signs: int = 0
    pairs: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> State:
        return State(**json.loads(text))


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a small file in one step that survives power loss."""
    temporary = path.with_name(path.name + ".new")
    with open(temporary, "wb") as handle:
        handle.write(data)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True)
class Generation:
    """One complete index of one audience."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def tantivy(self) -> Path:
        return self.folder / "tantivy"

    def create(self, made_with: MadeWith) -> None:
        self.tantivy.mkdir(parents=True)
        (self.folder / "in-use").touch()
        meta = {"format": FORMAT, "made_with": asdict(made_with)}
        write_atomically(self.folder / "meta.json", json.dumps(meta, ensure_ascii=False, indent=1).encode())

    def _meta(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "meta.json").read_text("utf-8"))
        return found

    def is_ours(self) -> bool:
        """Whether this version of the engine wrote it, or one that wrote the same format."""
        return bool(self._meta()["format"] == FORMAT)

    def made_with(self) -> MadeWith:
        """Raises IndexMismatch when another version of this engine wrote the generation."""
        meta = self._meta()
        if meta["format"] != FORMAT:
            raise IndexMismatch(f"索引格式 {meta['format']} 不是本版本的 {FORMAT}。", advice=REBUILD)
        return MadeWith(**meta["made_with"])

    def bytes_on_disk(self) -> int:
        total = 0
        for path in self.folder.rglob("*"):
            with suppress(FileNotFoundError):  # a merge may remove a segment meanwhile
                total += path.stat().st_size
        return total

    def hold(self) -> IO[bytes]:
        """A shared lock that keeps the writer from removing this generation; close it to let go."""
        handle = open(self.folder / "in-use", "rb")  # noqa: SIM115 - held as long as a reader looks
        fcntl.flock(handle, fcntl.LOCK_SH)
        return handle

    def remove_if_unused(self) -> bool:
        """Remove the folder unless a reader holds it."""
        try:
            with open(self.folder / "in-use", "rb") as handle:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(self.folder)
        except FileNotFoundError:
            shutil.rmtree(self.folder, ignore_errors=True)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True)
class AudienceFolder:
    """All generations of one audience."""

    folder: Path

    def current(self) -> Generation:
        """The generation readers follow. Raises IndexMissing."""
        try:
            name = (self.folder / "CURRENT").read_text("ascii").strip()
        except FileNotFoundError:
            raise IndexMissing(f"尚无索引：{self.folder.name}。", advice=REBUILD) from None
        return Generation(self.folder / name)

    @property
    def points(self) -> bool:
        """Whether there is a generation to read."""
        return (self.folder / "CURRENT").exists()

    @property
    def building(self) -> Generation | None:
        """The generation that is being filled, or was when the writer was killed."""
        return self._named("BUILDING", "CURRENT")

    @property
    def kept(self) -> Generation | None:
        """The generation that readers followed before the last rebuild, if it was to be kept."""
        return self._named("KEPT", "CURRENT", "BUILDING")

    def _named(self, pointer: str, *stronger: str) -> Generation | None:
        """What a pointer names; a kill between two pointers leaves one generation under both, and the stronger
        holds."""
        name = self._read(pointer)
        if not name or name in map(self._read, stronger):
            return None
        generation = Generation(self.folder / name)
        return generation if (generation.folder / "meta.json").exists() else None

    def _read(self, pointer: str) -> str:
        with suppress(FileNotFoundError):
            return (self.folder / pointer).read_text("ascii").strip()
        return ""

    def start_generation(self, made_with: MadeWith) -> Generation:
        numbers = [int(path.name[1:]) for path in self.folder.glob("g[0-9]*")]
        generation = Generation(self.folder / f"g{max(numbers, default=0) + 1:06d}")
        generation.create(made_with)
        return generation

    def switch_to(self, generation: Generation) -> None:
        self._point("CURRENT", generation)

    def build(self, generation: Generation | None) -> None:
        """Remember which generation is being filled; None: none."""
        self._point("BUILDING", generation)

    def keep(self, generation: Generation | None) -> None:
        """Remember which generation can be gone back to; None: none."""
        self._point("KEPT", generation)

    def _point(self, pointer: str, generation: Generation | None) -> None:
        if generation is not None:
            write_atomically(self.folder / pointer, generation.name.encode())
        elif (self.folder / pointer).exists():
            (self.folder / pointer).unlink()
            sync_folder(self.folder)

    def remove_others(self, *keep: Generation) -> None:
        """Remove every generation but these, as far as no reader uses it."""
        names = {generation.name for generation in keep}
        for path in self.folder.glob("g[0-9]*"):
            if path.name not in names:
                Generation(path).remove_if_unused()

    def remove(self) -> None:
        """Everything, as far as no reader uses it."""
        for pointer in ("CURRENT", "BUILDING", "KEPT"):
            (self.folder / pointer).unlink(missing_ok=True)
        self.remove_others()
        with suppress(OSError):  # a reader still looks into a generation
            self.folder.rmdir()


class GrowingFile:
    """The writer's end of one column: append, cut, and fsync."""

    def __init__(self, path: Path, length: int) -> None:
        """Open for appending after `length` bytes; what lies beyond (left by a kill) is cut off."""
        self._handle = open(path, "ab")  # noqa: SIM115 - as long-lived as the writer
        self.path = path
        self.length = length
        self._handle.truncate(length)

    def append(self, data: bytes | memoryview) -> None:
        self._handle.write(data)
        self.length += len(data)

    def flush(self) -> None:
        self._handle.flush()

    def sync(self) -> None:
        self._handle.flush()
        os.fsync(self._handle.fileno())

    def close(self) -> None:
        self._handle.close()


def sync_all(files: Iterable[GrowingFile], pool: ThreadPoolExecutor) -> None:
    """fsync side by side: the file system then joins the journal commits."""
    list(pool.map(GrowingFile.sync, files))


class MappedFiles:
    """The readers' end: read-only memory maps, made again only when a column has outgrown its map.

    A map stays valid as long as an array uses it, so older snapshots keep what they saw.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._maps: dict[str, Bytes] = {}
        self._lock = threading.Lock()

    def view(self, name: str, length: int) -> Bytes:
        """The first `length` bytes of a column, shape (length,), uint8."""
        if length == 0:
            return np.empty(0, np.uint8)
        with self._lock:
            mapped = self._maps.get(name)
            if mapped is None or len(mapped) < length:
                mapped = np.asarray(np.memmap(self._folder / name, np.uint8, "r"))
                self._maps[name] = mapped
        return mapped[:length]
