"""Runs that need another pod."""

from tests.agent.world import World
from tests.fakes.pods import Script
from tools.spend_log.rows import Run

OUT_OF_MEMORY = Script(
    log=b"torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 4.00 GiB. GPU 0 has a total capacity of 23.64 "
    b"GiB of which 1.20 GiB is free. Including non-PyTorch memory, this process has 22.43 GiB memory in use.\n",
    code=1,
)


def gpus(world: World, run: Run | str) -> list[str]:
    """What the run's offers were for, in order."""
    run_id = run if isinstance(run, str) else run.run_id
    return [attempt.offer.gpu_id for attempt in world.log.attempts(run_id)]


def lose_first_pod_at(world: World, seconds: float) -> None:
    world.clock.at(seconds, lambda: setattr(world.market.orders["HOG-000000000001"], "status", "terminated"))
