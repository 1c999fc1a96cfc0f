"""Faults of the one call that spends credits: at most one debit, and the spend log never below the books."""

import signal
from pathlib import Path

import pytest

from tests.e2e.swineherd import ASK, Swineherd, ended, wait_for, write_job
from tests.faulty.provider import Provider, assert_never_below, counted

pytestmark = pytest.mark.timeout(120)

BUY = "rent-with-credits"


@pytest.mark.parametrize(
    "fault",
    [{"kind": "lost_answer"}, {"kind": "status_after", "status": 502}],
    ids=lambda value: str(value["kind"]),
)
def test_a_purchase_nobody_confirmed_is_not_repeated(
    herd: Swineherd, provider: Provider, tmp_path: Path, fault: dict[str, object]
) -> None:
    """The money is gone and no order known: it is counted, the run does not succeed, and nothing is bought again."""
    provider.fail(BUY, **fault)  # type: ignore[arg-type]

    done = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")

    assert provider.left() == []
    assert done.code == 7, done.text
    assert provider.rented() == [20]
    assert_never_below(herd, provider)


@pytest.mark.parametrize(
    "fault",
    [{"kind": "lost_request"}, {"kind": "status", "status": 429, "retry_after": 1}],
    ids=lambda value: str(value["kind"]),
)
def test_a_purchase_that_never_happened_is_sent_once(
    herd: Swineherd, provider: Provider, tmp_path: Path, fault: dict[str, object]
) -> None:
    """Nobody can tell that nothing was bought: the call is not repeated before the account has proven it."""
    provider.fail(BUY, **fault)  # type: ignore[arg-type]

    done = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")

    assert provider.left() == []
    assert provider.rented() in ([], [20])
    assert done.code == 0 or provider.rented() == []
    assert_never_below(herd, provider)
    provider.assert_no_pod()


def test_an_order_named_in_a_broken_answer_is_ended(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """Half a receipt with the order id in it: one debit, and the pod that nobody confirmed does not stay."""
    provider.fail(BUY, "truncated")

    done = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")

    assert provider.rented() == [20]
    assert_never_below(herd, provider)
    herd.assert_gone(done.document)
    provider.assert_no_pod()


def test_killed_while_the_answer_hangs(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """SIGKILL after the debit and before its answer, and a top-up that hides it: counted, and not bought again."""
    provider.fail(BUY, "hang", seconds=600)
    with ended(herd.start("run", write_job(tmp_path, "true"), "--sandbox", "--json")) as started:
        run_id = started.run_id
        wait_for(provider.rented, "the debit")
        started.send(signal.SIGKILL)
        assert started.done().code == -signal.SIGKILL
    provider.configure(credits_purchased=5000)

    herd.run("resume", run_id, "--json")

    assert provider.rented() == [20]
    assert_never_below(herd, provider)


def test_sold_out_at_the_counter_is_the_next_offer(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """A 404 to the purchase is a proven refusal: another GPU is rented, the outputs are home, one debit."""
    provider.fail(BUY, "status", status=404)

    done = herd.run("run", write_job(tmp_path, "echo oink > out.txt", outputs=["out.txt"]), "--sandbox", "--json")

    assert done.code == 0, done.text
    assert (Path(done.document["outputs_dir"]) / "out.txt").read_text() == "oink\n"
    assert len(provider.rented()) == 1
    assert counted(herd) == sum(provider.rented())
    herd.assert_gone(done.document)


def test_a_price_that_rose_after_the_yes_is_not_paid(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """The approval was for another price: nothing is bought with it, and nobody is charged the new one unasked."""
    asking = herd.policy(ASK)
    run_id = asking.run("run", write_job(tmp_path, "true"), "--sandbox", "--json", "--no-wait").document["run_id"]
    asked = asking.show(run_id)["approval"]
    assert asking.run("approve", run_id, "--code", asked["code"], "--amount", asked["amount_usd"]).code == 0
    provider.configure(prices={"RTX A4000": "0.28"})

    done = asking.run("resume", run_id, "--json", "--no-wait")

    assert done.code == 4, done.text
    assert "0.28" in done.stderr
    assert (provider.rented(), counted(herd)) == ([], 0)


def test_a_debit_that_is_shown_late_is_counted_once(herd: Swineherd, provider: Provider, tmp_path: Path) -> None:
    """Two runs, the first one's debit shown only after the second one's: each is paid once and the books agree."""
    provider.configure(debit_delay_seconds=3)
    first = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")
    provider.configure(debit_delay_seconds=0)
    second = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")

    assert (first.code, second.code) == (0, 0), first.text + second.text
    assert provider.rented() == [20, 20]
    assert_never_below(herd, provider)
    provider.assert_no_pod()
