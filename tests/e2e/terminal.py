"""A command in a pseudo-terminal, with somebody at the keyboard."""

import os
import select
import subprocess
import sys
import termios
import time

from tests.e2e.swineherd import COMMAND, Swineherd, wait_for

_ATTACH = """
import os, sys
terminal = os.open(sys.argv[1], os.O_RDWR)  # a session's first terminal becomes its controlling one: Ctrl-C signals
for fd in (0, 1, 2):
    os.dup2(terminal, fd)
os.closerange(3, 256)
os.execv(sys.argv[2], sys.argv[2:])
"""

CTRL_C = "\x03"


class Terminal:
    """Types into a command and reads its screen."""

    def __init__(self, herd: Swineherd, *arguments: str) -> None:
        self._keyboard, theirs = os.openpty()
        _no_echo(theirs)
        command = [sys.executable, "-c", _ATTACH, os.ttyname(theirs), *COMMAND, *arguments]
        self.process = subprocess.Popen(command, env=herd.env(), cwd=herd.scratch, start_new_session=True)
        self._theirs = theirs
        self._screen = b""

    @property
    def screen(self) -> str:
        """All that was shown so far."""
        while select.select([self._keyboard], [], [], 0)[0]:
            self._screen += os.read(self._keyboard, 65536)
        return self._screen.decode(errors="replace").replace("\r\n", "\n")

    def until(self, words: str) -> str:
        """Wait until `words` are on the screen; returns all of it."""
        wait_for(lambda: words in self.screen or self.process.poll() is not None, f"{words!r} on the screen")
        assert words in self.screen, self.screen
        return self.screen

    def until_again(self, words: str, seen: int) -> None:
        """Wait until `words` are shown once more than `seen` times."""
        wait_for(lambda: self.screen.count(words) > seen or self.process.poll() is not None, f"{words!r} again")
        assert self.screen.count(words) > seen, self.screen

    def stays(self, seconds: float) -> None:
        """The command goes on for so long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            assert not self._has_ended(), self.screen
            time.sleep(0.02)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._keyboard, text.encode())

    def ends(self) -> int:
        """Wait for the command's end; returns its exit code."""
        wait_for(self._has_ended, "its end")
        return self.process.returncode

    def _has_ended(self) -> bool:
        """Keeps reading: a command whose screen is full would wait for ever."""
        return bool(self.screen) and self.process.poll() is not None

    def close(self) -> None:
        """Hang up."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(timeout=30)
        os.close(self._theirs)
        os.close(self._keyboard)


def _no_echo(fd: int) -> None:
    """What is typed does not appear on the screen, so that a test sees only what the command prints."""
    settings = termios.tcgetattr(fd)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(fd, termios.TCSANOW, settings)
