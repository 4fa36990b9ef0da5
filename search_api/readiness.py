"""Why the meaning leg does not answer, and what helps. Chinese first, for whoever runs the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdings.engines.port import IndexStatus
from search_api.schema import MeaningAway

if TYPE_CHECKING:
    from search_api.house import House

_SAID: dict[MeaningAway, str] = {
    "": "",
    "no-model": "未装向量模型，只按词检索。请运行：danghai models pull，再重启 danghai serve。"
    " No embedding model is installed: words only.",
    "broken-model": "向量模型打不开，只按词检索。请运行：danghai models check。"
    " The embedding model cannot be opened: words only.",
    "warming": "向量模型正在预热，眼下只按词检索。 The embedding model is warming up: words only for now.",
    "other-model": " The index was made with another embedding model: words only until it is rebuilt.",
}


def meaning_away(house: House, status: IndexStatus) -> MeaningAway:
    """One word for it; "" while the leg answers."""
    if house.encoder is None:
        return "no-model"
    if house.encoder_broken:
        return "broken-model"
    if status.mismatch:
        return "other-model"
    return "" if house.encoder_ready and status.meaning_ready else "warming"


def said(away: MeaningAway, status: IndexStatus) -> str:
    """The same for people, with the command that helps; "" for ""."""
    return f"{status.mismatch if away == 'other-model' else ''}{_SAID[away]}"
