"""Faults of calls that may be repeated: they are, and the run comes home as if nothing had happened."""

from pathlib import Path

import pytest

from tests.e2e.swineherd import Swineherd, write_job
from tests.faulty.provider import Provider, counted

pytestmark = pytest.mark.timeout(120)


def assert_home(herd: Swineherd, provider: Provider, folder: Path) -> None:
    """A run under the faults told so far: exit 0, its outputs home, one debit and the spend log equal to it, no pod."""
    done = herd.run("run", write_job(folder, "echo oink > out.txt", outputs=["out.txt"]), "--sandbox", "--json")
    assert done.code == 0, done.text
    assert provider.left() == []
    assert (Path(done.document["outputs_dir"]) / "out.txt").read_text() == "oink\n"
    assert provider.rented() == [20]
    assert counted(herd) == 20
    herd.assert_gone(done.document)
    provider.assert_no_pod()


def test_reads_that_break_are_read_again(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """Told to wait, cut short, silent, hanging, nonsense, another order's answer: not believed, and asked again."""
    provider.fail("gpus", "status", status=429, retry_after=1)
    provider.fail("balance", "lost_answer")
    provider.fail("order", "wrong_json", body='{"order_id": "HOG-000000000000", "status": "terminated"}')
    provider.fail("order", "hang", seconds=0.3)
    provider.fail("order", "truncated")
    provider.fail("order", "wrong_json", body="<html>")
    assert_home(herd, provider, tmp_path)


def test_a_terminate_that_breaks_is_repeated_until_proven(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """Down, without an answer, and said but not done: the pod is asked to end until its order says that it has."""
    provider.configure(deaf_terminates=1)
    provider.fail("terminate", "status", status=500)
    provider.fail("terminate", "lost_request")
    assert_home(herd, provider, tmp_path)
