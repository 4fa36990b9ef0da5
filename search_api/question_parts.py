"""What a question is taken apart into: chips, leaves, and the reading while it goes on. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from holdings.engines.port import AnyOf, Node, Word
from holdings.places import find_places
from holdings.text import Normalised, bigrams, normalise
from models.words import Segmenter, Token

#: More words than this say no more about what is meant, and each costs the engine a query.
MAX_WORDS = 24

ChipKind = Literal["place", "date", "phrase", "not", "identifier", "field", "prefix", "or"]

#: Within a run of Han these join the words beside them, where all three are words of the segmenter's.
_EITHER = frozenset({"或", "或者"})


@dataclass(frozen=True)
class Chip:
    """One thing understood. `text` is what was written; given back as `plain` it is read as words.

    also: other spellings and old names that widen it.  first, last: ISO days of a date (None is open).
    """

    kind: ChipKind
    text: str
    label: str = ""
    also: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Understood:
    """words: what matches and ranks (None: nothing to rank by).  must, must_not: bind both legs.

    any_word: what ranks beside meaning: a document with any of the words, for there nothing is lost by a
    word too few, and the best by both legs come first anyway.
    sentence: the question for the encoder, exclusions taken out; empty where the question only names
    identifiers, for a number has no meaning to be near to.
    needles: normalised words to mark on text and scans.
    """

    words: Node | None = None
    any_word: Node | None = None
    must: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()
    chips: tuple[Chip, ...] = ()
    sentence: str = ""
    needles: tuple[str, ...] = ()


class Said(NamedTuple):
    """A node that ranks, and where it stands in the question: [start, end)."""

    start: int
    end: int
    node: Node


@dataclass
class Reading:
    """The question while it is taken apart: what is understood is blanked out of `rest`, so that what is
    left stands where it stood.

    welcome: texts whose words may rank but are not asked for.
    spoken: whether there is more than identifiers to rank by.
    """

    text: str
    rest: str
    sentence: str
    plain: frozenset[str]
    words: list[Said] = field(default_factory=list)
    must: list[Node] = field(default_factory=list)
    must_not: list[Node] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)
    welcome: list[str] = field(default_factory=list)
    spoken: bool = False

    @classmethod
    def of(cls, text: str, plain: Sequence[str] = ()) -> Reading:
        return cls(text, text, text, frozenset(p.strip() for p in plain))

    def matches(
        self, pattern: re.Pattern[str], dropped: Callable[[re.Match[str]], bool] = lambda match: False
    ) -> Iterator[re.Match[str]]:
        """Matches in what is left, except those the person wants read as words; each is blanked out.

        dropped: whether the words of such a one are welcome, never required.
        """
        for match in list(pattern.finditer(self.rest)):
            if said(match) not in self.plain:
                self.blank(match.start(), match.end())
                yield match
            elif dropped(match):
                self.drop(match.start(), match.end())

    def drop(self, start: int, end: int) -> None:
        """A date or an exclusion taken back: its words are welcome, never required."""
        self.welcome.append(self.rest[start:end])
        self.blank(start, end)

    def blank(self, start: int, end: int) -> None:
        self.rest = self.rest[:start] + " " * (end - start) + self.rest[end:]

    def rank(self, match: re.Match[str], node: Node, *, spoken: bool = True) -> None:
        """What was written there ranks as this."""
        self.words.append(Said(match.start(), match.end(), node))
        self.spoken |= spoken


def required(count: int) -> int:
    """How many of so many words a document must have: all of two, then ever fewer of many.

    A keyword question means every word of it; of a whole sentence half its words is much.
    """
    return count if count <= 2 else max(2, round(0.5 * count)) if count <= 6 else 3


def said(match: re.Match[str]) -> str:
    """What was written, without the break before it."""
    return match.group().strip(" \t\n\u3000，,；;")


def together(nodes: list[Node]) -> Node | None:
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes), required(len(nodes)))


def any_of(nodes: list[Node]) -> Node | None:
    return AnyOf(tuple(nodes)) if len(nodes) > 1 else nodes[0] if nodes else None


def welcoming(core: Node | None, more: list[Node]) -> Node | None:
    """What matches the core matches; what holds any of `more` too ranks higher."""
    if core is None or not more:
        return core or together(more)
    return AnyOf((core, AnyOf((core, AnyOf(tuple(more), 1)), 2)), 1)


def words(reading: Reading, part: str, segmenter: Segmenter, at: int | None = None) -> list[Node]:
    """Mere words; places among them are widened by their other names.

    at: where the part stands in the question, whose 或 then joins its neighbours; None: no question.
    """
    normalised = normalise(part)
    tokens_ = segmenter.words(normalised.text)
    found = _places(reading, normalised.text, segmenter)
    taken = [(place.start, place.end) for place in found]
    for token in tokens_:
        inside = any(start < token.end and token.start < end for start, end in taken)
        if not token.is_stop and not inside and len(found) < MAX_WORDS:
            found.append(Said(token.start, token.end, _leaf(token)))
            reading.needles.append(token.text)
    if at is not None:
        reading.spoken |= bool(found)
        found = _joined(reading, found, tokens_, normalised, at)
    return [one.node for one in found]


def _places(reading: Reading, text: str, segmenter: Segmenter) -> list[Said]:
    found: list[Said] = []
    for place in find_places(text):
        if place.text in reading.plain:
            continue
        also = tuple(normalise(name).text for name in place.also)
        names = dict.fromkeys((place.text, *also))
        sequences = tuple(t for name in names if (t := tokens(segmenter, name)))
        if not sequences:
            continue
        node = Word(sequences, tuple(bigrams(place.text)) if len(place.text) > 1 else ())
        found.append(Said(place.start, place.end, node))
        reading.chips.append(Chip("place", place.text, also=tuple(place.also)))
        reading.needles += names
    return found


def _joined(
    reading: Reading, found: list[Said], tokens_: Sequence[Token], normalised: Normalised, at: int
) -> list[Said]:
    """渔民或灯塔: words of two characters and more on both sides of a 或 that is a word of its own."""
    ends = {one.end: one for one in found if one.end - one.start > 1}
    starts = {one.start: one for one in found if one.end - one.start > 1}
    chains: list[list[Said]] = []
    for token in tokens_:
        left, right = ends.get(token.start), starts.get(token.end)
        if token.text not in _EITHER or left is None or right is None:
            continue
        if chains and chains[-1][-1] is left:
            chains[-1].append(right)
        else:
            chains.append([left, right])
    for chain in chains:
        spans = [normalised.span(one.start, one.end) for one in chain]
        whole = reading.text[at + spans[0][0] : at + spans[-1][1]]
        if whole.strip() in reading.plain:
            continue
        sides = [reading.text[at + start : at + end] for start, end in spans]
        reading.chips.append(Chip("or", whole.strip(), " 或 ".join(sides)))
        either = Said(chain[0].start, chain[-1].end, AnyOf(tuple(one.node for one in chain)))
        found = [either if one is chain[0] else one for one in found if one not in chain[1:]]
    return found


def _leaf(token: Token) -> Word:
    return Word(((token.text,),), tuple(bigrams(token.text)) if len(token.text) > 1 else ())


def word(segmenter: Segmenter, text: str, fields: tuple[str, ...] = ()) -> Word | None:
    """Normalised text as one leaf; None when it holds no word."""
    found = tokens(segmenter, text)
    return Word((found,), tuple(bigrams(text)) if len(text) > 1 else (), fields=fields) if found else None


def tokens(segmenter: Segmenter, text: str) -> tuple[str, ...]:
    return tuple(token.text for token in segmenter.words(text))
