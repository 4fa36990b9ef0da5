"""The shapes of open volumes whose files are not."""

from __future__ import annotations

from search_api.schema import Shape


class OpenVolumeOut(Shape):
    """waiting: files in it that are not open by a decision of their own."""

    record_id: str
    reference_code: str
    title: str
    fonds_code: str
    waiting: int


class OpenVolumesOut(Shape):
    volumes: list[OpenVolumeOut]
