"""Catalogues as JSON Lines: one object a record, keys by the field table's English or Chinese names.

`text` is the ready text: a string (form feeds part its pages), or a list of page texts.
Keys that begin with "_" are the writer's own and are left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from indexer.readers.encoding import encoding_of, unknown_encoding
from indexer.readers.headers import HeaderMap, field_of
from indexer.readers.refused import Refused
from indexer.readers.rows import Cell, RawRow

JSONL_ENDINGS = frozenset({".jsonl", ".ndjson"})
_ADVICE = '每行应是一个 JSON 对象，键为英文著录项名，如 {"reference_code": "…", "title": "…"}。'


def read_jsonl(path: Path, source: str, mapping: HeaderMap) -> Iterator[RawRow | tuple[int, Refused]]:
    """A row a line; (line number, Refused) for a line that is no object. Refused: encoding."""
    encoding = encoding_of(path)
    if encoding == "gb18030":  # JSON is UTF-8 by its own rule
        raise unknown_encoding(path)
    with path.open(encoding=encoding, newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield _row(json.loads(line), source, number, mapping)
            except Refused as error:
                yield number, error
            except (ValueError, RecursionError) as error:
                yield number, Refused("json", f"这一行不是 JSON：{str(error)[:200]}", advice=_ADVICE)


def _row(data: Any, source: str, number: int, mapping: HeaderMap) -> RawRow:
    if not isinstance(data, dict):
        raise Refused("json", "这一行不是 JSON 对象。", advice=_ADVICE)
    fields: dict[str, Cell | list[str]] = {}
    others: dict[str, Cell] = {}
    texts: tuple[str, ...] | None = None
    for key, value in data.items():
        if key.startswith("_") or value is None:
            continue
        if key == "text":
            texts = _texts(value)
        elif key == "extra" and isinstance(value, dict):
            others |= {str(k): _plain(v) for k, v in value.items()}
        elif (found := field_of(key, mapping)) and found[0] not in fields:
            fields[found[0]] = [str(v) for v in value] if isinstance(value, list) else _plain(value)
        else:
            others[key] = _plain(value)
    return RawRow(source, "", number, fields, others, texts=texts)


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.split("\f"))
    if isinstance(value, list) and all(isinstance(page, str) for page in value):
        return tuple(value)
    raise Refused("json", "“text”应是字符串，或各页文字的数组。", advice=_ADVICE)


def _plain(value: Any) -> Cell:
    if isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False)
