"""No test asks a model, or sends a trace, because of what is in the tester's environment."""

import os

from tests.model_variables import HIDDEN_AS, hide


def test_such_variables_are_renamed() -> None:
    """Under names that only the suite on a real model knows."""
    environ = {"OPENAI_API_KEY": "sk-1", "LANGSMITH_TRACING": "true", "SWINEHERD_MODEL": "m", "PATH": "/bin"}
    hide(environ)
    assert environ.pop("PATH") == "/bin"
    assert environ.keys() == {HIDDEN_AS + name for name in ("OPENAI_API_KEY", "LANGSMITH_TRACING", "SWINEHERD_MODEL")}


def test_here_they_are_hidden() -> None:
    """Where CI serves a real model, there is something to hide."""
    assert not [name for name in os.environ if name.startswith(("OPENAI_", "LANGSMITH_", "LANGCHAIN_"))]
