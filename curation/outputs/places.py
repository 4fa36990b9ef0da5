"""Where things of a page set lie, and what each says of itself in every output. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from curation.edition import Exhibit, Picture, fitted
from holdings.edition_parts import name_of, page_name

#: Longer sides of the sizes in which a picture is given, in pixels.
LONGEST = (480, 960, 1600, 2400)
IMAGES = "images/"
#: Its address within an image's folder, as the IIIF Image API wants it (level 0: these sizes and no others).
_IMAGE = "full/{width},{height}/0/default.jpg"

#: What no office file can hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ENDS = ("。", "！", "？", "”", "」", "：")


@dataclass(frozen=True)
class Size:
    """One size of a picture. longest: what to ask `Pictures` for."""

    longest: int
    width: int
    height: int
    path: str


def picture_id(picture: Picture) -> str:
    """Names a picture in addresses; tells nothing of others that are or were beside it."""
    return page_name(picture.record_id, picture.page)


def exhibit_id(exhibit: Exhibit) -> str:
    return name_of(exhibit.key)


def image_folder(picture: Picture) -> str:
    return f"{IMAGES}{picture_id(picture)}"


def sizes(picture: Picture) -> list[Size]:
    """The sizes in which a picture is given, the smallest first; none larger than it is."""
    made: dict[tuple[int, int], Size] = {}
    folder = image_folder(picture)
    for longest in LONGEST:
        width, height = fitted(picture.width, picture.height, longest)
        path = f"{folder}/{_IMAGE.format(width=width, height=height)}"
        made.setdefault((width, height), Size(longest, width, height, path))
    return list(made.values())


def exhibit_path(exhibit: Exhibit) -> str:
    return f"exhibits/{exhibit_id(exhibit)}.html"


def manifest_path(exhibit: Exhibit) -> str:
    return f"iiif/{exhibit_id(exhibit)}/manifest.json"


def facts(exhibit: Exhibit) -> list[tuple[str, str]]:
    """What is said of an exhibit beside its label, in order; what is not known is left out."""
    outside = exhibit.outside
    said = (
        ("档号", exhibit.reference_code),
        ("馆藏", exhibit.archive if outside is None else ""),
        ("全宗", exhibit.fonds),
        ("责任者", "；".join(exhibit.creators)),
        ("日期", exhibit.date),
        ("文种", exhibit.genre),
        ("载体", exhibit.medium),
        ("尺寸", exhibit.size),
        ("所有者", outside.owner if outside else ""),
        ("编号", outside.number if outside else ""),
        ("协议", outside.agreement if outside else ""),
        ("权利说明", exhibit.rights),
    )
    return [(term, value) for term, value in said if value]


def paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def joined(text: str) -> str:
    """Words of a page without its line ends: none between Chinese characters, a space between other words."""
    return re.sub(r"(?<=[!-~])\s*\n\s*(?=[!-~])", " ", text.strip()).replace("\n", "")


def flowed(text: str) -> list[str]:
    """A page's lines as paragraphs: a line that fills the page's width, and ends no sentence, goes on in the next."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    full = 0.85 * max(map(len, lines), default=0)
    made: list[str] = []
    goes_on = False
    for line in lines:
        if goes_on:
            made[-1] = joined(f"{made[-1]}\n{line}")
        else:
            made.append(line)
        goes_on = len(line) >= full and not line.endswith(_ENDS)
    return made


def text_of(text: str) -> str:
    """Without what XML cannot hold: office files refuse it."""
    return _CONTROL.sub("", text)
