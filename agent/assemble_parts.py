"""Puts together what a run touches, for commands that drive none: LangGraph alone takes most of a second to import."""

import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path

from pydantic import SecretStr

from agent.assemble_mind import LateMind, mind_of
from agent.clock import SystemClock
from agent.diary import Diary
from agent.errors import BadSettings
from agent.face import Face, Silent
from agent.folders import Home
from agent.home_id import home_id
from agent.lease_time import HOUR
from agent.parts import Parts
from agent.policy_file import PolicyFile
from agent.settings import Settings
from agent.store import Store
from policies.money import Cents
from policies.policy import Policy, read_policy
from tools.errors import Malformed
from tools.gpuhog.client import GpuHog
from tools.gpuhog.purchase import read_checkout, read_receipt
from tools.ports import Market, Pods, PodSession
from tools.sandbox.endpoint import Endpoint
from tools.sandbox.process import ensure_running
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.port import SpendLog
from tools.tracing.pods import TracedPods
from tools.tracing.port import UNTOLD, Tracer
from tools.tracing.start import tracing

CODE_ALPHABET = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 8

SANDBOX = "the sandbox"

SANDBOX_AUTO_PAY = Cents(500)


@dataclass(frozen=True, slots=True)
class Place:
    """One store, the provider it pays, and how it logs in on pods."""

    home: Home
    base_url: str
    api_key: SecretStr | None
    policy: Policy
    policy_file: PolicyFile
    ssh_key: Path | None
    ssh_password: SecretStr | None
    is_sandbox: bool
    hour: timedelta = HOUR
    """How long a paid hour lasts: an hour, but for a sandbox that is set to shorter ones."""
    database_url: SecretStr | None = None
    """A PostgreSQL in the place of files; the sandbox's play money stays in its own."""

    @property
    def store(self) -> Store:
        """Where the spend log is kept."""
        return Store(self.home, is_sandbox=self.is_sandbox, database_url=self.database_url)

    @property
    def provider(self) -> str:
        """What offers and charges are bound to; the sandbox stays itself when its port changes."""
        return SANDBOX if self.is_sandbox else self.base_url


def load_policy(settings: Settings) -> Policy | None:
    """The policy file, or None where there is none at the default place.

    Raises:
        PolicyFileError: it can't be used; every problem is named.
        BadSettings: `SWINEHERD_POLICY` names a file that can't be read.
    """
    path = settings.policy_file.expanduser()
    try:
        return read_policy(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError as error:
        if settings.policy is None:
            return None
        raise BadSettings(f"SWINEHERD_POLICY names {path}, which is not there") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"the policy {path} can't be read: {error}") from error


def real_place(settings: Settings, policy: Policy | None) -> Place:
    """GPU Hog itself, with the user's key; `policy` is None where there is no file."""
    return Place(
        home=Home(settings.home.expanduser().absolute()),
        base_url=settings.base_url.rstrip("/"),
        api_key=settings.api_key or None,
        policy=policy or Policy(),
        policy_file=PolicyFile.at(settings.policy_file.expanduser()),
        ssh_key=settings.ssh_key,
        ssh_password=settings.ssh_password,
        is_sandbox=False,
        database_url=settings.database_url,
    )


def sandbox_place(settings: Settings, policy: Policy | None) -> Place:
    """The sandbox, started if it is not running, with a store of its own and play money (CONTRACT §7)."""
    home = Home(settings.home.expanduser().absolute()).sandbox
    policy_file = PolicyFile.at(settings.policy_file.expanduser())  # before the sandbox takes its time
    endpoint = ensure_running(home.path)
    return Place(
        home=home,
        base_url=endpoint.base_url,
        api_key=SecretStr(endpoint.api_key),
        policy=sandbox_policy(policy, endpoint),
        policy_file=policy_file,
        ssh_key=endpoint.ssh_key,
        ssh_password=None,
        is_sandbox=True,
        hour=timedelta(seconds=endpoint.hour_seconds),
    )


def sandbox_policy(policy: Policy | None, endpoint: Endpoint) -> Policy:
    """The sandbox's own checkout host and loopback hosts; without a policy file also play money to spend unasked."""
    base = policy or Policy()
    payment = replace(base.payment, checkout_hosts=(*base.payment.checkout_hosts, endpoint.checkout_host))
    if policy is None:
        payment = replace(payment, auto_pay=SANDBOX_AUTO_PAY, auto_pay_per_day=Cents(100 * SANDBOX_AUTO_PAY))
    return replace(base, payment=payment, network=replace(base.network, allow_private_hosts=True))


def account_of(api_key: SecretStr | None) -> str:
    """A fingerprint that names the payer without telling the key."""
    return sha256(api_key.get_secret_value().encode()).hexdigest()[:16] if api_key else ""


