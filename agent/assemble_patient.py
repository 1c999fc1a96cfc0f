"""`agent.assemble_parts` for the doctor: names concrete parts too, and goes on where one of them can't be had."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from agent.assemble_mind import mind_of
from agent.assemble_parts import Place, load_policy, parts_of, real_place, sandbox_place
from agent.clock import SystemClock
from agent.doctor.patient import Login, Patient, Unusable
from agent.errors import BadSettings
from agent.leftovers import left_running
from agent.settings import Settings
from policies.file_problem import FileError
from tools.errors import Malformed
from tools.gpuhog.client import GpuHog
from tools.gpuhog.survey import Surveyor
from tools.spend_log.holder import is_alive, this_process
from tools.spend_log.home import check_local
from tools.ssh.keys import LoginKeys, key_files, load_keys
from tools.ssh.session import SshPods

T = TypeVar("T")


@asynccontextmanager
async def patient(settings: Settings, *, sandbox: bool) -> AsyncIterator[Patient]:
    """What the doctor examines; what can't be had is there as what is wrong with it.

    Raises:
        StoreUnusable: the sandbox does not come up.
    """
    policy = _tried(lambda: load_policy(settings))
    known = None if isinstance(policy, Unusable) else policy
    place = (sandbox_place if sandbox else real_place)(settings, known)
    surveyor = _tried(lambda: _surveyor(place))
    problems = surveyor.problems if isinstance(surveyor, Unusable) else ()
    if isinstance(surveyor, Unusable):  # without the key, should that be what is wrong
        surveyor = _tried(lambda: _surveyor(replace(place, api_key=None)))
    mind = _tried(lambda: mind_of(settings, SystemClock()))
    # What was left is read from the log alone; neither of these is ever asked.
    nobody, no_pods = GpuHog("https://localhost", None, SystemClock()), SshPods(LoginKeys(), allow_private=False)
    try:
        yield Patient(
            home=place.home,
            base_url=place.base_url,
            provider=place.provider,
            is_sandbox=sandbox,
            has_key=place.api_key is not None,
            environment=problems,
            policy=policy if isinstance(policy, Unusable) else place.policy,
            policy_file=settings.policy_file.expanduser(),
            has_policy_file=known is not None,
            login=await _login(place),
            surveying=None if isinstance(surveyor, Unusable) else surveyor,
            mind=mind,
            has_model_key=settings.model_key is not None,
            check_place=check_local,
            open_log=lambda: place.store.open(settle_seconds=place.policy.reconcile.settle_seconds),
            left_running=lambda log: left_running(parts_of(place, log, nobody, no_pods)),
            clock=SystemClock(),
            holder=this_process(among_machines=place.store.is_shared),
            alive=is_alive,
            database_url=place.database_url,
            database_ahead=(lambda: place.store.clock_ahead(SystemClock().now)) if place.store.is_shared else None,
        )
    finally:
        if not isinstance(surveyor, Unusable):
            await surveyor.aclose()
        if mind is not None and not isinstance(mind, Unusable):
            await mind.aclose()


def _tried(get: Callable[[], T]) -> T | Unusable:
    try:
        return get()
    except FileError as error:
        return Unusable(tuple(map(str, error.problems)))
    except (BadSettings, Malformed) as error:
        return Unusable((str(error),))


async def _login(place: Place) -> Login | Unusable:
    folder = Path.home() / ".ssh"
    keys = _tried(lambda: load_keys(place.ssh_key, os.environ.get("SSH_AUTH_SOCK"), folder))
    if isinstance(keys, Unusable):
        return keys
    async with keys.opened() as offered:
        names = tuple(key.name for key in offered)
    return Login(names, keys.unused, key_files(place.ssh_key, folder), has_password=place.ssh_password is not None)


def _surveyor(place: Place) -> Surveyor:
    return Surveyor(
        place.base_url,
        place.api_key,
        SystemClock(),
        max_requests_per_second=place.policy.network.max_requests_per_second,
        allow_plain_http_loopback=place.policy.network.allow_private_hosts,
    )
