"""A question of any kind as plain lines, for a channel that shows text."""

from agent.batch.card import grant_card
from agent.card import card_lines, offer_card
from agent.parts import Parts
from agent.questions import Question
from agent.schedule.card import standing_card
from tools.spend_log.batch_rows import Grant
from tools.spend_log.rows import Approval
from tools.spend_log.schedule_rows import StandingGrant


def lines_of(parts: Parts, question: Question) -> list[str]:
    """What a human reads before saying yes or no; the code is not among it."""
    match question.asked:
        case Approval() as approval:
            return card_lines(offer_card(parts, approval), parts.clock.now())
        case Grant() as grant:
            batch = parts.log.batch(grant.batch_id)
            return grant_card(batch, grant, None) if batch is not None else []
        case StandingGrant() as standing:
            schedule = parts.log.schedule(standing.schedule_id)
            return standing_card(schedule, standing) if schedule is not None else []
