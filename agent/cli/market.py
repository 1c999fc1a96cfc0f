"""gpus, quote, sandbox: the market, and nothing bought."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.assemble_parts import open_parts
from agent.cli import output
from agent.cli.amounts import dollars
from agent.cli.described import read_job_or_words, table_of
from agent.cli.places import settings_or_fail
from agent.cli.terminal import TerminalFace
from agent.folders import Home
from agent.leftovers import settle_money
from agent.quote import QuoteResult, listed, rejected
from agent.quote import quote as rank
from agent.used_before import known_of
from policies.job import Job
from policies.money import rate, usd
from policies.selection import Selection, select
from tools.sandbox.process import ensure_running, running, shut_down


def gpus(*, sandbox: bool, as_json: bool) -> None:
    """What the policy allows, cheapest first, and what it rejects."""
    with output.clear_errors():
        selection = asyncio.run(_selection(sandbox=sandbox))
        offers = sorted((quote.listing for quote in selection.quotes), key=lambda listing: listing.price_per_hour)
        if as_json:
            rejections = [rejected(rejection) for rejection in selection.rejections]
            output.document({"offers": [listed(listing) for listing in offers], "rejected": rejections})
            return
        rows = [
            [listing.name, f"{listing.vram_gb} GB", rate(listing.price_per_hour), listing.tier, listing.gpu_id]
            for listing in offers
        ]
        output.table(("GPU", "VRAM", "PRICE", "TIER", "GPU_ID"), rows)
        _print_rejected(selection)


async def _selection(*, sandbox: bool) -> Selection:
    async with open_parts(settings_or_fail(), sandbox=sandbox) as parts:
        any_job = Job(run="true")
        return select(await parts.market.gpus(), any_job, parts.policy, None, exclude={})


def _print_rejected(selection: Selection) -> None:
    for rejection in selection.rejections:
        output.line(f"rejected {rejection.gpu_id}: {rejection.reason}")


def quote(job: str, *, sandbox: bool, max_usd: str | None, ignore: Sequence[str], as_json: bool) -> None:
    """What a job would cost, and what would be decided; exits with 3 when nothing fits."""
    with output.clear_errors():
        ceiling = dollars("--max-usd", max_usd)

        async def ask() -> tuple[QuoteResult, dict[str, object]]:
            face = TerminalFace(sys.stderr)
            async with open_parts(settings_or_fail(), sandbox=sandbox, face=face) as parts:
                read = await read_job_or_words(parts, job, frozenset(ignore), face)
                for line in table_of(read.understood):
                    output.aside(line)
                await settle_money(parts)
                result = await rank(parts, read.job, ceiling, known_of(parts, read))
                return result, result.document(parts.policy)

        result, document = asyncio.run(ask())
        for warning in result.warnings:
            output.aside(f"warning: {warning}")
        if as_json:
            output.document(document)
        else:
            _quote_table(result)
        sys.exit(output.REFUSED if result.decision == "refuse" else 0)


def _quote_table(result: QuoteResult) -> None:
    rows = [
        [
            quote.listing.name,
            f"{quote.listing.vram_gb} GB",
            f"{quote.hours} h",
            f"${usd(quote.total)}",
            f"${usd(quote.cost_to_finish)}",
            quote.reason,
        ]
        for quote in result.quotes
    ]
    output.table(("GPU", "VRAM", "HOURS", "TOTAL", "TO FINISH", "WHY"), rows)
    for rejection in result.rejections:
        output.line(f"rejected {rejection.gpu_id}: {rejection.reason}")
    output.line(f"{result.decision}: {result.reason}")


def sandbox(*, stop: bool, as_json: bool) -> None:
    """Start or stop the sandbox of this home."""
    with output.clear_errors():
        home = Home(settings_or_fail().home.expanduser().absolute()).sandbox.path
        if stop:
            _stop(home, as_json=as_json)
            return
        endpoint = ensure_running(home)
        answers = {
            "base_url": endpoint.base_url,
            "ssh_key": str(endpoint.ssh_key),
            "checkout_host": endpoint.checkout_host,
            "home": str(home),
        }
        if as_json:
            output.document(answers)
            return
        for name, value in answers.items():
            output.line(f"{name:<14}{value}")
        output.line(f"its API key is in {home / 'market' / 'endpoint.json'}; `swineherd run JOB --sandbox` uses it")


def _stop(home: Path, *, as_json: bool) -> None:
    endpoint = running(home)
    if endpoint is not None:
        shut_down(endpoint, end_pods=True)
    if as_json:
        output.document({"was_running": endpoint is not None})
    else:
        output.line("no sandbox is running" if endpoint is None else "the sandbox and its pods are ended")
