"""From a page's specification to its image and its true text."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from . import looks
from .horizontal import Composer, register
from .photo import mount
from .sheet import Hand, Sheet
from .source import PageSpec
from .vertical import manuscript


@dataclass(frozen=True)
class Drawn:
    """A finished scan. text: true text by drawn line; rotation: clockwise degrees that make it upright;
    skew: degrees the sheet lies crooked, anticlockwise."""

    spec: PageSpec
    image: Image.Image
    text: str
    rotation: int
    skew: float


def compose(spec: PageSpec) -> Sheet:
    """The page as it was new: type, rules and seal, no age. Raises FontMissing."""
    rng = spec.rng("type")
    hand = _hand(spec)
    if spec.layout == "vertical":
        sheet = manuscript(spec, hand, rng)
    elif spec.kind == "photo":
        sheet = mount(spec, hand, rng)
    elif any("|" in line for line in spec.lines):
        sheet = register(spec, hand, rng)
    else:
        sheet = Composer(spec, hand, rng).page()
    if spec.stamp and spec.look == "stamp":
        _seal(sheet, spec)
    return sheet


def draw(spec: PageSpec, following: PageSpec | None) -> Drawn:
    """The scan of a page; `following` is the one whose ink may show through."""
    sheet = compose(spec)
    back = compose(following or spec) if spec.look == "bleed" else None
    image = looks.age(sheet, spec, spec.rng("age"), back)
    image, rotation, skew = looks.turn(image, spec, spec.rng("turn"))
    return Drawn(spec, image, "\n".join(sheet.text), rotation, skew)


def _hand(spec: PageSpec) -> Hand:
    if spec.look == "typewriter":
        return Hand(weight="bold", traditional=spec.traditional, jitter=1, lightest=125)
    if spec.layout == "vertical":
        weight = "bold" if spec.rng("hand").random() < 0.35 else "regular"
        return Hand(weight=weight, traditional=True, jitter=1, lightest=190)  # its face centres 、。
    modern = spec.fonds in {"J102", "P001"} and spec.kind in {"register", "photo"}
    return Hand(family="sans" if modern else "serif", traditional=spec.traditional)


def _seal(sheet: Sheet, spec: PageSpec) -> None:
    """Over the signature and date, as is the rule; on manuscripts over the last columns."""
    box = sheet.ink.getbbox() or (0, 0, sheet.width, sheet.height)
    rng = spec.rng("seal")
    nudge_x, nudge_y = (int(v) for v in rng.integers(-30, 31, 2))
    tilt = float(rng.integers(-12, 13))
    if spec.layout == "vertical":
        at = (box[0] + 90 + nudge_x, (box[1] + box[3]) // 2 + nudge_y)
        looks.press_seal(sheet, spec.stamp, at, 120, square=True, tilt=tilt / 4)
        return
    at = (box[2] - 210 + nudge_x, min(box[3] - 40, sheet.height - 170) + nudge_y)
    looks.press_seal(sheet, spec.stamp, at, 125, square=spec.traditional, tilt=tilt)
