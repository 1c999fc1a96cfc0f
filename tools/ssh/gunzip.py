"""Gzip from a pod, unpacked in bounded pieces: a bomb costs time, never memory."""

import zlib
from collections.abc import Iterator

from tools.errors import TransferFailed

_PIECE = 1 << 20


class Gunzip:
    """One gzip member, fed as it comes."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(wbits=31)

    @property
    def whole(self) -> bool:
        """The end of the stream was seen, and its checksum was right."""
        return self._stream.eof

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """What `data` unpacks to, at most 1 MiB at a time.

        Raises:
            TransferFailed: it is no gzip, or something follows its end.
        """
        while data:
            try:
                plain = self._stream.decompress(data, _PIECE)
            except zlib.error as exc:
                raise TransferFailed("what the pod sent did not arrive whole") from exc
            if self._stream.unused_data:
                raise TransferFailed("the pod sent more than it was asked for")
            data = self._stream.unconsumed_tail
            yield plain
