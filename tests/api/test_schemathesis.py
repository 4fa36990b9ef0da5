"""Requests that schemathesis makes up from the OpenAPI document, valid and not: no 5xx, and no answer that the
document does not describe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from holdings.access import PUBLIC, STAFF

from .conftest import System
from .small_archive import file_code, of, small_archive

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
#: Ids that are held, so that not every made-up request ends at the first look: open, closed, a volume.
HELD = [of(file_code(1)), of(file_code(3)), of(file_code(4)), of("J045-1-2")]
#: The one 503 that a house without a projector rightly gives.
AWAY = "urn:danghai:problem:projector-away"


@pytest.fixture(scope="module")
def tried(make_system: Callable[[], System]) -> System:
    """A house of its own: what is made up here may change it."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.project()
    return system


@pytest.mark.parametrize("audience", [PUBLIC, STAFF])
def test_no_5xx_and_no_undocumented_answer(tried: System, audience: str, long_run: bool) -> None:
    schema = schemathesis.openapi.from_dict(tried.client.get("/openapi.json").json())
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 12
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try_out(tried, audience, operation, mode, examples=150 if long_run else 2)


def try_out(system: System, audience: str, operation: Any, mode: GenerationMode, *, examples: int) -> None:
    @settings(
        max_examples=examples,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(case=operation.as_strategy(generation_mode=mode), held=st.sampled_from([None, *HELD]))
    def tried(case: Any, held: str | None) -> None:
        if held and "record_id" in (case.path_parameters or {}):
            case.path_parameters["record_id"] = held
        sent = case.as_transport_kwargs(base_url="http://testserver")
        address = sent.pop("url").removeprefix("http://testserver")
        sent.pop("cookies", None)
        sent["headers"] = {k: v for k, v in sent["headers"].items() if k.lower() != "authorization"}
        if isinstance(sent.get("data"), str | bytes):
            sent["content"] = sent.pop("data")
        answer = system.ask(address, audience, **sent)
        if answer.status_code == 503 and answer.json()["type"] == AWAY:
            return
        case.validate_response(answer, checks=CHECKS)

    try:
        tried()
    except Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "an operation without parameters has nothing to get wrong"
    except BaseException as error:
        error.add_note(f"{operation.label}, {mode.value}, as {audience}")
        raise
