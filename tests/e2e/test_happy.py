"""A job from its file to its results at home."""

import re
from pathlib import Path

import pytest

from tests.e2e.swineherd import Document, Swineherd, write_job

pytestmark = pytest.mark.timeout(90)

RUN_KEYS = {
    "run_id": str,
    "status": str,
    "step": str,
    "gpu": str,
    "hours": int,
    "order_ids": list,
    "spent_usd": str,
    "held_usd": str,
    "in_doubt_usd": str,
    "exit_code": int,
    "outputs_dir": str,
    "checkout_url": type(None),
    "reason": str,
    "started_at": str,
    "ended_at": str,
}
CHARGE_KEYS = {
    "charge_id": str,
    "run_id": str,
    "order_id": str,
    "rail": str,
    "gpu": str,
    "hours": int,
    "amount_usd": str,
    "state": str,
    "created_at": str,
    "settled_at": str,
}
MONEY = re.compile(r"[0-9]+\.[0-9]{2}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def assert_shape(document: Document, keys: dict[str, type]) -> None:
    """Exactly these keys of exactly these types; money and times in their one form."""
    assert {key: type(value) for key, value in document.items()} == keys
    for key, value in document.items():
        if key.endswith("_usd"):
            assert MONEY.fullmatch(value)
        if key.endswith("_at"):
            assert TIME.fullmatch(value)


def job_with_files(folder: Path) -> Path:
    """A job that needs its folder, its mount and its variables, and leaves a tree of outputs."""
    (folder / "data").mkdir()
    (folder / "data" / "words.txt").write_text("oink\n")
    (folder / "work").mkdir()
    (folder / "work" / "tool.sh").write_text('printf "%s %s" "$1" "$GREETING"\n')
    return write_job(
        folder,
        'mkdir -p out/deep\nsh tool.sh "$(cat "$HOME/data/words.txt")" | tee out/deep/said.txt\n'
        "head -c 300000 /dev/zero > out/big.bin",
        workdir="work",
        file_mounts={"~/data": "data"},
        envs={"GREETING": "says the hog"},
        outputs=["out/"],
    )


def test_a_job_runs_and_its_results_come_home(herd: Swineherd, tmp_path: Path) -> None:
    """Exit 0; the outputs are here byte for byte; stdout is one document in the contract's shape; nothing is left."""
    done = herd.run("run", job_with_files(tmp_path), "--sandbox", "--json", "--outputs", "results")

    assert done.code == 0, done.text
    result = done.document
    assert_shape(result, RUN_KEYS)
    assert (result["status"], result["step"], result["exit_code"]) == ("succeeded", "report", 0)
    outputs = Path(result["outputs_dir"])
    assert outputs.name == "results"
    assert (outputs / "out" / "deep" / "said.txt").read_text() == "oink says the hog"
    assert (outputs / "out" / "big.bin").read_bytes() == bytes(300_000)
    assert herd.log(result["run_id"]) == b"oink says the hog"
    assert "oink says the hog" in done.stderr
    assert "the pod HOG-…" in done.stderr
    assert not any(order in done.stderr for order in result["order_ids"])
    herd.assert_gone(result)


def test_the_spend_log_agrees_with_the_providers_books(herd: Swineherd, tmp_path: Path) -> None:
    """Every debit in the sandbox's books is one paid charge of the same order and amount, and the totals add up."""
    ran = herd.run("run", write_job(tmp_path, "true"), "--sandbox", "--json").document
    spend = herd.run("spend", "--sandbox", "--json").document

    for charge in spend["charges"]:
        assert_shape(charge, CHARGE_KEYS)
        assert charge["state"] == "paid"
    booked = {(one["order_id"], one["rail"], one["cents"]) for one in herd.books()["debits"]}
    assert {(one["order_id"], one["rail"], round(100 * float(one["amount_usd"]))) for one in spend["charges"]} == booked
    assert [one["run_id"] for one in spend["charges"]].count(ran["run_id"]) == 1
    cents = sum(one["cents"] for one in herd.books()["debits"])
    assert spend["totals"] == {"spent_usd": f"{cents / 100:.2f}", "held_usd": "0.00", "in_doubt_usd": "0.00"}
    assert spend["caps"] == {"day_left_usd": f"{25 - cents / 100:.2f}", "month_left_usd": f"{250 - cents / 100:.2f}"}


def test_a_job_that_fails_ends_with_1_and_keeps_what_it_said(herd: Swineherd, tmp_path: Path) -> None:
    """Exit 1 and the job's own code; its partial outputs and its stderr are here; the pod is gone."""
    job = write_job(tmp_path, "echo half > part.txt\necho to-stdout\necho to-stderr >&2\nexit 3", outputs=["part.txt"])

    done = herd.run("run", job, "--sandbox", "--json")

    assert done.code == 1, done.text
    result = done.document
    assert (result["status"], result["exit_code"], result["reason"]) == ("failed", 3, "the job exited with 3")
    assert (Path(result["outputs_dir"]) / "part.txt").read_text() == "half\n"
    assert herd.log(result["run_id"]) == b"to-stdout\nto-stderr\n"
    assert len(herd.debits(result)) == 1
    herd.assert_gone(result)
