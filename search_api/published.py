"""Published editions 定稿 as their audience may see them now. Asked at every request: nothing of it is kept.

What was withdrawn since is gone with everything that stood on it (holdings/catalogue/editions.py); a page that has
no image any more leaves its exhibit, and a quotation that the page does not say any more is not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date

from curation.edition import Edition, Exhibit, Picture, as_json, fitted, of_json
from holdings.access import ANONYMOUS, PUBLIC, Caller
from holdings.catalogue import StoredPage
from holdings.catalogue.editions import StoredEdition, records_of, without
from holdings.edition_parts import SLUG, Body, says
from holdings.errors import BadInput, NotFound
from search_api.house import House

#: The longest side of a picture that leaves the house, in pixels, as on the public installation.
LONGEST = 2400

_Pages = Mapping[tuple[str, int], StoredPage]
_Sizes = Mapping[tuple[str, int], tuple[int, int]]


def publish(
    house: House,
    edition: Edition,
    caller: Caller,
    store: Callable[[Body], int] | None = None,
) -> Edition:
    """Publish an edition: it is the one its slug shows from now on, under the number it gets here. What it stands
    on is noted as shown.

    store: what stores it and tells its number, where more than the edition is to be written at once.
    Errors: BadInput for a slug that is no address; NotFound where a record is not here or held; those of `store`.
    """
    if not SLUG.fullmatch(edition.slug):
        said = f"“{edition.slug}”不能作网址。"
        raise BadInput(said, advice="用小写字母、数字与连字符，至多 80 个字符，例如 yuye-1950。")
    body = as_json(edition)
    number = store(body) if store else house.catalogue.editions.publish(body, caller)
    if ids := sorted(records_of(body)):
        house.catalogue.showings.note(ids, edition.title, date.fromisoformat(edition.made_on), caller)
    return replace(edition, number=number)


def published(house: House, slug: str, audience: str = PUBLIC) -> Edition:
    """The exhibition as this audience may see it now. Errors: NotFound, the same whether one ever was."""
    return shown(house, house.catalogue.editions.latest(slug), audience)


def head(house: House, slug: str) -> Edition:
    """The exhibition without its parts: its curators' words, which stand on no record. Errors: as `published`."""
    return of_json(house.catalogue.editions.head(slug).body)


def heads(house: House) -> list[Edition]:
    """All that are published, without their parts, the latest first."""
    return [of_json(stored.body) for stored in house.catalogue.editions.heads()]


def shown(
    house: House, stored: StoredEdition, audience: str = PUBLIC, gone: Collection[str] | None = None
) -> Edition:
    """What this audience may see now of a stored edition, or of as much of it as is given. gone: which of its records
    it may not be shown, where that was just asked."""
    if gone is None:
        gone = house.catalogue.editions.gone(stored, audience)
    edition = of_json(without(stored.body, gone))
    pictures = {(p.record_id, p.page) for exhibit in edition.exhibits() for p in exhibit.pictures}
    # Which pages have an image, and of what size, is the same for all who may see the record.
    sizes = house.catalogue.pages.sizes(sorted(pictures))
    quoted = {(q.record_id, q.page) for e in edition.exhibits() if (q := e.quotation) is not None}
    found = house.pages(Caller(audience)).at(sorted(quoted))
    pages = {(record_id, page.number): page for record_id, some in found.items() for page in some}
    fonds = fonds_of(house, [e.record_id for e in edition.exhibits() if e.fonds], audience)
    sections = tuple(
        replace(
            section, exhibits=tuple(_present(exhibit, sizes, pages, fonds) for exhibit in section.exhibits)
        )
        for section in edition.sections
    )
    return replace(edition, sections=sections)


def fonds_of(house: House, record_ids: Sequence[str], audience: str = PUBLIC) -> dict[str, str]:
    """record id → the name of its fonds, where this audience may read that."""
    chains = house.records(Caller(audience)).ancestors(record_ids)
    return {
        record_id: next(
            (s.record.title for s in chain if s.record.level == "fonds" and audience in s.audiences), ""
        )
        for record_id, chain in chains.items()
    }


def _present(exhibit: Exhibit, sizes: _Sizes, pages: _Pages, fonds: Mapping[str, str]) -> Exhibit:
    quotation = exhibit.quotation
    if quotation is not None and not _says(pages.get((quotation.record_id, quotation.page)), quotation.text):
        quotation = None
    pictures = [_picture(p, sizes.get((p.record_id, p.page))) for p in exhibit.pictures]
    named = exhibit.fonds if fonds.get(exhibit.record_id) == exhibit.fonds else ""
    return replace(exhibit, fonds=named, quotation=quotation, pictures=tuple(p for p in pictures if p))


def _says(page: StoredPage | None, words: str) -> bool:
    """Whether the page's text, as it is shown now, holds these words."""
    return page is not None and page.text is not None and says(page.text.text, words)


def _picture(picture: Picture, size: tuple[int, int] | None) -> Picture | None:
    if size is None:
        return None
    width, height = fitted(*size, LONGEST)
    return replace(picture, width=width, height=height)


def turn_of(page: StoredPage) -> int:
    """Degrees clockwise by which the page stands upright, as it was read."""
    return page.text.rotation if page.text else 0


class SeenPictures:
    """`curation.edition.Pictures` of what this audience may see now."""

    def __init__(self, house: House, audience: str = ANONYMOUS.audience) -> None:
        self._house = house
        self._pages = house.pages(Caller(audience))

    def page(self, picture: Picture) -> StoredPage:
        """Errors: NotFound where there is none. Asked only for pictures of an edition that was just filtered."""
        page = self._pages.get(picture.record_id, picture.page)
        if page is None:
            raise NotFound("没有这一页。")
        return page

    def jpeg(self, picture: Picture, *, longest: int) -> bytes:
        page = self.page(picture)
        path, _ = self._house.images.get(page, longest=min(longest, LONGEST), turn=turn_of(page))
        return path.read_bytes()
