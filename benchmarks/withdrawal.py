"""How long a withdrawal takes, from the call to gone on every surface, on the embedded engine.

    python benchmarks/withdrawal.py --docs 10000 100000 [--times 40]

`danghai serve` runs on a new folder of generated records (benchmarks.homes), deleted at the end. Each time: one
open record is found by its reference code, PUT /v1/records/{id}/access closes it, and when the call returns the
public is asked again for hits, the record, its page and the published openings. A trace is a failure, not a slow
time.
The call's own time is what is told: it returns only when every index has dropped the record.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.homes import home_of, served
from holdings.access import STAFF
from holdings.catalogue import Catalogue
from holdings.settings import Settings

CLOSE = {"access_status": "控制", "publicity": "不公开", "reason": "收回计时"}


def main() -> None:
    """Print p50 and p95 in milliseconds for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, nargs="+", default=[10_000])
    parser.add_argument("--times", type=int, default=40)
    given = parser.parse_args()
    print("| records | p50 ms | p95 ms | longest ms | traces |\n|---|---|---|---|---|")
    for docs in given.docs:
        with tempfile.TemporaryDirectory(prefix="danghai-withdrawal-") as folder:
            home = home_of(docs, Path(folder))
            times, traces = _timed(home, given.times)
        p95 = statistics.quantiles(times, n=20)[-1]
        print(
            f"| {docs:,} | {statistics.median(times):.0f} | {p95:.0f} | {max(times):.0f} | {traces} |",
            flush=True,
        )


def _timed(home: Path, times: int) -> tuple[list[float], int]:
    """Serve the home and measure. Returns as `_measure`."""
    key = _key(home)
    with served(home, _free_port()) as house, httpx.Client(base_url=house.address, timeout=60) as client:
        return _measure(client, key, times)


def _measure(client: httpx.Client, key: str, times: int) -> tuple[list[float], int]:
    """(milliseconds each, traces seen afterwards)."""
    staff = {"Authorization": f"Bearer {key}"}
    found: list[float] = []
    traces = 0
    for hit in _open_ones(client, times):
        record = f"/v1/records/{hit['id']}"
        began = time.perf_counter()
        client.put(f"{record}/access", json=CLOSE, headers=staff).raise_for_status()
        found.append(1e3 * (time.perf_counter() - began))
        traces += _seen(client, hit)
    return found, traces


def _open_ones(client: httpx.Client, count: int) -> list[dict[str, str]]:
    asked = {"q": "", "sort": "reference_code", "size": count}
    hits: list[dict[str, str]] = client.get("/v1/search", params=asked).raise_for_status().json()["hits"]
    return hits


def _seen(client: httpx.Client, hit: dict[str, str]) -> int:
    """On how many surfaces the public still meets it."""
    record = f"/v1/records/{hit['id']}"
    search = client.get("/v1/search", params={"q": hit["title"], "mode": "hybrid", "size": 100}).json()
    listed = any(one["id"] == hit["id"] for one in search["hits"])
    pages = [
        client.get(f"{record}{tail}").status_code != 404 for tail in ("", "/pages/1", "/citation", "/similar")
    ]
    suggested = (
        hit["title"] in client.get("/v1/suggest", params={"q": hit["title"][:60]}).json()["suggestions"]
    )
    return listed + sum(pages) + suggested + (hit["id"] in client.get("/v1/openings").text)


def _key(home: Path) -> str:
    catalogue = Catalogue(Settings(home=home).catalogue_url)
    catalogue.upgrade()
    key = catalogue.keys.add(STAFF, roles=["archivist"], name="benchmark")
    catalogue.close()
    return key


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
