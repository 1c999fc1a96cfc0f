"""An answer against the documentation: every kind of difference is named by its field, and nothing else is said."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.tools.gpuhog.conftest import KEY, ORDER
from tests.tools.gpuhog.endpoints import BALANCE, LISTING, ORDER_ANSWER, PACK
from tools.gpuhog.shape import DOCUMENTED, ENDPOINTS, MAX_DIFFERENCES, Read, compared, unlisted
from tools.gpuhog.strict_json import load_object

DOCS = {
    "name": "GPU Hog - Machine Payable GPU Rental",
    "version": "2.0",
    "protocol": "Machine-Payable-Protocol/1.0 (HTTP 402)",
    "base_url": "https://gpuhog.com/api",
    "endpoints": [f"https://gpuhog.com/api{path}" for path in ENDPOINTS],
}
ANSWERS: dict[Read, dict[str, Any]] = {
    Read.GPUS: {"gpus": [LISTING], "protocol": "Machine-Payable-Protocol/1.0", "docs": "https://gpuhog.com/api/docs"},
    Read.DOCS: DOCS,
    Read.PACKS: {"packs": [PACK], "note": "Credits never expire. 1 token = 1 cent"},
    Read.BALANCE: BALANCE,
    Read.ORDER: ORDER_ANSWER,
}
"""The documentation's own examples."""


def said(read: Read, answer: Mapping[str, object]) -> list[str]:
    """Every difference as it is shown, from the bytes as they come."""
    return [str(one) for one in compared(read, load_object(json.dumps(answer).encode()))]


def changed(read: Read, **fields: object) -> list[str]:
    return said(read, ANSWERS[read] | fields)


@pytest.mark.parametrize("read", Read)
def test_the_documented_example_is_as_documented(read: Read) -> None:
    """No difference where there is none."""
    assert said(read, ANSWERS[read]) == []


@pytest.mark.parametrize(("read", "field"), [(read, field) for read in Read for field in DOCUMENTED[read].documented])
def test_a_missing_field_is_named(read: Read, field: str) -> None:
    """Each documented field of each answer."""
    answer = {name: value for name, value in ANSWERS[read].items() if name != field}
    assert f"{field}: is missing" in said(read, answer)


@pytest.mark.parametrize(("read", "field"), [(read, field) for read in Read for field in DOCUMENTED[read].documented])
def test_another_type_is_named(read: Read, field: str) -> None:
    """With what was expected and what kind of value came; a boolean is no number."""
    (first, *_) = changed(read, **{field: True})
    assert first.startswith(f"{field}: expected ")
    assert first.endswith("found true or false")


@pytest.mark.parametrize("read", Read)
def test_a_new_field_is_told_apart(read: Read) -> None:
    """It is harmless: marked as new, so that nobody is alarmed by it."""
    answer = load_object(json.dumps(ANSWERS[read] | {"colour": "pink"}).encode())
    (one,) = compared(read, answer)
    assert (one.where, one.is_new) == ("colour", True)


@pytest.mark.parametrize(
    ("read", "fields", "said_of_it"),
    [
        (Read.GPUS, {"protocol": "MPP/2"}, "protocol: expected 'Machine-Payable-Protocol/1.0', found 'MPP/2'"),
        (Read.GPUS, {"gpus": [LISTING | {"vram": "24 GiB"}]}, "gpus[].vram: expected '24 GB', found '24 GiB'"),
        (Read.GPUS, {"gpus": [LISTING | {"protocol": "x"}]}, "gpus[].protocol: expected 'HTTP-402-MPP', found 'x'"),
        (
            Read.GPUS,
            {"gpus": [LISTING | {"price_per_hour_usd": "0.34"}]},
            "gpus[].price_per_hour_usd: expected a number, found a text",
        ),
        (Read.DOCS, {"version": "3.0"}, "version: expected '2.0', found '3.0'"),
        (Read.PACKS, {"packs": [PACK | {"price_usd": "5"}]}, "packs[].price_usd: expected '5.00', found '5'"),
        (
            Read.PACKS,
            {"packs": [PACK | {"credits": 5.5}]},
            "packs[].credits: expected a whole number, found a number with a fraction",
        ),
        (Read.BALANCE, {"credits_balance": None}, "credits_balance: expected a whole number, found null"),
        (Read.ORDER, {"gpu_stats": [{"gpu_util": 23}]}, "gpu_stats[].gpu_util: expected a text, found a whole number"),
        (Read.ORDER, {"access": {"jupyter": "x"}}, "access.ssh: is missing"),
    ],
)
def test_a_changed_value_is_named(read: Read, fields: dict[str, object], said_of_it: str) -> None:
    """Deep inside an answer too, with the form that is documented."""
    assert said_of_it in changed(read, **fields)


