"""What a job runs, from the commands and scripts that its description names and its folder has."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from policies.file_problem import shown
from policies.reading.altered import altered, turned_down
from policies.reading.commands import Command, commands
from policies.reading.prose import Span, around, blanked, clauses, code_spans, prose_of
from policies.reading.words import ends_with, one_of, phrases

_SCRIPT = re.compile(r"(?<![\w/.-])(?:\./)?((?:\w[\w-]*/)*\w[\w-]*\.(?:py|sh))(?![\w/])")
_MAIN = frozenset(
    [
        "train.py",
        "finetune.py",
        "fine_tune.py",
        "main.py",
        "run.py",
        "run.sh",
        "train.sh",
        "start.sh",
        "launch.sh",
        "infer.py",
        "inference.py",
        "generate.py",
        "eval.py",
        "app.py",
    ]
)
_IN_ORDER = one_of(
    "then, and then, afterwards, after that, followed by",
    "danach, dann, anschließend",
    "puis, ensuite",
    "luego, después",
)
_WORK = one_of(
    "train*, retrain*, fine-tun*, finetun*, tune, tuning, lora, qlora, run, runs, start, launch, execute, do it",
    "trainier*, laufen, lauf, läuft, starte*, führe, ausführ*, rechne*, feinabstimm*",
    "entraîn*, lance*, exécut*, tourn*, affin*",
    "entren*, reentren*, ejecut*, lanz*, corre, correr, ajust*",
)
_MENTIONED = ends_with(
    phrases(
        "import, imports, uses, calls, helper, helpers, don't run, don't use, not",
        "benutzt, nicht, importiert",
        "utilise, pas, importe",
        "usa, no, importa",
    )
    + "`?"
)


@dataclass(frozen=True, slots=True)
class ToRun:
    """What was found.

    Attributes:
        run: the command, or "" where it has to be asked for.
        setup: likewise, or "" for none.
        said: the text names the command or its script; else the folder has only one.
        question: what can't be known about `run`, or "".
        spans: where in the text it is from.
        proposed: the command that a yes to the question takes, or "".
    """

    run: str
    setup: str
    said: bool
    question: str
    spans: tuple[Span, ...]
    proposed: str = ""


def to_run(text: str, prose: str, files: Mapping[str, str]) -> ToRun:
    """The command of a job and what sets it up.

    A command that stands in the text is taken as it stands. A script that the text names, and that is there, is called
    without arguments; one that it does not name only where there is no other.
    """
    found = commands(text, prose, files)
    setups = [command.lines for command in found if command.sets_up]
    setup = "\n".join(setups) or _usual_setup(files)
    spans = tuple(command.span for command in found)
    runs = [command for command in found if not command.sets_up and not turned_down(prose, command.span)]
    beside = [_call(name) for name in _named(blanked(text, spans)) if name in files and not _calls(found, name)]
    if runs and not beside and (len(runs) == 1 or _follow(text, runs)):
        if question := _as_it_stands(blanked(prose, spans), runs):
            return ToRun("", setup, said=False, question=question, spans=spans)
        return ToRun("\n".join(command.lines for command in runs), setup, said=True, question="", spans=spans)
    if runs:
        question = f"Which command is to run: {_listed([*(command.lines for command in runs), *beside])}?"
        return ToRun("", setup, said=False, question=question, spans=spans)
    if any(not command.sets_up for command in found):
        return ToRun(
            "", setup, said=False, question="What is to run? A command is named, and turned down.", spans=spans
        )
    named = _named(text)
    script, question = _of_named(named, files) if named else _only_one(text, files)
    likely = "" if named or script else _likeliest(files)
    if script:
        question = _with_more(text, script) or (_as_it_stands(prose, [_script(text, script)]) if named else "")
        script = "" if question else script
    run, proposed = _call(script) if script else "", _call(likely) if likely else ""
    return ToRun(run, setup, said=bool(named), question=question, spans=spans, proposed=proposed)


def _as_it_stands(prose: str, runs: Iterable[Command]) -> str:
    """The question whether a command that the text seems to change is to run as it is; "" where none is changed."""
    for command in runs:
        if against := altered(prose, Span(command.span.start, command.span.end, command.lines)):
            return f"What exactly is to run? The text has `{command.lines}`, and {shown(against)}."
    return ""


def _with_more(text: str, script: str) -> str:
    """The question, where the text calls a script with more than its name: no argument is lost in silence."""
    name = re.escape(script.rpartition("/")[2])
    calls = (span.text.strip() for span in code_spans(text) if re.search(rf"(?<![\w.-]){name}\s+\S", span.text))
    return next((f"What exactly is to run? The text has {shown(call)}." for call in calls), "")


def _script(text: str, name: str) -> Command:
    """A script that is named, as a command."""
    places = [match for match in _SCRIPT.finditer(text) if match[1] == name]
    return Command(_call(name), sets_up=False, span=_span(places[0]))


def says_what_runs(text: str, files: Mapping[str, str]) -> bool:
    """Whether the text names a command or a script: what is open then is a doubt, and nothing that was overlooked."""
    return bool(commands(text, prose_of(text), files) or _named(text))


def _follow(text: str, runs: Sequence[Command]) -> bool:
    """Every two are said to come one after the other."""
    return all(_IN_ORDER.search(text, first.span.end, second.span.start) for first, second in pairwise(runs))


def _named(text: str) -> list[str]:
    """Scripts, but for those that are only used by another."""
    parts = clauses(text)
    matches = list(_SCRIPT.finditer(text))
    starts = [around(parts, match.start()).start for match in matches]
    named = (m[1] for m, start in zip(matches, starts, strict=True) if _is_meant(text, m, start))
    return list(dict.fromkeys(named))


def _is_meant(text: str, script: re.Match[str], start: int) -> bool:
    return not _MENTIONED.search(text[start : script.start()]) and not turned_down(text, _span(script))


def _of_named(named: Sequence[str], files: Mapping[str, str]) -> tuple[str, str]:
    """The script, or the question."""
    there = [name for name in named if name in files]
    missing = [name for name in named if name not in files]
    main = [name for name in there if name.rpartition("/")[2] in _MAIN]
    if len(there) > 1 and len(main) == 1:
        there = main
    if not there:
        return "", f"What is to run? {_listed(missing)} is named, and not in the folder."
    if len(there) > 1:
        return "", f"Which script is to run: {_listed(there)}?"
    if missing:
        return "", f"What is to run: `{there[0]}`? {_listed(missing)} is named too, and not in the folder."
    return there[0], ""


def _calls(found: Iterable[Command], script: str) -> bool:
    return any(script.rpartition("/")[2] in command.lines for command in found)


def _only_one(text: str, files: Mapping[str, str]) -> tuple[str, str]:
    """Nothing is named: the one script there is, where the text speaks of work that it does."""
    candidates = _candidates(files)
    if len(candidates) == 1 and (work := _WORK.search(text)) and not turned_down(text, _span(work)):
        return candidates[0], ""
    return "", f"Which script is to run: is it {_listed(candidates)}?" if candidates else "What is the command to run?"


def _candidates(files: Iterable[str]) -> list[str]:
    scripts = sorted(name for name in files if re.fullmatch(r"\w[\w-]*\.(?:py|sh)", name))
    return [name for name in scripts if name in _MAIN] or scripts


def _likeliest(files: Iterable[str]) -> str:
    """The one script there is, which a human may say yes to; "" of several."""
    candidates = _candidates(files)
    return candidates[0] if len(candidates) == 1 else ""


def _span(match: re.Match[str]) -> Span:
    return Span(match.start(), match.end(), match[0])


def _call(script: str) -> str:
    return f"{'python' if script.endswith('.py') else 'bash'} {script}"


def _usual_setup(files: Mapping[str, str]) -> str:
    return "pip install -r requirements.txt" if "requirements.txt" in files else ""


def _listed(names: Iterable[str]) -> str:
    return " or ".join(f"`{name}`" for name in names)
