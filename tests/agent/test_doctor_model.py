"""The doctor's question to the model: nothing depends on one, so that one which does not answer is no fault."""

from dataclasses import replace

import pytest

from agent.doctor.check import exit_code
from agent.doctor.model import Total, model_checks
from agent.doctor.patient import Patient, Unusable
from agent.mind.port import ModelGarbled, ModelUnavailable
from agent.mind.scripted import ScriptedMind
from tests.agent.patients import patient, the

__all__ = ["patient"]


class Asked(ScriptedMind):
    """One that is asked by words."""

    method = "json"


async def test_none_is_no_fault(patient: Patient) -> None:
    """A key that is there for other programs is told to be unused."""
    found = await the(patient, "model")
    assert (found.status, "OPENAI_API_KEY" in found.found) == ("ok", False)
    alone = await the(replace(patient, has_model_key=True), "model")
    assert (alone.status, "OPENAI_API_KEY is not used without SWINEHERD_MODEL" in alone.found) == ("ok", True)


async def test_one_that_answers(patient: Patient) -> None:
    """Its name, and how it can be asked; one small question finds out."""
    mind = Asked(Total(total=2))
    found = await the(replace(patient, mind=mind), "model")
    assert (found.status, found.found) == ("ok", "scripted answers, asked by json")
    assert mind.left == 0


@pytest.mark.parametrize(
    ("error", "remedy"), [(ModelUnavailable("it is away"), "until"), (ModelGarbled("it is away"), "METHOD")]
)
async def test_one_that_does_not(patient: Patient, error: Exception, remedy: str) -> None:
    """A warning with what it means."""
    (found,) = await model_checks(replace(patient, mind=Asked(error)))
    assert (found.status, found.found) == ("warn", "it is away")
    assert remedy in found.remedy
    assert exit_code([found]) == 0


async def test_what_names_none_is_the_users_to_put_right(patient: Patient) -> None:
    """Exit 2, as for every setting."""
    (found,) = await model_checks(replace(patient, mind=Unusable(("OPENAI_BASE_URL is no URL",))))
    assert (found.status, found.found) == ("bad", "OPENAI_BASE_URL is no URL")
    assert exit_code([found]) == 2
