"""The one loop: a `Call` goes out, is repeated where that is safe, and comes back as its value or one of our errors."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import attrs

from interviewkit.errors import (
    AuthenticationError,
    DeadlineExceededError,
    InterviewKitError,
    Outcome,
    RateLimitedError,
    VendorError,
)
from interviewkit.http.credentials import Credential
from interviewkit.http.limits import PATIENCE, RIGHT, UNTIL, Limiter, Slot
from interviewkit.http.observe import Attempt, AttemptResult, Observer, announce, tell
from interviewkit.http.retry import LONGEST_PAUSE, Failure, RetryPolicy, next_wait, parse_retry_after
from interviewkit.http.wire import Body, Call, Response

T = TypeVar("T")
logger = logging.getLogger("interviewkit.http")


class Sender(Protocol):
    """What the runner needs of a transport; tests hand in scripted ones."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, max_bytes: int
    ) -> Response: ...


Refuse = Callable[[Call[Any], Response], InterviewKitError]
"""A vendor's own reading of an answer that is not 2xx."""


@attrs.frozen(eq=False)
class Endpoint:
    """One host of a vendor: where it is, who calls, and how often that is allowed."""

    base_url: str
    credential: Credential
    limiter: Limiter

    @property
    def host(self) -> str:
        """The host and port, for observers."""
        return self.base_url.partition("://")[2].partition("/")[0]


class _Flight:
    """What one call has come to so far."""

    __slots__ = ("body", "call", "deadline", "endpoint", "number", "renewals", "result", "target", "used")

    def __init__(self, call: Call[Any], endpoint: Endpoint, deadline: float) -> None:
        request = call.request
        self.call = call
        self.endpoint = endpoint
        self.target = request.target
        self.body = None if request.body is None else request.body.encode()
        self.deadline = deadline
        self.number = 0
        self.renewals = 0
        self.used: Mapping[str, str] = {}
        """The credential's headers of the last attempt."""
        self.result: AttemptResult | None = None
        """What observers have not been told yet."""


