from decimal import Decimal

import pytest

from tests.eval.corpus import load
from tests.eval.score import FIELDS, Reading, Verdict, score

RIGHT, ASKED_BACK, WRONG, SILENT = Verdict

ALL = Reading(
    {
        "run": "python train.py --lr 1e-4",
        "setup": "pip install -r requirements.txt",
        "workdir": ".",
        "hours": Decimal("1.5"),
        "budget_usd": "5.00",
        "vram_gb": 24,
        "accelerators": ("RTX4090", "RTXA6000"),
        "outputs": ("adapters/", "metrics.json"),
        "workload": {"parameters_b": Decimal(8), "method": "qlora", "precision": None},
    }
)


def _changed(**fields: object) -> Reading:
    return Reading({**ALL.fields, **fields})


def test_a_perfect_reading_is_right_in_every_field() -> None:
    """Every field is scored, those that nobody told included."""
    for one in load():
        verdicts = score(one.reading, one.reading)
        assert verdicts.keys() >= {*FIELDS, *one.asks}
        assert set(verdicts.values()) == {RIGHT}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run", " python  train.py \\\n   --lr 1e-4\n"),
        ("workdir", "./"),
        ("hours", "1.50"),
        ("hours", 1.5),
        ("budget_usd", "5"),
        ("vram_gb", Decimal("24.0")),
        ("accelerators", ["A6000", "NVIDIA GeForce RTX 4090"]),
        ("accelerators", ("RTX4090:1", "RTX A6000")),
        ("outputs", ("metrics.json", "./adapters")),
        ("workload", {"parameters_b": "8.0", "method": "qlora", "precision": "int4"}),
    ],
)
def test_what_means_the_same_is_right(field: str, value: object) -> None:
    """Numbers by value, GPUs by what they are, commands but for white space, paths but for a last slash."""
    assert score(ALL, _changed(**{field: value}))[field] is RIGHT


@pytest.mark.parametrize(
    ("field", "value", "verdict"),
    [
        ("run", "python train.py", SILENT),
        ("run", None, WRONG),
        ("setup", "pip install torch", WRONG),
        ("workdir", None, WRONG),
        ("hours", Decimal(15), SILENT),
        ("hours", "soon", SILENT),
        ("hours", None, WRONG),
        ("budget_usd", "50.00", SILENT),
        ("budget_usd", "0.50", SILENT),
        ("budget_usd", None, SILENT),
        ("hours", "", WRONG),
        ("vram_gb", 48, SILENT),
        ("vram_gb", None, WRONG),
        ("accelerators", ("RTX4090",), SILENT),
        ("accelerators", ("RTX4090:2", "RTXA6000"), SILENT),
        ("accelerators", ("4090", "A6000"), SILENT),
        ("accelerators", (), WRONG),
        ("outputs", ("adapters/",), WRONG),
        ("outputs", "adapters/", WRONG),
        ("workload", {"parameters_b": 8, "method": "lora"}, WRONG),
        ("workload", {"parameters_b": 80, "method": "qlora"}, WRONG),
        ("workload", "8B", WRONG),
    ],
)
def test_an_error_is_counted_as_what_it_is(field: str, value: object, verdict: Verdict) -> None:
    """A wrong value that costs money is silent, and so is a budget that is dropped; the other fields stay right."""
    verdicts = score(ALL, _changed(**{field: value}))
    assert verdicts.pop(field) is verdict
    assert set(verdicts.values()) == {RIGHT}


@pytest.mark.parametrize("field", ["run", "hours", "budget_usd", "vram_gb", "accelerators"])
def test_what_nobody_said_is_a_silent_money_error(field: str) -> None:
    """Made up, or taken from something else: it is rented by."""
    nothing = Reading({field: None})
    assert score(nothing, Reading({field: ALL.fields[field]}))[field] is SILENT
    assert score(nothing, nothing)[field] is RIGHT


@pytest.mark.parametrize("field", FIELDS)
def test_a_question_costs_no_money(field: str) -> None:
    """Whatever stands in the field: a human decides. But it could have been known."""
    for value in (None, "other", ALL.fields[field]):
        got = Reading({**ALL.fields, field: value}, frozenset({field}))
        assert score(ALL, got)[field] is ASKED_BACK


@pytest.mark.parametrize(
    ("field", "value", "verdict"),
    [
        ("hours", None, WRONG),
        ("hours", 2, SILENT),
        ("run", None, WRONG),
        ("run", "python a.py", SILENT),
        ("accelerators", None, SILENT),
        ("accelerators", ("A100",), SILENT),
        ("budget_usd", None, SILENT),
        ("budget_usd", "5.00", SILENT),
        ("price_per_hour", None, SILENT),
    ],
)
def test_a_question_that_was_due(field: str, value: object, verdict: Verdict) -> None:
    """Right if it is put; if not, a value is a guess, and a limit nobody is asked about is lost."""
    due = Reading({}, frozenset({field}))
    assert score(due, due)[field] is RIGHT
    assert score(due, Reading({field: value}))[field] is verdict


def test_a_question_about_the_budget_is_one_about_the_price_per_hour() -> None:
    """Where no total was said; with a total, the budget was known."""
    due, got = frozenset({"price_per_hour"}), frozenset({"budget_usd"})
    assert set(score(Reading({}, due), Reading({}, got)).values()) == {RIGHT}
    verdicts = score(Reading({"budget_usd": "5.00"}, due), Reading({"budget_usd": "5.00"}, got))
    assert (verdicts["budget_usd"], verdicts["price_per_hour"]) == (ASKED_BACK, SILENT)


def test_a_question_about_anything_else_is_counted() -> None:
    """Asking about everything is no way to be right."""
    assert score(ALL, Reading(ALL.fields, frozenset({"name"})))["name"] is ASKED_BACK


def test_a_precision_that_was_said_has_to_be_understood() -> None:
    """Its common names are one; none is wrong."""
    told = Reading({"workload": {"parameters_b": 70, "method": "inference", "precision": "int4"}})
    for precision, verdict in (("4-bit", RIGHT), ("NF4", RIGHT), ("int8", WRONG), (None, WRONG)):
        got = Reading({"workload": {"parameters_b": 70, "method": "inference", "precision": precision}})
        assert score(told, got)["workload"] is verdict
