"""What the engines share: how tokens, days and years stand in an index, and what binds a question."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from holdings.engines.port import FACETS, TEXT_FIELDS, Document, MadeWith, Node, Question, Row, Sort, Vector
from holdings.errors import BadInput, BadQuery, IndexMismatch

#: The year under which the undated are counted.
UNDATED_YEAR = 0
#: Later than any day.
NO_DAY = 99_999_999
#: Hits of each leg a question may want at once.
MOST_DEPTH = 1_000
#: Values of one facet a question may want.
MOST_VALUES = 10_000
#: Most documents whose offered values a completion counts.
MOST_LOOKED = 3_000
REBUILD = "请运行：danghai index rebuild"

_SPACE = re.compile(r"\s")


def facet_field(facet: str) -> str:
    """A facet's field; some facets share their name with a text field. Raises BadQuery."""
    if facet not in FACETS:
        raise BadQuery(f"没有这个分面：{facet}")
    return f"facet_{facet}"


def token(text: str) -> str:
    """A token as the index holds it: never empty, without white space."""
    return _SPACE.sub("_", text) or "_"


def spaced(tokens: Sequence[str]) -> str:
    """The tokens for the index, which reads them back apart."""
    joined = " ".join(tokens)
    if len(joined.split()) == len(tokens) and "" not in tokens:
        return joined
    return " ".join(map(token, tokens))


def days_of(document: Document) -> tuple[int, int]:
    """First and last day, a lone one standing for both; (0, 0) when undated."""
    first, last = document.first_day, document.last_day
    return first or last or 0, last or first or 0


def years_of(document: Document) -> list[int]:
    first, last = days_of(document)
    if not first:
        return [UNDATED_YEAR]
    return list(range(first // 10_000, last // 10_000 + 1))


def check_document(document: Document, dimension: int) -> None:
    """Raises BadInput before anything of a faulty document is written."""
    unknown = (set(document.facets) - set(FACETS)) | (set(document.text) - set(TEXT_FIELDS))
    if unknown:
        raise BadInput(f"{document.id}: unknown fields {sorted(unknown)}")
    if "\0" in document.id or "\0" in document.sort_code or not document.id:
        raise BadInput(f"{document.id!r}: an id must not be empty, nor hold NUL")
    check_rows(document.id, document.rows, dimension)


def check_rows(id_: str, rows: Sequence[Row], dimension: int) -> None:
    """Raises BadInput for a vector of another length."""
    for row in rows:
        if row.vector.shape != (dimension,):
            raise BadInput(f"{id_}: vector of shape {row.vector.shape}, expected ({dimension},)")


def check_words(found: MadeWith, wanted: MadeWith, audience: str) -> None:
    """Invariant 7: raises IndexMismatch when an index's words were made with something else."""
    if unlike := found.words_unlike(wanted):
        raise IndexMismatch(f"索引 {audience} 的制作条件与现在不同（{unlike}）。", advice=REBUILD)


def check_writable(found: MadeWith, wanted: MadeWith, audience: str) -> None:
    """Raises IndexMismatch where documents would lose what this process cannot make again."""
    check_words(found, wanted, audience)
    if found.encoder and not wanted.encoder:
        said = f"索引 {audience} 有 {found.encoder} 的向量，而这里没有向量模型。"
        raise IndexMismatch(said, advice=f"请运行：danghai models pull；不再按意检索时，{REBUILD}")


def meaning_off(found: MadeWith, wanted: MadeWith, audience: str) -> str:
    """Why an index's vectors are of no use here, and what helps; "" if they are."""
    if unlike := found.meaning_unlike(wanted):
        return f"索引 {audience} 的向量不是现在的模型所做（{unlike}），意义检索停用，词照常。{REBUILD}"
    return ""


def check_readable(found: MadeWith, wanted: MadeWith | None, audience: str) -> str:
    """Why the meaning leg is off; "" if it is not. Raises IndexMismatch for other words."""
    if wanted is None:
        return ""
    check_words(found, wanted, audience)
    return meaning_off(found, wanted, audience)


def middle(vectors: NDArray[np.floating]) -> Vector:
    """The middle of some vectors, shape (n, dimension): (dimension,), float32, of length 1."""
    total = vectors.astype(np.float32).sum(axis=0)
    found: Vector = (total / (float(np.linalg.norm(total)) or 1.0)).astype(np.float32)
    return found


def order_of(question: Question) -> Sort:
    """Without words nothing is more relevant than another: then by reference code."""
    by_code = question.words is None and question.sort is Sort.RELEVANCE
    return Sort.CODE if by_code else question.sort


def bound_by(question: Question, without: str = "") -> tuple[Node, ...]:
    """What both legs must match, all chosen facet values included but those of one facet."""
    chosen = (node for name, node in question.post_filters.items() if name != without)
    return (*question.must, *chosen)


def check_question(question: Question) -> None:
    """Raises BadQuery for more than an engine gives at once."""
    if question.depth > MOST_DEPTH or question.facet_size > MOST_VALUES:
        raise BadQuery(f"一次最多取 {MOST_DEPTH} 条、每个分面 {MOST_VALUES} 个值。")
