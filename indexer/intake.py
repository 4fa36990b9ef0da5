"""Intake: a package of catalogues and files → the catalogue. What is bad is refused with a reason;
all the rest goes in.

The catalogues are read twice: once to know every code (repeats, files' places, levels above), once to
write. Every batch is a short transaction of its own, files go into the store before the record that
names them, and writing the same again changes nothing: so an intake can be killed and run again, and
twice is the same as once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

from holdings.catalogue import Catalogue, Incoming, IncomingPage, Outcome
from holdings.errors import BadInput, Conflict
from holdings.records import Level
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.alike import Alike
from indexer.ancestry import Ancestry, derived, in_order, placeholders
from indexer.entries import Entries, Entry
from indexer.fields import Draft
from indexer.gather import Gatherer
from indexer.placing import Placing, VolumePages
from indexer.readers.headers import load_mapping
from indexer.readers.package import SourceFile, walk
from indexer.readers.refused import Refused
from indexer.readers.rows import cell_text
from indexer.report import IntakeReport, Rejection, keep

#: Records and pages of one transaction at most. How many it really has follows from how long the last
#: one took: a write lock is held for about WRITE_SECONDS, so that readers' own writes never wait long.
BATCH = 50
WRITE_SECONDS = 0.06


@dataclass(frozen=True)
class Progress:
    """How far an intake is. total: how many records there will be; None while the catalogues are first read."""

    records: int
    total: int | None
    pages: int
    attachments: int
    refused: int
    seconds: float

    @property
    def note(self) -> str:
        """What a progress bar says beside the figures."""
        pages = f"{self.pages} 页 · {60 * self.pages / self.seconds:.0f} 页/分" if self.seconds else ""
        return f"{pages} · 未收 {self.refused}" if self.refused else pages


class Intake:
    """Takes packages in. One instance may run several, one after another."""

    def __init__(self, catalogue: Catalogue, store: FileStore, settings: Settings) -> None:
        self._catalogue = catalogue
        self._store = store
        self._settings = settings

    def run(
        self,
        paths: Sequence[Path],
        *,
        mapping: Path | None = None,
        update: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> IntakeReport:
        """Take these folders and files in, and write the report of what was refused.

        update: records that differ from the catalogue become its new version; without it they are
        refused as "revision", with the differences shown.
        Errors: BadPackage for a path that does not exist, BadInput for a mapping file that cannot be read.
        """
        entries = Entries(load_mapping(mapping), self._settings.archive_code, self._settings.max_unpacked)
        one = _Run(self._catalogue, Gatherer(self._store, self._settings), entries, update, progress)
        report = one.take(paths)
        keep(report, self._settings.quarantine_dir)
        report.seconds = round(monotonic() - one.began, 3)
        return report


@dataclass
class _Run:
    """One package on its way in."""

    catalogue: Catalogue
    gatherer: Gatherer
    entries: Entries
    update: bool
    progress: Callable[[Progress], None] | None
    report: IntakeReport = field(default_factory=IntakeReport)
    began: float = field(default_factory=monotonic)
    total: int | None = None
    weight: float = 8.0

    def take(self, paths: Sequence[Path]) -> IntakeReport:
        files: list[SourceFile] = []
        for found in walk(paths):
            if isinstance(found, SourceFile):
                files.append(found)
            else:
                self._refuse_file(None, found[0], found[1])
        others = self.entries.open(files)
        for file, sheet, error in self.entries.refused:
            self._refuse_file(file, file.relative, error, sheet=sheet)
        survey = self._survey()
        placing = Placing(self.catalogue, others, survey.levels, survey.refused_codes)
        self.ancestry = Ancestry(self.catalogue)
        volumes = VolumePages(self.gatherer, placing, self._members(survey, placing))
        self._put_levels(survey, placing, volumes)
        self._put_all(self._incoming(survey, placing, volumes))
        self._put_all(placing.late(self.gatherer, volumes, self._file_refused))
        for file, error, secret in placing.left_over():
            self._refuse_file(None if secret else file, file.relative, error)
        for where, error in volumes.refused:
            self.report.rejections.append(_rejection(where, error))
        self._tell()
        return self.report

    # ── the first reading ──────────────────────────────────────────────────────

    def _survey(self) -> _Survey:
        """Read every row once: refuse what cannot go in, remember codes and the levels above files."""
        found, alike = _Survey(), Alike()
        for entry in self.entries.rows():
            self.report.records += 1
            if entry.draft is None:
                assert entry.refused is not None
                found.refused_codes[entry.refused.reference_code] = entry.refused.code
                self._refuse_row(entry, entry.refused)
                continue
            record = entry.draft.record
            code = record.reference_code
            if code in found.first:
                self._refuse_row(entry, _repeated(code))
                continue
            found.first[code] = entry.number
            alike.see(entry)
            found.levels[code] = record.level
            if record.level != "file":
                found.upper.append(entry.draft)
            for above, level in entry.draft.above:
                found.needed.setdefault(above, (level, entry.draft))
            if entry.number % 5000 == 0:
                self._tell()
        self.total = len(found.first)
        self.report.warnings += alike.warnings(self.catalogue)
        return found

    def _members(self, survey: _Survey, placing: Placing) -> Iterator[Draft]:
        """Files of volumes that were scanned whole; a further reading only where there are such volumes."""
        if not placing.volumes_with_files():
            return
        for entry in self.entries.rows():
            if entry.draft and survey.first.get(entry.draft.record.reference_code) == entry.number:
                yield entry.draft

    # ── writing ────────────────────────────────────────────────────────────────

    def _put_levels(self, survey: _Survey, placing: Placing, volumes: VolumePages) -> None:
        """Fonds, series and volumes, parents first; then placeholders for those nobody described."""
        known = self.catalogue.records.ids_of_codes(list(survey.needed))
        bare = placeholders(survey.needed, {*known, *survey.levels}, self.entries.archive_code)
        self.report.derived = len(bare)
        bare_codes = {made.record.reference_code for made in bare}
        for level in ("fonds", "series", "volume"):
            here = [d for d in in_order([*survey.upper, *bare]) if d.record.level == level]
            self.ancestry.forget()
            self._put_all(self._with_parents(here, placing, volumes), silent=bare_codes)
        self.ancestry.forget()

    def _incoming(self, survey: _Survey, placing: Placing, volumes: VolumePages) -> Iterator[Incoming]:
        """The second reading: file-level records with their pages and attachments."""
        batch: list[Draft] = []
        for entry in self.entries.rows():
            made = entry.draft
            if made is None or made.record.level != "file":
                continue
            if survey.first.get(made.record.reference_code) != entry.number:
                continue
            batch.append(made)
            if len(batch) >= BATCH:
                yield from self._with_parents(batch, placing, volumes)
                batch = []
        yield from self._with_parents(batch, placing, volumes)

    def _with_parents(
        self, batch: Sequence[Draft], placing: Placing, volumes: VolumePages
    ) -> Iterator[Incoming]:
        parents = self.ancestry.parent_of(batch)
        for made in batch:
            code = made.record.reference_code
            files = placing.files_of(code)
            gathered = self.gatherer.gather(files, made.texts)
            self._file_refused(gathered.refused)
            pages: Sequence[IncomingPage] = volumes.pages_of(code, gathered.pages)
            yield Incoming(
                replace(made.record, parent=parents[code]), pages or None, gathered.attachments or None
            )

    def _put_all(self, items: Iterable[Incoming], *, silent: frozenset[str] | set[str] = frozenset()) -> None:
        batch: list[Incoming] = []
        weight = 0
        for item in items:
            batch.append(item)
            weight += 1 + len(item.pages or ()) // 2
            if weight >= self.weight:
                self._put_timed(batch, weight, silent)
                batch, weight = [], 0
        if batch:
            self._put_timed(batch, weight, silent)

    def _put_timed(self, batch: Sequence[Incoming], weight: int, silent: frozenset[str] | set[str]) -> None:
        began = monotonic()
        self._put(batch, silent)
        seconds = max(monotonic() - began, 1e-4)
        fitting = weight * WRITE_SECONDS / seconds
        self.weight = max(1.0, min(BATCH, fitting, 2 * self.weight))

    def _put(self, batch: Sequence[Incoming], silent: frozenset[str] | set[str]) -> None:
        """One transaction; when a record of it is in conflict, one each, so that the others go in."""
        bare = derived(self.catalogue, [i for i in batch if i.record.level != "file"])
        for update, part in (
            (True, [i for i in batch if i.record.reference_code in bare]),
            (self.update, [i for i in batch if i.record.reference_code not in bare]),
        ):
            if not part:
                continue
            self._renumber(part)
            try:
                self._count(part, self.catalogue.records.put(part, update=update), silent)
            except Conflict:
                self._put_singly(part, update, silent)
        self._tell()

    def _put_singly(self, batch: Sequence[Incoming], update: bool, silent: frozenset[str] | set[str]) -> None:
        for item in batch:
            try:
                self._count([item], self.catalogue.records.put([item], update=update), silent)
            except Conflict as error:
                self._refuse_record(item, Refused("conflict", error.message, advice=error.advice))

    def _renumber(self, batch: Sequence[Incoming]) -> None:
        """A new code whose 旧档号 the catalogue holds is a renumbering: the id stays. Only with update."""
        moved = [i for i in batch if i.record.former_codes]
        if not moved or not self.update:
            return
        codes = [c for i in moved for c in (i.record.reference_code, *i.record.former_codes)]
        ids = self.catalogue.records.ids_of_codes(codes)
        stored = self.catalogue.records.many(sorted(set(ids.values())))
        for item in moved:
            code = item.record.reference_code
            owners = {ids[former] for former in item.record.former_codes if former in ids}
            if code in ids or len(owners) != 1:
                continue
            owner = stored[owners.pop()].record
            if owner.reference_code in item.record.former_codes:
                self.catalogue.records.renumber(owner.id, code)

    def _count(
        self, batch: Sequence[Incoming], outcomes: Sequence[Outcome], silent: frozenset[str] | set[str]
    ) -> None:
        for item, outcome in zip(batch, outcomes, strict=True):
            if outcome.reference_code in silent:
                continue
            if outcome.status == "revision":
                self._refuse_record(item, _revision(), outcome)
                continue
            setattr(self.report, outcome.status, getattr(self.report, outcome.status) + 1)
            self.report.pages += len(item.pages or ())
            self.report.attachments += len(item.attachments or ())

    # ── refusing ───────────────────────────────────────────────────────────────

    def _refuse_row(self, entry: Entry, error: Refused) -> None:
        self.report.refused += 1
        values: dict[str, str] = {}
        if entry.raw is not None and error.code != "secret":
            cells = {**entry.raw.fields, **entry.raw.others}
            values = {name: cell_text(cell) for name, cell in cells.items() if cell_text(cell)}
        where = Rejection(entry.file, "", "", "", entry.sheet, entry.row, error.reference_code, values)
        self.report.rejections.append(_rejection(where, error))

    def _refuse_record(self, item: Incoming, error: Refused, outcome: Outcome | None = None) -> None:
        self.report.refused += 1
        differences = outcome.differences if outcome else {}
        where = Rejection("", "", "", "", reference_code=item.record.reference_code, differences=differences)
        self.report.rejections.append(_rejection(where, error))

    def _file_refused(self, refused: Iterable[tuple[SourceFile, Refused]]) -> None:
        for file, error in refused:
            self._refuse_file(file, file.relative, error)

    def _refuse_file(self, file: SourceFile | None, name: str, error: BadInput, *, sheet: str = "") -> None:
        where = Rejection(name, "", "", "", sheet, path=file.path if file else None)
        self.report.rejections.append(_rejection(where, error))

    def _tell(self) -> None:
        if self.progress is not None:
            r = self.report
            done = r.new + r.changed + r.unchanged
            self.progress(
                Progress(
                    done, self.total, r.pages, r.attachments, len(r.rejections), monotonic() - self.began
                )
            )


@dataclass
class _Survey:
    """What the first reading found. first: code → number of the row that has it first."""

    first: dict[str, int] = field(default_factory=dict)
    levels: dict[str, Level] = field(default_factory=dict)
    upper: list[Draft] = field(default_factory=list)
    needed: dict[str, tuple[Level, Draft]] = field(default_factory=dict)
    refused_codes: dict[str, str] = field(default_factory=dict)


def _rejection(where: Rejection, error: BadInput) -> Rejection:
    reason = error.message.encode("utf-8", "replace").decode()  # it may quote a name that is no UTF-8
    return replace(where, code=error.code, reason=reason, advice=error.advice)


def _repeated(code: str) -> Refused:
    error = Refused(
        "repeated", f"档号 {code} 在这一批里已出现过。", advice="请核对两行，改正其中一个档号；先出现的已收。"
    )
    error.reference_code = code
    return error


def _revision() -> Refused:
    return Refused(
        "revision",
        "目录库里已有这一条，内容不同。",
        advice="请核对差异；确认以新的为准时，加 --update 再收一次（旧著录会留存）。",
    )
