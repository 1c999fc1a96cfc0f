"""What the doctor examines, and what with; `agent.assemble` puts it together without failing over what is broken."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from agent.folders import Home
from agent.mind.port import Mind
from agent.store import Store
from policies.policy import Policy
from tools.gpuhog.survey import Survey
from tools.ports import Clock
from tools.spend_log.port import SpendLog
from tools.spend_log.rows import Holder, Lease, OrderRow, Worker
from tools.spend_log.standing import lives


class Surveying(Protocol):
    """Looks at a provider's API without changing anything there."""

    async def survey(self, order_id: str) -> Survey:
        """Ask every read endpoint once; `order_id` is an order that the provider knows, or ""."""
        ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Unusable:
    """In the place of something that can't be had: every reason, one each."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Login:
    """How pods would be logged in on.

    Attributes:
        keys: how each key is named in messages, in the order of offering.
        unused: files that are there and can't be used, with the reason.
        files: the key files looked at, whether they are there or not.
    """

    keys: tuple[str, ...]
    unused: tuple[str, ...]
    files: tuple[Path, ...]
    has_password: bool


class AskedMind(Mind, Protocol):
    """A mind that knows how its model is asked for a form."""

    @property
    def method(self) -> str:
        """Of `agent.mind.choice.Method`."""
        ...


@dataclass(frozen=True)
class Patient:
    """Everything a run depends on, as far as it can be had."""

    home: Home
    base_url: str
    provider: str
    """What charges are bound to."""
    is_sandbox: bool
    has_key: bool
    environment: tuple[str, ...]
    """What in the environment keeps the provider from being asked properly."""
    policy: Policy | Unusable
    policy_file: Path
    has_policy_file: bool
    login: Login | Unusable
    surveying: Surveying | None
    """None where the base URL can't be used."""
    check_place: Callable[[Path], None]
    """Raises `StoreUnusable` for a folder where no store may live."""
    open_log: Callable[[], SpendLog]
    """Opens the spend log, which must be there. Raises `StoreUnusable`."""
    left_running: Callable[[SpendLog], list[OrderRow]]
    """Pods of ended runs that are not proven gone."""
    clock: Clock
    holder: Holder
    alive: Callable[[Holder], bool]
    mind: AskedMind | Unusable | None = None
    """None where no model is configured."""
    has_model_key: bool = False
    """A key for OpenAI is there, whatever it was put there for."""
    database_url: SecretStr | None = None
    database_ahead: Callable[[], timedelta] | None = None
    """How much later it is at the server that has the spend log than here; None where no server has it.

    Raises `StoreUnusable`.
    """

    @property
    def store(self) -> Store:
        """Where the spend log is, or would be."""
        return Store(self.home, is_sandbox=self.is_sandbox, database_url=self.database_url)

    def works(self, worker: Worker) -> bool:
        """Whether a worker lives."""
        return lives(worker, self.holder, self.clock.now(), self.alive)

    def drives(self, lease: Lease | None) -> bool:
        """Whether a living process drives the run: one elsewhere is believed until its lease expires."""
        if lease is None:
            return False
        here = lease.holder.host == self.holder.host
        return (here or lease.expires_at > self.clock.now()) and self.alive(lease.holder)
