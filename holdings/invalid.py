"""What is wrong with a setting or a parameter, in Chinese: pydantic's own words are English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: pydantic's type of error → what to say; names in braces are of the error's context.
_SAID: dict[str, str] = {
    "missing": "缺少",
    "int_parsing": "应是整数",
    "int_type": "应是整数",
    "int_from_float": "应是整数",
    "int_parsing_size": "数太大",
    "bool_parsing": "应是 true 或 false",
    "bool_type": "应是 true 或 false",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "literal_error": "可选：{expected}",
    "string_type": "应是文字",
    "string_unicode": "不是完整的文字",
    "string_too_short": "至少 {min_length} 字",
    "string_too_long": "最多 {max_length} 字",
    "string_pattern_mismatch": "含有不许有的字符",
    "list_type": "应是数组",
    "too_long": "最多 {max_length} 项",
    "extra_forbidden": "没有这一项",
    "value_error": "{error}",
    "json_invalid": "不是 JSON",
    "model_attributes_type": "应是 JSON 对象",
}


def said(error: Mapping[str, Any]) -> str:
    """One of a ValidationError's `errors()`, without its place; what is not listed stays pydantic's."""
    known = _SAID.get(error["type"])
    return known.format(**error.get("ctx", {})).replace(" or ", "、") if known else str(error["msg"])
