"""What an intake did: figures, and for all that did not go in where it stood, why, and what to do.

The report is written as CSV (for Excel) and JSON into a folder of the quarantine, beside the refused
files. The folder is named by the report's own content: the same package refused the same way twice
gives one folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from holdings.sheets import write

#: Refusals that a summary shows in full.
SHOWN = 10
#: Reason codes → what they mean, for the report's readers.
REASONS: dict[str, str] = {
    "encoding": "编码认不出",
    "no-headers": "找不到表头",
    "json": "不是 JSON 对象",
    "missing-code": "缺少档号",
    "bad-code": "档号不对",
    "alike-code": "档号与已有的只差写法",
    "missing-title": "缺少题名",
    "impossible-date": "日期不可能或读不懂",
    "secret": "国家秘密，不得收入",
    "ditto": "〃 无可承接",
    "code-became-date": "编号被表格改成日期",
    "code-lost-digits": "编号被表格改成数",
    "repeated": "同一批里档号重复",
    "revision": "与已收条目不同，未经确认",
    "conflict": "档号已属于另一条目",
    "no-record": "页没有所属条目",
    "record-refused": "所属条目未收",
    "ambiguous-name": "文件名可属几个条目",
    "page-range": "页号超出本卷",
    "unknown-type": "不认识的文件类型",
    "damaged": "文件损坏",
    "locked": "文件有密码",
    "empty": "空文件",
    "bomb": "压缩炸弹",
    "xml-entities": "含有实体定义",
    "sheet-too-large": "表格过大",
    "image-too-large": "图像过大",
    "too-many-pages": "页数过多",
    "too-large": "文件过大",
    "outside": "路径越出文件夹",
    "not-a-file": "不是普通文件",
}


@dataclass(frozen=True)
class Rejection:
    """One row or file that did not go in.

    file: as it stands in the package.  sheet, row: for rows; row from 1, 0 for a whole file.
    values: the refused row, kept here (never that of a secret one).  differences: of a revision.
    path: the refused file, to be kept in quarantine; None for rows, and for secret files.
    """

    file: str
    code: str
    reason: str
    advice: str
    sheet: str = ""
    row: int = 0
    reference_code: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    differences: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    path: Path | None = None


@dataclass
class IntakeReport:
    """Figures of one intake. `records`: rows that described a record, refused ones with them.

    warnings: what went in and is worth a look.
    """

    records: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    derived: int = 0
    pages: int = 0
    attachments: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    warnings: list[Rejection] = field(default_factory=list)
    folder: Path | None = None
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0: everything is in.  1: nothing usable.  2: some was refused, the rest is in."""
        if not self.new + self.changed + self.unchanged:
            return 1
        return 2 if self.rejections else 0

    def as_dict(self) -> dict[str, object]:
        figures = {k: v for k, v in self.__dict__.items() if k not in ("rejections", "warnings", "folder")}
        return {
            **figures,
            "exit_status": self.exit_status,
            "folder": str(self.folder) if self.folder else None,
            "rejections": [_plain(r) for r in self.rejections],
            "warnings": [_plain(w) for w in self.warnings],
        }

    def summary(self) -> str:
        """A few lines for the person at the terminal."""
        lines = [
            f"条目 {self.records}：新收 {self.new}，更新 {self.changed}，未变 {self.unchanged}，未收 {self.refused}；"
            f"页 {self.pages}，附件 {self.attachments}；{self.seconds:.1f} 秒。"
        ]
        counts = Counter(rejection.code for rejection in self.rejections)
        lines += [f"  {REASONS.get(code, code)}（{code}）：{n}" for code, n in counts.most_common()]
        lines += [f"  · {_shown(r)}" for r in self.rejections[:SHOWN]]
        if self.warnings:
            lines.append(f"已收而请核对 {len(self.warnings)} 处（--json 列出全部）：")
            lines += [f"  · {_shown(w)}" for w in self.warnings[:SHOWN]]
        if self.folder is not None:
            lines.append(f"全部 {len(self.rejections)} 处的原因与办法见 {self.folder / 'report.csv'}")
        return "\n".join(lines)


def _shown(r: Rejection) -> str:
    place = " ".join(filter(None, [r.file, r.sheet, f"第 {r.row} 行" if r.row else "", r.reference_code]))
    return f"{place}：{r.reason} {r.advice}"


def _plain(rejection: Rejection) -> dict[str, object]:
    data = asdict(rejection)
    del data["path"]
    return {"meaning": REASONS.get(rejection.code, rejection.code), **data}


def keep(report: IntakeReport, quarantine: Path) -> Path | None:
    """Write the report and copy the refused files; the folder, None when nothing was refused."""
    if not report.rejections:
        return None
    rows = [_plain(rejection) for rejection in report.rejections]
    body = json.dumps(rows, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    folder = quarantine / hashlib.sha256(body).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.json").write_bytes(body)
    (folder / "report.csv").write_bytes(_table(report.rejections))
    for rejection in report.rejections:
        if rejection.path is not None:
            _copy(rejection.path, folder / "files", rejection.file)
    report.folder = folder
    return folder


def _table(rejections: Sequence[Rejection]) -> bytes:
    headers = ("文件", "工作表", "行", "档号", "原因代码", "原因", "怎么办", "差异")
    rows = []
    for r in rejections:
        changes = "；".join(f"{k}：{a} → {b}" for k, (a, b) in r.differences.items())
        rows.append([r.file, r.sheet, r.row or "", r.reference_code, r.code, r.reason, r.advice, changes])
    return write("csv", headers, rows)


def _copy(source: Path, folder: Path, name: str) -> None:
    """Keep a refused file under its own place in the package; a name cannot lead out of the folder."""
    parts = [part for part in Path(name).parts if part not in ("..", ".", "/", "\\")]
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        shutil.copyfile(source, target)
