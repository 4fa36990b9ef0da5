"""The shapes that cross HTTP. The OpenAPI document is made from these; nothing is renamed without an alias."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Mode = Literal["hybrid", "words", "meaning"]
SortName = Literal["relevance", "date", "date_desc", "reference_code"]
Span = tuple[int, int]
Box = tuple[int, int, int, int]
#: One line a person typed for a page; the bound also refuses lone surrogates, which no answer can carry.
PageLine = Annotated[str, Field(max_length=1000)]
#: A few words of a person, in one line.
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=r"^[^\x00-\x1f\x7f]*$")]


SEARCH_EXAMPLE: dict[str, Any] = {
    "query": {
        "text": "沈家门渔民登记",
        "mode": "hybrid",
        "answered_by": "hybrid",
        "understood": [{"kind": "place", "text": "沈家门", "label": "", "also": ["沈家門"]}],
    },
    "total": {"value": 37, "of": "words", "exact": True},
    "facets": {"fonds": [{"value": "J045", "label": "定海县人民政府", "count": 12}]},
    "years": [{"year": 1949, "count": 6}],
    "undated": 1,
    "hits": [
        {
            "rank": 1,
            "id": "330900:J045-1-12-3",
            "reference_code": "J045-1-12-3",
            "title": "沈家门渔民登记事宜的公函",
            "title_marks": [[0, 7]],
            "level": "file",
            "creators": ["定海县政府"],
            "date": {
                "text": "民国三十八年三月",
                "from": "1949-03-01",
                "to": "1949-03-31",
                "certainty": "exact",
            },
            "genre": "公函",
            "fonds_code": "J045",
            "fonds_title": "定海县人民政府",
            "access_status": "开放",
            "pages": 4,
            "why": {"words_rank": 2, "meaning_rank": 5, "matched": ["沈家門", "漁民", "登記"]},
            "passages": [
                {
                    "page": 2,
                    "text": "查本縣沈家門漁民登記事宜",
                    "marks": [[3, 10]],
                    "boxes": [[120, 340, 96, 32]],
                    "by_meaning": True,
                }
            ],
            "thumbnail": "/v1/records/330900:J045-1-12-3/pages/1/thumbnail",
        }
    ],
    "next": "gAAAAABo…",
    "loosen": [],
    "took_ms": 21.0,
}


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class Problem(Shape):
    """RFC 9457; advice: what to do next; now: only where somebody else wrote first; failing: only of a plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "urn:danghai:problem:not-found",
                "title": "没有找到 Not found",
                "status": 404,
                "detail": "没有这一条目，或您无权查看。No such thing, or not for you.",
                "advice": "",
            }
        }
    )

    type: str
    title: str
    status: int
    detail: str
    advice: str = ""
    now: dict[str, Any] | None = Field(None, description="别人先改过时：现有内容 what stands now (409)")
    failing: list[dict[str, str]] | None = Field(
        None,
        description="不能发布的各项：part、title、check、reason、todo what keeps it from being published (409)",
    )


class ChipOut(Shape):
    """What was understood; give `text` back as `plain` to have it read as mere words."""

    kind: str
    text: str
    label: str = ""
    also: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


class QueryOut(Shape):
    text: str
    mode: Mode
    answered_by: Mode = Field(
        description="which legs answered: hybrid falls back to words while meaning warms"
    )
    understood: list[ChipOut] = []


class Total(Shape):
    """value: exact count of `of`: the words matches under the filters; in meaning mode the filtered set."""

    value: int
    of: Literal["words", "filtered"]
    exact: bool = True


class FacetValue(Shape):
    value: str
    label: str
    count: int


class YearCount(Shape):
    year: int
    count: int


class DateOut(Shape):
    """As written, and the days it covers (inclusive ISO days; null: undated)."""

    text: str
    from_: str | None = Field(None, alias="from")
    to: str | None = None
    certainty: str = "exact"


class Why(Shape):
    """Rank in each leg (null: not found by it), and the words found, as the text shows them."""

    words_rank: int | None = None
    meaning_rank: int | None = None
    matched: list[str] = []


class PassageOut(Shape):
    """page 0 is the description. marks: [start, end) in `text`; boxes: [x, y, w, h] pixels of the page image."""

    page: int
    text: str
    marks: list[Span] = []
    boxes: list[Box] = []
    by_meaning: bool = False


class HitOut(Shape):
    rank: int
    id: str
    reference_code: str
    title: str
    title_marks: list[Span] = []
    level: str
    creators: list[str] = []
    date: DateOut
    genre: str = ""
    fonds_code: str = ""
    fonds_title: str = ""
    access_status: str
    document_number: str = ""
    pages: int
    why: Why
    passages: list[PassageOut] = []
    thumbnail: str | None = None


class Loosen(Shape):
    """Dropping this would give so many: `chip` (give it as `plain`) or `param` = `value`."""

    chip: str | None = None
    param: str | None = None
    value: str | None = None
    total: int


