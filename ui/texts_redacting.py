"""What the redaction of a page says, in both languages."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "view_redact": ("涂黑", "Redact"),
    "redact_hint": (
        "按住 Shift 在图像上拖出区域，或在下面逐行写：左 上 宽 高（像素，图像原样方向）。保存后，馆员以外的图像、文字、检索里都没有这些内容；原件与附件只给馆员。",
        "Hold Shift and drag on the scan, or write one region a line: left top width height, in pixels of the image as stored. Once saved, image, text and search hold none of it for anybody but staff; the original and the attachments stay with staff.",
    ),
    "redact_regions": ("区域", "Regions"),
    "redact_whole": ("整页", "Whole page"),
    "redact_reason": ("理由", "Reason"),
    "redact_note": ("说明", "Note"),
    "redact_preview": ("预览公众所见", "Preview what the public sees"),
    "redact_save": ("保存", "Save"),
    "redact_saved": ("已涂黑，各处不再显示。", "Redacted; it shows nowhere any more."),
    "redact_undo": ("撤销", "Undo"),
    "redact_standing": ("已涂黑与已撤销", "Redacted, and undone"),
    "redact_none": ("这一条目没有涂黑。", "Nothing is redacted in this record."),
    "redact_undone": ("已撤销", "undone"),
    "redact_bad": ("看不懂这一行：{line}", "This line cannot be read: {line}"),
    "redact_page": ("第 {n} 页", "page {n}"),
    "redact_left": ("公众所读文字", "The text as the public reads it"),
    "reason_privacy": ("个人隐私", "privacy"),
    "reason_identity": ("证件、账号、电话", "numbers of identity, account, telephone"),
    "reason_address": ("家庭住址", "home address"),
    "reason_health": ("健康与病情", "health"),
    "reason_minor": ("未成年人", "a minor"),
    "reason_commercial": ("商业秘密", "trade secret"),
    "reason_third-party": ("第三方权益", "a third party's rights"),
    "reason_other": ("其他", "other"),
}
