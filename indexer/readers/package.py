"""A package: folders and files as they lie on the disk, and which reference code a file's place names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from holdings.errors import BadPackage
from indexer.codes import file_key
from indexer.readers.encoding import read_text
from indexer.readers.refused import Refused

LIST_ENDING = ".list"
MAX_LIST = 100_000_000
_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass(frozen=True)
class SourceFile:
    """One file of the package. relative: its place in the package, with "/"."""

    path: Path
    relative: str

    @property
    def ending(self) -> str:
        return self.path.suffix.lower()

    def places(self) -> Iterator[str]:
        """Keys of the codes that this place may name, the likeliest first.

        `<档号>.pdf`, `<档号>/0001.jpg`, and codes whose "/" became folders. A bare number is a page
        before it is a code.
        """
        *parents, name = self.relative.split("/")
        stem = Path(name).stem
        above = [file_key("-".join(parents[-n:])) for n in range(1, len(parents) + 1)]
        own = file_key(stem)
        nested = [file_key("-".join([*parents[-n:], stem])) for n in range(1, len(parents) + 1)]
        ordered = [*above, own, *nested] if own.isdecimal() else [own, *nested, *above]
        yield from dict.fromkeys(key for key in ordered if key)

    def is_page_of(self, key: str, *, high: bool) -> bool:
        """Whether a file in the folder `key` belongs to that record and not to a missing one below it.

        high: the record is a fonds or a series, whose folder holds other records' files: only numbered
        pages are its own.
        """
        own = file_key(Path(self.relative).stem)
        rest = own.removeprefix(f"{key}-") if own.startswith(f"{key}-") else own
        if own == key or rest.isdecimal():
            return True
        return rest == own and not high


def walk(paths: Sequence[Path]) -> Iterator[SourceFile | tuple[str, Refused]]:
    """Every file of the package, in order of name; (place, Refused) for what may not be opened.

    A path is a folder, a file, or a file list (*.list: a path a line, from the list's own folder).
    A symbolic link counts as its target where that lies inside the package, and is refused elsewhere.
    Raises BadPackage when a path does not exist.
    """
    for path in paths:
        if not path.exists():
            raise BadPackage(f"没有“{path}”这个文件或文件夹。", advice="请核对路径。")
        root = path if path.is_dir() else path.parent
        for found in _files(path):
            relative = Path(os.path.relpath(found, root)).as_posix()
            relative = f"{root.name}/{relative}" if path.is_dir() else relative
            reason = _refusal(found, root.resolve())
            place = _readable(relative)
            yield SourceFile(found, place) if reason is None else (place, reason)


def _readable(name: str) -> str:
    """A name as a person reads it. What an older Windows packed is GBK bytes, which Python keeps as lone
    surrogates that neither a database nor a terminal takes."""
    raw = os.fsencode(name)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "/".join(_decoded(part) for part in raw.split(b"/"))


def _decoded(part: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return part.decode(encoding)
    return part.decode("utf-8", "replace")


def _files(path: Path) -> Iterator[Path]:
    if path.suffix.lower() == LIST_ENDING and path.is_file():
        lines = read_text(path, MAX_LIST).splitlines()
        yield from (path.parent / line.strip() for line in lines if line.strip())
        return
    if not path.is_dir():
        yield path
        return
    for folder, names, files in os.walk(path):
        linked = [name for name in names if Path(folder, name).is_symlink()]
        names[:] = sorted(n for n in names if n not in linked and not _is_junk(n))
        for name in sorted([*files, *linked]):
            if not _is_junk(name):
                yield Path(folder, name)


def _is_junk(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in _JUNK


def _refusal(path: Path, root: Path) -> Refused | None:
    """Why this file may not be opened: it leads out of the folder, or is no plain file."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError) as error:
        return Refused("not-a-file", f"打不开：{error}", advice="请核对链接或权限，换成文件本身。")
    if not target.is_relative_to(root):
        return Refused(
            "outside", f"路径或链接指向文件夹以外：{target}", advice="请把文件本身复制到文件夹里。"
        )
    if not stat.S_ISREG(mode):
        return Refused("not-a-file", "不是普通文件（文件夹链接、管道或设备）。", advice="请换成文件本身。")
    return None
