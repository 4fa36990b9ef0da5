"""The checklist of an exhibit, and of a plan: lights (curation/lights.py) with their reasons and what to do. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from curation.lights import Check, Facts, Scan
from curation.plan import Case, Exhibition, Object
from curation.rights import rights
from holdings.access import PUBLIC, READING_ROOM

#: Characters of a label, white space not counted.
LABEL = (80, 150)
#: DA/T 31-2017 纸质档案数字化规范: 200 dpi at least, 300 where it is to be printed.
LEAST_DPI, PRINT_DPI = 200, 300
#: Scanners round: 299 is 300.
ROUNDING = 0.99
#: A scan whose longer side has fewer pixels is not read on a screen.
LEAST_PIXELS = 600
#: GB/T 23863 博物馆照明设计规范: paper, photographs and textiles are lit by no more.
PAPER_LUX = 50


def checks(facts: Facts) -> list[Check]:
    """Every check that this exhibit is asked, in the order of NAMES."""
    if facts.stands in ("nothing", "both", "gone"):
        return [_stands(facts)]
    found = [_stands(facts)]
    if facts.stands == "record":
        found += [_open(facts), _web(facts), _redacted(facts)]
    found += rights(facts)
    if facts.stands == "record":
        found.append(_scan(facts))
    if not facts.compiled:
        found.append(_label(facts))
    found.append(_quotation(facts))
    if facts.body.transcribe:
        found.append(_transcription(facts))
    return [*found, _loan(facts), _size(facts), _light(facts)]


# ── what it stands on ──────────────────────────────────────────────────────────


def _stands(facts: Facts) -> Check:
    match facts.stands:
        case "gone":
            return Check("stands", "red", "档案已撤回，或不在目录中。", "请从方案中移去，或换一件。")
        case "nothing":
            return Check("stands", "red", "没有档号，也没有外借来源。", "请选一件档案，或写明所有人与协议。")
        case "both":
            return Check("stands", "red", "既有档号，又有外借来源。", "二者只留其一。")
        case "outside":
            outside = facts.body.outside
            missing = "" if outside and outside.agreement else "协议"
            if missing:
                return Check("stands", "red", "馆外展品没有协议。", "请写明借展、授权或捐赠协议。")
            return Check("stands", "green", "馆外展品，有协议。")
        case _:
            return Check("stands", "green", "有档号。")


def _open(facts: Facts) -> Check:
    if facts.audiences & {PUBLIC, READING_ROOM}:
        return Check("open", "green", "已开放。")
    return Check("open", "red", facts.obstacle or "没有开放。", "请送开放审核，或换一件。")


def _web(facts: Facts) -> Check:
    if PUBLIC in facts.audiences:
        return Check("web", "green", "上网审查通过。")
    return Check("web", "red", "没有通过上网审查。", "请送上网审查，或换一件。")


def _redacted(facts: Facts) -> Check:
    if facts.personal:
        said = "、".join(dict.fromkeys(facts.personal))
        return Check("redacted", "red", f"公众仍可见：{said}。", "请遮蔽，或另写公开著录，或换一页。")
    if facts.doubtful:
        said = "、".join(dict.fromkeys(facts.doubtful))
        return Check("redacted", "amber", f"公众可见：{said}。", "请人看过要不要遮蔽。")
    unread = [str(scan.page) for scan in facts.scans if not scan.read]
    if unread:
        return Check(
            "redacted",
            "amber",
            f"第 {'、'.join(unread)} 页没有文字，机器没有看过。",
            "请人看过有无个人信息。",
        )
    return Check("redacted", "green", "没有看到未遮蔽的个人信息。")


# ── scan and words ─────────────────────────────────────────────────────────────


def _scan(facts: Facts) -> Check:
    if not facts.scans:
        return Check("scan", "amber", "没有图像。", "请扫描，或以实物、文字展出。")
    if poor := [scan for scan in facts.scans if max(scan.width, scan.height) < LEAST_PIXELS]:
        return Check("scan", "red", f"第 {poor[0].page} 页的图像太小，看不清。", "请重新扫描。")
    known = [(dpi, scan.page) for scan in facts.scans if (dpi := _dpi(scan, facts.body)) is not None]
    if known and min(known)[0] < PRINT_DPI * ROUNDING:
        dpi, page = min(known)
        short = f"，不到 DA/T 31 所要求的 {LEAST_DPI} dpi" if dpi < LEAST_DPI * ROUNDING else "，不够印刷"
        return Check(
            "scan", "amber", f"第 {page} 页 {dpi:.0f} dpi{short}。", f"印展板前请以 {PRINT_DPI} dpi 重扫。"
        )
    if len(known) < len(facts.scans):
        return Check("scan", "unknown", "文件没有写明精度，也没有原件尺寸。", "请填原件的宽与高。")
    return Check("scan", "green", f"{min(known)[0]:.0f} dpi。")


def _dpi(scan: Scan, body: Object) -> float | None:
    """By the original's size where that is known, else as the file says."""
    sides = [side for side in (body.original.width, body.original.height) if side]
    if len(sides) == 2:
        return max(scan.width, scan.height) / (max(sides) / 25.4)
    return scan.dpi


def counted(label: str) -> int:
    """Characters of a label, white space not counted."""
    return len("".join(label.split()))


