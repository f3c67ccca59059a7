"""Watching calls: what observers are told, and nothing that identifies a person or opens a door."""

from __future__ import annotations

import attrs


@attrs.frozen(kw_only=True)
class Attempt:
    """One HTTP request that is about to be sent. `route` is the path's template: ids never stand in it."""

    provider: str
    account: str
    operation: str
    method: str
    route: str
    host: str
    number: int
    """1 for the first attempt of a call."""


@attrs.frozen(kw_only=True)
class AttemptResult:
    """How that attempt ended."""

    attempt: Attempt
    duration: float
    """Seconds."""
    status: int | None = None
    error: str | None = None
    """The class name of the error when no whole answer came."""
    response_bytes: int | None = None
    retry_in: float | None = None
    """Seconds until the next attempt, `None`: this was the last."""


class Observer:
    """Subclass and override what you want to hear; hand it to a provider as `observers=[...]`.

    The methods are called in the task that makes the call and should return quickly; what they raise reaches the
    caller.
    """

    def on_request(self, attempt: Attempt) -> None:
        """An attempt is about to be sent."""

    def on_response(self, result: AttemptResult) -> None:
        """An attempt ended, with an answer or without."""
