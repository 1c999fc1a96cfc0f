"""Every other command: what it prints as text and as JSON (CONTRACT §6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.swineherd import Document, Gate, Swineherd, ended, write_job

pytestmark = pytest.mark.timeout(120)

LISTED = {"gpu_id": str, "name": str, "vram_gb": int, "price_per_hour_usd": str, "tier": str}
REJECTED = {"gpu_id": str, "reason": str}
NO_BIG_ONES = '[gpu]\ndeny = ["*100*", "H200"]\n[payment]\nrails = ["credits"]\n'


def types(document: Document) -> dict[str, type]:
    """The keys of a document with the types of their values."""
    return {key: type(value) for key, value in document.items()}


def test_quote_says_what_would_be_decided_and_buys_nothing(herd: Swineherd, tmp_path: Path) -> None:
    """`quote`: offers ranked with their totals and reasons, those rejected with theirs, the decision; no order."""
    job = write_job(tmp_path, "true", resources={"vram_gb": 24}, budget_usd="1.00")
    before = herd.books()

    done = herd.run("quote", job, "--sandbox", "--json")

    assert done.code == 0, done.text
    quote = done.document
    assert set(quote) == {"job", "offers", "rejected", "decision", "reason"}
    assert (quote["job"]["run"], quote["job"]["resources"]["vram_gb"]) == ("true", 24)
    priced = LISTED | {"hours": int, "total_usd": str, "cost_to_finish_usd": str, "reason": str}
    assert [types(offer) for offer in quote["offers"]] == [priced] * len(quote["offers"])
    totals = [float(offer["total_usd"]) for offer in quote["offers"]]
    assert totals == sorted(totals)
    assert all(offer["vram_gb"] >= 24 for offer in quote["offers"])
    assert [types(one) for one in quote["rejected"]] == [REJECTED] * len(quote["rejected"])
    assert any("16 GB" in one["reason"] for one in quote["rejected"])
    assert quote["decision"] == "pay"
    assert herd.books() == before


@pytest.mark.parametrize(
    ("policy", "decision", "code"),
    [
        ('[payment]\nrails = ["credits"]\n', "ask", 0),
        ('[payment]\nrails = ["stripe"]\n', "checkout", 0),
        ('[budget]\nper_run_usd = "0.01"\n', "refuse", 3),
    ],
)
def test_quote_names_the_decision(herd: Swineherd, tmp_path: Path, policy: str, decision: str, code: int) -> None:
    """As text: the table, then `ask`, `checkout` or `refuse` with the reason; a refusal exits with 3."""
    done = herd.policy(policy).run("quote", write_job(tmp_path, "true"), "--sandbox")

    assert done.code == code, done.text
    assert done.stdout.splitlines()[-1].startswith(f"{decision}: ")


def test_gpus_lists_offers_and_rejections(herd: Swineherd) -> None:
    """`gpus`: what the policy allows, and what it rejects with the rule; as text the same."""
    picky = herd.policy(NO_BIG_ONES)
    found = picky.run("gpus", "--sandbox", "--json")
    text = picky.run("gpus", "--sandbox")

    assert (found.code, text.code) == (0, 0)
    gpus = found.document
    assert set(gpus) == {"offers", "rejected"}
    assert [types(offer) for offer in gpus["offers"]] == [LISTED] * len(gpus["offers"])
    assert {one["gpu_id"] for one in gpus["rejected"]} == {
        "NVIDIA A100 80GB PCIe",
        "NVIDIA H100 80GB HBM3",
        "NVIDIA H200",
    }
    assert all("deny" in one["reason"] for one in gpus["rejected"])
    for offer in gpus["offers"]:
        assert any(offer["gpu_id"] in line and offer["name"] in line for line in text.stdout.splitlines())
    assert "$0.20/h" in text.stdout
    assert "rejected NVIDIA H200: " in text.stdout


class Ran:
    """A run that stands at its gate, driven by another process."""

    def __init__(self, herd: Swineherd, run_id: str) -> None:
        self.herd = herd
        self.run_id = run_id


@pytest.fixture
def running(herd: Swineherd, tmp_path: Path, gate: Gate) -> Iterator[Ran]:
    """Its job has printed `one`, and prints `two` once the gate is open."""
    job = write_job(tmp_path, gate.script("echo one", "printf 'two \\303\\244\\n'"))
    with ended(herd.start("run", job, "--sandbox", "--json")) as started:
        gate.reached()
        yield Ran(herd, started.run_id)
        gate.open()
        assert started.done().code == 0


def test_looking_at_a_run_while_it_runs_and_after(running: Ran, gate: Gate) -> None:
    """`ps` and `show` tell where it stands; `logs -f` goes on to the end of the run; all of them only look."""
    herd, run_id = running.herd, running.run_id
    (listed,) = herd.run("ps", "--json").document["runs"]
    assert (listed["run_id"], listed["status"], listed["step"], listed["sandbox"]) == (
        run_id,
        "active",
        "run_job",
        True,
    )
    assert f"{run_id}  active  run_job  RTX A4000  0.20" in herd.run("ps").stdout
    with ended(herd.start("logs", run_id, "-f")) as following:
        following.until_said("one\n")
        assert following.process.poll() is None
        gate.open()
        done = following.done()

    assert (done.code, done.stdout) == (0, "one\ntwo ä\n")
    assert herd.run("logs", run_id).stdout == done.stdout
    assert herd.run("ps", "--json").document == {"runs": []}
    shown = herd.run("show", run_id)
    assert shown.code == 0
    summary = "RTX A4000 (16 GB) cost $0.20 for 1 h; the pod was up for "
    for said in ("succeeded", summary, "offer 1: RTX A4000, 1 h, $0.20 from credits: cheapest of", "history"):
        assert said in shown.stdout
    ended_already = herd.run("cancel", run_id)
    assert ended_already.code == 2
    assert "has ended: succeeded" in ended_already.stderr


@pytest.mark.parametrize("command", [["show", "--json"], ["logs"], ["approve"], ["cancel"], ["resume"]])
def test_an_unknown_run_is_wrong_usage(herd: Swineherd, command: list[str]) -> None:
    """Exit 2, naming the run and the command that lists them."""
    done = herd.run(command[0], "e2e-0000000000", *command[1:])

    assert done.code == 2, done.text
    assert "e2e-0000000000" in done.stderr
    assert "swineherd ps" in done.stderr
    assert done.stdout == ""


def test_the_account(herd: Swineherd) -> None:
    """`balance` and `packs`: figures as decimal strings, never the key; `sandbox` says where it answers."""
    books = herd.books()
    balance = herd.run("balance", "--sandbox", "--json")
    assert balance.document == {
        "balance_usd": f"{books['balance'] / 100:.2f}",
        "purchased_usd": f"{books['total_purchased'] / 100:.2f}",
        "spent_usd": f"{books['total_spent'] / 100:.2f}",
    }
    packs = herd.run("packs", "--sandbox", "--json")
    (keys,) = {tuple(pack) for pack in packs.document["packs"]}
    assert keys == ("id", "credits", "price_usd", "label", "savings")
    place = herd.run("sandbox", "--json")
    assert place.document["base_url"] == herd.endpoint.base_url
    assert place.document["checkout_host"] == herd.endpoint.checkout_host
    for done in (balance, packs, place, herd.run("balance", "--sandbox"), herd.run("packs", "--sandbox")):
        assert done.code == 0
        assert herd.endpoint.api_key not in done.text


def test_a_frozen_store_spends_nothing(herd: Swineherd, tmp_path: Path) -> None:
    """`freeze`: runs are refused with 3 and `spend` says so; `unfreeze` names what had frozen it."""
    before = herd.books()["total_spent"]
    assert herd.run("freeze", "--sandbox").code == 0
    refused = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json")
    assert refused.code == 3, refused.text
    assert "frozen" in refused.document["reason"]
    assert "FROZEN: frozen by hand" in herd.run("spend", "--sandbox").stdout
    thawed = herd.run("unfreeze", "--sandbox")

    assert thawed.code == 0
    assert "frozen by hand" in thawed.stdout
    assert "was not frozen" in herd.run("unfreeze", "--sandbox").stdout
    assert herd.books()["total_spent"] == before
