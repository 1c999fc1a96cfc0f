"""The paths a run may take: the job, the policy, and what people and the provider do meanwhile."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from tests.crash.child import Point
from tests.crash.stage import Stage

STORE = os.environ.get("STORE") or "sqlite"
"""What the sweep is for: `sqlite` or `postgres`."""

NUMBERS = 2000
LOG = "".join(f"{number}\n" for number in range(1, 201)).encode()
OUTPUTS = {
    "out/numbers.txt": "".join(f"{number}\n" for number in range(1, NUMBERS + 1)).encode(),
    "oink.txt": b"oink from the workdir\n",
}

BEGIN = "echo $$ >> '{starts}'\n"
WORK = f"seq 1 200\nmkdir -p out\nseq 1 {NUMBERS} > out/numbers.txt\ncp input.txt oink.txt\necho $$ >> '{{ends}}'\n"
HANG = "trap 'exit 1' TERM\nwhile :; do sleep 0.05; done\n"
UNTIL_LET_GO = "until [ -e '{go}' ]; do sleep 0.02; done\n"
ONLY_THE_SECOND_WORKS = f"if [ $(wc -l < '{{starts}}') -lt 2 ]; then\n{HANG}fi\n"
OUT_OF_MEMORY = "echo half > oink.txt\necho 'CUDA out of memory. Tried to allocate 2.00 GiB'\nexit 1\n"
UNFETCHABLE = "touch \"$(printf 'a\\001')\" 'a%01'\n"
"""Two outputs that would have one name here: fetching them fails, however often it is tried."""

CREDITS = '[payment]\nrails = ["credits"]\nauto_pay_usd = "5.00"\nauto_pay_per_day_usd = "50.00"\n'
ASK = '[payment]\nrails = ["credits"]\n'
CHECKOUT = '[payment]\nrails = ["stripe"]\n'


@dataclass(frozen=True, slots=True)
class Scenario:
    """One path.

    Attributes:
        code: the exit code of `run`, or of the `resume` after a kill, where no answer about money was lost.
        run: the job's command; `{starts}` and `{ends}` count, outside any pod, and it may wait for `{go}`.
        resume: the command of a job that goes on from synced outputs on another pod.
        meddle: what the others do, looked at again and again while a command runs.
        log: what `log.txt` holds in the end, if that is known.
        killed: whose processes are killed: the first command, or somebody's beside it.
        prelude: where the first command is killed anyway, so that the one that takes the run up may be killed too.
        shorter: how much shorter every sleep is.
        kept: the pod is stopped and its volume kept, because its outputs can't be fetched.
    """

    name: str
    code: int
    policy: str = CREDITS
    run: str = BEGIN + WORK
    resume: str = ""
    outputs: tuple[str, ...] = ("out/", "oink.txt")
    meddle: Callable[[Stage], None] | None = None
    log: bytes | None = LOG
    killed: tuple[str, ...] = ("run",)
    prelude: Point | None = None
    shorter: float = 50.0
    kept: bool = False


def answer(stage: Stage) -> None:
    """A human in another terminal asks for two hours instead, and says yes to what is asked then."""
    with stage.log() as log:
        asked = log and stage.run_id and log.approval(stage.run_id)
    if asked and asked.decision is None:
        amount = f"{asked.offer.amount // 100}.{asked.offer.amount % 100:02d}"
        says = "approve", asked.offer.run_id, "--code", asked.code, "--amount", amount
        if asked.offer.hours == 2:
            stage.command("approve", *says)
        else:
            stage.command("instead", *says, "--hours", "2")


def pay(stage: Stage) -> None:
    """A human pays the link that is shown."""
    stage.pay()


def cancel(stage: Stage) -> None:
    """Somebody cancels the run from another terminal once its job has started."""
    if not stage.counted("starts"):
        return
    with stage.log() as log:
        run = log and log.run(stage.run_id)
    if run and not run.cancel_requested and run.ended_at is None:
        stage.beside("cancel", stage.run_id)


def wait_for_a_heartbeat(stage: Stage) -> None:
    """The job goes on once its pod has heard of the agent."""
    if any("pod.heartbeat:after" in stage.trace(actor) for actor in ("run", "resume", "finish")):
        (stage.folder / "go").touch()


def lose_the_first_pod(stage: Stage) -> None:
    """The provider loses the pod under the first job that starts."""
    if stage.counted("starts") == 1:
        first = stage.orders()[0]
        if first["status"] == "running":
            stage.provider.terminate(first["order_id"])


ALL = {
    scenario.name: scenario
    for scenario in (
        Scenario("happy", 0),
        Scenario("asking", 0, ASK, meddle=answer, killed=("run", "approve", "instead")),
        Scenario("checkout", 0, CHECKOUT, meddle=pay),
        Scenario("failing", 1, run=f"{BEGIN}{UNTIL_LET_GO}{WORK}exit 3\n", meddle=wait_for_a_heartbeat),
        Scenario("recovering", 0, run=BEGIN + ONLY_THE_SECOND_WORKS + WORK, meddle=lose_the_first_pod),
        Scenario("growing", 0, run=BEGIN + OUT_OF_MEMORY, resume=f"grep -q half oink.txt\n{BEGIN}{WORK}"),
        Scenario(
            "cancelled",
            130,
            run=f"cp input.txt oink.txt\n{BEGIN}{HANG}",
            outputs=("oink.txt",),
            meddle=cancel,
            log=None,
            killed=("run", "cancel"),
        ),
        Scenario(
            "kept",
            130,
            run=f"{UNFETCHABLE}{BEGIN}{HANG}",
            outputs=("a*",),
            meddle=cancel,
            log=None,
            shorter=200.0,
            kept=True,
        ),
        Scenario("taken up", 0, killed=("resume",), prelude=Point("log.keep_answer:after")),
        Scenario("in doubt", 0, killed=("resume",), prelude=Point("market.rent_with_credits:sending")),
    )
}

ONLY_ON_POSTGRES = {
    "file.home_id": "the name of a home among those that share a store in PostgreSQL",
    "file.store": "the mark of a home whose spend log is in PostgreSQL",
}

OFF_THE_PATHS = {
    "checkpoint.adelete_for_runs": "those of one run at a time are deleted",
    "journal.lines": "read by `doctor`, and here to compare",
    "file.notice": "`serve` says where it is reached",
    "file.posted": "what a chat was given to show, by a worker; proof of nothing",
    "file.batch": "the report of a batch, once all of its runs have been driven",
    "log.adopt": "a worker begins",
    "log.add_batch": "a batch is submitted, all its runs at once",
    "log.add_batched_run": "a batch is gone on with, before any of its runs is driven",
    "log.ask_grant": "a batch asks, before any of its runs is driven",
    "log.add_schedule": "a schedule is made, before any of its nights",
    "log.pause_schedule": "a human",
    "log.go_on_with_schedule": "a human",
    "log.remove_schedule": "a human",
    "log.record_night": "a night that is left out, of which no run is driven",
    "log.begin_night": "a night is submitted, all its runs at once, before any of them is driven",
    "log.ask_standing_grant": "a schedule asks, before any of its nights",
    "log.decide_standing_grant": "a human",
    "log.revoke_standing_grant": "a human",
    "log.audit": "`doctor` reads",
    "log.beat": "a worker says that it lives",
    "log.retire": "a worker ends",
    "log.book": "money found later, by a provider that books late: tests of reconciliation",
    "log.freeze": "a mismatch or a human: this provider takes what it said",
    "log.unfreeze": "a human",
    "log.decide_grant": "a human",
    "log.revoke_grant": "a human",
    "log.grant_run": "a human: one transaction, as that of another offer, which is on a path",
    "log.revoke_run_grant": "a human",
    "log.renew": "a human: one transaction, as that of another offer, which is on a path",
    "log.looked_again": "`sweep`, at pods that have ended",
    "market.docs": "shown by `doctor`",
    "market.packs": "shown by `packs`",
    "market.pig_chat": "a chat",
    "market.start": "no step starts a stopped pod",
    **({} if STORE == "postgres" else ONLY_ON_POSTGRES),
}
"""Boundaries that no path of a run touches, and why; one that a path does touch fails the sweep."""
