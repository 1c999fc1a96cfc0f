"""Find and kill every process of a pod, however well it hid from its SSH session."""

import os
import signal
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

POD_VARIABLE = "SWINEHERD_POD"
_PAUSE_SECONDS = 0.02
_UNREADABLE = (psutil.Error, OSError)


@dataclass(frozen=True, slots=True)
class PodTraits:
    """By what a process is known to be a pod's.

    Attributes:
        pod_id: value of `SWINEHERD_POD` in its environment.
        folder: the pod's folder; a process without a terminal that works inside it is the pod's. One with a terminal
            is somebody looking around.
        marker: a file every command inherits open, so that `env -i`, `setsid` and `cd /` together do not hide it.
        leaders: process ids of commands still held by the server; sessions and children of theirs count.
    """

    pod_id: str
    folder: Path
    marker: Path
    leaders: Collection[int] = ()


def kill_all(traits: PodTraits, timeout_seconds: float = 10.0) -> list[int]:
    """SIGKILL until none is left; returns the ids of those that did not die in time."""
    deadline = time.monotonic() + timeout_seconds
    while found := list(find(traits)):
        if time.monotonic() > deadline:
            return [process.pid for process in found]
        for process in found:
            _kill(process)
        time.sleep(_PAUSE_SECONDS)
    return []


def find(traits: PodTraits) -> Iterator[psutil.Process]:
    """The pod's processes and their descendants, zombies left out."""
    seen = {os.getpid()}
    for process in psutil.process_iter():
        if process.pid in seen or not _belongs(process, traits):
            continue
        for member in [process, *_descendants(process)]:
            if member.pid not in seen:
                seen.add(member.pid)
                yield member


def _belongs(process: psutil.Process, traits: PodTraits) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
    except _UNREADABLE:
        return False
    return (
        _has_variable(process, traits.pod_id)
        or _in_session(process, traits.leaders)
        or _works_inside(process, traits.folder)
        or _holds(process, traits.marker)
    )


def _has_variable(process: psutil.Process, pod_id: str) -> bool:
    try:
        return process.environ().get(POD_VARIABLE) == pod_id
    except _UNREADABLE:
        return False


def _in_session(process: psutil.Process, leaders: Collection[int]) -> bool:
    try:
        return bool(leaders) and os.getsid(process.pid) in leaders
    except _UNREADABLE:
        return False


def _works_inside(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder) and process.terminal() is None
    except _UNREADABLE:
        return False


def _holds(process: psutil.Process, marker: Path) -> bool:
    try:
        return any(held.path == str(marker) for held in process.open_files())
    except _UNREADABLE:
        return False


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except _UNREADABLE:
        return []


def _kill(process: psutil.Process) -> None:
    try:
        process.send_signal(signal.SIGKILL)
    except _UNREADABLE:
        return
