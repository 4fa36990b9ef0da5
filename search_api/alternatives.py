"""OR in a question: A OR B, A 或 B, A|B, and groups of them in parentheses, one level deep. Pure.

OR parts all that is asked, unless parentheses hold it; 或 within a run of Han joins only the words beside
it (search_api/question_parts.py).
"""

from __future__ import annotations

import re

from holdings.engines.port import AnyOf, Node
from models.words import Segmenter
from search_api.question_parts import MAX_WORDS, Chip, Reading, Said, together, words

_OPEN, _CLOSE = r"\s(（“\"「『", r"\s)）”\"」』"
_OR = re.compile(rf"(?:^|(?<=[{_OPEN}{_CLOSE}]))(?:OR|或者|或)(?=[{_OPEN}{_CLOSE}]|$)|[|｜]+")
_BEHIND_OR = re.compile(rf"(?:(?:^|[{_OPEN}{_CLOSE}])(?:OR|或者|或)|[|｜])\s*[(（]?\s*$")
_BEFORE_OR = re.compile(rf"\s*[)）]?\s*(?:(?:OR|或者|或)(?:[{_OPEN}{_CLOSE}]|$)|[|｜])")
_GROUP = re.compile(r"[(（](?P<inner>[^()（）]*)[)）]")
#: Between two dates that are to be one or the other.
BETWEEN = re.compile(r"\s*(?:OR|或者|或|[|｜]+)\s*")

Span = tuple[int, int]


def beside_or(reading: Reading, match: re.Match[str]) -> bool:
    """Whether this is one side of an OR: then it ranks there, and nothing must have it."""
    before, behind = reading.rest[: match.start()], reading.rest[match.end() :]
    return bool(_BEHIND_OR.search(before) or _BEFORE_OR.match(behind))


def groups(reading: Reading, segmenter: Segmenter) -> None:
    """Parentheses with an OR in them become one leaf each; others are no more than signs."""
    for match in list(_GROUP.finditer(reading.rest)):
        sides = _sides(reading, *match.span("inner"))
        if len(sides) < 2:
            continue
        if reading.text[match.start() : match.end()] in reading.plain:
            _forget(reading, match.span("inner"))
            continue
        node = _either(reading, segmenter, sides, match.span())
        reading.blank(*match.span())
        if node is not None:
            reading.words.append(Said(*match.span(), node))


def sides_or_words(reading: Reading, segmenter: Segmenter) -> None:
    """What is left: either side of an OR, or mere words."""
    sides = _sides(reading, 0, len(reading.rest))
    whole = (sides[0][0], sides[-1][1]) if sides else (0, 0)
    if len(sides) > 1 and reading.text[slice(*whole)] not in reading.plain:
        node = _either(reading, segmenter, sides, whole)
        reading.words += [Said(*whole, node)] if node is not None else []
        return
    _forget(reading, (0, len(reading.rest)))
    reading.words += [Said(*whole, node) for node in words(reading, reading.rest, segmenter, 0)]


def _sides(reading: Reading, start: int, end: int) -> list[Span]:
    """What the ORs of this part lie between, where something was said: [start, end) without blanks."""
    cuts = [(m.start(), m.end()) for m in _OR.finditer(reading.rest, start, end)]
    bounds = zip([start, *(b for _, b in cuts)], [*(a for a, _ in cuts), end], strict=True)
    return [side for a, b in bounds if (side := _said_in(reading, a, b))][:MAX_WORDS]


def _said_in(reading: Reading, start: int, end: int) -> Span | None:
    """From the first to the last that was said in [start, end): words left, and parts taken out before."""
    part = reading.rest[start:end]
    spans = [(one.start, one.end) for one in reading.words if start <= one.start < end]
    if bare := part.strip():
        first = start + part.index(bare)
        spans.append((first, first + len(bare)))
    return (min(a for a, _ in spans), max(b for _, b in spans)) if spans else None


def _either(reading: Reading, segmenter: Segmenter, sides: list[Span], whole: Span) -> Node | None:
    nodes: list[Node] = []
    text = reading.text[slice(*whole)]
    for start, end in sides:
        own = [one for one in reading.words if start <= one.start < end]
        reading.words = [one for one in reading.words if one not in own]
        left = words(reading, reading.rest[start:end], segmenter, start)
        if node := together([*(one.node for one in own), *left]):
            nodes.append(node)
    if len(nodes) < 2:
        return nodes[0] if nodes else None
    label = " 或 ".join(" ".join(reading.text[slice(*side)].split()) for side in sides)
    reading.chips.append(Chip("or", text, label))
    reading.sentence = _OR.sub(" 或 ", reading.sentence)
    return AnyOf(tuple(nodes))


def _forget(reading: Reading, part: Span) -> None:
    """No OR here: its signs are no words."""
    for match in list(_OR.finditer(reading.rest, *part)):
        reading.blank(*match.span())
