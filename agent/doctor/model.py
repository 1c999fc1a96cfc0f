"""The language model: there, and does it answer. Nothing depends on one."""

from pydantic import BaseModel, Field

from agent.doctor.check import Check
from agent.doctor.patient import AskedMind, Patient, Unusable
from agent.mind.port import ModelGarbled, ModelUnavailable, Said

_WITHOUT = "rules do without it, or ask you"


class Total(BaseModel):
    """The smallest form there is."""

    total: int = Field(description="what the numbers add up to")


async def model_checks(patient: Patient) -> list[Check]:
    """Ask it the smallest question; one that does not answer is a warning."""
    match patient.mind:
        case None:
            unused = "; OPENAI_API_KEY is not used without SWINEHERD_MODEL" if patient.has_model_key else ""
            return [Check("model", "ok", f"none is configured: {_WITHOUT}{unused}")]
        case Unusable(problems):
            return [Check("model", "bad", problem, "set it right, or unset it") for problem in problems]
        case mind:
            return [await _asked(mind)]


async def _asked(mind: AskedMind) -> Check:
    try:
        await mind.fill(Total, "Fill in the form with the total.", [Said("user", "1 and 1")])
    except ModelUnavailable as error:
        return Check("model", "warn", str(error), f"until it answers, {_WITHOUT}")
    except ModelGarbled as error:
        return Check("model", "warn", str(error), "try another SWINEHERD_MODEL_METHOD, or another SWINEHERD_MODEL")
    return Check("model", "ok", f"{mind.name} answers, asked by {mind.method}")
