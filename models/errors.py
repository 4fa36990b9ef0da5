"""What the models room raises on purpose; the rooms that use it map these at their edge.

ModelsError
├── ModelFilesMissing   files are absent or do not match the manifest: says which, and the command
└── UnreadableImage     this one image cannot be read; the reader itself is well
"""

from __future__ import annotations


class ModelsError(Exception):
    """Base of the tree. `str(error)` is for people and says what to do next."""


class ModelFilesMissing(ModelsError):
    """A model's files are not here, or are not the bytes that the manifest names."""


class UnreadableImage(ModelsError):
    """One image that cannot be read: damaged, empty, or too large. Costs that page only."""
