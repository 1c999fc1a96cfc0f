"""spend, balance, packs, freeze, unfreeze."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.places import settings_or_fail
from agent.cli.terminal import TerminalFace, who
from agent.frozen import why_frozen
from agent.leftovers import settle_money
from agent.parts import Parts
from agent.result import timestamp
from agent.spending import spend_document
from policies.money import usd
from policies.order import short_id


def _with_parts(sandbox: bool, act: Callable[[Parts], Awaitable[None]]) -> None:  # noqa: FBT001 - internal
    async def opened() -> None:
        async with open_parts(settings_or_fail(), sandbox=sandbox, face=TerminalFace(sys.stderr)) as parts:
            await act(parts)

    with output.clear_errors():
        asyncio.run(opened())


def spend(*, sandbox: bool, as_json: bool) -> None:
    """Every charge and what the caps leave."""

    async def act(parts: Parts) -> None:
        value = spend_document(parts)
        if as_json:
            output.document(value)
        else:
            _spend_table(parts, value)

    _with_parts(sandbox, act)


def _spend_table(parts: Parts, value: dict[str, object]) -> None:
    rows = [
        [
            charge.charge_id,
            charge.run_id,
            short_id(charge.order_id) if charge.order_id else "-",
            charge.gpu_id,
            f"{charge.hours} h",
            f"${usd(charge.amount)}",
            charge.state.value,
            timestamp(charge.created_at) or "-",
        ]
        for charge in parts.log.charges()
    ]
    output.table(("CHARGE", "RUN", "ORDER", "GPU", "HOURS", "AMOUNT", "STATE", "CREATED"), rows)
    for name in ("totals", "caps"):
        figures = value[name]
        if isinstance(figures, dict):
            shown = (f"{key.removesuffix('_usd').replace('_', ' ')} ${amount}" for key, amount in figures.items())
            output.line("  ".join(shown))
    frozen = parts.log.frozen()
    if frozen is not None:
        output.line(f"FROZEN: {frozen}; `swineherd unfreeze` allows spending again")


def balance(*, sandbox: bool, as_json: bool) -> None:
    """The account's credits."""

    async def act(parts: Parts) -> None:
        if not parts.account:
            output.fail("no API key: set GPUHOG_API_KEY (it comes with the first credit pack)", output.USAGE)
        await settle_money(parts)
        credit = await parts.market.balance()
        figures = {
            "balance_usd": usd(credit.balance),
            "purchased_usd": usd(credit.purchased),
            "spent_usd": usd(credit.spent),
        }
        if as_json:
            output.document(figures)
            return
        for name, amount in figures.items():
            output.line(f"{name.removesuffix('_usd'):<10} ${amount}")

    _with_parts(sandbox, act)


def packs(*, sandbox: bool, as_json: bool) -> None:
    """The packs on sale; buying one is left to a human on the provider's page."""

    async def act(parts: Parts) -> None:
        offered = await parts.market.packs()
        if as_json:
            output.document(
                {
                    "packs": [
                        {
                            "id": pack.pack_id,
                            "credits": pack.credits,
                            "price_usd": usd(pack.price),
                            "label": pack.label,
                            "savings": pack.savings,
                        }
                        for pack in offered
                    ]
                }
            )
            return
        rows = [[pack.pack_id, str(pack.credits), f"${usd(pack.price)}", pack.label, pack.savings] for pack in offered]
        output.table(("PACK", "CREDITS", "PRICE", "LABEL", "SAVINGS"), rows)

    _with_parts(sandbox, act)


def freeze(*, sandbox: bool) -> None:
    """No more spending until `unfreeze`."""

    async def act(parts: Parts) -> None:
        parts.log.freeze("frozen by hand", datetime.now(UTC))
        output.line("spending is frozen; polling, collecting and ending pods go on")

    _with_parts(sandbox, act)


def unfreeze(*, sandbox: bool) -> None:
    """Spending is allowed again."""

    async def act(parts: Parts) -> None:
        causes = why_frozen(parts.log)
        if causes is None:
            output.line("spending was not frozen")
            return
        if not parts.log.unfreeze(datetime.now(UTC), seen=causes.last, by=f"terminal:{who()}"):
            output.fail("there is another reason by now, and nothing is cleared: unfreeze again", output.USAGE)
        since = f" since {timestamp(causes.since)}" if causes.since else ""
        output.line(f"spending is allowed again; it was frozen{since}, and this is cleared:")
        for cause in (*causes.reasons, *causes.mismatches):
            output.line(f"  - {cause}")

    _with_parts(sandbox, act)
