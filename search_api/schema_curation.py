"""The shapes of theme discovery, series and anniversaries."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from search_api.schema import DateOut, HitOut, Said, Shape

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Words = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]
RecordId = Annotated[str, Field(min_length=1, max_length=255)]
Verdict = Literal["accepted", "rejected", "later"]
Fineness = Literal["coarse", "medium", "fine"]


# ── themes ─────────────────────────────────────────────────────────────────────


class ThemesWanted(Shape):
    """The set: what a search counts, narrowed by any of these; nothing at all: every record on file level.

    since: came in on this day or later.  within: a fonds, series or volume (its id).
    """

    q: str = Field("", max_length=1000, description="检索词；空为全部")
    fonds: list[Line] = Field([], max_length=50)
    genre: list[Line] = Field([], max_length=50)
    within: str | None = Field(None, max_length=255)
    year_from: int | None = Field(None, ge=1, le=9999)
    year_to: int | None = Field(None, ge=1, le=9999)
    since: date | None = None
    fineness: Fineness = "medium"
    seed: int = Field(0, ge=0, le=2**31 - 1, description="同一集合、同一种子，同一结果")


class RunOut(Shape):
    """state: waiting, running, done, failed; void: a record of it was withdrawn since. share: 0–1."""

    id: str
    state: Literal["waiting", "running", "done", "failed", "void"]
    step: str = ""
    share: float = 0.0
    problem: str = ""
    wanted: ThemesWanted
    made_at: str


class RunsOut(Shape):
    runs: list[RunOut]


class Brief(Shape):
    """A record in one line."""

    id: str
    reference_code: str
    title: str
    date: DateOut
    genre: str = ""


class Seen(Brief):
    """thumbnail: of its first page with an image; null for none."""

    access_status: str
    thumbnail: str | None


class PlaceCount(Shape):
    name: str
    count: int


class ThemeOut(Shape):
    """words: what tells it from the others.  decades: decade → records.  core: nearest to its middle."""

    number: int
    words: list[str]
    size: int
    first: int | None
    last: int | None
    decades: dict[int, int]
    places: list[PlaceCount]
    core: list[Brief]


class RareOut(Shape):
    """alike: how many in the set are of its kind and decade.  pixels: the shortest long side of its scans."""

    record: Brief
    alike: int
    pixels: int


class ThemesOut(Shape):
    """total: records of the set; taken: of them those on the map (a sample beyond the limit); unplaced: without
    vectors yet; none: taken, but in no group.  by: what the set is where words were given."""

    run: RunOut
    total: int = 0
    taken: int = 0
    unplaced: int = 0
    none: int = 0
    by: Literal["words", "meaning", "all"] = "all"
    themes: list[ThemeOut] = Field([])
    rare: list[RareOut] = Field([])


class PointOut(Shape):
    """x, y: within −1 … 1.  theme: its number, −1 for none."""

    id: str
    x: float
    y: float
    theme: int
    title: str
    year: int | None
    places: list[str] = Field([])


class PlaceAt(Shape):
    """Where a place lies, roughly (WGS 84 degrees), with how many records of the set name it."""

    name: str
    latitude: float
    longitude: float
    count: int


class PointsOut(Shape):
    """drawn: how many of those taken are here."""

    drawn: int
    taken: int
    points: list[PointOut]
    places: list[PlaceAt]


# ── series ─────────────────────────────────────────────────────────────────────


class SeriesIn(Shape):
    """version: as the caller saw it, when changing."""

    name: Said = Field(max_length=120, examples=["红色系列"])
    about: Words = ""
    questions: list[Line] = Field([], max_length=20)
    excluded: list[Line] = Field([], max_length=50)
    version: int = Field(1, ge=1, le=2**31 - 1)


class SeriesOut(Shape):
    """counts: verdict → records."""

    id: int
    name: str
    about: str
    questions: list[str]
    excluded: list[str]
    version: int
    changed_by: str
    changed_at: str
    counts: dict[str, int]


class SeriesListOut(Shape):
    series: list[SeriesOut]


class ChoicesIn(Shape):
    """verdict null: what was decided is taken back.  seed: they are examples."""

    records: list[RecordId] = Field(min_length=1, max_length=500)
    verdict: Verdict | None
    seed: bool = False
    note: Words = ""


class ChoiceOut(Shape):
    record: Seen
    verdict: Verdict
    seed: bool
    note: str
    by: str
    at: str


class ChoicesOut(Shape):
    choices: list[ChoiceOut]


class FoundBy(Shape):
    question: str
    rank: int


class ReasonsOut(Shape):
    """found_by: questions that found it.  like: the accepted record it is nearest to.  words: of its words those
    that accepted records have rather than rejected ones.  that_year: it was made in the very year."""

    found_by: list[FoundBy] = Field([])
    like: Brief | None = None
    words: list[str] = Field([])
    that_year: bool = False
    series: list[str] = Field([], description="已收入的系列")


class ProposalOut(Shape):
    hit: HitOut
    reasons: ReasonsOut


class ProposalsOut(Shape):
    """learned_from: choices that taught; mode: "hybrid", or "words" while meaning is away."""

    proposals: list[ProposalOut]
    learned_from: int = 0
    mode: Literal["hybrid", "words"] = "hybrid"


# ── anniversaries, showings ────────────────────────────────────────────────────


class AnniversaryIn(Shape):
    name: Said = Field(max_length=120, examples=["国际档案日"])
    calendar: Literal["solar", "lunar"] = "solar"
    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    year: int | None = Field(None, ge=1, le=9999)
    scope: Literal["international", "national", "local"] = "local"
    questions: list[Line] = Field([], max_length=20)


class AnniversaryOut(AnniversaryIn):
    id: int


class ComingOut(Shape):
    """years: which anniversary; null: a feast."""

    on: date
    years: int | None
    round: bool
    anniversary: AnniversaryOut


class ComingListOut(Shape):
    coming: list[ComingOut]


class ShowingIn(Shape):
    records: list[RecordId] = Field(min_length=1, max_length=500)
    name: Said = Field(max_length=200, examples=["2019 年国际档案日展"])
    on: date


class ShowingOut(Shape):
    name: str
    on: date
    records: list[Brief]


class ShowingsOut(Shape):
    showings: list[ShowingOut]
