"""The rows of a package's catalogues, each with its draft or why it has none. Read as often as asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from indexer.cells import Survey, mended, survey
from indexer.codes import file_key
from indexer.fields import Draft, draft
from indexer.readers.encoding import unknown_encoding
from indexer.readers.headers import HeaderMap, raw_rows
from indexer.readers.jsonl import JSONL_ENDINGS, read_jsonl
from indexer.readers.package import SourceFile
from indexer.readers.refused import Refused, damaged
from indexer.readers.rows import RawRow
from indexer.readers.tables import TABLE_ENDINGS, no_headers, read_table

CATALOGUE_ENDINGS = TABLE_ENDINGS | JSONL_ENDINGS
Lines = Callable[[], Iterator[RawRow | tuple[int, Refused]]]


@dataclass(frozen=True)
class Entry:
    """One row: exactly one of draft and refused is given. number counts the package's rows from 0."""

    number: int
    file: str
    sheet: str
    row: int
    draft: Draft | None = None
    refused: Refused | None = None
    raw: RawRow | None = None


@dataclass(frozen=True)
class _Table:
    file: str
    sheet: str
    lines: Lines
    seen: Survey


@dataclass
class Entries:
    """Every catalogue row of a package. tables: the catalogues; refused: those that cannot be read."""

    mapping: HeaderMap
    archive_code: str
    max_unpacked: int
    refused: list[tuple[SourceFile, str, Refused]] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)

    def open(self, files: Sequence[SourceFile]) -> list[SourceFile]:
        """Take the catalogues among these; returns the others.

        A table that lies where a record's file lies (`<档号>/名单.xlsx`) is an attachment: catalogues
        nearer the top are read first, so that their codes are known.
        """
        others = [f for f in files if f.ending not in CATALOGUE_ENDINGS]
        candidates = [f for f in files if f.ending in CATALOGUE_ENDINGS]
        candidates.sort(key=lambda f: (f.relative.count("/"), f.relative))
        codes: set[str] = set()
        depth = -1
        for file in candidates:
            level = file.relative.count("/")
            if level > depth and self.tables:
                codes = self._keys()
            depth = level
            if self._belongs_to_record(file, codes):
                others.append(file)
            else:
                self._open_one(file)
        return others

    def rows(self) -> Iterator[Entry]:
        """All rows in the order of the catalogues."""
        number = 0
        for table in self.tables:
            for entry in self._table_rows(table, number):
                yield entry
                number = entry.number + 1

    def _keys(self) -> set[str]:
        return {file_key(e.draft.record.reference_code) for e in self.rows() if e.draft}

    @staticmethod
    def _belongs_to_record(file: SourceFile, codes: set[str]) -> bool:
        folder, _, name = file.relative.rpartition("/")
        own = file_key(name.removesuffix(file.path.suffix))
        return file_key(folder.rpartition("/")[2]) in codes or own in codes

    def _open_one(self, file: SourceFile) -> None:
        name = file.relative
        try:
            if file.ending in JSONL_ENDINGS:
                lines: Lines = partial(read_jsonl, file.path, name, self.mapping)
                self.tables.append(_Table(name, "", lines, _surveyed(lines)))
                return
            self._open_table(file)
        except Refused as error:
            self.refused.append((file, "", error))
        except (OSError, UnicodeError) as error:
            self.refused.append((file, "", damaged(f"“{file.path.name}”", error)))

    def _open_table(self, file: SourceFile) -> None:
        sheets, encoding = read_table(file.path, self.max_unpacked)
        found = 0
        for sheet in sheets:
            rows = partial(raw_rows, sheet, file.relative, self.mapping)
            if rows() is None:
                if any(any(cell not in (None, "") for cell in row) for row in sheet.rows()):
                    error = unknown_encoding(file.path) if encoding == "gb18030" else None
                    self.refused.append((file, sheet.name, error or no_headers(file.path, sheet.name)))
                continue
            lines = partial(_never_none, rows)
            found += any(True for _ in lines())
            self.tables.append(_Table(file.relative, sheet.name, lines, _surveyed(lines)))
        if not found and not any(refused[0] == file for refused in self.refused):
            said = f"“{file.path.name}”里没有条目：是空表，或只有表头。"
            empty = Refused("empty", said, advice="请核对文件，重新导出。")
            self.refused.append((file, "", empty))

    def _table_rows(self, table: _Table, number: int) -> Iterator[Entry]:
        broken: list[tuple[int, Refused]] = []

        def whole() -> Iterator[RawRow]:
            for line in table.lines():
                if isinstance(line, RawRow):
                    yield line
                else:
                    broken.append(line)

        for row, refused in mended(whole(), table.seen):
            yield from self._broken(table, number, broken)
            number += len(broken)
            broken.clear()
            yield self._entry(table, number, row, refused)
            number += 1
        yield from self._broken(table, number, broken)

    @staticmethod
    def _broken(table: _Table, number: int, broken: Sequence[tuple[int, Refused]]) -> Iterator[Entry]:
        for offset, (line, error) in enumerate(broken):
            yield Entry(number + offset, table.file, table.sheet, line, refused=error)

    def _entry(self, table: _Table, number: int, row: RawRow, refused: Refused | None) -> Entry:
        made: Draft | None = None
        if refused is None:
            try:
                made = draft(row, self.mapping, self.archive_code)
            except Refused as error:
                refused = error
        return Entry(number, table.file, table.sheet, row.row, made, refused, row)


def _never_none(
    rows: Callable[[], Iterator[RawRow] | None],
) -> Iterator[RawRow | tuple[int, Refused]]:
    yield from rows() or ()


def _surveyed(lines: Lines) -> Survey:
    return survey(line for line in lines() if isinstance(line, RawRow))
