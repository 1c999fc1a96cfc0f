"""`swineherd`: the commands and their options. What they do lies beside this, imported when a command runs."""

import gc
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from agent.cli import chat, many, schedule
from agent.cli.options import Amount, Code, Folder, Ignore, JobName, Json, MaxUsd, Outputs, RunId, Sandbox, Wait

app = typer.Typer(
    name="swineherd",
    help="Rents a GPU, runs your job on it, brings the results home and ends the pod. Every cent is accounted for.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(*, wanted: bool) -> None:
    """Printed before anything else is looked at."""
    if wanted:
        from importlib.metadata import version

        typer.echo(version("swineherd"))
        raise typer.Exit


@app.callback()
def swineherd(
    *,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=lambda wanted: _version(wanted=wanted)),
    ] = False,
) -> None:
    """Rents a GPU, runs your job on it, brings the results home and ends the pod. Every cent is accounted for."""


@app.command()
def run(
    job: JobName,
    *,
    sandbox: Sandbox = False,
    outputs: Outputs = None,
    max_usd: MaxUsd = None,
    ignore: Ignore = None,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Run a job: pick a GPU, pay or ask, run, fetch the outputs, end the pod."""
    from agent.cli import runs

    runs.run(job, sandbox=sandbox, outputs=outputs, max_usd=max_usd, ignore=ignore or [], wait=wait, as_json=json)


app.command()(many.batch)
app.command()(many.batches)
app.command()(many.grants)
app.command()(many.prune)
app.add_typer(schedule.app, name="schedule")


@app.command()
def quote(
    job: JobName, *, sandbox: Sandbox = False, max_usd: MaxUsd = None, ignore: Ignore = None, json: Json = False
) -> None:
    """Say what a job would cost on which GPU, and what would be decided. Spends nothing."""
    from agent.cli import market

    market.quote(job, sandbox=sandbox, max_usd=max_usd, ignore=ignore or [], as_json=json)


@app.command()
def gpus(*, sandbox: Sandbox = False, json: Json = False) -> None:
    """List the GPUs on offer, and those the policy rejects with the reason."""
    from agent.cli import market

    market.gpus(sandbox=sandbox, as_json=json)


@app.command()
def ps(
    *, everything: Annotated[bool, typer.Option("--all", help="Ended runs too.")] = False, json: Json = False
) -> None:
    """List runs."""
    from agent.cli import look

    look.ps(everything=everything, as_json=json)


@app.command()
def show(run_id: RunId, *, json: Json = False) -> None:
    """Show a run: where it stands, its offers and why, its money, and the approval it waits for."""
    from agent.cli import look

    look.show(run_id, as_json=json)


@app.command()
def logs(
    run_id: RunId, *, follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False
) -> None:
    """Print the job's log, secrets masked."""
    from agent.cli import look

    look.logs(run_id, follow=follow)


@app.command()
def approve(
    run_id: RunId,
    *,
    code: Code = None,
    amount: Amount = None,
    by_card: Annotated[bool, typer.Option("--by-card", help="Not this offer: another one, paid by a link.")] = False,
    by_credits: Annotated[bool, typer.Option("--by-credits", help="Another one, from credits alone.")] = False,
    hours: Annotated[
        int | None, typer.Option("--hours", metavar="N", min=1, help="Another one, for so many hours.")
    ] = None,
    up_to: Annotated[
        str | None, typer.Option("--up-to", metavar="N", help="Yes, and to later offers of this run: $N in all.")
    ] = None,
    pods: Annotated[
        int | None, typer.Option("--pods", metavar="N", min=1, max=1000, help="With --up-to: so many pods in all.")
    ] = None,
) -> None:
    """Say yes to the offer of a run, or ask for another one instead; in a terminal it is shown first."""
    from agent.cli import decide, replies

    reply = replies.reply_of(by_card=by_card, by_credits=by_credits, hours=hours, up_to=up_to, pods=pods)
    decide.approve(run_id, code=code, amount=amount, reply=reply)


@app.command()
def deny(run_id: RunId, *, code: Code = None, amount: Amount = None) -> None:
    """Say no to the offer of a run."""
    from agent.cli import decide

    decide.deny(run_id, code=code, amount=amount)


@app.command()
def cancel(run_id: RunId, *, json: Json = False) -> None:
    """Stop a run: its job is stopped, what is there is fetched, the pod is ended."""
    from agent.cli import runs

    runs.cancel(run_id, as_json=json)


@app.command()
def resume(
    run_id: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="One run; all unfinished ones without it.")
    ] = None,
    *,
    wait: Wait = True,
    json: Json = False,
) -> None:
    """Go on with a run where it stands; an offer whose time is over is made anew. Without RUN: every unfinished one."""
    from agent.cli import runs

    runs.resume(run_id, wait=wait, as_json=json)


