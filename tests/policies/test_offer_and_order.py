import pytest

from policies.offer import Rail
from policies.order import phase, short_id


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("running", "running"),
        ("terminated", "gone"),
        ("stopped", "stopped"),
        ("deploying", "pending"),
        ("starting", "pending"),
        ("reserved", "pending"),
        ("Running", "pending"),
        ("exploded", "pending"),
        ("", "pending"),
    ],
)
def test_only_three_statuses_prove_anything(status: str, expected: str) -> None:
    """A status the documentation does not show, another case included, is neither running nor gone."""
    assert phase(status) == expected


@pytest.mark.parametrize(
    ("order_id", "shown"),
    [("HOG-a1b2c3d4e5f6", "HOG-…e5f6"), ("123456789", "1234…6789"), ("12345678", "…"), ("", "…")],
)
def test_an_order_id_is_never_shown_whole(order_id: str, shown: str) -> None:
    """A whole id lets anybody end the pod; one too short to be cut is not shown at all."""
    assert short_id(order_id) == shown


def test_rails_are_named_as_in_the_policy_file() -> None:
    """The words a human writes into `payment.rails`."""
    assert [str(rail) for rail in Rail] == ["credits", "stripe"]
