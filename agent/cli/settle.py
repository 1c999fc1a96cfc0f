"""settle: a human's word about money in doubt."""

import asyncio
from contextlib import closing

from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.places import no_such, settings_or_fail, stores
from agent.cli.terminal import who
from agent.settings import Settings
from agent.settle import ItsOrder, NotCharged, WasRefunded, Word, settle_by_hand


def settle(charge_id: str, *, order: str | None, not_charged: bool, refunded: bool, as_json: bool) -> None:
    """Settle one charge."""
    with output.clear_errors():
        word = _word(order, not_charged=not_charged, refunded=refunded)
        settings = settings_or_fail()
        asyncio.run(_settle(settings, charge_id, word, sandbox=_holds(settings, charge_id), as_json=as_json))


def _word(order: str | None, *, not_charged: bool, refunded: bool) -> Word:
    words: list[Word] = []
    if order is not None:
        words.append(ItsOrder(order))
    if not_charged:
        words.append(NotCharged())
    if refunded:
        words.append(WasRefunded())
    if len(words) != 1:
        output.fail("say one of --order ID, --not-charged, --refunded: what the provider told you", output.USAGE)
    return words[0]


async def _settle(settings: Settings, charge_id: str, word: Word, *, sandbox: bool, as_json: bool) -> None:
    async with open_parts(settings, sandbox=sandbox) as parts:
        said = await settle_by_hand(parts, charge_id, word, who())
        charge = parts.log.charge(charge_id)
        if as_json:
            output.document({"charge_id": charge_id, "state": charge.state.value if charge else None, "next": said})
        else:
            output.line(said)


def _holds(settings: Settings, charge_id: str) -> bool:
    """Whether the charge lies in the sandbox's store; ends with a clear word where no store has it."""
    found: bool | None = None
    for store in stores(settings):
        with closing(store.open()) as log:
            if log.charge(charge_id) is not None:
                found = store.is_sandbox
    if found is None:
        no_such(settings, "charge", charge_id, "swineherd spend")
    return found
