"""Files to a pod and back, each checked by SHA-256 at its destination."""

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncssh

from tools.errors import Malformed, TransferFailed
from tools.ports import Fetched, RemoteHome
from tools.ssh import remote_files
from tools.ssh.channel import Exchange, require, run_checked, running
from tools.ssh.globs import select
from tools.ssh.gunzip import Gunzip
from tools.ssh.listing import MOST_FILES, Listing, Wanted, local_name, parse_listing
from tools.ssh.receive import Receiver, already_here, require_room
from tools.ssh.snapshot import pack_files

_PIECE = 1 << 20
_MOST_LISTING_BYTES = 256 << 20
_SIZE_LINE = re.compile(rb"[0-9]{1,18}")
_DIGEST_LINE = re.compile(rb"\\?([0-9a-f]{64})(?: .*)?", re.DOTALL)


async def upload(connection: asyncssh.SSHClientConnection, archive: Path, remote_path: str) -> None:
    """Unpack a local `.tar.gz` into `remote_path` on the pod; `~/` at its front is the pod's home. Repeatable.

    Raises:
        Malformed: a path that is neither absolute nor below `~`, or with control characters.
        TransferFailed: tar failed there, or the archive's SHA-256 differs; what is unpacked by then is not to be used.
    """
    target = _remote_path(remote_path)
    expected = await asyncio.to_thread(_digest, archive)
    variables = {"target": target, "expected": expected}
    async with running(connection, remote_files.UNPACK, variables) as exchange:
        await _send(exchange, archive)
        await exchange.read()
        require(await exchange.end(), TransferFailed, f"unpacking into {local_name(target)}")


async def _send(exchange: Exchange, archive: Path) -> None:
    """The whole archive, or as much of it as the pod takes."""
    with archive.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            if not await exchange.write(piece):
                return
    exchange.write_end()


async def restore(connection: asyncssh.SSHClientConnection, home: RemoteHome, folder: Path) -> None:
    """Put what an earlier `fetch` left in `folder` back in place, below the job's folder. Repeatable.

    Raises:
        TransferFailed: a file can't be read here, or the files did not arrive whole.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".restore-") as scratch:
        archive = Path(scratch, "files.tar.gz")
        await asyncio.to_thread(pack_files, folder, archive)
        await upload(connection, archive, f"{home.path}/work")


def _remote_path(path: str) -> str:
    if not path.startswith(("/", "~/")) and path != "~":
        raise Malformed("a remote path begins with `/` or `~/`")
    if not path.isprintable():
        raise Malformed("a remote path can't hold control characters")
    return path


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


async def fetch(
    connection: asyncssh.SSHClientConnection, home: RemoteHome, globs: Sequence[str], into: Path
) -> Fetched:
    """Bring the files that `globs` name below the job's folder into `into`.

    Files that are already here with the right digest are not sent again. Those that arrive whole stay in place even
    when others fail, so that a repeated call goes on rather than begins again.

    Raises:
        Malformed: a glob that leaves the job's folder.
        TransferFailed: the files could not be listed, changed meanwhile, or don't fit on this disk.
    """
    listing = await _list(connection, home)
    names, missing = select(listing.sources, globs)
    if len(names) > MOST_FILES:
        raise TransferFailed(f"the outputs are {len(names)} files; more than {MOST_FILES} are not fetched")
    wanted = await _manifest(connection, home, listing, names)
    here = [await asyncio.to_thread(already_here, into, entry) for entry in wanted]
    todo = [entry for entry, done in zip(wanted, here, strict=True) if not done]
    await asyncio.to_thread(require_room, into, todo)
    if todo:
        await _receive(connection, home, todo, into)
    files = sorted(target for entry in wanted for target in entry.targets)
    size = sum(entry.size * len(entry.targets) for entry in wanted)
    strays, _ = select(listing.strays, globs)
    return Fetched(tuple(files), size, missing, tuple(local_name(stray) for stray in strays))


async def _list(connection: asyncssh.SSHClientConnection, home: RemoteHome) -> Listing:
    output, gunzip = bytearray(), Gunzip()
    async with running(connection, remote_files.LIST, {"home": home.path}) as exchange:
        exchange.write_end()
        while data := await exchange.read():
            for plain in gunzip.pieces(data):
                output += plain
                if len(output) > _MOST_LISTING_BYTES:
                    raise TransferFailed("the job's folder holds more files than can be listed")
        require(await exchange.end(), TransferFailed, "listing the job's folder")
    return await asyncio.to_thread(parse_listing, bytes(output))


async def _manifest(
    connection: asyncssh.SSHClientConnection, home: RemoteHome, listing: Listing, names: Sequence[str]
) -> list[Wanted]:
    """Sizes and digests of the chosen files, made on the pod; files that several names lead to come once."""
    targets: dict[str, list[str]] = {}
    for name in names:
        targets.setdefault(listing.sources[name], []).append(local_name(name))
    _require_distinct([target for copies in targets.values() for target in copies])
    # What prints one line per name elsewhere may print two for these, so each is read through stdin, nameless.
    odd = [source for source in targets if not source.isprintable() or "\\" in source]
    plain = [source for source in targets if source.isprintable() and "\\" not in source]
    facts = await _facts(connection, home, plain, each="") | await _facts(connection, home, odd, each="1")
    return [
        Wanted(source, tuple(copies), *facts[source], executable=source in listing.executable)
        for source, copies in targets.items()
    ]


def _require_distinct(targets: Sequence[str]) -> None:
    seen: set[str] = set()
    for target in targets:
        if target in seen:
            raise TransferFailed(f"two outputs would both be named {target} here")
        seen.add(target)


async def _facts(
    connection: asyncssh.SSHClientConnection, home: RemoteHome, sources: Sequence[str], *, each: str
) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of each file, in one script for all."""
    if not sources:
        return {}
    names = b"".join(b"./" + os.fsencode(source) + b"\0" for source in sources)
    variables = {"home": home.path, "each": each}
    output = await run_checked(
        connection, remote_files.MANIFEST, variables, names, error=TransferFailed, doing="hashing the outputs"
    )
    sizes, _, digests = output.partition(b"--\n")
    facts = list(zip(_sizes(sizes), _digests(digests), strict=False))
    if len(facts) != len(sources):
        raise TransferFailed("the pod's manifest does not fit the files it was asked for")
    return dict(zip(sources, facts, strict=True))


def _sizes(output: bytes) -> list[int]:
    return [int(line) for line in output.splitlines() if _SIZE_LINE.fullmatch(line)]


def _digests(output: bytes) -> list[str]:
    found = [_DIGEST_LINE.fullmatch(line) for line in output.split(b"\n")]
    return [match[1].decode("ascii") for match in found if match]


async def _receive(
    connection: asyncssh.SSHClientConnection, home: RemoteHome, wanted: Sequence[Wanted], into: Path
) -> None:
    entries = b"".join(b"%d ./%s\0" % (entry.size, os.fsencode(entry.source)) for entry in wanted)
    async with running(connection, remote_files.SEND, {"home": home.path}) as exchange:
        await exchange.write(entries)
        exchange.write_end()
        with Receiver(into, wanted) as receiver:
            while data := await exchange.read():
                await asyncio.to_thread(receiver.feed, data)
            await exchange.end()
            await asyncio.to_thread(receiver.finish)
