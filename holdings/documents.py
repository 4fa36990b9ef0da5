"""A catalogue record as an audience's index sees it. Pure: no reading, no writing, no embedding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdings.access import STAFF
from holdings.catalogue import StoredPage, StoredRecord
from holdings.engines.port import Day, Document, Row
from holdings.records import Passage, Record
from holdings.text import bigrams, cut_passages, description_text, facet_value, natural_key, normalise

#: Normalised text → its tokens in reading order.
Cut = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Material:
    """All that is known of one record at one moment.

    texts: page number → text as shown.  attachment_texts: texts of files that are no pages.
    ancestors: ids of what the record lies in, fonds first.
    outer: the same as all but staff see it, where something of it is redacted; None: they see it alike.
    """

    stored: StoredRecord
    texts: Mapping[int, str]
    attachment_texts: Sequence[str] = ()
    ancestors: Sequence[str] = ()
    has_scan: bool = False
    outer: Material | None = None

    @classmethod
    def of(
        cls,
        stored: StoredRecord,
        pages: Iterable[StoredPage],
        attachment_texts: Sequence[str] = (),
        ancestors: Sequence[str] = (),
        outer: Material | None = None,
    ) -> Material:
        pages = list(pages)
        texts = {p.number: p.text.text for p in pages if p.text is not None}
        return cls(stored, texts, attachment_texts, ancestors, any(p.width for p in pages), outer)

    def seen(self, *, staff: bool) -> Material:
        """As staff sees it, or all others."""
        return self if staff or self.outer is None else self.outer

    def passages(self) -> list[Passage]:
        """The record's passages: page 0 is its description; attachments have none."""
        found = cut_passages(description_text(self.stored.record), 0)
        for number, text in sorted(self.texts.items()):
            found += cut_passages(text, number)
        return found


def document(
    material: Material, audience: str, cut: Cut, vectors: Mapping[tuple[int, int], NDArray[np.float32]]
) -> Document:
    """What `audience`'s index holds of this record.

    vectors: (page, number) of a passage → its vector; passages without one are left out for now.
    """
    record = material.stored.record
    fields = _fields(material, staff=audience == STAFF)
    normalised = {name: [normalise(value).text for value in values] for name, values in fields.items()}
    first, last = record.date.first, record.date.last
    return Document(
        id=record.id,
        version=material.stored.version,
        text={name: [list(cut(value)) for value in values] for name, values in normalised.items() if values},
        bigrams=[bigrams(v) for name in ("title", "abstract", "body") for v in normalised[name]],
        facets=_facets(material),
        first_day=_day(first),
        last_day=_day(last),
        sort_code=natural_key(record.reference_code),
        rows=rows_of(vectors),
        suggest=[(value, normalise(value).text) for value in _suggestions(record)],
    )


def rows_of(vectors: Mapping[tuple[int, int], NDArray[np.float32]]) -> list[Row]:
    """(page, number) → vector as an index takes them."""
    return [Row(page, number, vector) for (page, number), vector in sorted(vectors.items())]


def _fields(material: Material, *, staff: bool) -> dict[str, list[str]]:
    r = material.stored.record
    fields = {
        "title": [r.title, r.parallel_title],
        "identifiers": [r.reference_code, *r.former_codes, r.document_number],
        "creators": [*r.creators, r.photographer],
        "names": list(r.persons),
        "places": list(r.places),
        "keywords": [*r.keywords, r.genre, r.category],
        "abstract": [r.abstract, r.agency_history],
        "body": [*(text for _, text in sorted(material.texts.items())), *material.attachment_texts],
        "other": [*r.attachments, r.notes, r.acquisition, r.language, r.medium, r.draft, r.date.text],
    }
    if staff:  # columns no field takes, and where things lie, stay with staff
        fields["other"] += [*r.extra.values(), r.storage, r.donor_limits]
        fields["other"] += [r.due_opinion, r.disclosure, *r.classification_changes]
    return {name: [v for v in values if v.strip()] for name, values in fields.items()}


def _suggestions(record: Record) -> list[str]:
    """What may be offered while a person types: the title and the names."""
    names = (record.title, *record.creators, *record.persons, *record.places, *record.keywords)
    return list(dict.fromkeys(name for name in names if name.strip()))


def _facets(material: Material) -> dict[str, list[str]]:
    r = material.stored.record
    one = {
        "fonds": r.fonds_code,
        "series": f"{r.fonds_code}-{r.series}" if r.series else "",
        "genre": r.genre,
        "category": r.category,
        "access_status": r.access_status,
        "retention": r.retention,
        "medium": r.medium,
        "level": r.level,
        "parent": r.parent or "",
        "has_scan": "yes" if material.has_scan else "no",
    }
    many = {
        "creators": r.creators,
        "persons": r.persons,
        "places": r.places,
        "keywords": r.keywords,
        "ancestors": material.ancestors,
    }
    facets = {name: [facet_value(name, value)] for name, value in one.items() if value}
    facets |= {name: list(dict.fromkeys(facet_value(name, v) for v in vs)) for name, vs in many.items() if vs}
    decades = _decades(r)
    return facets | ({"decade": decades} if decades else {})


def _decades(record: Record) -> list[str]:
    """Every decade the date touches: "1930", "1940"; none for spans over a century (they say nothing)."""
    if record.date.first is None or record.date.last is None:
        return []
    first, last = int(record.date.first[:4]) // 10, int(record.date.last[:4]) // 10
    return [f"{decade}0" for decade in range(first, last + 1)] if last - first <= 10 else []


def _day(iso: str | None) -> Day | None:
    return int(iso.replace("-", "")) if iso else None
