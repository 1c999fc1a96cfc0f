"""The whole examination, in the order in which things depend on each other."""

from dataclasses import replace

from agent.doctor.check import Check
from agent.doctor.clocks import clock_check, database_clock_checks
from agent.doctor.environment import home_checks, login_checks, policy_checks
from agent.doctor.model import model_checks
from agent.doctor.patient import Patient
from agent.doctor.provider import account_checks, api_checks, key_checks
from agent.doctor.store import StoreSeen, look_at_store


async def examine(patient: Patient) -> list[Check]:
    """Look at everything; a part that can't be looked at is a finding, and the others are looked at all the same."""
    home = list(home_checks(patient))
    store = look_at_store(patient)
    order = store.known_order
    survey = await patient.surveying.survey(order.order_id if order else "") if patient.surveying else None
    checks = [*key_checks(patient, survey), *policy_checks(patient), *login_checks(patient), *home]
    checks += await model_checks(patient)
    if survey is not None:
        ended = order is not None and order.gone_at is not None
        checks += [clock_check(survey), *api_checks(patient, survey, order_ended=ended), *account_checks(survey)]
    return [*checks, *database_clock_checks(patient), *_of_store(store, home)]


def _of_store(store: StoreSeen, home: list[Check]) -> list[Check]:
    """A store that does not open in a home that can't be used is no second fault."""
    if store.opened or not any(check.name == "home" and check.status == "bad" for check in home):
        return list(store.checks)
    return [replace(check, status="warn", remedy="see home") for check in store.checks]
