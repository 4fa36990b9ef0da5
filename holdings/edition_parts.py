"""An edition's body 定稿 in pieces, so that one page of it needs neither reading nor filtering the whole. Pure.

What a body is is said by `curation.edition.Edition`; here only where its exhibits and the lines of its chronology stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

#: What an exhibition's address may be made of.
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")
Body = Mapping[str, Any]
Kind = Literal["exhibit", "entry"]


@dataclass(frozen=True)
class Part:
    """An exhibit, or a line of the chronology.

    place: among its kind, in the edition's order.  section: of an exhibit, counted from 0; of a line 0.
    """

    kind: Kind
    place: int
    section: int
    body: Body

    @property
    def record_id(self) -> str:
        """The record it stands on; "" for none."""
        return str(self.body.get("record_id") or "")

    def names(self) -> frozenset[str]:
        """What leads to it in addresses: its own name, and those of its pictures."""
        if self.kind != "exhibit":
            return frozenset()
        pictures = {page_name(p["record_id"], p["page"]) for p in self.body["pictures"]}
        return frozenset({name_of(self.body["key"]), *pictures})


def apart(body: Body) -> tuple[Body, list[Part]]:
    """A body as its head (no exhibit, no line of chronology) and all its parts."""
    head = {
        **body,
        "sections": [{**section, "exhibits": []} for section in body["sections"]],
        "chronology": [],
    }
    return head, [*_exhibits(body), *(Part("entry", n, 0, e) for n, e in enumerate(body["chronology"]))]


def together(head: Body, parts: Sequence[Part]) -> Body:
    """The body of these parts, whichever they are, in the edition's order."""
    ordered = sorted(parts, key=lambda part: part.place)
    sections = [
        {**section, "exhibits": [p.body for p in ordered if (p.kind, p.section) == ("exhibit", n)]}
        for n, section in enumerate(head["sections"])
    ]
    return {**head, "sections": sections, "chronology": [p.body for p in ordered if p.kind == "entry"]}


def things_in(body: Any) -> Iterator[Any]:
    """All that has fields, wherever it stands in a body, the body itself first."""
    if isinstance(body, Mapping):
        yield body
        for value in body.values():
            yield from things_in(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from things_in(value)


def pruned(body: Any, goes: Callable[[Any], bool]) -> Any:
    """A copy of a body without what goes: an entry of a list is left out, a value becomes null."""
    if isinstance(body, Mapping):
        return {k: None if goes(v) else pruned(v, goes) for k, v in body.items()}
    if isinstance(body, list | tuple):
        return [pruned(value, goes) for value in body if not goes(value)]
    return body


def says(text: str, words: str) -> bool:
    """Whether a page's text holds these words; spaces and line ends are nothing."""
    return "".join(words.split()) in "".join(text.split())


def page_name(record_id: str, page: int) -> str:
    """Names a page's picture in addresses; tells nothing of others that are or were beside it."""
    return name_of(f"{record_id}/{page}")


def name_of(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()


def _exhibits(body: Body) -> Iterator[Part]:
    every = ((n, exhibit) for n, section in enumerate(body["sections"]) for exhibit in section["exhibits"])
    for place, (section, exhibit) in enumerate(every):
        yield Part("exhibit", place, section, exhibit)
