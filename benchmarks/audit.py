"""What the audit trail costs a search: two servers on the same records, with and without, asked turn by turn.

    python -m benchmarks audit [--docs 10000] [--questions 400]

Every request is on record (DANGHAI_AUDIT_PUBLIC), as those of staff always are. The server without is the same
application less its outermost middleware. The kinds take turns on every question, so that a busy machine hits
both alike; what counts is the difference of the medians, and the median of the differences.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from benchmarks.homes import DATA, ROOT, home_of
from benchmarks.over_http import HYBRID, KINDS, WARM_UP, Client, queries

PORT = 19_530


def serve(home: Path, port: int, *, audited: bool) -> None:
    import uvicorn

    from holdings.settings import Settings
    from search_api.app import create_app
    from search_api.audited import Audited

    app = create_app(Settings(home=home, audit_public=True))
    if not audited:
        app.user_middleware = [given for given in app.user_middleware if given.cls is not Audited]
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)


def _ready(address: str) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{address}/readyz", timeout=5).json()["legs"]["meaning"]:
                return
        except (httpx.HTTPError, KeyError, ValueError):
            pass
        time.sleep(0.1)
    raise TimeoutError(address)


def measure(home: Path, count: int, port: int) -> dict[str, list[float]]:
    """ "with" and "without" → milliseconds, question by question."""
    command = [sys.executable, "-m", "benchmarks.audit", "--home", str(home)]
    servers = {
        name: subprocess.Popen([*command, "--serve", name, "--port", str(port + n)], cwd=ROOT)
        for n, name in enumerate(("with", "without"))
    }
    try:
        clients = {}
        for n, name in enumerate(servers):
            _ready(f"http://127.0.0.1:{port + n}")
            clients[name] = Client(f"http://127.0.0.1:{port + n}")
        spent: dict[str, list[float]] = {name: [] for name in servers}
        kind = KINDS[HYBRID]
        for n, query in enumerate(queries(count + WARM_UP)):
            for name in sorted(servers, reverse=bool(n % 2)):
                taken = clients[name].ask(query.path(kind))
                if n >= WARM_UP:
                    spent[name].append(taken)
        return spent
    finally:
        for server in servers.values():
            server.terminate()
        for server in servers.values():
            server.wait(60)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, default=10_000)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--serve", choices=("with", "without"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.serve:
        serve(given.home, given.port, audited=given.serve == "with")
        return
    spent = measure(home_of(given.docs, given.data), given.questions, given.port)
    p50 = {name: statistics.median(times) for name, times in spent.items()}
    each = statistics.median(a - b for a, b in zip(spent["with"], spent["without"], strict=True))
    print(f"{HYBRID}, {given.docs:,} records, {given.questions} questions, p50 ms:")
    print(f"  with {p50['with']:.2f}, without {p50['without']:.2f}, ratio {p50['with'] / p50['without']:.3f}")
    print(f"  median of the differences, question by question: {each:+.2f} ms")


if __name__ == "__main__":
    main()
