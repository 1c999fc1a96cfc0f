"""What somebody types into a chat, read by rule; whoever understands more can read it instead, to the same values."""

import re
from dataclasses import dataclass

from policies.job_names import is_job_file

HELP = (
    "run PATH: a job file (.yaml) below the folder where serve was started",
    "a job file's text, pasted: without workdir and file_mounts",
    "offer RUN: make a fresh offer, where nobody answered the last one in time",
    "cancel RUN: stop the job, fetch what is there, end the pod",
    "freeze: stop all spending; the first page says how to allow it again",
    "anything else in your own words: a question about GPUs, prices, memory, money or runs, or a job to run",
    "y or n: to what is proposed then",
    "help: this",
)

_FIELD = re.compile(r"^(run|name|setup|resources)\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RunFile:
    """A job file, as it was named."""

    name: str


@dataclass(frozen=True, slots=True)
class RunText:
    """A job file's text."""

    text: str


@dataclass(frozen=True, slots=True)
class FreshOffer:
    """A run that is to offer anew.

    Attributes:
        question_id: of the question that nobody answered; "" for the run's last.
    """

    run_id: str
    question_id: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """A run to be ended."""

    run_id: str


@dataclass(frozen=True, slots=True)
class Freeze:
    """No more spending."""


@dataclass(frozen=True, slots=True)
class Help:
    """What can be said."""


@dataclass(frozen=True, slots=True)
class Words:
    """No command: something for a conversation."""

    text: str


Command = RunFile | RunText | FreshOffer | Cancel | Freeze | Help


def read_command(text: str) -> Command | Words:
    """The one thing that was asked for. Nothing typed is ever a yes to a payment: that takes the card."""
    typed = text.strip()
    if _FIELD.search(typed):
        return RunText(text)
    verb, _, rest = typed.partition(" ")
    match verb.casefold(), rest.strip():
        case "run", name if "\n" not in name and is_job_file(name):
            return RunFile(name)
        case "offer", run_id if run_id and len(run_id.split()) == 1:
            return FreshOffer(run_id)
        case "cancel", run_id if run_id and len(run_id.split()) == 1:
            return Cancel(run_id)
        case "freeze", "":
            return Freeze()
        case (("help" | ""), ""):
            return Help()
        case _:
            return Words(typed)
