"""The exhibition's text 展览文本: all that is on walls and labels, in order, for review and for the designer."""

from __future__ import annotations

from curation.edition import Edition, Pictures
from curation.outputs import docx_kit as kit
from curation.outputs.places import facts, text_of


def render(edition: Edition, pictures: Pictures) -> bytes:
    document = kit.new_document(edition)
    kit.running_heads(document, edition.title)
    kit.title_page(document, edition, "展览文本")
    if edition.lead:
        document.add_heading("前言", 1)
        kit.said(document, edition.lead)
    number = 0
    for order, section in enumerate(edition.sections, 1):
        document.add_heading(text_of(f"{order}　{section.title}"), 1)
        kit.said(document, section.text)
        for exhibit in section.exhibits:
            number += 1
            document.add_heading(text_of(f"{number}. {exhibit.title}"), 2)
            if exhibit.date:
                kit.kept(kit.faint(document.add_paragraph(text_of(exhibit.date))))
            if exhibit.pictures:
                place = kit.kept(kit.centred(document.add_paragraph()))
                kit.picture(place, exhibit.pictures[0], pictures, widest=10, highest=8)
            kit.said(document, exhibit.label)
            kit.quotation(document, exhibit)
            told = [f"{term}：{value}" for term, value in facts(exhibit) if term not in _ELSEWHERE]
            if told:
                kit.faint(document.add_paragraph(text_of("　".join(told))))
            kit.source(document, exhibit)
        if section.wanted:
            document.add_heading("征集线索", 2)
            kit.said(document, section.wanted)
    return kit.saved(document, edition)


#: Facts that stand in other lines already.
_ELSEWHERE = frozenset({"档号", "馆藏", "日期", "所有者", "编号", "协议", "权利说明"})
