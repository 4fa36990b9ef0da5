"""The unit's opinion form 征求意见表: a batch's list out, the forming or transferring unit's opinions in
(Archives Law 2020, art. 30). Pure: rows in, rows out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from holdings.access import POSTPONED
from holdings.errors import BadInput
from holdings.records import Record
from holdings.review_rules import ENDS, WORDS_LENGTH, Said

HEADERS: tuple[str, ...] = (
    "审核号", "档号", "题名", "责任者", "日期", "文件编号", "到期开放意见", "政府信息公开情况", "密级变更",
    "馆方意见", "单位意见", "延期至", "理由与说明", "单位", "经办人",
)  # fmt: skip
_NEEDED = ("审核号", "单位意见")


@dataclass(frozen=True)
class FormRow:
    """One row read back. row: its number in the file, headers being 1.  problem: "" or what to mend."""

    row: int
    review_id: int
    reference_code: str
    said: Said
    unit: str
    problem: str = ""


def out_row(review_id: int, record: Record, status: str, unit: str) -> list[str]:
    """One row of the list for the unit; status: the archive's opinion so far."""
    given = [record.due_opinion, record.disclosure, "；".join(record.classification_changes)]
    described = ["；".join(record.creators), record.date.text, record.document_number]
    return [
        str(review_id),
        record.reference_code,
        record.title,
        *described,
        *given,
        status,
        "",
        "",
        "",
        unit,
        "",
    ]


def read_rows(
    table: Sequence[Sequence[str]], unit: str, codes: Mapping[int, str], today: date
) -> list[FormRow]:
    """Rows that say something; each with its own problem, so that one does not stop another.

    unit: where the form names none.  codes: review id → reference code, of the batch.
    Errors: BadInput when the headers are not the form's.
    """
    if not table:
        raise BadInput("表格是空的。", advice="请用导出的征求意见表填写。")
    places = {name.strip(): n for n, name in enumerate(table[0])}
    if lacking := [name for name in _NEEDED if name not in places]:
        raise BadInput(f"表头缺“{'、'.join(lacking)}”。", advice="请用导出的征求意见表填写，不改表头。")
    found, seen = [], set[int]()
    for number, cells in enumerate(table[1:], 2):
        values = {name: cells[n].strip() if n < len(cells) else "" for name, n in places.items()}
        if not values["单位意见"]:
            continue
        row = _row(number, values, unit, codes, today)
        if not row.problem and row.review_id in seen:
            row = FormRow(
                number, row.review_id, row.reference_code, row.said, row.unit, "同一条在表中出现两次"
            )
        seen.add(row.review_id)
        found.append(row)
    return found


def _row(number: int, values: Mapping[str, str], unit: str, codes: Mapping[int, str], today: date) -> FormRow:
    id_, code = values["审核号"], values.get("档号", "")
    review_id = int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 16 else 0
    until = values.get("延期至", "")[:10]
    words = "；".join(filter(None, (values.get("理由与说明", ""), values.get("经办人", ""))))
    said = Said(values["单位意见"], words=words, review_again=until or None)
    from_ = values.get("单位", "") or unit
    return FormRow(number, review_id, code, said, from_, _problem(review_id, code, said, from_, codes, today))


def _problem(review_id: int, code: str, said: Said, unit: str, codes: Mapping[int, str], today: date) -> str:
    if review_id not in codes:
        return "审核号不在这一批中"
    if code and code != codes[review_id]:
        return f"档号与审核号不符：这一号是 {codes[review_id]}"
    if said.status not in ENDS:
        return f"单位意见“{said.status}”不能用，可填：{'、'.join(ENDS)}"
    if not unit:
        return "没有写单位"
    if len(said.words) > WORDS_LENGTH:
        return f"说明超过 {WORDS_LENGTH} 字"
    if said.status == POSTPONED:
        try:
            if date.fromisoformat(said.review_again or "") > today:
                return ""
        except ValueError:
            pass
        return "延期开放要填以后的日期，如 2031-12-31"
    return ""
