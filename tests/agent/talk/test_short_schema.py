"""What a model reads of a tool: everything that it may fill in, in few words."""

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agent.mind.tool_forms import Work
from agent.talk.context import Talking
from agent.talk.proposals import ChangeNeeds, JobWords
from agent.talk.short_schema import short_schema
from agent.talk.tools import offered
from tests.agent.world import World


@pytest.mark.parametrize("form", [JobWords, ChangeNeeds, Work])
def test_no_argument_is_lost(form: type[JobWords | ChangeNeeds | Work]) -> None:
    """Nor which are required."""
    whole = form.model_json_schema()
    short = short_schema(whole)
    assert set(short["properties"]) == set(form.model_fields)
    assert short.get("required", []) == whole.get("required", [])


def test_choices_stay_and_bounds_go(world: World) -> None:
    """What may be null is told by not being required."""
    tools = {tool.name: tool.schema for tool in offered(cast("Talking", SimpleNamespace(parts=world.parts)))}
    method = _arguments(tools["estimate_vram"])["method"]
    assert method["enum"] == ["inference", "full", "lora", "qlora"]
    hours = _arguments(tools["change_run"])["hours"]
    assert hours == {"type": "integer", "description": "whole hours to pay for instead; null to leave them"}
    assert len(json.dumps([dict(schema) for schema in tools.values()])) < 4500


def test_what_a_list_holds_is_told() -> None:
    """Once more in short."""
    listed = {"type": "array", "title": "Outputs", "items": {"type": "string", "maxLength": 300}}
    assert short_schema({"properties": {"outputs": listed}})["properties"] == {
        "outputs": {"type": "array", "items": {"type": "string"}}
    }


def _arguments(schema: Mapping[str, object]) -> dict[str, Any]:
    return cast("dict[str, Any]", schema["properties"])