def new_id(prefix: str) -> str:
    """A fresh id: the prefix and 40 random bits."""
    return f"{prefix}-{secrets.token_hex(5)}"


def new_code() -> str:
    """A fresh approval code: 8 letters and digits that can't be mistaken for each other, 39 bits."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))


@dataclass(frozen=True, slots=True)
class LatePods:
    """Pods whose keys are loaded once somebody goes on one, which few commands do: SSH takes a while to import, too."""

    place: Place

    async def connect(self, access: str, pinned_host_key: str | None) -> PodSession:
        """Open a session. Raises `BadSettings` too, where the SSH key can't be used."""
        return await ssh_pods(self.place).connect(access, pinned_host_key)


def place_of(settings: Settings, *, sandbox: bool) -> Place:
    """The sandbox or GPU Hog, under the user's policy.

    Raises:
        StoreUnusable: the sandbox does not come up.
        PolicyFileError, BadSettings: the policy can't be used.
    """
    return (sandbox_place if sandbox else real_place)(settings, load_policy(settings))


@asynccontextmanager
async def open_parts(settings: Settings, *, sandbox: bool, face: Face | None = None) -> AsyncIterator[Parts]:
    """For a command that drives no run: open the store and reach for the provider; closes it all at the end.

    Raises:
        StoreUnusable: the store can't be opened, or the sandbox does not come up.
        PolicyFileError, BadSettings: the policy, the base URL, the API key or the model can't be used.
    """
    place = place_of(settings, sandbox=sandbox)
    async with tracing(os.environ) as tracer:
        mind = mind_of(settings, SystemClock(), tracer, os.environ)
        async with opened(place, LatePods(place), face or Silent(), os.environ, mind, tracer) as parts:
            yield parts


@asynccontextmanager
async def opened(
    place: Place, pods: Pods, face: Face, variables: Mapping[str, str], mind: LateMind | None, tracer: Tracer
) -> AsyncIterator[Parts]:
    """The same at a place that is known."""
    async with AsyncExitStack() as stack:
        log = stack.enter_context(closing(place.store.open(settle_seconds=place.policy.reconcile.settle_seconds)))
        market = gpuhog(place, tracer)
        stack.push_async_callback(market.aclose)
        if mind is not None:
            stack.push_async_callback(mind.aclose)
        yield replace(
            parts_of(place, log, market, pods if tracer is UNTOLD else TracedPods(pods, tracer)),
            face=Diary(face, place.home, SystemClock()),
            variables=dict(variables),
            home_id=home_id(place.home, new_id) if place.store.is_shared else "",
            mind=mind,
            tracer=tracer,
        )


def parts_of(place: Place, log: SpendLog, market: Market, pods: Pods) -> Parts:
    """With nobody watching, and nothing from the environment for jobs."""
    return Parts(
        clock=SystemClock(),
        market=market,
        pods=pods,
        log=log,
        policy=place.policy,
        policy_file=place.policy_file,
        face=Silent(),
        home=place.home,
        account=account_of(place.api_key),
        base_url=place.provider,
        api_url=place.base_url,
        holder=this_process(among_machines=place.store.is_shared),
        alive=is_alive,
        variables={},
        new_id=new_id,
        new_code=new_code,
        hour=place.hour,
        absolute_mounts=not place.is_sandbox,
        read_receipt=read_receipt,
        read_checkout=partial(
            read_checkout,
            checkout_hosts=place.policy.payment.checkout_hosts,
            allow_private=place.policy.network.allow_private_hosts,
        ),
    )


@contextmanager
def _from_environment() -> Iterator[None]:
    """What can't be used here is a variable of the user's, not an answer of the provider's."""
    try:
        yield
    except Malformed as error:
        raise BadSettings(f"in the environment: {error}") from error


@_from_environment()
def gpuhog(place: Place, tracer: Tracer = UNTOLD) -> GpuHog:
    """The provider's API. Raises `BadSettings`: the base URL or the API key can't be used."""
    return GpuHog(
        place.base_url,
        place.api_key,
        SystemClock(),
        max_requests_per_second=place.policy.network.max_requests_per_second,
        allow_plain_http_loopback=place.policy.network.allow_private_hosts,
        tracer=tracer,
    )


@_from_environment()
def ssh_pods(place: Place) -> Pods:
    """Pods by SSH. Raises `BadSettings`: the SSH key can't be used."""
    from tools.ssh.keys import load_keys  # noqa: PLC0415 - takes a quarter of a second, and few commands go on a pod
    from tools.ssh.session import SshPods  # noqa: PLC0415

    keys = load_keys(place.ssh_key, os.environ.get("SSH_AUTH_SOCK"), Path.home() / ".ssh")
    password = place.ssh_password.get_secret_value() if place.ssh_password else None
    return SshPods(keys, allow_private=place.policy.network.allow_private_hosts, password=password)
