"""How a record stands in Elasticsearch: names of indexes, mapping, and the document's source.

    <prefix>.state                    one document an audience: State, read by id, so never behind
    <prefix>.<audience>               alias of the generation that readers follow
    <prefix>.<audience>.g000001       one complete index of one audience

Tokens are cut by the house, so text fields only split at spaces. Passages are nested: a filter on the
record binds its vectors. `_source` keeps the passages alone: all else is read from doc values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import blake2b
from typing import Any

from elasticsearch.helpers import pack_dense_vector

from holdings.engines.common import (
    REBUILD,
    check_document,
    days_of,
    facet_field,
    spaced,
    token,
    years_of,
)
from holdings.engines.port import BIGRAM_FIELD, FACETS, TEXT_FIELDS, YEARS, Document, MadeWith
from holdings.errors import BadInput, IndexMismatch

FORMAT = 1
ID, CODE, FIRST, DAYS, VERSION, ROWS, ROW_COUNT, SUGGEST_CHARS, OFFERED = (
    "id", "code", "first_day", "days", "version", "rows", "row_count", "suggest_chars", "offered",
)  # fmt: skip
VECTOR, PAGE, NUMBER = f"{ROWS}.vector", f"{ROWS}.page", f"{ROWS}.number"

#: Longest token in characters; Lucene's white space tokenizer would cut a longer one in two.
LONGEST_TOKEN = 255
_HEAD = 200
#: Longest id in bytes.
LONGEST_ID = 512
#: Longest value of a keyword field in characters: longer ones are no facet and are not offered.
LONGEST_VALUE = 8_000
#: Stands in every text field that is empty: Lucene's idf counts only documents that have the field, and a
#: word of a field that few documents have would weigh less than it does in the embedded engine.
FILLER = "␀"
#: Passages of one record.
MOST_ROWS = 30_000
#: How the cluster finds near vectors (benchmarks/README.md compares the kinds).
VECTOR_INDEX = "int8_hnsw"

_PLAIN = re.compile(r"[a-z0-9_-]+")


@dataclass(frozen=True)
class Names:
    """The names of one installation's indexes."""

    prefix: str

    @property
    def state(self) -> str:
        return f"{self.prefix}.state"

    def alias(self, audience: str) -> str:
        plain = _PLAIN.fullmatch(audience) and audience != "state"
        return f"{self.prefix}.{audience if plain else 'x.' + audience.encode().hex()}"

    def generation(self, audience: str, number: int) -> str:
        return f"{self.alias(audience)}.g{number:06d}"

    def generations(self, audience: str) -> str:
        """A pattern that all generations match, and nothing else."""
        return f"{self.alias(audience)}.g*"


def number_of(generation: str) -> int:
    return int(generation.rsplit(".g", 1)[1])


@dataclass(frozen=True)
class State:
    """What readers must know of an audience's index.

    index: the generation. commit: commits so far. withdrawn: goes up by one before and by one after
    documents are deleted (odd: a deletion is under way, or was cut short), and ends older snapshots.
    dead: documents replaced or deleted. building: the generation that is being filled. kept: the one that a
    rebuild left.
    """

    index: str
    commit: int = 0
    withdrawn: int = 0
    dead: int = 0
    building: str = ""
    kept: str = ""

    def to_source(self) -> dict[str, Any]:
        return asdict(self)

    @staticmethod
    def from_source(source: dict[str, Any]) -> State:
        known = {field.name for field in fields(State)}
        return State(**{name: value for name, value in source.items() if name in known})


def state_index(replicas: int) -> dict[str, Any]:
    """Settings and mapping of the index of states."""
    return {
        "settings": {"number_of_shards": 1, "auto_expand_replicas": f"0-{replicas}"},
        "mappings": {"dynamic": False, "properties": {}},
    }


def index_settings(shards: int, replicas: int) -> dict[str, Any]:
    """refresh_interval -1: what is written is seen when the writer says so. As many of the replicas as there
    are nodes to hold them: one machine, then a cluster, with the same setting."""
    return {
        "number_of_shards": shards,
        "auto_expand_replicas": f"0-{replicas}",
        "refresh_interval": "-1",
        "mapping.nested_objects.limit": MOST_ROWS,
    }


