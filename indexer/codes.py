"""Reference codes (DA/T 13): joined from their parts, taken apart, their ancestors, their file names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from holdings.records import Level
from indexer.choices import retention_code

#: Codes of single items filed by year (DA/T 22): 全宗-门类·年度-保管期限-(机构-)件号.
_FILED = re.compile(
    r"(?P<fonds_code>[^-·]+)-(?P<series>[A-Za-z]+)[·.・](?P<year>\d{4})-(?P<retention>Y|C|D\d*)"
    r"(?:-(?P<office>[^-]+))?-(?P<item>[^-]+)"
)
MAX_CODE = 200


def plain(code: str) -> str:
    """A code as it is kept: full-width characters in half width (NFKC)."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", code))


def alike(code: str) -> str:
    """The same for codes that differ only by case, width or the kind of dash: hardly ever two codes."""
    return re.sub(r"[\u2010-\u2015\u2212]", "-", plain(code)).casefold()


def join(level: Level, parts: Mapping[str, str]) -> str:
    """The code that these parts make at this level; "" when a needed part is missing.

    Volumes' files: 全宗号-目录号-案卷号-件号 (目录号 where there is one).
    Filed items, known by their year: 全宗号-门类·年度-保管期限-机构-件号.
    """
    fonds, series, volume, item = (parts.get(k, "") for k in ("fonds_code", "series", "volume", "item"))
    year = parts.get("year", "")
    needed = {"fonds": [fonds], "series": [fonds, series], "volume": [fonds, volume], "file": [fonds, item]}
    if not all(needed[level]):
        return ""
    if level == "file" and year and not volume:
        kind = series or parts.get("category", "")
        head = f"{fonds}-{kind}·{year}" if kind else f"{fonds}-{year}"
        tail = [retention_code(parts.get("retention", "")), parts.get("office", ""), item]
        return "-".join([head, *(t for t in tail if t)])
    kept = {"fonds": 1, "series": 2, "volume": 3, "file": 4}[level]
    return "-".join(part for part in (fonds, series, volume, item)[:kept] if part)


def split(code: str, level: Level, patterns: Mapping[str, re.Pattern[str]]) -> dict[str, str]:
    """A code's parts: by the fonds's own pattern, else by the two usual forms."""
    for fonds, pattern in patterns.items():
        if code.startswith(fonds) and (match := pattern.fullmatch(code)):
            return {name: value for name, value in match.groupdict().items() if value}
    if match := _FILED.fullmatch(code):
        return {name: value for name, value in match.groupdict().items() if value}
    pieces = [piece for piece in code.split("-") if piece]
    if len(pieces) < 2 or len("-".join(pieces)) != len(code):
        return {"fonds_code": code} if level == "fonds" else {}
    fonds, *middle, last = pieces
    own = {"fonds": "fonds_code", "series": "series", "volume": "volume", "file": "item"}[level]
    found = {"fonds_code": fonds, own: last}
    if level == "series":
        found["series"] = "-".join([*middle, last])
    elif level == "volume" and middle:
        found["series"] = "-".join(middle)
    elif level == "file" and middle:
        is_kind = len(middle) == 1 and not any(c.isdigit() for c in middle[0])
        found["series" if is_kind else "volume"] = middle[-1]
        if len(middle) > 1:
            found["series"] = "-".join(middle[:-1])
    return found


def prefixes(code: str) -> Iterator[str]:
    """Beginnings of the code that end before a separator, the longest first: its possible ancestors."""
    for match in reversed(list(re.finditer(r"[-·./・/]", code))):
        if match.start():
            yield code[: match.start()]


def ancestors(code: str, parts: Mapping[str, str]) -> list[tuple[str, Level]]:
    """Codes above this one that its parts name, the highest first."""
    fonds, series, volume = (parts.get(k, "") for k in ("fonds_code", "series", "volume"))
    chain: list[tuple[str, Level]] = []
    if not fonds or fonds == code:
        return chain
    chain.append((fonds, "fonds"))
    above = fonds
    for part, level in ((series, "series"), (volume, "volume")):
        candidate = f"{above}-{part}"
        if part and candidate != code and re.match(re.escape(candidate) + r"[-·./・]", code):
            chain.append((candidate, level))  # type: ignore[arg-type]
            above = candidate
    return chain


def file_key(name: str) -> str:
    """A code as file systems may spell it: / and · replaced, widths and case made one."""
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", name).casefold()).strip("-")
