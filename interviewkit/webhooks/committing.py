"""Events that arrive together are stored together: one transaction, and so one wait for the disk, for many."""

from __future__ import annotations

import asyncio
from collections import deque

from interviewkit.errors import InterviewKitError, StoreError
from interviewkit.webhooks.answers import Verdict
from interviewkit.webhooks.inbox import Inbox
from interviewkit.webhooks.rows import Arrival

BATCH = 200
BATCH_BYTES = 32 * 1024 * 1024
QUEUE_BYTES = 256 * 1024 * 1024
"""What may wait in memory for a store that is slow; beyond it the vendors are told to come again."""
PATIENCE = 10.0
"""Seconds that a delivery waits for the store: vendors do not wait much longer for an answer."""


class GroupCommit:
    """Stores arrivals. Nobody has to start or end it: whoever comes first writes for those who come meanwhile."""

    def __init__(self, inbox: Inbox, *, patience: float = PATIENCE, most_bytes: int = QUEUE_BYTES) -> None:
        self._inbox = inbox
        self._patience = patience
        self._most_bytes = most_bytes
        self._waiting: deque[tuple[Arrival, asyncio.Future[Verdict]]] = deque()
        self._bytes = 0
        self._writing: asyncio.Task[None] | None = None

    async def put(self, arrival: Arrival) -> Verdict:
        """Store one event; durable on return. Raises `StoreError`: whether it is stored is not known then.

        A caller who is cancelled leaves it to be stored, whole.
        """
        if self._bytes + len(arrival.body) > self._most_bytes:
            raise StoreError("more events wait for the store than fit into memory", retryable=True)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, future))
        self._bytes += len(arrival.body)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        try:
            async with asyncio.timeout(self._patience):
                return await future
        except TimeoutError:
            raise StoreError("the store takes too long", retryable=True) from None

    async def flush(self) -> None:
        """Wait until everything that has arrived is stored, or could not be."""
        while self._writing is not None and not self._writing.done():
            await asyncio.wait([self._writing])

    async def _write(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                verdicts = await self._inbox.put([arrival for arrival, _ in batch])
            except Exception as error:  # noqa: BLE001 - nobody else hears of it
                for _, future in batch:
                    if not future.done():
                        future.set_exception(_as_store_error(error))
            except BaseException:
                for _, future in batch:
                    future.cancel()
                raise
            else:
                for (_, future), verdict in zip(batch, verdicts, strict=True):
                    if not future.done():  # its client has gone
                        future.set_result(verdict)
            finally:
                self._bytes -= sum(len(arrival.body) for arrival, _ in batch)

    def _take(self) -> list[tuple[Arrival, asyncio.Future[Verdict]]]:
        batch: list[tuple[Arrival, asyncio.Future[Verdict]]] = []
        size = 0
        while self._waiting and len(batch) < BATCH and (not batch or size < BATCH_BYTES):
            batch.append(self._waiting.popleft())
            size += len(batch[-1][0].body)
        return batch


def _as_store_error(error: Exception) -> StoreError:
    """One error for each waiting caller: they add to it where it happened."""
    if not isinstance(error, InterviewKitError):
        return StoreError(f"storing failed with {type(error).__name__}")
    return StoreError(error.message, hint=error.hint, retryable=error.retryable)
