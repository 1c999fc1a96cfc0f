"""What the world does without being asked: prices, stock, credits, other spenders, humans with a mouse."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from policies.offer import Rail

if TYPE_CHECKING:
    from tests.simulation.life import Life

SCALES = (5.0, 60.0, 300.0, 3000.0, 30_000.0)


def plan(life: "Life") -> None:
    """Draw what happens, and when."""
    for _ in range(life.circumstances.events):
        life.later(life.dice.random() * life.dice.choice(SCALES), _something(life))
    if life.dice.random() < 0.15:
        run_id = life.dice.choice(life.run_ids)
        life.later(life.dice.random() * life.dice.choice(SCALES), lambda: life.people.cancel(run_id))
    if life.dice.random() < 0.03:
        life.people.freeze()


def _something(life: "Life") -> Callable[[], object]:
    dice, provider = life.dice, life.provider
    account = dice.choice(life.circumstances.accounts)
    gpu_id = dice.choice(list(provider.stock))
    return dice.choice(
        (
            lambda: _move_price(life, gpu_id),
            lambda: _sell_out(life, gpu_id),
            lambda: _top_up(life, account),
            lambda: _spend_elsewhere(life, account),
            lambda: _touch(life, provider.end),
            lambda: _touch(life, provider.halt),
            lambda: _start_one(life),
            life.people.freeze,
        )
    )


def _note(life: "Life", what: str) -> None:
    life.trace.note("world", what)


def _move_price(life: "Life", gpu_id: str) -> None:
    life.provider.set_price(gpu_id, f"{life.dice.uniform(0.2, 1.2):.2f}")
    _note(life, "the price moves")


def _sell_out(life: "Life", gpu_id: str) -> None:
    listed = life.provider.stock.pop(gpu_id, None)
    _note(life, f"{gpu_id} is sold out")
    if listed is not None:
        life.later(life.dice.choice(SCALES), lambda: life.provider.stock.setdefault(gpu_id, listed))


def _top_up(life: "Life", account: str) -> None:
    if account:
        life.provider.purchased[account] = life.provider.purchased.get(account, 2500) + 500
        _note(life, "credits are bought")


def _spend_elsewhere(life: "Life", account: str) -> None:
    """Somebody else uses the key; sometimes by exactly what one of ours costs."""
    if account:
        life.provider.take(life.dice.choice((1, 34, 49, 98, 147, 500)), account, Rail.CREDITS)
        _note(life, "somebody else spends")


def _touch(life: "Life", act: Callable[..., object]) -> None:
    running = [order for order in life.provider.orders.values() if order.status == "running"]
    if running:
        order = life.dice.choice(running)
        _note(life, f"{act.__name__} {order.order_id}")
        act(order)


def _start_one(life: "Life") -> None:
    for order in life.provider.orders.values():
        if order.status == "stopped":
            _note(life, f"{order.order_id} is started: {life.provider.start(order.order_id)}")
