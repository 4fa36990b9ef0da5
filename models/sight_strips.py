"""The pieces of text of one page: each cropped once, each read once for every way it is turned."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models import sight_geometry as geometry
from models.sight_geometry import Array

#: (text, confidence) of strips whose long side lies across, in their order.
Recognise = Callable[[Sequence[Array]], list[tuple[str, float]]]

#: A strip that reads above SURE reads; below DOUBT it does not.
SURE, DOUBT = 0.85, 0.7
#: A reading this sure stays when the image is cleaned.
_CERTAIN = 0.95


class Strips:
    """Crops of an image's quads. Readings are kept: what one step reads, no later step reads again."""

    def __init__(self, image: Array, quads: Sequence[Array], recognise: Recognise) -> None:
        self.quads = quads
        self.crops = [geometry.crop(image, quad) for quad in quads]
        self.recognise = recognise
        self._known: dict[tuple[int, int], tuple[str, float]] = {}

    def of(self, image: Array, indices: Sequence[int]) -> Strips:
        """Some of these quads on another state of the image; what read well is not read again."""
        kept = Strips(image, [self.quads[i] for i in indices], self.recognise)
        kept._known = {
            (indices.index(i), turn): read
            for (i, turn), read in self._known.items()
            if i in indices and read[1] >= _CERTAIN
        }
        return kept

    def turned(self, index: int, rotation: int) -> Array:
        return geometry.turn_image(self.crops[index], rotation)

    def read(self, wanted: Sequence[tuple[int, int]]) -> list[tuple[str, float]]:
        """(text, confidence) of crops by (index, rotation)."""
        new = [key for key in dict.fromkeys(wanted) if key not in self._known]
        if new:
            read = self.recognise([self.turned(*key) for key in new])
            self._known.update(zip(new, read, strict=True))
        return [self._known[key] for key in wanted]


def mean_confidence(read: Sequence[tuple[str, float]]) -> float:
    """Of readings; what gave no text counts as 0."""
    return float(np.mean([sure if text else 0.0 for text, sure in read])) if read else 0.0
