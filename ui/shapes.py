"""The parts of the API's answers that the explorer reads. The API's OpenAPI document is their source."""

from __future__ import annotations

from typing import TypedDict


class Chip(TypedDict):
    kind: str
    text: str
    label: str
    also: list[str]
    first: str | None
    last: str | None


class Understood(TypedDict):
    text: str
    mode: str
    answered_by: str
    understood: list[Chip]


class Total(TypedDict):
    value: int
    of: str
    exact: bool


class FacetValue(TypedDict):
    value: str
    label: str
    count: int


class YearCount(TypedDict):
    year: int
    count: int


Date = TypedDict("Date", {"text": str, "from": str | None, "to": str | None, "certainty": str})


class Why(TypedDict):
    words_rank: int | None
    meaning_rank: int | None
    matched: list[str]


class Passage(TypedDict):
    page: int
    text: str
    marks: list[list[int]]
    by_meaning: bool


class Hit(TypedDict):
    rank: int
    id: str
    reference_code: str
    title: str
    title_marks: list[list[int]]
    level: str
    creators: list[str]
    date: Date
    genre: str
    fonds_code: str
    fonds_title: str
    access_status: str
    document_number: str
    pages: int
    why: Why
    passages: list[Passage]
    thumbnail: str | None


class Loosen(TypedDict):
    chip: str | None
    param: str | None
    value: str | None
    total: int


class Answer(TypedDict):
    query: Understood
    total: Total
    facets: dict[str, list[FacetValue]]
    years: list[YearCount]
    undated: int
    hits: list[Hit]
    next: str | None
    loosen: list[Loosen]
    took_ms: float


class Field(TypedDict):
    name: str
    term: str
    label_en: str
    value: str | list[str]


class Ancestor(TypedDict):
    id: str | None
    reference_code: str
    title: str
    level: str


class Page(TypedDict):
    number: int
    kind: str
    status: str
    width: int
    height: int
    rotation: int
    has_image: bool
    has_text: bool
    image: str | None
    thumbnail: str | None


class TextLine(TypedDict):
    text: str
    box: list[int] | None
    confidence: float


class TextVersion(TypedDict):
    version: int
    maker: str
    made_at: str


class PageText(TypedDict):
    number: int
    status: str
    text: str
    lines: list[TextLine]
    maker: str
    version: int
    rotation: int
    vertical: bool
    versions: list[TextVersion]


class Attachment(TypedDict):
    name: str
    media_type: str
    size: int
    text: str
    url: str


class Record(TypedDict):
    id: str
    reference_code: str
    title: str
    level: str
    access_status: str
    fonds_code: str
    date: Date
    fields: list[Field]
    extra: dict[str, str]
    flags: list[str]
    ancestors: list[Ancestor]
    previous: str | None
    next: str | None
    pages: list[Page]
    page_count: int
    attachments: list[Attachment]


class PageMatches(TypedDict):
    page: int
    marks: list[list[int]]
    boxes: list[list[int]]


class Similar(TypedDict):
    by: str
    hits: list[Hit]


class BrowseItem(TypedDict):
    id: str | None
    node: str
    reference_code: str
    title: str
    level: str
    date: Date
    introduction: str
    count: int
    pages: int


class Browse(TypedDict):
    parent: str | None
    path: list[Ancestor]
    items: list[BrowseItem]
    next: str | None


class Legs(TypedDict):
    words: bool
    meaning: bool


class Withdrawals(TypedDict):
    waiting: int
    oldest_hours: float
    overdue: bool


class Status(TypedDict):
    archive: str
    documents: int
    passages: int
    legs: Legs
    meaning_away: str
    reading: dict[str, int] | None
    withdrawals: Withdrawals | None
    hidden: Withdrawals | None
    meaning_model: str
    example_questions: list[str]


class Redaction(TypedDict):
    id: int
    page: int
    box: list[int] | None
    code: str
    made_by: str
    undone_at: str | None


class Finding(TypedDict):
    id: int
    record_id: str
    reference_code: str
    title: str
    page: int
    mark: str
    place: str
    line: str
    state: str
    found_at: str
    decided_by: str
    decided_at: str | None
    reason: str
    with_it: int


class Me(TypedDict):
    id: str
    name: str
    audience: str
    roles: list[str]
    role_names: list[str]
    via: str
    ends_at: str | None


class SignedIn(TypedDict):
    token: str
    me: Me
