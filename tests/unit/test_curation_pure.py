"""The pure parts of curation: naming, sampling, learning, proposing, the calendar, what is rare."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.almanac import Remembered, coming, exists
from curation.grouping import arrange
from curation.learning import telling, unit
from curation.naming import distinguishing
from curation.proposing import Candidate, lesson, propose
from curation.rarity import Kept, rare
from curation.sampling import Sample, sampled
from curation.themes import Point, discover
from curation.words import words_of
from models.words import JiebaSegmenter

DIMENSION = 24
ROOT = Path(__file__).parents[2]


def silent(step: str, share: float) -> None:
    assert step
    assert 0 <= share <= 1


def about(subject: int, seed: int, spread: float = 0.25) -> np.ndarray:
    """A unit vector near to its subject's."""
    middle = np.random.default_rng(1000 + subject).standard_normal(DIMENSION)
    noise = np.random.default_rng(seed).standard_normal(DIMENSION)
    return unit(middle / np.linalg.norm(middle) + spread * noise / np.linalg.norm(noise))


def test_the_api_starts_without_what_groups() -> None:
    code = (
        "import sys, search_api.app; print([m for m in ('sklearn', 'scipy', 'plotly') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ── naming ─────────────────────────────────────────────────────────────────────


def test_a_group_is_named_by_what_the_others_lack() -> None:
    words = [["渔民", "灯塔"], ["渔民", "灯塔", "煤油"], ["渔民", "台风"], ["渔民", "台风", "救济"], ["渔民"]]
    named = distinguishing(words, [0, 0, 1, 1, -1])
    assert named[0][0] == "灯塔"
    assert named[1][0] == "台风"
    assert set(named) == {0, 1}
    assert "台风" not in named[0]


def test_a_word_of_one_record_does_not_name_a_group_and_parts_are_not_said_twice() -> None:
    words = [["灯塔", "花鸟山灯塔", "独有"], *[["灯塔", "花鸟山灯塔"]] * 4, *[["台风"]] * 5]
    named = distinguishing(words, [0] * 5 + [1] * 5)
    assert "独有" not in named[0]
    assert len(named[0]) == 1
    assert named[0][0] in ("灯塔", "花鸟山灯塔")


def test_words_are_simplified_and_say_something() -> None:
    words = words_of(JiebaSegmenter(), "關於花鳥山燈塔修建的通知，一九三二年三月，共12件")
    assert "灯塔" in words
    assert not {"关于", "通知", "的", "一九三二年", "12", "三月"} & set(words)


# ── sampling ───────────────────────────────────────────────────────────────────


@given(
    ids=st.sets(st.text(min_size=1, max_size=6), max_size=60),
    most=st.integers(0, 20),
    seed=st.integers(0, 99),
)
def test_a_sample_does_not_depend_on_order_or_parts(ids: set[str], most: int, seed: int) -> None:
    forward, backward = Sample(most, seed), Sample(most, seed)
    forward.take(sorted(ids))
    for one in sorted(ids, reverse=True):
        backward.take([one])
    assert forward.ids() == backward.ids() == sampled(sorted(ids), most, seed)
    assert len(forward.ids()) == min(most, len(ids))
    assert forward.seen == len(ids)


def test_another_seed_is_another_sample() -> None:
    ids = [f"a:{n}" for n in range(2_000)]
    assert sampled(ids, 100, 1) != sampled(ids, 100, 2)


# ── the map and its groups ─────────────────────────────────────────────────────


def test_subjects_lie_apart_and_the_same_seed_gives_the_same() -> None:
    subjects = [n % 4 for n in range(80)]
    vectors = np.stack([about(subject, n) for n, subject in enumerate(subjects)])
    found, again = (arrange(vectors, seed=7, tell=silent) for _ in range(2))
    assert np.array_equal(found.places, again.places)
    assert np.array_equal(found.groups, again.groups)
    assert np.abs(found.places).max() <= 1
    for group in range(found.groups.max() + 1):
        held = {subjects[n] for n in np.flatnonzero(found.groups == group)}
        assert len(held) == 1, "a group is of one subject"
    sizes = np.bincount(found.groups[found.groups >= 0])
    assert list(sizes) == sorted(sizes, reverse=True)
    assert (found.groups >= 0).mean() > 0.8


def test_few_records_or_equal_ones_are_one_group() -> None:
    for count in (0, 1, 5, 30):
        found = arrange(np.tile(about(1, 1), (count, 1)), tell=silent)
        assert found.places.shape == (count, 2)
        assert np.isfinite(found.places).all()
        assert len(found.groups) == count


def test_themes_tell_size_years_places_and_core() -> None:
    said = [
        ("灯塔守塔人煤油", "花鸟山", 1932),
        ("台风海塘抢修", "定海", 1956),
        ("渔船登记执照", "沈家门", 1935),
    ]
    points = [
        Point(
            f"a:{n:02}",
            said[n % 3][0],
            (said[n % 3][2], said[n % 3][2]),
            (said[n % 3][1],),
            scanned(n % 3 == 0),
        )
        for n in range(60)
    ]
    vectors = np.stack([about(n % 3, n) for n in range(60)])
    found = discover(points, vectors, JiebaSegmenter(), tell=silent)
    assert found.ids == [p.id for p in points]
    assert sum(theme.size for theme in found.themes) + found.groups.count(-1) == 60
    for number, theme in enumerate(found.themes):
        assert theme.size == found.groups.count(number)
        (place, count), *_ = theme.places
        assert {"灯塔": "花鸟山", "台风": "定海", "渔船": "沈家门"}[
            next(w for w in theme.words if w in ("灯塔", "台风", "渔船"))
        ] == place
        assert count == theme.size
        assert set(theme.core) <= {i for i, g in zip(found.ids, found.groups, strict=True) if g == number}
        assert theme.first == theme.last
        assert theme.decades == {theme.first // 10 * 10: theme.size}
    assert {one.id for one in found.rare} <= {p.id for p in points if p.kept.scans}


# ── rare ───────────────────────────────────────────────────────────────────────


def scanned(yes: bool = True, **changes: object) -> Kept:
    return Kept(
        **{"genre": "照片", "decade": "1930", "scans": int(yes), "pixels": 2400, "unread": 0, "shown": 0}
        | changes
    )  # type: ignore[arg-type]


def test_rare_is_scanned_well_never_shown_and_few_of_its_kind() -> None:
    kept = [
        *(scanned() for _ in range(6)),
        scanned(genre="捐簿", decade="1890"),  # 6: the one
        scanned(genre="捐簿", decade="1890", shown=1),
        scanned(False, genre="地图"),
        scanned(genre="地图", pixels=400),
    ]
    vectors = np.stack([*(about(1, n, 0.1) for n in range(6)), *(about(9 + n, n) for n in range(4))])
    found = rare(kept, vectors, 20)
    assert found[0].place == 6
    assert found[0].alike == 2
    assert {r.place for r in found} == set(range(7))
    assert rare(kept[:1], vectors[:1], 5)[0].place == 0


# ── learning and proposing ─────────────────────────────────────────────────────


def candidate(id_: str, subject: int, seed: int, *words: str, **found: int) -> Candidate:
    return Candidate(id_, frozenset(words), about(subject, seed), found)


def test_before_any_choice_the_searches_decide() -> None:
    some = [
        candidate("b", 1, 1, q=2),
        candidate("a", 1, 2, q=1),
        candidate("c", 1, 3, q=3, r=1),
        candidate("d", 1, 4),
    ]
    order = [p.id for p in propose(some, lesson(None, [], []), [])]
    assert order == ["c", "a", "b", "d"]


def test_what_was_rejected_sinks_its_like_and_what_was_accepted_lifts_its_own() -> None:
    """Two subjects, found alike by the question: after a round the rejected one is behind."""
    some = [candidate(f"{s}{n}", s, 10 * n + s, f"词{s}", q=2 * n + s) for n in range(8) for s in (1, 2)]
    first = [p.id[0] for p in propose(some, lesson(None, [], []), [])]
    yes = [candidate(f"y{n}", 1, 100 + n, "词1", "共") for n in range(5)]
    no = [candidate(f"n{n}", 2, 200 + n, "词2", "共") for n in range(5)]
    taught = lesson(None, yes, no)
    then = propose(some, taught, yes, choices=20)
    assert first[:8].count("1") == 4
    assert [p.id[0] for p in then[:7]] == ["1"] * 7
    assert then[0].like.startswith("y")
    assert then[0].words == ("词1",)
    assert then[0].questions == (("q", some[[c.id for c in some].index(then[0].id)].found["q"]),)


def test_excluded_words_keep_out_and_records_without_vectors_stay() -> None:
    some = [candidate("a", 1, 1, "结婚", q=1), Candidate("b", frozenset({"灯塔"}), None, {"q": 2})]
    yes = [candidate("y", 1, 5, "灯塔")]
    found = propose(some, lesson(None, yes, []), yes, excluded=["结婚"], choices=1)
    assert [(p.id, p.like) for p in found] == [("b", "")]


@given(yes=st.integers(1, 30), no=st.integers(1, 30))
def test_log_odds_have_the_sign_of_what_was_chosen(yes: int, no: int) -> None:
    weights = telling([{"甲"}] * (yes + 1), [{"乙"}] * (no + 1))
    assert weights["甲"] > 0 > weights["乙"]


# ── the calendar ───────────────────────────────────────────────────────────────

DAY = Remembered(1, "国际档案日", 6, 9, year=1948)


def test_days_come_with_their_years() -> None:
    found = coming([DAY, Remembered(2, "春节", 1, 1, "lunar")], date(2026, 1, 1), date(2028, 12, 31))
    assert [(c.id, c.on.isoformat(), c.years) for c in found] == [
        (2, "2026-02-17", None), (1, "2026-06-09", 78), (2, "2027-02-06", None), (1, "2027-06-09", 79),
        (2, "2028-01-26", None), (1, "2028-06-09", 80),
    ]  # fmt: skip
    assert [c.is_round for c in found if c.id == 1] == [False, False, True]


def test_ends_of_months() -> None:
    leap, last = Remembered(1, "闰日", 2, 29), Remembered(2, "除夕", 12, 30, "lunar")
    found = coming([leap, last], date(2026, 1, 1), date(2028, 12, 31))
    assert [c.on.isoformat() for c in found] == [
        "2026-02-16",
        "2026-02-28",
        "2027-02-05",
        "2027-02-28",
        "2028-01-25",
        "2028-02-29",
    ]
    assert exists("solar", 2, 29)
    assert not exists("solar", 2, 30)
    assert exists("lunar", 12, 30)
    assert not exists("lunar", 12, 31)


@given(
    month=st.integers(1, 12), day=st.integers(1, 28), start=st.dates(date(1950, 1, 1), date(2090, 1, 1)),
    calendar=st.sampled_from(["solar", "lunar"]),
)  # fmt: skip
def test_every_date_comes_once_in_a_year(month: int, day: int, start: date, calendar: str) -> None:
    one = Remembered(1, "试", month, day, calendar)  # type: ignore[arg-type]
    found = coming([one], start, date(start.year + 3, start.month, min(start.day, 28)))
    assert all(start <= c.on for c in found)
    assert 2 <= len(found) <= 4
    assert [c.on for c in found] == sorted({c.on for c in found})


def test_nothing_is_remembered_before_it_happened() -> None:
    assert coming([DAY], date(1940, 1, 1), date(1949, 12, 31)) == coming(
        [DAY], date(1948, 1, 1), date(1949, 12, 31)
    )
    assert [c.years for c in coming([DAY], date(1940, 1, 1), date(1949, 12, 31))] == [None, 1]
