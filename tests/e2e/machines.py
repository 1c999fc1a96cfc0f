"""Machines of one payer, with a PostgreSQL that they share; the provider is the module's sandbox, by its real address.

Use it by importing `machine`, and what `tests.fixtures_postgres` has, into a test module, named in `__all__`.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.swineherd import Done, Swineherd
from tests.postgres import PASSWORD, Cluster

POLICY = """
[budget]
per_day_usd = "{per_day}"
max_open_pods = {pods}
[payment]
rails = ["credits"]
auto_pay_usd = "{auto}"
auto_pay_per_day_usd = "{per_day}"
[network]
allow_private_hosts = true
max_requests_per_second = 50
[reconcile]
settle_seconds = 15
"""

Machine = Callable[..., Swineherd]


@pytest.fixture
def machine(herd: Swineherd, postgres: Cluster, database: str, tmp_path: Path) -> Machine:
    """Another machine of the same payer: a home of its own, the same provider, key and database."""

    def make(name: str, *, per_day: str = "25.00", auto: str = "5.00", pods: int = 4) -> Swineherd:
        scratch = tmp_path / name
        scratch.mkdir()
        policy = POLICY.format(per_day=per_day, auto=auto, pods=pods)
        one = replace(herd, home=scratch / "home", scratch=scratch).policy(policy)
        return one.having(
            GPUHOG_BASE_URL=herd.endpoint.base_url,
            GPUHOG_API_KEY=herd.endpoint.api_key,
            SWINEHERD_SSH_KEY=str(herd.endpoint.ssh_key),
            SWINEHERD_DATABASE_URL=postgres.url(database).get_secret_value(),
        )

    return make


def secretive(done: Done) -> Done:
    """It printed no password."""
    assert PASSWORD not in done.text
    return done
