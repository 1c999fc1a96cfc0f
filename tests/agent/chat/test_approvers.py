"""Who may answer for money from a chat."""

import pytest

from agent.chat.approvers import may_answer, named, owner_of

LISTED = ("web:ann", "slack:U1", "telegram:5")


@pytest.mark.parametrize("person", LISTED)
def test_who_is_listed_may_answer(person: str) -> None:
    """Through the channel of the listing."""
    assert may_answer(person, LISTED)


@pytest.mark.parametrize(
    "person", ["web:U1", "slack:ann", "web:Ann", "web:an", "web:ann ", "web:ann\n", "ann", "web:", ":", "", "web:*"]
)
def test_nobody_else_may(person: str) -> None:
    """Not by another channel, nor by a name that resembles one."""
    assert not may_answer(person, LISTED)


def test_the_owner_of_the_terminal_needs_no_listing_on_this_machine() -> None:
    """Unless others can reach it, or the policy names who may."""
    assert owner_of("ann", [], exposed=False) == "web:ann"
    assert owner_of("ann", ["slack:U1"], exposed=False) == "web:ann"
    assert owner_of("ann", ["web:bob"], exposed=False) is None
    assert owner_of("ann", [], exposed=True) is None
    assert may_answer("web:ann", [], "web:ann")
    assert not may_answer("web:bob", [], "web:ann")
    assert not may_answer("", [], None)


def test_those_of_a_channel() -> None:
    """In the policy's order, and no channel that begins like it."""
    assert named("web", ["slack:U1", "web:b", "web:a", "webhook:c"]) == ["web:b", "web:a"]
