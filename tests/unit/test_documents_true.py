"""The documents are true of the code, or these fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

import danghai
from holdings.engines import port
from holdings.records import FIELDS, Record
from holdings.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text()
#: Made at run time, named in the documents.
MADE = {
    "store/",
    "index/",
    "cache/",
    "quarantine/",
    "offers/",
    "donations/",
    "catalogue.sqlite",
    "projector.lock",
    "reading.lock",
    "work.sqlite",
}


def test_every_setting_stands_in_the_readme_with_its_default() -> None:
    for name, setting in Settings.model_fields.items():
        [row] = [line for line in README.splitlines() if line.startswith(f"| `DANGHAI_{name.upper()}` |")]
        default = "" if setting.default in ("", None) else f"`{setting.default}`"
        assert row.split("|")[2].strip() == default
        assert setting.description in row


def _commands() -> list[str]:
    group = typer.main.get_command(danghai.app)
    names = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        if command.hidden:
            continue
        below = getattr(command, "commands", {})
        names += [f"{name} {sub}" for sub in below] or [name]
    return names


@pytest.mark.parametrize("name", _commands())
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"`(danghai )?{name}\b", README)


@pytest.mark.parametrize("text", [README, ARCHITECTURE])
def test_every_file_named_exists(text: str) -> None:
    named = set(re.findall(r"[`(]([\w./]+(?:\.py|\.md|\.toml|/))[`)]", text))
    assert len(named) > 3
    assert [name for name in named - MADE if not (ROOT / name).exists()] == []


def test_the_field_table_and_the_record_agree() -> None:
    names = [f.name for f in FIELDS]
    assert len(set(names)) == len(names)
    assert set(names) <= set(Record.__dataclass_fields__)
    headers = [header for f in FIELDS for header in (f.term, *f.aliases)]
    assert len(set(headers)) == len(headers), "a header that two fields claim"


def test_every_facet_of_the_field_table_is_one_of_the_port() -> None:
    fields = {f.name for f in FIELDS if f.facet} - {"fonds_code"}
    assert fields <= set(port.FACETS)
