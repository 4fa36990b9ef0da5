"""Whether the trail is as it was written. Pure: entries, details and heads in, findings out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from holdings.audit.entry import ERASED, FIRST, GAP, Entry, commitment
from holdings.audit.heads import Head

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Kind = Literal[
    "changed", "removed", "reordered", "inserted", "truncated", "rewritten", "detail", "head", "guard"
]
#: How far an entry that stands elsewhere is looked for.
NEAR = 50


@dataclass(frozen=True)
class Finding:
    """One thing wrong. seq: the entry it is about, or 0."""

    kind: Kind
    seq: int
    message: str


@dataclass
class Report:
    """entries: how many were read.  erased: details gone because their period was over.  lost: entries that a
    gap entry says could not be written."""

    entries: int = 0
    erased: int = 0
    lost: int = 0
    heads: int = 0
    last: str = ""
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: Kind, seq: int, message: str) -> None:
        self.findings.append(Finding(kind, seq, message))

    def as_dict(self) -> dict[str, object]:
        return {**asdict(self), "sound": not self.findings}


def verify(
    entries: Iterable[tuple[Entry, str | None, str | None]],
    heads: Sequence[Head] = (),
    key: Ed25519PublicKey | None = None,
) -> Report:
    """entries: (entry, its detail's salt, its detail) in order of number; heads: with the key that signed them."""
    report = Report()
    wanted = _signed(heads, key, report)
    before: Entry | None = None
    erasing: list[Entry] = []
    missing: list[Entry] = []
    moved: dict[int, int] = {}
    for entry, salt, detail in entries:
        report.entries += 1
        _follows(entry, before, moved, report)
        _detail(entry, salt, detail, missing, report)
        if entry.action == ERASED:
            erasing.append(entry)
        if entry.action == GAP:
            report.lost += _number(entry, "lost")
        if (head := wanted.pop(entry.seq, None)) is not None:
            report.heads += 1
            _agrees(entry, head, report)
        before = entry
    _erased(missing, erasing, report)
    _moved(moved, before.seq if before else 0, report)
    _beyond(wanted, before, report)
    report.last = before.hash if before else ""
    report.findings.sort(key=lambda f: f.seq)
    return report


def _follows(entry: Entry, before: Entry | None, moved: dict[int, int], report: Report) -> None:
    """The chain itself. moved: takes number → true number of an entry that stands elsewhere than written."""
    if entry.seq < 1:
        report.find("inserted", entry.seq, "这个编号不是本系统给的：此条是插入的。")
        return
    if before is not None and before.seq < 1:
        before = None
    expected, previous = (before.seq + 1, before.hash) if before else (1, FIRST)
    if entry.seq > expected:
        last = entry.seq - 1
        which = f"第 {expected} 条" if last == expected else f"第 {expected} 至 {last} 条"
        report.find("removed", expected, f"{which}被删除。")
    if entry.true_hash() == entry.hash:
        if entry.seq == expected and entry.previous != previous and before and before.seq not in moved:
            said = f"整条被换过：第 {entry.seq} 条接的是另一个散列（或第 {entry.seq} 条是插入的）。"
            report.find("changed", before.seq, said)
        return
    home = _true_place(entry)
    if home is None:
        report.find("changed", entry.seq, "内容与其散列不符：此条被改动。")
    else:
        moved[entry.seq] = home


def _moved(moved: dict[int, int], end: int, report: Report) -> None:
    """Entries that stand elsewhere: all from one on, where something was put in or taken out and the rest
    renumbered; else a changed order."""
    for away, group in groupby(sorted(moved.items()), key=lambda pair: pair[0] - pair[1]):
        run = list(group)
        first, last = run[0][0], run[-1][0]
        if last == end and first - 1 not in moved:
            which = f"其后到第 {last} 条都被改号。"
            if away > 0:
                report.find("inserted", first - away, f"第 {first - away} 至 {first - 1} 条是插入的，{which}")
            else:
                report.find("removed", first, f"原第 {first} 至 {first - away - 1} 条被删除，{which}")
            continue
        for seq, home in run:
            report.find("reordered", seq, f"此条原是第 {home} 条：次序被改。")


def _true_place(entry: Entry) -> int | None:
    """The number under which this entry's hash is right."""
    for away in range(1, NEAR + 1):
        for seq in (entry.seq - away, entry.seq + away):
            if replace(entry, seq=seq).true_hash() == entry.hash:
                return seq
    return None


def _detail(entry: Entry, salt: str | None, detail: str | None, missing: list[Entry], report: Report) -> None:
    if salt is None or detail is None:
        if entry.commitment:
            missing.append(entry)
    elif commitment(salt, detail) != entry.commitment:
        report.find("detail", entry.seq, "细目（地址、检索词等）被改动。")


def _erased(missing: Sequence[Entry], erasing: Sequence[Entry], report: Report) -> None:
    """A detail may be gone where the chain itself says its period was over."""
    for entry in missing:
        if any(_covers(erase, entry) for erase in erasing):
            report.erased += 1
        else:
            report.find("detail", entry.seq, "细目（地址、检索词等）在保存期内被删除。")


def _covers(erase: Entry, entry: Entry) -> bool:
    over = datetime.fromisoformat(erase.at) - timedelta(days=_number(erase, "days"))
    return entry.seq <= _number(erase, "through") and datetime.fromisoformat(entry.at) <= over


def _number(entry: Entry, name: str) -> int:
    try:
        value = json.loads(entry.facts).get(name, 0)
    except ValueError:
        return 0  # the entry was changed, which is a finding of its own
    return value if isinstance(value, int) else 0


def _signed(heads: Sequence[Head], key: Ed25519PublicKey | None, report: Report) -> dict[int, Head]:
    """seq → head, of those that the key signed."""
    good: dict[int, Head] = {}
    for head in heads:
        if key is None or not head.is_by(key):
            report.find("head", head.seq, f"{head.day} 的日结签名不对：不是这把密钥签的，或被改动。")
        elif head.seq in good and good[head.seq].hash != head.hash:
            report.find("rewritten", head.seq, f"{head.day} 与更早的日结对同一条说法不同：链曾被重写。")
        else:
            good[head.seq] = head
    return good


def _agrees(entry: Entry, head: Head, report: Report) -> None:
    if entry.hash != head.hash:
        report.find("rewritten", entry.seq, f"与 {head.day} 签署的日结不符：此条或之前的链被整段重写。")


def _beyond(wanted: dict[int, Head], last: Entry | None, report: Report) -> None:
    """Heads that name entries which are not there."""
    end = last.seq if last else 0
    tail = [head for seq, head in wanted.items() if seq > end]
    if tail:
        head = max(tail, key=lambda h: h.seq)
        report.find(
            "truncated", end + 1, f"{head.day} 签署到第 {head.seq} 条，现只到第 {end} 条：尾部被截去。"
        )
