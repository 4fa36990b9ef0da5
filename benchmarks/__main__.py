"""python -m benchmarks [NAME] [options]: measures speed and relevance, by hand; never a timed test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: Name → (module, what it measures, options of the default run; None: not part of it).
BENCHMARKS: dict[str, tuple[str, str, list[str] | None]] = {
    "relevance": ("relevance", "nDCG@10 and recall@100 on the judged sets", ["--set", "samples"]),
    "series": ("series", "precision of what a series proposes, before and after choosing", []),
    "labels": ("labels", "label drafts: how many fit, which sentences say what a record is about", []),
    "themes": ("themes", "the map and groups of themes: time, memory, agreement", None),
    "encoder": ("encoder", "passages a second, one question's time", []),
    "ingest": ("ingest", "records a second into the catalogue", []),
    "ocr": ("ocr", "character errors and pages a minute", None),
    "work": ("work", "the work shared out beside the pool: pages a minute, processor time", None),
    "engine": ("engine", "the embedded engine alone: times, recall, memory", ["--docs", "10000"]),
    "engines": ("engines", "the embedded engine and Elasticsearch in one run", None),
    "http": ("over_http", "one search over HTTP beside a bare Tantivy query", ["--docs", "10000"]),
    "withdrawal": ("withdrawal", "from the call to gone on every surface", None),
    "due": ("due", "the due list of the opening review: its counts", []),
    "exhibitions": ("exhibitions", "pages of published exhibitions, small and large", []),
    "audit": ("audit", "what the audit trail costs a search", ["--docs", "10000"]),
    "startup": ("startup", "time until serve answers", ["--docs", "10000"]),
}


def main() -> int:
    """Run one benchmark with its options, or the default set (a few minutes); the exit status says which failed."""
    name, options = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if name in BENCHMARKS:
        return _run(name, options)
    if name:
        print(f"{__doc__}\n")
        for known, (_, what, default) in BENCHMARKS.items():
            print(f"  {known:12}{what}{'' if default is None else '  (in the default run)'}")
        return 0 if name in ("-h", "--help") else 2
    runs = {known: default for known, (_, _, default) in BENCHMARKS.items() if default is not None}
    failed = [known for known, default in runs.items() if _run(known, default)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


def _run(name: str, options: list[str]) -> int:
    """In a process of its own, so that one benchmark's memory and threads are not another's."""
    print(f"── {name} {' '.join(options)}", flush=True)
    return subprocess.call([sys.executable, "-m", f"benchmarks.{BENCHMARKS[name][0]}", *options], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
