"""A photograph on its mount: a scene drawn from simple shapes, and a caption beneath."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from .horizontal import full_width
from .sheet import Hand, Setter, Sheet, wrap
from .source import PageSpec

PAPER = (1240, 1000)
PICTURE = (860, 560)
Draw = ImageDraw.ImageDraw
Random = np.random.Generator


def mount(spec: PageSpec, hand: Hand, rng: Random) -> Sheet:
    """The scene with a white border on grey card, corner mounts, and the caption as typed lines."""
    lines = [full_width(line) for line in spec.lines if line.strip()]
    size = 25 if sum(map(len, lines)) < 160 else 22
    face = hand.font(size)
    set_lines = [part for line in lines for part in wrap(line, face, PAPER[0] - 300)]
    height = max(PAPER[1], 190 + PICTURE[1] + round(len(set_lines) * size * 1.7))
    sheet = Sheet(PAPER[0], height)
    picture = scene("".join(spec.lines[:1]) or spec.reference_code, rng)
    sheet.picture = (_bordered(picture), (PAPER[0] - PICTURE[0]) // 2 - 16, 70)
    setter = Setter(sheet.ink, hand, rng)
    y = 70 + PICTURE[1] + 62
    for index, text in enumerate(set_lines):
        bold = index == 0
        x = (PAPER[0] - round(hand.font(size, bold=bold).getlength(text))) // 2 if bold else 170
        setter.line(x, y, text, size, bold=bold)
        y += round(size * 1.7)
    sheet.text = set_lines
    return sheet


def _bordered(picture: Image.Image) -> Image.Image:
    card = Image.new("RGB", (picture.width + 32, picture.height + 32), (246, 243, 234))
    card.paste(picture, (16, 16))
    draw = ImageDraw.Draw(card)
    width, height = card.size
    for x, y, dx, dy in ((0, 0, 1, 1), (width, 0, -1, 1), (0, height, 1, -1), (width, height, -1, -1)):
        draw.polygon([(x, y), (x + 54 * dx, y), (x, y + 54 * dy)], fill=(72, 66, 58))
    return card


def scene(caption: str, rng: Random) -> Image.Image:
    """Draw what the caption names (a bridge, a light, a temple, boats, people, houses) under sky and hills."""
    image = Image.new("L", PICTURE, 205)
    draw = ImageDraw.Draw(image)
    horizon = int(rng.integers(270, 330))
    _sky(draw, horizon)
    _hills(draw, rng, horizon)
    _sea(draw, rng, horizon)
    drawn = [part for words, part in _PARTS if any(word in caption for word in words)][:2] or [_boats]
    for part in drawn:
        part(draw, rng, horizon)
    image = image.filter(ImageFilter.BoxBlur(1))
    tones = np.asarray(image, np.float32)
    noise = rng.integers(-9, 10, tones.shape).astype(np.float32)
    tones = np.clip(tones + noise, 0, 255)[:, :, None] * np.asarray((1.0, 0.945, 0.83), np.float32)
    return Image.fromarray(tones.astype(np.uint8))


def _sky(draw: Draw, horizon: int) -> None:
    for y in range(horizon):
        draw.line((0, y, PICTURE[0], y), fill=170 + y * 60 // horizon)


def _hills(draw: Draw, rng: Random, horizon: int) -> None:
    for shade, tall in ((150, 130), (118, 80)):
        x, points = -20, [(-20, horizon)]
        while x < PICTURE[0] + 40:
            points.append((x, horizon - int(rng.integers(8, tall))))
            x += int(rng.integers(60, 150))
        draw.polygon([*points, (PICTURE[0] + 40, horizon)], fill=shade)


def _sea(draw: Draw, rng: Random, horizon: int) -> None:
    for y in range(horizon, PICTURE[1]):
        draw.line((0, y, PICTURE[0], y), fill=145 - (y - horizon) * 60 // (PICTURE[1] - horizon))
    for _ in range(160):
        x, y = int(rng.integers(0, PICTURE[0])), int(rng.integers(horizon + 4, PICTURE[1]))
        long = int(rng.integers(8, 50))
        draw.line((x, y, x + long, y), fill=int(rng.integers(120, 190)))


def _boats(draw: Draw, rng: Random, horizon: int) -> None:
    for index in range(int(rng.integers(4, 8))):
        x, y = int(rng.integers(40, PICTURE[0] - 120)), horizon + 20 + index * 32
        size = 30 + (y - horizon) // 3
        draw.polygon(
            [
                (x, y),
                (x + size * 2, y),
                (x + size * 2 - size // 3, y + size // 2),
                (x + size // 3, y + size // 2),
            ],
            fill=int(rng.integers(30, 60)),
        )
        mast = x + size
        draw.line((mast, y, mast, y - size * 2), fill=40, width=3)
        sail = [(mast + 4, y - size * 2), (mast + size, y - size // 3), (mast + 4, y - size // 3)]
        draw.polygon(sail, fill=int(rng.integers(90, 200)))


def _shore(draw: Draw, horizon: int) -> None:
    """Ground in front of the sea, for what does not float."""
    points = [(0, horizon + 30), (PICTURE[0] // 2, horizon + 14), (PICTURE[0], horizon + 34)]
    draw.polygon([*points, (PICTURE[0], PICTURE[1]), (0, PICTURE[1])], fill=138)


def _bridge(draw: Draw, _rng: Random, horizon: int) -> None:
    deck = horizon - 20
    draw.rectangle((0, deck, PICTURE[0], deck + 10), fill=55)
    for tower in (PICTURE[0] // 4, PICTURE[0] * 3 // 4):
        draw.polygon([(tower - 10, horizon + 60), (tower, 60), (tower + 10, horizon + 60)], fill=70)
        for reach in range(30, 220, 22):
            draw.line((tower, 70 + reach // 4, tower - reach, deck), fill=95)
            draw.line((tower, 70 + reach // 4, tower + reach, deck), fill=95)
    for pier in range(40, PICTURE[0], 105):
        draw.rectangle((pier, deck + 10, pier + 8, horizon + 30), fill=75)


def _lighthouse(draw: Draw, _rng: Random, horizon: int) -> None:
    x = PICTURE[0] * 2 // 3
    draw.polygon(
        [(x - 190, horizon + 50), (x - 60, horizon - 60), (x + 90, horizon - 50), (x + 210, horizon + 50)],
        fill=85,
    )
    draw.polygon([(x - 24, horizon - 55), (x - 16, 90), (x + 16, 90), (x + 24, horizon - 55)], fill=225)
    draw.rectangle((x - 20, 66, x + 20, 92), fill=45)
    draw.polygon([(x - 24, 66), (x, 40), (x + 24, 66)], fill=60)
    draw.rectangle((x - 22, 140, x + 22, 165), fill=60)


def _temple(draw: Draw, _rng: Random, horizon: int) -> None:
    _shore(draw, horizon)
    x, base = PICTURE[0] // 3, horizon + 60
    for tier in range(3):
        half, top = 150 - tier * 36, base - 70 - tier * 74
        draw.rectangle((x - half + 24, top, x + half - 24, top + 74), fill=165 - tier * 12)
        roof = [
            (x - half - 16, top + 8),
            (x - half + 26, top - 26),
            (x + half - 26, top - 26),
            (x + half + 16, top + 8),
        ]
        draw.polygon(roof, fill=48)
        for column in range(x - half + 40, x + half - 30, 44):
            draw.rectangle((column, top + 8, column + 7, top + 74), fill=75)


def _people(draw: Draw, rng: Random, horizon: int) -> None:
    if rng.random() < 0.6:
        _shore(draw, horizon)
    for row in range(2):
        count = int(rng.integers(7, 12))
        for index in range(count):
            x = 80 + index * (PICTURE[0] - 160) // count + int(rng.integers(-8, 9))
            y = PICTURE[1] - 150 + row * 62
            coat = int(rng.integers(40, 120))
            draw.rectangle((x - 17, y + 26, x + 17, y + 96), fill=coat)
            draw.ellipse((x - 13, y - 4, x + 13, y + 26), fill=int(rng.integers(165, 200)))
            draw.pieslice((x - 14, y - 8, x + 14, y + 22), 180, 360, fill=45)


def _houses(draw: Draw, rng: Random, horizon: int) -> None:
    _shore(draw, horizon)
    x = -10
    while x < PICTURE[0]:
        wide, tall = int(rng.integers(70, 130)), int(rng.integers(60, 120))
        base = horizon + 36
        draw.rectangle((x, base - tall, x + wide, base), fill=int(rng.integers(150, 205)))
        draw.polygon(
            [(x - 8, base - tall), (x + wide // 2, base - tall - 34), (x + wide + 8, base - tall)], fill=60
        )
        for window in range(x + 12, x + wide - 18, 30):
            draw.rectangle((window, base - tall + 20, window + 14, base - tall + 42), fill=70)
        x += wide + int(rng.integers(2, 14))


def _cranes(draw: Draw, rng: Random, horizon: int) -> None:
    for x in (150, 380, 610):
        top = horizon - int(rng.integers(130, 180))
        draw.line((x, horizon + 20, x, top), fill=45, width=9)
        draw.line((x + 46, horizon + 20, x + 46, top), fill=45, width=9)
        draw.line((x - 90, top, x + 130, top), fill=45, width=8)
        draw.line((x + 23, top - 46, x - 90, top), fill=60, width=3)
        draw.line((x + 23, top - 46, x + 130, top), fill=60, width=3)
    draw.rectangle((0, horizon + 16, PICTURE[0], horizon + 44), fill=95)


Part = Callable[[Draw, Random, int], None]
_PARTS: tuple[tuple[tuple[str, ...], Part], ...] = (
    (("大桥", "跨海"), _bridge),
    (("灯塔", "燈塔"), _lighthouse),
    (("寺", "宝塔", "观音", "普济", "法雨", "庙会"), _temple),
    (("吊", "港区", "船厂", "造船", "石化", "集装箱", "油库"), _cranes),
    (("船", "帆", "渔港", "码头", "舢板", "轮渡", "客轮"), _boats),
    (("街", "城", "屋", "市场", "夜排档", "镇", "学校", "机场"), _houses),
    (("合影", "一家", "民兵", "代表", "群众", "大会", "晒场", "妇女", "学生", "队员"), _people),
)
