"""Sight: geometry and notes as pure functions, and the real reader on sample pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.ocr import SamplePage, errors, main, sample_pages
from models import sight_geometry as geometry
from models.errors import UnreadableImage
from models.sight import PaddleReader
from models.sight_cleaning import ShowThrough, is_covered, show_through, wash
from models.sight_columns import find_notes
from models.sight_image import load
from models.sight_strips import Strips
from models.sight_turn import find_turn


@pytest.fixture(scope="module")
def reader() -> PaddleReader:
    made = PaddleReader()
    made.warm()
    return made


@pytest.fixture(scope="module")
def pages() -> list[SamplePage]:
    return [page for page in sample_pages() if page.path.suffix == ".jpg"]


def first(pages: list[SamplePage], layout: str, look: str) -> SamplePage:
    return next(page for page in pages if page.layout == layout and page.look == look)


def cer(text: str, page: SamplePage) -> float:
    wrong, length = errors(text, page.text)
    return wrong / length


@given(st.sampled_from([0, 90, 180, 270]), st.integers(1, 60), st.integers(1, 40), st.data())
@settings(max_examples=80, deadline=None)
def test_points_turn_as_the_image_does(rotation: int, width: int, height: int, data: st.DataObject) -> None:
    """A marked pixel lies where turn_points says after turn_image."""
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    image = np.zeros((height, width, 3), np.uint8)
    image[y, x] = 255
    turned = geometry.turn_image(image, rotation)
    new = geometry.turn_points(np.array([x + 0.5, y + 0.5]), rotation, (width, height))
    assert turned[int(new[1]), int(new[0])].all()
    back = geometry.turn_points(new, (360 - rotation) % 360, (turned.shape[1], turned.shape[0]))
    assert np.allclose(back, [x + 0.5, y + 0.5])


@given(st.floats(-8, 8), st.booleans())
@settings(max_examples=60, deadline=None)
def test_skew_is_found_and_levelled(angle: float, vertical: bool) -> None:
    box = (300.0, 200.0, 40.0, 900.0) if vertical else (200.0, 300.0, 900.0, 40.0)
    quad = geometry.quad_of(geometry.unlevel(box, angle)[np.array([2, 0, 3, 1])])
    assert geometry.skew([quad], vertical=vertical) == pytest.approx(angle, abs=0.05)
    assert geometry.level(quad, angle) == pytest.approx(box, abs=0.5)


def test_a_note_is_found_by_its_gutter() -> None:
    """A column 40 wide: four full characters, six small ones in two columns, three full ones."""
    ink = np.zeros((520, 40), bool)
    for row in (*range(0, 160, 40), *range(380, 500, 40)):
        ink[row + 2 : row + 36, 3:37] = True
    for row in range(200, 360, 27):
        ink[row : row + 20, 2:18] = True
        ink[row : row + 20, 22:38] = True
    (note,) = find_notes(ink)
    assert abs(note.top - 200) <= 1
    assert abs(note.bottom - 355) <= 1
    assert 18 <= note.gutter <= 22


def test_a_column_without_notes_has_none() -> None:
    ink = np.zeros((400, 40), bool)
    for row in range(0, 400, 40):
        ink[row + 2 : row + 36, 3:18] = True  # every character in two halves, as 川 or 非
        ink[row + 2 : row + 36, 22:37] = True
    assert find_notes(ink) == []


def test_washing_keeps_the_ink_and_clears_the_show_through() -> None:
    page = np.full((300, 400, 3), 230, np.uint8)
    page[50:60, 20:380] = 60
    page[150:160, 20:380:2] = 180
    washed = wash(page, ShowThrough(50, 170, ()))
    assert washed[55, 200].max() <= 65
    assert washed[155, 200].min() >= 225
    line = np.array([[10, 40], [390, 40], [390, 70], [10, 70]], np.float32)
    assert is_covered(washed, [line])
    assert not is_covered(washed, [line + 100])


def test_show_through_is_light_and_does_not_read() -> None:
    """Strips of ink and of lighter writing; whether the lighter reads tells this side's from the other's."""
    deep, light = (np.full((30, 300, 3), 230, np.uint8) for _ in range(2))
    deep[5:25, ::4], light[5:25, ::4] = 40, 170
    strips = [deep, light, deep, light, deep, light, deep, deep]
    tried: list[int] = []

    def weak(indices: Sequence[int]) -> list[tuple[str, float]]:
        tried.extend(indices)
        return [("", 0.4)] * len(indices)

    through = show_through(strips, weak)
    assert sorted(tried) == [1, 3, 5]
    assert through is not None
    assert (through.depth, through.ink, through.own) == (60, 190, (0, 2, 4, 6, 7))
    assert show_through(strips, lambda indices: [("字", 0.99)] * len(indices)) is None
    assert show_through([deep] * 8, weak) is None


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "CMYK", "I;16", "F"])
def test_every_mode_becomes_three_channels(mode: str) -> None:
    grey = Image.fromarray(np.tile(np.arange(0, 256, 4, dtype=np.uint8), (16, 1)))
    image = Image.fromarray(np.asarray(grey, np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    pixels, scale, size = load(image, 8000)
    assert pixels.shape == (16, 64, 3)
    assert pixels.dtype == np.uint8
    assert (scale, size) == (1.0, (64, 16))
    assert int(pixels[8, -1].max()) > int(pixels[8, 0].min()) + 100


def test_transparency_is_white_paper() -> None:
    pixels, _, _ = load(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), 8000)
    assert pixels.min() == 255


@pytest.mark.parametrize("content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_a_damaged_file_is_this_page_s_trouble(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=r"page\.png"):
        load(path, 8000)


def test_a_cut_off_file_is_this_page_s_trouble(tmp_path: Path, pages: list[SamplePage]) -> None:
    path = tmp_path / "page.jpg"
    path.write_bytes(pages[0].path.read_bytes()[:5000])
    with pytest.raises(UnreadableImage):
        load(path, 8000)


def test_an_empty_page_has_no_lines(reader: PaddleReader) -> None:
    assert reader.read(Image.new("L", (300, 400), 240)).lines == ()


def test_a_clean_page_is_read_in_order(
    reader: PaddleReader, pages: list[SamplePage], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And costs hardly more than its strips: each once, and a few beginnings to tell which way up it is."""
    runs: list[int] = []
    recognise = reader._recognise

    def counted(strips: Sequence[np.ndarray]) -> list[tuple[str, float]]:
        runs.append(len(strips))
        return recognise(strips)

    monkeypatch.setattr(reader, "_recognise", counted)
    page = first(pages, "horizontal", "clean")
    reading = reader.read(page.path)
    assert (reading.rotation, reading.vertical) == (0, False)
    assert cer(reading.text, page) < 0.03
    assert sum(runs) <= len(reading.lines) + 6
    width, height = Image.open(page.path).size
    for line in reading.lines:
        x, y, w, h = line.box
        assert x >= 0 <= y
        assert 0 < w <= width - x
        assert 0 < h <= height - y
        assert 0.3 <= line.confidence <= 1


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_turned_page_is_read_and_its_boxes_lie_on_the_stored_image(
    reader: PaddleReader, pages: list[SamplePage], turned: int
) -> None:
    page = first(pages, "horizontal", "typewriter")
    part = Image.open(page.path).crop((0, 0, 1092, 430))
    upright = reader.read(part)
    stored = part.rotate(turned, expand=True)  # to the left: `turned` to the right sets it straight
    reading = reader.read(stored)
    assert (reading.rotation, reading.vertical) == (turned, False)
    assert max(len(line.text) for line in reading.lines) > 15
    for line, there in zip(reading.lines, upright.lines, strict=True):
        assert errors(line.text, there.text)[0] <= 1
        x, y, w, h = there.box
        corners = np.array([[x, y], [x + w, y + h]], np.float32)
        moved = geometry.turn_points(corners, (360 - turned) % 360, part.size)
        want = geometry.bounding_box(moved, 1.0, stored.size)
        assert np.allclose(line.box, want, atol=25)  # half a character


