"""Keys that all processes of an installation share."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

from holdings.catalogue import Catalogue


def test_a_key_is_made_once_whoever_comes_first(catalogue: Catalogue) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(
            pool.map(lambda _: catalogue.secrets.get("cursors", lambda: secrets.token_hex(8)), range(16))
        )
    assert len(found) == 1
    another = Catalogue(catalogue.database.url)
    assert {another.secrets.get("cursors", lambda: "made again")} == found
    assert another.secrets.get("another", lambda: "its own") == "its own"
    another.close()
