"""Where a record hangs: its parent's id, and bare placeholders for levels that nobody described."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdings.catalogue import Catalogue, Incoming
from holdings.records import Level, Record, record_id
from holdings.text import natural_key
from indexer.codes import prefixes
from indexer.fields import Draft

#: Flag of a record that intake made from its children's codes. The first description replaces it.
DERIVED = "derived"
RANK: dict[Level, int] = {"fonds": 0, "series": 1, "volume": 2, "file": 3}


class Ancestry:
    """Answers from the catalogue; remembers what it was told until `forget`."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._known: dict[str, str | None] = {}

    def parent_of(self, drafts: Iterable[Draft]) -> dict[str, str | None]:
        """reference code → id of the nearest level above that the catalogue has."""
        drafts = list(drafts)
        candidates = {d.record.reference_code: self._candidates(d) for d in drafts}
        self._learn({code for codes in candidates.values() for code in codes})
        return {
            own: next((found for code in codes if (found := self._known[code])), None)
            for own, codes in candidates.items()
        }

    def forget(self) -> None:
        self._known.clear()

    @staticmethod
    def _candidates(made: Draft) -> list[str]:
        """Codes that may be its parent, the nearest first."""
        code = made.record.reference_code
        named = [above for above, _ in reversed(made.above)]
        return [c for c in dict.fromkeys([*prefixes(code), *named]) if c != code]

    def _learn(self, codes: set[str]) -> None:
        new = sorted(codes - self._known.keys())
        ids = self._catalogue.records.ids_of_codes(new)
        stored = self._catalogue.records.many(sorted(set(ids.values())))
        for code in new:
            found = stored.get(ids.get(code, ""))
            self._known[code] = found.record.id if found and found.record.level != "file" else None


def placeholders(
    needed: Mapping[str, tuple[Level, Draft]], known: Iterable[str], archive_code: str
) -> list[Draft]:
    """Bare records for codes that children name and nobody describes, the highest first. Staff only."""
    have = set(known)
    made = []
    for code, (level, child) in needed.items():
        if code in have:
            continue
        parts = child.record
        own = parts.archive_code or archive_code
        record = Record(
            id=record_id(own, code),
            reference_code=code,
            title=code,
            level=level,
            archive_code=own,
            fonds_code=parts.fonds_code,
            series=parts.series if level != "fonds" else "",
            volume=parts.volume if level == "volume" else "",
            flags=(DERIVED,),
        )
        above = tuple(a for a in child.above if RANK[a[1]] < RANK[level])
        made.append(Draft(record, above))
    return sorted(made, key=_rank)


def in_order(drafts: Iterable[Draft]) -> list[Draft]:
    """Parents before children."""
    return sorted(drafts, key=_rank)


def _rank(made: Draft) -> tuple[int, str]:
    return RANK[made.record.level], natural_key(made.record.reference_code)


def derived(catalogue: Catalogue, items: Iterable[Incoming]) -> set[str]:
    """Codes of those that the catalogue has only as placeholders."""
    codes = [item.record.reference_code for item in items]
    ids = catalogue.records.ids_of_codes(codes)
    stored = catalogue.records.many(sorted(set(ids.values())))
    return {c for c in codes if c in ids and DERIVED in stored[ids[c]].record.flags}
