"""A person at a terminal: the offer is shown, y and n are heard, Ctrl-C asks before it does anything."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Gate, Swineherd, write_job
from tests.e2e.terminal import CTRL_C, Terminal

pytestmark = pytest.mark.timeout(120)

Opened = Callable[..., Terminal]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Open terminals that do not outlive the test."""
    terminals: list[Terminal] = []

    def open_one(herd: Swineherd, *arguments: str | Path) -> Terminal:
        terminals.append(Terminal(herd, *map(str, arguments)))
        return terminals[-1]

    yield open_one
    for terminal in terminals:
        terminal.close()


def run_id_on(screen: str) -> str:
    """The run that a screen speaks of."""
    return next(line.split()[-1] for line in screen.splitlines() if " run e2e-" in line)


def test_the_offer_is_shown_and_y_approves(herd: Swineherd, tmp_path: Path, opened: Opened) -> None:
    """The card says what, why, for how much and out of which budget, without the code; after a Ctrl-C that is taken
    back it is asked again; `y` buys and the job runs.
    """
    terminal = opened(herd.policy(ASK), "run", write_job(tmp_path, "echo oink"), "--sandbox")
    screen = terminal.until("Approve? [y/N]")
    for said in (
        "Buy RTX A4000 (16 GB) for 1 h: $0.20 from credits",
        "$0.20/h × 1 h, ",
        "before  run $10.00 · today $25.00",
    ):
        assert said in screen
    assert herd.show(run_id_on(screen))["approval"]["code"] not in screen
    terminal.type(CTRL_C)
    terminal.until("[Enter] go on")
    terminal.type("\n")
    terminal.until_again("Approve? [y/N]", 1)
    terminal.type("y\n")

    assert terminal.ends() == 0
    assert "oink" in terminal.screen
    result = herd.show(run_id_on(screen))
    assert len(herd.debits(result)) == 1
    herd.assert_gone(result)


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_anything_but_y_is_a_no(herd: Swineherd, tmp_path: Path, opened: Opened, answer: str) -> None:
    """`n`, or Enter alone: exit 6, nothing bought."""
    terminal = opened(herd.policy(ASK), "run", write_job(tmp_path, "echo oink"), "--sandbox")
    screen = terminal.until("Approve? [y/N]")
    terminal.type(answer)

    assert terminal.ends() == 6
    result = herd.show(run_id_on(screen))
    assert (result["status"], result["order_ids"]) == ("denied", [])


def test_a_number_asks_for_other_hours_and_c_for_a_link(herd: Swineherd, tmp_path: Path, opened: Opened) -> None:
    """The card of the other offer follows, and is answered by itself; what can't be is said, and asked again."""
    terminal = opened(herd.policy(ASK), "run", write_job(tmp_path, "echo oink"), "--sandbox")
    screen = terminal.until("c to pay by card, a number for so many hours")
    terminal.type("c\n")
    terminal.until('payment.rails in the policy does not have "stripe"')
    terminal.until_again("Approve? [y/N]", 1)
    terminal.type("2\n")
    terminal.until("Buy RTX A4000 (16 GB) for 2 h: $0.40 from credits")
    terminal.until_again("Approve? [y/N]", 2)
    terminal.type("n\n")

    assert terminal.ends() == 6
    assert herd.show(run_id_on(screen))["order_ids"] == []


def test_approve_in_a_terminal_shows_the_offer_and_asks(herd: Swineherd, tmp_path: Path, opened: Opened) -> None:
    """`approve RUN` without a code: the same card, then a question; `n` decides nothing, `y` approves."""
    waiting = herd.policy(ASK).run("run", write_job(tmp_path, "echo oink"), "--sandbox", "--json", "--no-wait")
    run_id = waiting.document["run_id"]
    first = opened(herd, "approve", run_id)
    first.until("Approve? [y/N]")
    first.type("n\n")
    assert first.ends() != 0
    assert "approval" in herd.show(run_id)

    second = opened(herd, "approve", run_id)
    assert "Buy RTX A4000" in second.until("Approve? [y/N]")
    second.type("y\n")

    assert second.ends() == 0
    assert f"swineherd resume {run_id}" in second.screen
    assert "approval" not in herd.show(run_id)


def test_ctrl_c_asks_and_c_cancels(herd: Swineherd, tmp_path: Path, opened: Opened, gate: Gate) -> None:
    """Ctrl-C shows three ways on; Enter goes on, `c` collects and ends the pod with exit 130."""
    job = write_job(tmp_path, gate.script("echo half | tee part.txt", "echo whole"), outputs=["part.txt"])
    terminal = opened(herd, "run", job, "--sandbox")
    gate.reached()
    terminal.type(CTRL_C)
    screen = terminal.until("[c] cancel and collect")
    assert "[Enter] go on" in screen
    assert "[l] leave it running" in screen
    terminal.type("\n")
    terminal.until("going on")
    terminal.type(CTRL_C)
    terminal.until_again("[c] cancel and collect", screen.count("[c] cancel"))
    terminal.type("c\n")

    assert terminal.ends() == 130
    result = herd.show(run_id_on(screen))
    assert result["status"] == "cancelled"
    assert (Path(result["outputs_dir"]) / "part.txt").read_text() == "half\n"
    herd.assert_gone(result)


def test_l_leaves_the_job_running_for_a_later_resume(
    herd: Swineherd, tmp_path: Path, opened: Opened, gate: Gate
) -> None:
    """`l` ends the command and not the job; `resume` finishes it, the log neither repeated nor lost, paid once."""
    job = write_job(tmp_path, gate.script("seq 1 500", "seq 501 1000"))
    terminal = opened(herd, "run", job, "--sandbox")
    gate.reached()
    terminal.until("\n500\n")
    terminal.type(CTRL_C)
    screen = terminal.until("[l] leave it running")
    terminal.type("l\n")
    code = terminal.ends()
    run_id = run_id_on(screen)
    assert code == 4
    assert f"swineherd resume {run_id}" in terminal.screen
    assert "succeeded" not in terminal.screen
    left = herd.show(run_id)
    assert left["ended_at"] is None
    gate.open()

    done = herd.run("resume", run_id, "--json")

    assert done.code == 0, done.text
    assert herd.log(run_id) == "".join(f"{number}\n" for number in range(1, 1001)).encode()
    assert "\n500\n" not in done.stderr
    assert len(herd.debits(done.document)) == 1
    herd.assert_gone(done.document)


def test_what_was_typed_before_the_question_is_no_answer(herd: Swineherd, tmp_path: Path, opened: Opened) -> None:
    """A `y` typed ahead approves nothing: only what is typed after the offer is on the screen counts."""
    terminal = opened(herd.policy(ASK), "run", write_job(tmp_path, "echo oink"), "--sandbox")
    terminal.type("y\ny\n")
    screen = terminal.until("Approve? [y/N]")
    terminal.stays(1.0)
    assert herd.show(run_id_on(screen))["order_ids"] == []
    terminal.type("n\n")

    assert terminal.ends() == 6
    assert herd.show(run_id_on(screen))["status"] == "denied"
