"""Answers from a script instead of a network: hand `Scripted` to a provider as `transport=`."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any

import attrs

from interviewkit.errors import ConfigurationError, Outcome, TransportError
from interviewkit.http.wire import Response
from interviewkit.model import mask_url


@attrs.frozen(kw_only=True)
class Sent:
    """A request as it would have gone out."""

    method: str
    url: str = attrs.field(repr=mask_url)
    headers: Mapping[str, str] = attrs.field(repr=lambda value: str(sorted(value)))
    body: bytes | None = attrs.field(default=None, repr=False)
    timeout: float = 0.0


Answer = Response | Exception | Callable[[Sent], Response]


def answer(value: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer whose body is `value` as JSON; bytes are taken as they are."""
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Response(status, {"content-type": "application/json", **(headers or {})}, body)


class Scripted:
    """Gives one scripted answer a request, in order; exceptions are raised. `sent` keeps what was asked.

    `Scripted(answers)` or `Scripted(respond=function)`, where the function gets each `Sent`.
    """

    def __init__(self, answers: Iterable[Answer] = (), *, respond: Callable[[Sent], Response] | None = None) -> None:
        self.sent: list[Sent] = []
        self.closed = False
        self._answers = deque(answers)
        self._respond = respond

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, timeout: float, max_bytes: int
    ) -> Response:
        """Take a request and give the next answer. Raises `ConfigurationError` once it was closed."""
        if self.closed:
            raise ConfigurationError("the provider is closed", outcome=Outcome.NOT_SENT)
        sent = Sent(method=method, url=url, headers=headers, body=body, timeout=timeout)
        self.sent.append(sent)
        return self._next(sent)

    @contextlib.asynccontextmanager
    async def stream(
        self, url: str, *, headers: Mapping[str, str], timeout: float, max_bytes: int
    ) -> AsyncIterator[tuple[int, Mapping[str, str], AsyncIterator[bytes]]]:
        """Take a download and give the next answer in one piece."""
        sent = Sent(method="GET", url=url, headers=headers, timeout=timeout)
        self.sent.append(sent)
        found = self._next(sent)

        async def pieces() -> AsyncIterator[bytes]:
            yield found.body

        yield found.status, found.headers, pieces()

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _next(self, sent: Sent) -> Response:
        if self._respond is not None:
            return self._respond(sent)
        if not self._answers:
            raise TransportError("the script has no answer left for this request", retryable=False)
        found = self._answers.popleft()
        if isinstance(found, Exception):
            raise found
        return found(sent) if callable(found) else found
