"""The policy: what the agent may spend, on what, and how patient it is. The defaults live here and nowhere else."""

import re
import tomllib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, get_type_hints

from policies.budget import Caps
from policies.file_problem import FileError, FileProblem, did_you_mean, shown
from policies.money import Cents
from policies.offer import Rail
from policies.policy_rules import (
    APPROVERS,
    HOSTS,
    LINE,
    MONEY,
    PATTERNS,
    PRICE,
    RAILS,
    VARIABLES,
    Rule,
    Unfit,
    rule_of,
    share,
    whole,
)

MAX_LENGTH = 64 * 1024


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps. Days and months are UTC."""

    per_run: Annotated[Cents, MONEY] = field(default=Cents(1000))
    per_day: Annotated[Cents, MONEY] = field(default=Cents(2500))
    per_month: Annotated[Cents, MONEY] = field(default=Cents(25000))
    max_price_per_hour: Annotated[Decimal, PRICE] = Decimal("4.00")
    """USD per hour."""
    max_open_pods: Annotated[int, whole(1, 1000)] = 4


@dataclass(frozen=True, slots=True)
class Payment:
    """How orders are paid, and what needs no human."""

    rails: Annotated[tuple[Rail, ...], RAILS] = (Rail.CREDITS, Rail.STRIPE)
    auto_pay: Annotated[Cents, MONEY] = field(default=Cents(0))
    auto_pay_per_day: Annotated[Cents, MONEY] = field(default=Cents(0))
    approval_minutes: Annotated[int, whole(1, 10080)] = 60
    checkout_hosts: Annotated[tuple[str, ...], HOSTS] = ("checkout.stripe.com",)
    grace_minutes: Annotated[int, whole(0, 1440)] = 5


@dataclass(frozen=True, slots=True)
class Gpu:
    """Which GPUs may be rented. Patterns are shell patterns, upper and lower case alike."""

    min_vram_gb: Annotated[int, whole(0, 4096)] = 0
    vram_headroom: Annotated[Decimal, share()] = Decimal("0.15")
    allow: Annotated[tuple[str, ...], PATTERNS] = ("*",)
    deny: Annotated[tuple[str, ...], PATTERNS] = ()
    tiers: Annotated[tuple[str, ...], PATTERNS] = ("*",)
    max_premium: Annotated[Decimal, share()] = Decimal("0.25")


@dataclass(frozen=True, slots=True)
class Time:
    """Hours that are paid for, and how long things may take."""

    default_hours: Annotated[int, whole(1, 720)] = 1
    max_hours: Annotated[int, whole(1, 720)] = 24
    hours_margin: Annotated[Decimal, share(4)] = Decimal("0.25")
    deploy_minutes: Annotated[int, whole(1, 1440)] = 15
    ssh_minutes: Annotated[int, whole(1, 1440)] = 5
    idle_minutes: Annotated[int, whole(1, 10080)] = 30
    on_idle: Literal["tell", "end"] = "tell"
    on_lease_end: Literal["ask", "hop", "end"] = "ask"
    sync_minutes: Annotated[int, whole(0, 1440)] = 5
    """0: never."""
    uncollected_hours: Annotated[int, whole(1, 720)] = 72


@dataclass(frozen=True, slots=True)
class Recovery:
    """When to try again, and when to give up or shout."""

    max_pods_per_run: Annotated[int, whole(1, 100)] = 3
    same_failure_limit: Annotated[int, whole(1, 100)] = 2
    terminate_alarm_tries: Annotated[int, whole(1, 1000)] = 5


@dataclass(frozen=True, slots=True)
class Reconcile:
    """How a doubt about money is settled by reading the account."""

    settle_seconds: Annotated[int, whole(1, 86400)] = 300
    readings: Annotated[int, whole(2, 100)] = 3


@dataclass(frozen=True, slots=True)
class Network:
    """What may be reached, how often, and the pod's own timer."""

    allow_private_hosts: bool = False
    max_requests_per_second: Annotated[int, whole(1, 100)] = 5
    deadman: bool = True
    deadman_minutes: Annotated[int, whole(1, 10080)] = 60


@dataclass(frozen=True, slots=True)
class Chat:
    """Who may approve from a chat, and what a job written by a model may ask for."""

    approvers: Annotated[tuple[str, ...], APPROVERS] = ()
    notify_url: Annotated[str, LINE] = ""
    job_envs: Annotated[tuple[str, ...], VARIABLES] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole policy; each section is a table of the policy file."""

    budget: Budget = field(default_factory=Budget)
    payment: Payment = field(default_factory=Payment)
    gpu: Gpu = field(default_factory=Gpu)
    time: Time = field(default_factory=Time)
    recovery: Recovery = field(default_factory=Recovery)
    reconcile: Reconcile = field(default_factory=Reconcile)
    network: Network = field(default_factory=Network)
    chat: Chat = field(default_factory=Chat)


DEFAULT = Policy()

SECTIONS: dict[str, type[Any]] = {
    "budget": Budget,
    "payment": Payment,
    "gpu": Gpu,
    "time": Time,
    "recovery": Recovery,
    "reconcile": Reconcile,
    "network": Network,
    "chat": Chat,
}


class PolicyFileError(FileError):
    """The policy file can't be used; `problems` has every reason."""