@attrs.frozen(eq=False, kw_only=True)
class Runner:
    """Sends calls for one set of credentials. It holds no connection of its own: that is the transport's."""

    provider: str
    account: str
    transport: Sender
    endpoints: Mapping[str, Endpoint]
    refuse: Refuse
    timeout: float = 30.0
    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    max_response_bytes: int = 64 * 1024 * 1024
    observers: Sequence[Observer] = ()
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random

    async def send(self, call: Call[T]) -> T:
        """Send a call and read its answer, within `timeout` seconds over all attempts, pauses and reading.

        Raises `VendorError`, `TransportError`, `DeadlineExceededError`, `RateLimitedError` or `MalformedResponseError`;
        a write's error says what is known of its fate in `outcome`.
        """
        try:
            flight = _Flight(call, self.endpoints[call.request.endpoint], self._deadline())
        except InterviewKitError as unwritable:
            raise self._located(call, unwritable) from None
        while True:
            flight.number += 1
            response, error = await self._attempt(flight)
            if error is None and response is not None:
                if flight.result is not None:
                    tell(self.observers, flight.result)
                return self._read(call, response)
            assert error is not None  # noqa: S101
            wait: float | None = None
            try:
                wait = await self._next(flight, response, error)
            finally:
                if flight.result is not None:
                    tell(self.observers, attrs.evolve(flight.result, retry_in=wait))
            if wait is None:
                raise error
            logger.info(
                "%s.%s attempt %d failed (%s), next in %.2f s",
                self.provider, call.operation, flight.number, type(error).__name__, wait,
            )  # fmt: skip
            if wait:
                await self.sleep(wait)
            if isinstance(error, RateLimitedError) and PATIENCE.get():
                flight.deadline = max(flight.deadline, self._deadline())

    def _deadline(self) -> float:
        """When a call that begins now, or whose turn comes now, has to be over."""
        return min(self.clock() + self.timeout, UNTIL.get())

    async def _attempt(self, flight: _Flight) -> tuple[Response | None, InterviewKitError | None]:
        """One request: its answer, and the error that it means, if it means one."""
        call, endpoint = flight.call, flight.endpoint
        request, credential, limiter = call.request, endpoint.credential, endpoint.limiter
        waited = 0.0
        slot = limiter.take(self.clock())
        if not isinstance(slot, Slot):
            slot, waited = await self._wait_for_slot(flight, slot)
        if credential.changes:
            await self._authorise(flight, slot)
        flight.used = credential.headers
        headers = _headers(request.accept, flight.used, request.body)
        url = endpoint.base_url + flight.target
        if credential.query:
            url = f"{url}{'&' if request.query else '?'}{credential.query}"
        started = self._start(flight, slot)
        told: Attempt | None = None
        response: Response | None = None
        error: InterviewKitError | None = None
        left = False
        try:
            if self.observers:
                told = self._attempt_of(flight, waited)
                announce(self.observers, told)
            left = True
            response = await self.transport.send(
                request.method, url, headers=headers, body=flight.body, timeout=flight.deadline - started,
                max_bytes=self.max_response_bytes,
            )  # fmt: skip
            if not 200 <= response.status < 300:
                error = self.refuse(call, response)
        except InterviewKitError as failed:
            error = failed
            left = failed.outcome is not Outcome.NOT_SENT
        except BaseException as lost:
            if told is not None and left:
                tell(self.observers, self._result_of(told, started, response, lost))
            raise
        finally:
            if left:
                limiter.done(slot, self.clock())
            else:
                limiter.give_back(slot)
        if error is not None:
            self._complete(call, error, response)
        flight.result = None if told is None else self._result_of(told, started, response, error)
        return response, error

    def _start(self, flight: _Flight, slot: Slot) -> float:
        """The time, unless the deadline passed, or the right to send was lost, while the request was got ready."""
        now = self.clock()
        if flight.deadline <= now:
            flight.endpoint.limiter.give_back(slot)
            late = DeadlineExceededError("the deadline passed before the request was sent", outcome=Outcome.NOT_SENT)
            raise self._located(flight.call, late)
        check = RIGHT.get()
        if check is not None:
            try:
                check()
            except InterviewKitError as error:
                flight.endpoint.limiter.give_back(slot)
                error.outcome = Outcome.NOT_SENT
                raise self._located(flight.call, error) from None
        return now

    def _read(self, call: Call[T], response: Response) -> T:
        try:
            return call.read(response)
        except InterviewKitError as unreadable:
            raise self._unreadable(call, unreadable, response) from None

    async def _next(self, flight: _Flight, response: Response | None, error: InterviewKitError) -> float | None:
        """Seconds until the next attempt, or `None` when there is none. A 401 asks for a fresh token, once."""
        if isinstance(error, AuthenticationError) and flight.endpoint.credential.changes and not flight.renewals:
            flight.renewals = 1
            return 0.0 if await self._renew(flight) else None
        return self._wait(flight, response, error)

    def _located(self, call: Call[Any], error: InterviewKitError) -> InterviewKitError:
        return error.locate(provider=self.provider, operation=call.operation, account=self.account)

    def _complete(self, call: Call[Any], error: InterviewKitError, response: Response | None) -> None:
        """Say where an error happened and, for a write, what is known of its fate."""
        self._located(call, error)
        if call.repeatable:
            error.outcome = Outcome.NOT_SENT if error.outcome is Outcome.NOT_SENT else None
        elif error.outcome is None:
            unknown = (
                response is None or response.status >= 500 or response.status in {408, 425} or response.status < 400
            )
            error.outcome = Outcome.UNKNOWN if unknown else Outcome.REFUSED
        if error.outcome is Outcome.UNKNOWN:
            _warn_of_repeating(error)

    def _unreadable(self, call: Call[Any], error: InterviewKitError, response: Response) -> InterviewKitError:
        self._located(call, error)
        if error.outcome is Outcome.NOT_SENT:  # an answer came, so something was
            error.outcome = None
        if not call.repeatable and error.outcome is None:
            error.outcome = Outcome.REFUSED if isinstance(error, VendorError) else Outcome.UNKNOWN
        if error.outcome is Outcome.UNKNOWN:
            _warn_of_repeating(error)
        if isinstance(error, VendorError):
            error.status = error.status or response.status
            error.request_id = error.request_id or response.headers.get("x-request-id")
        return error

    def _wait(self, flight: _Flight, response: Response | None, error: InterviewKitError) -> float | None:
        """What the policy says; a 429 pauses everyone with these credentials."""
        now = self.clock()
        remaining = flight.deadline - now
        after = None if response is None else parse_retry_after(response.headers.get("retry-after"))
        if isinstance(error, RateLimitedError):
            after = error.retry_after = after if error.retry_after is None else error.retry_after
            after = None if after is None else min(after, LONGEST_PAUSE)
            flight.endpoint.limiter.pause(now + (after or 0.0))
            remaining = max(remaining, min(PATIENCE.get(), UNTIL.get() - now))
        if isinstance(error, DeadlineExceededError) or not error.retryable:
            return None
        failure = Failure.REFUSED if response is not None else Failure.BROKEN
        if error.outcome is Outcome.NOT_SENT:
            failure = Failure.NOT_CONNECTED
        return next_wait(
            self.retry, failure, attempt=flight.number - flight.renewals,
            status=None if response is None else response.status, repeatable=flight.call.repeatable,
            retry_after=after, remaining=remaining, jitter=self.jitter(),
        )  # fmt: skip

    async def _wait_for_slot(self, flight: _Flight, wait: float) -> tuple[Slot, float]:
        """Wait for the limiter's next slot: within the deadline, or beyond it as long as the caller is patient.

        Returns the slot and the seconds that it took.
        """
        asked = self.clock()
        patient_until = min(asked + PATIENCE.get(), UNTIL.get())
        while True:
            now = self.clock()
            if now + wait > max(flight.deadline, patient_until):
                late = RateLimitedError(
                    f"the next request is allowed in {wait:.1f} seconds, after this call's deadline",
                    retry_after=wait, outcome=Outcome.NOT_SENT, hint="wait, or give the call a longer timeout",
                )  # fmt: skip
                raise self._located(flight.call, late)
            await self.sleep(wait)
            slot = flight.endpoint.limiter.take(self.clock())
            if isinstance(slot, Slot):
                if PATIENCE.get():
                    flight.deadline = max(flight.deadline, self._deadline())
                return slot, self.clock() - asked
            wait = slot

    async def _authorise(self, flight: _Flight, slot: Slot) -> None:
        """Bring a credential that changes up to date; without it the request is not sent."""
        limiter = flight.endpoint.limiter
        try:
            async with asyncio.timeout(max(0.0, flight.deadline - self.clock())) as limit:
                await flight.endpoint.credential.refresh()
        except InterviewKitError as error:
            limiter.give_back(slot)
            error.outcome = Outcome.NOT_SENT
            raise self._located(flight.call, error) from None
        except BaseException as error:
            limiter.give_back(slot)
            if not (isinstance(error, TimeoutError) and limit.expired()):
                raise
        else:
            return
        raise self._located(flight.call, DeadlineExceededError("no token in time", outcome=Outcome.NOT_SENT))

    async def _renew(self, flight: _Flight) -> bool:
        """After a 401: whether there is a fresh secret in time."""
        try:
            async with asyncio.timeout(max(0.0, flight.deadline - self.clock())) as limit:
                return await flight.endpoint.credential.renew(flight.used)
        except InterviewKitError as error:
            error.outcome = None if flight.call.repeatable else Outcome.REFUSED
            raise self._located(flight.call, error) from None
        except TimeoutError:
            if not limit.expired():
                raise
            return False

    def _attempt_of(self, flight: _Flight, waited: float) -> Attempt:
        request = flight.call.request
        return Attempt(
            provider=self.provider, account=self.account, operation=flight.call.operation, method=request.method,
            route=request.path.template, host=flight.endpoint.host, number=flight.number, waited=waited,
        )  # fmt: skip

    def _result_of(
        self, attempt: Attempt, started: float, response: Response | None, error: BaseException | None
    ) -> AttemptResult:
        return AttemptResult(
            attempt=attempt, duration=self.clock() - started,
            status=None if response is None else response.status,
            error=None if error is None else type(error).__name__,
            response_bytes=None if response is None else len(response.body),
        )  # fmt: skip


def _warn_of_repeating(error: InterviewKitError) -> None:
    error.retryable = False
    if error.hint == error.default_hint:
        error.hint = "it may have happened: look at the vendor's list before you repeat it"


def _headers(accept: str, credential: Mapping[str, str], body: Body | None) -> dict[str, str]:
    headers = {"Accept": accept, **credential}
    if body is not None:
        headers["Content-Type"] = body.content_type
    return headers
