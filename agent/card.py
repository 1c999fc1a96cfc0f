"""An offer as a human sees it before saying yes or no, the same in every channel."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import ceil

from agent.folders import RunFolder
from agent.parts import Parts
from policies.job import Job
from policies.money import Cents, price_text, rate, usd
from policies.offer import Offer, Quote
from policies.text import clean_lines, counted
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Approval

ALTERNATIVES = "alternatives"
"""The event in which `pick` notes what came next."""

MOST_ALTERNATIVES = 2
MOST_COMMAND_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Alternative:
    """What would have been taken next, and why it was not."""

    gpu_id: str
    gpu_name: str
    vram_gb: int
    hours: int
    amount: Cents
    reason: str


@dataclass(frozen=True, slots=True)
class Left:
    """What the caps leave before this offer is paid."""

    run: Cents
    day: Cents
    month: Cents


@dataclass(frozen=True, slots=True)
class Taken:
    """A folder or file that goes along. `size`: bytes as packed; None where the run's files are on another machine."""

    remote: str
    local: str
    size: int | None


@dataclass(frozen=True, slots=True)
class OfferCard:
    """What will be bought, why, for how much, out of which budget, and what a yes covers.

    Attributes:
        commands: (field of the job file, shell text), bounded.
        variables, secrets: names only.
        ledger_head: of the spend log's history, so that two channels can be seen to speak of the same books.
    """

    approval: Approval
    job_name: str
    reason: str
    left: Left
    alternatives: tuple[Alternative, ...]
    commands: tuple[tuple[str, str], ...]
    taken: tuple[Taken, ...]
    variables: tuple[str, ...]
    secrets: tuple[str, ...]
    ledger_head: str

    @property
    def offer(self) -> Offer:
        """What is asked about."""
        return self.approval.offer


def offer_card(parts: Parts, approval: Approval) -> OfferCard:
    """The card of a question, as things stand now."""
    offer, job = approval.offer, parts.job(approval.offer.run_id)
    return OfferCard(
        approval=approval,
        job_name=job.name,
        reason=parts.attempt(offer.run_id).reason,
        left=_left(parts, offer.run_id),
        alternatives=alternatives(parts.log, offer.run_id),
        commands=tuple(_commands(job)),
        taken=tuple(_taken(job, parts.home.run(offer.run_id))),
        variables=tuple(name for name, _ in job.envs),
        secrets=tuple(name for name, _ in job.secrets),
        ledger_head=parts.log.chain_head(),
    )


def card(parts: Parts, approval: Approval) -> list[str]:
    """The same as lines for a terminal."""
    return card_lines(offer_card(parts, approval), parts.clock.now())


def card_lines(shown: OfferCard, now: datetime) -> list[str]:
    """What a terminal or a plain message shows."""
    offer, left = shown.offer, shown.left
    minutes = max(0, ceil((shown.approval.expires_at - now).total_seconds() / 60))
    return [
        f"Buy {offer.gpu_name} ({offer.vram_gb} GB) for {offer.hours} h: ${usd(offer.amount)} {offer.rail.words}",
        f"  why     {shown.reason}",
        *(f"  not     {other.gpu_name} ({other.vram_gb} GB): {other.reason}" for other in shown.alternatives),
        f"  price   {rate(offer.price_per_hour)} × {offer.hours} h, gpu_id {offer.gpu_id}",
        f"  before  run ${usd(left.run)} · today ${usd(left.day)} · this month ${usd(left.month)} are left",
        *(f"  {field:<7} {line}" for field, text in shown.commands for line in text.splitlines()),
        *(f"  takes   {taken_words(one)}" for one in shown.taken),
        *([f"  env     {names}"] if (names := ", ".join(shown.variables)) else []),
        *([f"  secret  {names}"] if (names := ", ".join(shown.secrets)) else []),
        f"  job     sha256 {offer.job_sha256[:16]}, run {offer.run_id}",
        f"  expires in {counted(minutes, 'minute')}",
    ]


def taken_words(one: Taken) -> str:
    """`data → ~/data (1.2 MB packed)`."""
    size = "on another machine" if one.size is None else f"{size_text(one.size)} packed"
    return f"{one.local} → {one.remote} ({size})"


def size_text(size: int) -> str:
    """Bytes in words: `812 B`, `1.2 MB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} B" if unit == "B" else f"{value:.1f} {unit}"


def alternatives(log: SpendLog, run_id: str) -> tuple[Alternative, ...]:
    """What came next, as the last `pick` saw it."""
    noted = [event for event in log.events(run_id) if event.kind == ALTERNATIVES]
    if not noted:
        return ()
    found = json.loads(noted[-1].body)["offers"]
    return tuple(Alternative(**one | {"amount": Cents(one["amount"])}) for one in found)


def note_alternatives(parts: Parts, run_id: str, taken: Quote, quotes: Sequence[Quote]) -> None:
    """Keep the first of the ranked quotes that were not taken, with what each costs beside the one that was."""
    others = [quote for quote in quotes if quote != taken]
    offers = [_next_best(taken, quote) for quote in others[:MOST_ALTERNATIVES]]
    parts.log.note(run_id, ALTERNATIVES, {"offers": offers}, parts.clock.now())


def _next_best(taken: Quote, quote: Quote) -> dict[str, object]:
    listing = quote.listing
    return {
        "gpu_id": listing.gpu_id,
        "gpu_name": listing.name,
        "vram_gb": listing.vram_gb,
        "hours": quote.hours,
        "amount": quote.total,
        "reason": f"${usd(quote.total)} for {quote.hours} h, {beside(taken, quote)}",
    }


def beside(one: Quote, quote: Quote) -> str:
    """What a quote costs beside another one: `$0.20 more`."""
    more = quote.total - one.total
    if more:
        return f"${usd(abs(more))} {'more' if more > 0 else 'less'}"
    prices: tuple[Decimal, Decimal] = (one.listing.price_per_hour, quote.listing.price_per_hour)
    return "the same" if prices[0] == prices[1] else f"the same sum at ${price_text(prices[1])}/h"


def _left(parts: Parts, run_id: str) -> Left:
    usage, caps = parts.log.usage(run_id, parts.clock.now()), parts.caps(run_id)
    of_run = caps.per_run - usage.run
    if usage.job is not None:
        of_run = min(of_run, usage.job.budget - usage.job.used)
    return Left(Cents(of_run), Cents(caps.per_day - usage.day), Cents(caps.per_month - usage.month))


def _commands(job: Job) -> Iterator[tuple[str, str]]:
    for field, text in (("setup", job.setup), ("run", job.run), ("resume", job.resume)):
        if text:
            yield field, clean_lines(text, MOST_COMMAND_CHARS)


def _taken(job: Job, folder: RunFolder) -> Iterator[Taken]:
    if job.workdir is not None:
        yield Taken("workdir", job.workdir, _size(folder, [folder.workdir.name]))
    for number, (remote, local) in enumerate(job.file_mounts, start=1):
        names = [folder.mount(number, single_file=single).name for single in (True, False)]
        yield Taken(remote, local, _size(folder, names))


def _size(folder: RunFolder, names: Sequence[str]) -> int | None:
    if not folder.has_snapshots:
        return None
    return next((one.stat().st_size for one in folder.snapshots() if one.name in names), None)
