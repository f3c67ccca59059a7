"""The one loop: a `Call` goes out, is repeated where that is safe, and comes back as its value or as one of our errors."""

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
    MalformedResponseError,
    Outcome,
    RateLimitedError,
    TransportError,
    VendorError,
)
from interviewkit.http.credentials import Credential
from interviewkit.http.limits import PATIENCE, Limiter, Slot
from interviewkit.http.observe import Attempt, AttemptResult, Observer
from interviewkit.http.retry import Failure, RetryPolicy, next_wait, parse_retry_after
from interviewkit.http.wire import Call, Response

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
        request = call.request
        endpoint = self.endpoints[request.endpoint]
        body = request.body
        prepared = None if body is None else body.encode()
        deadline = self.clock() + self.timeout
        attempt = 0
        renewed = False
        while True:
            attempt += 1
            response, error = await self._attempt(call, endpoint, prepared, deadline, attempt)
            if error is None:
                assert response is not None  # noqa: S101
                try:
                    return call.read(response)
                except InterviewKitError as unreadable:
                    raise self._unreadable(call, unreadable, response) from None
            if isinstance(error, AuthenticationError) and not renewed and endpoint.credential.changes:
                renewed = True
                if await self._renew(call, endpoint, error, deadline):
                    attempt -= 1
                    continue
                raise error
            wait = self._wait(call, endpoint, response, error, attempt, deadline)
            if wait is None:
                raise error
            logger.info(
                "%s.%s attempt %d failed (%s), next in %.2f s",
                self.provider, call.operation, attempt, type(error).__name__, wait,
            )  # fmt: skip
            await self.sleep(wait)

    async def _attempt(
        self, call: Call[Any], endpoint: Endpoint, body: bytes | None, deadline: float, number: int
    ) -> tuple[Response | None, InterviewKitError | None]:
        """One request: its answer, and the error it means, if it means one."""
        request = call.request
        slot = endpoint.limiter.take(self.clock())
        if not isinstance(slot, Slot):
            slot, deadline = await self._wait_for_slot(call, endpoint, slot, deadline)
        credential = endpoint.credential
        headers, url = _headers(request.accept, credential.headers, request.body), endpoint.base_url + request.target
        if credential.changes:
            headers = {**headers, **await self._authorise(call, endpoint, slot, deadline)}
        if credential.query:
            url = f"{url}{'&' if request.query else '?'}{credential.query}"
        seen = self._announce(call, endpoint, number) if self.observers else None
        started = self.clock()
        response: Response | None = None
        error: InterviewKitError | None = None
        try:
            if deadline <= started:
                raise DeadlineExceededError("the deadline passed before the request was sent", outcome=Outcome.NOT_SENT)
            response = await self.transport.send(
                request.method, url, headers=headers, body=body, timeout=deadline - started,
                max_bytes=self.max_response_bytes,
            )  # fmt: skip
            endpoint.limiter.done(slot, self.clock())
            if not 200 <= response.status < 300:
                error = self.refuse(call, response)
        except InterviewKitError as failed:
            error = failed
            if failed.outcome is Outcome.NOT_SENT:
                endpoint.limiter.give_back(slot)
            else:
                endpoint.limiter.done(slot, self.clock())
        except BaseException:
            endpoint.limiter.done(slot, self.clock())
            raise
        if error is not None:
            self._complete(call, error, response)
        if seen is not None:
            self._report(seen, started, response, error)
        return response, error

    def _complete(self, call: Call[Any], error: InterviewKitError, response: Response | None) -> None:
        """Say where an error happened and, for a write, what is known of its fate."""
        error.locate(provider=self.provider, operation=call.operation, account=self.account)
        if call.repeatable:
            error.outcome = Outcome.NOT_SENT if error.outcome is Outcome.NOT_SENT else None
        elif error.outcome is None:
            unknown = response is None or response.status >= 500 or response.status in {408, 425} or response.status < 400
            error.outcome = Outcome.UNKNOWN if unknown else Outcome.REFUSED
        if error.outcome is Outcome.UNKNOWN:
            error.retryable = False
            error.hint = error.hint or "it may have happened: look at the vendor's list before you repeat it"

    def _unreadable(
        self, call: Call[Any], error: InterviewKitError, response: Response
    ) -> InterviewKitError:
        error.locate(provider=self.provider, operation=call.operation, account=self.account)
        if not call.repeatable and error.outcome is None:
            error.outcome = Outcome.UNKNOWN if isinstance(error, MalformedResponseError) else Outcome.REFUSED
        if isinstance(error, VendorError):
            error.status = error.status or response.status
            error.request_id = error.request_id or response.headers.get("x-request-id")
        return error

    def _wait(
        self, call: Call[Any], endpoint: Endpoint, response: Response | None, error: InterviewKitError,
        attempt: int, deadline: float,
    ) -> float | None:  # fmt: skip
        """Seconds until the next attempt, or `None` when there is none; a 429 pauses everyone with these credentials."""
        now = self.clock()
        status = None if response is None else response.status
        after = None if response is None else parse_retry_after(response.headers.get("retry-after"))
        if isinstance(error, RateLimitedError):
            if error.outcome is Outcome.NOT_SENT:
                return None
            after = error.retry_after if error.retry_after is not None else after
            error.retry_after = after
            endpoint.limiter.pause(now + (after or 0.0))
        if not (error.retryable or isinstance(error, TransportError)) or isinstance(error, DeadlineExceededError):
            return None
        if isinstance(error, TransportError) and not error.retryable and error.outcome is not Outcome.UNKNOWN:
            return None
        failure = Failure.REFUSED if response is not None else Failure.BROKEN
        if error.outcome is Outcome.NOT_SENT:
            failure = Failure.NOT_CONNECTED
        return next_wait(
            self.retry, failure, attempt=attempt, status=status, repeatable=call.repeatable, retry_after=after,
            remaining=deadline - now, jitter=self.jitter(),
        )  # fmt: skip

    async def _wait_for_slot(
        self, call: Call[Any], endpoint: Endpoint, wait: float, deadline: float
    ) -> tuple[Slot, float]:
        """Wait for the limiter's next slot: within the deadline, or beyond it as long as the caller is patient."""
        patient_until = self.clock() + PATIENCE.get()
        while True:
            now = self.clock()
            if now + wait > max(deadline, patient_until):
                raise RateLimitedError(
                    f"the next request is allowed in {wait:.1f} seconds, after this call's deadline",
                    retry_after=wait, outcome=Outcome.NOT_SENT, provider=self.provider, operation=call.operation,
                    account=self.account, hint="wait, or give the call a longer timeout",
                )  # fmt: skip
            await self.sleep(wait)
            slot = endpoint.limiter.take(self.clock())
            if isinstance(slot, Slot):
                return slot, max(deadline, self.clock() + self.timeout) if patient_until > deadline else deadline
            wait = slot

    async def _authorise(self, call: Call[Any], endpoint: Endpoint, slot: Slot, deadline: float) -> Mapping[str, str]:
        credential = endpoint.credential
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                await credential.refresh()
        except TimeoutError:
            endpoint.limiter.give_back(slot)
            raise DeadlineExceededError(
                "no token within the call's deadline", outcome=Outcome.NOT_SENT, provider=self.provider,
                operation=call.operation, account=self.account,
            ) from None  # fmt: skip
        except BaseException:
            endpoint.limiter.give_back(slot)
            raise
        return credential.headers

    async def _renew(
        self, call: Call[Any], endpoint: Endpoint, error: InterviewKitError, deadline: float
    ) -> bool:
        try:
            async with asyncio.timeout(max(0.0, deadline - self.clock())):
                return await endpoint.credential.renew()
        except TimeoutError:
            return False

    def _announce(self, call: Call[Any], endpoint: Endpoint, number: int) -> Attempt:
        attempt = Attempt(
            provider=self.provider, account=self.account, operation=call.operation, method=call.request.method,
            route=call.request.path.template, host=endpoint.host, number=number,
        )  # fmt: skip
        for observer in self.observers:
            observer.on_request(attempt)
        return attempt

    def _report(
        self, attempt: Attempt, started: float, response: Response | None, error: InterviewKitError | None
    ) -> None:
        result = AttemptResult(
            attempt=attempt, duration=self.clock() - started,
            status=None if response is None else response.status,
            error=None if error is None else type(error).__name__,
            response_bytes=None if response is None else len(response.body),
        )  # fmt: skip
        for observer in self.observers:
            observer.on_response(result)



def _headers(accept: str, credential: Mapping[str, str], body: Any) -> dict[str, str]:
    headers = {"Accept": accept, **credential}
    if body is not None:
        headers["Content-Type"] = body.content_type
    return headers
