"""Commands that stand in a description: behind a label, between backticks, or bare."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.reading.prose import Span, around, code_spans, sentences
from policies.reading.words import ends_with, one_of, phrases

_STARTERS = frozenset(
    [
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
        "sudo",
    ]
)
_ALONE = frozenset({"nvidia-smi", "make"})
_TO_RUN = ends_with(
    phrases(
        "run, execute, start, launch, invoke, type, run this, running",
        "führe, führt, starte, startet, ausführen von, laufen lassen von",
        "lance, lancer, lancez, exécute, exécuter, exécutez, tape, taper, tapez",
        "ejecuta, ejecutar, ejecute, lanza, lanzar, lance, corre, correr, teclea",
    )
    + r"\W{0,2}"
)
_NEAR = 25
"""Characters: so far before a command may stand that it is to run."""
_PARTS = re.compile(r"[\w./-]+(?:\s*(?:;|&&?|\|\|?)\s*|\s+)[^\s`].*")
_INSTALLER = re.compile(
    r"(?:sudo\s+)?(?:(?:python3?\s+-m\s+)?pip3?\s+install|uv\s+(?:pip\s+install|sync)|(?:conda|mamba|micromamba)\s+(?:install|create|env)|"
    r"apt(?:-get)?\s+(?:update|install)|poetry\s+install|npm\s+(?:ci|install))\b"
)
_LABELLED = re.compile(
    r"^[ \t>*#-]*(?P<label>run|command|cmd|befehl|commande|comando|setup|install)\**\s*:\**\s*(?P<rest>\S.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_BARE = re.compile(
    r"(?<![\w/.-])(?:(?:python3?|bash|sh|torchrun|accelerate launch|deepspeed)\s+[^\s,;\"{}<>]+|"
    r"pip3?\s+install\s+[^\s,;]+|"
    r"make\s+[a-z][\w-]*(?=\s*(?:$|[.,;\n])))",
    re.MULTILINE,
)
_ARGUMENT = re.compile(
    r"\s+(?:--?[A-Za-z][\w-]*(?:=[^\s\"]+|\s+(?!--?[A-Za-z])[^\s,;\"]+(?=[\s,;\"]|$))?"
    r"|[\w./-]+\.(?:py|sh|ya?ml|json|toml|txt|csv|jsonl)\b|[\w./-]+/[\w./-]*|[\w.]+=[^\s,;]+)"
)
_PROGRAM = re.compile(r"[\w.-]+(?: \S+)* -{1,2}[A-Za-z]\S*(?: .*)?")
_CONTINUED = re.compile(r"(?<!\s)\s*\\\n\s*")
_SETS_UP = one_of(
    "setup, set up, environment, dependencies, install, installs, prepare first",
    "umgebung, abhängigkeiten, installiere, installieren, einrichten",
    "environnement, dépendances, installer, installe, installez",
    "entorno, dependencias, instala, instalar",
)


@dataclass(frozen=True, slots=True)
class Command:
    """Lines to run or to set up with, as they stand in the text."""

    lines: str
    sets_up: bool
    span: Span


def commands(text: str, prose: str, files: Mapping[str, str]) -> list[Command]:
    """Every command, in the order of the text; where one is the start of another, the longer counts."""
    found = sorted([*_labelled(text), *_in_code(text, prose, files), *_bare(prose)], key=lambda one: one.span.start)
    distinct: dict[str, Command] = {}
    for command in found:
        distinct.setdefault(" ".join(command.lines.split()), command)
    return [
        command
        for lines, command in distinct.items()
        if not any(lines != other and other.startswith(lines) for other in distinct)
    ]


def _labelled(text: str) -> Iterator[Command]:
    for match in _LABELLED.finditer(text):
        command, length = _until_prose(match["rest"])
        if _is_command(command, {}):
            sets_up = match["label"].lower() in {"setup", "install"} or _INSTALLER.match(command) is not None
            yield Command(command, sets_up, Span(match.start("rest"), match.start("rest") + length, command))


def _until_prose(rest: str) -> tuple[str, int]:
    """The command, and how much of the line it takes.

    In `run: python train.py, about two hours` it ends at the comma; between backticks it ends with them.
    """
    ticks = re.match(r"`([^`]+)`", rest)
    if ticks:
        return ticks[1].strip(), ticks.end()
    bare = _BARE.match(rest)
    command = _with_arguments(rest, bare) if bare and "," in rest else rest.strip()
    return command, len(command)


def _in_code(text: str, prose: str, files: Mapping[str, str]) -> Iterator[Command]:
    """What is said to be run is a command, whatever its program is."""
    whole, behind = sentences(text), 0
    labelled = [range(match.start(), match.end()) for match in _LABELLED.finditer(text)]
    for span in code_spans(text):
        sentence = around(whole, span.start)
        begin, behind = max(sentence.start, behind), span.end
        if "\n" not in span.text and any(span.start in place for place in labelled):
            continue
        lines = [line.strip().removeprefix("$ ") for line in _CONTINUED.sub(" ", span.text).splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        to_run = _PARTS.match(span.text) and _TO_RUN.search(prose, max(begin, span.start - _NEAR), span.start)
        if lines and (to_run or _is_command(lines[0], files, quoted=True)):
            yield from _of_lines(lines, span, sets_up=bool(_SETS_UP.search(prose, begin, span.start)))


def _of_lines(lines: list[str], span: Span, *, sets_up: bool) -> Iterator[Command]:
    setups = [line for line in lines if _INSTALLER.match(line)]
    runs = [line for line in lines if not _INSTALLER.match(line)]
    if setups:
        yield Command("\n".join(setups), sets_up=True, span=span)
    if runs:
        yield Command("\n".join(runs), sets_up=sets_up and len(lines) == 1, span=span)


def _is_command(line: str, files: Mapping[str, str], *, quoted: bool = False) -> bool:
    """`quoted`: between backticks a program that nobody knows is one where it has options, or a file that is there."""
    first, _, rest = line.partition(" ")
    if first.startswith("./"):
        return bool(rest) or first.removeprefix("./") in files
    if "=" in first:
        return bool(rest) and _is_command(rest.strip(), files, quoted=quoted)
    if first in _STARTERS:
        return bool(rest.strip()) or first in _ALONE
    of_a_file = rest in files and re.fullmatch(r"\w[\w.-]*", first) is not None
    return quoted and (of_a_file or _PROGRAM.fullmatch(line) is not None)


def _bare(prose: str) -> Iterator[Command]:
    labelled = [range(match.start(), match.end()) for match in _LABELLED.finditer(prose)]
    for match in _BARE.finditer(prose):
        if not any(match.start() in place for place in labelled):
            lines = _with_arguments(prose, match)
            span = Span(match.start(), match.start() + len(lines), lines)
            yield Command(lines, _INSTALLER.match(lines) is not None, span)


def _with_arguments(text: str, match: re.Match[str]) -> str:
    end = match.end()
    while argument := _ARGUMENT.match(text, end):
        end = argument.end()
    return text[match.start() : end].rstrip(".")
