"""One case: a run is killed at one point, resumed, and compared with the provider's books."""

import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import SecretStr

from policies.money import Cents
from tests.crash.child import Point
from tests.crash.ledger import Ending, problems
from tests.crash.scenarios import ALL, CHECKOUT, OUTPUTS, Scenario
from tests.crash.stage import Hangs, Provider, Stage
from tools.spend_log.rows import Kind, Totals

DOUBT, PROVIDER_FAILED = 7, 5

DEPLOY_SECONDS = 0.02
"""Usually, so that a sweep does not take hours."""


@dataclass(frozen=True, slots=True)
class Kill:
    """Whose process is killed where, on which path."""

    scenario: str
    actor: str
    point: Point

    def __str__(self) -> str:
        return f"{self.scenario}, {self.actor} at {self.point.site} #{self.point.occurrence}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a case. `traces`: the sites that each actor reached, in order, of a run that nobody killed."""

    scenario: str
    killed: bool
    code: int
    problems: list[str]
    double_payments: int = 0
    pods_left: int = 0
    pods_unknowable: int = 0
    outputs_lost: int = 0
    below: int = 0
    seconds: float = 0.0
    traces: dict[str, list[str]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """To be sent to the test that asked."""
        return asdict(self)


def play(
    scenario: Scenario, folder: Path, provider: Provider, kill: Kill | None, database_url: SecretStr | None
) -> Verdict:
    """Play a path, to its end or with one kill; the folder is left only where something does not hold."""
    began = time.monotonic()
    dies = {} if scenario.prelude is None else {"run": scenario.prelude}
    if kill is not None:
        dies[kill.actor] = kill.point
    stage = Stage(folder, provider, dies, scenario.shorter, database_url)
    stage.furnish(scenario.policy, scenario.run, scenario.resume, scenario.outputs)
    try:
        code = _live(stage, scenario)
        ending = _ending(stage, scenario, code, killed=kill is not None)
        found = [*problems(ending), *_not_as_planned(stage, scenario)]
    except (Hangs, AssertionError) as error:
        return Verdict(scenario.name, killed=False, code=-1, problems=[f"{error!r}", stage.said()])
    finally:
        _sweep(stage)
    seconds = time.monotonic() - began
    traces = {actor: stage.trace(actor) for actor in scenario.killed}
    if found:
        found.append(stage.said())
    else:
        shutil.rmtree(folder)
    return Verdict(
        scenario.name,
        killed=kill is not None and kill.point.site in stage.killed,
        code=code,
        problems=found,
        double_payments=len(ending.double_payments),
        pods_left=len(ending.pods_left),
        pods_unknowable=len(ending.unknown),
        outputs_lost=len(ending.lost),
        below=ending.below,
        seconds=seconds,
        traces=traces if kill is None else {},
    )


def _live(stage: Stage, scenario: Scenario) -> int:
    """Run; take it up as often as it was killed; and once more, when there is nothing left to do."""
    code = stage.command("run", "run", str(stage.folder / "job.yaml"), "--json", meanwhile=scenario.meddle)
    for actor in ("resume", "finish"):
        if code < 0:
            code = stage.command(actor, *_resume(stage), meanwhile=scenario.meddle)
    taken = stage.debits()
    again = stage.command("again", *_resume(stage), meanwhile=scenario.meddle)
    assert again == code, f"`resume` said {code}, and {again} when it was repeated"
    assert stage.debits() == taken, "a second `resume` paid once more"
    return code


def _resume(stage: Stage) -> Sequence[str]:
    return ("resume", stage.run_id, "--json") if stage.run_id else ("resume", "--json")


def _not_as_planned(stage: Stage, scenario: Scenario) -> list[str]:
    """What a path begins with must happen; whether it came by the kill itself is said by `Verdict.killed`."""
    planned = [] if scenario.prelude is None else [scenario.prelude.site]
    return [f"nobody was killed at {site}" for site in planned if site not in stage.killed]


def _ending(stage: Stage, scenario: Scenario, code: int, *, killed: bool) -> Ending:
    traces = [stage.trace(actor) for actor in ("run", "resume")] if stage.killed else []
    unanswered = any(_broke_off(trace, "log.submit:after") for trace in traces)
    broken_off = sum(_broke_off(trace, "log.reserve:after") for trace in traces)
    with stage.log() as log:
        run = log.run(stage.run_id) if log and stage.run_id else None
        charges = log.charges() if log else []
        return Ending(
            orders=stage.orders(),
            debits=stage.debits(),
            status=run.status if run else None,
            reason=run.reason if run else "it was never submitted",
            known=log.orders() if log else [],
            booked={one.order_id: one.amount for one in charges if one.order_id and one.kind is Kind.RENT},
            totals=log.totals() if log else Totals(Cents(0), Cents(0), Cents(0)),
            broken=log.broken_chain() if log else None,
            code=code,
            codes=_codes(scenario, broken_off, unanswered=unanswered, submitted=run is not None or not killed),
            unanswered=unanswered,
            starts=stage.counted("starts"),
            ends=stage.counted("ends"),
            lost=_lost(stage, scenario, run.outputs_dir if run else "", code),
            kept=scenario.kept,
        )


def _broke_off(trace: Sequence[str], step: str) -> bool:
    """Whether a process ended between this step of a purchase and the stored answer."""
    steps = [number for number, site in enumerate(trace) if site == step]
    answers = [number for number, site in enumerate(trace) if site == "log.keep_answer:after"]
    return bool(steps) and (not answers or answers[-1] < steps[-1])


def _codes(scenario: Scenario, broken_off: int, *, unanswered: bool, submitted: bool) -> frozenset[int]:
    """Where the answer about money was lost the run may end in doubt; without a pod where no link was ever shown, or
    where two purchases broke off.
    """
    if not submitted:
        return frozenset({0})
    doubt = {DOUBT} if unanswered else set()
    no_pod = {PROVIDER_FAILED} if broken_off > 1 or (unanswered and scenario.policy == CHECKOUT) else set()
    return frozenset({scenario.code, *doubt, *no_pod})


def _lost(stage: Stage, scenario: Scenario, outputs: str, code: int) -> list[str]:
    """What should be here by now and is not: the outputs of a job that did its work, and its log."""
    if scenario.kept or code in {DOUBT, PROVIDER_FAILED} or not stage.counted("starts"):
        return []
    wanted = {name: OUTPUTS[name] for name in OUTPUTS if stage.counted("ends") or name in scenario.outputs}
    lost = [name for name, content in wanted.items() if not _is_there(Path(outputs, name), content)]
    log = stage.home.run(stage.run_id).log
    if scenario.log is not None and not _is_there(log, scenario.log):
        lost.append("log.txt")
    return lost


def _is_there(place: Path, content: bytes) -> bool:
    return place.is_file() and place.read_bytes() == content


def _sweep(stage: Stage) -> None:
    """Nothing of this case is left at the provider."""
    for order in stage.orders():
        if order["status"] != "terminated":
            stage.provider.terminate(order["order_id"])


def case(request: dict[str, str | float], folder: Path, provider: Provider, database_url: SecretStr | None) -> Verdict:
    """A case as a test asks for it."""
    scenario = ALL[str(request["scenario"])]
    provider.configure(deploy_seconds=request["deploy_seconds"])
    kill = None
    if "site" in request:
        point = Point(str(request["site"]), int(request["occurrence"]))
        kill = Kill(scenario.name, str(request["actor"]), point)
    return play(scenario, folder, provider, kill, database_url)
