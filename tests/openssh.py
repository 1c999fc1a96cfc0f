"""OpenSSH beside our own servers: always there in CI, and used wherever it is installed."""

import os
import shutil

import pytest

_PLACES = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))


def openssh(program: str) -> str:
    """The path of `sshd`, `ssh` or `ssh-agent`.

    CI installs them, so that there a missing one fails the test; on a machine with no more than Python and make the
    test is left out and says so.
    """
    found = shutil.which(program, path=_PLACES)
    if found is None:
        message = f"{program} is missing: install OpenSSH (Debian: apt-get install openssh-server openssh-client)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