def caps_for(policy: Policy, ceiling: Cents | None) -> Caps:
    """The policy's caps for one run; `ceiling` (the job's budget, `--max-usd`) lowers `per_run` and never raises it."""
    budget, payment = policy.budget, policy.payment
    return Caps(
        per_run=budget.per_run if ceiling is None else min(budget.per_run, ceiling),
        per_day=budget.per_day,
        per_month=budget.per_month,
        open_pods=budget.max_open_pods,
        auto_pay=payment.auto_pay,
        auto_pay_per_day=payment.auto_pay_per_day,
    )


def read_policy(text: str, file: str) -> Policy:
    """Read a policy file (TOML); what it does not say keeps its default.

    Args:
        file: its name, for messages only.

    Raises:
        PolicyFileError: with every problem found.
    """
    document = _document(text, file)
    reading = _Reading(text, file)
    sections = {name: reading.section(name, value) for name, value in document.items()}
    if reading.problems:
        raise PolicyFileError(reading.problems)
    return Policy(**sections)


def _document(text: str, file: str) -> dict[str, object]:
    if len(text) > MAX_LENGTH:
        raise _unreadable(file, None, f"more than {MAX_LENGTH} characters")
    try:
        return tomllib.loads(text, parse_float=Decimal)
    except RecursionError as error:
        raise _unreadable(file, None, "too many levels") from error
    except ValueError as error:
        # tomllib tells the place only inside its message, as a line or as "at end of document".
        place = re.search(r"at line (\d+)", str(error))
        raise _unreadable(file, int(place[1]) if place else len(text.splitlines()), str(error)) from error


def _unreadable(file: str, line: int | None, found: str) -> PolicyFileError:
    remedy = "Mend the file; what it does not say has a default."
    return PolicyFileError([FileProblem(file, line, "", "TOML", found, remedy)])


class _Reading:
    """One reading of one file: gathers every problem rather than stopping at the first."""

    def __init__(self, text: str, file: str) -> None:
        self.problems: list[FileProblem] = []
        self._lines = text.splitlines()
        self._file = file

    def section(self, name: str, value: object) -> Any:  # noqa: ANN401 - one of eight dataclasses
        """The section `name`, or None with a problem noted."""
        if name not in SECTIONS:
            self._problem(name, self._line(name, ""), "a known section", shown(name), did_you_mean(name, SECTIONS))
        elif not isinstance(value, dict):
            self._problem(name, self._line(name, ""), "a section", _found(value), f"Write [{name}] and its keys below.")
        else:
            return SECTIONS[name](**self._settings(name, value))
        return None

    def _settings(self, section: str, table: dict[str, object]) -> dict[str, object]:
        rules = rules_of(SECTIONS[section])
        values: dict[str, object] = {}
        for key, value in table.items():
            place = self._line(section, key)
            if key not in rules:
                self._problem(f"{section}.{key}", place, "a known key", shown(key), did_you_mean(key, rules))
                continue
            name, rule = rules[key]
            try:
                values[name] = rule.read(value)
            except Unfit:
                self._problem(f"{section}.{key}", place, rule.expected, _found(value), _remedy(key, rule, value))
        return values

    def _problem(self, name: str, line: int | None, expected: str, found: str, remedy: str) -> None:
        self.problems.append(FileProblem(self._file, line, name, expected, found, remedy))

    def _line(self, section: str, key: str) -> int | None:
        """Where `key` (or, without one, the header) of `[section]` stands; None for TOML's rarer ways of writing it."""
        inside = False
        for number, written in enumerate(self._lines, start=1):
            header = re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", written)
            inside = header[1] == section if header else inside
            wanted = re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", written) if key else header
            if inside and wanted:
                return number
        return None


def rules_of(section: type[Any]) -> dict[str, tuple[str, Rule]]:
    """Every key of a section as it stands in the file, with its attribute's name and its rule."""
    hints = get_type_hints(section, include_extras=True)
    rules = {name: rule_of(hint) for name, hint in hints.items()}
    return {name + rule.suffix: (name, rule) for name, rule in rules.items()}


def _remedy(key: str, rule: Rule, value: object) -> str:
    if rule.suffix == "_usd" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        written = f"{value}.00" if isinstance(value, int) else str(value)
        return f'Put it in quotes: {key} = "{written}".'
    return "Change the value, or remove the line to keep the default."


def _found(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return shown(value) if isinstance(value, str) else shown(str(value)).strip("'\"")
