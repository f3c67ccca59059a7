"""Watching calls: what observers are told, and nothing that identifies a person or opens a door."""

from __future__ import annotations

from collections.abc import Sequence

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
    """1 for the first request of a call; every one that is sent counts."""
    waited: float = 0.0
    """Seconds that the rate limiter held it back."""


@attrs.frozen(kw_only=True)
class AttemptResult:
    """How that attempt ended."""

    attempt: Attempt
    duration: float
    """Seconds."""
    status: int | None = None
    error: str | None = None
    """The class name of the error that it ended in, `CancelledError` too; `None`: it went well."""
    response_bytes: int | None = None
    retry_in: float | None = None
    """Seconds until the next request of the same call, `None`: this was the last."""


class Observer:
    """Subclass and override what you want to hear; hand it to a provider as `observers=[...]`.

    The methods are called in the task that makes the call and should return quickly; what they raise reaches the
    caller.
    """

    def on_request(self, attempt: Attempt) -> None:
        """An attempt is about to be sent."""

    def on_response(self, result: AttemptResult) -> None:
        """An attempt ended, with an answer or without."""


def announce(observers: Sequence[Observer], attempt: Attempt) -> None:
    """Tell every observer of a request; when one of them objects, those told before hear that nothing came of it."""
    told: list[Observer] = []
    try:
        for observer in observers:
            observer.on_request(attempt)
            told.append(observer)
    except BaseException as objection:
        tell(told, AttemptResult(attempt=attempt, duration=0.0, error=type(objection).__name__))
        raise


def tell(observers: Sequence[Observer], result: AttemptResult) -> None:
    """Tell every observer how a request ended; the first objection is raised when all have heard."""
    objection: BaseException | None = None
    for observer in observers:
        try:
            observer.on_response(result)
        except BaseException as raised:  # noqa: BLE001
            objection = objection or raised
    if objection is not None:
        raise objection
