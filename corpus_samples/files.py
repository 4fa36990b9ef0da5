"""Page files as an archive keeps them: JPEG, multi-page TIFF, scanned and born-digital PDF, OFD."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from .drawing import Drawn

DPI = 150
#: No file made here carries the moment it was made; this stands in its place.
MOMENT = (2022, 12, 31, 0, 0, 0)
#: A JPEG page is made smaller until it has at most this many bytes, down to the last quality.
PAGE_BYTES = 150_000
QUALITIES = (72, 64, 56, 48, 42)


def jpeg(image: Image.Image) -> bytes:
    """The best quality that fits PAGE_BYTES."""
    for quality in QUALITIES:
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, optimize=True, dpi=(DPI, DPI), subsampling="4:2:0")
        if out.tell() <= PAGE_BYTES:
            break
    return out.getvalue()


def write_jpegs(pages: Sequence[Drawn], folder: Path) -> None:
    """`<档号>/0001.jpg` …"""
    folder.mkdir(parents=True, exist_ok=True)
    for page in pages:
        (folder / f"{page.spec.number:04}.jpg").write_bytes(jpeg(page.image))


def write_tiff(pages: Sequence[Drawn], path: Path) -> None:
    """One multi-page TIFF: Group 4 where every page is plain black on white, else grey JPEG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = all(page.spec.look in {"clean", "typewriter"} for page in pages)
    if plain:
        images = [
            page.image.convert("L").point(lambda v: 255 if v > 150 else 0).convert("1") for page in pages
        ]
        options: dict[str, Any] = {"compression": "group4"}
    else:
        images = [page.image.convert("L") for page in pages]
        options = {"compression": "jpeg", "quality": 56}
    images[0].save(path, "TIFF", save_all=True, append_images=images[1:], dpi=(DPI, DPI), **options)


def write_scanned_pdf(pages: Sequence[Drawn], path: Path) -> None:
    """A PDF of pictures, without a text layer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [page.image for page in pages]
    moment = time.struct_time((*MOMENT, 5, 365, 0))
    images[0].save(
        path,
        "PDF",
        save_all=True,
        append_images=images[1:],
        resolution=DPI,
        quality=56,
        creationDate=moment,
        modDate=moment,
        producer="Danghai samples",
    )


def freeze_zip(data: bytes) -> bytes:
    """The same archive (XLSX, DOCX, OFD) with MOMENT instead of the times it was made at."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "docProps/core.xml":
                body = re.sub(rb">\d{4}-\d\d-\d\dT[\d:]+Z<", b">2022-12-31T00:00:00Z<", body)
            info = zipfile.ZipInfo(entry.filename, MOMENT)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, body)
    return out.getvalue()
