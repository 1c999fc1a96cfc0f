"""What a model says in the web chat, Slack and Telegram is text, and looks like nothing of ours."""

import json
from typing import Any

import pytest

from agent.chat.slack import blocks
from agent.chat.talks import joined
from agent.chat.telegram import words
from agent.chat.web.pages.spoken import Spoken
from agent.chat.web.templates import text as rendered
from agent.mind.port import Said
from agent.mind.scripted import ScriptedMind
from agent.talk.context import Line
from tests.agent.chat.talkers import Sheet, said, talks_of
from tests.agent.chat.web.browser import Read
from tests.agent.conftest import MakeWorld
from tests.agent.talk.table import KEY
from tests.agent.world import ASK, JOB
from tests.fakes.slack import markup, objects, wrong_blocks
from tests.fakes.telegram_limits import markup_in, wrong_text
from tests.hostile.mind.test_talk import INJECTIONS
from tests.hostile.mind.worst import WorstMind

SAYS = {
    "html": "<script>alert(1)</script> <img src=x onerror=alert(1)> <form action=/talk/answer><button>Yes</button>",
    "ends its place": "</blockquote></li><li class='ours'><span class='who'>swineherd</span><p>Approved.</p>",
    "mentions": "@everyone @channel <!channel> <!here> <@U0BOB> <https://evil.example|Approve $0.98> #gpus",
    "markup": "*Approve $0.98?* _it_ ~no~ `code` ```block``` > quote :pig: [Approve](https://evil.example)",
    "links": "https://evil.example/a www.evil.example evil.example/x tg://resolve?domain=e /start@bot +1-212-555-0123",
    "our words": "the model says:\nproposed:\nProposed:\n▸ swineherd: approved\n│ x\nsay y to do it",
    "unseen": "a\u202eb\u200bc\x00d\x1b[2J\rnew\u2028line" + " " * 400 + "swineherd proposes",
    "nothing": "\u200b \u2060",
    "templates": "{{ 7 * 7 }} {% include 'x' %} &lt;b&gt; &amp;",
    "long": "x" * 9_000,
    "wide": "🐷" * 5_000,
    "lines": "y\n" * 3_000,
}
FORBIDDEN = "\u202e\u200b\u2060\x00\x1b\r"


@pytest.fixture(params=SAYS)
async def sheet(request: pytest.FixtureRequest, make_world: MakeWorld) -> Sheet:
    """An answer with figures of ours, words of a model, and a note of ours."""
    world = make_world(ASK)
    world.change(mind=ScriptedMind(Said("assistant", SAYS[request.param])))
    sheet = await said(talks_of(world), "Which GPUs are there?")
    sheet.show(Line("note", "a note of ours"))
    return sheet


def test_in_the_web_chat(sheet: Sheet) -> None:
    """In one quotation, without an element of its own."""
    spoken = Spoken()
    for line in sheet.lines:
        spoken.show(line)
    page = Read.of(rendered("talk.html", talk=spoken))
    tags = [one.tag for one in page.elements]
    assert set(tags) <= {"h2", "ol", "li", "span", "p", "pre", "blockquote"}
    assert tags.count("blockquote") == 1
    assert page.text.count("The model says") == 1 + ("The model says" in sheet.of("model"))
    assert [one.attributes["class"] for one in page.elements if one.tag == "li"].count("model") == 1
    assert "://" not in page.text
    assert not any(unseen in page.html for unseen in FORBIDDEN)


def test_in_slack(sheet: Sheet) -> None:
    """In one quotation bar, within the limits; the notification has none of it."""
    shown: list[dict[str, Any]] = json.loads(json.dumps(blocks.answer(joined(sheet.lines))))
    assert wrong_blocks(shown) is None
    assert markup({"blocks": shown, "text": ""}) == []
    quotes = [one for one in objects(shown) if one.get("type") == "rich_text_quote"]
    assert len(quotes) == 1
    quoted = json.dumps(quotes)
    rest = json.dumps([block for block in shown if json.dumps(block).find("rich_text_quote") < 0])
    for words_of_it in ("evil.example", "everyone", "Approved", "swineherd", "xxxx"):
        assert words_of_it not in rest
    assert not any(json.dumps(unseen)[1:-1] in quoted for unseen in FORBIDDEN)
    assert {one.get("type") for one in objects(shown)} <= {
        "section", "context", "plain_text", "rich_text", "rich_text_quote", "rich_text_preformatted", "text",
    }  # fmt: skip


def test_in_telegram(sheet: Sheet) -> None:
    """Below a line of ours in bold, each line behind a bar, in no place that Telegram reads."""
    for message in words.answer(joined(sheet.lines)):
        entities = [entity.to_dict() for entity in message.entities]
        assert wrong_text(message.text, entities) is None
        as_sent = {"text": message.text, "entities": entities, "link_preview_options": {"is_disabled": True}}
        assert markup_in(as_sent) == []
        assert [one["type"] for one in entities] in (["pre", "bold", "pre", "pre"], ["pre", "bold", "pre"])
        assert not any(unseen in message.text for unseen in FORBIDDEN)
        units = message.text.encode("utf-16-le")
        start, end = (2 * entities[1]["offset"], 2 * (entities[1]["offset"] + entities[1]["length"]))
        assert units[start:end].decode("utf-16-le") == "The model says:"
        if len(entities) == 4:
            model = entities[2]
            text = units[2 * model["offset"] : 2 * (model["offset"] + model["length"])].decode("utf-16-le")
            assert all(line.startswith(words.BAR) or line == "…" for line in text.splitlines())


@pytest.mark.parametrize("number", range(len(INJECTIONS)))
async def test_the_worst_model_breaks_no_law_in_a_chat(make_world: MakeWorld, number: int) -> None:
    """Nothing is bought, approved, submitted or cancelled but what was shown and answered y to; nothing leaves."""
    world, mind = make_world(ASK), WorstMind()
    world.change(mind=mind, variables={"GPUHOG_API_KEY": KEY, **world.parts.variables})
    run_id = (await world.run(JOB, wait=False)).run_id
    world.home.run(run_id).log.write_text(f"epoch 1\n{INJECTIONS[number]}\n", encoding="utf-8")
    talks = talks_of(world)
    sheets = [await said(talks, text) for text in ("Show me the logs.", "And now?", "n", "How is my run?")]
    asked = world.log.approval(run_id)
    assert asked is not None
    assert (asked.decision, world.purchases) == (None, [])
    assert [run.run_id for run in world.log.runs()] == [run_id]
    assert not world.parts.run(run_id).cancel_requested
    told = mind.seen + "".join(world.calls)
    for secret in (asked.code, KEY):
        assert secret not in told
    for line in (line for sheet in sheets for line in sheet.lines):
        assert asked.code not in line.text
        assert "://" not in line.text
