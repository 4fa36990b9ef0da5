"""Which reader a file's ending calls for. A new kind of file is named here."""

from __future__ import annotations

from pathlib import Path

from holdings.settings import Settings
from indexer.readers.images import IMAGE_ENDINGS, read_image
from indexer.readers.ofd import read_ofd
from indexer.readers.office import ATTACHMENT_ENDINGS
from indexer.readers.pages import FoundPage
from indexer.readers.pdf import read_pdf
from indexer.readers.refused import Refused
from indexer.readers.texts import read_text_pages

TEXT_ENDING = ".txt"
PAGE_ENDINGS = IMAGE_ENDINGS | {".pdf", ".ofd", TEXT_ENDING}
KNOWN_ENDINGS = PAGE_ENDINGS | ATTACHMENT_ENDINGS


def read_pages(path: Path, settings: Settings, *, decode: bool) -> list[FoundPage]:
    """The pages of an image, PDF, OFD or text file. Refused as the readers say; empty for no bytes."""
    if path.stat().st_size == 0:
        raise Refused("empty", f"“{path.name}”是空文件。", advice="请从原件重新复制或重新扫描。")
    match path.suffix.lower():
        case ".pdf":
            return read_pdf(path, settings)
        case ".ofd":
            return read_ofd(path, settings)
        case ".txt":
            return read_text_pages(path)
        case _:
            return read_image(path, settings, decode=decode)
