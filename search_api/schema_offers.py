"""The shapes of offers 征集."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from holdings.offer_rules import MOST_WORDS, Agreement, Kind, State
from search_api.schema import PageLine, Said, Shape
from search_api.schema_curation import Line

#: What a stranger says, in several lines; no control characters, no lone surrogates.
Told = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=MOST_WORDS,
        pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$",
    ),
]


class ConsentOut(Shape):
    version: str
    zh: str
    en: str


class OfferTerms(Shape):
    """What may be offered here, and what is agreed to with it. open: whether this installation takes offers."""

    open: bool
    consent: ConsentOut
    files: int = Field(description="files of one offer at most")
    bytes: int = Field(description="bytes of one file at most")
    types: list[str]
    words: int = Field(description="characters at most")
    days: int = Field(description="days after the last step when what is personal is erased")


class OfferIn(Shape):
    """A donation, or a correction of a record the sender may see; consent: the version of the text agreed to."""

    kind: Kind
    what: Told = Field(min_length=1, examples=["家中有一张 1952 年的渔业互助组合影，愿捐给本馆。"])
    name: Said = Field(max_length=80, examples=["读者一"])
    contact: Said = Field(max_length=200, examples=["reader@example.org"])
    consent: str = Field(max_length=32, description="GET /v1/offers/terms 所给的 version")
    record_id: str = Field("", max_length=255)
    page: int = Field(0, ge=0, le=2**31 - 1)
    suggested: Told = Field("", description="这一页的文字应作")
    slug: str = Field("", max_length=120, description="应哪个展览的征集（GET /v1/wanted）")
    section: str = Field("", max_length=120, description="其中哪个单元")


class OfferMade(Shape):
    """receipt: by it the sender adds files and asks how it stands; it is given this once."""

    receipt: str
    detail: str
    files_for: int = Field(description="minutes for which files may be added")


class FileTaken(Shape):
    number: int
    left: int = Field(description="how many more may be added")


class OfferStanding(Shape):
    """How an offer stands, for whoever holds its receipt: nothing of who sent it, nor what it says."""

    receipt: str
    kind: Kind
    state: State
    said: str
    files: int
    made_on: str
    changed_on: str
    told: str


class AgreementIO(Shape):
    """number: of the agreement.  donor_limits: 捐赠限制, for staff."""

    number: Said = Field(max_length=80, examples=["捐协〔2026〕3 号"])
    reference_code: Said = Field(max_length=100, examples=["Z101-1-1-5"])
    title: Said = Field(max_length=500)
    date: Line = ""
    acquisition: Said = Field("捐赠", max_length=200)
    donor_limits: Line = ""

    def agreement(self) -> Agreement:
        """As the catalogue takes it."""
        return Agreement(**self.model_dump())


class OfferStepIn(Shape):
    """version: of the offer as it was seen.  words: for colleagues.  told: what the sender reads.

    agreement: goes with the step to "received".  lines: with "accepted", the page's text as it is to stand.
    """

    version: int = Field(ge=1, le=2**31 - 1)
    to: State
    words: Told = ""
    told: Told = ""
    agreement: AgreementIO | None = None
    lines: list[PageLine] | None = Field(None, max_length=2000)


class OfferFileOut(Shape):
    """url: a download for staff alone."""

    number: int
    name: str
    media_type: str
    size: int
    url: str


class OfferStepOut(Shape):
    state: State
    words: str
    told: str
    by: str
    at: str


class AboutOut(Shape):
    """The record a correction is about, as staff see it."""

    id: str
    reference_code: str
    title: str


class OfferOut(Shape):
    """next: the states it may be brought to.  taken_in: the record a received donation became, once ingested.
    erased_at: when name, contact and files were erased."""

    id: int
    receipt: str
    kind: Kind
    state: State
    said: str
    version: int
    what: str
    name: str
    contact: str
    record: AboutOut | None
    page: int
    suggested: str
    wanted_slug: str
    wanted_section: str
    wanted: str
    agreement: AgreementIO | None
    package: str
    taken_in: AboutOut | None
    files: list[OfferFileOut]
    steps: list[OfferStepOut]
    next: list[State]
    made_at: str
    changed_at: str
    erased_at: str | None


class OffersOut(Shape):
    """counts: state → how many.  before: pass it for the next page; null at the end."""

    offers: list[OfferOut]
    counts: dict[str, int]
    before: int | None


Form = Literal["csv", "xlsx"]
