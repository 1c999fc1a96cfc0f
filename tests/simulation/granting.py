"""What a human's yes to a whole run covers, as the human remembers it."""

from collections.abc import Iterator

from tests.simulation.witness import Row, Witness
from tools.spend_log.codec import to_text


def not_granted(witness: Witness, charge: Row, grant: Row) -> Iterator[str]:
    """A grant is of the run, the job and the payer that a human was shown, and no more is bought than they said."""
    given = witness.words.granted.get(grant["grant_id"])
    if given is None:
        yield f"no human gave {grant['grant_id']}"
        return
    shown, terms = given
    offer = witness.offer(charge["run_id"], charge["attempt"])
    bound = ("run_id", "job_sha256", "account", "base_url")
    if any(offer[name] != getattr(shown, name) for name in bound):
        yield f"{grant['grant_id']} was given for something else than {offer}"
    under = witness.charges_under(grant["grant_id"])
    if sum(row["amount"] for row in under) > terms.amount or len(under) > terms.pods:
        yield f"{len(under)} orders under {grant['grant_id']} are more than {terms}"
    if charge["submitted_at"] >= (grant["revoked_at"] or to_text(terms.until)):
        yield f"{grant['grant_id']} was taken back, or over, before {charge['charge_id']} was sent"
