"""Plain words, understood without a model."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.mind.port import Called, Said
from agent.talk.by_rule import NOT_UNDERSTOOD, read_by_rule
from agent.talk.figures import figures, own_figures
from agent.talk.typed import Answer, read_explicit
from tools.spend_log.rows import Decision, Run, RunStatus


def a_run(run_id: str, status: RunStatus = RunStatus.ACTIVE) -> Run:
    """With nothing else that matters here."""
    fields: dict[str, Any] = dict.fromkeys(Run.__dataclass_fields__, "")
    return Run(**{**fields, "run_id": run_id, "status": status, "created_at": datetime(2026, 1, 1, tzinfo=UTC)})


NEWEST = a_run("train-2", RunStatus.SUCCEEDED)
RUNNING = a_run("train-1")


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("Which GPUs are cheapest?", Called("list_gpus", {})),
        ("prices", Called("list_gpus", {})),
        ("how much did I spend this month?", Called("spend", {})),
        ("what is my balance", Called("credit_balance", {})),
        ("runs", Called("list_runs", {})),
        ("how is my run?", Called("run_status", {"run_id": "train-2"})),
        ("how is train-1 doing", Called("run_status", {"run_id": "train-1"})),
        ("wie läuft es?", Called("run_status", {"run_id": "train-2"})),
        ("why this GPU?", Called("why_gpu", {"run_id": "train-2"})),
        ("logs train-1", Called("run_logs", {"run_id": "train-1"})),
        ("cancel it, please", Called("cancel_run", {"run_id": "train-1"})),
        ("make it two hours", Called("change_run", {"run_id": "train-1", "hours": 2})),
        ("make it 3 hours", Called("change_run", {"run_id": "train-1", "hours": 3})),
        ("pay by card instead", Called("change_run", {"run_id": "train-1", "pay_by": "card"})),
        ("from credits", Called("change_run", {"run_id": "train-1", "pay_by": "credits"})),
        (
            "does a 7B fit on 24 GB with QLoRA?",
            Called("estimate_vram", {"model": "does a 7B fit on 24 GB with QLoRA?", "method": "qlora"}),
        ),
        ("ask the pig: which one for SDXL?", Called("pig_chat", {"message": "which one for SDXL?"})),
    ],
)
def test_plain_words(words: str, call: Called) -> None:
    """The tool they ask for; a run that is not named is the newest, of those that go on where it is to be changed."""
    assert read_by_rule(words, [NEWEST, RUNNING]) == call


@pytest.mark.parametrize(
    "words",
    [
        "run `python train.py` for 2 hours",
        "Bitte `python train.py` laufen lassen, höchstens 5 Dollar",
        "I need it for three hours",
        "the lurking takes three hours",
    ],
)
def test_a_job(words: str) -> None:
    """Something to run, or a figure of it."""
    assert read_by_rule(words, []) == Called("submit_job", {"description": words})


def test_a_quote() -> None:
    """It is asked for as such."""
    words = "What would `python train.py` cost for 2 hours?"
    assert read_by_rule(words, []) == Called("quote_job", {"description": words})


def test_without_runs_that_is_what_is_shown() -> None:
    """Rather than one that is made up."""
    assert read_by_rule("how is my run?", []) == Called("list_runs", {})
    assert read_by_rule("cancel it", [NEWEST]) == Called("list_runs", {})


@pytest.mark.parametrize("words", ["hello", "tell me a joke", "approve", "yes", "y"])
def test_the_rest_is_not_understood(words: str) -> None:
    """And says what is."""
    assert read_by_rule(words, [RUNNING]) == Said("assistant", NOT_UNDERSTOOD)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("approve ABCD2345", Answer(Decision.APPROVED, "ABCD2345", "")),
        ("Approve abcd2345 $1.47", Answer(Decision.APPROVED, "abcd2345", "1.47")),
        ("deny train-1", Answer(Decision.DENIED, "train-1", "")),
        ("approve", Answer(Decision.APPROVED, "", "")),
    ],
)
def test_an_answer_is_a_line_of_its_own(line: str, said: Answer) -> None:
    """As it is typed."""
    assert read_explicit(line, lambda _: True) == said


@pytest.mark.parametrize(
    "line",
    [
        "I approve ABCD2345",
        "approve it if it costs less than $5",
        "please approve ABCD2345",
        "yes",
        "cancel it",
        "run the training",
    ],
)
def test_a_sentence_is_none(line: str) -> None:
    """Whatever words it has."""
    assert read_explicit(line, lambda name: name == "train-1") is None


def test_figures_are_a_table() -> None:
    """With what matters, and without what is for machines."""
    offer = '{"name": "RTX 4090", "vram_gb": 24, "price_per_hour_usd": "0.49", "tier": null}'
    answer = f'{{"untrusted": "x", "offers": [{offer}]}}'
    assert figures("list_gpus", answer) == ["name      vram gb  price per hour", "RTX 4090  24       $0.49"]
    assert figures("list_runs", '{"runs": []}') == ["no runs"]
    assert figures("spend", "refused: \x1b[2Jno") == ["refused: [2Jno"]
    assert figures("run_logs", '{"said": ["a", "see https://evil.example"]}') == ["said:", "| a", "| see [link]"]


def test_the_end_of_a_log_is_shown() -> None:
    """It says what went wrong; of what else is too long the rest is counted."""
    lines = [f"step {number}" for number in range(20)]
    assert figures("run_logs", json.dumps({"said": lines}))[-1] == "| step 19"
    assert figures("list_gpus", json.dumps({"offers": [], "rejected": lines}))[-1] == "and 8 more"


def test_own_figures() -> None:
    """Those that no tool and no human named, however they are written."""
    known = ['{"price": "0.49", "total": "5.00"}', "at most 7 dollars, 1,234.50 in all"]
    said = "It is $0.49, $5, $ 5.0, $7.00 or $1,234.50; not $6 nor $0.50, and $0.49."
    assert own_figures(said, known) == ["$6", "$0.50"]
