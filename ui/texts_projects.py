"""Texts of the pages about projects: the home, collections, their history, comments and sharing."""

from __future__ import annotations

PROJECTS: dict[str, tuple[str, str]] = {
    "nav_home": ("工作台", "My desk"),
    "nav_workspace": ("资料夹", "Collections"),
    "nav_collection": ("资料夹", "Collection"),
    "kind_collection": ("资料夹", "Collection"),
    "kind_exhibition": ("展览", "Exhibition"),
    "kind_compilation": ("汇编", "Compilation"),
    "right_read": ("只读", "read only"),
    "right_write": ("可改", "may change"),
    "right_own": ("自己的", "own"),
    # a list of projects
    "workspace_hint": (
        "把档案收进资料夹，写备注、标签、评级；可与同事共用，谁在何时改了什么都有记录，都可撤销。",
        "Gather records with notes, tags and ratings; share them. Who changed what is on record, and can be undone.",
    ),
    "project_mine": ("我的", "Mine"),
    "project_shared": ("共享来的", "Shared with me"),
    "project_gone": ("已移去的", "Removed"),
    "project_none": ("还没有。", "None yet."),
    "project_new_collection": ("新资料夹", "A new collection"),
    "project_name": ("名称", "Name"),
    "project_about": ("说明", "What it is for"),
    "project_make": ("新建", "Make"),
    "project_need_name": ("请写名称。", "Please give it a name."),
    "project_parts": ("{n} 件", "{n} items"),
    "project_parts_one": ("1 件", "1 item"),
    "project_changed": ("{who} {at} 改", "changed by {who}, {at}"),
    "project_of": ("主人 {who}", "owned by {who}"),
    "project_restore": ("恢复", "Restore"),
    "project_restored": ("已恢复“{name}”。", "{name} is restored."),
    # somebody else wrote first
    "clash": ("{who} 于 {at} 先改过。您写的还在，没有存，也没有覆盖别人的。", "{who} changed it first, at {at}. What you wrote is kept; nothing is overwritten."),
    "clash_now": ("现有", "stands now"),
    "clash_typed": ("我写的", "what I wrote"),
    "clash_theirs": ("留用现有的", "Keep what stands"),
    "clash_mine": ("以我写的为准", "Save what I wrote"),
    "clash_merge": ("也可以在下面接着改，合并后再存。", "Or go on below, and save the two merged."),
    "clash_gone": ("已被移去。可在“历史”中恢复它，再存。", "It was removed. Restore it from the history, then save."),
}  # fmt: skip
