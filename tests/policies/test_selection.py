from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.job import Job
from policies.money import Cents
from policies.offer import Listing
from policies.policy import Budget, Gpu, Policy
from policies.selection import Selection, choosable, within_premium
from tests.policies.selections import A6000, MARKET, MI300X, RTX_3090, RTX_4090, TWO_HOURS, choose, reason_of


def test_a_quote_has_every_figure() -> None:
    """Hours paid, the total to reserve, what finishing should cost, and a reason that shows the sum."""
    (quote,) = choose(job=replace(TWO_HOURS, vram_gb=24)).quotes
    assert (quote.listing, quote.hours, quote.total, quote.cost_to_finish) == (RTX_4090, 2, 98, 98)
    assert quote.reason == "the only one that fits: $0.49/h × 2 h = $0.98; 24 GB ≥ 24 GB"


def test_ranked_by_price_times_hours_paid() -> None:
    """A dearer GPU that finishes sooner may come first; reasons tell the place among those that fit."""
    job = Job(run="x", hours=Decimal(10))
    quotes = choose(MARKET[:5], job, Policy(budget=Budget(per_run=Cents(2000)))).quotes
    assert [(quote.listing.name, quote.hours, quote.total) for quote in quotes] == [
        ("RTX 4090", 10, 490),
        ("RTX 3090", 24, 816),
        ("RTX A6000", 14, 1106),
        ("A100 PCIe", 7, 1148),
        ("H100 SXM", 4, 1196),
    ]
    assert quotes[0].reason.startswith("cheapest of 5 that fit: $0.49/h × 10 h = $4.90; 24 GB")
    assert quotes[1].reason.startswith("number 2 of 5 that fit: $0.34/h × 24 h = $8.16")


def test_equal_offers_rank_by_id() -> None:
    """Nothing is left to chance."""
    one = replace(RTX_4090, gpu_id="pig-b", name="pig", price_per_hour=Decimal("0.98"))
    quotes = choose((one, replace(one, gpu_id="pig-a"), RTX_4090)).quotes
    assert [quote.listing.gpu_id for quote in quotes] == [RTX_4090.gpu_id, "pig-a", "pig-b"]


def test_equal_cost_ranks_the_lower_price_first() -> None:
    """Four hours at $0.50 cost what two at $1.00 cost: the lower price is the lower risk."""
    l4 = Listing("NVIDIA L4", "L4", 24, Decimal("0.25"), "piglet")
    four = replace(RTX_4090, price_per_hour=Decimal("1.00"))
    quotes = choose((four, l4), Job(run="x", hours=Decimal(1))).quotes
    assert [(quote.listing.name, quote.hours, quote.total) for quote in quotes] == [
        ("L4", 4, 100),
        ("RTX 4090", 1, 100),
    ]


@pytest.mark.parametrize(("need", "fits"), [(23, True), (24, True), (25, False)])
def test_vram_equal_to_the_need_fits(need: int, *, fits: bool) -> None:
    """One GB short does not; a stated need gets no headroom."""
    found = choose(job=replace(TWO_HOURS, vram_gb=need))
    assert bool(found.quotes) is fits
    if not fits:
        assert reason_of(found) == "vram_gb of the job: 24 GB < 25 GB"


@pytest.mark.parametrize(("low", "fits"), [(24, True), (25, False)])
def test_the_policys_vram_holds_for_every_job(low: int, *, fits: bool) -> None:
    """For one that says nothing and for one that asks for less; the reason names the policy."""
    policy = Policy(gpu=Gpu(min_vram_gb=low))
    for job in (TWO_HOURS, replace(TWO_HOURS, vram_gb=8)):
        found = choose(job=job, policy=policy)
        assert bool(found.quotes) is fits
        if not fits:
            assert reason_of(found) == "gpu.min_vram_gb in the policy: 24 GB < 25 GB"


