"""A volume scanned whole, shared among its files by 页号. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Member:
    """A file of the volume: 页号 as written ("1", "4-7", "4-7，9"), and how many pages it says it has."""

    reference_code: str
    page_range: str
    pages: int | None = None


@dataclass(frozen=True)
class Shares:
    """of: code → its pages in the volume, from 1.  left: pages of no file.  short: codes beyond the end."""

    of: dict[str, list[int]]
    left: list[int]
    short: list[str]


def share(page_count: int, members: Sequence[Member]) -> Shares:
    """Give each file its pages.

    A range says both ends; pages may stand in two files where a leaf does. A single number runs for
    as many pages as the file says it has, else up to the next file's first page, the last to the end.
    """
    known = [(m, ranges) for m in members if (ranges := page_ranges(m.page_range))]
    known.sort(key=lambda pair: pair[1][0][0])
    found: dict[str, list[int]] = {}
    short: list[str] = []
    after = [ranges[0][0] for _, ranges in known[1:]] + [page_count + 1]
    for (member, ranges), following in zip(known, after, strict=False):
        wanted = _pages(member, ranges, following, page_count)
        found[member.reference_code] = [n for n in wanted if 1 <= n <= page_count]
        if not all(1 <= n <= page_count for n in wanted):
            short.append(member.reference_code)
    taken = {n for pages in found.values() for n in pages}
    return Shares(found, [n for n in range(1, page_count + 1) if n not in taken], short)


def _pages(
    member: Member, ranges: list[tuple[int, int | None]], following: int, page_count: int
) -> list[int]:
    if len(ranges) == 1 and ranges[0][1] is None:
        first = ranges[0][0]
        last = first + member.pages - 1 if member.pages else max(first, min(following - 1, page_count))
        return list(range(first, last + 1))
    pages = [n for first, last in ranges for n in range(first, (last or first) + 1)]
    return sorted(set(pages))


def page_ranges(text: str) -> list[tuple[int, int | None]]:
    """页号 as (first, last or None); [] when it is not understood."""
    plain = re.sub(r"[第页頁Pp\s.]", "", text).translate(str.maketrans("，、；～~—–至", ",,,-----"))
    found: list[tuple[int, int | None]] = []
    for part in filter(None, plain.split(",")):
        match = re.fullmatch(r"(\d{1,5})(?:-+(\d{1,5}))?", part)
        if not match or (match[2] and int(match[2]) < int(match[1])):
            return []
        found.append((int(match[1]), int(match[2]) if match[2] else None))
    return found if all(a[0] <= b[0] for a, b in pairwise(found)) else []
