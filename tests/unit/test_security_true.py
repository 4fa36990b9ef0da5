"""SECURITY.md is true: every control names tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_control_names_a_test_that_exists() -> None:
    rows = [r for r in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines() if r.startswith("| ")]
    assert len(rows) > 10
    for row in rows[1:]:
        named = TEST.findall(row)
        assert named, row
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            assert test in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}, test
