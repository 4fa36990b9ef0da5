"""Which record each file of a package belongs to, and how volumes scanned whole are shared out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.records import Level, Record
from indexer.codes import file_key
from indexer.fields import Draft
from indexer.gather import Gatherer
from indexer.readers.files import KNOWN_ENDINGS
from indexer.readers.package import SourceFile
from indexer.readers.refused import Refused
from indexer.report import Rejection
from indexer.shares import Member, share

AMBIGUOUS = "\0"
RefusedFiles = Callable[[Iterable[tuple[SourceFile, Refused]]], None]


class Placing:
    """code → its files, by the codes that the package's catalogues hold.

    refused_codes: codes of refused rows → why; their files are refused with them.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        files: Sequence[SourceFile],
        levels: Mapping[str, Level],
        refused_codes: Mapping[str, str],
    ) -> None:
        self._catalogue = catalogue
        self._levels = levels
        self._refused_codes = refused_codes
        self._files: dict[str, list[SourceFile]] = {}
        self._left: list[SourceFile] = []
        self._ambiguous: set[str] = set()
        keys = _keys([*levels, *refused_codes]) if files else {}
        for file in files:
            code = self._code_of(file, keys)
            if code and code not in levels:
                code = None  # of a refused row
            if code:
                self._files.setdefault(code, []).append(file)
            else:
                self._left.append(file)
        self._keys = keys

    def files_of(self, code: str) -> list[SourceFile]:
        return self._files.get(code, [])

    def volumes_with_files(self) -> list[str]:
        return [code for code in self._files if self._levels.get(code) == "volume"]

    def _code_of(self, file: SourceFile, keys: Mapping[str, str]) -> str | None:
        for key in file.places():
            code = keys.get(key)
            if code == AMBIGUOUS:
                self._ambiguous.add(file.relative)
                return None
            if code and file.is_page_of(key, high=self._levels.get(code) in ("fonds", "series")):
                return code
        return None

    # ── files of records that came with an earlier package ─────────────────────

    def late(self, gatherer: Gatherer, volumes: VolumePages, refused: RefusedFiles) -> Iterator[Incoming]:
        """Files without a row in this package whose record the catalogue has."""
        found: dict[str, list[SourceFile]] = {}
        left: list[SourceFile] = []
        for start in range(0, len(self._left), 500):
            chunk = self._left[start : start + 500]
            names = {file: _spellings(file) for file in chunk}
            ids = self._catalogue.records.ids_of_codes(
                sorted({name for spelled in names.values() for name in spelled})
            )
            records = self._catalogue.records.many(sorted(set(ids.values())))
            for file in chunk:
                owner = self._owner(file, names[file], {c: records[i].record for c, i in ids.items()})
                if owner is None:
                    left.append(file)
                else:
                    found.setdefault(owner.id, []).append(file)
        self._left = left
        stored = self._catalogue.records.many(list(found))
        for record_id, files in found.items():
            gathered = gatherer.gather(files)
            refused(gathered.refused)
            record = stored[record_id].record
            pages = gathered.pages
            if record.level == "volume" and pages:
                children = self._catalogue.records.children(record_id, limit=10_000)
                members = [child.record for child in children]
                volumes.share_out(record.reference_code, pages, members)
                for member in members:
                    if own := volumes.pages_of(member.reference_code, ()):
                        yield Incoming(member, own)
                pages = list(volumes.pages_of(record.reference_code, pages))
            yield Incoming(record, pages or None, gathered.attachments or None)

    def _owner(
        self, file: SourceFile, spelled: Sequence[str], records: Mapping[str, Record]
    ) -> Record | None:
        if self._reason_of_row(file) is not None or file.relative in self._ambiguous:
            return None
        for name in spelled:
            record = records.get(name)
            if record and file.is_page_of(file_key(name), high=record.level in ("fonds", "series")):
                return record
        return None

    def _reason_of_row(self, file: SourceFile) -> tuple[str, str] | None:
        """(code, reason) of the refused row that this file belongs to."""
        for key in file.places():
            code = self._keys.get(key, "")
            if code in self._refused_codes and code not in self._levels:
                return code, self._refused_codes[code]
        return None

    def left_over(self) -> Iterator[tuple[SourceFile, Refused, bool]]:
        """Files without a record: (file, why, whether its record is secret, so that no copy is kept)."""
        for file in self._left:
            row = self._reason_of_row(file)
            if row is not None:
                code, reason = row
                advice = "请先改正目录中的这一条，再连同文件一起收。"
                error = Refused("record-refused", f"所属条目 {code} 未收。", advice=advice)
                yield file, error, reason == "secret"
            elif file.relative in self._ambiguous:
                advice = "请在文件名中写全档号，使它只合一个条目。"
                yield file, Refused("ambiguous-name", "这个名字可属几个档号。", advice=advice), False
            elif file.ending not in KNOWN_ENDINGS:
                yield file, Refused("unknown-type", "不认识这种文件，也没有所属条目。", advice=_NAMES), False
            else:
                yield file, Refused("no-record", "目录里没有这一页所属的条目。", advice=_NAMES), False


