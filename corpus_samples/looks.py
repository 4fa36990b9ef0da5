"""What time does to a page: paper, fading, stains, the other side showing through, a crooked scan.

Pixels are made with whole numbers, additions and multiplications only (no sums, no exp, no sin), so that
every processor gives the same bytes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from .sheet import Sheet, font
from .source import PageSpec

Floats = NDArray[np.float32]

#: Paper colours (red, green, blue) by age.
WHITE, CREAM, YELLOWED, BROWNED = (250, 249, 246), (243, 237, 222), (231, 217, 187), (219, 199, 160)
BLACK_INK, RED_INK, SEAL_RED = (38, 36, 40), (176, 42, 36), (200, 40, 44)
GREY_LOOKS = frozenset({"skewed", "typewriter"})


def clouds(rng: np.random.Generator, size: tuple[int, int], grain: int) -> Floats:
    """Smooth unevenness in 0–1 over (width, height): a small random picture made large."""
    width, height = size
    small = rng.integers(0, 256, (height // grain + 3, width // grain + 3), dtype=np.uint8)
    large = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(large, np.float32) / np.float32(255)


def age(sheet: Sheet, spec: PageSpec, rng: np.random.Generator, back: Sheet | None) -> Image.Image:
    """Lay the sheet's ink on paper as the look says. back: the sheet whose ink shows through."""
    size = (sheet.width, sheet.height)
    page = _paper(rng, size, _paper_colour(spec))
    if sheet.picture:
        picture, x, y = sheet.picture
        page[y : y + picture.height, x : x + picture.width] = np.asarray(picture, np.float32)
    if back is not None:
        ghost = back.ink.resize(size).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        ghost = ghost.filter(ImageFilter.BoxBlur(2))
        _lay(page, ghost, BLACK_INK, np.float32(0.16) + np.float32(0.14) * clouds(rng, size, 260))
    if spec.look == "stained":
        _stain(page, rng, size)
    _lay(page, sheet.red, RED_INK, np.float32(0.85))
    _lay(page, sheet.ink, _ink_colour(spec), _darkness(spec, rng, size))
    _lay(page, sheet.seal, SEAL_RED, np.float32(0.45) + np.float32(0.4) * clouds(rng, size, 14))
    _edges(page, size)
    image = Image.fromarray(np.clip(page, 0, 255).astype(np.uint8))
    grey = spec.look in GREY_LOOKS and not sheet.picture and not sheet.red.getbbox()
    return image.convert("L") if grey else image


def _paper_colour(spec: PageSpec) -> tuple[int, int, int]:
    if spec.look in {"faded", "stained"}:
        return BROWNED if spec.traditional else YELLOWED
    if spec.look == "bleed" or spec.traditional:
        return YELLOWED if spec.traditional else CREAM
    return WHITE if spec.fonds in {"J102", "P001"} else CREAM


def _ink_colour(spec: PageSpec) -> tuple[int, int, int]:
    return (92, 74, 92) if spec.look == "faded" else BLACK_INK


def _darkness(spec: PageSpec, rng: np.random.Generator, size: tuple[int, int]) -> Floats | np.float32:
    if spec.look == "faded":
        return np.float32(0.34) + np.float32(0.30) * clouds(rng, size, 170)
    if spec.look == "typewriter":
        return np.float32(0.72) + np.float32(0.26) * clouds(rng, size, 40)
    return np.float32(0.92)


def _paper(rng: np.random.Generator, size: tuple[int, int], colour: tuple[int, int, int]) -> Floats:
    width, height = size
    shade = (
        np.float32(1) - np.float32(0.035) * clouds(rng, size, 420) - np.float32(0.012) * clouds(rng, size, 30)
    )
    page = shade[:, :, None] * np.asarray(colour, np.float32)
    for _ in range(int(rng.integers(20, 60))):  # specks
        x, y, dark = int(rng.integers(2, width - 3)), int(rng.integers(2, height - 3)), rng.random()
        page[y : y + 2, x : x + 2] *= np.float32(0.55 + 0.4 * dark)
    return page


def _lay(
    page: Floats, layer: Image.Image, colour: tuple[int, int, int], strength: Floats | np.float32
) -> None:
    """Mix a colour into the page where the layer has ink. Works only inside the layer's own box."""
    box = layer.getbbox()
    if box is None:
        return
    left, top, right, bottom = box
    part = page[top:bottom, left:right]
    cover = np.asarray(layer.crop(box), np.float32) / np.float32(255)
    cover = cover * (strength[top:bottom, left:right] if isinstance(strength, np.ndarray) else strength)
    for channel in range(3):
        part[:, :, channel] += cover * (np.float32(colour[channel]) - part[:, :, channel])


