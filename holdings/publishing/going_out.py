"""Making a package: what became public since the last one, and what is not public any more; records and exhibitions."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import secrets
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from holdings.access import PUBLIC
from holdings.catalogue import Catalogue, StoredPage
from holdings.catalogue.hiding import hidden_of
from holdings.catalogue.publishing import Carried, CarriedEdition, Package, closed_since, first_of
from holdings.catalogue.records import StoredRecord
from holdings.catalogue.seen_records import seen
from holdings.errors import BadInput, Conflict
from holdings.public_page import PublicPage, public_page
from holdings.publishing.editions import Line, public_lines
from holdings.publishing.lines import line_of
from holdings.publishing.package import (
    EDITIONS,
    FORMAT,
    MANIFEST,
    RECORDS,
    SIGNATURE,
    WITHDRAWALS,
    FileMark,
    Manifest,
    digest,
    package_of,
)
from holdings.settings import Settings
from holdings.signing import key_name, load_private
from holdings.store import FileStore

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

log = logging.getLogger("danghai.publish")

MAKE_KEY = "danghai publish key"
BATCH = 50


@dataclass
class Plan:
    """carried: id → what this package will have said of it.  withdrawn: ids.  editions: slug → line.  taken_down:
    slugs.  closed_at: of the first withdrawal, of either.  hidden: ids and slugs of what the outside shows with more
    than it may → since when; filled as the lines are made."""

    carried: dict[str, Carried] = field(default_factory=dict)
    depth: dict[str, int] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    editions: dict[str, Line] = field(default_factory=dict)
    taken_down: list[str] = field(default_factory=list)
    closed_at: datetime | None = None
    hidden: dict[str, datetime] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not (self.carried or self.withdrawn or self.editions or self.taken_down)


def export(
    settings: Settings,
    catalogue: Catalogue,
    folder: Path,
    *,
    full: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Path, Package] | None:
    """Write the next package into `folder`; None when nothing is to be carried. The first is a full one.

    Errors: NotFound, BadInput (key, installation); Conflict (something was closed meanwhile); OSError.
    """
    if settings.public_only:
        raise BadInput("这是公众网一端，不导出。", advice="请在内网的档海上运行。")
    key = load_private(settings.publish_key_file, MAKE_KEY)
    folder.mkdir(parents=True, exist_ok=True)
    last = catalogue.publishing.last("out")
    _finish_rename(folder, last)
    full = full or last is None
    plan = make_plan(catalogue, full=full)
    if not full and plan.is_empty:
        return None
    part = folder / f".{secrets.token_hex(8)}.part"
    try:
        package = _write(part, settings, catalogue, plan, key, last, full, progress)
        _still_public(catalogue, plan)
        editions = {
            slug: CarriedEdition(line.title, line.digest, records=line.records)
            for slug, line in plan.editions.items()
        }
        catalogue.publishing.made(package, plan.carried, plan.withdrawn, editions, plan.taken_down)
        target = folder / name_of(package)
        part.replace(target)
    finally:
        if catalogue.publishing.last("out") == last:  # else only the name is missing: the next run gives it
            part.unlink(missing_ok=True)
    return target, package


def name_of(package: Package) -> str:
    return f"danghai-{package.sequence:06d}-{package.kind}.zip"


def make_plan(catalogue: Catalogue, *, full: bool) -> Plan:
    """Every record is looked at: an index or a flag that lags must not decide what goes out."""
    plan, ledger = Plan(), catalogue.publishing
    for ids in catalogue.records.ids():
        stored, known = catalogue.records.many(ids), ledger.carried(ids)
        public = [i for i in ids if PUBLIC in stored[i].audiences]
        above = catalogue.records.ancestors(public)
        for record_id in public:
            seen = [a.record.id for a in above[record_id] if PUBLIC in a.audiences]
            now = Carried(stored[record_id].version, seen[-1] if seen else "")
            was = known.get(record_id)
            if full or was is None or (was.version, was.parent) != (now.version, now.parent):
                plan.carried[record_id] = now
                plan.depth[record_id] = len(seen)
        _withdraw(plan, {i: stored[i] for i in known if i not in set(public)}, known)
    for ids in ledger.carried_ids():
        there = catalogue.records.many(ids)
        plan.withdrawn += [i for i in ids if i not in there]
    _plan_editions(catalogue, plan, full=full)
    return plan


def _withdraw(plan: Plan, closed: dict[str, StoredRecord], known: dict[str, Carried]) -> None:
    plan.withdrawn += closed
    _closed(plan, [closed_since(known[i], s.changed_at) for i, s in closed.items()])


def _closed(plan: Plan, times: Sequence[datetime]) -> None:
    plan.closed_at = min((t for t in (plan.closed_at, *times) if t is not None), default=None)


def _plan_editions(catalogue: Catalogue, plan: Plan, *, full: bool) -> None:
    ledger = catalogue.publishing
    ledger.notice()  # since when those that were taken down are
    known, now = ledger.carried_editions(), _editions(catalogue, plan)
    for slug, line in now.items():
        if full or slug not in known or known[slug].digest != line.digest:
            plan.editions[slug] = line
    plan.taken_down = sorted(known.keys() - now.keys())
    _closed(plan, [at for _, _, at in ledger.taken_down()])


def _editions(catalogue: Catalogue, plan: Plan) -> dict[str, Line]:
    withdrawn = set(plan.withdrawn)

    def carried(ids: Sequence[str]) -> set[str]:
        return {i for i in ids if i in plan.carried} | (catalogue.publishing.carried(ids).keys() - withdrawn)

    return public_lines(catalogue, carried)


def _write(
    part: Path,
    settings: Settings,
    catalogue: Catalogue,
    plan: Plan,
    key: Ed25519PrivateKey,
    last: Package | None,
    full: bool,
    progress: Callable[[int, int], None],
) -> Package:
    files: dict[str, FileMark] = {}
    with part.open("wb") as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        withdrawn = "".join(json.dumps({"id": i}, ensure_ascii=False) + "\n" for i in sorted(plan.withdrawn))
        withdrawn += "".join(json.dumps({"slug": slug}) + "\n" for slug in plan.taken_down)
        _put(archive, WITHDRAWALS, withdrawn.encode(), files)
        _put(archive, EDITIONS, b"".join(line.text + b"\n" for line in plan.editions.values()), files)
        with TemporaryFile(dir=part.parent) as lines:
            _write_records(archive, lines, catalogue, FileStore(settings.store_dir), plan, files, progress)
            _copy(archive, lines, files)
        _hide_editions(catalogue, plan)
        manifest = Manifest(
            format=FORMAT,
            archive=settings.archive_code,
            kind="full" if full else "delta",
            sequence=last.sequence + 1 if last else 1,
            previous=last.manifest if last else "",
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            key=key_name(key.public_key()),
            additions=len(plan.carried),
            withdrawals=len(plan.withdrawn),
            editions=len(plan.editions),
            taken_down=len(plan.taken_down),
            files=files,
        )
        content = manifest.encoded()
        archive.writestr(MANIFEST, content)
        archive.writestr(SIGNATURE, key.sign(content))
        archive.close()
        out.flush()
        os.fsync(out.fileno())
    package = package_of(manifest, digest(content))
    first = min(plan.hidden.values(), default=None)
    return replace(package, closed_at=plan.closed_at, hidden=len(plan.hidden), hidden_at=first)


def _write_records(
    archive: zipfile.ZipFile,
    lines: IO[bytes],
    catalogue: Catalogue,
    store: FileStore,
    plan: Plan,
    files: dict[str, FileMark],
    progress: Callable[[int, int], None],
) -> None:
    """What others lie in comes before them."""
    order = sorted(plan.carried, key=lambda i: (plan.depth[i], i))
    for start in range(0, len(order), BATCH):
        ids = order[start : start + BATCH]
        stored, pages, hides = _as_seen(catalogue, ids)
        if missing := [i for i in ids if i not in stored]:
            raise _changed(missing[0])
        plan.hidden |= catalogue.publishing.hidden_since(stored, hides)
        for record_id in ids:
            plan.carried[record_id] = replace(plan.carried[record_id], hides=tuple(sorted(hides[record_id])))
            drawn = [_page(archive, store, page, files) for page in pages.get(record_id, [])]
            # Asked when the pages were: what hides something has no attachments, whatever was undone since.
            attached = [] if hides[record_id] else catalogue.seen_records.attachments(record_id)
            for file in attached:
                _put(archive, f"files/{file.sha256}", store.path(file.sha256).read_bytes(), files)
            record = seen(stored[record_id]).record
            line = line_of(record, plan.carried[record_id].parent or None, drawn, attached)
            lines.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        progress(min(start + BATCH, len(order)), len(order))


def _as_seen(
    catalogue: Catalogue, ids: Sequence[str]
) -> tuple[dict[str, StoredRecord], dict[str, list[StoredPage]], dict[str, set[str]]]:
    """Records as staff see them, their pages as the public does, and what that hides (hiding.py), all of one moment:
    read again where a version has moved on meanwhile, as it does with whatever hides more or less."""
    while True:
        stored, pages = catalogue.records.many(ids), catalogue.seen_pages.of_many(ids)
        hides = hidden_of(catalogue.redactions.hidden(ids), stored)
        now = catalogue.records.many(ids)
        if {i: s.version for i, s in now.items()} == {i: s.version for i, s in stored.items()}:
            return stored, pages, hides


def _hide_editions(catalogue: Catalogue, plan: Plan) -> None:
    """An exhibition that the outside shows with a record of which more is hidden now, and that comes without it."""
    known = catalogue.publishing.carried_editions()
    for slug in plan.editions.keys() & known.keys():
        if at := first_of(known[slug].records, plan.hidden):
            plan.hidden[slug] = at


def _page(
    archive: zipfile.ZipFile, store: FileStore, page: StoredPage, files: dict[str, FileMark]
) -> tuple[int, str, PublicPage]:
    """A page that cannot be drawn goes out with its text alone, and is said."""
    try:
        drawn = public_page(store, page)
    except (OSError, ValueError) as error:
        log.error("%s 第 %s 页的图像打不开，只导出文字：%s", page.record_id, page.number, error)
        drawn = PublicPage(b"", 0, 0, page.text)
    sha256 = hashlib.sha256(drawn.image).hexdigest()
    _put(archive, f"files/{sha256}", drawn.image, files)
    return page.number, sha256, drawn


def _put(archive: zipfile.ZipFile, name: str, content: bytes, files: dict[str, FileMark]) -> None:
    if name not in files:
        files[name] = FileMark(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        packed = name.startswith("files/")  # JPEG and office files are packed already
        archive.writestr(name, content, zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED)


def _copy(archive: zipfile.ZipFile, lines: IO[bytes], files: dict[str, FileMark]) -> None:
    found, size = hashlib.sha256(), 0
    lines.seek(0)
    with archive.open(RECORDS, "w", force_zip64=True) as out:
        for chunk in _chunks(lines):
            found.update(chunk)
            size += len(chunk)
            out.write(chunk)
    files[RECORDS] = FileMark(sha256=found.hexdigest(), size=size)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(1 << 20):
        yield chunk


def _still_public(catalogue: Catalogue, plan: Plan) -> None:
    """Drawing the pages takes its time: what was closed meanwhile does not go out."""
    ids = list(plan.carried)
    for start in range(0, len(ids), 1000):
        part = ids[start : start + 1000]
        stored = catalogue.records.many(part)
        for record_id in part:
            if record_id not in stored or PUBLIC not in stored[record_id].audiences:
                raise _changed(record_id)
    now = _editions(catalogue, plan)
    for slug, line in plan.editions.items():
        if slug not in now or now[slug].digest != line.digest:
            raise Conflict(f"导出期间展览“{slug}”有变动，未出包。", advice="请再运行一次。")


def _changed(record_id: str) -> Conflict:
    return Conflict(f"导出期间 {record_id} 已不公开，未出包。", advice="请再运行一次。")


def _finish_rename(folder: Path, last: Package | None) -> None:
    """A run that was killed after the ledger had the package, and before it had its name."""
    for part in folder.glob(".*.part"):
        with suppress(zipfile.BadZipFile, KeyError, OSError), zipfile.ZipFile(part) as archive:
            if last is not None and digest(archive.read(MANIFEST)) == last.manifest:
                part.replace(folder / name_of(last))
                continue
        part.unlink(missing_ok=True)


def summary(package: Package) -> dict[str, Any]:
    return {**vars(package), "file": name_of(package)}
