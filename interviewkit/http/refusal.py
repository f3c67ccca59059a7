"""A vendor's refusal by its HTTP status: what every vendor's `problems` module starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interviewkit.errors import (
    AuthenticationError,
    ConflictError,
    InterviewKitError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitedError,
    TransportError,
    VendorError,
    VendorUnavailableError,
)
from interviewkit.http.decode import plain
from interviewkit.http.retry import parse_retry_after
from interviewkit.http.wire import Call, Response

BY_STATUS: Mapping[int, tuple[type[VendorError], str]] = {
    401: (AuthenticationError, "the vendor does not accept the credentials"),
    403: (PermissionDeniedError, "the credentials may not do this"),
    404: (NotFoundError, "there is no such {subject}, or these credentials may not see it"),
    409: (ConflictError, "the vendor says that this conflicts with what is there"),
    429: (RateLimitedError, "the vendor asks for a pause: too many requests"),
}

_LATE = frozenset({408, 425})
"""The vendor waited too long for the request, or got it too early: the same request may pass later."""


def body_of(response: Response) -> Any:
    """The decoded body of an error answer, or `None` where it is not JSON (a proxy's HTML page, nothing at all)."""
    try:
        return plain(response.body)
    except MalformedResponseError:
        return None


def refusal(
    call: Call[Any],
    response: Response,
    *,
    vendor_message: str | None = None,
    code: str | None = None,
    hints: Mapping[int, str] | None = None,
    raw: Any = None,
) -> InterviewKitError:
    """The error that a status means. `hints` is what to do next, by status; the vendor's words stay out of the text."""
    status = response.status
    if 300 <= status < 400:
        return TransportError(
            f"the vendor answered with a redirect ({status}), which is never followed",
            retryable=False,
            hint="check base_url",
        )
    kind, text = _meaning(status)
    details: dict[str, Any] = {
        "status": status,
        "code": code,
        "vendor_message": vendor_message,
        "request_id": response.headers.get("x-request-id"),
        "raw": raw,
        "hint": (hints or {}).get(status),
    }
    if status in _LATE:
        details["retryable"] = True
    if kind is RateLimitedError:
        details["retry_after"] = parse_retry_after(response.headers.get("retry-after"))
    return kind(f"{text.format(subject=call.subject or 'resource')} (HTTP {status})", **details)


def kind_of(status: int) -> type[VendorError]:
    """The class of error that a status means."""
    return _meaning(status)[0]


def _meaning(status: int) -> tuple[type[VendorError], str]:
    if status in BY_STATUS:
        return BY_STATUS[status]
    if status >= 500:
        return VendorUnavailableError, "the vendor's side failed"
    return InvalidRequestError, "the vendor calls the request wrong"
