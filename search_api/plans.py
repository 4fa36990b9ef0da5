"""A plan as it stands: its parts, what is known of each exhibit, its checks, its gaps."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from PIL import Image

from curation.checks import checks, plan_checks
from curation.gaps import Gap, InSection, SectionFacts, gaps
from curation.labels import described
from curation.lights import Check, Facts, Scan, Standing
from curation.plan import PART_BODIES, PLANNED, Case, Exhibition, Object, Part, Section, digest, label_digest
from holdings.access import ANONYMOUS, Caller, obstacle
from holdings.catalogue import StoredPage, StoredRecord
from holdings.catalogue.projects import Project
from holdings.catalogue.visibility import today
from holdings.errors import BadInput
from holdings.identifiers import find_numbers
from holdings.plan_rules import LABEL, Act, standing
from holdings.plan_rules import Standing as Stands
from holdings.signals import Kind, signals
from holdings.text import normalise
from search_api.house import House
from search_api.records import in_sight

#: Pages of one record that are looked at where none is named, and where all are printed.
FIRST, ALL = 4, 200
#: What scanners and programs write where they do not know: a screen's.
SCREEN_DPI = 96
#: What a machine sees for sure, by a check digit; and what a person must look at.
_SURE: tuple[Kind, ...] = ("id-card", "bank-card")
_KINDS: dict[Kind, str] = {
    "id-card": "身份证号",
    "bank-card": "银行卡号",
    "telephone": "电话",
    "address": "住址",
    "minor": "未成年人",
}


@dataclass(frozen=True)
class Plan:
    """parts: in reading order; those whose record is held have an empty body.  held: their keys.
    acts: oldest first.  stands: where it stands by them."""

    project: Project
    body: Exhibition
    parts: Sequence[Part]
    held: frozenset[str]
    acts: Sequence[Act]
    digest: str
    stands: Stands

    @property
    def sections(self) -> list[tuple[str, Section]]:
        return [(p.key, p.body) for p in self.parts if isinstance(p.body, Section)]

    @property
    def objects(self) -> list[Part]:
        return [p for p in self.parts if p.kind == "object"]

    def of(self, section: str) -> list[Part]:
        return [p for p in self.objects if p.parent == section]

    @property
    def loose(self) -> list[Part]:
        known = {key for key, _ in self.sections}
        return [p for p in self.objects if p.parent not in known]

    def approved(self, part: Part) -> Act | None:
        """Who approved its label as it is now."""
        if not isinstance(part.body, Object):
            return None
        wanted = label_digest(part.record_id, part.body)
        own = [act for act in self.acts if act.step == LABEL and act.part == part.key]
        return own[-1] if own and own[-1].digest == wanted else None


def load(house: House, caller: Caller, project_id: int) -> Plan:
    """Errors: NotFound; BadInput for a project that is no plan."""
    project = house.catalogue.projects.get(project_id, caller)
    if project.kind not in PLANNED:
        raise BadInput("这个项目不是展览或汇编。", advice="请新建展览，再把条目放进去。")
    return planned(house, project, house.catalogue.plan_acts.of(project_id), caller)


def planned(house: House, project: Project, acts: Sequence[Act], caller: Caller) -> Plan:
    tree = house.catalogue.project_parts.tree(project.id, caller)
    body = Exhibition.model_validate(dict(project.body))
    parts = [
        Part(
            p.id,
            p.kind,
            p.parent,
            p.record_id,
            Object() if p.held else PART_BODIES[p.kind].model_validate(dict(p.body)),
        )
        for p in tree
        if p.kind in PART_BODIES and not (p.held and p.kind != "object")
    ]
    said = digest(project.name, body, parts)
    held = frozenset(p.id for p in tree if p.held)
    return Plan(project, body, parts, held, acts, said, standing(acts, said))


# ── what is known of each exhibit ──────────────────────────────────────────────


@dataclass(frozen=True)
class Known:
    """Of one exhibit. stored: as the public reads it, whether or not it may; None: not of the holdings, or gone.
    pages: number → page as the public reads it, of those shown or cited.  shown: their numbers, in order."""

    part: Part
    body: Object
    facts: Facts
    stored: StoredRecord | None
    pages: Mapping[int, StoredPage]
    shown: Sequence[int]

    @property
    def title(self) -> str:
        return self.body.title or (self.stored.record.title if self.stored else "")


def known(house: House, plan: Plan) -> list[Known]:
    """Every exhibit, in the plan's order."""
    objects = [(part, part.body) for part in plan.objects if isinstance(part.body, Object)]
    ids = list(dict.fromkeys(part.record_id for part, _ in objects if part.record_id))
    inner = in_sight(house, ids)
    outer = house.records(ANONYMOUS).many(list(inner))
    pages = _pages(house, objects)
    cases = {p.key: p.body for p in plan.parts if isinstance(p.body, Case)}
    found = []
    for part, body in objects:
        stored = outer.get(part.record_id)
        seen = pages.get(part.record_id, {}) if stored else {}
        shown = _shown(body, seen)
        facts = _facts(house, plan, part, body, stored, seen, shown, cases)
        if stored is not None:
            staff = inner[part.record_id].record
            facts = _with_staffs(facts, staff.donor_limits, obstacle(staff))
        found.append(Known(part, body, facts, stored, seen, shown))
    return found


