"""What the user brings: the policy, a login key, a home with room in it."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from shlex import quote

from agent.doctor.check import Check
from agent.doctor.patient import Login, Patient, Unusable
from policies.money import usd
from policies.offer import Rail
from policies.policy import Policy
from tools.errors import StoreUnusable

GIGABYTE = 10**9
LITTLE_ROOM = GIGABYTE
NO_ROOM = GIGABYTE // 20
_PROBE_BYTES = 4096


def policy_checks(patient: Patient) -> Iterator[Check]:
    """The policy file, and what it means that a user may not expect."""
    policy = patient.policy
    if isinstance(policy, Unusable):
        remedy = f"correct {patient.policy_file}, or point SWINEHERD_POLICY at another file"
        yield from (Check("policy", "bad", problem, remedy) for problem in policy.problems)
        return
    source = str(patient.policy_file) if patient.has_policy_file else f"built-in defaults, no {patient.policy_file}"
    yield Check("policy", "ok", f"{source}; {_auto_pay(policy)}")
    if not policy.network.deadman:
        found = "network.deadman is off: a pod whose agent dies goes on billing until somebody ends it"
        yield Check("policy", "warn", found, f"set `deadman = true` under [network] in {patient.policy_file}")
    if policy.payment.rails == (Rail.CREDITS,) and not patient.has_key:
        found = "payment.rails allows credits alone, and there is no key: nothing can be bought"
        yield Check("policy", "bad", found, 'set GPUHOG_API_KEY, or add "stripe" to payment.rails')


def _auto_pay(policy: Policy) -> str:
    limit = policy.payment.auto_pay
    return f"pays up to ${usd(limit)} unasked" if limit else "asks before every payment (auto_pay_usd is 0)"


def login_checks(patient: Patient) -> Iterator[Check]:
    """A key to log in on pods with, that nobody else can read."""
    login = patient.login
    if isinstance(login, Unusable):
        remedy = "point SWINEHERD_SSH_KEY at a private key without a passphrase"
        yield from (Check("ssh key", "bad", problem, remedy) for problem in login.problems)
        return
    yield _usable(login)
    yield from (Check("ssh key", "warn", unused, "not needed while another key is there") for unused in login.unused)
    for path in login.files:
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            found = f"others on this machine may read or change {path}"
            yield Check("ssh key", "warn", found, f"chmod 600 {quote(str(path))}")


def _usable(login: Login) -> Check:
    if login.keys:
        return Check("ssh key", "ok", ", ".join(login.keys))
    if login.has_password:
        return Check("ssh key", "ok", "none; pods are logged in on with SWINEHERD_SSH_PASSWORD")
    remedy = "ssh-keygen -t ed25519, and add the .pub file to your GPU Hog account; or set SWINEHERD_SSH_KEY"
    return Check("ssh key", "bad", "no login key: pods could not be reached", remedy)


def home_checks(patient: Patient) -> Iterator[Check]:
    """A local folder of its owner alone, that takes what is written to it."""
    home = patient.home.path
    try:
        patient.check_place(home)
    except StoreUnusable as error:
        yield Check("home", "bad", str(error), "set SWINEHERD_HOME to a local folder of yours")
        return
    nearest = next(path for path in (home, *home.parents) if path.exists())
    trouble = _not_writable(nearest)
    if trouble:
        yield Check("home", "bad", f"{nearest} can't be written to: {trouble}", _WRITABLE)
    elif nearest != home:
        yield Check("home", "ok", f"{home} is not there yet; the first run makes it")
    else:
        yield _permissions(home)
    yield _room(nearest)


_WRITABLE = "free some space or correct the folder's permissions, or set SWINEHERD_HOME to another folder"


def _not_writable(folder: Path) -> str:
    """Tried, not guessed from permissions: a full disk and a read-only one show only then."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(_PROBE_BYTES))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def _permissions(home: Path) -> Check:
    mode = stat.S_IMODE(home.stat().st_mode)
    remedy = f"chmod 700 {quote(str(home))}"
    if mode & 0o022:
        return Check("home", "bad", f"others may write into {home} ({mode:04o}): no store is opened there", remedy)
    if mode & 0o055:
        return Check("home", "warn", f"others may look into {home} ({mode:04o})", remedy)
    return Check("home", "ok", f"{home}, yours alone")


def _room(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    found = f"{free / GIGABYTE:.1f} GB free on the disk of {folder}"
    if free < NO_ROOM:
        return Check("disk", "bad", found, _ROOM)
    return Check("disk", "warn", found, _ROOM) if free < LITTLE_ROOM else Check("disk", "ok", found)


_ROOM = "free some space before a run: outputs are brought home to this disk, and a full one stops all spending"
