"""What `serve` answers: health, readiness, metrics, and to whom."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from agent.engine.engine import Engine
from agent.engine.web import app
from agent.herd import Herd
from tests.agent.conftest import MakeWorld
from tests.agent.engine.crews import until, working
from tests.agent.engine.plain_queue import PlainQueue
from tests.agent.world import ASK, World
from tests.fakes.faults import Unreachable
from tools.errors import StoreBusy
from tools.spend_log.rows import Decision
from tools.ssh.snapshot import pack


@asynccontextmanager
async def asking(engine: Engine, host: str = "127.0.0.1:8402") -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who asks, naming the host as given."""
    transport = httpx.ASGITransport(app=app(engine))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield client


def engine_of(world: World) -> Engine:
    """One that does not work yet."""
    return Engine(Herd(world.parts, world.driver(), pack), PlainQueue().open)


@pytest.mark.parametrize("host", ["127.0.0.1:8402", "localhost:8402", "localhost"])
async def test_up_is_not_ready(world: World, host: str) -> None:
    """The process answers; nobody looks after the runs yet."""
    async with asking(engine_of(world), host) as client:
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.get("/readyz")).status_code == 503


async def test_ready_while_it_works(world: World) -> None:
    """The lookout has just looked."""
    async with working(world) as worker, asking(worker.engine) as client:
        await world.clock.sleep(1)
        assert (await client.get("/readyz")).status_code == 200


async def test_a_store_that_does_not_answer_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And its metrics are no metrics."""

    def busy() -> str:
        raise StoreBusy("another process holds it")

    monkeypatch.setattr(world.log, "frozen", busy)
    async with asking(engine_of(world)) as client:
        assert [(await client.get(path)).status_code for path in ("/readyz", "/metrics")] == [503, 503]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1:8402"])
@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_another_host_gets_nothing(world: World, host: str, path: str) -> None:
    """A page elsewhere that lets its own name resolve to loopback reads nothing."""
    async with asking(engine_of(world), host) as client:
        answer = await client.get(path)
    assert answer.status_code == 400
    assert "swineherd" not in answer.text


async def test_metrics_tell_of_runs_money_and_waits(make_world: MakeWorld) -> None:
    """Runs by status, money by standing, pods, and how long humans and pods took."""
    world = make_world(ASK)
    run_id = world.submit()
    async with working(world) as worker, asking(worker.engine) as client:
        await until(world, lambda: world.log.parked(run_id))
        waiting = (await client.get("/metrics")).text
        await world.clock.sleep(40)
        world.decide(run_id, Decision.APPROVED)
        world.market.fail("order", Unreachable())
        await until(world, lambda: world.market.orders)
        await until(world, lambda: world.log.parked(run_id))
        deploying = (await client.get("/metrics")).text
        await until(world, lambda: b'came="ended"' in worker.engine.metrics.text())
        done = (await client.get("/metrics")).text
    assert 'swineherd_runs{status="waiting_for_human"} 1.0' in waiting
    assert 'swineherd_money_usd{standing="spent"} 0.0' in waiting
    assert "swineherd_pods_not_gone 1.0" in deploying
    assert 'swineherd_runs{status="succeeded"} 1.0' in done
    assert 'swineherd_money_usd{standing="spent"} 0.98' in done
    assert "swineherd_pods_not_gone 0.0" in done
    assert 'swineherd_approval_wait_seconds_bucket{le="60.0"} 1.0' in done
    assert 'swineherd_approval_wait_seconds_bucket{le="30.0"} 0.0' in done
    assert "swineherd_payment_to_running_seconds_count 1.0" in done
    assert 'swineherd_provider_errors_total{call="order",error="MarketUnavailable"} 1.0' in done
    assert 'swineherd_legs_total{came="ended"} 1.0' in done
    assert "swineherd_workers 1.0" in done
