from decimal import Decimal

import pytest

from policies.vram import Need, NeedSource, PeakUse, needed_gb, thought_gb

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


def use(peak: str, had_gb: int, run_id: str = "tune-1", *, ran_out: bool = False) -> PeakUse:
    return PeakUse(Decimal(peak), had_gb, run_id, ran_out)


FINISHED, DIED = use("17.3", 24), use("23.5", 24, ran_out=True)


@pytest.mark.parametrize(
    ("stated", "used", "estimated", "gb", "source"),
    [
        (24, [FINISHED], "40", 24, NeedSource.STATED),
        (None, [FINISHED], "40", 20, NeedSource.MEASURED),
        (None, [FINISHED], None, 20, NeedSource.MEASURED),
        (None, [FINISHED, use("18.9", 48)], None, 22, NeedSource.MEASURED),
        (None, [DIED], "40", 46, NeedSource.ESTIMATED),
        (None, [DIED], "10", 25, NeedSource.ESTIMATED),
        (None, [DIED], None, 25, NeedSource.MEASURED),
        (None, [DIED, use("47", 48, ran_out=True)], None, 49, NeedSource.MEASURED),
        (None, [], "40", 46, NeedSource.ESTIMATED),
    ],
)
def test_who_is_believed_of_what_a_job_needs(
    stated: int | None, used: list[PeakUse], estimated: str | None, gb: int, source: NeedSource
) -> None:
    """A human, then what was used, then an estimate; headroom over all but the first."""
    need = thought_gb(stated, used, None if estimated is None else Decimal(estimated), SHARE)
    assert need is not None
    assert (need.gb, need.source) == (gb, source)


def test_nothing_known_is_nothing_thought() -> None:
    """The policy's minimum decides."""
    assert thought_gb(None, [], None, SHARE) is None


def test_a_gpu_that_was_enough_is_enough() -> None:
    """A server that takes 72 of 80 GB needs no card above 80; one that once ran on 48 needs no more than that."""
    greedy = use("72", 80)
    need = thought_gb(None, [greedy], None, SHARE)
    assert need is not None
    assert need.gb == 80
    smaller = thought_gb(None, [greedy, use("44", 48)], None, SHARE)
    assert smaller is not None
    assert smaller.gb == 48


def test_a_gpu_that_was_too_small_is_too_small() -> None:
    """Even where the same job was once finished on as much."""
    need = thought_gb(None, [FINISHED, use("23.9", 24, ran_out=True)], None, Decimal(0))
    assert need is not None
    assert need.gb == 25


@pytest.mark.parametrize(
    ("used", "estimated", "words"),
    [
        ([FINISHED], None, "peak of 17.3 GB in tune-1 + 15 %"),
        ([FINISHED, use("18.9", 48, "tune-2")], None, "peak of 18.9 GB in tune-2 + 15 %"),
        ([use("72", 80)], None, "peak of 72.0 GB in tune-1, 80 GB were enough"),
        ([FINISHED, DIED], None, "peak of 17.3 GB in tune-1 + 15 %; tune-1 ran out of memory with 24 GB"),
        ([DIED], "31.456", "31.5 GB estimated; tune-1 ran out of memory with 24 GB"),
        ([DIED], None, "tune-1 ran out of memory with 24 GB"),
    ],
)
def test_a_need_says_where_it_comes_from(used: list[PeakUse], estimated: str | None, words: str) -> None:
    """With the figures, and the run that they are from."""
    need = thought_gb(None, used, None if estimated is None else Decimal(estimated), SHARE)
    assert need is not None
    assert need.reason == words


def test_what_speaks_against_a_humans_word_is_said() -> None:
    """It counts all the same; and where a larger GPU is asked for than the one that was too small, nothing does."""
    warned, fine = thought_gb(24, [DIED], None, SHARE), thought_gb(25, [DIED], None, SHARE)
    assert warned == Need(
        24, NeedSource.STATED, "24 GB stated", "24 GB of VRAM are stated, but tune-1 ran out of memory with 24 GB"
    )
    assert fine == Need(25, NeedSource.STATED, "25 GB stated")
