"""Image files as pixels: any Pillow mode, any file, one shape of array."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.errors import UnreadableImage
from models.sight_geometry import Array

if TYPE_CHECKING:
    from PIL.Image import Image


def load(image: Image | Path, largest_side: int) -> tuple[Array, float, tuple[int, int]]:
    """(pixels, scale, size): blue-green-red pixels of an image; times `scale` they are the stored ones.

    Raises UnreadableImage. Transparency becomes white paper; 16-bit and CMYK become 8-bit colour.
    """
    from PIL import Image as pillow

    if isinstance(image, Path):
        try:
            with pillow.open(image) as opened:
                return load(opened, largest_side)
        except UnreadableImage:
            raise
        except Exception as error:  # Pillow's decoders raise many kinds
            raise UnreadableImage(f"无法打开图像 cannot open {image.name}: {error}") from error
    width, height = image.size
    if min(width, height) < 8:
        raise UnreadableImage(f"图像过小 the image has {width} × {height} pixels: nothing to read")
    scale = max(1.0, max(width, height) / largest_side)
    flat = _flat(image)
    if scale > 1:
        flat = flat.resize((round(width / scale), round(height / scale)), pillow.Resampling.LANCZOS)
    return np.ascontiguousarray(np.asarray(flat)[:, :, ::-1]), scale, (width, height)


def _flat(image: Image) -> Image:
    """The image as 8-bit RGB on white paper."""
    from PIL import Image as pillow

    if image.mode.startswith("I") or image.mode == "F":
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        grey = (values - low) * (255 / max(high - low, 1e-6))
        return pillow.fromarray(grey.astype(np.uint8)).convert("RGB")
    if "A" in image.getbands() or "transparency" in image.info:
        paper = pillow.new("RGBA", image.size, "white")
        return pillow.alpha_composite(paper, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")
