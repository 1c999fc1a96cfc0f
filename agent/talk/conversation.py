"""A conversation with the agent, the same in every channel: what is typed goes in, lines for the human come out."""

from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.types import Command, StateSnapshot

from agent.chat.obey import obey
from agent.discreet import Discreet
from agent.mind.folder import masked
from agent.mind.port import Said
from agent.mind.tokens import secrets_of, without_tokens
from agent.talk.context import Line, Talking
from agent.talk.graph import YES, build_talk
from agent.talk.state import TalkState
from agent.talk.turns import as_kept, encodable, newest, was_addressed
from agent.talk.typed import (
    NOES,
    Answer,
    Explicit,
    Resume,
    answered,
    card_for_a_bare_answer,
    holds_a_code,
    is_bare_answer,
    is_yes,
    read_explicit,
)

MOST_TYPED = 32 * 1024
MOST_STEPS = 40
CODE_ALONE = "that line has an approval code in it: to buy type `approve CODE` alone; nothing was done, nor read on"
PRESS_ALONE = "a payment is answered here by a press on its card, never by words: nothing was decided, nor read on"
NOTHING_ASKED = "nothing waits for a yes or a no: say what you want to know or to run"
CUT_OFF = "the last message was cut off: what came of it is in `runs`; it is not done again"


class Conversation:
    """One thread of talk; it survives the process in the checkpoints.

    Args:
        discreet: what LangGraph tells LangSmith goes through it.
        thread: its name among the conversations of the store.
    """

    def __init__(
        self, talking: Talking, saver: "BaseCheckpointSaver[str] | None", discreet: Discreet, thread: str
    ) -> None:
        self._talking = talking
        self._graph = build_talk(saver)
        self._saver = saver
        self._discreet = discreet
        self._thread = f"talk:{thread}"
        self._config = RunnableConfig(configurable={"thread_id": self._thread}, recursion_limit=MOST_STEPS)
        self._shown = ""

    async def open(self) -> bool:
        """Go on where it was left: a question that stood is shown again, what was cut off is not done a second time.

        Returns:
            Whether a yes or a no is waited for.
        """
        state = await self._graph.aget_state(self._config)
        if state.interrupts:
            self._show(state)
            return True
        if state.next:
            self._talking.note(CUT_OFF)
        await self._begin_anew(state.values.get("turns", []))
        return False

    async def hear(self, typed: str) -> bool:
        """Take one message of the human to its end, or to a question.

        Returns:
            Whether a yes or a no is waited for.
        """
        text = encodable(typed).strip()
        if len(text) > MOST_TYPED:
            self._talking.note(f"more than {MOST_TYPED} characters at once are not read: put them into a file")
        elif (explicit := read_explicit(text, self._is_run)) is not None:
            await self._do(explicit)
        elif holds_a_code(self._talking.parts, text):
            self._talking.note(CODE_ALONE if self._talking.pays_by_words else PRESS_ALONE)
        elif text and not await self._was_an_answer(text):
            await self._new_words(text)
        return await self._is_asked()

    async def forget(self) -> None:
        """Drop all that was said."""
        await self._begin_anew([])

    def _is_run(self, name: str) -> bool:
        return self._talking.parts.log.run(name) is not None

    async def _new_words(self, text: str) -> None:
        """A yes that no open question of the conversation takes goes to no model: to an offer it says nothing.

        A model that is given one with nothing before it to say yes to makes up what to do.
        """
        kept = (await self._graph.aget_state(self._config)).values
        is_open = bool(kept.get("draft"))
        if not is_open and (card := card_for_a_bare_answer(self._talking.parts, text)):
            for line in card if self._talking.pays_by_words else [PRESS_ALONE]:
                self._talking.note(line)
        elif not is_open and is_bare_answer(text) and not was_addressed(kept.get("turns", [])):
            self._talking.note(NOTHING_ASKED)
        else:
            await self._turn(text)

    async def _turn(self, text: str) -> None:
        """Secrets of the environment, and what looks like one, go neither to a model nor into the checkpoints."""
        said = without_tokens(masked(text, secrets_of(self._talking.parts.variables)))
        turns = (await self._graph.aget_state(self._config)).values.get("turns", [])
        message = TalkState(turns=newest([*turns, as_kept(Said("user", said))]), calls=0)
        await self._go(message)

    async def _was_an_answer(self, text: str) -> bool:
        """A yes or a no to the question that stands. Whatever else is typed is a no to it, and then a message.

        It is to the question that was shown here: another process on the thread may have asked another one since.
        """
        state = await self._graph.aget_state(self._config)
        if not state.interrupts:
            return False
        question = self._shown or state.interrupts[0].id
        await self._go(Command(resume={question: YES if is_yes(text) else "no"}))
        return is_yes(text) or text.lower() in NOES

    async def _go(self, step: "TalkState | Command[Any]") -> None:
        with self._discreet.telling():
            await self._graph.ainvoke(step, self._config, context=self._talking, durability="sync")
        self._show(await self._graph.aget_state(self._config))

    async def _is_asked(self) -> bool:
        return bool((await self._graph.aget_state(self._config)).interrupts)

    def _show(self, state: StateSnapshot) -> None:
        """What a yes would do."""
        if state.interrupts:
            self._shown = state.interrupts[0].id
            for line in state.values["proposal"]["lines"]:
                self._talking.show(Line("question", line))

    async def _begin_anew(self, turns: list[dict[str, Any]]) -> None:
        """One checkpoint in place of all: each has the whole conversation in it."""
        if self._saver is not None:
            await self._saver.adelete_thread(self._thread)
        if turns:
            await self._graph.aupdate_state(self._config, TalkState(turns=turns), as_node="act")

    async def _do(self, explicit: Explicit) -> None:
        talking = self._talking
        match explicit:
            case Answer() if not talking.pays_by_words:
                talking.note(PRESS_ALONE)
                subject = ""
            case Answer():
                lines, subject = answered(talking.parts, explicit, talking.by)
                for line in lines:
                    talking.note(line)
            case Resume(run_id):
                subject = run_id
            case _:
                heard = await obey(talking.parts, talking.packer, talking.folder, explicit, talking.by)
                talking.note(heard.words)
                subject = heard.run_id if heard.done else ""
        if subject and self._is_run(subject):
            talking.drive(subject)
