"""Panels 展板 as a PDF for the printer: 900 × 1200 mm with 3 mm bleed, fonts embedded, set by typst.

Why typst: ARCHITECTURE.md. It reads one file of data and the pictures, from a folder that lives as long as it works.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typst

from curation.edition import Edition, Exhibit, Pictures
from curation.outputs.places import joined, paragraphs, picture_id
from holdings.errors import NotReady

#: Width and height of a panel as it is hung, in mm.
WIDE, HIGH = 900, 1200
#: A picture's height on it in mm at most, and its width.
TALL, COLUMN = 540, 370
#: Longer side of a picture, in pixels: what the public may have.
PIXELS = 2400
#: Families that set Chinese, in the order of preference.
SERIF = ("Source Han Serif SC", "Noto Serif CJK SC", "Noto Serif SC", "SimSun")
SANS = ("Source Han Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", "SimHei")


class FontMissing(NotReady):
    code = "font-missing"


def render(edition: Edition, pictures: Pictures) -> bytes:
    """Errors: FontMissing where no font that sets Chinese is installed."""
    serif, sans = _installed(SERIF), _installed(SANS)
    day = datetime.fromisoformat(edition.made_on).replace(tzinfo=UTC)
    with TemporaryDirectory(prefix="danghai-panels-") as name:
        folder = Path(name)
        data = _data(edition, pictures, folder) | {"serif": serif or sans, "sans": sans or serif}
        (folder / "edition.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        page = folder / "panels.typ"
        page.write_bytes((files("curation.outputs") / "panels.typ").read_bytes())
        return typst.compile(page, root=folder, timestamp=day)


def _data(edition: Edition, pictures: Pictures, folder: Path) -> dict[str, Any]:
    return {
        "wide": WIDE,
        "high": HIGH,
        "title": edition.title,
        "subtitle": edition.subtitle,
        "lead": paragraphs(edition.lead),
        "made": "　".join([*edition.organisers, edition.made_on]),
        "curators": list(edition.curators),
        "sections": [
            {
                "title": section.title,
                "text": paragraphs(section.text),
                "exhibits": [_exhibit(exhibit, pictures, folder) for exhibit in section.exhibits],
            }
            for section in edition.sections
        ],
    }


def _exhibit(exhibit: Exhibit, pictures: Pictures, folder: Path) -> dict[str, Any]:
    shown = exhibit.pictures[0] if exhibit.pictures else None
    name = None
    if shown is not None:
        name = f"{picture_id(shown)}.jpg"
        (folder / name).write_bytes(pictures.jpeg(shown, longest=PIXELS))
    quoted = exhibit.quotation
    return {
        "title": exhibit.title,
        "date": exhibit.date,
        "label": paragraphs(exhibit.label),
        "quotation": f"“{joined(quoted.text)}”（第 {quoted.page} 页）" if quoted else "",
        "source": exhibit.source,
        "picture": name,
        "alt": shown.alt if shown else "",
        "high": min(TALL, COLUMN * shown.height / shown.width) if shown else 0,
    }


@lru_cache(maxsize=1)
def _families() -> frozenset[str]:
    return frozenset(typst.Fonts().families())


def _installed(wanted: tuple[str, ...]) -> list[str]:
    """Errors: FontMissing where there is none that sets Chinese at all."""
    if not _families() & {*SERIF, *SANS}:
        raise FontMissing(
            "没有中文字体，排不出展板。", advice="请先安装：apt-get install -y fonts-noto-cjk。"
        )
    return [family for family in wanted if family in _families()]
