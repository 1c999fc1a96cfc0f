"""The doctor on fakes: each fault gives its own line with a remedy, and everything else is looked at all the same."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from agent.doctor.check import exit_code
from agent.doctor.examine import examine
from agent.doctor.patient import Login, Patient, Unusable
from policies.answers import Balance
from policies.money import Cents
from policies.offer import Rail
from policies.policy import Network, Payment, Policy
from tests.agent.patients import FINE, Found, code, lines, patient, the, with_seen
from tools.errors import StoreUnusable
from tools.gpuhog.shape import Difference, Read
from tools.gpuhog.survey import Seen, Survey

__all__ = ["patient"]


async def test_a_healthy_one_is_told_so(patient: Patient) -> None:
    """Every check is there and none complains; exit 0."""
    checks = await examine(patient)
    assert {check.status for check in checks} == {"ok"}
    assert [check.name for check in checks] == [
        *("key", "policy", "ssh key", "home", "disk", "model", "clock"),
        *(f"api {read}" for read in Read),
        *("account", "store", "leftovers"),
    ]
    assert exit_code(checks) == 0


async def test_nothing_to_do_needs_no_remedy_and_trouble_has_one(patient: Patient) -> None:
    """Each line that is not ok says what to do."""
    sick = replace(
        patient,
        has_key=False,
        policy=Unusable(("policy.toml:3: expected money",)),
        login=Login((), (), (), has_password=False),
        surveying=Found(with_seen(Read.GPUS, status=0, failure="no answer")),
    )
    for check in await examine(sick):
        assert bool(check.remedy) == (check.status != "ok"), check


# key


async def test_without_a_key_only_checkout_is_left(patient: Patient) -> None:
    """A warning, since the checkout still rents; the variable is named."""
    found = await the(replace(patient, has_key=False), "key")
    assert found.status == "warn"
    assert "GPUHOG_API_KEY" in found.remedy


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_bad_and_told_once(patient: Patient, status: int) -> None:
    """The user's to put right: exit 2; the endpoint that refused is no second fault."""
    sick = replace(patient, surveying=Found(with_seen(Read.BALANCE, status=status, failure="refused")))
    assert await lines(sick, status="bad") == [f"the provider refuses the key ({status})"]
    assert await code(sick) == 2


async def test_a_key_that_nobody_judged_is_not_called_wrong(patient: Patient) -> None:
    """A provider that fails says nothing about the key."""
    sick = replace(patient, surveying=Found(with_seen(Read.BALANCE, status=0, failure="status 503, 3 tries")))
    assert (await the(sick, "key")).status == "warn"
    assert await code(sick) == 5


async def test_a_broken_environment_is_the_users(patient: Patient) -> None:
    """A base URL that can't be used: nobody is asked, everything else is looked at."""
    sick = replace(patient, environment=("the base URL must be https",), surveying=None)
    assert (await the(sick, "key")).found == "the base URL must be https"
    assert (await the(sick, "store")).status == "ok"
    assert await code(sick) == 2


# policy


async def test_every_problem_of_a_policy_is_a_line(patient: Patient) -> None:
    """Exit 2."""
    sick = replace(patient, policy=Unusable(("line 1: unknown key", "line 2: expected money")))
    assert await lines(sick, "policy", "bad") == ["line 1: unknown key", "line 2: expected money"]
    assert await code(sick) == 2


async def test_what_a_policy_means_is_told(patient: Patient) -> None:
    """Where it comes from, what is paid unasked, and a timer that is off."""
    (told,) = await lines(patient, "policy")
    assert told == f"built-in defaults, no {patient.policy_file}; pays up to $5.00 unasked"
    asking = replace(patient, policy=Policy(network=Network(deadman=False)), has_policy_file=True)
    source, deadman = await lines(asking, "policy")
    assert source == f"{patient.policy_file}; asks before every payment (auto_pay_usd is 0)"
    assert "deadman is off" in deadman
    assert await code(asking) == 0


