"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout, everything else on stderr.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="Use the built-in sandbox and its play money.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, as `ps` lists it.")]
JobName = Annotated[
    str, typer.Argument(metavar="JOB", help="A job file (YAML), a brief (.md, .txt), or the job in your own words.")
]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", metavar="FIELD", help="Leave out a field of the job file.")
]
MaxUsd = Annotated[
    str | None, typer.Option("--max-usd", metavar="N", help="Lower this run's ceiling; never raises one.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for a human's approval or payment.")]
Code = Annotated[str | None, typer.Option("--code", help="The code that `show RUN` prints.")]
Amount = Annotated[str | None, typer.Option("--amount", help="The amount of the offer in dollars, e.g. 1.47.")]
Outputs = Annotated[Path | None, typer.Option("--outputs", metavar="DIR", help="Where the outputs go.")]
Folder = Annotated[
    Path | None,
    typer.Option("--folder", metavar="DIR", help="Below which a client's jobs have their files; else here."),
]