def _stain(page: Floats, rng: np.random.Generator, size: tuple[int, int]) -> None:
    """A few water stains: a pale brown inside, a darker rim, with an uneven edge."""
    width, height = size
    for _ in range(int(rng.integers(2, 5))):
        radius = int(rng.integers(width // 9, width // 4))
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        mask = Image.new("L", size, 0)
        draw = ImageDraw.Draw(mask)
        for _ in range(7):
            dx, dy = (int(v) for v in rng.integers(-radius // 2, radius // 2 + 1, 2))
            own = int(rng.integers(radius // 2, radius))
            draw.ellipse((x + dx - own, y + dy - own, x + dx + own, y + dy + own), fill=255)
        inner = mask.filter(ImageFilter.BoxBlur(4))
        rim = Image.fromarray(
            np.asarray(inner)
            - np.minimum(np.asarray(inner), np.asarray(mask.filter(ImageFilter.BoxBlur(14))))
        )
        _lay(page, inner, (176, 138, 84), np.float32(0.14) + np.float32(0.12) * clouds(rng, size, 90))
        _lay(page, rim, (120, 84, 40), np.float32(0.5))


def _edges(page: Floats, size: tuple[int, int]) -> None:
    """The scanner's light falls off towards the edges."""
    width, height = size
    across = np.minimum(np.arange(width), np.arange(width)[::-1]).astype(np.float32)
    down = np.minimum(np.arange(height), np.arange(height)[::-1]).astype(np.float32)
    for line, axis in ((across, 1), (down, 0)):
        shade = np.float32(0.90) + np.float32(0.10) * np.minimum(line / np.float32(36), np.float32(1))
        page *= shade[None, :, None] if axis == 1 else shade[:, None, None]


def turn(image: Image.Image, spec: PageSpec, rng: np.random.Generator) -> tuple[Image.Image, int, float]:
    """Skew or rotate the scan. Returns it with the clockwise degrees that make it upright, and the skew."""
    if spec.look == "skewed":
        angle = round(float(rng.choice([-1.0, 1.0])) * (1.0 + 3.0 * float(rng.random())), 2)
        fill: Any = 205 if image.mode == "L" else (205, 203, 198)
        return image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=fill), 0, angle
    if spec.look == "rotated":
        upright = int(rng.choice([90, 180, 270]))
        steps = {
            90: Image.Transpose.ROTATE_90,
            180: Image.Transpose.ROTATE_180,
            270: Image.Transpose.ROTATE_270,
        }
        return image.transpose(steps[upright]), upright, 0.0
    return image, 0, 0.0


def press_seal(
    sheet: Sheet, organ: str, at: tuple[int, int], radius: int, *, square: bool, tilt: float
) -> None:
    """Press an organ's seal: round with a star and the name on an arc, or the older square one."""
    side = 2 * radius + 12
    seal = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(seal)
    if square:
        _square_seal(draw, organ, radius, side)
    else:
        _round_seal(seal, draw, organ, radius, side)
    seal = seal.rotate(tilt, Image.Resampling.BICUBIC)
    sheet.seal.paste(seal, (at[0] - side // 2, at[1] - side // 2), seal)


def _round_seal(seal: Image.Image, draw: ImageDraw.ImageDraw, organ: str, radius: int, side: int) -> None:
    centre = side // 2
    draw.ellipse((5, 5, side - 6, side - 6), outline=255, width=max(4, radius // 18))
    points = []
    for tip in range(10):
        reach = radius * (0.34 if tip % 2 == 0 else 0.135)
        turned = math.radians(-90 + 36 * tip)
        points.append((round(centre + reach * math.cos(turned)), round(centre + reach * math.sin(turned))))
    draw.polygon(points, fill=255)
    size = min(round(radius * 0.36), round(radius * 3.3 / max(len(organ), 6)))
    face = font(size, weight="bold")
    spread = min(270.0, 24.0 * len(organ))
    for index, sign in enumerate(organ):
        degrees = -spread / 2 + spread * index / max(1, len(organ) - 1)
        tile = Image.new("L", (size * 2, size * 2), 0)
        ImageDraw.Draw(tile).text((size, size), sign, font=face, fill=255, anchor="mm")
        tile = tile.rotate(-degrees, Image.Resampling.BICUBIC)
        reach = radius * 0.93 - size * 0.62
        x = round(centre + reach * math.sin(math.radians(degrees))) - size
        y = round(centre - reach * math.cos(math.radians(degrees))) - size
        seal.paste(tile, (x, y), tile)


def _square_seal(draw: ImageDraw.ImageDraw, organ: str, radius: int, side: int) -> None:
    """Columns from right to left inside a heavy frame."""
    draw.rectangle((5, 5, side - 6, side - 6), outline=255, width=max(6, radius // 12))
    text = organ if organ.endswith("印") else organ + ("之印" if len(organ) % 2 == 0 else "印")
    columns = 2 if len(text) <= 8 else 3
    rows = -(-len(text) // columns)
    inner = side - 2 * max(14, radius // 6)
    size = min(inner // columns, inner // rows)
    face = font(round(size * 0.92), weight="bold", traditional=True)
    for index, sign in enumerate(text):
        x = side - (side - inner) // 2 - (index // rows) * (inner // columns) - inner // columns // 2
        y = (side - inner) // 2 + (index % rows) * (inner // rows) + inner // rows // 2
        draw.text((x, y), sign, font=face, fill=255, anchor="mm")