async def test_credits_alone_without_a_key_buy_nothing(patient: Patient) -> None:
    """A policy and an environment that are each right, and useless together."""
    sick = replace(patient, has_key=False, policy=Policy(payment=Payment(rails=(Rail.CREDITS,))))
    assert await lines(sick, "policy", "bad") == [
        "payment.rails allows credits alone, and there is no key: nothing can be bought"
    ]


# login


async def test_no_login_key_is_bad(patient: Patient) -> None:
    """With the command that makes one; a password will do instead."""
    found = await the(replace(patient, login=Login((), (), (), has_password=False)), "ssh key")
    assert (found.status, "ssh-keygen" in found.remedy, "SWINEHERD_SSH_KEY" in found.remedy) == ("bad", True, True)
    assert await code(replace(patient, login=Login((), (), (), has_password=True))) == 0
    assert await code(replace(patient, login=Unusable(("k is not a private key",)))) == 2


async def test_a_key_that_others_may_read_is_told(patient: Patient, tmp_path: Path) -> None:
    """With the command that closes it; keys that can't be used are told too."""
    key = tmp_path / "my key"
    key.write_text("x")
    key.chmod(0o640)
    login = Login(("k",), ("other needs a passphrase",), (key, tmp_path / "none"), has_password=False)
    checks = [one for one in await examine(replace(patient, login=login)) if one.name == "ssh key"]
    assert [one.status for one in checks] == ["ok", "warn", "warn"]
    assert checks[-1].remedy == f"chmod 600 '{key}'"
    key.chmod(0o600)
    assert len(await lines(replace(patient, login=login), "ssh key")) == 2


# home


@pytest.mark.parametrize(("mode", "status"), [(0o700, "ok"), (0o750, "warn"), (0o770, "bad"), (0o702, "bad")])
async def test_a_home_is_its_owners(patient: Patient, mode: int, status: str) -> None:
    """Others who may write could swap the store: none is opened there, and that is no second fault."""
    patient.home.path.chmod(mode)
    found = await the(patient, "home")
    patient.home.path.chmod(0o700)
    assert found.status == status
    assert ("chmod 700" in found.remedy) == (status != "ok")


async def test_a_bad_home_is_told_once(patient: Patient) -> None:
    """The store that is not opened in it is no fault of its own: exit 2, not 5."""
    patient.home.path.chmod(0o770)
    checks = await examine(patient)
    patient.home.path.chmod(0o700)
    assert [check.name for check in checks if check.status == "bad"] == ["home"]
    assert [check.status for check in checks if check.name == "store"] == ["warn"]
    assert exit_code(checks) == 2


async def test_a_synced_home_is_bad(patient: Patient) -> None:
    """With the reason of whoever looked."""

    def refuse(path: Path) -> None:
        raise StoreUnusable(f"the spend log can't live at {path}: Dropbox is a synced folder")

    found = await the(replace(patient, check_place=refuse), "home")
    assert (found.status, "Dropbox" in found.found) == ("bad", True)


async def test_a_home_that_is_not_there_yet_is_not_made(patient: Patient, tmp_path: Path) -> None:
    """Looking makes nothing."""
    home = type(patient.home)(tmp_path / "new" / "home")
    fresh = replace(patient, home=home)
    assert (await the(fresh, "home")).status == "ok"
    assert (await the(fresh, "store")).found == f"no spend log at {home.spend_log} yet"
    assert not home.path.parent.exists()


# clock


@pytest.mark.parametrize(
    ("ahead", "status", "exit_"),
    [
        (0, "ok", 0),
        (30, "ok", 0),
        (31, "warn", 0),
        (-31, "warn", 0),
        (300, "warn", 0),
        (301, "bad", 2),
        (-301, "bad", 2),
    ],
)
async def test_a_clock_that_is_off(patient: Patient, ahead: int, status: str, exit_: int) -> None:
    """Half a minute is told, five minutes are bad, both ways."""
    seen = tuple(replace(one, ahead=timedelta(seconds=ahead)) for one in FINE.seen)
    sick = replace(patient, surveying=Found(replace(FINE, seen=seen)))
    found = await the(sick, "clock")
    assert found.status == status
    if status != "ok":
        assert f"{'behind' if ahead > 0 else 'ahead of'} the provider's by {abs(ahead)} s" in found.found
    assert await code(sick) == exit_