def _with_staffs(facts: Facts, donor_limits: str, closed: str) -> Facts:
    """What only staff read of a record, and a check asks for."""
    assert facts.record is not None
    return replace(facts, record=replace(facts.record, donor_limits=donor_limits), obstacle=closed)


def _facts(
    house: House,
    plan: Plan,
    part: Part,
    body: Object,
    stored: StoredRecord | None,
    pages: Mapping[int, StoredPage],
    shown: Sequence[int],
    cases: Mapping[str, Case],
) -> Facts:
    approval = plan.approved(part)
    sure, doubtful = _personal(stored, body, [pages[n] for n in shown])
    texts = {n: page.text.text for n, page in pages.items() if page.text}
    if stored is not None:
        texts[0] = described(stored.record)
    return Facts(
        stands=_stands(part, body, stored, plan.held),
        body=body,
        record=stored.record if stored else None,
        audiences=stored.audiences if stored else frozenset(),
        scans=[_scan(house, pages[n]) for n in shown if pages[n].width],
        texts=texts,
        personal=sure,
        doubtful=doubtful,
        approved_by=approval.by if approval else "",
        case=cases.get(body.original.case),
        map_review=plan.body.map_review,
        compiled=plan.project.kind == "compilation",
        year=today().year,
    )


def _stands(part: Part, body: Object, stored: StoredRecord | None, held: frozenset[str]) -> Standing:
    if part.key in held or (part.record_id and stored is None):
        return "gone"
    if part.record_id:
        return "both" if body.outside else "record"
    return "outside" if body.outside else "nothing"


def _pages(house: House, objects: Sequence[tuple[Part, Object]]) -> dict[str, dict[int, StoredPage]]:
    """record id → number → page as the public reads it: those named, or the first few; all that is printed."""
    view = house.pages(ANONYMOUS)
    named = [(part.record_id, n) for part, body in objects if part.record_id for n in _cited(body)]
    whole = {
        part.record_id for part, body in objects if part.record_id and body.transcribe and not body.pages
    }
    first = {part.record_id for part, body in objects if part.record_id and not body.pages} - whole
    found: dict[str, dict[int, StoredPage]] = {}
    for some in (
        view.at(sorted(set(named))),
        view.of_many(sorted(whole), limit=ALL),
        view.of_many(sorted(first), limit=FIRST),
    ):
        for record_id, pages in some.items():
            found.setdefault(record_id, {}).update({page.number: page for page in pages})
    return found


def _cited(body: Object) -> list[int]:
    quoted = [body.quotation.page] if body.quotation else []
    return [*body.pages, *quoted, *(source.page for source in body.sources if source.page)]


def _shown(body: Object, pages: Mapping[int, StoredPage]) -> list[int]:
    """Numbers of the pages that visitors see."""
    if body.pages:
        return [n for n in body.pages if n in pages]
    if body.transcribe:
        return sorted(pages)
    return [n for n in sorted(pages) if pages[n].width][:1]


