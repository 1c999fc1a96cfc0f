"""Where every channel's answer to an offer meets: terminal, another terminal, and whatever comes later."""

from agent.parts import Parts
from policies.money import Cents
from tools.spend_log.port import NotRecorded, Recorded
from tools.spend_log.rows import Decision


def answer(
    parts: Parts, run_id: str, decision: Decision, *, code: str, amount: Cents, by: str
) -> Recorded | NotRecorded:
    """Record a human's yes or no. It spends nothing: the process that drives the run acts on it.

    Args:
        code: as printed by `show`; matched, with the amount, against the one question that stands.
        by: who, and through which channel.
    """
    return parts.log.decide(run_id, code.strip().upper(), amount, decision, by, parts.clock.now())
