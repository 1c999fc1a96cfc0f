"""A name of the wrong kind is told from one that nothing has."""

import pytest

from agent.cli.places import no_such
from agent.settings import Settings
from tests.agent.batch.herd_of import submitted
from tests.agent.world import World


@pytest.fixture
def settings(world: World) -> Settings:
    """On the world's home."""
    return Settings.model_validate({"SWINEHERD_HOME": world.home.path})


def told(settings: Settings, capsys: pytest.CaptureFixture[str], kind: str, name: str) -> str:
    with pytest.raises(SystemExit) as ended:
        no_such(settings, kind, name, "swineherd ps --all")
    assert ended.value.code == 2
    return capsys.readouterr().err


async def test_what_a_name_is_is_said(world: World, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch, a run, a charge, an order: with the command that takes it."""
    run_id = (await world.run()).run_id
    batch_id = submitted(world, 1)
    (charge,), (order,) = world.log.charges(), world.log.orders()
    for name, words in {
        batch_id: f"is a batch (`swineherd show {batch_id}`, `swineherd batch --resume {batch_id}`), not a thing",
        run_id: f"is a run (`swineherd show {run_id}`, `swineherd resume {run_id}`), not a thing",
        charge.charge_id: f"is a charge of {run_id} (`swineherd spend`), not a thing",
        order.order_id: f"is an order of {run_id} (`swineherd show {run_id}`), not a thing",
    }.items():
        assert f"{name} {words}" in told(settings, capsys, "thing", name)


def test_what_nothing_has_is_said(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """With the command that lists what there is."""
    assert f"no run train-0 under {settings.home}; `swineherd ps --all`" in told(settings, capsys, "run", "train-0")
