"""Why spending is frozen, as `unfreeze` and `doctor` tell it."""

from typing import Any

from agent.frozen import why_frozen
from policies.charge import Mismatched
from policies.money import Cents
from tests.agent.world import World
from tests.tools.spend_log.things import HOUR, an_offer, submitted


def test_every_cause_since_the_last_thaw_is_named(world: World) -> None:
    """The first reason froze, later ones would have; those of an earlier freezing are history."""
    log, now = world.log, world.clock.now()
    assert why_frozen(log) is None
    log.freeze("old", now)
    log.unfreeze(now)
    log.freeze("frozen by hand", now + HOUR)
    log.freeze("the provider named an order of another run", now + 2 * HOUR)
    causes = why_frozen(log)
    assert causes is not None
    assert causes.since == now + HOUR
    assert causes.reasons == ("frozen by hand", "the provider named an order of another run")
    assert causes.mismatches == ()


def test_a_mismatch_is_named_with_its_figures(world: World) -> None:
    """What was offered, what counts as taken, and why; one that an earlier thaw cleared is not named again."""
    log: Any = world.log
    now = world.clock.now()
    for number, run_id in enumerate(("run-1", "run-2")):
        charge = submitted(log, an_offer(run_id, account=f"key-{run_id}"), now=now + number * HOUR)
        event = Mismatched(Cents(200), f"HOG-{run_id}-0000", "another GPU: RTX 3090")
        log.settle(charge.charge_id, event, now + number * HOUR)
        if run_id == "run-1":
            log.unfreeze(now)
    causes = why_frozen(log)
    assert causes is not None
    (told,) = causes.mismatches
    assert told == (
        "charge charge-run-2 of run-2 (order HOG-…0000): another GPU: RTX 3090,"
        " $1.47 was offered for 3 h of RTX 4090, $2.00 counts as taken"
    )
    assert "since" in causes.text()
