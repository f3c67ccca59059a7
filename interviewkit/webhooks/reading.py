"""From a request to an arrival: its body within limits, its event, whose it is, and what may be kept of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterable, Sequence
from typing import Any

from interviewkit import deliveries
from interviewkit.errors import BadEventError, InterviewKitError, InvalidArgumentError, SignatureError
from interviewkit.model import WebhookEvent
from interviewkit.provider import InterviewProvider
from interviewkit.webhooks.answers import Verdict
from interviewkit.webhooks.parsing import parse
from interviewkit.webhooks.paths import Door
from interviewkit.webhooks.rows import Arrival, EventState

Pairs = Sequence[tuple[str, str]]
_DIGITS = frozenset("0123456789")


class TurnedAwayError(Exception):
    """Why a delivery is not taken; it holds nothing of it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.value)
        self.verdict = verdict


class CutShortError(Exception):
    """Raised by a body that came to no end: the client has gone, or was too slow."""


def pairs_of(headers: Any) -> Pairs:
    """Names in lower case with their values, in the order in which they came; what is no header is left out."""
    found = []
    try:
        for name, value in headers.items() if hasattr(headers, "items") else headers:
            word = name.decode("latin-1") if isinstance(name, bytes) else name
            text = value.decode("latin-1") if isinstance(value, bytes) else value
            if isinstance(word, str) and isinstance(text, str):
                found.append((word.lower() if word.isascii() else word, text))
    except (TypeError, ValueError, AttributeError):
        raise InvalidArgumentError("headers are a mapping or pairs, of text or bytes") from None
    return found


async def read_body(headers: Pairs, body: AsyncIterable[bytes] | bytes, *, most: int) -> bytes:
    """The whole body. Raises `TurnedAwayError`, for one that is too large as soon as that is known."""
    codings = ",".join(value for name, value in headers if name == "content-encoding")
    if any(coding.strip().lower() not in {"", "identity"} for coding in codings.split(",")):
        raise TurnedAwayError(Verdict.COMPRESSED)
    lengths = [value.strip() for name, value in headers if name == "content-length"]
    if any(_is_more(length, most) for length in lengths):
        raise TurnedAwayError(Verdict.TOO_LARGE)
    if isinstance(body, bytes):
        if len(body) > most:
            raise TurnedAwayError(Verdict.TOO_LARGE)
        return body
    if not isinstance(body, AsyncIterable):
        raise InvalidArgumentError(f"body is bytes or an async iterable of bytes, not {type(body).__name__}")
    pieces, size = [], 0
    try:
        async for piece in body:
            size += len(piece)
            if size > most:
                raise TurnedAwayError(Verdict.TOO_LARGE)
            pieces.append(piece)
    except CutShortError:
        raise TurnedAwayError(Verdict.CUT_SHORT) from None
    return b"".join(pieces)


def _is_more(length: str, most: int) -> bool:
    """Whether a Content-Length is beyond the limit; one that is no number is the web server's matter."""
    return bool(length) and _DIGITS.issuperset(length) and (len(length) > 18 or int(length) > most)


def arrival_of(
    provider: InterviewProvider, door: Door, headers: Pairs, body: bytes, *, tokens: Sequence[str]
) -> Arrival:  # fmt: skip
    """What is stored of a delivery. Raises `TurnedAwayError`."""
    try:
        event = parse(provider, headers, body, tokens)
    except SignatureError:
        raise TurnedAwayError(Verdict.BAD_SIGNATURE) from None
    except BadEventError as error:
        if not error.is_json:
            raise TurnedAwayError(Verdict.NOT_JSON) from None
        return _unreadable(provider, body, error.raw, error.message, is_verified=bool(tokens))
    except Exception as error:  # noqa: BLE001 - somebody else's provider, and a body of anybody's
        raw = _decoded(body)
        told = error.message if isinstance(error, InterviewKitError) else type(error).__name__
        return _unreadable(provider, body, raw, f"the provider failed: {told}", is_verified=False)
    if not door.leads_to(event.reference):
        raise TurnedAwayError(Verdict.OTHER_SESSION)
    return _readable(provider, event, headers, body)


def _decoded(body: bytes) -> Any:
    """The JSON of a body that no provider could read. Raises `TurnedAwayError`."""
    try:
        return deliveries.read_body(body)
    except BadEventError as error:
        if not error.is_json:
            raise TurnedAwayError(Verdict.NOT_JSON) from None
        return error.raw


def _readable(provider: InterviewProvider, event: WebhookEvent, headers: Pairs, body: bytes) -> Arrival:
    wanted = frozenset(getattr(provider, "event_headers", ()))
    kept = [(name, value) for name, value in headers if name in wanted]
    subject = hashlib.sha256(f"{event.provider}\0{event.session_id}".encode(errors="surrogatepass")).hexdigest()[:32]
    return Arrival(
        account=provider.account, dedupe_key=_key(event), provider=provider.name, state=EventState.RECEIVED,
        type=event.type.value, ref=None if event.ref is None else str(event.ref), reference=event.reference,
        subject=subject, is_verified=event.is_verified, headers=json.dumps(kept) if kept else None, body=body,
        raw=event.raw,
    )  # fmt: skip


def _key(event: WebhookEvent) -> str:
    """What tells the event from others, in a form that every database keeps."""
    key = event.dedupe_key
    return key if deliveries.is_id(key) else hashlib.sha256(key.encode(errors="surrogatepass")).hexdigest()


def _unreadable(provider: InterviewProvider, body: bytes, raw: Any, why: str, *, is_verified: bool) -> Arrival:
    return Arrival(
        account=provider.account, dedupe_key=deliveries.dedupe_key(provider.name, None, None, raw),
        provider=provider.name, state=EventState.UNREADABLE, is_verified=is_verified, body=body, error=why, raw=raw,
    )  # fmt: skip
