"""The one question about a batch: shown in this terminal, answered here, or in another one by `swineherd approve`."""

import asyncio
from collections.abc import Sequence
from functools import partial

from agent.approvals import answer_ahead
from agent.batch.card import grant_card
from agent.batch.consent import ask, deny, expect, needs_a_yes, standing_grant
from agent.cli.batch_face import BatchFace
from agent.cli.terminal import Keyboard
from agent.parts import Parts
from tools.spend_log.batch_rows import Batch, Grant
from tools.spend_log.port import NotRecorded
from tools.spend_log.rows import Decision

LOOK_SECONDS = 0.3


class Question:
    """Asks about runs that have bought nothing yet, where a human would have to approve their orders."""

    def __init__(self, parts: Parts, face: BatchFace, batch: Batch, keyboard: Keyboard) -> None:
        self._parts = parts
        self._face = face
        self._batch = batch
        self._keyboard = keyboard
        self._asked: Grant | None = None

    @property
    def stands(self) -> bool:
        """Whether somebody is asked just now."""
        return self._asked is not None

    async def consented(self, run_ids: Sequence[str], *, wait: bool) -> list[str]:
        """Those of the runs that may go on: all, without a question or with a yes; else what is to be cancelled.

        Raises:
            MarketUnavailable, Refused, Malformed: the list of GPUs can't be read.
        """
        expected = await expect(self._parts, run_ids)
        standing = standing_grant(self._parts, self._batch, expected)
        if standing is not None or not needs_a_yes(self._parts, self._batch, expected):
            return [*run_ids]
        self._asked = ask(self._parts, self._batch, expected)
        for line in grant_card(self._batch, self._asked, expected):
            self._face.say(line)
        grant = await self._answered(self._asked, run_ids, wait=wait)
        self._asked = None
        if grant.decision is Decision.APPROVED:
            return [*run_ids]
        if grant.decision is Decision.DENIED:
            deny(self._parts, run_ids, grant.decided_by)
        return self._to_cancel(run_ids)

    def show(self, *, wait: bool = True) -> None:
        """How to answer; a key press here, where there is a keyboard."""
        if self._asked is None:
            return
        how = f"`swineherd approve {self._batch.batch_id}`; `swineherd show {self._batch.batch_id}` prints the code"
        if wait and self._keyboard.is_there:
            self._keyboard.ask(partial(self._typed, self._asked))
            self._face.say(f"Approve? [y/N] (or from another terminal: {how})")
        else:
            self._face.say(f"waiting for {how}")

    async def _answered(self, grant: Grant, run_ids: Sequence[str], *, wait: bool) -> Grant:
        """The grant once it is decided; or as it stands: its time is over, a run is cancelled, nobody is to wait."""
        self.show(wait=wait)
        while wait and grant.decision is None and self._parts.clock.now() < grant.expires_at:
            await asyncio.sleep(LOOK_SECONDS)
            grant = self._now(grant)
            if self._to_cancel(run_ids):
                break
        self._keyboard.close()
        return grant

    def _to_cancel(self, run_ids: Sequence[str]) -> list[str]:
        return [run_id for run_id in run_ids if self._parts.run(run_id).cancel_requested]

    def _typed(self, grant: Grant, text: str) -> None:
        decision = Decision.APPROVED if text.lower() in {"y", "yes"} else Decision.DENIED
        log, now = self._parts.log, self._parts.clock.now()
        said = answer_ahead(log, grant, decision, code=grant.code, amount=grant.amount, by="terminal", now=now)
        if isinstance(said, NotRecorded):
            self._face.say(said.reason)
            self.show()

    def _now(self, grant: Grant) -> Grant:
        return self._parts.log.grant(grant.grant_id) or grant