class SearchOut(Shape):
    """took_ms: within the house. next: pass it as `cursor`; null: this was the end."""

    model_config = ConfigDict(json_schema_extra={"example": SEARCH_EXAMPLE})

    query: QueryOut
    total: Total
    facets: dict[str, list[FacetValue]] = {}
    years: list[YearCount] = []
    undated: int = 0
    hits: list[HitOut] = []
    next: str | None = None
    loosen: list[Loosen] = []
    took_ms: float


class SuggestOut(Shape):
    suggestions: list[str]


class FieldOut(Shape):
    """One described field, in the standard's order. value: text or list of texts."""

    name: str
    term: str
    label_en: str
    value: str | list[str]


class Ancestor(Shape):
    """id is null where the caller may not see the ancestor: it shows only as its code."""

    id: str | None
    reference_code: str
    title: str
    level: str


class PageOut(Shape):
    number: int
    kind: str
    status: str
    media_type: str
    width: int
    height: int
    rotation: int = 0
    has_image: bool
    has_text: bool
    image: str | None = None
    thumbnail: str | None = None


class LineOut(Shape):
    text: str
    box: Box | None = None
    confidence: float


class PageTextOut(Shape):
    """One page with a text version (the newest unless asked)."""

    number: int
    status: str
    width: int
    height: int
    text: str
    lines: list[LineOut]
    maker: str
    version: int
    rotation: int
    vertical: bool
    versions: list[TextVersionOut]


class TextVersionOut(Shape):
    version: int
    maker: str
    made_at: str


class AttachmentOut(Shape):
    name: str
    media_type: str
    size: int
    text: str
    url: str


class RecordOut(Shape):
    id: str
    reference_code: str
    title: str
    level: str
    access_status: str
    fonds_code: str
    date: DateOut
    version: int
    fields: list[FieldOut]
    extra: dict[str, str] = {}
    flags: list[str] = []
    ancestors: list[Ancestor] = []
    previous: str | None = None
    next: str | None = None
    pages: list[PageOut] = []
    page_count: int
    attachments: list[AttachmentOut] = []


class PageMatches(Shape):
    page: int
    marks: list[Span]
    boxes: list[Box]


class MatchesOut(Shape):
    pages: list[PageMatches]


class SimilarOut(Shape):
    by: Literal["meaning", "words"]
    hits: list[HitOut]


class BrowseItem(Shape):
    """A place in the tree. id is null where the caller may not see it: it shows only as its code.

    node: what to pass as `parent` to go in; count: file-level records the caller can reach below it.
    """

    id: str | None
    node: str
    reference_code: str
    title: str
    level: str
    date: DateOut
    introduction: str = ""
    count: int
    pages: int = 0


class BrowseOut(Shape):
    parent: str | None
    path: list[Ancestor] = []
    items: list[BrowseItem]
    next: str | None = None


class CitationOut(Shape):
    format: str
    media_type: str
    text: str


#: Why the meaning leg does not answer; "": it does.
MeaningAway = Literal["", "no-model", "broken-model", "warming", "other-model"]


class LegStatus(Shape):
    words: bool
    meaning: bool


class ReadyOut(Shape):
    """ready: the words leg answers; meaning warms behind it. detail: what is not up, why, and what helps."""

    ready: bool
    catalogue: bool
    legs: LegStatus
    detail: str = ""


class WithdrawalsOut(Shape):
    """What the public installation is not known to have: records and exhibitions withdrawn, or redacted and given
    another form since they were carried. oldest: since when."""

    waiting: int
    oldest_hours: float
    overdue: bool


class StatusOut(Shape):
    """Figures for the caller's own audience; reading progress and what lags only for staff. withdrawals, hidden: what
    the public installation shows still and should not: at all, or as it was."""

    archive: str
    documents: int
    passages: int
    generation: str = ""
    legs: LegStatus
    meaning_away: MeaningAway = ""
    reading: dict[str, int] | None = None
    lagging: dict[str, int] | None = None
    withdrawals: WithdrawalsOut | None = None
    hidden: WithdrawalsOut | None = None
    meaning_model: str = ""
    example_questions: list[str] = []


class AccessChange(Shape):
    access_status: str = Field(examples=["控制"])
    publicity: str = Field("", examples=["不公开"])
    reason: Said = Field(
        max_length=1000, description="why; kept with the description's history", examples=["涉及个人隐私"]
    )


class Correction(Shape):
    """A person's reading of a page, line by line; boxes of unchanged lines are kept."""

    lines: list[PageLine] = Field(max_length=2000, examples=[["查本縣沈家門漁民登記事宜", "業經本府核准"]])
    by: Said = Field(max_length=80, description="校对人 who corrected it", examples=["张三"])


class Changed(Shape):
    id: str
    detail: str
    extra: dict[str, Any] = {}
