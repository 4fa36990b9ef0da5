"""What the security officer's queue says, in both languages."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "nav_quarantine": ("涉密待核", "Secrecy"),
    "held_title": ("涉密待核 {n} 件，请核定", "{n} records held for a secrecy mark: please decide"),
    "held_count": ("{n} 件", "{n}"),
    "held_count_one": ("1 件", "1"),
    "held_lead": (
        "识读时在密级标志处见到密级字样，已从各处隐去，除保密员外谁也看不到。请逐件核定。",
        "A secrecy mark was read in a mark’s place; they show nowhere to anybody but you. Please decide each.",
    ),
    "held_none": ("没有待核的条目。", "Nothing is held."),
    "held_more": ("另有 {n} 件，核定几件后列出。", "{n} more are listed as you decide."),
    "held_at_head": ("页首", "head of the page"),
    "held_at_stamp": ("印章", "stamp"),
    "held_at_star": ("★ 旁", "beside ★"),
    "held_with": ("连同其内 {n} 件一并隐去", "and {n} that lie in it"),
    "held_reason": ("理由（必写，记入案卷）", "Reason (needed, kept)"),
    "held_why": ("请写明理由，例如“1958 年已解密，有批文”。", "Say why, as “declassified in 1958, by order …”."),
    "held_release": ("不涉密，解除", "Not secret: release"),
    "held_release_done": ("{code} 已解除，回到原来的范围。", "{code} is released and seen as before."),
    "held_confirm": ("确认涉密", "Secret: confirm"),
    "held_confirm_done": ("{code} 已确认，继续隐去，请移出本系统。", "{code} is confirmed and stays hidden: take it out of the system."),
    "held_confirmed_all": ("已确认、待移出", "Confirmed, to be taken out"),
    "held_confirmed": ("请在本机用这个命令导出并从本系统删除：", "On this machine, this exports and removes them:"),
}  # fmt: skip
