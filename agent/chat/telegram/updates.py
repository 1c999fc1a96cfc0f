"""Long polling: presses and words as they come, each judged before it is confirmed; then Telegram gives up on it."""

import structlog

from agent.chat.messages import ChannelDown, NotTaken
from agent.chat.telegram.bot_api import TelegramChannel
from agent.chat.telegram.message import Ear
from agent.chat.telegram.press import NOT_RECORDED, Answer, Door, told
from agent.chat.telegram.wire import TelegramBot, Update
from agent.chat.telegram.words import mark_of
from tools.errors import SwineherdError
from tools.ports import Clock

LONGEST_BACK_OFF = 60.0

_log = structlog.get_logger()


class Updates:
    """Of one bot: Telegram gives each update to one who asks, so that nobody else may ask for this bot's."""

    def __init__(self, bot: TelegramBot, channel: TelegramChannel, door: Door, ear: Ear, clock: Clock) -> None:
        self._bot = bot
        self._channel = channel
        self._door = door
        self._ear = ear
        self._clock = clock
        self._offset = 0
        self._failed = 0

    async def run(self) -> None:
        """Until cancelled. What was not confirmed by then comes again, and decides nothing twice."""
        while True:
            try:
                await self.round()
            except (ChannelDown, NotTaken) as error:
                again = self._back_off(error)
                _log.warning("nothing is taken now", channel="telegram", why=str(error), again_in=again)
                await self._clock.sleep(again)

    async def round(self) -> None:
        """Take what there is, as soon as there is something.

        Raises:
            ChannelDown: Telegram gives nothing now.
            NotTaken: likewise.
        """
        for update in await self._bot.waiting(self._offset):
            await self._take(update)
            self._offset = max(self._offset, update.update_id + 1)
        self._failed = 0

    def _back_off(self, error: ChannelDown | NotTaken) -> float:
        self._failed += 1
        asked_for = error.retry_after if isinstance(error, ChannelDown) else None
        return asked_for or min(LONGEST_BACK_OFF, 2.0 ** min(self._failed, 10))

    async def _take(self, update: Update) -> None:
        try:
            if update.message is not None:
                await self._ear.hear(update.message, self._channel)
                return
            answer = self._judged(update.callback_query)
            if answer is not None:
                await self._tell(answer)
        except (ChannelDown, NotTaken) as error:
            _log.warning("an answer to a press was not told", channel="telegram", why=str(error))
        except Exception:  # noqa: BLE001 - the outermost edge of an update: the others are still to be judged
            _log.exception("a defect of ours", channel="telegram")

    def _judged(self, query: object) -> Answer | None:
        try:
            return self._door.answer(query)
        except SwineherdError as error:
            _log.error("a press was not recorded", channel="telegram", why=str(error))
            return told(query, NOT_RECORDED)

    async def _tell(self, answer: Answer) -> None:
        if answer.turn is not None:
            mark = mark_of(answer.turn.question)
            await self._channel.turn(
                answer.turn.message_id,
                answer.turn.question,
                sure=answer.turn.sure,
                stands=lambda: self._door.stands(mark),
            )
        await self._channel.note(answer.query_id, answer.words, alert=answer.alert)
