"""Files from the pod: names, links, sizes and contents that would leave the outputs' folder, or fill the disk."""

import asyncio
import gzip
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policies.charge import ChargeState
from tests.agent.world import JOB, PRICE
from tests.fakes.pods import Script
from tests.hostile.conftest import MakeHostile
from tests.hostile.hostile import CREDITS, Hostile
from tests.hostile.lying_pods import CONTENT, HONEST, LyingPods, Said, Shell, hashed, listed, packed
from tools.spend_log.rows import Run, RunStatus

EVERYTHING = JOB.replace("[metrics.json]", '["."]')


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod's shell, and the words that are told of it."""

    attack: str
    shell: Shell
    says: str


OUTSIDE = "the pod listed a file outside of the job's folder"
CUT_OFF = "something in it may have just changed"
TOO_MUCH = "the pod sent more than it was asked for"
NO_FIT = "the pod's manifest does not fit the files it was asked for"


def lists(*files: bytes) -> Shell:
    """A listing with `metrics.json` and these."""
    return replace(HONEST, listing=listed(b"./metrics.json", *files))


def sends(contents: Said) -> Shell:
    return replace(HONEST, contents=contents)


def hashes(output: bytes) -> Shell:
    return replace(HONEST, manifest=Said(output))


DIGEST = hashed(CONTENT).output.partition(b"--\n")[2]
ESCAPES = b"\x1b[2Jsee https://evil.test/pay \x1b]0;owned\x07 or www.evil.test"

REFUSED = (
    Pod("parent-folder", lists(b"./../../.bashrc"), OUTSIDE),
    Pod("parent-folder-in-the-middle", lists(b"./a/../../../.ssh/authorized_keys"), OUTSIDE),
    Pod("parent-folder-that-comes-back", lists(b"./a/../metrics2.json"), OUTSIDE),
    Pod("parent-folder-alone", lists(b"./.."), OUTSIDE),
    Pod("absolute-path", lists(b"/etc/cron.d/evil"), OUTSIDE),
    Pod("absolute-path-behind-a-dot", lists(b".//etc/cron.d/evil"), OUTSIDE),
    Pod("home-folder", lists(b"~/.bashrc"), OUTSIDE),
    Pod("no-name", lists(b"./"), OUTSIDE),
    Pod("name-twice", lists(b"./metrics.json"), "the pod listed one file twice"),
    Pod("link-named-outside", replace(HONEST, listing=listed(b"./metrics.json", links={b"../x": b"/etc"})), OUTSIDE),
    Pod("staging-folder", lists(b"./.swineherd-partial/file"), NO_FIT),
    Pod("listing-cut-off", replace(HONEST, listing=packed(b"./metrics.json\0")), CUT_OFF),
    Pod("listing-empty", replace(HONEST, listing=packed(b"")), CUT_OFF),
    Pod("listing-not-compressed", replace(HONEST, listing=Said(b"./metrics.json\0")), "did not arrive whole"),
    Pod("size-missing", hashes(b"--\n" + DIGEST), NO_FIT),
    Pod("size-negative", hashes(b"-5\n--\n" + DIGEST), NO_FIT),
    Pod("size-in-other-digits", hashes("١٤\n--\n".encode() + DIGEST), NO_FIT),
    Pod("size-of-five-thousand-digits", hashes(b"9" * 5000 + b"\n--\n" + DIGEST), NO_FIT),
    Pod("size-above-any-disk", hashes(b"9" * 18 + b"\n--\n" + DIGEST), "the outputs need 953674316406.2 MiB"),
    Pod("digest-missing", hashes(b"14\n--\n"), NO_FIT),
    Pod("digest-of-another-kind", hashes(b"14\n--\nd41d8cd98f00b204e9800998ecf8427e  x\n"), NO_FIT),
    Pod("contents-of-another-file", sends(packed(CONTENT[::-1])), "1 file changed while being fetched"),
    Pod("contents-too-short", sends(packed(CONTENT[:-1])), "the connection ended in the middle of the outputs"),
    Pod("contents-too-long", sends(packed(b"x" + CONTENT)), TOO_MUCH),
    Pod("contents-and-a-second-stream", sends(Said(gzip.compress(CONTENT) * 2)), TOO_MUCH),
    Pod("contents-are-a-bomb", sends(packed(bytes(4 << 20))), TOO_MUCH),
    Pod("contents-not-compressed", sends(Said(CONTENT)), "what the pod sent did not arrive whole"),
    Pod("words-that-act-on-a-terminal", replace(HONEST, manifest=Said(b"", 13, ESCAPES)), "failed on the pod"),
)