def _personal(
    stored: StoredRecord | None, body: Object, pages: Sequence[StoredPage]
) -> tuple[list[str], list[str]]:
    """What of the words that visitors are to read speaks of a person: surely, and perhaps."""
    sure: list[str] = []
    doubtful: list[str] = []
    quoted = [body.quotation.text] if body.quotation else []  # of a page that need not be among those shown
    lent = [body.outside.owner, body.outside.number, body.outside.agreement] if body.outside else []
    written = (body.title, body.label, body.alt, body.event, body.rights.said, *body.notes, *quoted, *lent)
    for kind in _numbers(written):
        (sure if kind in _SURE else doubtful).append(f"{_KINDS[kind]}（说明文字）")
    if stored is None:
        return sure, doubtful
    texts = {page.number: page.text for page in pages if page.text}
    for seen in signals(stored.record, texts, {}, ()):
        if seen.kind in _KINDS:
            where = f"第 {seen.page} 页" if seen.page else "著录"
            (sure if seen.kind in _SURE else doubtful).append(f"{_KINDS[seen.kind]}（{where}）")
    return sure, doubtful


def _numbers(written: Iterable[str]) -> list[Kind]:
    """Kinds of the numbers of persons that stand in these texts, however they are written."""
    return [number.kind for text in written for number in find_numbers(normalise(text).text)]


def _scan(house: House, page: StoredPage) -> Scan:
    read = page.text is not None and bool(page.text.text.strip())
    by_person = page.text is not None and page.text.maker.startswith("person:")
    dpi = _file_dpi(house.store.path(page.sha256)) if page.media_type.startswith("image/") else None
    return Scan(page.number, page.width, page.height, dpi, read, by_person)


@lru_cache(maxsize=4096)
def _file_dpi(path: Path) -> float | None:
    """What an image file says of its resolution; None where it says nothing, or a screen's."""
    try:
        with Image.open(path) as image:
            said = image.info.get("dpi")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    dpi = float(min(said)) if said else 0.0
    return dpi if dpi > SCREEN_DPI else None


# ── checks and gaps ────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Checked:
    """plan: checks of the whole.  each: the exhibits with theirs."""

    plan: Sequence[Check]
    each: Sequence[tuple[Known, Sequence[Check]]]

    def failing(self) -> list[tuple[str, str, Check]]:
        """(part key, title, check) of all that keep it from being published."""
        whole = [("", "", check) for check in self.plan if check.blocks]
        parts = [(one.part.key, one.title, c) for one, found in self.each for c in found if c.blocks]
        return [*whole, *parts]


def checked(house: House, plan: Plan) -> Checked:
    counts: Counter[str] = Counter(part.parent for part in plan.objects)
    sections = [(section.title, counts[key]) for key, section in plan.sections]
    whole = plan_checks(plan.body, sections, len(plan.loose), _told_of_persons(plan))
    return Checked(whole, [(one, checks(one.facts)) for one in known(house, plan)])


def _told_of_persons(plan: Plan) -> list[str]:
    """Numbers that are surely a person's in what visitors read beside the exhibits."""
    body = plan.body
    written = [plan.project.name, body.subtitle, body.lead, *body.organisers, *body.curators, *body.editorial]
    for _, section in plan.sections:
        written += (section.title, section.text, section.wanted)
    return [_KINDS[kind] for kind in dict.fromkeys(_numbers(written)) if kind in _SURE]


def gaps_of(house: House, plan: Plan) -> list[Gap]:
    of: dict[str, list[InSection]] = {}
    for one in known(house, plan):
        if one.facts.stands in ("record", "outside"):
            of.setdefault(one.part.parent, []).append(_in_section(one))
    facts = [
        SectionFacts(key, section.title, of.get(key, ()), section.wanted) for key, section in plan.sections
    ]
    return gaps(facts, house.settings.liberation)


def _in_section(one: Known) -> InSection:
    record = one.stored.record if one.stored else None
    last = one.body.date_to or one.body.date_from or (record.date.last if record else "") or ""
    subjects = (*record.places, *record.keywords) if record else ()
    return InSection(last, any(one.pages[n].width for n in one.shown), subjects)


# ── dates ──────────────────────────────────────────────────────────────────────

_MONTH = re.compile(r"(\d{4}-\d\d)-01")


def day_of(first: str, last: str) -> str:
    """ISO day, month or year of a span that is one; its first day else."""
    if first == last or not last:
        return first
    if _MONTH.fullmatch(first) and first[:7] == last[:7] and int(last[8:]) >= 28:
        return first[:7]
    if first.endswith("-01-01") and last == f"{first[:4]}-12-31":
        return first[:4]
    return first
