"""The nouns: Record 条目, Page, Line, Passage, and the DA/T 18-2022 field table in one place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Level = Literal["fonds", "series", "volume", "file"]

#: 著录层级: English name → (Chinese names that catalogues use, the first one ours).
LEVELS: dict[str, tuple[str, ...]] = {
    "fonds": ("全宗级", "全宗"),
    "series": ("类别级", "类别", "目录级", "目录"),
    "volume": ("案卷级", "案卷", "卷"),
    "file": ("文件级", "文件", "件", "卷内文件"),
}

Kind = Literal["text", "list", "date", "integer", "choice"]


@dataclass(frozen=True)
class FieldDef:
    """One row of the field table.

    name: our English name, used in JSON, in the catalogue and in the code.
    term: the DA/T 18-2022 term.  aliases: other headers seen in real catalogues.
    """

    name: str
    term: str
    kind: Kind = "text"
    aliases: tuple[str, ...] = ()
    english: str = ""
    facet: bool = False
    personal: bool = False

    @property
    def label_en(self) -> str:
        return self.english or self.name.replace("_", " ")


#: The field table, in the standard's order. Source: DA/T 18-2022 档案著录规则, DA/T 13 档号编制规则.
FIELDS: tuple[FieldDef, ...] = (
    FieldDef("level", "著录层级", "choice", ("层级",)),
    FieldDef("reference_code", "档号", "text", ("档案号", "文件档号", "案卷档号", "编号"), "reference code"),
    FieldDef("former_codes", "旧档号", "list", ("原档号",), "former codes"),
    FieldDef("archive_code", "档案馆代码", "text", ("馆代码",)),
    FieldDef("fonds_code", "全宗号", "text", ("全宗",), "fonds", facet=True),
    FieldDef("series", "类别号", "text", ("类别", "目录号", "实体分类号"), "series", facet=True),
    FieldDef("volume", "案卷号", "text", ("卷号",), "volume"),
    FieldDef("item", "件号", "text", ("顺序号", "卷内序号", "序号", "室编件号", "馆编件号"), "item"),
    FieldDef(
        "title", "题名", "text", ("正题名", "文件题名", "案卷题名", "标题", "案卷标题", "文件标题", "名称")
    ),
    FieldDef("parallel_title", "并列题名", "text", ("副题名", "副题名及说明题名文字"), "parallel title"),
    FieldDef("creators", "责任者", "list", ("作者", "发文单位", "发文机关", "形成者", "责任人"), facet=True),
    FieldDef(
        "date",
        "日期",
        "date",
        ("时间", "成文日期", "文件日期", "形成日期", "发文日期", "起止日期", "起止时间", "年度"),
        "date",
    ),
    FieldDef("document_number", "文件编号", "text", ("文号", "发文字号", "文件字号"), "document number"),
    FieldDef("genre", "文种", "text", ("文件种类", "体裁"), "genre", facet=True),
    FieldDef("draft", "稿本", "text", ("文本",), "draft or version"),
    FieldDef("attachments", "附件", "list", ("附件题名",)),
    FieldDef("retention", "保管期限", "choice", ("期限",), "retention period"),
    FieldDef("pages", "页数", "integer", ("张数", "页"), "pages"),
    FieldDef("page_range", "页号", "text", ("起止页号", "页次", "张页号", "起止页次"), "page range"),
    FieldDef(
        "access_status",
        "开放标识",
        "choice",
        ("开放状态", "开放情况", "开放审核结果"),
        "opening status",
        facet=True,
    ),
    FieldDef("publicity", "公开属性", "choice", ("上网审查", "发布范围"), "publicity"),
    FieldDef(
        "access_basis",
        "开放依据",
        "choice",
        ("开放标识来源", "开放审核依据"),
        "what the opening status rests on",
    ),
    FieldDef("classification", "密级", "choice", ("秘密等级",), "classification"),
    FieldDef(
        "classification_changes",
        "密级变更",
        "list",
        ("密级变更情况", "密级变更记录", "解密情况"),
        "changes of classification",
    ),
    FieldDef("declassified_on", "解密日期", "text", ("解密时间",), "declassified on"),
    FieldDef("declassified_by", "解密机关", "text", ("解密单位", "解密批准机关"), "declassified by"),
    FieldDef(
        "due_opinion", "到期开放意见", "text", ("开放意见", "移交开放意见"), "transferring unit's opinion"
    ),
    FieldDef("disclosure", "政府信息公开情况", "text", ("信息公开情况", "政府信息公开属性"), "disclosure"),
    FieldDef(
        "abstract",
        "范围和提要",
        "text",
        ("提要", "内容提要", "摘要", "内容摘要", "范围和内容"),
        "scope and content",
    ),
    FieldDef("persons", "人名", "list", ("人物", "涉及人物"), facet=True, personal=True),
    FieldDef("places", "地名", "list", ("地点", "涉及地点", "拍摄地点"), facet=True),
    FieldDef("keywords", "主题词", "list", ("关键词", "主题词或关键词"), facet=True),
    FieldDef("category", "分类号", "text", ("门类", "档案门类", "一级门类"), "category", facet=True),
    FieldDef("language", "语种", "text", ("语言",)),
    FieldDef("medium", "载体形态", "text", ("载体类型", "载体"), "medium", facet=True),
    FieldDef("photographer", "摄影者", "text", ("拍摄者",), "photographer"),
    FieldDef("acquisition", "来源", "text", ("档案来源", "直接来源", "获得方式"), "acquisition"),
    FieldDef("donor_limits", "捐赠限制", "text", ("使用限制", "利用限制"), "donor's limits"),
    FieldDef(
        "agency_history", "机构沿革", "text", ("全宗介绍", "组织机构沿革", "行政历史"), "agency history"
    ),
    FieldDef("storage", "存储位置", "text", ("存放位置", "库位", "缩微号"), "storage location"),
    FieldDef("notes", "附注", "text", ("备注",), "notes"),
)

FIELD_BY_NAME: dict[str, FieldDef] = {f.name: f for f in FIELDS}

#: Fields that may leave the staff rooms with an open record. What is not here stays with staff.
STAFF_ONLY_FIELDS: frozenset[str] = frozenset(
    {
        "storage",
        "extra",
        "flags",
        "donor_limits",
        "access_basis",
        "classification_changes",
        "declassified_on",
        "declassified_by",
        "due_opinion",
        "disclosure",
        "public_forms",
    }
)

#: Fields that may be given another form for all but staff (holdings/public_forms.py).
FORMED_FIELDS: tuple[str, ...] = (
    "title", "parallel_title", "creators", "document_number", "attachments", "abstract", "persons", "places",
    "keywords", "photographer", "acquisition", "agency_history", "notes",
)  # fmt: skip


@dataclass(frozen=True)
class PublicForm:
    """What all but staff read instead of a described field: title "王××的申请". Entries of a list field, one of
    a text field; none hides it. code: a reason of holdings/redaction.py. by, at: who wrote it, ISO 8601."""

    value: tuple[str, ...]
    code: str = ""
    note: str = ""
    by: str = ""
    at: str = ""


@dataclass(frozen=True)
class DateSpan:
    """A date as written, and the days it covers.

    first, last: ISO days (YYYY-MM-DD), both inclusive; None: undated, a bucket of its own.
    certainty: "exact" as written; "inferred" in square brackets; "approximate" 约, 年代, 初/末.
    """

    text: str = ""
    first: str | None = None
    last: str | None = None
    certainty: Literal["exact", "inferred", "approximate"] = "exact"


@dataclass(frozen=True)
class Record:
    """One description of any level. Lists are tuples; absent text is ''.

    id: `<archive_code>:<reference_code as first accessioned>`, given once, never changed.
    extra: columns that no field takes, under their own names (staff only, searchable by staff).
    flags: what intake found wanting, e.g. "missing:date".
    public_forms: field → what all but staff read in its place; gone from a record as they see it.
    """

    id: str
    reference_code: str
    title: str
    level: Level = "file"
    parent: str | None = None
    former_codes: tuple[str, ...] = ()
    archive_code: str = ""
    fonds_code: str = ""
    series: str = ""
    volume: str = ""
    item: str = ""
    parallel_title: str = ""
    creators: tuple[str, ...] = ()
    date: DateSpan = DateSpan()
    document_number: str = ""
    genre: str = ""
    draft: str = ""
    attachments: tuple[str, ...] = ()
    retention: str = ""
    pages: int | None = None
    page_range: str = ""
    access_status: str = "未审核"
    publicity: str = ""
    access_basis: str = ""
    classification: str = ""
    classification_changes: tuple[str, ...] = ()
    declassified_on: str = ""
    declassified_by: str = ""
    due_opinion: str = ""
    disclosure: str = ""
    abstract: str = ""
    persons: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    category: str = ""
    language: str = ""
    medium: str = ""
    photographer: str = ""
    acquisition: str = ""
    donor_limits: str = ""
    agency_history: str = ""
    storage: str = ""
    notes: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    public_forms: dict[str, PublicForm] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One line of text on a page.

    box: (x, y, width, height) in pixels of the page image as it is stored (not as rotated for reading).
    confidence: 0–1 from the reader; 1.0 for born-digital or corrected text.
    """

    text: str
    box: tuple[int, int, int, int] | None = None
    confidence: float = 1.0


@dataclass(frozen=True)
class PageText:
    """What one reader, model or person says a page reads.

    maker: e.g. "ocr:PP-OCRv6_small@<sha8>", "born-digital:pypdfium2", "person:<name>".
    rotation: degrees the stored image must be turned clockwise to be upright (0, 90, 180, 270).
    The page's text is its lines joined by "\\n"; offsets point into that.
    """

    lines: tuple[Line, ...]
    maker: str
    rotation: int = 0
    vertical: bool = False

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True)
class Passage:
    """Up to about 300 characters of one record, cut at sentence or line ends; what gets a vector.

    page: page number from 1; 0 is the description (title, abstract).
    number: from 0, within the page.  start, end: characters of that page's text as shown.
    """

    page: int
    number: int
    start: int
    end: int
    text: str


def record_id(archive_code: str, reference_code: str) -> str:
    """The id a record is given once, at first accession. It stands in addresses, so it has no slash."""
    return f"{archive_code}:{reference_code}".replace("/", "~")