@dataclass(frozen=True, slots=True)
class Name:
    """A file name on the pod and the one it gets here."""

    attack: str
    there: bytes
    here: str


NAMES = (
    Name("newline", b"./a\nb", "a%0Ab"),
    Name("terminal-escape", b"./\x1b[2Jx", "%1B[2Jx"),
    Name("terminal-title", b"./\x1b]0;owned\x07", "%1B]0;owned%07"),
    Name("carriage-return", b"./good\rbad", "good%0Dbad"),
    Name("one-byte-control", "./\x9b2J".encode(), "%C2%9B2J"),
    Name("bidi-override", "./\u202egnp.exe".encode(), "%E2%80%AEgnp.exe"),
    Name("zero-width-space", "./a\u200bb".encode(), "a%E2%80%8Bb"),
    Name("line-separator", "./a\u2028b".encode(), "a%E2%80%A8b"),
    Name("no-text-at-all", b"./\xff\xfe", "%FF%FE"),
    Name("shell-metacharacters", b"./$(id);`id`|x", "$(id);`id`|x"),
    Name("option", b"./-rf", "-rf"),
    Name("three-dots", b"./...", "..."),
    Name("backslash-path", b"./..\\..\\x", "..\\..\\x"),
    Name("hidden-file", b"./.bashrc", ".bashrc"),
)


@dataclass(frozen=True, slots=True)
class Link:
    """A link on the pod that leads to what is not among the outputs."""

    attack: str
    link: bytes
    target: bytes
    shown: str


LINKS = (
    Link("to-a-file-outside", b"./out", b"/etc/shadow", "out"),
    Link("to-the-root", b"./root", b"/", "root"),
    Link("to-a-sibling-with-the-same-beginning", b"./next", b"/root/swineherd/work-of-another/x", "next"),
    Link("to-a-file-that-was-not-listed", b"./ghost", b"/root/swineherd/work/ghosts", "ghost"),
    Link("to-a-parent-spelt-inside", b"./up", b"/root/swineherd/work/../../.ssh/id_rsa", "up"),
    Link("to-nowhere", b"./gone", b"", "gone"),
    Link("with-a-name-that-acts-on-a-terminal", b"./\x1b[2J\nx", b"/etc/shadow", "%1B[2J%0Ax"),
)


@dataclass(frozen=True, slots=True)
class State:
    """What a job left as its exit code, and what is told of it."""

    attack: str
    printed: bytes
    says: str


STATES = (
    State("five-thousand-digits", b"exited " + b"9" * 5000 + b"\n", "the job is gone without an exit code"),
    State("more-than-a-store-holds", b"exited 99999999999999999999\n", "the job is gone without an exit code"),
    State("negative", b"exited -1\n", "the job is gone without an exit code"),
    State("other-digits", "exited ٠\n".encode(), "the job is gone without an exit code"),
    State("nothing", b"exited\n", "the job is gone without an exit code"),
    State("two-codes", b"exited 0 1\n", "the job is gone without an exit code"),
)

TABLES = (REFUSED, NAMES, LINKS, STATES)


def attack(row: Pod | Name | Link | State) -> str:
    """For pytest's ids."""
    return row.attack


