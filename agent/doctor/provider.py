"""The provider as it was found: does it take the key, is its API still the documented one."""

from collections.abc import Iterator

from agent.doctor.check import Check
from agent.doctor.patient import Patient
from policies.money import usd
from policies.text import clean
from tools.gpuhog.shape import Read
from tools.gpuhog.survey import Seen, Survey

_KEY_NEEDED = "set GPUHOG_API_KEY; it comes with the first credit pack"
_KEY_WRONG = "set GPUHOG_API_KEY to the key that came with your credit pack, whole and without blanks"
_URL = "correct GPUHOG_API_KEY or GPUHOG_BASE_URL, whichever it names"
NETWORK = "check the network and GPUHOG_BASE_URL; spending waits, pods that run are not reached"
_CHANGED = "look for a newer swineherd; what it can't read it refuses, it never guesses"


def key_checks(patient: Patient, survey: Survey | None) -> Iterator[Check]:
    """The API key: there, and accepted."""
    if patient.environment:
        yield from (Check("key", "bad", problem, _URL) for problem in patient.environment)
        return
    if not patient.has_key:
        yield Check("key", "warn", "GPUHOG_API_KEY is not set: only the Stripe checkout is possible", _KEY_NEEDED)
        return
    balance = next((seen for seen in survey.seen if seen.read is Read.BALANCE), None) if survey else None
    if balance is None or balance.status == 0:
        yield Check("key", "warn", "there is a key; nobody answered whether it is the right one", NETWORK)
    elif balance.status in (401, 403):
        yield Check("key", "bad", f"the provider refuses the key ({balance.status})", _KEY_WRONG)
    elif 200 <= balance.status <= 299:
        yield Check("key", "ok", "GPUHOG_API_KEY is accepted" if not patient.is_sandbox else "the sandbox's own key")
    else:
        found = f"the provider neither takes nor refuses the key: {balance.failure}"
        yield Check("key", "warn", found, "try again later")


def api_checks(patient: Patient, survey: Survey, *, order_ended: bool) -> Iterator[Check]:
    """Each read endpoint against the documentation; a refused key is the key's line alone.

    Args:
        order_ended: the order asked about is gone, so a provider that has forgotten it is no fault.
    """
    if all(seen.status == 0 for seen in survey.seen):
        failures = sorted({clean(seen.failure, 300) for seen in survey.seen})
        yield Check("api", "bad", f"{patient.base_url}: {failures[0]}", NETWORK)
        return
    for seen in survey.seen:
        if seen.read is Read.BALANCE and seen.status in (401, 403):
            continue
        if seen.read is Read.ORDER and seen.status == 404 and order_ended:
            yield Check(f"api {seen.read}", "ok", "not compared: the provider has forgotten the order that ended last")
            continue
        yield from _endpoint(seen)


def _endpoint(seen: Seen) -> Iterator[Check]:
    name = f"api {seen.read}"
    if seen.failure:
        yield Check(name, "bad", clean(seen.failure, 300), _CHANGED if seen.status else NETWORK)
        return
    changed = [one for one in seen.differences if not one.is_new]
    if not changed:
        new = [str(one) for one in seen.differences]
        yield Check(name, "ok", "; ".join(["as documented", *new]))
    for one in changed:
        yield Check(name, "warn", f"not as documented: {one}", _CHANGED)
    for one in seen.differences if changed else ():
        if one.is_new:
            yield Check(name, "ok", str(one))


def account_checks(survey: Survey) -> Iterator[Check]:
    """Whether the provider's own figures add up: purchases in doubt are settled by them."""
    balance = survey.balance
    if balance is None:
        return
    sum_ = f"${usd(balance.purchased)} bought - ${usd(balance.spent)} spent"
    if balance.balance == balance.purchased - balance.spent:
        yield Check("account", "ok", f"balance ${usd(balance.balance)} = {sum_}")
        return
    found = f"the provider's figures do not add up: balance ${usd(balance.balance)} is not {sum_}"
    yield Check("account", "bad", found, "`swineherd freeze`, and ask the provider about these figures")
