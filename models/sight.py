"""Sight: what stands on a page image, by PaddleOCR on onnxruntime, offline.

PaddleOCR's own two models (`TextDetection`, `TextRecognition`) do the seeing; what is ours is what an
archive needs around them: which way up the page is, columns of vertical text with their small notes,
reading order, and boxes in the pixels of the image as it is stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from platformdirs import user_cache_path

from models import sight_geometry as geometry
from models.errors import ModelsError, UnreadableImage
from models.reading_order import order
from models.sight_cleaning import is_covered, show_through, wash
from models.sight_columns import Piece, are_columns, part_notes
from models.sight_files import DETECTOR, FAMILY, RECOGNISER, prepare
from models.sight_geometry import Array, Box
from models.sight_image import load
from models.sight_strips import Strips
from models.sight_turn import find_turn

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class ReadLine:
    """One line as read. box: (x, y, width, height) in pixels of the stored image. confidence: 0–1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class Reading:
    """One page as read, lines in reading order.

    rotation: degrees the stored image must be turned clockwise to be upright (0, 90, 180, 270).
    vertical: the text runs in columns from right to left.  seconds: what the reading took.
    """

    lines: tuple[ReadLine, ...]
    rotation: int = 0
    vertical: bool = False
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class OcrReader(Protocol):
    """Reads page images. One instance serves one thread at a time."""

    @property
    def name(self) -> str:
        """Family, and 8 hex digits over weights and parameters: changes whenever readings may."""

    def warm(self) -> None:
        """Load the models. Raises ModelFilesMissing. `read` does so itself when it was not called."""

    def read(self, image: Image | Path) -> Reading:
        """Read one image (any Pillow mode). Raises UnreadableImage for this image alone."""


@dataclass(frozen=True)
class SightParameters:
    """Chosen by measuring; `benchmarks/ocr.py` measures again.

    detect_side: the page is scaled down to this longest side (pixels) to find its lines.
    ink, box, grow: the detector's thresh, box_thresh, unclip_ratio.
    least: lines read with less confidence are specks, not text.
    largest_side: larger images are scaled down before anything else, to bound memory.
    """

    detect_side: int = 1280
    ink: float = 0.3
    box: float = 0.5
    grow: float = 1.5
    least: float = 0.3
    largest_side: int = 8000


#: Raised when the code that turns the models' output into lines changes what is read.
_MAKING = 2


