"""`chat` and `serve`, and their options."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import Sandbox

Host = Annotated[
    str, typer.Option("--host", metavar="ADDRESS", help="Where to answer; any but 127.0.0.1 needs --public-url.")
]
Port = Annotated[int, typer.Option("--port", min=0, max=65535, help="Where on it.")]
PublicUrl = Annotated[
    str | None,
    typer.Option("--public-url", metavar="https://NAME", help="How it is reached through a proxy with TLS."),
]
Headless = Annotated[bool, typer.Option("--headless", help="No pages: health and metrics alone.")]
Link = Annotated[bool, typer.Option("--link", help="Print a fresh login link to the one that runs, and end.")]
As = Annotated[
    str | None, typer.Option("--as", metavar="NAME", help="Whom the link is for: web:NAME in chat.approvers.")
]
Words = Annotated[str | None, typer.Argument(metavar="[WORDS]", help="One message; without it, a conversation.")]
Folder = Annotated[
    Path, typer.Option("--folder", metavar="DIR", help="Where the files of jobs are; nothing outside goes to a pod.")
]
Thread = Annotated[str, typer.Option("--thread", metavar="NAME", help="Which conversation is gone on with.")]
New = Annotated[bool, typer.Option("--new", help="Forget what was said in it before.")]


def chat(
    words: Words = None,
    *,
    sandbox: Sandbox = False,
    folder: Folder = Path(),
    thread: Thread = "terminal",
    new: New = False,
) -> None:
    """Talk with the agent: ask about GPUs, prices, runs and money, run a job, change or cancel one, approve."""
    from agent.cli import talk

    talk.chat(words, sandbox=sandbox, folder=folder, thread=thread, new=new)


def serve(
    *,
    sandbox: Sandbox = False,
    host: Host = "127.0.0.1",
    port: Port = 8402,
    public_url: PublicUrl = None,
    headless: Headless = False,
    link: Link = False,
    name: As = None,
) -> None:
    """A worker with a web chat; also answers on loopback: /healthz, /readyz, /metrics."""
    if link:
        from agent.cli import web_link

        web_link.link(sandbox=sandbox, port=port, name=name)
        return
    from agent.chat.web.place import Address
    from agent.cli import serve as command

    command.serve(sandbox=sandbox, address=Address(host, port, public_url), headless=headless, name=name)
