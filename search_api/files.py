"""Answering with a stored file."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.responses import FileResponse

#: Browsers ask again each time: a record closed now must not be shown from a cache.
PRIVATE = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}


class StoredFile(FileResponse):
    """A file that its content names, in ranges where asked.

    No Last-Modified: when a file was stored or drawn tells of others who held it or asked for it before.
    """

    def __init__(self, path: Path, name: str, *, media_type: str, filename: str | None = None) -> None:
        """name: of this very content, for the ETag."""
        headers = PRIVATE | {"ETag": f'"{name}"'}
        super().__init__(path, headers=headers, media_type=media_type, filename=filename)

    def set_stat_headers(self, stat_result: os.stat_result) -> None:
        super().set_stat_headers(stat_result)
        del self.headers["last-modified"]

    def _should_use_range(self, http_if_range: str) -> bool:
        return http_if_range == self.headers["etag"]
