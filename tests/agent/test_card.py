"""What a human is shown before a yes: the offer, its reasons, the budgets, and everything the yes covers."""

from agent.card import OfferCard, card_lines, offer_card, size_text
from tests.agent.conftest import MakeWorld
from tests.agent.world import ANY_GPU, ASK, AUTO, PRICE, World

JOB = """
name: train
workdir: .
file_mounts: {~/data: ./train.py}
envs: {EPOCHS: "1"}
secrets: {TOKEN: hunter2-not-shown}
setup: pip install -r requirements.txt
run: |
  python train.py
  echo done
hours: 2
"""


async def asked(world: World, text: str = JOB) -> OfferCard:
    run_id = world.submit(text)
    await world.drive(run_id, wait=False)
    approval = world.log.approval(run_id)
    assert approval is not None
    return offer_card(world.parts, approval)


async def test_it_says_what_a_yes_covers(make_world: MakeWorld) -> None:
    """Commands, folders with their size, and the names of variables; no value of a secret, and no code."""
    world = make_world(ASK)
    card = await asked(world)
    assert card.commands == (
        ("setup", "pip install -r requirements.txt"),
        ("run", "python train.py\necho done"),
    )
    assert [(one.local, one.remote) for one in card.taken] == [(".", "workdir"), ("./train.py", "~/data")]
    assert all(one.size is not None and one.size > 0 for one in card.taken)
    assert (card.variables, card.secrets) == (("EPOCHS",), ("TOKEN",))
    text = "\n".join(card_lines(card, world.clock.now()))
    assert "hunter2" not in text
    assert card.approval.code not in text


async def test_it_says_why_not_the_next_two(make_world: MakeWorld) -> None:
    """In the order of the ranking, with what each would have cost more."""
    card = await asked(make_world(ASK), ANY_GPU)
    assert len(card.alternatives) == 2
    assert [one.amount for one in card.alternatives] == sorted(one.amount for one in card.alternatives)
    for other in card.alternatives:
        more = other.amount - card.offer.amount
        assert more > 0
        assert f"${more // 100}.{more % 100:02d} more" in other.reason


async def test_where_only_one_fits_there_is_no_other(make_world: MakeWorld) -> None:
    """The job names its GPU."""
    card = await asked(make_world(ASK), JOB + "resources: {accelerators: RTX4090}\n")
    assert card.alternatives == ()
    assert card.offer.amount == PRICE


async def test_it_says_what_the_budgets_leave(make_world: MakeWorld) -> None:
    """Before this offer, and after what was bought since."""
    world = make_world(ASK)
    budget = world.parts.policy.budget
    first = await asked(world)
    assert (first.left.run, first.left.day, first.left.month) == (budget.per_run, budget.per_day, budget.per_month)
    world.change(policy=AUTO)
    bought = world.log.charges((await world.run()).run_id)[0].amount
    left = offer_card(world.parts, first.approval).left
    assert left.run == budget.per_run
    assert left.day == budget.per_day - bought


async def test_files_on_another_machine_have_no_size(make_world: MakeWorld) -> None:
    """The run's folder is where it was submitted."""
    world = make_world(ASK)
    card = await asked(world)
    folder = world.home.run(card.offer.run_id).path
    folder.rename(folder.with_name("elsewhere"))
    again = offer_card(world.parts, card.approval)
    assert [one.size for one in again.taken] == [None, None]
    assert any("on another machine" in line for line in card_lines(again, world.clock.now()))


def test_sizes_in_words() -> None:
    """Decimal, with one digit after the point."""
    sizes = [0, 999, 1000, 1_250_000, 3_000_000_000, 5_000_000_000_000_000]
    assert [size_text(size) for size in sizes] == ["0 B", "999 B", "1.0 kB", "1.2 MB", "3.0 GB", "5000.0 TB"]
