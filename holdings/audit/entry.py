"""One audit entry, its canonical form and its hash. Pure.

Canonical JSON as in RFC 8785 for what stands in an entry (texts, whole numbers, booleans, lists, objects):
keys sorted, no spaces, UTF-8.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

Outcome = Literal["begun", "done", "refused", "not-found", "failed", "noted"]
OUTCOMES: tuple[Outcome, ...] = ("begun", "done", "refused", "not-found", "failed", "noted")

#: What the first entry names as the one before it.
FIRST = "0" * 64
#: The action of an entry that says which details were erased, for their period is over.
ERASED = "audit.erase"
#: The action of an entry that says that entries are missing here, and how many.
GAP = "audit.gap"


@dataclass(frozen=True)
class Event:
    """What happened.

    actor: the caller's id ("key:12", "account:7", "os:1000"), "" for nobody named.  action: its kind
    ("search", "record.view", "change" …).  what: the route or the command.  record: the one it was about.
    facts: what may be kept for good: codes, counts.  detail: what is personal, and erased after its period:
    addresses, search texts, names.
    """

    actor: str
    action: str
    at: datetime
    audience: str = ""
    what: str = ""
    record: str = ""
    outcome: Outcome = "done"
    facts: Mapping[str, Any] = field(default_factory=dict)
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """An event as the chain holds it.

    seq: from 1, without a gap.  at: UTC, ISO 8601.  facts: canonical JSON.  commitment: SHA-256 of salt and
    detail, "" where there is none.  previous: the hash of the entry before.  hash: this one's.
    """

    seq: int
    at: str
    actor: str
    audience: str
    action: str
    what: str
    record: str
    outcome: str
    facts: str
    commitment: str
    previous: str
    hash: str = ""

    def sealed(self) -> Entry:
        return replace(self, hash=self.true_hash())

    def true_hash(self) -> str:
        """SHA-256 over the canonical JSON of everything but the hash itself."""
        content = asdict(self)
        del content["hash"]
        return hashlib.sha256(canonical(content).encode()).hexdigest()


def canonical(value: Any) -> str:
    # Lone surrogates, which a caller's text may hold, have no UTF-8: they are kept as they are escaped.
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def commitment(salt: str, detail: str) -> str:
    """What the chain holds of a detail. salt: 32 random hex digits: a short text cannot be guessed from it."""
    return hashlib.sha256(f"{salt}{detail}".encode()).hexdigest()
