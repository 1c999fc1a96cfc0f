"""A real browser: always there in CI, and used wherever it is installed."""

import os
import shutil

import pytest


def chromium() -> str:
    """The path of Chromium or Chrome.

    CI installs it, so that there a missing one fails the test; elsewhere the test is left out and says so.
    """
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name)) is not None), None)
    if found is None:
        message = "chromium is missing: install it (Debian: apt-get install chromium)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found
