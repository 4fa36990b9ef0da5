"""The lights of a checklist, and what is known of an exhibit when they are asked. Pure nouns.

green: in order.  amber: look at it; nobody is kept from publishing.  red: nothing is published while it is so.
unknown: nobody has said, or nothing tells; where the law asks for an answer (`must`), it keeps from publishing too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from curation.plan import Case, Object
from holdings.records import Record

Light = Literal["green", "amber", "red", "unknown"]
Standing = Literal["record", "outside", "gone", "nothing", "both"]

NAMES: dict[str, str] = {
    "stands": "依据",
    "open": "开放",
    "web": "上网审查",
    "redacted": "遮蔽",
    "copyright": "著作权",
    "portrait": "肖像权",
    "donor": "捐赠限制",
    "map": "审图号",
    "scan": "扫描精度",
    "label": "说明牌",
    "quotation": "引文",
    "transcription": "释文",
    "loan": "原件借用",
    "size": "尺寸",
    "light": "光照",
    "plan": "方案",
}


@dataclass(frozen=True)
class Check:
    """must: unknown does not do."""

    name: str
    light: Light
    reason: str
    todo: str = ""
    must: bool = False

    @property
    def blocks(self) -> bool:
        return self.light == "red" or (self.must and self.light == "unknown")


@dataclass(frozen=True)
class Scan:
    """A shown page. dpi: as its file says, None where it does not. read: its text is there; proofread: by a person."""

    page: int
    width: int
    height: int
    dpi: float | None
    read: bool = True
    proofread: bool = False


@dataclass(frozen=True)
class Facts:
    """All that is known of one exhibit.

    record: as the public reads it; None where it is gone or was never one.  audiences: who may see it.
    texts: page → its present text, as the public reads it; 0 the description.  personal, doubtful: what of the
    words that visitors read speaks of a person, surely or perhaps ("身份证号（第 2 页）").  approved_by: who approved the label as it stands.
    compiled: it is printed with its text, without a label.
    """

    stands: Standing
    body: Object
    record: Record | None = None
    audiences: frozenset[str] = frozenset()
    obstacle: str = ""
    scans: Sequence[Scan] = ()
    texts: Mapping[int, str] = field(default_factory=dict)
    personal: Sequence[str] = ()
    doubtful: Sequence[str] = ()
    approved_by: str = ""
    case: Case | None = None
    map_review: str = ""
    compiled: bool = False
    year: int = 9999


def worst(found: Sequence[Check]) -> Light:
    """The light of all of them together."""
    lights = {check.light for check in found}
    order: tuple[Light, ...] = ("red", "unknown", "amber")
    return next((light for light in order if light in lights), "green")
