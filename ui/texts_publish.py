"""Texts of the page about the public installation, Chinese first."""

from __future__ import annotations

PUBLISH: dict[str, tuple[str, str]] = {
    "nav_publish": ("公众网", "Public network"),
    "publish_hint": (
        "公众网一端在另一个网络，靠签名的包带过去。这里只看：出包、登记回执用命令。",
        "The public installation stands in another network and is brought signed packages. This page only shows; packages and receipts go by command.",
    ),
    "publish_none_waiting": (
        "收回的、涂黑的都已送到公众网。",
        "Everything withdrawn or redacted is so on the public installation too.",
    ),
    "publish_never": ("还没有往公众网出过包。", "Nothing was ever carried to the public installation."),
    "publish_waits_withdrawn": (
        "收回 {n} 项，公众网还没有确认撤下；最早的已 {age}（时限 {limit} 小时）",
        "{n} withdrawn that the public installation has not confirmed; the oldest for {age} (limit {limit} hours)",
    ),
    "publish_late_withdrawn": (
        "逾期：收回 {n} 项，公众网仍未确认撤下；最早的已 {age}",
        "Overdue: {n} withdrawn that the public installation has not confirmed; the oldest for {age}",
    ),
    "publish_waits_hidden": (
        "涂黑或另写公开著录 {n} 项，公众网还没有确认换过；最早的已 {age}（时限 {limit} 小时）",
        "{n} redacted or given a public form, which the public installation has not confirmed; the oldest for {age} (limit {limit} hours)",
    ),
    "publish_late_hidden": (
        "逾期：涂黑或另写公开著录 {n} 项，公众网仍未确认换过；最早的已 {age}",
        "Overdue: {n} redacted or given a public form, which the public installation has not confirmed; the oldest for {age}",
    ),
    "publish_to_export": ("{n} 项还没有出包：请导出并带过去", "{n} in no package yet: export one and carry it over"),
    "publish_to_take": ("{n} 项已出包、没有回执：请导入后带回回执", "{n} in packages without a receipt: import them and bring it back"),
    "publish_minutes": ("{n} 分钟", "{n} minutes"),
    "publish_hours": ("{n} 小时", "{n} hours"),
    "publish_days": ("{n} 天", "{n} days"),
    "publish_still_withdrawn": ("公众网仍看得到、应当撤下的 {n} 项", "{n} records and exhibitions the public still sees and should not"),
    "publish_hint_withdrawn": (
        "已在本馆收回，还没有进任何一个包。公众网一端在导入之前照旧显示它们。",
        "Withdrawn here and in no package yet: the public installation shows them until it imports one.",
    ),
    "publish_still_hidden": (
        "公众网仍是原样、这里已经遮去的 {n} 项",
        "{n} records and exhibitions the public still sees as they were before something was hidden",
    ),
    "publish_hint_hidden": (
        "出包之后才涂黑、或才另写公开著录，还没有进任何一个包：公众网一端在导入之前照旧显示原来的图文。用了这些条目的展览也在内。",
        "Redacted, or given a public form, after they were carried, and in no package yet: the public installation shows the former pages and words until it imports one; so do exhibitions that stand on them.",
    ),
    "publish_more": ("另有 {n} 项未列。", "{n} more not listed."),
    "publish_record": ("条目、展览", "Record, exhibition"),
    "publish_status": ("现状", "Now"),
    "publish_since_withdrawn": ("收回于", "Withdrawn"),
    "publish_since_hidden": ("遮去于", "Hidden"),
    "publish_age": ("已过", "Since"),
    "publish_gone": ("不在库中", "not held"),
    "publish_exhibition": ("展览已撤下", "exhibition taken down"),
    "publish_redacted": ("涂黑或公开著录", "redacted, or public form"),
    "publish_stands_on": ("展览用了这样的条目", "exhibition with such a record"),
    "publish_exhibitions": ("＋展览 {n}", "+ exhibitions: {n}"),
    "publish_packages": ("出过的包", "Packages"),
    "publish_no_packages": (
        "还没有。用 danghai publish export 出第一个包。",
        "None yet. danghai publish export makes the first.",
    ),
    "publish_no_key": (
        "还没有签包的密钥，本馆没有启用公众网一端。需要时：danghai publish key。",
        "There is no key to sign packages with: the public installation is not in use. When wanted: danghai publish key.",
    ),
    "publish_number": ("号", "No."),
    "publish_made": ("出包", "Made"),
    "publish_added": ("公开", "Added"),
    "publish_withdrawn": ("收回", "Withdrawn"),
    "publish_hidden": ("遮去", "Hidden"),
    "publish_receipt": ("回执", "Receipt"),
    "publish_full": ("全量", "full"),
    "publish_received": ("已收到 {at}", "received {at}"),
    "publish_no_receipt": ("没有回执", "no receipt"),
}  # fmt: skip
