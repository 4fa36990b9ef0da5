"""Codes that differ from a known one only by case, width or the kind of dash: said, never decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdings.catalogue import Catalogue
from indexer.codes import alike
from indexer.entries import Entry
from indexer.report import Rejection

_ADVICE = "已照所写收入；如果本是同一个，请改正目录里的写法，再收一次。"
CHUNK = 500


@dataclass
class Alike:
    """Sees a package's entries as they are first read; `warnings` then compares with the catalogue.

    A whole fonds spelt otherwise is said once, at its first row, not at each of its records.
    """

    _codes: dict[str, str] = field(default_factory=dict)
    _fonds: dict[str, Rejection] = field(default_factory=dict)
    _lettered: dict[str, tuple[str, Rejection]] = field(default_factory=dict)
    _twins: list[Rejection] = field(default_factory=list)

    def see(self, entry: Entry) -> None:
        """An entry that goes in, each code once."""
        assert entry.draft is not None
        code, fonds = entry.draft.record.reference_code, entry.draft.record.fonds_code
        where = Rejection(entry.file, "alike-code", "", _ADVICE, entry.sheet, entry.row, code)
        rest = code.removeprefix(fonds)
        if fonds:
            self._fonds.setdefault(fonds, where)
        if rest == rest.swapcase():  # figures only: it can differ by its fonds alone
            return
        first = self._codes.setdefault(alike(code), code)
        if first != code:
            self._twins.append(_said(where, "档号", code, first))
        else:
            self._lettered[code] = fonds, where

    def warnings(self, catalogue: Catalogue) -> list[Rejection]:
        """What is worth a look. What the catalogue already has under that very code was said when it came."""
        return [*self._unusual_fonds(catalogue), *self._twins, *self._unusual_codes(catalogue)]

    def _unusual_fonds(self, catalogue: Catalogue) -> Iterator[Rejection]:
        held = catalogue.records.fonds_codes()
        known = {alike(code): code for code in sorted(held)}
        for fonds, where in self._fonds.items():
            other = known.setdefault(alike(fonds), fonds)
            if other != fonds and fonds not in held:
                yield _said(where, "全宗号", fonds, other)

    def _unusual_codes(self, catalogue: Catalogue) -> Iterator[Rejection]:
        spelt = {code: _spellings(code, fonds) for code, (fonds, _) in self._lettered.items()}
        codes = list(spelt)
        for start in range(0, len(codes), CHUNK):
            here = codes[start : start + CHUNK]
            held = catalogue.records.ids_of_codes([c for code in here for c in (code, *spelt[code])])
            for code in here:
                other = next((c for c in spelt[code] if c in held), None)
                if other and code not in held:
                    yield _said(self._lettered[code][1], "档号", code, other)


def _spellings(code: str, fonds: str) -> list[str]:
    """Other ways to write what follows the fonds."""
    head = fonds if code.startswith(fonds) else ""
    rest = code.removeprefix(head)
    return [head + other for other in dict.fromkeys((rest.upper(), rest.lower())) if other != rest]


def _said(where: Rejection, what: str, code: str, other: str) -> Rejection:
    reason = f"{what} {code} 与已有的 {other} 只差大小写、全半角或横线的写法。"
    return Rejection(
        where.file, where.code, reason, where.advice, where.sheet, where.row, where.reference_code
    )