@pytest.mark.parametrize(("asked", "fits"), [((8, 8), True), ((8, 9), True), ((9, 0), False), ((10, 0), False)])
def test_compute_capability_equal_to_the_need_fits(asked: tuple[int, int], *, fits: bool) -> None:
    """Compared as pairs: 10.0 is more than 8.9."""
    found = choose(job=replace(TWO_HOURS, min_compute_capability=asked))
    assert bool(found.quotes) is fits
    if not fits:
        assert reason_of(found) == f"min_compute_capability: 8.9 < {asked[0]}.{asked[1]}"


def test_an_unknown_compute_capability_is_turned_down() -> None:
    """Only where one is asked for."""
    assert choose((MI300X,)).quotes
    found = choose((MI300X,), replace(TWO_HOURS, min_compute_capability=(8, 0)))
    assert reason_of(found) == "min_compute_capability: 8.0 is asked for, that of MI300X is unknown"


@pytest.mark.parametrize(("price", "fits"), [("0.49", True), ("0.489999", False)])
def test_a_price_equal_to_the_limit_fits(price: str, *, fits: bool) -> None:
    """A millionth of a dollar above it does not."""
    found = choose(policy=Policy(budget=Budget(max_price_per_hour=Decimal(price))))
    assert bool(found.quotes) is fits
    if not fits:
        assert reason_of(found) == "max_price_per_hour_usd: $0.49/h > $0.489999/h"


@pytest.mark.parametrize(("hours", "fits"), [("24", True), ("24.0001", False)])
def test_hours_equal_to_the_limit_fit(hours: str, *, fits: bool) -> None:
    """Just above 24 is 25 hours to pay: rejected, never shortened."""
    policy = Policy(budget=Budget(per_run=Cents(10_000)))
    found = choose(job=Job(run="x", hours=Decimal(hours)), policy=policy)
    assert bool(found.quotes) is fits
    if not fits:
        assert reason_of(found) == "max_hours: 25 h > 24 h"


@pytest.mark.parametrize(("cap", "fits"), [(98, True), (97, False)])
def test_a_total_equal_to_the_cap_of_a_run_fits(cap: int, *, fits: bool) -> None:
    """The policy's cap, the caller's ceiling and the job's own budget: the lowest holds, and a cent over breaks it."""
    limit = Cents(cap)
    for found in (
        choose(policy=Policy(budget=Budget(per_run=limit))),
        choose(ceiling=limit),
        choose(job=replace(TWO_HOURS, budget=limit)),
        choose(job=replace(TWO_HOURS, budget=Cents(500)), ceiling=limit),
        choose(job=replace(TWO_HOURS, budget=limit), ceiling=Cents(500)),
    ):
        assert bool(found.quotes) is fits
        if not fits:
            assert reason_of(found).endswith(": $0.49/h × 2 h = $0.98 > $0.97")


def test_the_reason_names_whose_cap_it_is() -> None:
    """The policy's, or this run's own; a ceiling above the policy's raises nothing."""
    low = Policy(budget=Budget(per_run=Cents(97)))
    assert reason_of(choose(policy=low)).startswith("per_run_usd:")
    assert reason_of(choose(policy=low, ceiling=Cents(500))).startswith("per_run_usd:")
    assert reason_of(choose(ceiling=Cents(97))).startswith("ceiling of this run:")


@pytest.mark.parametrize("pattern", ["RTX 4090", "rtx 40*", "*GEFORCE*", "NVIDIA GeForce RTX 4090", "RTX [34]090"])
def test_patterns_match_name_or_id_in_any_case(pattern: str) -> None:
    """Allowed when one pattern fits either text; denied the same way."""
    assert choose(policy=Policy(gpu=Gpu(allow=("H100", pattern)))).quotes
    assert (
        reason_of(choose(policy=Policy(gpu=Gpu(deny=("H100", pattern))))) == f"gpu.deny in the policy has {pattern!r}"
    )