class PaddleReader:
    """OcrReader on PaddleOCR 3's PP-OCRv6 small models.

    cache_dir: where the model folders are made (default: the user's cache). threads: of onnxruntime and
    OpenCV; 0 leaves it to them, worker processes take 1. Cheap to make: models load in `warm`.
    """

    def __init__(
        self, cache_dir: Path | None = None, *, threads: int = 0, parameters: SightParameters | None = None
    ) -> None:
        self._cache_dir = cache_dir or user_cache_path("danghai") / "sight"
        self._threads = threads
        self._parameters = parameters or SightParameters()
        self._detector: Any = None
        self._recogniser: Any = None
        self._name = ""

    @property
    def name(self) -> str:
        if not self._name:
            made_with = f"{prepare(self._cache_dir).sha8} {self._parameters} {_MAKING}"
            self._name = f"{FAMILY}@{sha256(made_with.encode()).hexdigest()[:8]}"
        return self._name

    def warm(self) -> None:
        if self._recogniser is not None:
            return
        files = prepare(self._cache_dir)
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        import cv2
        from paddleocr import TextDetection, TextRecognition

        threads = (
            {"intra_op_num_threads": self._threads, "inter_op_num_threads": 1} if self._threads else None
        )
        common = {"engine": "onnxruntime", "engine_config": threads, "device": "cpu"}
        if self._threads:
            cv2.setNumThreads(self._threads)
        detector = TextDetection(
            model_name=DETECTOR,
            model_dir=str(files.detector),
            limit_side_len=self._parameters.detect_side,
            limit_type="max",
            thresh=self._parameters.ink,
            box_thresh=self._parameters.box,
            unclip_ratio=self._parameters.grow,
            **common,
        )
        self._recogniser = TextRecognition(model_name=RECOGNISER, model_dir=str(files.recogniser), **common)
        self._detector = detector

    def read(self, image: Image | Path) -> Reading:
        started = time.perf_counter()
        self.warm()
        try:
            pixels, scale, size = load(image, self._parameters.largest_side)
            lines, rotation, vertical = self._read(pixels)
        except ModelsError:
            raise
        except Exception as error:  # whatever the libraries below raise, it is this page's trouble
            raise UnreadableImage(
                f"无法识读图像 cannot read the image: {type(error).__name__}: {error}"
            ) from error
        stored = tuple(
            ReadLine(text, geometry.bounding_box(points, scale, size), round(confidence, 4))
            for text, points, confidence in lines
        )
        return Reading(stored, rotation, vertical, time.perf_counter() - started)

    def _read(self, stored: Array) -> tuple[list[tuple[str, Array, float]], int, bool]:
        """Lines as (text, corner points in `stored`, confidence), the rotation, whether vertical."""
        strips = Strips(stored, self._detect(stored), self._recognise)
        if not strips.quads:
            return [], 0, False
        rotation, vertical = find_turn(strips)
        size = (stored.shape[1], stored.shape[0])
        quads = geometry.turn_quads(strips.quads, rotation, size)
        angle = geometry.skew(quads, vertical=vertical)
        columns = are_columns(quads, vertical=vertical)
        through = show_through(strips.crops, lambda some: strips.read(_turns(some, columns, rotation)))
        if through:
            stored = wash(stored, through)
            strips = strips.of(stored, through.own)
            if not is_covered(stored, strips.quads):
                strips = Strips(stored, self._detect(stored), self._recognise)
            quads = geometry.turn_quads(strips.quads, rotation, size)
            columns = are_columns(quads, vertical=vertical)
        read = strips.read(_turns(range(len(quads)), columns, rotation))
        pieces = [Piece(quad, text, sure) for quad, (text, sure) in zip(quads, read, strict=True)]
        if vertical:
            pieces = part_notes(geometry.turn_image(stored, rotation), pieces, angle, self._recognise)
        turned = size if rotation % 180 == 0 else size[::-1]
        lines = [
            (text, geometry.turn_points(points, (360 - rotation) % 360, turned), sure)
            for text, points, sure in self._lines(pieces, angle, vertical=vertical)
        ]
        return lines, rotation, vertical

    def _lines(
        self, pieces: Sequence[Piece], angle: float, *, vertical: bool
    ) -> Iterator[tuple[str, Array, float]]:
        """What was read, in order, as (text, corner points on the upright page, confidence)."""
        seen = [piece for piece in pieces if piece.text and piece.confidence >= self._parameters.least]
        for group in order([geometry.level(piece.quad, angle) for piece in seen], vertical=vertical):
            members = [seen[i] for i in group]
            points = np.concatenate([piece.quad for piece in members])
            length = sum(len(piece.text) for piece in members)
            sure = sum(piece.confidence * len(piece.text) for piece in members) / length
            yield _glue([piece.text for piece in members]), points, sure

    def _detect(self, image: Array) -> list[Array]:
        """Quads around the pieces of text on an image."""
        (found,) = self._detector.predict(image)
        quads = [geometry.quad_of(np.asarray(points)) for points in found["dt_polys"]]
        return [quad for quad in quads if min(geometry.sides(quad)) >= 3]

    def _recognise(self, strips: Sequence[Array]) -> list[tuple[str, float]]:
        """(text, confidence) of strips whose long side lies across.

        One strip a run of the model: on a processor a batch gains nothing, and the padding of its
        shorter strips is work (30 lines of an A4 page: 1.8 s one by one, 2.4 s by six).
        """
        results = self._recogniser.predict(list(strips), batch_size=1)
        return [(str(result["rec_text"]), float(result["rec_score"])) for result in results]


def _turns(indices: Iterable[int], columns: Sequence[bool], rotation: int) -> list[tuple[int, int]]:
    """Each index with how its crop is turned to be read: columns to the left, as the recogniser learnt them."""
    return [(i, (rotation + 270 * columns[i]) % 360) for i in indices]


def _glue(texts: Sequence[str]) -> str:
    """Pieces of one line: a space only between two that end and begin with Latin letters or digits."""
    line = texts[0]
    for text in texts[1:]:
        apart = line[-1:].isascii() and text[:1].isascii() and line[-1:].isalnum() and text[:1].isalnum()
        line = f"{line} {text}" if apart else line + text
    return line