def _label(facts: Facts) -> Check:
    least, most = LABEL
    count = counted(facts.body.label)
    if not count:
        return Check("label", "red", "没有说明文字。", "可由机器拟稿，再由人定稿。")
    if not least <= count <= most:
        return Check("label", "red", f"说明文字 {count} 字。", f"请写 {least} 至 {most} 字。")
    if not facts.approved_by:
        return Check("label", "red", "说明文字还是草稿。", "请核对依据后定稿。")
    return Check("label", "green", f"{facts.approved_by}定稿，{count} 字。")


def stands_in(words: str, text: str) -> bool:
    """Whether these very words stand in the text; where its lines break does not matter."""
    return "".join(words.split()) in "".join(text.split())


def _quotation(facts: Facts) -> Check:
    body = facts.body
    if facts.stands == "outside":
        if body.quotation or body.sources:
            return Check("quotation", "red", "馆外展品没有可核对的原文。", "请去掉引文与依据。")
        return Check("quotation", "green", "馆外展品，不引原文。")
    for quoted in (*([body.quotation] if body.quotation else []), *body.sources):
        if not stands_in(quoted.text, facts.texts.get(quoted.page, "")):
            where = f"第 {quoted.page} 页" if quoted.page else "著录"
            return Check(
                "quotation",
                "red",
                f"“{_short(quoted.text)}”已不见于{where}的现文。",
                "原文可能已校改：请照现文改，或另引。",
            )
    if body.quotation is None:
        return Check("quotation", "amber", "没有引用原文。", "请引一句原文，注明页码。")
    return Check("quotation", "green", f"与第 {body.quotation.page} 页现文一致。")


def _transcription(facts: Facts) -> Check:
    wanting = [str(scan.page) for scan in facts.scans if not (scan.read and scan.proofread)]
    if wanting or not facts.scans:
        where = f"第 {'、'.join(wanting)} 页" if wanting else "全文"
        return Check("transcription", "red", f"{where}的文字没有人校过。", "请在条目页校改后保存。")
    return Check("transcription", "green", "各页文字都经人校过。")


def _short(words: str) -> str:
    return words if len(words) <= 16 else f"{words[:15]}…"


# ── the thing in the room ──────────────────────────────────────────────────────


def _loan(facts: Facts) -> Check:
    original = facts.body.original
    if original.shown != "original":
        return Check("loan", "green", "不展原件。")
    if facts.stands == "outside":
        return Check("loan", "green", "依协议借展。")
    if original.loanable is None:
        return Check("loan", "unknown", "原件能否出库还没有问。", "请问保管部门。")
    if not original.loanable:
        return Check("loan", "red", "原件不能出库。", "请改展复制件。")
    return Check("loan", "green", "原件可以出库。")


def _size(facts: Facts) -> Check:
    original = facts.body.original
    if original.shown == "image":
        return Check("size", "green", "只展图像。")
    if original.width is None or original.height is None:
        return Check("size", "unknown", "没有尺寸。", "请量原件的宽与高。")
    if facts.case is not None and not fits(original.width, original.height, original.depth, facts.case):
        return Check("size", "red", f"放不进“{facts.case.name}”。", "请换一处，或改展复制件。")
    return Check("size", "green", f"{original.width}×{original.height} 毫米。")


def fits(width: int, height: int, depth: int | None, case: Case) -> bool:
    """Whether it goes in, as it lies or turned; a side of the case nobody measured takes anything."""
    if depth is not None and case.depth is not None and depth > case.depth:
        return False
    sides = (case.width or 10**9, case.height or 10**9)
    return any(w <= sides[0] and h <= sides[1] for w, h in ((width, height), (height, width)))


def _light(facts: Facts) -> Check:
    original = facts.body.original
    if original.shown != "original":
        return Check("light", "green", "不展原件。")
    lit = facts.case.light if facts.case else None
    if original.light is None:
        return Check("light", "unknown", "没有写明照度上限。", f"纸质、照片一般不超过 {PAPER_LUX} 勒克斯。")
    if lit is not None and lit > original.light:
        return Check(
            "light", "red", f"此处照度 {lit} 勒克斯，上限 {original.light}。", "请调暗，或改展复制件。"
        )
    if original.light > PAPER_LUX and facts.record is not None:
        return Check(
            "light", "amber", f"上限 {original.light} 勒克斯。", f"纸质、照片一般不超过 {PAPER_LUX} 勒克斯。"
        )
    return Check("light", "green", f"不超过 {original.light} 勒克斯。")


# ── the plan as a whole ────────────────────────────────────────────────────────


def plan_checks(
    plan: Exhibition, sections: Sequence[tuple[str, int]], loose: int, personal: Sequence[str] = ()
) -> list[Check]:
    """Of all together. sections: title, exhibits in it; loose: exhibits in no section; personal: kinds of numbers of
    persons in its texts."""
    found = []
    if not plan.slug:
        found.append(Check("plan", "red", "没有网址名。", "请写英文小写字母、数字与短横。"))
    if not plan.lead:
        found.append(Check("plan", "red", "没有前言。", "请写一段。"))
    if not any(count for _, count in sections):
        found.append(Check("plan", "red", "一件展品也没有。", "请先选展品。"))
    if loose:
        found.append(Check("plan", "red", f"{loose} 件展品不在任何部分。", "请移入一个部分。"))
    if personal:
        found.append(
            Check("plan", "red", f"标题、前言或各部分的文字中有：{'、'.join(personal)}。", "请删去。")
        )
    found += [
        Check("plan", "amber", f"“{title}”没有展品。", "请选展品，或写征集线索。")
        for title, count in sections
        if not count
    ]
    return found or [Check("plan", "green", "齐备。")]
