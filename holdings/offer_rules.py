"""Offers 征集: what a stranger may offer, how it is followed, and what they consent to. Pure.

A donation goes 线索 lead → 鉴定 appraisal → 协议 agreement → 接收 received; a correction from lead to accepted.
Either may be declined or be spam at any step before its end, and taken up again.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from holdings.errors import BadInput

Kind = Literal["donation", "correction"]
State = Literal["lead", "appraisal", "agreement", "received", "accepted", "declined", "spam"]

#: What a state is called, to staff and to the sender.
STATES: dict[str, str] = {
    "lead": "线索，待看",
    "appraisal": "鉴定中",
    "agreement": "商定协议",
    "received": "已接收",
    "accepted": "已采纳",
    "declined": "未采纳",
    "spam": "不予受理",
}
ENDS: frozenset[str] = frozenset({"received", "accepted", "declined", "spam"})
_AWAY: tuple[State, ...] = ("declined", "spam")
_NEXT: dict[tuple[str, str], tuple[State, ...]] = {
    ("donation", "lead"): ("appraisal", *_AWAY),
    ("donation", "appraisal"): ("agreement", *_AWAY),
    ("donation", "agreement"): ("received", *_AWAY),
    ("correction", "lead"): ("accepted", *_AWAY),
}

#: Files of one offer, and bytes of one file: 7 MiB, within what one request may bring (search_api/limits.py).
MOST_FILES, MOST_BYTES = 5, 7 << 20
#: Pixels of one image, and images of one file: A3 at 600 dpi is 70 million.
MOST_PIXELS, MOST_FRAMES = 80_000_000, 20
#: Characters of what is said.
MOST_WORDS = 4000
#: Minutes for which a sender may still add files.
FILES_FOR = 60
#: Media type → ending under which the file is kept, whatever it was called.
TYPES: dict[str, str] = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/tiff": ".tif",
    "image/webp": ".webp",
    "application/pdf": ".pdf",
}

#: Crockford's: no letter that reads like another sign.
_SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE = re.compile(r"[0-9A-Za-z\u3400-\u9fff]+(?:[-·.][0-9A-Za-z\u3400-\u9fff]+)*")


def next_states(kind: str, state: str) -> tuple[State, ...]:
    """Where staff may bring it from here; what was put away may be taken up again."""
    return ("lead",) if state in _AWAY else _NEXT.get((kind, state), ())


def new_receipt() -> str:
    """A receipt number: 80 random bits, for whoever holds it may ask how the offer stands."""
    signs = "".join(secrets.choice(_SIGNS) for _ in range(16))
    return "-".join(["ZJ", *(signs[n : n + 4] for n in range(0, 16, 4))])


def receipt_of(written: str) -> str:
    """A receipt number as we write it, of one that was typed; "" for what is none."""
    plain = re.sub(r"[\s\-—–_]", "", written.upper())
    signs = plain.removeprefix("ZJ").translate(str.maketrans("OIL", "011"))
    if len(signs) != 16 or set(signs) - set(_SIGNS):
        return ""
    return "-".join(["ZJ", *(signs[n : n + 4] for n in range(0, 16, 4))])


# ── consent ────────────────────────────────────────────────────────────────────

_ZH = (
    "{archive}为处理您的征集线索或勘误，收集您填写的称呼、联系方式、说明与所附文件，只供本馆征集人员与您联系、"
    "鉴定和办理，不公开，不提供给他人，不作他用。自最后一次办理起 {days} 天后，称呼、联系方式与未采纳的说明和文件一律删除；"
    "捐赠成立的，按双方协议归档。您可凭回执号查询进展，也可随时与本馆联系，撤回同意、更正或删除您的信息；"
    "撤回不影响此前的办理。"
)
_EN = (
    "To follow up your offer or correction {archive} keeps the name, the contact, the words and the files you give, "
    "for its own staff alone, to reach you and to appraise what you offer; nothing is published, passed on or used for "
    "anything else. {days} days after the last step name and contact are erased, and with them the words and files of "
    "what was not taken; a donation is filed by the agreement you make with us. Your receipt number tells you how it "
    "stands. You may withdraw your consent, or have your data corrected or erased, at any time; what was done before "
    "stays lawful."
)


@dataclass(frozen=True)
class Consent:
    """What a sender agrees to, in both languages. version: names exactly these words."""

    version: str
    zh: str
    en: str

    @property
    def text(self) -> str:
        return f"{self.zh}\n\n{self.en}"


def consent(archive: str, days: int) -> Consent:
    """The text as it is shown today (Personal Information Protection Law, art. 14, 15, 17)."""
    zh, en = (text.format(archive=archive, days=days) for text in (_ZH, _EN))
    return Consent(hashlib.sha256(f"{zh}\n{en}".encode()).hexdigest()[:12], zh, en)


# ── agreement ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Agreement:
    """What was agreed on with the donor, and the first description of what comes in.

    number: the agreement's own.  donor_limits: 捐赠限制, "" for none.  acquisition: 来源, begins with 捐赠.
    """

    number: str
    reference_code: str
    title: str
    date: str = ""
    acquisition: str = "捐赠"
    donor_limits: str = ""

    def check(self) -> None:
        """Errors: BadInput. The code names a folder, so it is letters, figures and marks between them."""
        if not _CODE.fullmatch(self.reference_code) or len(self.reference_code) > 100:
            raise BadInput("档号不合用。", advice="用字母、数字或汉字，中间以 - · . 分开，例如 J101-1-1-5。")
        if not self.number.strip() or not self.title.strip():
            raise BadInput("接收前要写明协议编号与题名。", advice="请补齐。")
        if not self.acquisition.startswith("捐赠"):
            raise BadInput("来源应以“捐赠”开头。", advice="例如：捐赠（某先生家属）。")
