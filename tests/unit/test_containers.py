"""compose.yaml and Dockerfile, as far as they can be held to something without a container engine: the
compose specification's schema, this house's settings and commands, and secrets without defaults."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from danghai import app
from holdings.settings import Settings
from tests.elastic.node import VERSION

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SETTINGS = {f"DANGHAI_{name.upper()}" for name in Settings.model_fields}
#: ${NAME…}, not $$NAME, which the shell in the container gets.
_VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)([^}]*)\}")


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE)["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: service for name, service in services.items() if service.get("build")}


def test_the_compose_file_fits_the_specification() -> None:
    check = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    said = subprocess.run([sys.executable, *check], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout


def test_every_setting_named_is_one(services: dict[str, Any]) -> None:
    given = {name for service in ours(services).values() for name in service["environment"]}
    assert given <= SETTINGS
    assert {"DANGHAI_DATABASE_URL", "DANGHAI_ENGINE", "DANGHAI_ELASTIC_CA"} <= given
    baked = set(re.findall(r"DANGHAI_\w+", DOCKERFILE))
    assert baked <= SETTINGS


def test_no_secret_has_a_default_and_all_stand_in_the_example() -> None:
    asked = dict(_VARIABLE.findall(COMPOSE))
    example = dict(
        line.split("=", 1)
        for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
    assert set(asked) == set(example)
    assert not any(example.values())
    for name, otherwise in asked.items():
        assert otherwise.startswith(":?") or (name, otherwise) == ("DANGHAI_ELASTIC_API_KEY", "-")


def test_commands_are_this_house_s_and_options_theirs(services: dict[str, Any]) -> None:
    for service in ours(services).values():
        command: Any = get_command(app)
        words = list(service["command"])
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        command.make_parser(command.make_context("test", [], resilient_parsing=True)).parse_args(words)


def test_what_waits_for_another_waits_for_its_health(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                healthy = services[other].get("healthcheck", {})
                assert "test" in healthy or (services[other].get("build") and not healthy), (name, other)
        mounted = {volume.split(":")[0] for volume in service.get("volumes", ())}
        assert mounted <= set(yaml.safe_load(COMPOSE)["volumes"])


def test_the_cluster_is_the_one_tested_and_speaks_only_tls(services: dict[str, Any]) -> None:
    elastic = services["elasticsearch"]
    assert elastic["image"] == f"docker.elastic.co/elasticsearch/elasticsearch:{VERSION}"
    told = elastic["environment"]
    assert told["xpack.security.enabled"] == told["xpack.security.http.ssl.enabled"] == "true"
    assert ours(services)["api"]["environment"]["DANGHAI_ELASTIC_HOSTS"].startswith("https://")
    ports = [port for service in services.values() for port in service.get("ports", ())]
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_the_image_holds_what_it_copies_and_runs_as_nobody_special() -> None:
    for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / name).exists() for name in line.split()), line
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = {
        name.split("/")[0]
        for line in re.findall(r"^COPY (.+) \S+$", DOCKERFILE, re.MULTILINE)
        for name in line.split()
    }
    assert copied == {name[1:] for name in kept if name.startswith("!")}
    packages = re.findall(
        r"^include = \[(.*)\]$", (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name.strip('"* ') for name in packages[0].split(",")} <= copied
    assert "--require-hashes" in DOCKERFILE
    assert re.findall(r"^USER (\w+)$", DOCKERFILE, re.MULTILINE) == ["danghai"]
    assert "/healthz" in DOCKERFILE
