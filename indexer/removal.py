"""Taking a confirmed secret out of this networked system: export, verify, delete, forget.

The procedure, done by `danghai quarantine export --to FOLDER` on a medium that leaves with the security
officer:

1. Every confirmed record goes into a folder of its own: record.json (descriptions, former ones, every
   text version), its pages' and attachments' files, and manifest.sha256 over all of them.
2. The files are read back and compared with the manifest; nothing is deleted before that.
3. Catalogue rows go in one transaction, on SQLite with the freed bytes overwritten; then files of the
   store that no other record uses, cached images, vectors of its passages; every index is built anew.
4. What this system cannot reach stays to do by hand: backups, exports and copies made before.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from holdings.catalogue import Catalogue
from holdings.catalogue.descriptions import to_json
from holdings.errors import BadInput, Conflict
from holdings.public_forms import outer
from holdings.settings import Settings
from holdings.store import FileStore
from holdings.text import cut_passages, description_text
from indexer.embedder import embedded_as
from indexer.embeddings import EmbeddingStore

MANIFEST = "manifest.sha256"


@dataclass(frozen=True)
class Removed:
    """One record taken out. folder: where it lies now.  files: how many, the manifest not counted."""

    record_id: str
    folder: Path
    files: int


def remove_confirmed(
    catalogue: Catalogue, store: FileStore, settings: Settings, embeddings: EmbeddingStore, to: Path
) -> list[Removed]:
    """Hold the projector's lock. Take out every record that the security officer confirmed. A kill at any point leaves each record
    either whole here or whole there; run it again to go on.

    Errors: BadInput for a folder within the data folder or not writable; Conflict when a copy differs from
    what was read, or when something that is no secret still lies in the record.
    """
    to = to.absolute()
    if to.is_relative_to(settings.home.absolute()):
        raise BadInput("不能导出到本系统的数据目录之内。", advice="请给出涉密介质上的文件夹。")
    removed = []
    for record_id in catalogue.quarantine.confirmed():
        try:
            files = _export(catalogue, store, record_id, to)
        except OSError as error:
            raise BadInput(f"写不进 {to}：{error}。", advice="请检查介质与权限。") from error
        embeddings.forget(_passages(catalogue, record_id))
        unused = catalogue.removal.delete(record_id)
        for sha256 in unused:
            store.path(sha256).unlink(missing_ok=True)
        removed.append(Removed(record_id, to / _name(record_id), files))
    if removed:
        _forget(catalogue, settings)
    return removed


def _export(catalogue: Catalogue, store: FileStore, record_id: str, to: Path) -> int:
    """Write and verify one record's folder; how many files. One left by a kill is written again."""
    stored = catalogue.records.get(record_id)
    assert stored is not None, "confirmed records are in the catalogue"
    folder = to / _name(record_id)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pages = catalogue.pages.of(record_id)
    said = {
        "id": record_id,
        "description": to_json(stored.record),
        "former": [
            {"version": version, "description": to_json(record), "reason": reason}
            for version, record, reason in catalogue.records.versions(record_id)
        ],
        "pages": [_page(catalogue, page.record_id, page.number) | _file(page) for page in pages],
        "attachments": [vars(file) for file in catalogue.records.attachments(record_id)],
    }
    sums = {"record.json": _write(folder / "record.json", json.dumps(said, ensure_ascii=False, indent=1))}
    wanted = {page.sha256 for page in pages} | {f.sha256 for f in catalogue.records.attachments(record_id)}
    for sha256 in sorted(wanted):
        if store.path(sha256).exists():
            shutil.copyfile(store.path(sha256), folder / sha256)
            sums[sha256] = sha256
    _write(folder / MANIFEST, "".join(f"{sum_}  {name}\n" for name, sum_ in sorted(sums.items())))
    _verify(folder, sums)
    return len(sums)


def _page(catalogue: Catalogue, record_id: str, number: int) -> dict[str, Any]:
    versions = catalogue.pages.versions(record_id, number)
    return {
        "number": number,
        "texts": [{"version": v.version, "maker": v.text.maker, "text": v.text.text} for v in versions],
    }


def _file(page: Any) -> dict[str, Any]:
    return {name: getattr(page, name) for name in ("sha256", "frame", "media_type", "name", "kind")}


def _write(path: Path, text: str) -> str:
    data = text.encode()
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def _verify(folder: Path, sums: dict[str, str]) -> None:
    """Everything on the medium, and as it was read. Errors: Conflict."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    wrong = [n for n, sum_ in sums.items() if hashlib.sha256((folder / n).read_bytes()).hexdigest() != sum_]
    if wrong:
        raise Conflict(f"导出的文件与原件不符：{'、'.join(wrong)}。", advice="未作删除；请换介质再试。")


def _passages(catalogue: Catalogue, record_id: str) -> list[str]:
    """Every text of it that was ever embedded."""
    stored = catalogue.records.get(record_id)
    assert stored is not None
    described = [stored.record, *(record for _, record, _ in catalogue.records.versions(record_id))]
    texts = [(0, description_text(seen)) for record in described for seen in (record, outer(record))]
    for page in catalogue.pages.of(record_id):
        versions = catalogue.pages.versions(record_id, page.number)
        texts += [(page.number, version.text.text) for version in versions]
    return [embedded_as(passage) for number, text in texts for passage in cut_passages(text, number)]


def _forget(catalogue: Catalogue, settings: Settings) -> None:
    """Cached images, and the words that deleted documents leave in the indexes."""
    shutil.rmtree(settings.home / "cache" / "images", ignore_errors=True)
    catalogue.outbox.ask_rebuild(catalogue.audiences.names(), "quarantine export")


def _name(record_id: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in record_id)


def summary(removed: Sequence[Removed]) -> list[dict[str, Any]]:
    """For `--json`."""
    return [{"id": r.record_id, "folder": str(r.folder), "files": r.files} for r in removed]
