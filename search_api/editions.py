"""An edition 定稿 made of a plan and of the records as the public reads them; and its way before the public."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from curation.edition import Edition, Entry, Exhibit, Outside, Picture, Quotation, Section
from curation.plan import Object
from holdings.access import ANONYMOUS, PUBLIC, Caller
from holdings.catalogue import StoredPage
from holdings.catalogue.plan_acts import NewAct, NewEdition
from holdings.catalogue.visibility import today
from holdings.edition_parts import Body
from holdings.errors import ChecksFail, Conflict, DanghaiError, NotFound
from holdings.plan_rules import ARCHIVE, PUBLISH, SUBMIT, Act, admit, said, standing
from search_api.house import House
from search_api.plans import Known, Plan, checked, day_of, known
from search_api.published import fonds_of, publish

#: Checks that the openness review stands for.
OPENNESS = frozenset({"stands", "open", "web", "redacted"})


# ── making one ─────────────────────────────────────────────────────────────────


def edition_of(house: House, plan: Plan, *, number: int = 0) -> Edition:
    """What the public would see today: an exhibit whose record it may not see is not in it."""
    open_ = [one for one in known(house, plan) if one.facts.stands == "outside" or _is_public(one)]
    fonds = fonds_of(house, [one.part.record_id for one in open_ if one.stored])
    exhibits = {one.part.key: _exhibit(house, one, fonds.get(one.part.record_id, "")) for one in open_}
    body = plan.body
    numbers = [body.map_review, *(one.body.map_review for one in open_)]
    sections = tuple(
        Section(
            key,
            section.title,
            section.text,
            tuple(exhibits[part.key] for part in plan.of(key) if part.key in exhibits),
            section.wanted,
        )
        for key, section in plan.sections
    )
    return Edition(
        slug=body.slug,
        number=number,
        title=plan.project.name,
        subtitle=body.subtitle,
        lead=body.lead,
        sections=sections,
        organisers=tuple(body.organisers),
        curators=tuple(body.curators),
        made_on=today().isoformat(),
        editorial=tuple(body.editorial),
        chronology=_chronology(open_),
        map_review="；".join(dict.fromkeys(filter(None, numbers))),
    )


def _is_public(one: Known) -> bool:
    return one.facts.stands == "record" and PUBLIC in one.facts.audiences


def _exhibit(house: House, one: Known, fonds: str) -> Exhibit:
    body, record = one.body, one.stored.record if one.stored else None
    size = body.original
    exhibit = Exhibit(
        key=one.part.key,
        title=one.title,
        date=body.date,
        date_from=body.date_from,
        date_to=body.date_to or body.date_from,
        label=body.label,
        notes=tuple(body.notes),
        rights=body.rights.said,
        size=f"{size.width}×{size.height} 毫米" if size.width and size.height else "",
    )
    if record is None:
        lent = body.outside
        assert lent is not None
        return replace(exhibit, outside=Outside(lent.kind, lent.owner, lent.number, lent.agreement))
    quotation = body.quotation
    return replace(
        exhibit,
        date=body.date or record.date.text,
        date_from=record.date.first or "",
        date_to=record.date.last or "",
        record_id=record.id,
        reference_code=record.reference_code,
        archive=house.settings.archive_name,
        fonds=fonds,
        creators=record.creators,
        genre=record.genre,
        medium=record.medium,
        quotation=Quotation(quotation.text, record.id, quotation.page) if quotation else None,
        pictures=tuple(_picture(one, page) for n in one.shown if (page := one.pages[n]).width),
        transcription=_transcription(one) if body.transcribe else (),
    )


def _picture(one: Known, page: StoredPage) -> Picture:
    turned = page.text is not None and page.text.rotation in (90, 270)
    size = (page.height, page.width) if turned else (page.width, page.height)
    alt = one.body.alt or f"《{one.title}》第 {page.number} 页"
    return Picture(page.record_id, page.number, *size, alt)


def _transcription(one: Known) -> tuple[str, ...]:
    return tuple(text.text for n in one.shown if (text := one.pages[n].text) and text.text.strip())


def _chronology(exhibits: Sequence[Known]) -> tuple[Entry, ...]:
    """A line an exhibit of the holdings that has a date, by date."""
    entries = [
        Entry(
            day_of(record.date.first, record.date.last or ""),
            one.body.date or record.date.text,
            one.body.event or one.title,
            record.reference_code,
            record.id,
        )
        for one in exhibits
        if one.stored is not None and (record := one.stored.record).date.first
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.day, entry.reference_code)))


# ── its way before the public ──────────────────────────────────────────────────


def act(house: House, plan: Plan, caller: Caller, step: str, words: str, seen: str) -> None:
    """One step of the plan's way. seen: the digest of the plan as the caller saw it.

    Errors: Conflict, NotAllowed, BadInput of the rule; ChecksFail, which lists what fails, for the openness review
    and for publishing.
    """
    kept = said(step, words)
    if seen != plan.digest:
        raise Conflict("方案刚被改过，与您所见的不同。", advice="请重新打开再看；您的意见没有存入。")

    def allowed(acts: list[Act]) -> str:
        now = standing(acts, plan.digest)
        admit(caller, step, now, one_person=house.settings.one_person_review)
        new = Act(0, "", step, plan.digest, "", "", "", plan.project.changed_at)
        return standing([*acts, new], plan.digest).stage

    allowed(list(plan.acts))
    if step in (SUBMIT, "openness", PUBLISH):
        _check(house, plan, step)
    new = NewAct(step, plan.digest, "", kept)
    before = plan.stands.published
    if step == ARCHIVE and before is not None:
        new = replace(new, takes_down=before.slug)
    if step == PUBLISH:
        _publish(house, plan, caller, new, allowed)
        return
    house.catalogue.plan_acts.add(plan.project.id, [new], caller, allowed)


def _check(house: House, plan: Plan, step: str) -> None:
    """Errors: ChecksFail."""
    failing = checked(house, plan).failing()
    if step == SUBMIT:  # what a person can do nothing about in the plan may still be on its way
        failing = [one for one in failing if one[2].name in ("stands", "plan")]
    if step == "openness":
        failing = [one for one in failing if one[2].name in OPENNESS]
    if failing:
        raise ChecksFail(
            [
                {
                    "part": part,
                    "title": title,
                    "check": check.name,
                    "reason": check.reason,
                    "todo": check.todo,
                }
                for part, title, check in failing
            ]
        )


def _publish(
    house: House, plan: Plan, caller: Caller, new: NewAct, allowed: Callable[[list[Act]], str]
) -> None:
    """The edition and its act, or neither. What is hidden is read before the edition is made of what is left."""
    hides = house.catalogue.editions.hidden(
        sorted({part.record_id for part in plan.objects if part.record_id})
    )
    before = plan.stands.published
    earlier = before.slug if before is not None and before.slug != plan.body.slug else ""

    def store(body: Body) -> int:
        whole = replace(new, edition=NewEdition(body, hides), takes_down=earlier)
        return house.catalogue.plan_acts.add(plan.project.id, [whole], caller, allowed)[0].edition

    publish(house, edition_of(house, plan), caller, store)


# ── what was withdrawn ─────────────────────────────────────────────────────────


def withdrawn(house: House, plan: Plan) -> dict[str, str]:
    """part key → why, of exhibits that left the published exhibition by themselves, and of those in the plan whose
    record is held."""
    found = dict.fromkeys(plan.held, "档案已撤回，或正在核查。")
    published = plan.stands.published
    if published is None:
        return found
    try:
        edition = house.catalogue.editions.latest(published.slug)
    except NotFound:  # taken down by hand: nothing of it is shown
        return found
    gone = house.catalogue.editions.gone(edition, PUBLIC)
    if not gone:
        return found
    stored = house.records(ANONYMOUS).many(sorted(gone))
    for section in edition.body["sections"]:
        for exhibit in section["exhibits"]:
            record_id = exhibit["record_id"]
            if record_id in gone and exhibit["key"] not in found:
                seen = stored.get(record_id)
                still = seen is not None and PUBLIC in seen.audiences
                found[exhibit["key"]] = (
                    "发布后有新的遮蔽，展品已撤下；看过后请重新发布。"
                    if still
                    else "档案已不对公众开放，展品已撤下。"
                )
    return found


def hindrance(plan: Plan, caller: Caller, *, one_person: bool) -> str:
    """Why this caller may not do what the plan waits for; "" where they may."""
    try:
        admit(caller, plan.stands.step, plan.stands, one_person=one_person)
    except DanghaiError as error:
        return str(error)
    if plan.stands.step in (SUBMIT, PUBLISH, ARCHIVE) and plan.project.right not in ("write", "own"):
        return "这个项目给您的是只读。"
    return ""


def object_of(plan: Plan, key: str) -> tuple[str, Object] | None:
    """(record id, body) of one exhibit."""
    return next(
        ((p.record_id, p.body) for p in plan.objects if p.key == key and isinstance(p.body, Object)), None
    )
