"""What comes next in a conversation: rules are asked first, and a model where there is one."""

from contextlib import suppress

from agent.mind.port import Called, Mind, ModelUnavailable, Said, TooLong, Turn
from agent.talk.by_rule import meant_run, read_by_rule
from agent.talk.context import Line, Talking
from agent.talk.figures import own_figures
from agent.talk.heard import Heard
from agent.talk.instructions import instructions
from agent.talk.state import TalkState, last_said, messages_of
from agent.talk.tools import ACTING, READING, offered
from agent.talk.turns import SHOWN, from_kept, keepable, not_the_models, shown
from policies.reading.rules import understand
from tools.spend_log.rows import ENDED, Run

MOST_RUNS = 50


async def next_said(talking: Talking, state: TalkState) -> Said | Called:
    """What comes next: a look that rules are sure of, and then what the model says; without one what the rules say.

    Raises:
        ModelUnavailable: it does not answer, and the rules know nothing to do.
    """
    by_rule = _by_rule(talking, state)
    if talking.parts.mind is None:
        if isinstance(by_rule, Said) and state.get("draft"):
            return Called("submit_job", {})
        if isinstance(by_rule, Said):
            talking.note(by_rule.text)
        return by_rule
    if isinstance(by_rule, Called) and by_rule.name in READING and not state["calls"]:
        return by_rule
    try:
        return await _model_says(talking, talking.parts.mind, [from_kept(one) for one in state["turns"]])
    except ModelUnavailable as error:
        if state["calls"] or not isinstance(by_rule, Called):
            raise
        talking.note(f"{error}; this is read by rule")
        return by_rule


async def _model_says(talking: Talking, mind: Mind, turns: list[Turn]) -> Said | Called:
    """Heard as it comes; with less of the past where the model can't hold all."""
    heard = Heard(lambda words: talking.show(Line("model", words)))
    told = instructions(pays_by_words=talking.pays_by_words)
    for most in SHOWN:
        with suppress(TooLong):
            said = await mind.talk(told, shown(turns, most), offered(talking), heard.add)
            break
    else:
        raise ModelUnavailable(f"{mind.name} can't hold this message: say it in fewer words")
    heard.end()
    said = keepable(said)
    if isinstance(said, Said) and not said.text.strip():
        talking.note(f"{mind.name} said nothing")
    elif isinstance(said, Said):
        for figure in own_figures(said.text, not_the_models(turns)):
            talking.note(f"{figure} is a figure of the model's own: no tool named it")
    return said


def _by_rule(talking: Talking, state: TalkState) -> Said | Called:
    return read_by_rule(last_said(state), _runs(talking))


def overlooked_job(talking: Talking, state: TalkState) -> Called | None:
    """What a human plainly asks to run, where a model called nothing, or lectures on what it looked up."""
    only_asks = bool(state["calls"]) and last_said(state).rstrip().endswith("?")
    return None if only_asks else plain_job(talking, state)


def plain_job(talking: Talking, state: TalkState) -> Called | None:
    """What a human plainly asks to run, as rules read it."""
    by_rule = _by_rule(talking, state)
    if not isinstance(by_rule, Called) or by_rule.name != "submit_job":
        return None
    return by_rule if "run" in understand(messages_of(state)[0], {}, {}).fields else None


def about_a_run(talking: Talking, state: TalkState, call: Called) -> Called:
    """Small models make up run ids: where there is no such run, the one that the human named, or the newest."""
    run_id = call.arguments.get("run_id")
    if run_id is None or any(run.run_id == run_id for run in _runs(talking)):
        return call
    unfinished = call.name in ACTING
    runs = [run for run in _runs(talking) if not unfinished or run.status not in ENDED]
    meant = meant_run(messages_of(state)[0], runs)
    return call if meant is None else Called(call.name, {**call.arguments, "run_id": meant.run_id})


def _runs(talking: Talking) -> list[Run]:
    return talking.parts.log.runs(limit=MOST_RUNS)