@pytest.mark.parametrize("allow", [(), ("RTX",), ("4090",), ("A*", "H*")])
def test_what_is_not_allowed_is_turned_down(allow: tuple[str, ...]) -> None:
    """A pattern must fit the whole text; an empty list allows nothing."""
    assert reason_of(choose(policy=Policy(gpu=Gpu(allow=allow)))).startswith("gpu.allow in the policy has only ")


def test_deny_wins_over_allow() -> None:
    """Whatever is allowed besides."""
    assert "gpu.deny" in reason_of(choose(policy=Policy(gpu=Gpu(allow=("RTX 4090",), deny=("RTX 4090",)))))


def test_tiers_are_patterns_too() -> None:
    """In any case; the reason names the listing's own tier."""
    assert choose(policy=Policy(gpu=Gpu(tiers=("HO*",)))).quotes
    found = choose(policy=Policy(gpu=Gpu(tiers=("piglet", "boar"))))
    assert reason_of(found) == "gpu.tiers in the policy has only 'piglet', 'boar', this is 'hog'"


def test_only_the_gpus_asked_for_are_taken() -> None:
    """Any of those named; the reason says what was asked for and what this is."""
    found = choose(MARKET, replace(TWO_HOURS, accelerators=("A100-80GB", "H100")))
    assert {quote.listing.name for quote in found.quotes} == {"A100 PCIe", "H100 SXM"}
    assert found.rejections[0].gpu_id == RTX_3090.gpu_id
    assert found.rejections[0].reason == "the job asks for A100-80GB or H100, this is RTX3090 with 24 GB"


def test_what_the_run_excludes_is_turned_down_with_its_reason() -> None:
    """By id, and with the words the run gave."""
    found = choose(exclude={RTX_4090.gpu_id: "its pod never started"})
    assert reason_of(found) == "not again in this run: its pod never started"


def test_a_bad_gpu_is_left_out_while_another_fits() -> None:
    """Even a dearer one; the reason says why."""
    found = choose((RTX_3090, A6000), bad={RTX_3090.gpu_id: "its pod was lost"})
    assert [quote.listing for quote in found.quotes] == [A6000]
    assert [rejected.reason for rejected in found.rejections] == ["left out for a while: its pod was lost"]
    assert found.warnings == ()


def test_a_bad_gpu_is_taken_where_nothing_else_fits() -> None:
    """With a warning for each that is offered again; what the run itself excludes, and what does not fit, stays out."""
    bad = {RTX_3090.gpu_id: "its pod was lost", RTX_4090.gpu_id: "no SSH", A6000.gpu_id: "never up"}
    found = choose((RTX_3090, RTX_4090), bad=bad, exclude={RTX_4090.gpu_id: "sold out"})
    assert [quote.listing for quote in found.quotes] == [RTX_3090]
    assert [rejected.reason for rejected in found.rejections] == ["not again in this run: sold out"]
    again = f"nothing else fits, so {RTX_3090.gpu_id} is offered again: its pod was lost"
    assert found.warnings == (again,)
    assert choose((RTX_3090,), bad=bad, least_vram_gb=31).quotes == ()


def test_the_next_gpu_has_more_memory_than_the_last() -> None:
    """A floor of its own, with its own reason, below and above what the job states; its edge fits."""
    found = choose((RTX_4090, A6000), replace(TWO_HOURS, vram_gb=16), least_vram_gb=31)
    assert [quote.listing for quote in found.quotes] == [A6000]
    assert found.rejections[0].reason == "too small after the last pod: 24 GB < 31 GB"
    assert found.quotes[0].reason.endswith("48 GB ≥ 31 GB")
    assert choose((A6000,), least_vram_gb=48).quotes
    stated = choose((RTX_4090,), replace(TWO_HOURS, vram_gb=48), least_vram_gb=20)
    assert reason_of(stated) == "vram_gb of the job: 24 GB < 48 GB"


