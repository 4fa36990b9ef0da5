"""How well and how fast pages are read: `python -m benchmarks.ocr [--pages N] [--seed S] [--json FILE]`.

Character error rate (CER: edit distance over the length of the true text, both NFKC and without blanks)
on the sample pages, whose true text is known, of three ways with the same two weights:

    ours        models.sight.PaddleReader, boxes in our reading order
    paddleocr   PaddleOCR(...) as it comes (its default parameters and order)
    rapidocr    RapidOCR() as it comes

and pages a minute for one core of ours, against the bare predictors: detection, cropping and recognition by
paddlex in a plain loop, one process, one thread, the same weights and parameters, nothing else. Every page is
read by both one after the other, in turn first, so that a busy machine hurts both alike; processor time is
given too. `--pool` reads the pages by indexer.pool.OcrPool on all cores instead, and tells what a worker takes.
A whole run takes about 20 minutes on 2 cores; `--pages` takes a seeded sample of the pages.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent.parent / "corpus_samples"
NOT_SCANS = ("born-pdf", "ofd")

Read = Callable[[Any], str]


@dataclass(frozen=True)
class SamplePage:
    """A scanned sample page: where it is, what it is, and its true text."""

    path: Path
    frame: int
    layout: str
    look: str
    text: str


@dataclass
class Tally:
    """Sums over pages. seconds: wall time; cpu: processor time."""

    pages: int = 0
    errors: int = 0
    characters: int = 0
    seconds: float = 0.0
    cpu: float = 0.0

    @property
    def cer(self) -> float:
        return self.errors / max(1, self.characters)

    @property
    def pages_a_minute(self) -> float:
        return 60 * self.pages / self.seconds if self.seconds else 0.0


def plain(text: str) -> str:
    """What is compared: NFKC, without blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def errors(read: str, true: str) -> tuple[int, int]:
    """(edit distance, length of the true text)."""
    from rapidfuzz.distance import Levenshtein

    want = plain(true)
    return Levenshtein.distance(plain(read), want), len(want)


def sample_pages(root: Path = SAMPLES) -> list[SamplePage]:
    """All scanned pages of the sample holdings, in order."""
    pages = []
    for line in (root / "truth.jsonl").read_text("utf-8").splitlines():
        truth = json.loads(line)
        if truth["file"] in NOT_SCANS:
            continue
        code, number = truth["reference_code"], truth["page"]
        fonds = root / "holdings" / code.split("-")[0]
        image = fonds / code / f"{number:04d}.jpg"
        whole = [path for path in (fonds / f"{code}.tif", fonds / f"{code}.pdf") if path.exists()]
        path, frame = (image, 0) if image.exists() else (whole[0], number - 1)
        pages.append(SamplePage(path, frame, truth["layout"], truth["look"], truth["text"]))
    return pages


