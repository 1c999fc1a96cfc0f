"""What a description says is to be run and installed, and what lies in the folder for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from policies.reading.prose import Span, around, clauses, code_spans, sentences

_STARTERS = [
    "python",
    "python3",
    "bash",
    "sh",
    "torchrun",
    "accelerate",
    "deepspeed",
    "uv",
    "poetry",
    "make",
    "./",
    "node",
    "npx",
    "cargo",
    "nvidia-smi",
    "vllm",
    "axolotl",
    "tune",
    "llamafactory-cli",
    "lm_eval",
    "jupyter",
    "papermill",
    "ollama",
    "whisper",
    "ffmpeg",
    "blender",
    "java",
    "julia",
    "Rscript",
    "nohup",
    "CUDA_VISIBLE_DEVICES=",
    "env",
    "pytest",
    "git",
    "cd",
    "echo",
    "mkdir",
    "export",
    "pip",
    "pip3",
    "conda",
    "apt",
    "apt-get",
]
_INSTALLERS = re.compile(
    r"^(?:sudo\s+)?(?:(?:python3?\s+-m\s+)?pip3?\s+install|uv\s+(?:pip\s+install|sync)|conda\s+(?:install|env)|apt(?:-get)?\s+(?:update|install)|"
    r"poetry\s+install|npm\s+(?:ci|install))\b"
)
_SCRIPT = re.compile(r"(?<![\w/.-])(?:\./)?((?:[\w-]+/)*[\w-]+\.(?:py|sh))(?![\w/])")
_LABELLED = re.compile(
    r"^[\s>*#-]*\**(?P<label>run|command|cmd|befehl|commande|comando|setup|install)\**\s*:\**\s*(?P<rest>\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BARE = re.compile(
    r"(?<![\w/.-])(?:(?:python3?|bash|sh|torchrun|accelerate launch|deepspeed)\s+[^\s,;]+|pip3?\s+install\s+[^\s,;]+|make\s+[a-z][\w-]*(?=\s*(?:$|[.,;\n])))",
    re.MULTILINE,
)
_ARGUMENT = re.compile(
    r"\s+(?:--?[A-Za-z][\w-]*(?:=\S+|\s+(?!--?[A-Za-z])[^\s,;]+(?=[\s,;]|$))?|[\w./-]+\.(?:py|sh|ya?ml|json|toml|txt|csv|jsonl)\b|[\w./-]+/[\w./-]*|[\w.]+=[^\s,;]+)"
)
_SETS_UP = re.compile(
    r"\b(?:setup|set up|install(?:iere?n?|er?)?|first|prepare|vorher|zuerst|einrichten|d['’]abord|instala\w*|primero)\b",
    re.IGNORECASE,
)
_IN_ORDER = re.compile(
    r"\b(?:then|and then|after(?:wards| that)?|followed by|danach|dann|anschließend|puis|ensuite|luego|después)\b|&&|→|->",
    re.IGNORECASE,
)
_MAIN = ("train.py", "finetune.py", "fine_tune.py", "main.py", "run.py", "run.sh", "train.sh", "start.sh", "launch.sh", "infer.py", "inference.py", "generate.py", "eval.py", "app.py")  # fmt: skip
_NOT_IT = re.compile(
    r"\b(?:imports?|uses|calls|helper|utils?|don['’]?t (?:run|use)|not|benutzt|nicht|importiert|utilise|pas|usa|no)\s*`?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Commands:
    """What was found.

    Attributes:
        run, setup: or "" where the text has none.
        read_from: the files of the folder that they were taken from.
        question: what can't be known about `run`, or "".
    """

    run: str
    setup: str
    said: bool
    question: str
    spans: tuple[Span, ...]


def commands(text: str, prose: str, files: Mapping[str, str]) -> Commands:
    """The command of a job and what sets it up.

    A command that stands in the text is taken as it stands; a script that the text names and that is there is called
    without arguments; a script that it does not name only where there is no other.
    """
    found = [*_labelled(text), *_in_code(text, files), *_bare(prose)]
    setups = [span for label, span in found if label == "setup"]
    runs = _distinct([span for label, span in found if label == "run"])
    setup = "\n".join(dict.fromkeys(span.text for span in setups)) or _usual_setup(files)
    spans = tuple(span for _, span in found)
    if runs:
        question = (
            ""
            if len(runs) == 1 or _follow(text, runs)
            else f"Which command is to run: {_listed(span.text for span in runs)}?"
        )
        return Commands("" if question else "\n".join(span.text for span in runs), setup, True, question, spans)
    named = _scripts(text, prose)
    if named:
        return _of_scripts(named, setup, files, spans)
    return _unnamed(setup, files, spans)


def _labelled(text: str) -> list[tuple[str, Span]]:
    found = []
    for match in _LABELLED.finditer(text):
        command = match["rest"].strip().strip("`").strip()
        label = "setup" if match["label"].lower() in {"setup", "install"} or _INSTALLERS.match(command) else "run"
        if _is_command(command, {}):
            found.append((label, Span(match.start("rest"), match.end("rest"), _until_prose(command, match["rest"]))))
    return found


def _until_prose(command: str, rest: str) -> str:
    """In `run: python train.py, about two hours` the command ends at the comma; between backticks it ends with them."""
    ticks = re.match(r"\s*`([^`]+)`", rest)
    if ticks:
        return ticks[1].strip()
    bare = _BARE.match(command)
    return _with_arguments(command, bare) if bare and "," in command else command


def _in_code(text: str, files: Mapping[str, str]) -> list[tuple[str, Span]]:
    prose_parts = sentences(text)
    found = []
    for span in code_spans(text):
        if _LABELLED.search(around(prose_parts, span.start).text) and "\n" not in span.text:
            continue
        lines = [
            line.strip().removeprefix("$ ")
            for line in span.text.splitlines()
            if line.strip() and not line.strip().startswith("#")
        ]
        if not lines or not all(_is_command(line, files) for line in lines[:1]):
            continue
        setups = [line for line in lines if _INSTALLERS.match(line)]
        runs = [line for line in lines if not _INSTALLERS.match(line)]
        before = text[around(prose_parts, span.start).start : span.start]
        if setups:
            found.append(("setup", Span(span.start, span.end, "\n".join(setups))))
        if runs:
            label = "setup" if len(lines) == 1 and re.search(r"\bsetup\b[^.`]*$", before, re.IGNORECASE) else "run"
            found.append((label, Span(span.start, span.end, "\n".join(runs))))
    return found


def _is_command(line: str, files: Mapping[str, str]) -> bool:
    words = line.split()
    if not words:
        return False
    first = words[0]
    if any(first == starter or (starter[-1] in "=/" and first.startswith(starter)) for starter in _STARTERS):
        return len(words) > 1 or first.startswith("./") or first in {"nvidia-smi", "make"}
    return "=" in first and len(words) > 1 and _is_command(" ".join(words[1:]), files)


def _bare(prose: str) -> list[tuple[str, Span]]:
    found = []
    labelled = [range(match.start(), match.end()) for match in _LABELLED.finditer(prose)]
    for match in _BARE.finditer(prose):
        if any(match.start() in place for place in labelled):
            continue
        command = _with_arguments(prose, match)
        span = Span(match.start(), match.start() + len(command), command.rstrip("."))
        found.append(("setup" if _INSTALLERS.match(command) else "run", span))
    return found


def _with_arguments(text: str, match: re.Match[str]) -> str:
    end = match.end()
    while argument := _ARGUMENT.match(text, end):
        end = argument.end()
    return text[match.start() : end].rstrip(".")


def _distinct(spans: Sequence[Span]) -> list[Span]:
    seen: dict[str, Span] = {}
    for span in sorted(spans, key=lambda span: span.start):
        seen.setdefault(" ".join(span.text.split()), span)
    whole = list(seen)
    return [span for text, span in seen.items() if not any(text != other and other.startswith(text) for other in whole)]


def _follow(text: str, runs: Sequence[Span]) -> bool:
    """Every two are said to come one after the other."""
    pairs = zip(runs, runs[1:], strict=False)
    return all(_IN_ORDER.search(text, first.end, second.start) for first, second in pairs)


def _scripts(text: str, prose: str) -> list[str]:
    parts = clauses(text)
    found = []
    for match in _SCRIPT.finditer(text):
        before = text[around(parts, match.start()).start : match.start()]
        if not _NOT_IT.search(before):
            found.append(match[1])
    return list(dict.fromkeys(found))


def _of_scripts(named: list[str], setup: str, files: Mapping[str, str], spans: tuple[Span, ...]) -> Commands:
    there = [name for name in named if name in files]
    if len(there) > 1:
        main = [name for name in there if PurePosixPath(name).name in _MAIN]
        there = main if len(main) == 1 else there
    missing = [name for name in named if name not in files]
    if len(there) == 1 and not missing:
        return Commands(_call(there[0]), setup, True, "", spans)
    if not there:
        question = f"What is to run? {_listed(missing)} is named, and not in the folder."
    elif len(there) == 1:
        question = f"What is to run: {there[0]}? {_listed(missing)} is named too, and not in the folder."
    else:
        question = f"Which script is to run: {_listed(there)}?"
    return Commands("", setup, False, question, spans)


def _unnamed(setup: str, files: Mapping[str, str], spans: tuple[Span, ...]) -> Commands:
    scripts = [name for name in files if re.fullmatch(r"[\w-]+\.(?:py|sh)", name)]
    main = [name for name in scripts if name in _MAIN]
    candidates = main if main else scripts
    if len(candidates) == 1:
        return Commands(_call(candidates[0]), setup, False, "", spans)
    question = (
        f"Which script is to run: {_listed(sorted(candidates))}?" if candidates else "What is the command to run?"
    )
    return Commands("", setup, False, question, spans)


def _call(script: str) -> str:
    return f"{'python' if script.endswith('.py') else 'bash'} {script}"


def _usual_setup(files: Mapping[str, str]) -> str:
    return "pip install -r requirements.txt" if "requirements.txt" in files else ""


def _listed(names: object) -> str:
    return " or ".join(f"`{name}`" for name in names)  # type: ignore[attr-defined]
