"""A record's words as curation counts them: jieba's, without function words, numbers and single characters."""

from __future__ import annotations

import re

from holdings.text import normalise
from models.words import Segmenter

#: Nothing that says what a record is about: numbers, years, days, dynasties' years.
_NUMBER = re.compile(
    r"[\d零〇一二三四五六七八九十百千万亿两第元廿卅]+[年月日号届次期个件份卷册页人名艘]?|\d+.*"
)
#: Words of offices and forms, which every record has.
COMMON: frozenset[str] = frozenset(
    {
        "关于", "有关", "情况", "工作", "办理", "事项", "事宜", "问题", "办法", "请求",
        "报告", "通知", "公函", "函", "呈文", "呈", "布告", "告示", "批复", "请示",
        "意见", "会议", "记录", "纪要", "登记", "登记册", "名册", "清册", "统计",
        "统计表", "样例", "本件", "本馆", "全宗", "档案", "文书", "文件", "要求",
        "说明", "进行", "规定", "列出", "以及", "各项", "各处", "材料", "部分", "等处",
        "期间",
    }
)  # fmt: skip


def words_of(segmenter: Segmenter, text: str) -> list[str]:
    """Distinct words of a text, in reading order, simplified and in lower case."""
    found = dict.fromkeys(
        token.text
        for token in segmenter.words(normalise(text).text)
        if not token.is_stop
        and len(token.text) > 1
        and token.text not in COMMON
        and not _NUMBER.fullmatch(token.text)
    )
    return list(found)
