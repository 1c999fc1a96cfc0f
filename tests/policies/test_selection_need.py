"""What a job needs by what earlier runs used, as it is chosen by."""

from dataclasses import replace

from policies.policy import Gpu, Policy
from policies.vram import Need, NeedSource
from tests.policies.selections import A6000, RTX_4090, TWO_HOURS, choose, reason_of

MEASURED = Need(30, NeedSource.MEASURED, "peak of 26.0 GB in tune-1 + 15 %")


def test_a_measured_need_is_shown_with_its_reason() -> None:
    """Beside the offer that fits, and as the reason why another does not."""
    found = choose((RTX_4090, A6000), need=MEASURED)
    assert found.quotes[0].reason.endswith("48 GB ≥ 30 GB (peak of 26.0 GB in tune-1 + 15 %)")
    words = "the job needs 30 GB (peak of 26.0 GB in tune-1 + 15 %): 24 GB < 30 GB"
    assert [rejection.reason for rejection in found.rejections] == [words]


def test_a_need_counts_in_place_of_the_estimate_in_the_job() -> None:
    """What was measured is less than what was thought: the smaller GPU will do."""
    found = choose((RTX_4090,), replace(TWO_HOURS, vram_gb=40), need=replace(MEASURED, gb=20))
    assert len(found.quotes) == 1


def test_a_measured_need_never_goes_below_the_policy() -> None:
    """Nor does it give its own reason for what the policy asks."""
    found = choose((RTX_4090,), policy=Policy(gpu=Gpu(min_vram_gb=48)), need=MEASURED)
    assert reason_of(found) == "gpu.min_vram_gb in the policy: 24 GB < 48 GB"


def test_a_pod_of_this_run_that_was_too_small_counts_beside_it() -> None:
    """The higher of the two, with its own reason."""
    assert "too small after the last pod" in reason_of(choose((A6000,), need=MEASURED, least_vram_gb=60))
    assert "peak of 26.0 GB" in reason_of(choose((RTX_4090,), need=MEASURED, least_vram_gb=10))


def test_what_speaks_against_a_stated_need_is_a_warning() -> None:
    """It counts all the same."""
    found = choose((RTX_4090,), need=Need(24, NeedSource.STATED, "24 GB stated", "tune-1 ran out of memory with 24 GB"))
    assert found.warnings == ("tune-1 ran out of memory with 24 GB",)
    assert found.quotes[0].reason.endswith("24 GB ≥ 24 GB")