def test_a_gpu_listed_twice_counts_once() -> None:
    """The first one counts, even where it was turned down and the second would fit."""
    dear = replace(RTX_4090, price_per_hour=Decimal(5))
    found = choose((RTX_4090, dear))
    assert [quote.listing for quote in found.quotes] == [RTX_4090]
    assert found.rejections[0].reason == "listed twice: the first one counts"
    assert choose((dear, RTX_4090)).quotes == ()


def test_every_listing_is_priced_or_turned_down() -> None:
    """None is lost, and rejections keep the market's order."""
    found = choose(MARKET, replace(TWO_HOURS, vram_gb=80))
    assert len(found.quotes) + len(found.rejections) == len(MARKET)
    assert [one.gpu_id for one in found.rejections] == [RTX_3090.gpu_id, RTX_4090.gpu_id, A6000.gpu_id]
    assert choose(()) == Selection((), (), ())


def test_prices_are_shown_with_every_decimal_they_have() -> None:
    """A price of a tenth of a cent is not rounded away before a human's eyes."""
    for written, shown in (("0.5", "$0.50/h"), ("0.345", "$0.345/h"), ("0.340", "$0.34/h"), ("1", "$1.00/h")):
        (quote,) = choose((replace(RTX_4090, price_per_hour=Decimal(written)),)).quotes
        assert shown in quote.reason


def test_guesses_are_told() -> None:
    """A GPU without published figures, and a name nobody knows."""
    assert choose((MI300X,)).warnings == ("the speed of MI300X is unknown: its hours are those of an RTX 4090",)
    assert choose(job=replace(TWO_HOURS, accelerators=("RTX4O90",))).warnings == (
        "RTX4O90 is no GPU known here; is it spelt right?",
    )
    assert choose(MARKET[:5]).warnings == ()


@pytest.mark.parametrize(("price", "inside"), [("0.6125", True), ("0.612501", False), ("0.49", True), ("0.01", True)])
def test_a_premium_up_to_the_share_is_allowed(price: str, *, inside: bool) -> None:
    """A quarter above $0.49 is $0.6125 exactly; a millionth more is too much. Compared before cents are rounded."""
    (best,) = choose(job=Job(run="x", hours=Decimal(1))).quotes
    dearer = replace(best, listing=replace(RTX_4090, price_per_hour=Decimal(price)))
    assert within_premium(dearer, best, Decimal("0.25")) is inside


def test_what_may_be_chosen_is_of_like_cost() -> None:
    """The first-ranked and those within the premium of it, in their order and no more than are wanted."""
    near = replace(RTX_4090, gpu_id="near", price_per_hour=Decimal("0.6125"))
    far = replace(RTX_4090, gpu_id="far", price_per_hour=Decimal("0.6126"))
    found = choose((far, near, RTX_4090))
    assert [quote.listing for quote in choosable(found, Decimal("0.25"), 8)] == [RTX_4090, near]
    assert [quote.listing for quote in choosable(found, Decimal("0.25"), 1)] == [RTX_4090]
    assert [quote.listing for quote in choosable(found, Decimal(0), 8)] == [RTX_4090]
    assert choosable(choose(()), Decimal("0.25"), 8) == ()


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(TEXT, TEXT, TEXT, st.permutations(MARKET))
def test_no_free_text_and_no_order_of_the_market_moves_the_ranking(
    description: str, run: str, name: str, market: list[Listing]
) -> None:
    """What a job says of itself, what a listing calls itself, and where it stands in the answer: all one."""
    plain = [quote.listing.gpu_id for quote in choose(MARKET).quotes]
    job = replace(TWO_HOURS, description=description, run=run, setup=name, name="cheapest-first")
    renamed = tuple(replace(one, name=name, tier=name, payment_methods=(name,)) for one in market)
    assert [quote.listing.gpu_id for quote in choose(renamed, job).quotes] == plain
    assert len(plain) == len(MARKET)
