"""Codility's refusals: its error bodies and what to do next, and answers that are not what they should be."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import attrs

from interviewkit.errors import ConflictError, InterviewKitError, MalformedResponseError
from interviewkit.http.decode import read_json
from interviewkit.http.refusal import body_of, refusal
from interviewkit.http.wire import Call, Response
from interviewkit.providers.codility.shapes import Result

T = TypeVar("T")

WHERE_TO_GET_A_TOKEN = (
    "create a token under My Account > Settings > Integrations, see "
    "https://support.codility.com/hc/en-us/articles/360043824513-Using-Codility-s-API"
)

_HINTS = {
    401: f"{WHERE_TO_GET_A_TOKEN}; a token that begins with 'eu.' needs base_url='https://app-eu.codility.com'",
    403: "ask Codility whether API access is enabled for the account",
    429: "Codility allows 500 requests per user and hour: https://codility.com/api-documentation/",
}

_NO_LONGER_CANCELLED = "cancel_session"
"""The operation whose 400 means: the session is evaluating or closed (the vendor's page, "Cancel sessions")."""


def refuse(call: Call[Any], response: Response) -> InterviewKitError:
    """The error that an answer other than 2xx means."""
    body = body_of(response)
    message = vendor_message(body)
    if response.status == 400 and call.operation == _NO_LONGER_CANCELLED:
        return ConflictError(
            "the session is being evaluated or is closed: it can no longer be cancelled (HTTP 400)",
            status=400, vendor_message=message, request_id=response.headers.get("x-request-id"), raw=body,
            hint="read the session: its result may be there",
        )  # fmt: skip
    return refusal(call, response, vendor_message=message, hints=_HINTS, raw=body)


def vendor_message(body: Any, *, depth: int = 5) -> str | None:
    """The vendor's words in an error body: `{"detail": "…"}`, `{"field": ["…"]}`, a list, or bare text.

    The vendor documents no error body; these are the forms of the framework that its API shows.
    """
    if depth == 0:
        return None
    if isinstance(body, dict):
        if isinstance(body.get("detail"), str):
            return str(body["detail"])
        said = [(name, vendor_message(value, depth=depth - 1)) for name, value in body.items()]
        return "; ".join(f"{name}: {text}" for name, text in said if text) or None
    if isinstance(body, list):
        return "; ".join(filter(None, (vendor_message(value, depth=depth - 1) for value in body))) or None
    return body or None if isinstance(body, str) else None


# --- answers that say yes, but not what is documented ----------------------------------------------------------------


@attrs.frozen
class Known(Generic[T]):
    """Reads an answer that is one object. Raises `MalformedResponseError` for one with no field that is documented."""

    shape: type[T]

    def __call__(self, response: Response) -> T:
        found = read_json(response, self.shape)
        if found == self.shape():
            raise MalformedResponseError(
                "the answer is not what the vendor documents: none of its fields at $", paths=("$",),
                raw=getattr(found, "raw", None),
            )  # fmt: skip
        return found


def done(response: Response) -> Result:
    """Reads `{"result": "OK"}`. Raises `MalformedResponseError` for anything else: nothing says that it is done."""
    found = read_json(response, Result)
    if found.result.casefold() != "ok":
        raise MalformedResponseError(
            "the answer is not what the vendor documents: another word than OK at $.result",
            paths=("$.result",), raw=found.raw,
        )  # fmt: skip
    return found


def pdf(response: Response) -> bytes:
    """Reads a PDF. Raises `MalformedResponseError` for anything else, such as a login page."""
    if b"%PDF-" not in response.body[:1024]:
        raise MalformedResponseError(
            "the answer is not what the vendor documents: no PDF", paths=("$",), raw=response.body,
        )  # fmt: skip
    return response.body