@app.command()
def sweep(*, json: Json = False) -> None:
    """Collect and end pods that nobody drives any more; buys nothing, and is safe from cron at any moment."""
    from agent.cli import sweep as command

    command.sweep(as_json=json)


@app.command()
def worker(*, sandbox: Sandbox = False) -> None:
    """Drive every run that nobody drives, until SIGTERM; what waits in a batch is left to the batch."""
    from agent.cli import work

    work.work(sandbox=sandbox)


app.command()(chat.chat)
app.command()(chat.serve)


@app.command()
def mcp(*, sandbox: Sandbox = False, folder: Folder = None) -> None:
    """Answer an MCP client (Claude, Cursor) on stdin and stdout: it may look and ask, and a human approves."""
    from agent.cli import mcp as command

    command.mcp(sandbox=sandbox, folder=folder)


@app.command()
def spend(*, sandbox: Sandbox = False, json: Json = False) -> None:
    """List every charge, what was spent, and what the caps leave."""
    from agent.cli import money

    money.spend(sandbox=sandbox, as_json=json)


@app.command()
def balance(*, sandbox: Sandbox = False, json: Json = False) -> None:
    """Read the account's credits."""
    from agent.cli import money

    money.balance(sandbox=sandbox, as_json=json)


@app.command()
def settle(
    charge_id: Annotated[str, typer.Argument(metavar="CHARGE", help="A charge in doubt, as `spend` lists it.")],
    *,
    order: Annotated[
        str | None, typer.Option("--order", metavar="ID", help="It was charged; this is its order.")
    ] = None,
    not_charged: Annotated[bool, typer.Option("--not-charged", help="It was never charged.")] = False,
    refunded: Annotated[bool, typer.Option("--refunded", help="It was charged and given back.")] = False,
    json: Json = False,
) -> None:
    """Settle money in doubt by what the provider told you."""
    from agent.cli import settle as command

    command.settle(charge_id, order=order, not_charged=not_charged, refunded=refunded, as_json=json)


@app.command()
def packs(*, sandbox: Sandbox = False, json: Json = False) -> None:
    """List the credit packs on sale."""
    from agent.cli import money

    money.packs(sandbox=sandbox, as_json=json)


@app.command()
def freeze(*, sandbox: Sandbox = False) -> None:
    """Stop all spending; polling, collecting and ending pods go on."""
    from agent.cli import money

    money.freeze(sandbox=sandbox)


@app.command()
def unfreeze(*, sandbox: Sandbox = False) -> None:
    """Allow spending again, and name what had frozen it."""
    from agent.cli import money

    money.unfreeze(sandbox=sandbox)


@app.command()
def sandbox(
    *,
    stop: Annotated[bool, typer.Option("--stop", help="End the sandbox and its pods.")] = False,
    json: Json = False,
) -> None:
    """Start the sandbox, a complete GPU Hog on loopback, and say where it answers."""
    from agent.cli import market

    market.sandbox(stop=stop, as_json=json)


@app.command()
def doctor(
    *,
    sandbox: Sandbox = False,
    cron: Annotated[bool, typer.Option("--cron", help="Print the crontab or launchd entry for `sweep`.")] = False,
    json: Json = False,
) -> None:
    """Check key, policy, login, home, clock, API and spend log, and say what to do. Changes nothing."""
    from agent.cli import doctor as command

    command.doctor(sandbox=sandbox, cron=cron, as_json=json)


def main() -> None:
    """The console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without our letters is no reason to fail
    gc.disable()  # until the command has imported what it needs: nothing of that is garbage
    app()