def pick(pages: Sequence[SamplePage], count: int, seed: int) -> list[SamplePage]:
    """A seeded sample of pages that keeps both layouts; all of them when `count` is 0."""
    if not count or count >= len(pages):
        return list(pages)
    shuffled = list(pages)
    random.Random(seed).shuffle(shuffled)
    vertical = [page for page in shuffled if page.layout == "vertical"][: max(1, count // 4)]
    others = [page for page in shuffled if page.layout != "vertical"]
    return vertical + others[: count - len(vertical)]


def our_reader() -> Read:
    from models.sight import PaddleReader

    reader = PaddleReader(threads=1)
    reader.warm()
    return lambda image: reader.read(image).text


def bare_predictors() -> Read:
    """Detection, cropping, recognition in a plain loop, with our weights and parameters; nothing else."""
    from paddlex import create_predictor
    from paddlex.inference.pipelines.components import CropByPolys, SortQuadBoxes

    from models.sight import SightParameters
    from models.sight_files import DETECTOR, RECOGNISER, prepare

    chosen, files = SightParameters(), prepare(_cache())
    engine = {
        "engine": "onnxruntime",
        "engine_config": {"intra_op_num_threads": 1, "inter_op_num_threads": 1},
    }
    detector = create_predictor(
        model_name=DETECTOR,
        model_dir=str(files.detector),
        device="cpu",
        limit_side_len=chosen.detect_side,
        limit_type="max",
        thresh=chosen.ink,
        box_thresh=chosen.box,
        unclip_ratio=chosen.grow,
        **engine,
    )
    recogniser = create_predictor(
        model_name=RECOGNISER, model_dir=str(files.recogniser), device="cpu", batch_size=1, **engine
    )
    sort, crop = SortQuadBoxes(), CropByPolys()

    def read(image: Any) -> str:
        pixels = _pixels(image)
        (found,) = detector.predict(pixels)
        if not len(found["dt_polys"]):
            return ""
        strips = crop(pixels, sort(found["dt_polys"]))
        return "\n".join(result["rec_text"] for result in recogniser.predict(strips))

    return read


def paddleocr_default() -> Read:
    """PaddleOCR as it comes; its page-orientation and unwarping models cannot be had offline."""
    from paddleocr import PaddleOCR

    from models.sight_files import DETECTOR, RECOGNISER, prepare

    files = prepare(_cache())
    pipeline = PaddleOCR(
        text_detection_model_name=DETECTOR,
        text_detection_model_dir=str(files.detector),
        text_recognition_model_name=RECOGNISER,
        text_recognition_model_dir=str(files.recogniser),
        use_doc_orientation_classify=False,
        use_doc_unwarping=False,
        use_textline_orientation=False,
        engine="onnxruntime",
        engine_config={"intra_op_num_threads": 1, "inter_op_num_threads": 1},
        device="cpu",
    )
    return lambda image: "\n".join(pipeline.predict(_pixels(image))[0]["rec_texts"])


def rapidocr_default() -> Read:
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={"EngineConfig.onnxruntime.intra_op_num_threads": 1, "Global.log_level": "error"}
    )
    return lambda image: "\n".join(engine(_pixels(image)).txts or ())


def _cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("danghai") / "sight"


def _pixels(image: Any) -> Any:
    import numpy as np

    return np.ascontiguousarray(np.asarray(image.convert("RGB"))[:, :, ::-1])


def measure(pages: Iterable[SamplePage], ways: dict[str, Read]) -> dict[str, dict[str, Tally]]:
    """way → kind of page ("all", "vertical", "horizontal faded", …) → tally."""
    from indexer.pool import open_frame

    tallies: dict[str, dict[str, Tally]] = {way: defaultdict(Tally) for way in ways}
    for number, page in enumerate(pages):
        image = open_frame(page.path, page.frame)
        names = list(ways)
        turn = number % len(names)
        for way in names[turn:] + names[:turn]:
            wall, cpu = time.perf_counter(), time.process_time()
            text = ways[way](image)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            wrong, length = errors(text, page.text)
            for kind in ("all", page.layout, f"{page.layout} {page.look}"):
                tally = tallies[way][kind]
                tally.pages, tally.errors = tally.pages + 1, tally.errors + wrong
                tally.characters += length
                tally.seconds, tally.cpu = tally.seconds + wall, tally.cpu + cpu
        print(f"\r{number + 1} pages", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return tallies


def report(tallies: dict[str, dict[str, Tally]]) -> str:
    """Tables as Markdown."""
    ways = list(tallies)
    lines = ["| pages | n | " + " | ".join(f"CER {way}" for way in ways) + " |"]
    lines.append("|---" * (len(ways) + 2) + "|")
    for kind in sorted(tallies[ways[0]], key=lambda k: (k != "all", k)):
        cells = [f"{tallies[way][kind].cer:.4f}" for way in ways]
        lines.append(f"| {kind} | {tallies[ways[0]][kind].pages} | " + " | ".join(cells) + " |")
    lines += ["", "| way | pages a minute, one core | processor s a page |", "|---|---|---|"]
    for way in ways:
        tally = tallies[way]["all"]
        lines.append(f"| {way} | {tally.pages_a_minute:.1f} | {tally.cpu / max(1, tally.pages):.2f} |")
    if {"ours", "bare"} <= set(ways):
        ours, bare = tallies["ours"]["all"], tallies["bare"]["all"]
        wall, cpu = ours.pages_a_minute / bare.pages_a_minute, bare.cpu / ours.cpu
        lines += ["", f"ours / bare: {wall:.3f} by wall time, {cpu:.3f} by processor time"]
    return "\n".join(lines)


def measure_pool(pages: Sequence[SamplePage]) -> str:
    """Pages a minute by the pool on all cores, its workers warm, with a worker's memory and processor time."""
    from indexer.pool import Job, OcrPool

    def taken(pids: Iterable[int]) -> float:
        fields = (Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split() for pid in pids)
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")

    with OcrPool(niceness=0) as pool:
        cores = os.cpu_count() or 1
        warm = [Job(number, pages[0].path, pages[0].frame) for number in range(2 * cores)]
        assert all(done.error is None for done in pool.read_all(warm))
        wall, cpu = time.perf_counter(), taken(pool.pids)
        jobs = (Job(number, page.path, page.frame) for number, page in enumerate(pages))
        assert all(done.error is None for done in pool.read_all(jobs))
        wall, cpu = time.perf_counter() - wall, taken(pool.pids) - cpu
        memory = [_anonymous(pid) for pid in pool.pids]
    return (
        f"pool of {len(memory)}: {60 * len(pages) / wall:.1f} pages a minute, {cpu / len(pages):.2f} processor s "
        f"a page (opening the file included), RssAnon of a worker at most {max(memory)} MiB"
    )


def _anonymous(pid: int) -> int:
    """A process's anonymous memory in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) // 1024
    return 0


WAYS: dict[str, Callable[[], Read]] = {
    "ours": our_reader,
    "bare": bare_predictors,
    "paddleocr": paddleocr_default,
    "rapidocr": rapidocr_default,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=0, help="so many pages, chosen by the seed; 0: all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--ways", nargs="*", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--pool", action="store_true", help="measure the pool of worker processes instead")
    parser.add_argument("--json", type=Path, help="write the tallies there too")
    options = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
    pages = pick(sample_pages(), options.pages, options.seed)
    if options.pool:
        print(measure_pool(pages))
        return 0
    ways = {way: WAYS[way]() for way in options.ways}
    import cv2

    cv2.setNumThreads(1)
    for read in ways.values():  # warm
        from PIL import Image

        read(Image.new("RGB", (320, 320), "white"))
    tallies = measure(pages, ways)
    print(report(tallies))
    if options.json:
        rows = {way: {kind: asdict(t) for kind, t in kinds.items()} for way, kinds in tallies.items()}
        options.json.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
