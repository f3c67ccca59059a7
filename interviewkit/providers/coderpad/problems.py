"""What CoderPad says when it refuses, and the envelope around what it grants.

Sources, read 2026-11: the tables of errors at https://coderpad.io/api and https://api.interview.coderpad.io.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from interviewkit.errors import (
    AuthenticationError,
    InterviewKitError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    QuotaExceededError,
    VendorError,
)
from interviewkit.http.decode import read_json
from interviewkit.http.refusal import body_of, refusal
from interviewkit.http.wire import Call, Json, Response

KEY_HINT = "copy the API key from https://app.coderpad.io/settings: it is one person's, and ends with that account"
NO_KEY_HINT = f"{KEY_HINT}; give it as api_key=, or in the environment as CODERPAD_API_KEY"
QUOTA_HINT = "see get_quota() for the numbers; the allowance comes back with the next billing cycle"

HINTS: Mapping[int, str] = {
    400: "the vendor's words are in the error's .vendor_message",
    401: KEY_HINT,
    403: "some calls and fields are for organization owners only",
    404: "a private pad looks missing to a key without rights to it",
}

LANGUAGE_HINT = f"{HINTS[400]}; an unknown language is the usual cause"

CREATES_PADS = frozenset({"create_pad"})
"""Here 429 means that the plan's pads are used up; for other calls no page says anything, and it is throttling."""

_SAID: Mapping[str, tuple[type[VendorError], str, str | None]] = {
    "bad request": (InvalidRequestError, "the vendor calls the request wrong", HINTS[400]),
    "invalid api key": (AuthenticationError, "the vendor does not accept the credentials", KEY_HINT),
    "forbidden": (PermissionDeniedError, "the credentials may not do this", HINTS[403]),
    "resource not found": (NotFoundError, "there is no such resource, or these credentials may not see it", HINTS[404]),
    "over quota": (QuotaExceededError, "the plan's pads are used up", QUOTA_HINT),
}
"""The documented messages, for a refusal that comes with HTTP 200."""


class Envelope(msgspec.Struct):
    """What stands around or beside the fields of an answer. Rows stay bytes, to be read one by one."""

    status: Any = None
    message: Any = None
    code: Any = None
    next_page: Any = None
    total: Any = None
    pads: list[msgspec.Raw] | None = None
    questions: list[msgspec.Raw] | None = None
    events: list[msgspec.Raw] | None = None
    users: list[msgspec.Raw] | None = None
    variants: list[msgspec.Raw] | None = None


class _Head(msgspec.Struct):
    status: Any = None
    message: Any = None
    code: Any = None


def refuse(call: Call[Any], response: Response) -> InterviewKitError:
    """The error that an answer which is not 2xx means."""
    body = body_of(response)
    message, code = (_text(body.get(name)) for name in ("message", "code")) if isinstance(body, dict) else (None, None)
    if response.status == 429 and call.operation in CREATES_PADS:
        return QuotaExceededError(
            "the plan's pads are used up (HTTP 429)",
            status=429, code=code, vendor_message=message, request_id=response.headers.get("x-request-id"), raw=body,
            outcome=Outcome.REFUSED, hint=QUOTA_HINT,
        )  # fmt: skip
    hints = {**HINTS, 400: LANGUAGE_HINT} if response.status == 400 and _tells_a_language(call) else HINTS
    return refusal(call, response, vendor_message=message, code=code, hints=hints, raw=body)


def _tells_a_language(call: Call[Any]) -> bool:
    body = call.request.body
    names: list[Any] = [name for name, _value in (*call.request.query, *getattr(body, "fields", ()))]
    if isinstance(body, Json) and isinstance(body.value, dict):
        names += [*body.value, *(body.value["pad"] if isinstance(body.value.get("pad"), dict) else ())]
    return not {"language", "question[language]"}.isdisjoint(names)


def check(response: Response) -> None:
    """Raise for an HTTP 200 whose body says that it is an error: as `VendorError`, or by its documented message."""
    check_head(read_json(response, _Head), response)


def check_head(head: Envelope | _Head, response: Response) -> None:
    """See `check`, for a body that is already read."""
    status = head.status
    if not isinstance(status, str) or status.upper() == "OK":
        return
    message = _text(head.message)
    said = (message or "").strip().rstrip(".!").lower()
    kind, text, hint = _SAID.get(said, (VendorError, "the vendor refused", None))
    raise kind(
        f"{text} (HTTP {response.status} with an error in its body)",
        status=response.status, code=_text(head.code), vendor_message=message,
        request_id=response.headers.get("x-request-id"), raw=body_of(response),
        hint=hint or "the vendor's words are in the error's .vendor_message",
    )  # fmt: skip


def cursor_of(next_page: Any) -> str | None:
    """What `next_page` says, as a page's cursor: `page=2` or `cursor=…`.

    Its host and path are not used: the documents show paths that do not exist, and a key must not follow a link.
    """
    if not next_page:
        return None
    try:
        query = dict(parse_qsl(urlsplit(next_page).query)) if isinstance(next_page, str) else {}
    except ValueError:
        query = {}
    for name in ("cursor", "page"):
        if name in query:
            return f"{name}={query[name]}"
    raise MalformedResponseError(
        "the answer is not what the vendor documents: no page and no cursor at $.next_page",
        paths=("$.next_page",),
        raw=next_page,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None if value is None else str(value)
