"""A record's files → its pages and attachments, the files themselves into the store."""

from __future__ import annotations

import errno
import hashlib
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from holdings.catalogue import IncomingAttachment, IncomingPage
from holdings.records import PageText
from holdings.settings import Settings
from holdings.store import FileStore
from holdings.text import natural_key
from indexer.readers.files import KNOWN_ENDINGS, PAGE_ENDINGS, TEXT_ENDING, read_pages
from indexer.readers.office import attachment_text
from indexer.readers.package import SourceFile
from indexer.readers.refused import Refused


@dataclass
class Gathered:
    """What a record's files gave. refused: files that did not go in, and why."""

    pages: list[IncomingPage] = field(default_factory=list)
    attachments: list[IncomingAttachment] = field(default_factory=list)
    refused: list[tuple[SourceFile, Refused]] = field(default_factory=list)


class Gatherer:
    """Reads files, checks them once to their end, and keeps them."""

    def __init__(self, store: FileStore, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def gather(self, files: Sequence[SourceFile], texts: Sequence[PageText] | None = None) -> Gathered:
        """Pages in natural order of name. A text file is a page's text where image and text share a
        name and a number of pages; without images it is the pages; else it is an attachment.

        texts: ready page texts that the catalogue's row brought.
        """
        found = Gathered()
        ordered = sorted(files, key=lambda f: natural_key(f.relative))
        scans = [f for f in ordered if f.ending in PAGE_ENDINGS and f.ending != TEXT_ENDING]
        notes = [f for f in ordered if f.ending == TEXT_ENDING]
        for file in scans:
            pages = self._pages(file, found)
            beside = next((n for n in notes if _stem(n) == _stem(file)), None)
            if beside:
                notes.remove(beside)
                read = self._pages(beside, found)
                if read and len(read) == len(pages):
                    pages = [_with_text(p, t.text) for p, t in zip(pages, read, strict=True)]
                elif read:
                    self._attach(beside, found)
            found.pages += pages
        for file in notes:
            if scans or texts:
                self._attach(file, found)
            else:
                found.pages += self._pages(file, found)
        for file in ordered:
            if file.ending not in PAGE_ENDINGS:
                self._attach(file, found)
        self._add_texts(texts, found)
        found.pages = [replace(page, number=n) for n, page in enumerate(found.pages, start=1)]
        return found

    def _pages(self, file: SourceFile, found: Gathered) -> list[IncomingPage]:
        try:
            sha = _sha256(file.path)
            pages = read_pages(file.path, self._settings, decode=not self._store.path(sha).exists())
            if any(page.data is None for page in pages):
                self._keep(file.path, sha)
            return [
                IncomingPage(
                    number=0,
                    sha256=sha if page.data is None else self._store.put(page.data),
                    kind=page.kind,
                    frame=page.frame,
                    media_type=page.media_type,
                    name=_name(file),
                    width=page.width,
                    height=page.height,
                    text=page.text,
                )
                for page in pages
            ]
        except Refused as error:
            found.refused.append((file, error))
        except OSError as error:
            found.refused.append((file, _unreadable(error)))
        return []

    def _attach(self, file: SourceFile, found: Gathered) -> None:
        if file.ending not in KNOWN_ENDINGS:
            found.refused.append((file, _unknown(file)))
            return
        try:
            if file.ending == TEXT_ENDING:
                text = "\n".join(
                    p.text.text for p in read_pages(file.path, self._settings, decode=False) if p.text
                )
            else:
                text = attachment_text(file.path, self._settings.max_unpacked)
            sha = _sha256(file.path)
            self._keep(file.path, sha)
        except Refused as error:
            found.refused.append((file, error))
            return
        except OSError as error:
            found.refused.append((file, _unreadable(error)))
            return
        media_type = mimetypes.guess_type(file.path.name)[0] or "application/octet-stream"
        taken = {a.name for a in found.attachments}
        name = _name(file) if _name(file) not in taken else file.relative
        found.attachments.append(IncomingAttachment(name, sha, media_type, file.path.stat().st_size, text))

    def _keep(self, path: Path, sha: str) -> None:
        if not self._store.path(sha).exists():
            self._store.put(path)

    def _add_texts(self, texts: Sequence[PageText] | None, found: Gathered) -> None:
        """Texts that came in the row itself: of the pages when they are as many, else pages or a file."""
        if not texts:
            return
        if len(texts) == len(found.pages):
            found.pages = [_with_text(p, t) for p, t in zip(found.pages, texts, strict=True)]
        elif not found.pages:
            found.pages = [_text_page(text) for text in texts]
        else:
            whole = "\n\f\n".join(text.text for text in texts)
            sha = self._store.put(whole.encode())
            found.attachments.append(
                IncomingAttachment("正文.txt", sha, "text/plain", len(whole.encode()), whole)
            )


def _text_page(text: PageText) -> IncomingPage:
    """A page that is only text. No file stands behind it: the text is in the catalogue, under its SHA-256."""
    sha = hashlib.sha256(text.text.encode()).hexdigest()
    return IncomingPage(0, sha, "text", media_type="text/plain", text=text)


def _with_text(page: IncomingPage, text: PageText | None) -> IncomingPage:
    return replace(page, kind="text", text=text) if text else page


def _stem(file: SourceFile) -> str:
    return file.relative.removesuffix(file.path.suffix)


def _name(file: SourceFile) -> str:
    """The file's name as a person reads it; that of the path may hold bytes that are no text."""
    return file.relative.rpartition("/")[2]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unknown(file: SourceFile) -> Refused:
    return Refused(
        "unknown-type",
        f"不认识“{file.ending or file.path.name}”这种文件。",
        advice="请转成 JPEG、TIFF、PDF、OFD 等再收。",
    )


def _unreadable(error: OSError) -> Refused:
    """Raises the error again when it is our own disk that fails, not the file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        raise error
    return Refused("damaged", f"读不出：{error}", advice="请检查存储介质与权限，重新复制后再收。")
