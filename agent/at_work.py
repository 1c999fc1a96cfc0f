"""Whether a run has somebody who takes it up as soon as it may go on."""

from agent.parts import Parts
from tools.spend_log.standing import lives


def somebody_works(parts: Parts, run_id: str) -> bool:
    """Whether a worker lives at the run's home, who takes up whatever may go on there."""
    now, home = parts.clock.now(), parts.log.home_of(run_id)
    at_home = [worker for worker in parts.log.workers() if worker.home == home]
    return any(lives(worker, parts.holder, now, parts.alive) for worker in at_home)
