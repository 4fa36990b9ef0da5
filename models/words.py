"""Words: Chinese text into tokens, by jieba with an archive lexicon behind the `Segmenter` port.

rjieba is jieba in Rust with the same dictionary and the same model: on 69,272 runs of legal text every cut was
the same, at 26 times the speed and without half a million words on Python's heap. A test holds the two equal.

The lexicon is data: models/lexicon/*.txt, words separated by white space, `#` begins a comment line,
in normalised form (simplified, lower case; 乾隆 stands there as 干隆). stopwords.txt beside it is no
part of it: stop words shape questions, never what an index holds.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from rjieba import Jieba

_LEXICON = Path(__file__).parent / "lexicon"
_STOPWORDS = "stopwords.txt"
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff々\U00020000-\U000323af"
#: A run of Han characters, or of other letters and digits. All else separates: "J045-1-12-3" gives
#: j045, 1, 12, 3 and "定政〔1953〕12号" gives 定政, 1953, 12, 号, whatever the brackets and dashes are.
_RUN = re.compile(f"([{_HAN}]+)|(?:(?![{_HAN}])[^\\W_]){{1,64}}")
#: A year in numerals is one token ("一九五三年"); jieba alone would cut "二零二二年" in the middle.
_YEAR = re.compile("(?<![零一二三四五六七八九十百千万])([零一二三四五六七八九]{4}年)")
#: Inside a number nothing is a word: who asks for 十六年 does not mean 二十六年.
_NUMBER = re.compile("[零一二三四五六七八九十百千万亿廿卅]+[年月日号]?")

#: Characters of the longest word of jieba's dictionary.
_LONGEST = 16


@dataclass(frozen=True, slots=True)
class Token:
    """`text` is `normalised[start:end]`. is_stop: a function word, of no use in a question."""

    text: str
    start: int
    end: int
    is_stop: bool = False


class Segmenter(Protocol):
    """What indexer and API need of a segmenter. Both sides hand it *normalised* text, never raw.

    name: segmenter and version.  lexicon: SHA-256 (8 hex digits) of the words it was given.
    An index remembers both; a change of either asks for a rebuild. Safe to call from several threads.
    """

    @property
    def name(self) -> str: ...
    @property
    def lexicon(self) -> str: ...
    def warm(self) -> None: ...
    def cut(self, text: str) -> list[Token]: ...
    def words(self, text: str) -> list[Token]: ...


class JiebaSegmenter:
    """jieba on a dictionary of its own, widened by the archive lexicon.

    extra: further words, normalised (a fonds' own names). They count into `lexicon`, so the same ones
    must be given wherever the same index is read or written.

    Constructing is cheap; `warm` (or the first use) takes a tenth of a second.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self._words = sorted(_read(p for p in _LEXICON.glob("*.txt") if p.name != _STOPWORDS) | set(extra))
        self._stops = _read([_LEXICON / _STOPWORDS])
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        return f"rjieba-{version('rjieba')}"

    @cached_property
    def lexicon(self) -> str:
        return hashlib.sha256("\n".join(self._words).encode()).hexdigest()[:8]

    def warm(self) -> None:
        """Read the dictionary now rather than with the first text."""
        with self._lock:
            _ = self._jieba

    @cached_property
    def _jieba(self) -> Jieba:
        from rjieba import Jieba

        made = Jieba()
        for word in self._words:  # sorted: a word's weight is worked out from those added before it
            made.add_word(word, None, None)
        return made

    @cached_property
    def _longest(self) -> int:
        """No word of the dictionary or the lexicon has more characters."""
        return max(_LONGEST, *map(len, self._words))

    def cut(self, text: str) -> list[Token]:
        """Tokens of a document, for recall: the words in reading order, then the words inside words.

        First come the same tokens as `words` gives, so a phrase of question words is adjacent here too.
        Behind them stand all dictionary words of two characters or more inside the longer tokens (what
        jieba calls search mode), in reverse order so that no phrase a person would write runs over the
        seam or among them. Nothing is dropped but punctuation.
        """
        tokens = list(self._precise(text))
        inner = [part for token in tokens if len(token.text) > 2 for part in self._inside(token)]
        return tokens + inner[::-1]

    def words(self, text: str) -> list[Token]:
        """Tokens of a question: in reading order, without overlap, function words marked `is_stop`."""
        return [
            Token(token.text, token.start, token.end, True) if token.text in self._stops else token
            for token in self._precise(text)
        ]

    def _precise(self, text: str) -> Iterator[Token]:
        self.warm()
        for run in _RUN.finditer(text):
            if run.group(1) is None:
                yield Token(run.group(), run.start(), run.end())
                continue
            at = run.start()
            for word in self._han_words(run.group()):
                yield Token(word, at, at + len(word))
                at += len(word)

    def _han_words(self, run: str) -> Iterator[str]:
        for place, piece in enumerate(_YEAR.split(run)):
            if place % 2:
                yield piece
            elif piece:
                yield from self._jieba.cut(piece)

    def _inside(self, token: Token) -> Iterator[Token]:
        if not _is_han(token.text[0]) or _NUMBER.fullmatch(token.text):
            return
        known = self._jieba.has_word
        size = len(token.text)
        for start in range(size - 1):
            # No further than words reach: of a leader of dashes or one character a thousand times jieba makes
            # one token, and every part of that would be thousands of millions of look-ups.
            for end in range(start + 2, min(size, start + self._longest) + 1):
                if end - start == size or not known(token.text[start:end]):
                    continue
                yield Token(token.text[start:end], token.start + start, token.start + end)


def _read(paths: Iterable[Path]) -> set[str]:
    lines = (line for path in paths for line in path.read_text(encoding="utf-8").splitlines())
    return {word for line in lines if not line.startswith("#") for word in line.split()}


@lru_cache(maxsize=4096)
def _is_han(char: str) -> bool:
    found = _RUN.match(char)
    return found is not None and found.group(1) is not None