async def test_one_old_date_out_of_a_cache_is_no_wrong_clock(patient: Patient) -> None:
    """The answer that agrees best decides."""
    survey = with_seen(Read.GPUS, ahead=timedelta(seconds=-900))
    assert (await the(replace(patient, surveying=Found(survey)), "clock")).status == "ok"


@pytest.mark.parametrize(
    ("ahead", "status", "found"),
    [
        (5, "ok", "agrees with the database's"),
        (6, "warn", "this machine's clock is behind the database's by 6 s"),
        (-6, "warn", "this machine's clock is ahead of the database's by 6 s"),
    ],
)
async def test_the_clock_of_a_shared_store_is_compared_too(
    patient: Patient, ahead: int, status: str, found: str
) -> None:
    """Machines that share it tell by their clocks whether a lease holds; a warning, no error."""
    shared = replace(patient, database_ahead=lambda: timedelta(seconds=ahead))
    assert await lines(shared, "clock", status) == [*(["agrees with the provider's"] if status == "ok" else []), found]
    assert await code(shared) == 0


async def test_a_database_that_does_not_tell_the_time_is_the_stores_finding(patient: Patient) -> None:
    """Not a second one."""

    def silent() -> timedelta:
        raise StoreUnusable("nobody answers")

    assert await lines(replace(patient, database_ahead=silent), "clock") == ["agrees with the provider's"]


async def test_a_provider_without_a_clock_is_told(patient: Patient) -> None:
    """Then it is a human's to compare."""
    seen = tuple(replace(one, ahead=None) for one in FINE.seen)
    assert (await the(replace(patient, surveying=Found(replace(FINE, seen=seen))), "clock")).status == "warn"


# API


async def test_each_difference_is_a_line(patient: Patient) -> None:
    """A changed field warns, a new one does not, an answer that can't be used is bad."""
    differences = (Difference("gpus[].vram", "is missing", times=3), Difference("gpus[].colour", "is new", is_new=True))
    odd = replace(patient, surveying=Found(with_seen(Read.GPUS, differences=differences)))
    checks = [check for check in await examine(odd) if check.name == "api /gpus"]
    assert [(check.status, check.found) for check in checks] == [
        ("warn", "not as documented: gpus[].vram: is missing (3 times)"),
        ("ok", "gpus[].colour: is new"),
    ]
    assert await code(odd) == 0
    broken = replace(patient, surveying=Found(with_seen(Read.PACKS, status=418, failure="undocumented: 418")))
    assert await lines(broken, "api /credits/packs", "bad") == ["undocumented: 418"]
    assert await code(broken) == 5


async def test_no_network_is_one_finding(patient: Patient) -> None:
    """Not one for every endpoint; the store is looked at all the same."""
    seen = tuple(Seen(read, 0, f"no answer: {read}: ConnectError") for read in Read)
    cut_off = replace(patient, surveying=Found(Survey(seen, None)))
    checks = await examine(cut_off)
    assert [check.name for check in checks if check.status == "bad"] == ["api"]
    assert [check.status for check in checks if check.name == "store"] == ["ok"]
    assert exit_code(checks) == 5


async def test_figures_that_do_not_add_up_are_bad(patient: Patient) -> None:
    """Balance = purchased − spent, in dollars."""
    survey = replace(FINE, balance=Balance(Cents(1848), Cents(2500), Cents(653)))
    found = await the(replace(patient, surveying=Found(survey)), "account")
    assert found.status == "bad"
    assert "balance $18.48 is not $25.00 bought - $6.53 spent" in found.found
    assert "swineherd freeze" in found.remedy
