"""What a plan lacks: sections without an exhibit, without one from before the liberation, without an image. A gap
becomes a line of the wanted list 征集线索. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["empty", "before", "image"]

#: Names said in a wanted line.
NAMED = 3


@dataclass(frozen=True)
class InSection:
    """An exhibit as far as gaps go. last: ISO day, "" undated. subjects: its places and keywords."""

    last: str
    has_image: bool
    subjects: Sequence[str] = ()


@dataclass(frozen=True)
class SectionFacts:
    """wanted: what its wanted line already says."""

    key: str
    title: str
    exhibits: Sequence[InSection]
    wanted: str = ""


@dataclass(frozen=True)
class Gap:
    """said: what is missing.  wanted: a line for the wanted list that the curator may take over or change."""

    section: str
    title: str
    kind: Kind
    said: str
    wanted: str
    taken: bool
    undated: int = 0


def gaps(sections: Sequence[SectionFacts], liberation: date) -> list[Gap]:
    """In the order of the sections. liberation: the day of local liberation; what was made before it counts as such
    only when all of its date lies before."""
    found: list[Gap] = []
    for section in sections:
        if not section.exhibits:
            found.append(_gap(section, "empty", "一件展品也没有", "实物、照片、文件与回忆"))
            continue
        if not any(one.last and one.last < liberation.isoformat() for one in section.exhibits):
            day = f"{liberation.year} 年 {liberation.month} 月 {liberation.day} 日"
            undated = sum(not one.last for one in section.exhibits)
            more = f"；{undated} 件没有日期" if undated else ""
            said = f"没有 {day}（本地解放）以前的展品{more}"
            found.append(_gap(section, "before", said, f"{day}以前的实物、照片与文件", undated))
        if not any(one.has_image for one in section.exhibits):
            found.append(_gap(section, "image", "没有图像", "照片、底片、图画与影像"))
    return found


def _gap(section: SectionFacts, kind: Kind, said: str, wanted: str, undated: int = 0) -> Gap:
    named = Counter(name for one in section.exhibits for name in dict.fromkeys(one.subjects))
    often = sorted(named, key=lambda name: (-named[name], name))[:NAMED]
    about = f"，如有关{'、'.join(often)}的" if often else ""
    line = f"“{section.title}”征集{wanted}{about}。" if about else f"“{section.title}”征集{wanted}。"
    return Gap(section.key, section.title, kind, said, line, bool(section.wanted), undated)
