"""Bringing a package in on the public installation: all of it checked before any of it is applied, withdrawals
first. Killed at any instant, the same command goes on where it was; the same package twice changes nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from holdings.access import AUDIENCES
from holdings.catalogue import Catalogue, Incoming
from holdings.catalogue.editions import StoredEdition
from holdings.catalogue.publishing import Package
from holdings.errors import BadInput, BadPackage
from holdings.publishing.editions import edition_of
from holdings.publishing.lines import incoming_of
from holdings.publishing.package import EDITIONS, RECORDS, WITHDRAWALS, Opened, opened, package_of, receipt
from holdings.records import PageText
from holdings.settings import Settings
from holdings.signing import load_public
from holdings.store import FileStore

#: Records of one transaction.
BATCH = 50


@dataclass(frozen=True)
class Arrived:
    """new: False when this package was in already.  withdrawn: records; taken_down: exhibitions.  code: the receipt
    to be given back to the archive."""

    package: Package
    new: bool
    withdrawn: int
    taken_down: int
    code: str


def bring_in(
    settings: Settings,
    catalogue: Catalogue,
    path: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Arrived:
    """Errors: BadInput (not a public installation), NotFound (no public key), BadPackage with what to do."""
    if not settings.public_only:
        advice = "在公众网一端设 DANGHAI_PUBLIC_ONLY=1；内网的目录库不导入。"
        raise BadInput("这不是公众网一端，不导入。", advice=advice)
    key = load_public(settings.publish_public_key_file)
    settings.home.mkdir(parents=True, exist_ok=True)
    for left in settings.home.glob(".package-*"):  # by one that was killed
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=".package-", dir=settings.home) as folder:
        copy = Path(folder) / path.name  # what is checked is what is applied, whatever becomes of the stick
        shutil.copyfile(path, copy)
        with opened(copy, key, limit=settings.publish_max) as given:
            return _bring_in(settings, catalogue, given, progress)


def _bring_in(
    settings: Settings, catalogue: Catalogue, given: Opened, progress: Callable[[int, int], None]
) -> Arrived:
    package, code = package_of(given.manifest, given.digest), receipt(given.manifest.sequence, given.digest)
    if given.manifest.archive != settings.archive_code:
        advice = "请核对 DANGHAI_ARCHIVE_CODE，或换用本馆的包。"
        raise BadPackage(f"这是 {given.manifest.archive} 馆的包。", advice=advice)
    if not _in_turn(package, catalogue.publishing.last("in"), given.manifest.previous):
        return Arrived(package, False, 0, 0, code)
    ids = _check(given)
    withdrawn = _withdrawals(given, catalogue, ids)
    editions = _editions(given, catalogue, ids, set(withdrawn))
    taken_down = _taken_down(given, catalogue, {edition.slug for edition in editions})
    unused = catalogue.publishing.begin(package, withdrawn, editions, taken_down)
    _forget(settings, catalogue, unused, withdrawn)
    _apply(settings, catalogue, given, progress)
    catalogue.publishing.finish(package.sequence)
    return Arrived(package, True, len(withdrawn), len(taken_down), code)


def _in_turn(package: Package, last: Package | None, previous: str) -> bool:
    """Whether it is to be applied; False when it was. Errors: BadPackage for one out of turn."""
    number = package.sequence
    if last is not None and last.manifest == package.manifest:
        return last.done_at is None
    if last is not None and last.done_at is None:
        advice = f"请先把第 {last.sequence} 号包再导入一次，它会接着做完。"
        raise BadPackage(f"第 {last.sequence} 号包还没有导完。", advice=advice)
    if last is not None and number <= last.sequence:
        advice = f"已导入到第 {last.sequence} 号；请拿第 {last.sequence + 1} 号。"
        raise BadPackage(f"第 {number} 号包是旧包，或与已导入的不是同一份。", advice=advice)
    if package.kind == "full":
        return True
    if last is None:
        raise BadPackage(
            "这里还是空的，要先导入全量包。", advice="请在内网运行：danghai publish export --full。"
        )
    if number > last.sequence + 1:
        which = "、".join(str(n) for n in range(last.sequence + 1, min(number, last.sequence + 6)))
        advice = f"请先导入第 {which} 号；若已遗失，请在内网导出全量包（--full）。"
        raise BadPackage(f"第 {number} 号包之前还缺。", advice=advice)
    if previous != last.manifest:
        advice = "请在内网导出全量包（danghai publish export --full）后导入。"
        raise BadPackage(f"第 {number} 号包不接续这里的第 {last.sequence} 号。", advice=advice)
    return True


def _check(given: Opened) -> set[str]:
    """Every line, before anything is applied; the ids that come. Errors: BadPackage."""
    ids: set[str] = set()
    for incoming in _records(given):
        record = incoming.record
        if missing := [sha for sha in _files(incoming) if not given.has(sha)]:
            advice = "请由内网重新导出。"
            raise BadPackage(f"包里缺 {record.reference_code} 的文件 {missing[0][:12]}…。", advice=advice)
        if record.id in ids:
            raise BadPackage(f"包里 {record.reference_code} 出现两次。", advice="请由内网重新导出。")
        ids.add(record.id)
    if len(ids) != given.manifest.additions:
        raise BadPackage("包里的条目数与清单不符。", advice="请由内网重新导出。")
    return ids


def _files(incoming: Incoming) -> list[str]:
    return [*(p.sha256 for p in incoming.pages or ()), *(f.sha256 for f in incoming.attachments or ())]


def _records(given: Opened) -> Iterator[Incoming]:
    return map(incoming_of, given.lines(RECORDS))


def _withdrawals(given: Opened, catalogue: Catalogue, coming: set[str]) -> list[str]:
    """What is to go: what the package names; with a full package, all that it does not hold."""
    named = _named(given, "id")
    if len(named) != given.manifest.withdrawals:
        raise BadPackage("包里的收回数与清单不符。", advice="请由内网重新导出。")
    if given.manifest.kind == "full":
        here = {i for ids in catalogue.records.ids() for i in ids}
        named = sorted({*named, *(here - coming)})
    return [i for i in dict.fromkeys(named) if i not in coming]


def _named(given: Opened, what: str) -> list[str]:
    """What lines of the withdrawals say: the id of a record, or the slug of an exhibition. Errors: BadPackage."""
    lines = list(given.lines(WITHDRAWALS))
    if any(len(line) != 1 or not (line.get("id") or line.get("slug")) for line in lines):
        raise BadPackage("包里有读不懂的收回。", advice="请由内网重新导出。")
    return [str(line[what]) for line in lines if what in line]


def _editions(
    given: Opened, catalogue: Catalogue, coming: set[str], withdrawn: set[str]
) -> list[StoredEdition]:
    """Every exhibition that comes, checked before anything is applied. Errors: BadPackage."""

    def here(ids: Sequence[str]) -> set[str]:
        return {i for i in ids if i in coming} | (catalogue.records.many(ids).keys() - withdrawn)

    lines = given.lines(EDITIONS) if given.manifest.format > 1 else iter(())
    editions = [edition_of(line, here) for line in lines]
    if (
        len({edition.slug for edition in editions}) != given.manifest.editions
        or len(editions) != given.manifest.editions
    ):
        raise BadPackage("包里的展览数与清单不符。", advice="请由内网重新导出。")
    return editions


def _taken_down(given: Opened, catalogue: Catalogue, coming: set[str]) -> set[str]:
    """As `_withdrawals`, by slug."""
    named = set(_named(given, "slug"))
    if len(named) != given.manifest.taken_down:
        raise BadPackage("包里撤下的展览数与清单不符。", advice="请由内网重新导出。")
    if given.manifest.kind == "full":
        named |= {edition.slug for edition in catalogue.editions.heads()}
    return named - coming


def _forget(settings: Settings, catalogue: Catalogue, unused: set[str], gone: list[str]) -> None:
    """No file, no drawn image, no index weight is left of what is gone."""
    store = FileStore(settings.store_dir)
    for sha256 in unused:
        store.path(sha256).unlink(missing_ok=True)
    if gone:
        shutil.rmtree(settings.home / "cache" / "images", ignore_errors=True)
        catalogue.outbox.ask_rebuild(list(AUDIENCES), "withdrawal")


def _apply(
    settings: Settings, catalogue: Catalogue, given: Opened, progress: Callable[[int, int], None]
) -> None:
    store = FileStore(settings.store_dir)
    batch: list[Incoming] = []
    done = 0
    for incoming in _records(given):
        for sha256 in _files(incoming):
            if not store.path(sha256).exists():
                store.put(given.file(sha256))
        batch.append(incoming)
        if len(batch) == BATCH:
            _put(settings, catalogue, batch)
            done, batch = done + len(batch), []
            progress(done, given.manifest.additions)
    _put(settings, catalogue, batch)


def _put(settings: Settings, catalogue: Catalogue, batch: list[Incoming]) -> None:
    known = catalogue.records.many([i.record.id for i in batch])
    files = catalogue.publishing.files_of(list(known))
    for incoming in batch:
        record = incoming.record
        if record.id in known and known[record.id].record.reference_code != record.reference_code:
            catalogue.records.renumber(record.id, record.reference_code)
    if batch:
        catalogue.records.put(batch, update=True, reason="内网导入")
    for incoming in batch:
        if incoming.record.id in known:
            _put_texts(catalogue, incoming)
    if known:
        _forget(settings, catalogue, catalogue.publishing.only_now(list(known), files), list(known))


def _put_texts(catalogue: Catalogue, incoming: Incoming) -> None:
    """A page whose image is the same keeps its text when records are put: a corrected one follows here."""
    there = {page.number: page.text for page in catalogue.pages.of(incoming.record.id)}
    for page in incoming.pages or ():
        if page.text != there.get(page.number):
            catalogue.pages.correct(incoming.record.id, page.number, page.text or PageText((), ""))
