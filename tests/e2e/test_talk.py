"""chat, as a person at a terminal has it, and as a program that pipes into it."""

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, COMMAND, Gate, Swineherd, wait_for
from tests.e2e.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.timeout(120)

ENTER = "\r"
CTRL_D = "\x04"
READS_KEYS = "\x1b[?2004h"
"""A line editor switches bracketed paste on when it is ready."""
HELLO = 'run `bash -c "echo oink > out.txt"` for one hour on an RTX 4090, at most $3'

Seated = Callable[..., Terminal]


@pytest.fixture
def seated(herd: Swineherd) -> Iterator[Seated]:
    """At a terminal, in an empty folder."""
    terminals: list[Terminal] = []
    (herd.scratch / "project").mkdir(exist_ok=True)

    def sit_down(at: Swineherd = herd, *more: str) -> Terminal:
        quiet = at.having(PROMPT_TOOLKIT_NO_CPR="1", COLUMNS="500")  # nothing here tells where its cursor is
        terminals.append(Terminal(quiet, "chat", "--sandbox", "--folder", str(herd.scratch / "project"), *more))
        terminals[-1].until(READS_KEYS)
        return terminals[-1]

    yield sit_down
    for terminal in terminals:
        terminal.close()


def piped(herd: Swineherd, *lines: str, words: str | None = None) -> subprocess.Popen[str]:
    """Lines for it to read, and the end of them."""
    folder = herd.scratch / "project"
    folder.mkdir(exist_ok=True)
    command = [*COMMAND, "chat", "--sandbox", "--folder", str(folder), *([words] if words else [])]
    chat = subprocess.Popen(
        command, env=herd.env(), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert chat.stdin is not None
    chat.stdin.writelines(f"{line}\n" for line in lines)
    chat.stdin.close()
    return chat


def said(chat: subprocess.Popen[str]) -> str:
    """All that it printed, once it has ended."""
    assert chat.stdout is not None
    with chat.stdout:
        text = chat.stdout.read()
    chat.wait(timeout=60)
    return text


def run_id_in(text: str) -> str:
    """The run that was submitted."""
    found = re.search(r"submitted ([\w-]+)", text)
    assert found, text
    return found[1]


def test_lines_from_a_pipe_run_a_job_to_its_end(herd: Swineherd) -> None:
    """The end of the lines waits for what was begun; the results are home and the pod is gone."""
    chat = piped(herd, "which GPUs are there?", HELLO, "y")
    text = said(chat)
    assert chat.returncode == 0, text
    assert "$0.49" in text
    result = herd.show(run_id_in(text))
    assert result["status"] == "succeeded"
    herd.assert_gone(result)


def test_one_message_and_no_terminal(herd: Swineherd) -> None:
    """It is answered, and that is all; what waits for a human ends it with 4, and no code is printed."""
    assert "RTX 4090" in said(piped(herd, words="which GPUs are there?"))
    chat = piped(herd.policy(ASK), "y", words=HELLO.replace("oink", "squeal"))
    text = said(chat)
    assert chat.returncode == 4, text
    run_id = run_id_in(text)
    assert f"swineherd resume {run_id}" in text
    assert f"swineherd show {run_id}` prints the code" in text
    assert herd.show(run_id)["approval"]["code"] not in text


def test_a_person_submits_changes_and_approves(herd: Swineherd, seated: Seated) -> None:
    """Cards come in while they type; only the code buys, and the offer that was put aside buys nothing."""
    terminal = seated(herd.policy(ASK))
    terminal.type(HELLO.replace("oink", "grunt") + ENTER)
    terminal.until("do it? [y/N]")
    terminal.type("y" + ENTER)
    first = re.search(r"approve (\w{8})", terminal.until("to buy it type `approve "))
    terminal.until("to refuse")
    terminal.type("make it two hours" + ENTER)
    terminal.until("and ask for 2 h")
    terminal.type("y" + ENTER)
    terminal.until("for 2 h: $0.98")
    wait_for(lambda: len(codes(terminal)) == 2, "a second code")
    assert first is not None
    terminal.type(f"approve {first[1]}{ENTER}")
    terminal.until("no offer that waits has that code")
    terminal.type(f"approve {codes(terminal)[1]} $0.98{ENTER}")
    terminal.until("succeeded: spent $0.98")
    ready = terminal.screen.count(READS_KEYS)
    terminal.type(CTRL_C)
    terminal.until("`quit` or Ctrl-D leaves")
    terminal.until_again(READS_KEYS, ready)
    terminal.type(CTRL_D)
    assert terminal.ends() == 0
    result = herd.show(run_id_in(terminal.screen))
    assert [cents for _, _, cents in herd.debits(result)] == [98]
    herd.assert_gone(result)


def codes(terminal: Terminal) -> list[str]:
    """Of the offers on the screen, in order."""
    return list(dict.fromkeys(re.findall(r"type `approve (\w{8})`", terminal.screen)))


def test_a_question_outlives_a_kill(herd: Swineherd, seated: Seated) -> None:
    """Nothing that was typed before it was shown answers it. Kill -9, and the next chat goes on with it."""
    terminal = seated()
    terminal.type(HELLO + ENTER + "y" + ENTER)
    terminal.until("do it? [y/N]")
    terminal.type("n" + ENTER)
    terminal.until("left as it is")
    seen = terminal.screen.count("do it? [y/N]")
    terminal.type(HELLO + ENTER)
    terminal.until_again("do it? [y/N]", seen=seen)
    terminal.process.kill()
    terminal.process.wait(timeout=30)
    again = seated()
    again.until("echo oink")
    again.until("do it? [y/N]")
    again.type("n" + ENTER)
    again.until("left as it is")
    asked = again.screen.count("do it? [y/N]")
    again.type(HELLO + ENTER + "y" + ENTER)  # before the question is there
    again.until_again("do it? [y/N]", asked)
    again.type("n" + ENTER)
    again.until_again("left as it is", 1)
    assert "submitted" not in again.screen


@pytest.mark.parametrize("stop", ["c", "SIGTERM"])
def test_leaving_cancels_and_collects(herd: Swineherd, seated: Seated, tmp_path: Path, stop: str) -> None:
    """A person is asked what becomes of the run; a signal asks nobody. No pod is left either way."""
    gate = Gate(tmp_path)
    (herd.scratch / "project" / "go.sh").write_text(gate.script("echo oink > out.txt", "true"))
    terminal = seated()
    terminal.type("run `bash go.sh` for one hour, at most $3, I want out.txt back" + ENTER)
    terminal.until("do it? [y/N]")
    terminal.type("y" + ENTER)
    gate.reached()
    if stop == "SIGTERM":
        terminal.process.send_signal(signal.SIGTERM)
    else:
        terminal.type("quit" + ENTER)
        terminal.until("stay, c or l?")
        terminal.type(ENTER + "quit" + ENTER)
        terminal.until_again("[Enter] stay", seen=1)
        terminal.type(stop + ENTER)
    assert terminal.ends() == (130 if stop == "SIGTERM" else 0)
    result = herd.show(run_id_in(terminal.screen))
    assert result["status"] == "cancelled"
    assert (Path(result["outputs_dir"]) / "out.txt").read_text() == "oink\n"
    herd.assert_gone(result)


def test_a_run_is_left_for_a_later_resume(herd: Swineherd, seated: Seated, tmp_path: Path) -> None:
    """As the human chose."""
    gate = Gate(tmp_path)
    (herd.scratch / "project" / "go.sh").write_text(gate.script("true", "echo oink > out.txt"))
    terminal = seated()
    terminal.type("run `bash go.sh` for one hour, at most $3, I want out.txt back" + ENTER)
    terminal.until("do it? [y/N]")
    terminal.type("y" + ENTER)
    gate.reached()
    terminal.type("quit" + ENTER)
    terminal.until("stay, c or l?")
    terminal.type("l" + ENTER)
    assert terminal.ends() == 0
    run_id = run_id_in(terminal.screen)
    assert f"swineherd resume {run_id}" in terminal.screen
    gate.open()
    assert herd.run("resume", run_id).code == 0
    herd.assert_gone(herd.show(run_id))