def mappings(made_with: MadeWith) -> dict[str, Any]:
    tokens = {"type": "text", "analyzer": "whitespace"}
    keyword: dict[str, Any] = {"type": "keyword", "ignore_above": LONGEST_VALUE}
    unindexed = {"index": False}
    passages: dict[str, Any] = {
        "page": {"type": "integer", **unindexed},
        "number": {"type": "integer", **unindexed},
    }
    if made_with.dimension:
        passages["vector"] = {
            "type": "dense_vector",
            "dims": made_with.dimension,
            "similarity": "dot_product",
            "index_options": {"type": VECTOR_INDEX},
        }
    return {
        "dynamic": "strict",
        "_meta": {"format": FORMAT, "made_with": asdict(made_with)},
        "_source": {"includes": [ROWS]},
        "properties": {
            **dict.fromkeys((*TEXT_FIELDS, BIGRAM_FIELD, SUGGEST_CHARS), tokens),
            **dict.fromkeys(map(facet_field, FACETS), keyword),
            ID: {"type": "keyword"},
            CODE: {"type": "keyword", **unindexed},
            OFFERED: {**keyword, **unindexed, "ignore_above": 2 * LONGEST_VALUE},
            FIRST: {"type": "integer", **unindexed},
            DAYS: {"type": "integer_range"},
            YEARS: {"type": "integer"},
            VERSION: {"type": "long", **unindexed},
            ROW_COUNT: {"type": "integer"},
            ROWS: {"type": "nested", "properties": passages},
        },
    }


def made_with_of(meta: dict[str, Any]) -> MadeWith:
    """What a mapping's _meta says. Raises IndexMismatch when another version of this engine wrote it."""
    if meta.get("format") != FORMAT:
        raise IndexMismatch(f"索引格式 {meta.get('format')} 不是本版本的 {FORMAT}。", advice=REBUILD)
    return MadeWith(**meta["made_with"])


def check(document: Document, dimension: int) -> None:
    """Raises BadInput before anything of a faulty document is written."""
    check_document(document, dimension)
    if len(document.id.encode()) > LONGEST_ID:
        raise BadInput(f"{document.id!r}: an id has at most {LONGEST_ID} bytes")


def whole(text: str) -> str:
    """A token that Lucene leaves whole: of a very long one its head, and what tells it from others."""
    text = token(text)
    if 2 * len(text) <= LONGEST_TOKEN or len(text.encode("utf-16-le")) // 2 <= LONGEST_TOKEN:
        return text
    return text[: _HEAD // 2] + blake2b(text.encode(), digest_size=8).hexdigest()


def line(tokens: Sequence[str]) -> str:
    """The tokens as one value, which splitting at spaces gives back."""
    if any(2 * len(text) > LONGEST_TOKEN for text in tokens):
        return " ".join(map(whole, tokens))
    return spaced(tokens)


def lines(values: Iterable[Sequence[str]]) -> list[str]:
    return [line(tokens) for tokens in values]


def offered(document: Document) -> list[str]:
    """What may be completed: as shown, NUL, normalised."""
    pairs = dict.fromkeys((" ".join(shown.split()), normal) for shown, normal in document.suggest)
    return [f"{shown}\0{normal}" for shown, normal in pairs if "\0" not in shown]


def source(document: Document) -> bytes:
    """The document as Elasticsearch takes it, one line of JSON."""
    first, last = sorted(days_of(document))
    made: dict[str, Any] = {
        ID: document.id,
        CODE: document.sort_code,
        VERSION: document.version,
        YEARS: years_of(document),
        BIGRAM_FIELD: lines(document.bigrams) or [FILLER],
        SUGGEST_CHARS: lines(list(normal) for _, normal in document.suggest),
        OFFERED: offered(document),
        ROW_COUNT: len(document.rows),
        ROWS: [
            {"page": row.page, "number": row.number, "vector": pack_dense_vector(row.vector)}
            for row in document.rows
        ],
    }
    made |= {name: lines(document.text.get(name, ())) or [FILLER] for name in TEXT_FIELDS}
    made |= {facet_field(name): list(dict.fromkeys(values)) for name, values in document.facets.items()}
    if first:
        made[FIRST] = first
        made[DAYS] = {"gte": first, "lte": last}
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
