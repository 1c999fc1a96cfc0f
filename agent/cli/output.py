"""What commands print: one JSON document on stdout or plain text; everything else goes to stderr."""

import gc
import json
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NoReturn, TextIO

from policies.printable import printable

USAGE = 2
REFUSED = 3
WAITING = 4
PROVIDER = 5
DENIED = 6
DOUBT = 7
CANCELLED = 130


def document(value: object) -> None:
    """The one JSON document of a `--json` command; in ASCII where stdout takes no other letters."""
    text = json.dumps(value, indent=2, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        send_nowhere(sys.stdout)


def send_nowhere(stream: TextIO) -> None:
    """Throw away what is printed from now on, and what is still in the buffer: nobody reads it any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def line(text: str = "") -> None:
    """One line of the command's answer; much of what is shown comes from outside."""
    sys.stdout.write(printable(text, colours=False) + "\n")
    sys.stdout.flush()


def aside(text: str) -> None:
    """One line beside the answer, on stderr."""
    sys.stderr.write(printable(text, colours=False) + "\n")
    sys.stderr.flush()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns, readable and easy to cut."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    for row in [head, *rows]:
        line("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def money_word(listed: Mapping[str, object]) -> str:
    """`play` for what is the sandbox's, in a table of both stores."""
    return "play" if listed["sandbox"] else "real"


def fail(message: str, code: int) -> NoReturn:
    """End the command with a clear word."""
    aside(f"swineherd: {message}")
    sys.exit(code)


@contextmanager
def clear_errors() -> Iterator[None]:
    """The outermost edge: every error on purpose becomes one clear message and its exit code."""
    gc.freeze()  # what was imported stays for good: to look through it once more at the exit takes a third of a second
    gc.enable()
    from agent.errors import BadSettings, CannotSettle, LeaseHeld
    from agent.submit import BadJob
    from agent.variables import MissingVariable
    from policies.file_problem import FileError
    from tools.errors import BadCredentials, SwineherdError

    try:
        yield
    except FileError as error:
        fail("\n".join(str(problem) for problem in error.problems), USAGE)
    except BadCredentials as error:
        fail(f"the API key is refused: {error}. Check GPUHOG_API_KEY.", USAGE)
    except (BadJob, BadSettings, CannotSettle, LeaseHeld, MissingVariable) as error:
        fail(str(error), USAGE)
    except SwineherdError as error:
        fail(str(error), PROVIDER)
    except KeyboardInterrupt:
        sys.exit(CANCELLED)
    except BrokenPipeError:
        send_nowhere(sys.stdout)
        sys.exit(0)
    except OSError as error:
        fail(f"{error.filename or 'the system'}: {error.strerror}", PROVIDER)
    except Exception as error:  # noqa: BLE001 - the outermost edge: exit code 1 would read "the job failed"
        traceback.print_exc()
        what = f"a defect of ours: {error!r}"
        fail(f"{what}; `swineherd ps` shows what is unfinished, `swineherd resume` goes on with it", PROVIDER)
