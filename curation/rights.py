"""Whether an exhibit may be shown by the law: copyright, portrait rights, the donor's limits, maps. Pure."""

from __future__ import annotations

import re

from curation.lights import Check, Facts
from holdings.records import Record

#: Years after which works of organisations and published photographs of before 2021 are free (著作权法第二十三条).
FREE_AFTER = 50

_MAP = re.compile(r"地图|地圖|海图|海圖|舆图|輿圖|形势图|形勢圖|区划图|區劃圖|示意图|略图|略圖|平面图")
#: GS(2023)1234号, 浙S(2021)12号, GS京(2023)1234号.
_MAP_NUMBER = re.compile(r"^(?:GS[一-鿿]{0,2}|[一-鿿]{1,3}S)\s?[（(〔\[]\d{4}[）)〕\]]\s?\d{1,5}号$")
_PICTURE = re.compile(r"照片|底片|影像|摄影|相册|像册|图片")
_GIVEN = re.compile(r"捐|赠|贈|寄存|征集|徵集|授权")


def rights(facts: Facts) -> list[Check]:
    return [_copyright(facts), _portrait(facts), _donor(facts), _map(facts)]


def _copyright(facts: Facts) -> Check:
    said = {
        "expired": "已过保护期。",
        "official": "官方文件，不受著作权法保护。",
        "ours": "著作权归本馆。",
        "licensed": "已获许可。",
    }
    given = facts.body.rights.copyright
    if given in said:
        return Check("copyright", "green", said[given], must=True)
    if given == "refused":
        return Check("copyright", "red", "权利人不同意。", "请换一件。", must=True)
    last = facts.record.date.last if facts.record else facts.body.date_to
    years = facts.year - int(last[:4]) if last else None
    hint = (
        f"形成已 {years} 年，法人作品与旧照片多半已过保护期；请确认。"
        if years is not None and years > FREE_AFTER
        else "请查明著作权人。"
    )
    return Check("copyright", "unknown", "没有写明著作权。", hint, must=True)


def _portrait(facts: Facts) -> Check:
    said = {
        "none": "没有可辨认的人物。",
        "agreed": "本人或近亲属同意。",
        "public-event": "公共活动，合理使用。",
    }
    given = facts.body.rights.portrait
    if given in said:
        return Check("portrait", "green", said[given], must=True)
    if given == "refused":
        return Check("portrait", "red", "本人或近亲属不同意。", "请换一件。", must=True)
    if facts.record is not None and not _is_picture(facts.record):
        return Check("portrait", "green", "不是照片。", must=True)
    return Check("portrait", "unknown", "没有写明肖像权。", "请写明画面中有无可辨认的人物。", must=True)


def _donor(facts: Facts) -> Check:
    limits = facts.record.donor_limits if facts.record else ""
    given = facts.body.rights.donor
    if given == "refused":
        return Check("donor", "red", "捐赠人不同意。", "请换一件。", must=True)
    if given == "agreed":
        return Check("donor", "green", f"已照办：{limits}" if limits else "捐赠人同意。", must=True)
    if limits:
        return Check(
            "donor", "unknown", f"捐赠限制：{limits}", "请照限制办理并征得同意，再记“同意”。", must=True
        )
    if given == "none":
        return Check("donor", "green", "没有限制。", must=True)
    if facts.record is None or _GIVEN.search(facts.record.acquisition):
        return Check("donor", "amber", "来自馆外，没有著录限制。", "请核对协议，再记“无限制”。")
    return Check("donor", "green", "不是捐赠或寄存。", must=True)


def _map(facts: Facts) -> Check:
    if not _is_map(facts):
        return Check("map", "green", "不是地图。", must=True)
    number = facts.body.map_review or facts.map_review
    if not number:
        return Check("map", "red", "地图没有审图号。", "请送自然资源主管部门审核，或不展出地图。", must=True)
    if not _MAP_NUMBER.match(number):
        return Check(
            "map", "red", f"“{number}”不像审图号。", "写法如“GS(2023)1234号”“浙S(2021)12号”。", must=True
        )
    return Check("map", "green", f"审图号 {number}。", must=True)


def _is_picture(record: Record) -> bool:
    return bool(_PICTURE.search(f"{record.genre} {record.medium} {record.category}")) or bool(
        record.photographer
    )


def _is_map(facts: Facts) -> bool:
    if facts.body.is_map is not None:
        return facts.body.is_map
    record = facts.record
    said = f"{record.genre} {record.medium} {record.title}" if record else facts.body.title
    return bool(_MAP.search(said))
