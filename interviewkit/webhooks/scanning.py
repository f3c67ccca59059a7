"""Looking for a session in the vendor's own lists, where a delivery tells no more than an id that needs a parent."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import InterviewKitError, MalformedResponseError, NotFoundError, PermissionDeniedError
from interviewkit.model import SessionRef
from interviewkit.provider import InterviewProvider

_WINDOW = 3600.0
_LAG = 60.0
"""Seconds by which a vendor's lists may be behind, and the least time between the beginnings of two scans."""
_LONGEST_WAIT = 120.0
"""Seconds for one list: the account's limiter may be used up."""
_REMEMBERED = 100_000


class NotYetError(Exception):
    """It is too early to tell: ask again in so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"ask again in {seconds:.0f} s")
        self.seconds = seconds


class Scanner:
    """The sessions of one account by their ids, as its lists show them.

    Lists are read one test after the other, at most `max_requests` requests in an hour: an id that is made up costs
    no more than that, however many of them come. What was read is remembered.
    """

    def __init__(
        self, provider: InterviewProvider, *, max_requests: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._provider = provider
        self._max_requests = max_requests
        self._clock = clock
        self._spent: deque[float] = deque()
        self._seen: OrderedDict[str, set[SessionRef]] = OrderedDict()
        self._turn = asyncio.Lock()
        self._left: deque[str] = deque()
        """Tests that the scan under way has yet to read."""
        self._is_under_way = False
        self._began = float("-inf")
        self._last = float("-inf")
        """When the last scan that is complete began."""
        self._gap: InterviewKitError | None = None
        """Why a part of the last scan could not be read: who is not seen may be there."""

    async def find(self, session_id: str, *, age: float) -> frozenset[SessionRef]:
        """The references with this id, which was first heard of `age` seconds ago; none when there is certainly none.

        Raises `NotYetError`, and what the provider raises: also for a part of the lists that could not be read.
        """
        certain_from = self._clock() - age + _LAG
        async with self._turn:
            while True:
                known = self._seen.get(session_id)
                if known is not None:
                    return frozenset(known)
                if self._last >= certain_from and self._gap is not None:
                    raise self._gap
                if self._last >= certain_from or not self._can_list():
                    return frozenset()
                await self._go_on(session_id)

    def _can_list(self) -> bool:
        wanted = (Feature.LIST_ASSESSMENTS, Feature.LIST_SESSIONS)
        return all(self._provider.capabilities[one].support is not Support.UNSUPPORTED for one in wanted)

    async def _go_on(self, session_id: str) -> None:
        """Read on until the id is seen or the scan is complete."""
        if not self._is_under_way:
            await self._begin()
        while self._left:
            await self._read(self._left[0])
            self._left.popleft()
            if session_id in self._seen:
                return
        self._is_under_way, self._last = False, self._began

    async def _begin(self) -> None:
        pause = self._began + _LAG - self._clock()
        if pause > 0:
            raise NotYetError(pause)
        self._spend()
        began = self._clock()
        async with asyncio.timeout(_LONGEST_WAIT):
            tests = await self._provider.list_assessments(include_archived=True).collect()
        self._left, self._began, self._is_under_way, self._gap = deque(one.id for one in tests), began, True, None

    async def _read(self, test: str) -> None:
        self._spend()
        is_first = True
        try:
            async with asyncio.timeout(_LONGEST_WAIT):
                async for page in self._provider.list_sessions(assessment_id=test).pages():
                    if not is_first:
                        self._spend()
                    is_first = False
                    for session in page.items:
                        self._remember(session.ref)
                    for problem in page.problems:
                        self._gap = problem.error
        except NotFoundError:  # deleted meanwhile
            return
        except (MalformedResponseError, PermissionDeniedError) as error:  # the same the next time: go on behind it
            self._gap = error

    def _remember(self, ref: SessionRef) -> None:
        self._seen.setdefault(ref.id, set()).add(ref)
        self._seen.move_to_end(ref.id)
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def _spend(self) -> None:
        """Count a request. Raises `NotYetError` when the hour's are used up."""
        now = self._clock()
        while self._spent and self._spent[0] <= now - _WINDOW:
            self._spent.popleft()
        if len(self._spent) >= self._max_requests:
            raise NotYetError(self._spent[0] + _WINDOW - now)
        self._spent.append(now)
