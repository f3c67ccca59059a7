"""Codility's callbacks: `{"event": "result" | "similarity", "session": {...}}`, posted to the URLs of an invitation.

Vendor page: https://codility.com/api-documentation/ (read 2026-11). It says nothing of a signature. A public
integration (https://github.com/CodeYourFuture/trainee-tracker, src/codility.rs, read 2026-11) cites a newer section,
"Callback Authentication": `Authorization: Bearer TOKEN`, and `Checksum`, the MD5 of the body and that token in lower
case hexadecimal. Both forms are read. The sender gives token and checksum alike, so the checksum alone proves nothing:
the token has to be one of the receiver's own secrets. The content type is not looked at: callbacks have come without
`application/json`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

import attrs
import msgspec

from interviewkit.deliveries import Headers, dedupe_key, is_id, read_body, reading, undocumented
from interviewkit.errors import InvalidArgumentError, SignatureError
from interviewkit.http.decode import read_bytes
from interviewkit.model import EventType, WebhookEvent
from interviewkit.providers.codility import translate
from interviewkit.providers.codility.shapes import SessionDetail

TYPES: Mapping[str, EventType] = {"result": EventType.RESULT, "similarity": EventType.SIMILARITY}

_BEARER = re.compile(r"bearer +([!-~]{1,4096})", re.IGNORECASE | re.ASCII)
_CHECKSUM = re.compile(r"[0-9a-f]{32}")
_PASTED = re.compile(rb"(?:authorization\s*:\s*)?bearer(?:\s+|\Z)", re.IGNORECASE)
"""A header's beginning that a token was copied with: the vendor's page shows the whole header."""


@attrs.frozen(kw_only=True)
class Envelope:
    """What a callback's body is; the session is the same object that `get_session` answers."""

    event: str
    session: msgspec.Raw


def parse(headers: Headers, body: bytes, *, secrets: Sequence[bytes], account: str | None) -> WebhookEvent:
    """The event that a callback tells. Raises `SignatureError` and `BadEventError`."""
    is_verified = verify(headers, body, secrets)
    raw = read_body(body)
    with reading(raw):
        envelope = read_bytes(body, Envelope)
        if envelope.event not in TYPES:
            raise undocumented("an event of an unknown type", "$.event")
        detail = read_bytes(bytes(envelope.session), SessionDetail, at="$.session")
        named = str(detail.id or "") or translate.id_after("sessions", detail.url)
        if named is None or not is_id(named):
            raise undocumented("nothing that identifies the session", "$.session.url")
    with reading(raw, at="$.session"):
        report = translate.report(detail, account or translate.PROVIDER, requested=named, fetched_at=None)
    return WebhookEvent(
        type=TYPES[envelope.event],
        vendor_type=envelope.event,
        provider=translate.PROVIDER,
        account=account,
        ref=report.ref,
        session_id=report.ref.id,
        reference=report.session.reference,
        report=report,
        dedupe_key=dedupe_key(translate.PROVIDER, envelope.event, report.ref.id, raw),
        is_verified=is_verified,
        raw=raw,
    )


def verify(headers: Headers, body: bytes, secrets: Sequence[bytes]) -> bool:
    """Whether a secret proves the delivery; false where there are none, and all that came fits together.

    Each secret is compared, in a time that tells nothing of it; then the checksum. Raises `SignatureError`, also for
    the unsigned form where there are secrets: whoever forges a delivery can leave the headers out.
    """
    known = [_token(secret) for secret in secrets]
    proof = _proof(headers)
    if proof is None:
        if known:
            raise SignatureError("the delivery is not signed")
        return False
    token, checksum = proof
    fits = [hmac.compare_digest(token, secret) for secret in known]
    digest = hashlib.md5(body, usedforsecurity=False)
    digest.update(token)
    is_whole = hmac.compare_digest(checksum, digest.hexdigest().encode())
    if known and not any(fits):
        raise SignatureError("the delivery's token is none of the secrets")
    if not is_whole:
        raise SignatureError("the delivery's checksum does not fit its body")
    return bool(known)


def _token(secret: bytes) -> bytes:
    """A secret without blanks and the header's words, with which it may have been copied."""
    token = _PASTED.sub(b"", secret.strip(), count=1).strip()
    if not token:
        raise InvalidArgumentError("a secret is empty", hint="leave it out to read without verifying")
    return token


def _proof(headers: Headers) -> tuple[bytes, bytes] | None:
    """Token and checksum; `None` for the older form, which has neither."""
    authorization, checksum = _only(headers, "authorization"), _only(headers, "checksum")
    if authorization is None and checksum is None:
        return None
    bearer = _BEARER.fullmatch(authorization or "")
    if bearer is None:
        raise SignatureError("the delivery's Authorization is no bearer token")
    if not _CHECKSUM.fullmatch(checksum or ""):
        raise SignatureError("the delivery's Checksum is no MD5 in hexadecimal")
    return bearer[1].encode(), (checksum or "").encode()


def _only(headers: Headers, name: str) -> str | None:
    values = headers.get(name, ())
    if len(values) > 1:
        raise SignatureError(f"the delivery has more than one {name.title()}")
    return values[0].strip(" \t") if values else None