_NAMES = "请把文件放在 <档号>/0001.jpg，或命名为 <档号>.pdf，并确认目录里有这个档号。"


class VolumePages:
    """Pages of volumes scanned whole, shared among their files. refused: ranges beyond the scans."""

    def __init__(self, gatherer: Gatherer, placing: Placing, members: Iterable[Draft]) -> None:
        self.refused: list[tuple[Rejection, Refused]] = []
        self._shared: dict[str, list[IncomingPage]] = {}
        self._left: dict[str, list[IncomingPage]] = {}
        volumes = set(placing.volumes_with_files())
        within: dict[str, list[Record]] = {}
        for made in members:
            above = [code for code, level in made.above if level == "volume" and code in volumes]
            has_files = placing.files_of(made.record.reference_code)
            if above and not has_files and made.record.level == "file":
                within.setdefault(above[0], []).append(made.record)
        for volume, records in within.items():
            self.share_out(volume, gatherer.gather(placing.files_of(volume)).pages, records)

    def share_out(self, volume: str, pages: Sequence[IncomingPage], records: Sequence[Record]) -> None:
        members = [Member(r.reference_code, r.page_range, r.pages) for r in records]
        shares = share(len(pages), members)
        for code, numbers in shares.of.items():
            self._shared[code] = _numbered(pages[n - 1] for n in numbers)
        self._left[volume] = _numbered(pages[n - 1] for n in shares.left)
        for code in shares.short:
            where = Rejection("", "", "", "", reference_code=code)
            reason = f"页号超出本卷 {volume} 的 {len(pages)} 页。"
            advice = "请核对页号与扫描件；能对上的页已收。"
            self.refused.append((where, Refused("page-range", reason, advice=advice)))

    def pages_of(self, code: str, own: Sequence[IncomingPage]) -> Sequence[IncomingPage]:
        """The record's pages: its share, or for a volume what no file has; else its own."""
        if code in self._left:
            return self._left[code]
        return own or self._shared.get(code, ())


def _numbered(pages: Iterable[IncomingPage]) -> list[IncomingPage]:
    return [replace(page, number=n) for n, page in enumerate(pages, start=1)]


def _keys(codes: Iterable[str]) -> dict[str, str]:
    """file key → code; AMBIGUOUS where two codes are spelt alike."""
    keys: dict[str, str] = {}
    for code in codes:
        if code:
            key = file_key(code)
            keys[key] = code if keys.get(key, code) == code else AMBIGUOUS
    return keys


def _spellings(file: SourceFile) -> list[str]:
    """Codes that the file's own name or its folder's may stand for, as they may be written."""
    *parents, name = file.relative.split("/")
    stems = [name.removesuffix(file.path.suffix), *parents[-1:]]
    return list(
        dict.fromkeys(
            spelled for stem in stems for spelled in (stem, stem.replace("_", "/"), stem.replace("_", "·"))
        )
    )
