"""What the security officer's queue says, in both languages."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "held_title": ("涉密待核 {n} 件", "{n} records held for a secrecy mark"),
    "held_lead": (
        "识读时在密级标志处见到密级字样，已从各处隐去，除您以外谁也看不到。请逐件核定。",
        "A secrecy mark was read in a mark's place; they show nowhere to anybody but you. Please decide each.",
    ),
    "held_with": ("连同其内 {n} 件", "and {n} that lie in it"),
    "held_reason": ("理由", "Reason"),
    "held_release": ("解除", "Release"),
    "held_confirm": ("确认涉密", "Confirm"),
    "held_confirmed": (
        "已确认，请用 danghai quarantine export 移出",
        "confirmed: take it out with danghai quarantine export",
    ),
}
