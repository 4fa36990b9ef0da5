"""The two installations of these tests, and packages that somebody tampered with."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from holdings.access import PUBLIC
from holdings.catalogue import Catalogue
from holdings.publishing.coming_in import Arrived, bring_in
from holdings.publishing.editions import public_lines
from holdings.publishing.going_out import export
from holdings.publishing.package import MANIFEST, SIGNATURE, FileMark, Manifest
from holdings.settings import Settings
from holdings.signing import load_private, make_key
from holdings.store import FileStore
from tests.api.small_archive import small_archive

from .trails import settings


class Side:
    """One of the two installations."""

    def __init__(self, home: Path, **more: object) -> None:
        self.settings: Settings = settings(home, **more)
        self.catalogue = Catalogue(self.settings.catalogue_url)
        self.catalogue.upgrade()
        self.store = FileStore(self.settings.store_dir)

    def set_access(self, record_id: str, *, open_: bool) -> None:
        marks = ("开放", "公开") if open_ else ("控制", "")
        self.catalogue.records.set_access(record_id, access_status=marks[0], publicity=marks[1])

    def state(self) -> dict[str, Any]:
        """id → all that the public would get of it."""
        found = {}
        for ids in self.catalogue.records.ids():
            for record_id, stored in self.catalogue.records.many(ids).items():
                if PUBLIC in stored.audiences:
                    pages = self.catalogue.pages.of(record_id)
                    texts = [p.text.text if p.text else "" for p in pages]
                    files = [a.name for a in self.catalogue.records.attachments(record_id)]
                    found[record_id] = (stored.record.title, stored.record.reference_code, texts, files)
        return found

    def shows(self) -> dict[str, bytes]:
        """slug → all that the public would get of its exhibition."""
        return {slug: line.text for slug, line in public_lines(self.catalogue, set).items()}


@pytest.fixture
def inside(tmp_path: Path) -> Side:
    side = Side(tmp_path / "inside")
    for start in range(0, 69, 50):
        side.catalogue.records.put(small_archive(side.store).incoming[start : start + 50])
    make_key(side.settings.publish_key_file)
    return side


@pytest.fixture
def outside(tmp_path: Path, inside: Side) -> Side:
    key = inside.settings.publish_key_file.with_name("publish.key.pub")
    return Side(tmp_path / "outside", public_only=True, publish_public_key=key)


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    return tmp_path / "stick"


def out(side: Side, stick: Path, **how: bool) -> Path:
    made = export(side.settings, side.catalogue, stick, **how)
    assert made is not None
    return made[0]


def bring(side: Side, package: Path) -> Arrived:
    return bring_in(side.settings, side.catalogue, package)


def rewritten(package: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(package) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def signed_anew(
    inside: Side, change: Callable[[dict[str, bytes]], None]
) -> Callable[[dict[str, bytes]], None]:
    """As somebody inside who has the key: everything fits but what it says."""

    def with_seal(files: dict[str, bytes]) -> None:
        change(files)
        manifest = Manifest.model_validate_json(files[MANIFEST])
        marks = {
            name: FileMark(sha256=sha256(content).hexdigest(), size=len(content))
            for name, content in files.items()
            if name not in (MANIFEST, SIGNATURE)
        }
        files[MANIFEST] = manifest.model_copy(update={"files": marks}).encoded()
        files[SIGNATURE] = load_private(inside.settings.publish_key_file, "").sign(files[MANIFEST])

    return with_seal
