from decimal import Decimal

import pytest

from policies.vram import needed_gb

SHARE = Decimal("0.15")


def test_a_stated_need_is_not_inflated() -> None:
    """24 GB stated is 24 GB asked for."""
    assert needed_gb(24, 0, SHARE) == 24


@pytest.mark.parametrize(("thought", "expected"), [(20, 23), (21, 25), (24, 28), (100, 115)])
def test_a_thought_need_gets_headroom_rounded_up(thought: int, expected: int) -> None:
    """15 % over 20 GB is exactly 23; over 21 it is 24.15, so 25."""
    assert needed_gb(thought, 0, SHARE, thought=True) == expected


def test_without_a_word_the_policy_decides() -> None:
    """Nobody said what the job needs: the policy's minimum, headroom or not."""
    assert needed_gb(None, 16, SHARE) == 16
    assert needed_gb(None, 16, SHARE, thought=True) == 16


@pytest.mark.parametrize(("stated", "expected"), [(15, 16), (16, 16), (17, 17)])
def test_a_job_never_goes_below_the_policy(stated: int, expected: int) -> None:
    """The policy's minimum holds for small jobs too."""
    assert needed_gb(stated, 16, SHARE) == expected