def test_a_whole_price_is_a_number() -> None:
    """`1` is as good as `1.00`."""
    assert changed(Read.GPUS, gpus=[LISTING | {"price_per_hour_usd": 1}]) == []


def test_the_same_difference_in_every_listing_is_told_once() -> None:
    """With how often; another one beside it is not lost."""
    gpus = [LISTING | {"tier": 1}] * 3 + [LISTING | {"vram": 8}]
    assert changed(Read.GPUS, gpus=gpus) == [
        "gpus[].tier: expected a text, found a whole number (3 times)",
        "gpus[].vram: expected a text, found a whole number",
    ]


@pytest.mark.parametrize("status", ["deploying", "stopped", "starting", "terminated", "reserved"])
def test_an_order_that_does_not_run_may_lack_its_pod(status: str) -> None:
    """The documented example is of a running one; missing or null, either will do."""
    bare = {name: value for name, value in ORDER_ANSWER.items() if name not in ("pod_id", "access")}
    assert said(Read.ORDER, bare | {"status": status, "gpu_stats": None}) == []


def test_a_status_nobody_documented_is_named() -> None:
    """It is neither running nor gone to us, so a human should hear of it."""
    (first,) = changed(Read.ORDER, status="hibernating")
    assert first.startswith("status: expected 'deploying' or 'running'")
    assert first.endswith("found 'hibernating'")


def test_what_is_shown_of_an_answer_can_do_no_harm() -> None:
    """Control characters go, length is bounded, and so is the number of differences; what is secret is never shown."""
    (first,) = changed(Read.DOCS, version="\x1b[2J\u202e" + "9" * 500)
    assert "\x1b" not in first
    assert "\u202e" not in first
    assert len(first) < 120
    many = changed(Read.GPUS, **{f"field{number}": 1 for number in range(500)})
    assert len(many) == MAX_DIFFERENCES + 1
    assert many[-1] == "and 480 more differences"
    told = " ".join(changed(Read.BALANCE, api_key=[KEY], email={"at": "you@example.com"}, credits_balance=KEY))
    assert KEY not in told
    assert "you@example.com" not in told


@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize(
    "listed",
    [
        lambda path: {"method": "GET", "path": path, "description": "x"},
        lambda path: f"GET https://gpuhog.com/api{path.replace('{id}', ':order_id')}",
        lambda path: {f"/api{path.replace('{id}', 'HOG-a1b2c3d4e5f6')}": "what it does"},
    ],
    ids=["objects", "texts", "keys"],
)
def test_an_endpoint_that_docs_do_not_list_is_named(path: str, listed: Any) -> None:
    """However the list is written; `/rent` is not found in `/rent-with-credits`, nor an order in its `stop`."""
    every = {"endpoints": [listed(one) for one in ENDPOINTS]}
    others = {"endpoints": [listed(one) for one in ENDPOINTS if one != path]}
    assert unlisted(every) == []
    assert unlisted(others) == [path]


def test_docs_that_list_nothing_lack_everything() -> None:
    """As in the documentation's own, shortened example."""
    assert changed(Read.DOCS, endpoints=[]) == [f"endpoints: {path} is not listed" for path in ENDPOINTS]


def test_an_order_id_is_no_part_of_what_is_said() -> None:
    """Whoever reads it could end the pod."""
    assert ORDER not in " ".join(changed(Read.ORDER, status="odd", hours="2"))
