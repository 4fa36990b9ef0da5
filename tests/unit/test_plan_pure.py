"""The planner's pure parts: bodies, checks, gaps, label drafts, sums, and who may do what when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curation.checks import checks, counted, plan_checks, stands_in
from curation.gaps import InSection, SectionFacts, gaps
from curation.labels import FILLING, drafts, quotations, sentences_of
from curation.lights import Check, Facts, Scan, worst
from curation.plan import (
    PART_BODIES,
    BudgetLine,
    Case,
    Exhibition,
    Object,
    Part,
    Section,
    Shot,
    Task,
    digest,
    label_digest,
)
from curation.sums import board, due, money, rooms, unplaced
from holdings.access import PUBLIC, READING_ROOM, STAFF, Caller
from holdings.errors import Conflict, DanghaiError, NotAllowed
from holdings.plan_rules import ARCHIVE, LABEL, PUBLISH, RETURN, STEPS, SUBMIT, Act, admit, standing
from holdings.records import DateSpan, Line, PageText, Record
from models.words import JiebaSegmenter

LIBERATION = date(1950, 5, 17)
LABEL_TEXT = "查本县沈家门渔民登记事宜，业经各乡保甲造册呈报。" * 4


def record(**changes: Any) -> Record:
    values: dict[str, Any] = {
        "id": "990001:J1-1",
        "reference_code": "J1-1",
        "title": "沈家门渔民登记事宜的公函",
        "abstract": "沈家门一带渔民登记情形。",
        "genre": "公函",
        "medium": "纸质",
        "date": DateSpan("1949年", "1949-01-01", "1949-12-31"),
        "creators": ("定海县政府",),
        "places": ("沈家门",),
        "keywords": ("渔民", "登记"),
    }
    return Record(**(values | changes))


def body(**changes: Any) -> Object:
    given_body: dict[str, Any] = {
        "label": LABEL_TEXT,
        "quotation": {"text": "漁民登記事宜", "page": 1},
        "rights": {"copyright": "expired"},
        "original": {"width": 210, "height": 297},
    }
    return Object.model_validate(given_body | changes)


def facts(**changes: Any) -> Facts:
    """An exhibit that is in order."""
    values: dict[str, Any] = {
        "stands": "record",
        "body": body(),
        "record": record(),
        "audiences": frozenset({PUBLIC, READING_ROOM, STAFF}),
        "scans": (Scan(1, 2480, 3508, 300.0, proofread=True),),
        "texts": {0: "沈家门渔民登记", 1: "查本縣沈家門漁\n民登記事宜，業經"},
        "approved_by": "编研员",
    }
    return Facts(**(values | changes))


def light(name: str, **changes: Any) -> Check:
    return next(check for check in checks(facts(**changes)) if check.name == name)


# ── bodies ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("section", {}),
        ("section", {"title": " "}),
        ("section", {"title": "一", "titel": "二"}),
        ("object", {"pages": ["1"]}),
        ("object", {"quotation": {"text": "两字", "page": 0}}),
        ("object", {"label": "长" * 401}),
        ("object", {"date_from": "1950-02-30"}),
        ("object", {"outside": {"kind": "loan", "owner": ""}}),
        ("object", {"label": "\x00"}),
        ("task", {"title": "借展", "done": "yes"}),
        ("budget", {"item": "展板", "planned": 1.5}),
        ("case", {"name": "柜", "width": 0}),
        ("shot", {"seconds": 601}),
    ],
)
def test_a_body_is_refused_rather_than_bent(kind: str, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PART_BODIES[kind].model_validate(wrong)


@pytest.mark.parametrize("slug", ["a", "Haigang", "-a-", "a_b", "海港"])
def test_an_address_is_plain(slug: str) -> None:
    with pytest.raises(ValidationError):
        Exhibition.model_validate({"slug": slug})
    assert Exhibition(slug="yu-gang-1950").slug


def test_an_exhibition_does_not_close_before_it_opens() -> None:
    with pytest.raises(ValidationError, match="闭幕早于开幕"):
        Exhibition(opens="2026-06-09", closes="2026-06-08")


def test_the_digest_is_of_what_visitors_see_and_of_nothing_else() -> None:
    plan = Exhibition(slug="gang", lead="前言")
    parts = [
        Part("s1", "section", "", "", Section(title="一")),
        Part("o1", "object", "s1", "r1", body()),
        Part("t1", "task", "", "", Task(title="借展")),
    ]
    same = digest("展", plan, parts)
    size = {"width": 210, "height": 297}
    moved = replace(parts[1], body=body(original=size | {"shown": "original", "case": "c1"}))
    assert digest("展", plan.model_copy(update={"funds": 100, "venue": "展厅"}), [*parts[:1], moved]) == same
    for other in (
        digest("展二", plan, parts),
        digest("展", Exhibition(slug="gang", lead="前言。"), parts),
        digest("展", plan, [parts[1], parts[0]]),
        digest("展", plan, [parts[0], replace(parts[1], record_id="r2")]),
        digest("展", plan, [parts[0], replace(parts[1], body=body(label="改"))]),
        digest("展", plan, [parts[0], replace(parts[1], body=body(original=size | {"width": 211}))]),
        digest("展", plan, parts[:1]),
    ):
        assert other != same


def test_an_approval_is_of_the_words_and_of_what_they_stand_on() -> None:
    same = label_digest("r1", body())
    assert label_digest("r1", body(notes=["注"], pages=[2])) == same
    assert label_digest("r2", body()) != same
    assert label_digest("r1", body(label=LABEL_TEXT + "。")) != same
    assert label_digest("r1", body(quotation={"text": "漁民登記事宜", "page": 2})) != same


# ── checks ─────────────────────────────────────────────────────────────────────


def test_an_exhibit_in_order_is_green_and_nothing_blocks() -> None:
    found = checks(facts())
    assert {check.light for check in found} == {"green"}
    assert not any(check.blocks for check in found)
    assert worst(found) == "green"


@pytest.mark.parametrize(
    ("name", "changes", "colour"),
    [
        ("stands", {"stands": "gone", "record": None}, "red"),
        ("stands", {"stands": "nothing", "record": None}, "red"),
        ("stands", {"stands": "both"}, "red"),
        ("open", {"audiences": frozenset({STAFF})}, "red"),
        ("open", {"audiences": frozenset({STAFF, READING_ROOM})}, "green"),
        ("web", {"audiences": frozenset({STAFF, READING_ROOM})}, "red"),
        ("redacted", {"personal": ("身份证号（第 1 页）",)}, "red"),
        ("redacted", {"doubtful": ("住址（第 1 页）",)}, "amber"),
        ("redacted", {"scans": (Scan(1, 2480, 3508, 300.0, read=False),)}, "amber"),
        ("copyright", {"body": body(rights={})}, "unknown"),
        ("copyright", {"body": body(rights={"copyright": "refused"})}, "red"),
        ("portrait", {"record": record(genre="照片")}, "unknown"),
        ("portrait", {"record": record(photographer="洪照海")}, "unknown"),
        ("donor", {"record": record(donor_limits="发表须署名")}, "unknown"),
        ("donor", {"record": record(acquisition="2006年捐赠")}, "amber"),
        ("map", {"record": record(title="定海县舆图")}, "red"),
        ("map", {"record": record(title="定海县舆图"), "map_review": "随便"}, "red"),
        ("map", {"record": record(title="定海县舆图"), "map_review": "浙S(2021)12号"}, "green"),
        ("map", {"body": body(is_map=True, map_review="GS（2023）1234号")}, "green"),
        ("scan", {"scans": ()}, "amber"),
        ("scan", {"scans": (Scan(1, 400, 500, 300.0),)}, "red"),
        ("scan", {"scans": (Scan(1, 1240, 1754, 150.0),)}, "amber"),
        ("scan", {"body": body(original={}), "scans": (Scan(1, 2480, 3508, None),)}, "unknown"),
        ("scan", {"body": body(original={}), "scans": (Scan(1, 2480, 3508, 299.5),)}, "green"),
        ("label", {"body": body(label="太短")}, "red"),
        ("label", {"body": body(label="长" * 151)}, "red"),
        ("label", {"approved_by": ""}, "red"),
        ("quotation", {"texts": {1: "查本縣沈家門漁民登記事項"}}, "red"),
        ("quotation", {"body": body(sources=[{"text": "没有这一句", "page": 0}])}, "red"),
        ("quotation", {"body": body(quotation=None)}, "amber"),
        ("transcription", {"body": body(transcribe=True), "scans": (Scan(1, 2480, 3508, 300.0),)}, "red"),
        ("loan", {"body": body(original={"shown": "original"})}, "unknown"),
        ("loan", {"body": body(original={"shown": "original", "loanable": False})}, "red"),
        ("size", {"body": body(original={})}, "unknown"),
        ("size", {"case": Case(name="小柜", width=200, height=200)}, "red"),
        ("size", {"case": Case(name="横柜", width=297, height=210)}, "green"),
        ("light", {"body": body(original={"shown": "original"})}, "unknown"),
        ("light", {"body": body(original={"shown": "original", "light": 80})}, "amber"),
        (
            "light",
            {"body": body(original={"shown": "original", "light": 50}), "case": Case(name="柜", light=80)},
            "red",
        ),
    ],
)
def test_a_check_has_its_light_a_reason_and_what_to_do(
    name: str, changes: dict[str, Any], colour: str
) -> None:
    check = light(name, **changes)
    assert check.light == colour, check
    assert check.reason
    assert (check.todo != "") == (colour != "green")
    must = name in ("copyright", "portrait", "donor")
    assert check.blocks == (colour == "red" or (colour == "unknown" and must))


def test_a_compilation_wants_proof_read_pages_instead_of_labels() -> None:
    printed = body(label="", transcribe=True)
    found = checks(facts(body=printed, compiled=True, approved_by=""))
    assert not any(check.blocks for check in found)
    assert "label" not in {check.name for check in found}
    unread = (Scan(1, 2480, 3508, 300.0),)
    assert light("transcription", body=printed, compiled=True, scans=unread).blocks


def test_an_outside_object_needs_an_agreement_and_quotes_nothing() -> None:
    lent = {"kind": "museum", "owner": "蓬屿博物馆", "number": "B-12"}
    own = {"rights": {"copyright": "licensed", "portrait": "none", "donor": "none"}, "quotation": None}
    agreed = body(outside={**lent, "agreement": "2026 借 3 号"}, **own)
    found = checks(facts(stands="outside", record=None, body=agreed, audiences=frozenset()))
    assert not any(check.blocks for check in found)
    assert not {"open", "web", "scan"} & {check.name for check in found}
    assert light("stands", stands="outside", record=None, body=body(outside=lent)).light == "red"
    assert light("quotation", stands="outside", record=None, body=body(outside=lent)).light == "red"


@given(st.text("查本縣漁民登記事宜，。", min_size=2, max_size=30), st.integers(0, 30))
def test_a_quotation_stands_wherever_lines_break(words: str, at: int) -> None:
    page = f"前文{words[:at]}\n{words[at:]}后文"
    assert stands_in(words, page)
    assert not stands_in(words + "改", page)


def test_a_plan_without_address_foreword_or_exhibits_is_no_exhibition() -> None:
    found = plan_checks(Exhibition(), [("一", 0)], 2)
    assert [check.light for check in found] == ["red", "red", "red", "red", "amber"]
    assert plan_checks(Exhibition(slug="gang", lead="前言"), [("一", 1)], 0)[0].light == "green"


# ── gaps ───────────────────────────────────────────────────────────────────────


def test_gaps_are_said_by_section_with_a_line_for_the_wanted_list() -> None:
    old, new = InSection("1949-12-31", True, ("沈家门",)), InSection("1950-05-17", False, ("岱山", "盐"))
    undated = InSection("", True)
    found = gaps(
        [
            SectionFacts("a", "渔港", [old, new]),
            SectionFacts("b", "盐场", [new, replace(new, subjects=("岱山",))], wanted="已写"),
            SectionFacts("c", "灯塔", []),
            SectionFacts("d", "学校", [undated]),
        ],
        LIBERATION,
    )
    assert [(gap.section, gap.kind) for gap in found] == [
        ("b", "before"),
        ("b", "image"),
        ("c", "empty"),
        ("d", "before"),
    ]
    assert found[0].wanted == "“盐场”征集1950 年 5 月 17 日以前的实物、照片与文件，如有关岱山、盐的。"
    assert [gap.taken for gap in found] == [True, True, False, False]
    assert found[3].undated == 1


# ── label drafts ───────────────────────────────────────────────────────────────

PAGES = {
    1: PageText(
        (
            Line("佈告"),
            Line("查本縣沈家門漁民登記事宜，業經各鄉保甲造冊呈報，漁船均"),
            Line("須領取旗照。旗照由縣府製發，每船一面，隨船攜帶備驗，不"),
            Line("得轉借。"),
            Line("一、登記自即日起至月底止，逾期不候。"),
            Line("二、登記費免收，冊紙由各保自備，不得向漁民攤派分文。"),
            Line("此件字跡模糊沈家門漁民登記不可辨認之處甚多云云。", None, 0.4),
            Line("张■■身份证号■，沈家门渔民登记。"),
        ),
        "ocr:test@1",
    )
}


SEGMENTER = JiebaSegmenter()


def test_a_draft_is_made_of_the_records_own_words_and_says_of_which_page() -> None:
    found = drafts(record(), PAGES, SEGMENTER)
    assert found[0].fits
    text = "".join(PAGES[1].text.split())
    for draft in found:
        assert draft.length == counted(draft.label) <= 150
        assert draft.label == "".join(sentence.said for sentence in draft.sentences)
        for sentence in draft.sentences:
            source = text if sentence.page else "".join(record().abstract.split())
            if sentence.field in FILLING:
                value = getattr(record(), sentence.field)
                source = value if isinstance(value, str) else "、".join(value)
            assert sentence.words in source
    assert not any("■" in draft.label or "模糊" in draft.label for draft in found)


def test_sentences_run_over_lines_that_were_full_and_stop_at_short_ones() -> None:
    said = [sentence.words for sentence in sentences_of(PAGES)]
    assert said == [
        "查本縣沈家門漁民登記事宜，業經各鄉保甲造冊呈報，漁船均須領取旗照。",
        "旗照由縣府製發，每船一面，隨船攜帶備驗，不得轉借。",
        "登記自即日起至月底止，逾期不候。",
        "登記費免收，冊紙由各保自備，不得向漁民攤派分文。",
    ]
    assert quotations(record(), PAGES, SEGMENTER)[0].words == said[0]


def test_a_record_that_says_nothing_gets_no_draft() -> None:
    bare = Record(id="x", reference_code="x", title="无")
    assert drafts(bare, {}, SEGMENTER) == []


@given(st.lists(st.text("查本縣漁民登記，。；■1、\n", max_size=60), max_size=8))
def test_whatever_a_page_reads_a_draft_says_nothing_else(lines: list[str]) -> None:
    page = PageText(tuple(Line(text) for line in lines for text in line.split("\n")), "x")
    for draft in drafts(record(), {3: page}, SEGMENTER):
        assert draft.length <= 150
        assert "■" not in draft.label
        for sentence in draft.sentences:
            if sentence.page:
                assert stands_in(sentence.words, page.text)


# ── sums ───────────────────────────────────────────────────────────────────────


def test_money_counts_what_is_spent_where_it_is_more_than_planned() -> None:
    lines = [
        BudgetLine(item="展板", category="printing", planned=500_00, spent=620_00),
        BudgetLine(item="画册", category="printing", planned=300_00),
        BudgetLine(item="运输", category="transport", planned=80_00, spent=10_00),
    ]
    sums = money(lines, 1_000_00)
    assert (sums.planned, sums.spent, sums.left) == (880_00, 630_00, 0)
    assert sums.by["printing"] == (800_00, 620_00)


def test_a_case_is_full_when_more_stands_in_it_than_goes() -> None:
    cases = [("c1", Case(name="柜一", width=700)), ("c2", Case(name="墙"))]

    def thing(width: int | None, case: str, shown: str = "facsimile") -> Object:
        return Object.model_validate({"original": {"width": width, "case": case, "shown": shown}})

    objects = [
        ("a", thing(300, "c1")),
        ("b", thing(300, "c1")),
        ("c", thing(None, "c1")),
        ("d", thing(9, "")),
    ]
    first, second = rooms(cases, objects)
    assert (first.used, first.full, first.unmeasured) == (700, False, 1)
    assert second.objects == ()
    assert unplaced(cases, [*objects, ("e", thing(9, "", "image"))]) == ["d"]
    assert rooms(cases, [*objects, ("f", thing(1, "c1"))])[0].full


def test_tasks_are_late_soon_or_later() -> None:
    today = date(2026, 6, 1)
    told = [due(Task(title="借展", due=day), today) for day in ("2026-05-31", "2026-06-08", "2026-06-09", "")]
    assert told == ["late", "soon", "later", "undated"]
    assert due(Task(title="借展", due="2026-05-31", done=True), today) == "done"


def test_a_story_board_says_when_each_shot_begins_and_where_one_speaks_too_fast() -> None:
    shots = [("a", Shot(seconds=5, narration="字" * 20)), ("b", Shot(seconds=5, narration="字" * 21))]
    found = board(shots)
    assert (found.seconds, found.characters, found.hurried) == (10, 41, ("b",))
    assert found.begins == {"a": 0, "b": 5}


# ── who may do what when ───────────────────────────────────────────────────────


def person(number: int, *roles: str) -> Caller:
    return Caller(
        STAFF, frozenset(roles or ("curator", "reviewer", "archivist")), f"馆员{number}", f"key:{number}"
    )


def act(step: str, by: int, about: str = "d") -> Act:
    return Act(0, "", step, about, "", f"key:{by}", f"馆员{by}", datetime.now(UTC))


def acts(*steps: str) -> list[Act]:
    return [act(step, n) for n, step in enumerate(steps)]


def test_a_round_goes_through_every_step_in_turn() -> None:
    done: list[Act] = []
    for n, step in enumerate(STEPS):
        now = standing(done, "d")
        assert now.step == step
        for other in (*STEPS, PUBLISH):
            if other != step:
                with pytest.raises(Conflict):
                    admit(person(90), other, now, one_person=False)
        admit(person(n), step, now, one_person=False)
        done.append(act(step, n))
    assert standing(done, "d").stage == "cleared"
    admit(person(0), PUBLISH, standing(done, "d"), one_person=False)
    published = standing([*done, act(PUBLISH, 0)], "d")
    assert published.stage == "published"
    assert standing([*done, act(PUBLISH, 0), act(ARCHIVE, 0)], "d").stage == "archived"


@pytest.mark.parametrize("step", range(1, len(STEPS)))
def test_nobody_does_two_steps_of_one_round(step: int) -> None:
    now = standing(acts(*STEPS[:step]), "d")
    for earlier in range(step):
        with pytest.raises(NotAllowed, match="不能再办"):
            admit(person(earlier), STEPS[step], now, one_person=False)
        admit(person(earlier), STEPS[step], now, one_person=True)


def test_what_is_changed_goes_back_to_draft_and_stays_published_as_it_was() -> None:
    done = [*acts(*STEPS), act(PUBLISH, 0)]
    now = standing(done, "changed")
    assert (now.stage, now.step, now.changed) == ("draft", SUBMIT, True)
    assert now.published is done[-1]
    with pytest.raises(Conflict, match="审后改过"):
        admit(person(9), "second", standing(acts(*STEPS[:2]), "changed"), one_person=False)
    admit(person(0), ARCHIVE, now, one_person=False)
    # Changed back to exactly what was reviewed: it is what was reviewed.
    assert standing(done, "d").stage == "published"


def test_what_is_returned_begins_anew_and_says_by_whom() -> None:
    done = [*acts(*STEPS[:3]), act(RETURN, 7)]
    now = standing(done, "d")
    assert (now.stage, now.step, now.done) == ("draft", SUBMIT, ())
    assert now.returned is done[-1]
    admit(person(2), SUBMIT, now, one_person=False)


def test_roles_keep_to_their_steps() -> None:
    now = standing(acts(*STEPS[:3]), "d")
    with pytest.raises(NotAllowed):
        admit(person(8, "curator"), "final", now, one_person=True)
    admit(person(8, "admin"), "final", now, one_person=False)
    with pytest.raises(NotAllowed):
        admit(person(8, "archivist"), LABEL, now, one_person=False)
    with pytest.raises(NotAllowed):
        admit(Caller(STAFF, frozenset({"admin"})), "final", now, one_person=False)


@given(
    st.lists(st.tuples(st.sampled_from([*STEPS, RETURN, PUBLISH, ARCHIVE]), st.integers(0, 9)), max_size=40)
)
def test_whatever_is_tried_nothing_is_published_without_eight_people(tries: list[tuple[str, int]]) -> None:
    done: list[Act] = []
    for step, who in tries:
        try:
            admit(person(who, "admin"), step, standing(done, "d"), one_person=False)
        except DanghaiError:
            continue
        done.append(act(step, who))
        if step == PUBLISH:
            last = done[-1 - len(STEPS) : -1]
            assert [one.step for one in last] == list(STEPS)
            assert len({one.by_id for one in last}) == len(STEPS)
