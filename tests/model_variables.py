"""The variables that lead to a language model or to tracing: no test sees them, so that none asks a model unawares."""

from collections.abc import MutableMapping

HIDDEN_AS = "TESTED_"
"""What their names begin with where the suite in `tests/model` finds them; workers of xdist inherit them so."""

_LEADING = ("OPENAI_", "LANGSMITH_", "LANGCHAIN_", "SWINEHERD_MODEL")


def hide(environ: MutableMapping[str, str]) -> None:
    """Rename every one of them."""
    for name in [name for name in environ if name.startswith(_LEADING)]:
        environ[HIDDEN_AS + name] = environ.pop(name)
