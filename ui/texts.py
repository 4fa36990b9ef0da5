"""Every text of the explorer, Chinese first, English beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ui import texts_quarantine, texts_redacting
from ui.texts_accounts import ACCOUNTS
from ui.texts_audit import AUDIT
from ui.texts_bulk import BULK
from ui.texts_curation import CURATION
from ui.texts_office import OFFICE
from ui.texts_plans import PLANS
from ui.texts_projects import PROJECTS
from ui.texts_public import PUBLIC
from ui.texts_publish import PUBLISH
from ui.texts_reviews import REVIEWS

Language = Literal["zh", "en"]

TEXTS: dict[str, tuple[str, str]] = {
    **ACCOUNTS,
    **AUDIT,
    **BULK,
    **OFFICE,
    **PUBLIC,
    **PUBLISH,
    **REVIEWS,
    **CURATION,
    **PROJECTS,
    **PLANS,
    # the frame
    "name": ("档海", "Danghai"),
    "tagline": ("档案检索与发现", "Search and discovery for archives"),
    "nav_search": ("检索", "Search"),
    "nav_browse": ("浏览", "Browse"),
    "nav_list": ("收藏", "My list"),
    "nav_record": ("条目", "Record"),
    "nav_sign_in": ("登录", "Sign in"),
    "nav_label": ("主导航", "Main"),
    "sign_out": ("退出", "Sign out"),
    "other_language": ("English", "中文"),
    "working": ("请稍候…", "One moment…"),
    "skip": ("跳到正文", "Skip to content"),
    # the question
    "ask": ("检索词、档号，或一句话", "Words, a reference code, or a sentence"),
    "ask_button": ("检索", "Search"),
    "mode": ("检索方式", "Search by"),
    "mode_hybrid": ("词与意", "Words and meaning"),
    "mode_words": ("只按词", "Words only"),
    "mode_meaning": ("只按意", "Meaning only"),
    "understood": ("理解为", "Understood as"),
    "plainly": ("按普通词", "Read as words"),
    "remove": ("去掉“{what}”", "Remove “{what}”"),
    "restore": ("重新按理解检索“{what}”", "Understand “{what}” again"),
    "chip_place": ("地点", "Place"),
    "chip_date": ("年代", "Date"),
    "chip_phrase": ("短语", "Phrase"),
    "chip_not": ("排除", "Not"),
    "chip_identifier": ("编号", "Identifier"),
    "chip_field": ("字段", "Field"),
    "chip_prefix": ("词头", "Begins with"),
    "chip_or": ("任一", "Any of"),
    "filters_on": ("条件", "Filters"),
    "excluded": ("不含", "Not"),
    "clear_filters": ("清除条件", "Clear filters"),
    "only": ("只看", "Only"),
    "leave_out": ("排除", "Leave out"),
    "years_between": ("{first}–{last} 年", "{first}–{last}"),
    "years_from": ("{first} 年及以后", "{first} and later"),
    "years_to": ("{last} 年及以前", "up to {last}"),
    "undated": ("未注日期", "Undated"),
    # the facet column
    "facets": ("筛选", "Filters"),
    "facets_show": ("筛选条件", "Filters"),
    "years": ("年代", "Years"),
    "year": ("年", "Year"),
    "records_count": ("条目数", "Records"),
    "brush_hint": ("在图上拖选", "drag to choose"),
    "year_from": ("从", "From"),
    "year_to": ("到", "To"),
    "apply": ("确定", "Apply"),
    "all_years": ("不限年代", "All years"),
    "more_values": ("其余 {n} 项", "{n} more"),
    "facet_fonds": ("全宗", "Fonds"),
    "facet_genre": ("文种", "Genre"),
    "facet_creators": ("责任者", "Creator"),
    "facet_places": ("地名", "Place"),
    "facet_persons": ("人名", "Person"),
    "facet_keywords": ("主题词", "Subject"),
    "facet_decade": ("年代段", "Decade"),
    "facet_access_status": ("开放状态", "Opening status"),
    "facet_has_scan": ("扫描件", "Scan"),
    "facet_series": ("类别", "Series"),
    "facet_category": ("门类", "Category"),
    "facet_retention": ("保管期限", "Retention"),
    "facet_medium": ("载体", "Medium"),
    "facet_level": ("层级", "Level"),
    "facet_parent": ("上级", "Parent"),
    "facet_within": ("范围", "Within"),
    # results
    "total": ("{n} 条", "{n} records"),
    "total_one": ("1 条", "1 record"),
    "total_words": ("含有检索词的 {n} 条", "{n} records with the words"),
    "total_words_one": ("含有检索词的 1 条", "1 record with the words"),
    "by_meaning_too": ("另列意思相近的", "records near in meaning are listed too"),
    "took": ("{ms} 毫秒", "{ms} ms"),
    "sort": ("排序", "Sort"),
    "sort_relevance": ("相关", "Relevance"),
    "sort_date": ("日期 早→晚", "Oldest first"),
    "sort_date_desc": ("日期 晚→早", "Newest first"),
    "sort_reference_code": ("档号", "Reference code"),
    "pages": ("{n} 页", "{n} pages"),
    "pages_one": ("1 页", "1 page"),
    "no_scan": ("无图像", "No image"),
    "on_page": ("第 {n} 页", "page {n}"),
    "in_description": ("著录", "description"),
    "why": ("为何", "Why"),
    "why_words": ("词 第{n}位", "words no. {n}"),
    "why_meaning": ("意 第{n}位", "meaning no. {n}"),
    "why_meaning_only": ("仅意思相近，不含检索词", "near in meaning only, without the words"),
    "why_matched": ("命中", "matched"),
    "add": ("＋ 收藏", "+ Add to list"),
    "added": ("✓ 已收藏", "✓ In my list"),
    "similar": ("相似", "Similar"),
    "cite": ("引用", "Cite"),
    "page_previous": ("上一页", "Previous page"),
    "page_next": ("下一页", "Next page"),
    "page_first": ("回第一页", "First page"),
    "page_at": ("第 {n} 页", "Page {n}"),
    "nothing": ("没有找到。", "Nothing found."),
    "loosen": ("放宽一项就有：", "Dropping one condition would give:"),
    "loosen_chip": ("“{what}”按普通词 → {n} 条", "read “{what}” as words → {n}"),
    "loosen_filter": ("去掉{name}“{what}” → {n} 条", "drop {name} “{what}” → {n}"),
    "loosen_years": ("不限年代 → {n} 条", "any year → {n}"),
    "loosen_exclude": ("不再排除 → {n} 条", "exclude nothing → {n}"),
    "nothing_tips": (
        "可以换几个词，少用几个词，或用一句话说明要找什么；也可以从全宗逐级浏览。",
        "Try other words, fewer words, or a plain sentence; or browse the fonds step by step.",
    ),
    "nothing_meaning": ("按意思检索同一句话", "Search the same by meaning"),
    "away_warming": (
        "意义检索正在准备，眼下只按词检索。",
        "Search by meaning is warming up; for now this is by words only.",
    ),
    "away_no-model": (
        "这里没有装意义检索的模型，只按词检索。（管理员：danghai models pull，再重启 danghai serve）",
        "No model for search by meaning is installed here: words only. "
        "(Administrator: danghai models pull, then restart danghai serve.)",
    ),
    "away_broken-model": (
        "意义检索的模型打不开，只按词检索。（管理员：danghai models check）",
        "The model for search by meaning cannot be opened: words only. (Administrator: danghai models check)",
    ),
    "away_other-model": (
        "意义检索换了模型，索引重建之前只按词检索。（管理员：danghai index rebuild）",
        "The model for search by meaning has changed: words only until the index is rebuilt. "
        "(Administrator: danghai index rebuild)",
    ),
    "welcome": (
        "想找什么？写几个词、一个档号，或者一句话。",
        "What are you looking for? A few words, a reference code, or a sentence.",
    ),
    "examples": ("例如", "For example"),
    "holdings_open": ("可查 {n} 条", "{n} records to search"),
    "browse_fonds": ("按全宗浏览", "Browse by fonds"),
    "reading": (
        "扫描件正在识读：已读 {read} / {all} 页，读完的页随即可查。",
        "Scans are being read: {read} of {all} pages; each can be found once read.",
    ),
    "reading_failed": ("{n} 页未能识读", "{n} pages could not be read"),
    # one record
    "back_to_results": ("← 回到检索", "← Back to the search"),
    "record_previous": ("上一件", "Previous record"),
    "record_next": ("下一件", "Next record"),
    "view_text": ("文本", "Text"),
    "view_fields": ("著录项", "Description"),
    "view_similar": ("相似", "Similar"),
    "view_cite": ("引用", "Cite"),
    "scan": ("第 {n} 页图像", "Image of page {n}"),
    "zoom_in": ("放大", "Zoom in"),
    "zoom_out": ("缩小", "Zoom out"),
    "fit": ("适合窗口", "Fit"),
    "turn_left": ("左转", "Turn left"),
    "turn_right": ("右转", "Turn right"),
    "marks_toggle": ("命中标记", "Matches"),
    "scan_keys": (
        "拖动移动；点图后滚轮缩放，R 旋转，0 复原",
        "Drag to move; click, then wheel to zoom, R to turn, 0 to reset",
    ),
    "leaf_previous": ("前一页", "Page before"),
    "leaf_next": ("后一页", "Page after"),
    "leaf_of": ("第 {n} / {all} 页", "Page {n} of {all}"),
    "leaves": ("各页", "Pages"),
    "leaf_matches": ("{n} 处命中", "{n} matches"),
    "find_in": ("在本件中查找", "Find in this record"),
    "find": ("查找", "Find"),
    "matches_on": ("命中在", "Matches on"),
    "no_matches": ("各页文字中没有这些词。", "These words are not in the text of its pages."),
    "no_image": ("这一页没有图像。", "This page has no image."),
    "no_pages": ("这一条目没有页面。", "This record has no pages."),
    "no_text": ("这一页没有文字。", "This page has no text."),
    "page_waiting": ("这一页还没有识读，读完后文字会出现在这里。", "This page has not been read yet."),
    "page_failed": ("这一页没能识读。", "This page could not be read."),
    "version": ("版本", "Version"),
    "maker_ocr": ("识读", "OCR"),
    "maker_person": ("校对", "corrected by"),
    "maker_born": ("原生文字", "born-digital"),
    "unsure": ("识读把握不大（{p}%）", "uncertain reading ({p}%)"),
    "vertical": ("竖排", "Vertical"),
    "horizontal": ("横排", "Horizontal"),
    "attachments": ("附件", "Attachments"),
    "extra": ("其他栏目（馆员可见）", "Other columns (staff)"),
    "flags": ("待补", "Wanting"),
    "similar_by_meaning": ("按意思相近", "near in meaning"),
    "similar_by_words": ("按题名用词相近（意义检索未就绪）", "by the words of the title (meaning is not ready)"),
    "similar_none": ("没有相似的条目。", "No similar records."),
    "copy": ("复制", "Copy"),
    "copied": ("已复制", "Copied"),
    "download_ris": ("下载 RIS", "Download RIS"),
    "download_bibtex": ("下载 BibTeX", "Download BibTeX"),
    "close": ("关闭", "Close"),
    "gone": ("没有这一条目，或您无权查看。", "No such record, or not for you to see."),
    "which_record": ("地址里没有条目。", "The address names no record."),
    # browsing
    "all_fonds": ("全部全宗", "All fonds"),
    "within_search": ("在此范围内检索", "Search within"),
    "inside": ("内含 {n} 件", "{n} records"),
    "inside_one": ("内含 1 件", "1 record"),
    "nothing_inside": ("这里没有可查看的内容。", "Nothing here for you to see."),
    "whole_description": ("全部著录项", "Whole description"),
    "browse_inside": ("浏览所含", "Browse inside"),
    "closed_node": ("未开放著录", "Description not open"),
    # the list
    "list_empty": (
        "还没有收藏。在检索结果或条目页上点“＋ 收藏”。",
        "Nothing here yet. Use “+ Add to list” on a result or a record.",
    ),
    "list_count": ("{n} 件", "{n} items"),
    "list_count_one": ("1 件", "1 item"),
    "list_hint": ("收藏在关闭浏览器或退出后清空，请及时导出。", "The list is emptied when you sign out or close the browser; export it in time."),
    "export": ("导出 XLSX", "Export XLSX"),
    "note": ("备注", "Note"),
    "note_for": ("{code} 的备注", "Note on {code}"),
    "up": ("上移", "Move up"),
    "down": ("下移", "Move down"),
    "drop": ("移除", "Remove"),
    "drop_all": ("全部移除", "Remove all"),
    "list_gone": (
        "有 {n} 件现已不可查看，已从收藏中移除。",
        "{n} can no longer be seen, and have left your list.",
    ),
    "list_hint_account": ("收藏记在您的账号里，下次登录还在。", "Your list is kept with your account."),
    "sheet": ("收藏", "My list"),
    "column_number": ("序号", "No."),
    "column_citation": ("引用格式", "Citation"),
    "column_note": ("备注", "Note"),
    "column_address": ("地址", "Address"),
    # trouble
    "away": ("检索服务没有应答", "The search service does not answer"),
    "away_detail": (
        "正在等它恢复，恢复后本页会自动刷新。管理员可确认 `danghai serve` 是否在运行（{url}）。",
        "Waiting for it; this page renews itself when it is back. Is `danghai serve` running ({url})?",
    ),
    "not_ready": ("检索服务正在准备", "The search service is getting ready"),
    "trouble": ("没能完成", "That did not work"),
    "unexpected": ("这一页没能显示，已记入日志。", "This page could not be shown; it has been logged."),
    "start_again": ("从头检索", "Start again"),
    "cursor_old": ("翻页的位置已经过期，请从第一页看起。", "This page position has expired; begin at the first page."),
    # values
    "level_fonds": ("全宗", "Fonds"),
    "level_series": ("类别", "Series"),
    "level_volume": ("案卷", "Volume"),
    "level_file": ("文件", "File"),
    "status_开放": ("开放", "Open"),
    "status_控制": ("控制", "Restricted"),
    "status_延期开放": ("延期开放", "Deferred"),
    "status_未审核": ("未审核", "Not reviewed"),
    "scan_yes": ("有扫描件", "With scan"),
    "scan_no": ("无扫描件", "Without scan"),
    "decade": ("{value}年代", "{value}s"),
    "certainty_inferred": ("推定", "inferred"),
    "certainty_approximate": ("约", "approximate"),
    **texts_quarantine.TEXTS,
    **texts_redacting.TEXTS,
}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """The texts in one language: say("total", n=3)."""

    language: Language = "zh"

    def __call__(self, key: str, **values: object) -> str:
        text = TEXTS[key][0 if self.language == "zh" else 1]
        return text.format(**values) if values else text

    def counted(self, key: str, n: int) -> str:
        """Singular or plural by `n`: `key`_one and `key`."""
        return self(f"{key}_one") if n == 1 else self(key, n=f"{n:,}")

    def value(self, facet: str, value: str, label: str) -> str:
        """A facet's value as people read it."""
        match facet:
            case "access_status" if f"status_{value}" in TEXTS:
                return self(f"status_{value}")
            case "level" if f"level_{value}" in TEXTS:
                return self(f"level_{value}")
            case "has_scan":
                return self(f"scan_{value}") if value in ("yes", "no") else label
            case "decade":
                return self("decade", value=value)
            case _:
                return label or value


def language_of(said: str | None) -> Language:
    """The language a visitor chose; Chinese unless English was."""
    return "en" if said == "en" else "zh"
