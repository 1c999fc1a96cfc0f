"""The one question about a batch: shown in this terminal, answered here, or in another one by `swineherd approve`."""

import asyncio
from functools import partial

from agent.batch.consent import Expected
from agent.cli.batch_face import BatchFace
from agent.cli.terminal import Keyboard
from agent.parts import Parts
from policies.money import usd
from tools.spend_log.batch_rows import Batch, Grant
from tools.spend_log.rows import Decision

LOOK_SECONDS = 0.3


def grant_card(batch: Batch, grant: Grant, expected: Expected | None) -> list[str]:
    """What a yes would cover."""
    lines = [f"Approve the batch {batch.name}: up to ${usd(grant.amount)} and {grant.pods} pods from credits, once"]
    if expected is not None:
        lines.append(
            f"  jobs    {len(expected.fitting)} to run, expected to cost ${usd(expected.total)} as the market is"
        )
    lines += [
        f"  until   {grant.until:%Y-%m-%d %H:%M} UTC, each order still within every cap",
        f"  covers  the commands, files and variables of these jobs as they were submitted; batch {batch.batch_id}",
    ]
    return lines


def how_to_answer(grant: Grant) -> str:
    """For somebody in another terminal."""
    return f"`swineherd approve {grant.batch_id}`; `swineherd show {grant.batch_id}` prints the code"


class Question:
    """Waits for the answer, whichever channel brings it first."""

    def __init__(self, parts: Parts, face: BatchFace, grant: Grant) -> None:
        self._parts = parts
        self._face = face
        self._grant_id = grant.grant_id
        self._keyboard = Keyboard()

    async def answered(self, *, wait: bool) -> Grant:
        """The grant once it is decided, or as it stands when its time is over, or at once where nobody is to wait."""
        grant = self._grant()
        if wait and self._keyboard.is_there:
            self._keyboard.ask(partial(self._typed, grant))
            self._face.say(f"Approve? [y/N] (or from another terminal: {how_to_answer(grant)})")
        else:
            self._face.say(f"waiting for {how_to_answer(grant)}")
        try:
            while wait and grant.decision is None and self._parts.clock.now() < grant.expires_at:
                await asyncio.sleep(LOOK_SECONDS)
                grant = self._grant()
        finally:
            self._keyboard.close()
        return grant

    def _typed(self, grant: Grant, text: str) -> None:
        decision = Decision.APPROVED if text.lower() in {"y", "yes"} else Decision.DENIED
        said = self._parts.log.decide_grant(
            grant.grant_id, grant.code, grant.amount, decision, "terminal", self._parts.clock.now()
        )
        if isinstance(said, str):
            self._face.say(said)

    def _grant(self) -> Grant:
        grant = self._parts.log.grant(self._grant_id)
        if grant is None:
            raise LookupError(self._grant_id)
        return grant
