"""Secrets blotted out of a byte stream, byte for byte: every length and offset stays what it was."""

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

SHORTEST = 4
"""Shorter secrets, and shorter lines of longer ones, are not masked: they would blot out ordinary text."""

_STAR = ord("*")


class Masker:
    """Replaces secrets in a stream by `*` of equal length, across any cut.

    Because lengths are kept, a file of masked output has the size of what was read, and reading can go on from there.
    A secret of several lines is masked whole and line by line; so are its forms inside JSON, in a URL, and in base64
    when it was encoded alone (a secret encoded together with something else is not recognised).
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        self._patterns = sorted(_patterns(secrets), key=len, reverse=True)
        self._held = bytearray()
        self._covered = bytearray()

    def feed(self, data: bytes) -> bytes:
        """Take bytes; returns what can't be the start of a secret any more. The rest is held back."""
        self._take(data)
        keep = self._unfinished()
        return self._release(len(self._held) - keep)

    def flush(self) -> bytes:
        """The end of the stream: returns what was held back."""
        return self._release(len(self._held))

    def _take(self, data: bytes) -> None:
        self._held += data
        self._covered += bytes(len(data))
        for pattern in self._patterns:
            at = self._held.find(pattern)
            while at >= 0:
                self._covered[at : at + len(pattern)] = b"\1" * len(pattern)
                at = self._held.find(pattern, at + 1)

    def _unfinished(self) -> int:
        """Length of the longest end of what is held that a secret may begin with."""
        longest = 0
        for pattern in self._patterns:
            for length in range(min(len(pattern) - 1, len(self._held)), longest, -1):
                if self._held.endswith(pattern[:length]):
                    longest = length
                    break
        return longest

    def _release(self, count: int) -> bytes:
        out = bytes(self._held[:count])
        if 1 in self._covered[:count]:
            pairs = zip(out, self._covered[:count], strict=True)
            out = bytes(_STAR if covered else byte for byte, covered in pairs)
        del self._held[:count]
        del self._covered[:count]
        return out


def mask(data: bytes, secrets: Iterable[str]) -> bytes:
    """A whole text at once."""
    masker = Masker(secrets)
    return masker.feed(data) + masker.flush()


def _patterns(secrets: Iterable[str]) -> set[bytes]:
    found: set[bytes] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        raw = secret.encode("utf-8", "surrogateescape")
        lines = [line.strip() for line in secret.splitlines()]
        forms = [secret, secret.replace("\n", "\r\n"), *lines, json.dumps(secret)[1:-1], quote(raw, safe="")]
        found.update(form.encode("utf-8", "surrogateescape") for form in forms if len(form) >= SHORTEST)
        found.add(base64.b64encode(raw).rstrip(b"="))
    return found
