"""A sheet of paper before it grows old: layers of ink, and type set on them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

#: Faces of the one collection file: (family, weight) → file name; the script picks the face inside it.
_FILES = {
    ("serif", "regular"): "NotoSerifCJK-Regular.ttc",
    ("serif", "bold"): "NotoSerifCJK-Bold.ttc",
    ("sans", "regular"): "NotoSansCJK-Regular.ttc",
    ("sans", "bold"): "NotoSansCJK-Bold.ttc",
}
_FACE_INDEX = {"simplified": 2, "traditional": 3}
_FOLDERS = (Path("/usr/share/fonts/opentype/noto"), Path("/usr/share/fonts/noto-cjk"))

#: Brackets and dashes that turn when a line runs downwards; the face holds their turned forms as 'vert'.
VERTICAL_FORMS = frozenset("「」『』（）〔〕《》〈〉【】—…－“”‘’()[]")


class FontMissing(RuntimeError):
    """Noto CJK is not on this machine: `apt-get install fonts-noto-cjk`. Only making the samples needs it."""


def font_path(family: str = "serif", weight: str = "regular") -> Path:
    """The collection file of a Noto CJK family. Raises FontMissing."""
    name = _FILES[(family, weight)]
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return folder / name
    if shutil.which("fc-match"):
        wanted = f"Noto {family.title()} CJK SC:style={weight.title()}"
        found = subprocess.run(
            ["fc-match", wanted, "--format", "%{file}"], capture_output=True, text=True, check=False
        )
        if Path(found.stdout).name == name:
            return Path(found.stdout)
    raise FontMissing(f"{name} not found: install Debian's fonts-noto-cjk")


@cache
def font(
    size: int, *, family: str = "serif", weight: str = "regular", traditional: bool = False
) -> ImageFont.FreeTypeFont:
    """One face at a size in pixels. Raises FontMissing."""
    index = _FACE_INDEX["traditional" if traditional else "simplified"]
    return ImageFont.truetype(font_path(family, weight), size, index=index)


@dataclass(frozen=True)
class Hand:
    """How evenly a line is set: jitter in pixels, and the lightest ink (0–255, 255 full) a sign may get."""

    family: str = "serif"
    weight: str = "regular"
    traditional: bool = False
    jitter: int = 0
    lightest: int = 255

    def font(self, size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
        weight = "bold" if bold else self.weight
        return font(size, family=self.family, weight=weight, traditional=self.traditional)


@dataclass
class Sheet:
    """Ink on a sheet: `ink` black, `red` printed red (letterheads, rules), `seal` stamped red; 0 none, 255 full.

    text: the lines as drawn, in reading order. picture: a photograph pasted on, with its top-left corner.
    """

    width: int
    height: int
    ink: Image.Image = field(init=False)
    red: Image.Image = field(init=False)
    seal: Image.Image = field(init=False)
    text: list[str] = field(default_factory=list)
    picture: tuple[Image.Image, int, int] | None = None

    def __post_init__(self) -> None:
        for layer in ("ink", "red", "seal"):
            setattr(self, layer, Image.new("L", (self.width, self.height), 0))


class Setter:
    """Sets type on one layer with a hand. Holds the page's random numbers so that ink stays uneven."""

    def __init__(self, layer: Image.Image, hand: Hand, rng: np.random.Generator) -> None:
        self.draw = ImageDraw.Draw(layer)
        self.hand = hand
        self.rng = rng

    def line(self, x: int, y: int, text: str, size: int, *, bold: bool = False) -> int:
        """Set one horizontal line with its top at y; returns the x after it."""
        face = self.hand.font(size, bold=bold)
        if self.hand.jitter == 0 and self.hand.lightest == 255:
            self.draw.text((x, y), text, font=face, fill=255)
            return x + round(face.getlength(text))
        at = float(x)
        for sign in text:
            self._sign(round(at), y, sign, face)
            at += face.getlength(sign)
        return round(at)

    def down(self, x: int, y: int, sign: str, size: int) -> None:
        """Set one sign of a vertical line in the em box whose top-left corner is (x, y)."""
        features = ["vert"] if sign in VERTICAL_FORMS else None
        self._sign(x, y, sign, self.hand.font(size), features=features, middle=size)

    def _sign(
        self,
        x: int,
        y: int,
        sign: str,
        face: ImageFont.FreeTypeFont,
        *,
        features: list[str] | None = None,
        middle: int = 0,
    ) -> None:
        jitter = self.hand.jitter
        dx, dy = (int(v) for v in self.rng.integers(-jitter, jitter + 1, 2)) if jitter else (0, 0)
        fill = int(self.rng.integers(self.hand.lightest, 256)) if self.hand.lightest < 255 else 255
        if middle:  # the em box, not the taller line box, is what a column is made of
            x += round((middle - face.getlength(sign)) / 2)
            y -= face.getmetrics()[0] - round(middle * 0.88)
        self.draw.text((x + dx, y + dy), sign, font=face, fill=fill, features=features)


def wrap(text: str, face: ImageFont.FreeTypeFont, width: int, first: int = 0) -> list[str]:
    """Cut a paragraph into lines of at most `width` pixels; the first line is `first` pixels shorter.

    Closing punctuation never begins a line: it hangs at the end of the one before.
    """
    lines: list[str] = []
    current, room = "", float(width - first)
    for sign in text:
        length = face.getlength(sign)
        if length > room and current and sign not in "，。、；：！？）」』》〉〕】”’,.;:!?)":
            lines.append(current)
            current, room = "", float(width)
        current += sign
        room -= length
    return [*lines, current] if current else lines
