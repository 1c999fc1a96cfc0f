"""Keeps the pods in step with the orders: what an order says is made true, now and after a restart."""

import asyncio
import logging
from collections import defaultdict
from pathlib import Path

import asyncssh

from tools.sandbox.market import Market, gpu_of
from tools.sandbox.nvidia_smi import nvidia_smi
from tools.sandbox.pods import Pod
from tools.sandbox.records import Order, Status

log = logging.getLogger(__name__)

_LONGEST_SLEEP = 5.0
_RETRY_SECONDS = 1.0


class Keeper:
    """Owns every pod of one sandbox."""

    def __init__(self, market: Market, folder: Path, client_key: asyncssh.SSHKey) -> None:
        self._market = market
        self._folder = folder
        self._client_key = client_key
        self._pods: dict[str, Pod] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changed = asyncio.Event()

    async def restore(self) -> None:
        """Bring every pod in line with its order, whatever a crash left behind."""
        for order in self._market.orders():
            await self.settle(order.order_id)

    async def watch(self) -> None:
        """Make, and end, pods when their time comes. Runs until cancelled."""
        while True:
            self._changed.clear()
            outcomes = [await self._settled(order) for order in self._market.due()]
            pause = self._pause() if all(outcomes) else _RETRY_SECONDS
            try:
                await asyncio.wait_for(self._changed.wait(), pause)
            except TimeoutError:
                continue

    def wake(self) -> None:
        """Look again now: an order or a setting has changed."""
        self._changed.set()

    async def settle(self, order_id: str) -> Order:
        """Make one pod what its order says; repeatable. Returns the order as it is then."""
        async with self._locks[order_id]:
            order = self._market.order(order_id)
            match order.status:
                case Status.DEPLOYING | Status.STARTING if (order.ready_at or 0) <= self._market.now():
                    await self._open(order)
                case Status.RUNNING if order.dead:
                    _shout(order, await self._pod(order).crash())
                case Status.RUNNING:
                    await self._open(order)
                case Status.STOPPED:
                    _shout(order, await self._pod(order).stop())
                case Status.TERMINATED:
                    _shout(order, await self._pod(order).destroy())
                    self._pods.pop(order.pod_id, None)
                case _:
                    pass
        self.wake()
        return self._market.order(order_id)

    async def close(self) -> None:
        """Close every SSH server; folders and processes stay, but for pods whose folder somebody deleted."""
        for pod in self._pods.values():
            await (pod.close() if pod.folder.exists() else pod.destroy())

    async def end_all(self) -> None:
        """Terminate every order that is not gone."""
        for order in self._market.orders():
            if order.status is not Status.TERMINATED:
                self._market.end(order.order_id)
            await self.settle(order.order_id)

    async def _open(self, order: Order) -> None:
        """Make a pod listen, or have a port and refuse, and drop its connections, as the settings say."""
        pod, settings = self._pod(order), self._market.settings
        pod.drop_after(settings.ssh_drop_seconds if settings.ssh == "dropped" else None)
        refuses = settings.ssh == "refused"
        if not pod.is_open and not (refuses and order.status is Status.RUNNING):
            port = await pod.open(self._client_key, order.ssh_port, nvidia_smi(gpu_of(order), settings))
            if self._market.order(order.order_id).status is Status.TERMINATED:
                # Ended while the server was coming up; whoever ended it waits for this lock and cleans up.
                return
            self._market.deployed(order.order_id, port)
        if refuses:
            await pod.close()

    def _pod(self, order: Order) -> Pod:
        return self._pods.setdefault(order.pod_id, Pod(order.pod_id, self._folder / order.pod_id))

    async def _settled(self, order: Order) -> bool:
        try:
            await self.settle(order.order_id)
        except (OSError, asyncssh.Error):
            log.exception("pod %s", order.pod_id)
            return False
        return True

    def _pause(self) -> float:
        next_change = self._market.next_change()
        return _LONGEST_SLEEP if next_change is None else min(max(next_change - self._market.now(), 0), _LONGEST_SLEEP)


def _shout(order: Order, stubborn: list[int]) -> None:
    if stubborn:
        log.error("pod %s: processes %s would not die", order.pod_id, stubborn)