@pytest.fixture(autouse=True)
def _no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread would let virtual time run on meanwhile."""

    async def at_once(work: Callable[..., Any], *arguments: Any) -> Any:
        return work(*arguments)

    monkeypatch.setattr(asyncio, "to_thread", at_once)


def on(hostile: Hostile, shell: Shell) -> LyingPods:
    """Its pods have this shell; the hours are short, so that fetching is soon given up."""
    world = hostile.world
    world.market.deploy_seconds = 1.0
    pods = LyingPods(world.clock, world._is_up, calls=world.calls, script=Script(seconds=2.0), shell=shell)
    world.change(pods=pods, hour=timedelta(seconds=20))
    return pods


def outputs(hostile: Hostile, run: Run) -> dict[str, bytes]:
    """What lies in the run's folder of outputs; no link, no device, no folder of ours."""
    folder = Path(run.outputs_dir)
    assert [path for path in folder.rglob("*") if path.is_symlink() or not (path.is_file() or path.is_dir())] == []
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def beside(hostile: Hostile) -> set[str]:
    """Every file there is but those of runs and stores."""
    return {str(path) for path in hostile.world.root.parent.rglob("*") if "/home/" not in str(path)}


def assert_paid_once_and_ended(hostile: Hostile) -> None:
    assert hostile.provider.asked("rent_with_credits") == 1
    assert hostile.world.log.totals().spent == PRICE
    assert hostile.world.log.charges(states=[ChargeState.PAID])
    hostile.world.check()


@pytest.mark.parametrize("row", REFUSED, ids=attack)
async def test_outputs_that_do_not_add_up_are_refused(make_hostile: MakeHostile, row: Pod) -> None:
    """Tried until the hours end, then given up in words: nothing of it is put in place, here or anywhere else."""
    hostile = make_hostile(CREDITS)
    on(hostile, row.shell)
    run_id = hostile.world.submit(EVERYTHING)
    before = beside(hostile)
    run = await hostile.world.drive(run_id)
    hostile.assert_ended(run, RunStatus.FAILED, 5, row.says)
    assert "the outputs were not fetched" in run.reason
    assert outputs(hostile, run) == {}
    assert beside(hostile) == before
    assert_paid_once_and_ended(hostile)


@pytest.mark.parametrize("row", NAMES, ids=attack)
async def test_a_name_that_acts_is_a_plain_one_here(make_hostile: MakeHostile, row: Name) -> None:
    """The file comes home under a name that is nothing but a name, inside the outputs' folder."""
    hostile = make_hostile(CREDITS)
    on(hostile, Shell(listed(row.there), hashed(CONTENT), packed(CONTENT)))
    run = await hostile.world.run(EVERYTHING)
    assert (run.status, run.code) == (RunStatus.SUCCEEDED, 0), run.reason
    assert outputs(hostile, run) == {row.here: CONTENT}
    hostile.assert_harmless(run)
    assert_paid_once_and_ended(hostile)


@pytest.mark.parametrize("row", LINKS, ids=attack)
async def test_a_link_that_leads_out_is_named_and_not_followed(make_hostile: MakeHostile, row: Link) -> None:
    """The other outputs come home; the link is told in plain text."""
    hostile = make_hostile(CREDITS)
    on(hostile, replace(HONEST, listing=listed(b"./metrics.json", links={row.link: row.target})))
    run = await hostile.world.run(EVERYTHING)
    hostile.assert_ended(run, RunStatus.SUCCEEDED, 0, f"not fetched: {row.shown} is a link that leads out")
    assert outputs(hostile, run) == {"metrics.json": CONTENT}
    assert_paid_once_and_ended(hostile)


@pytest.mark.parametrize("row", STATES, ids=attack)
async def test_an_exit_code_that_is_none_is_a_lost_job(make_hostile: MakeHostile, row: State) -> None:
    """A job can write what it likes where its exit code lies: it is never believed, and never stops the way home."""
    hostile = make_hostile(CREDITS)
    pods = on(hostile, HONEST)
    hostile.world.clock.at(1.5, lambda: setattr(pods, "shell", replace(HONEST, state=Said(row.printed))))
    run = await hostile.world.run(EVERYTHING)
    hostile.assert_ended(run, RunStatus.FAILED, 5, row.says)
    assert outputs(hostile, run) == {"metrics.json": CONTENT}
    assert_paid_once_and_ended(hostile)
