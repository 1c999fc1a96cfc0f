"""The command, where what it needs is not there."""

import pytest

from agent.cli.mcp import mcp


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 2, and nothing on stdout."""
    monkeypatch.setattr("agent.extras.find_spec", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        mcp(sandbox=False, folder=None)
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert "pip install 'swineherd[mcp]'" in printed.err
