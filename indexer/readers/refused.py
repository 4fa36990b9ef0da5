"""The one way a reader says no: with a code a program can sort by, a reason, and what to do."""

from __future__ import annotations

from holdings.errors import BadInput


class Refused(BadInput):
    """A row or a file that does not go in. `code` is one of the reason codes of indexer.report.

    reference_code: of the row, where it could be told; its page files are then refused with it.
    """

    reference_code = ""

    def __init__(self, code: str, message: str, *, advice: str) -> None:
        super().__init__(message, advice=advice)
        self.code = code


def damaged(what: str, error: object) -> Refused:
    """A file that a library could not read to its end."""
    return Refused(
        "damaged", f"{what}损坏，读不完整：{str(error)[:200]}", advice="请从原件重新复制或重新扫描后再收。"
    )


def locked(what: str) -> Refused:
    return Refused("locked", f"{what}有密码保护。", advice="请由保管人解除密码后再收。")
