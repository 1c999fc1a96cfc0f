"""A chat in Telegram that cards are posted to."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from telegram import InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters

from agent.chat.messages import Asking, NotTaken, Over, Said, ToPay
from agent.chat.telegram import words
from agent.chat.telegram.wire import TelegramBot, answered
from agent.chat.telegram.words import Words
from agent.questions import Question
from agent.talk.context import Line

MOST_NOTE_UNITS = 200

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_SAME = ("message is not modified",)
_GONE = ("message to edit not found", "message_id_invalid")


class TelegramChannel:
    """One chat: a group's, or that of a person with the bot.

    Args:
        chat: its id.
        answered_here: somebody may press buttons; else it is told what waits, and how to answer elsewhere.
    """

    name = "telegram"

    def __init__(self, bot: TelegramBot, chat: int, *, answered_here: bool) -> None:
        self._bot = bot
        self._chat = chat
        self._answered_here = answered_here
        self._editing = asyncio.Lock()

    async def ask(self, asking: Asking) -> str:
        """A card with buttons."""
        markup = words.buttons(asking.question) if self._answered_here else None
        return await self._post(words.asked(asking, answered_here=self._answered_here), markup)

    async def offer_link(self, paying: ToPay) -> str:
        """A card with a link."""
        return await self._post(words.to_pay(paying), words.checkout(paying))

    async def close(self, ref: str, over: Over) -> None:
        """The card without its buttons; one that somebody deleted has none."""
        async with self._editing:
            await self._edited(self._text(ref, words.over(over)), (*_SAME, *_GONE))

    async def tell(self, ref: str, said: Said) -> str:
        """As a reply to the card, or as a message of its own."""
        return await self._post(words.said(said), None, reply_to=ref)

    async def change(self, ref: str, said: Said) -> str:
        """An edit: Telegram tells nobody of it."""
        await self._edited(self._text(ref, words.said(said)), _SAME)
        return ref

    async def reply(self, to: int, lines: Sequence[Line]) -> None:
        """An answer to a message; what is proposed is a message of its own, so that nothing of it is cut."""
        for shown in words.answer(lines):
            await self._post(shown, None, reply_to=str(to))

    async def turn(self, message_id: int, question: Question, *, sure: bool, stands: Callable[[], bool]) -> None:
        """Put the other buttons under a card, unless it has been closed meanwhile.

        Args:
            stands: whether the question does, by now.
        """
        async with self._editing:
            if stands():
                markup = words.buttons(question, sure=sure)
                await self._edited(
                    self._bot.edit_message_reply_markup(chat_id=self._chat, message_id=message_id, reply_markup=markup),
                    _SAME,
                )

    async def note(self, query_id: str, text: str, *, alert: bool) -> None:
        """To whoever pressed, alone; every press is to be answered, or their client waits.

        Args:
            alert: it is to be closed by hand.
        """
        shown = words.short(text, MOST_NOTE_UNITS)
        await answered(self._bot, self._bot.answer_callback_query(query_id, text=shown, show_alert=alert))

    async def _post(self, shown: Words, markup: InlineKeyboardMarkup | None, reply_to: str = "") -> str:
        reply = ReplyParameters(int(reply_to), allow_sending_without_reply=True) if reply_to else None
        posting = self._bot.send_message(
            self._chat,
            shown.text,
            entities=shown.entities,
            link_preview_options=_NO_PREVIEW,
            reply_markup=markup,
            reply_parameters=reply,
        )
        return str((await answered(self._bot, posting)).message_id)

    def _text(self, ref: str, shown: Words) -> Awaitable[object]:
        """An edit that leaves no buttons."""
        return self._bot.edit_message_text(
            shown.text,
            chat_id=self._chat,
            message_id=int(ref),
            entities=shown.entities,
            link_preview_options=_NO_PREVIEW,
        )

    async def _edited(self, editing: Awaitable[object], as_good: tuple[str, ...]) -> None:
        """Args: as_good: refusals that leave nothing to be done."""
        try:
            await answered(self._bot, editing)
        except NotTaken as error:
            if not any(good in str(error).casefold() for good in as_good):
                raise
