"""How RemoteInterview and CodeInterview say no: by status only as far as is known, or by a 200 without "success".

Neither https://www.remoteinterview.io/api nor https://codeinterview.io/api documents an error body (read 2026-11).
"""

from typing import Any, Generic, TypeVar

import attrs

from interviewkit.errors import InterviewKitError, MalformedResponseError, Outcome, VendorError
from interviewkit.http.decode import read_json
from interviewkit.http.refusal import body_of, refusal
from interviewkit.http.wire import Call, Response
from interviewkit.providers.remoteinterview.shapes import Confirmation

T = TypeVar("T")

KEY_HINT = (
    "the API key stands in Remote Interview under Settings (click your name): https://www.remoteinterview.io/api; "
    "give it as the argument api_key, or in REMOTEINTERVIEW_API_KEY"
)
PADS_KEY_HINT = (
    "live pads may need a key of CodeInterview's own (https://codeinterview.io/api): give it as the argument "
    "pads_api_key, or in REMOTEINTERVIEW_PADS_API_KEY"
)
_KEY_HINTS = {"api": KEY_HINT, "pads": PADS_KEY_HINT}
_WORDS = ("message", "msg", "error")


def refuse(call: Call[Any], response: Response) -> InterviewKitError:
    """The error that an answer other than 2xx means."""
    body = body_of(response)
    words = [body[name] for name in _WORDS if isinstance(body.get(name), str)] if isinstance(body, dict) else []
    hint = _KEY_HINTS[call.request.endpoint]
    hints = {401: hint, 403: f"one sees only the tests and pads that one is part of; {hint}"}
    return refusal(call, response, vendor_message=words[0] if words else None, hints=hints, raw=body)


@attrs.frozen
class Confirmed(Generic[T]):
    """Reads a write's answer, which counts only when it says "success".

    Raises `VendorError` with `outcome` `REFUSED` for another word, and `MalformedResponseError` for none.
    """

    shape: type[T]

    def __call__(self, response: Response) -> T:
        said = read_json(response, Confirmation)
        word = said.msg if said.message is None else said.message
        if word is None:
            raise MalformedResponseError(
                "the answer is not what the vendor documents: nothing says whether it was done at $.message",
                paths=("$.message",),
                raw=said.raw,
                hint="it may have happened: look at the vendor's list before you repeat it",
            )
        if word.casefold() != "success":
            raise VendorError(
                "the vendor answered, but not with success",
                vendor_message=word,
                raw=said.raw,
                outcome=Outcome.REFUSED,
                hint="the vendor's words are in the error's .vendor_message",
            )
        try:
            return _identified(read_json(response, self.shape), said)
        except MalformedResponseError as error:
            error.outcome = Outcome.APPLIED
            raise


def _identified(made: T, said: Confirmation) -> T:
    if getattr(made, "id", None) == "":
        raise MalformedResponseError(
            "the answer is not what the vendor documents: no id at $.id", paths=("$.id",), raw=said.raw
        )
    return made


def at_host(error: InterviewKitError, host: str) -> InterviewKitError:
    """The same error, its text naming the host that failed: never a URL, which holds the key."""
    return _reworded(error, f"{error.message}, at {host}")


def also_at(error: InterviewKitError, host: str) -> InterviewKitError:
    """The same error, its text saying that another host failed as well."""
    return _reworded(error, f"{error.message}; {host} failed too")


def _reworded(error: InterviewKitError, text: str) -> InterviewKitError:
    error.message = text
    error.args = (text,)
    return error