def test_vertical_columns_are_read_from_the_right_however_the_page_lies(
    reader: PaddleReader, pages: list[SamplePage]
) -> None:
    page = first(pages, "vertical", "clean")
    reading = reader.read(page.path)
    assert (reading.rotation, reading.vertical) == (0, True)
    assert cer(reading.text, page) < 0.06
    pixels, _, size = load(page.path, 8000)
    quads = Strips(pixels, reader._detect(pixels), reader._recognise).quads
    for rotation in (90, 180, 270):
        lying = geometry.turn_image(pixels, rotation)
        strips = Strips(lying, geometry.turn_quads(quads, rotation, size), reader._recognise)
        assert find_turn(strips) == (360 - rotation, True)


def test_the_other_side_s_writing_is_left_out(reader: PaddleReader, pages: list[SamplePage]) -> None:
    page = first(pages, "vertical", "bleed")
    assert cer(reader.read(page.path).text, page) < 0.05


def test_two_readers_read_the_same(reader: PaddleReader, pages: list[SamplePage], tmp_path: Path) -> None:
    """The name says what readings depend on; a reader with a cache of its own agrees."""
    other = PaddleReader(tmp_path / "models", threads=1)
    assert other.name == reader.name
    image = Image.open(pages[0].path).crop((0, 0, 900, 300))
    assert [line.text for line in other.read(image).lines] == [line.text for line in reader.read(image).lines]


def test_the_benchmark_measures_ours_against_the_bare_loop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], long_run: bool
) -> None:
    """`benchmarks/ocr.py`: a short run holds it to the error rate, a long one to the speed too."""
    pages = 20 if long_run else 2
    assert main(["--pages", str(pages), "--ways", "ours", "bare", "--json", str(tmp_path / "t.json")]) == 0
    tallies = json.loads((tmp_path / "t.json").read_text("utf-8"))
    ours, bare = tallies["ours"]["all"], tallies["bare"]["all"]
    assert ours["pages"] == bare["pages"] == pages
    assert ours["errors"] < 0.03 * ours["characters"]
    assert ours["errors"] < bare["errors"]
    if long_run:
        assert bare["cpu"] >= 0.93 * ours["cpu"]
    assert "ours / bare" in capsys.readouterr().out
