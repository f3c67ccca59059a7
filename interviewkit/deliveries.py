"""What reading a webhook's delivery takes, whoever the vendor: its body as strict JSON, and what tells two apart.

A provider whose vendor sends webhooks has a method `parse_event` (see `EventReader`), which `interviewkit.webhooks`
finds; one without it is a provider whose vendor sends none.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Protocol, TypeAlias

from interviewkit.errors import BadEventError, MalformedResponseError
from interviewkit.http.decode import plain
from interviewkit.model import WebhookEvent

Headers: TypeAlias = Mapping[str, tuple[str, ...]]
"""A delivery's headers: names in lower case, each with all the values it came with."""
UNREADABLE = "\ufffd"
"""Stands for a header's value that is neither text nor bytes: no vendor's header holds it."""

_DEEPEST = 64
"""How deep objects and lists may lie in each other: vendors' reports have six levels, and what is stored is written
again by other encoders, which give up at some hundreds."""

_LONGEST_ID = 512
"""RemoteInterview's ids hold a mailbox, which has up to 254 letters, in base64."""


class EventReader(Protocol):
    """The optional member of a provider whose vendor sends webhooks; a class or static method, so that it needs no key.

    `secrets` may have signed the delivery; with any, what they do not prove is a `SignatureError`, and without, the
    event's `is_verified` is false. A body that the vendor does not document is a `BadEventError`, and a vendor that
    signs nothing answers secrets with `ConfigurationError`.
    """

    def parse_event(
        self, headers: Headers, body: bytes, *, secrets: tuple[bytes, ...] = (), account: str | None = None
    ) -> WebhookEvent: ...


def read_body(body: bytes) -> dict[str, Any]:
    """The JSON object that a delivery holds. Raises `BadEventError`, with `is_json` for JSON that is worth keeping."""
    try:
        raw = plain(body)
    except MalformedResponseError as error:
        message = error.message.replace("the answer", "the delivery", 1)
        raise BadEventError(message, paths=error.paths) from None
    if _is_deeper(raw, _DEEPEST):
        raise BadEventError("the delivery is nested too deeply to be kept", paths=("$",))
    if not isinstance(raw, dict):
        raise BadEventError("the delivery is no JSON object", paths=("$",), raw=raw, is_json=True)
    if _has_doubled_keys(body):
        raise BadEventError(
            "the delivery has a key twice in one object: which one counts, none can tell", paths=("$",), raw=raw,
            is_json=True,
        )  # fmt: skip
    return raw


def is_id(text: str) -> bool:
    """Whether this can be a vendor's id: short and printable, so that it can stand in a URL and in an index."""
    return 0 < len(text) <= _LONGEST_ID and text.isascii() and text.isprintable()


def undocumented(what: str, path: str) -> MalformedResponseError:
    """The error of a shape that does not fit, for `reading`; `what` holds no value."""
    return MalformedResponseError(f"the answer is not what the vendor documents: {what} at {path}", paths=(path,))


@contextlib.contextmanager
def reading(raw: dict[str, Any], *, at: str = "$") -> Iterator[None]:
    """Turn the error of a shape that does not fit into a `BadEventError`.

    `at` is the place in the delivery that the error's paths begin from.
    """
    try:
        yield
    except MalformedResponseError as error:
        message = error.message.replace("the answer", "the delivery", 1)
        for path in error.paths:
            message = message.replace(path, at + path[1:])
        paths = tuple(at + path[1:] for path in error.paths)
        raise BadEventError(message, paths=paths, raw=raw, is_json=True) from None


def dedupe_key(provider: str, vendor_type: str | None, session_id: str | None, raw: Any) -> str:
    """What all deliveries of one event have in common, and no other event has, as 64 hexadecimal digits.

    It holds for the body as JSON: blanks and the order of keys do not count. It gives nothing of its content away.
    """
    told = [provider, vendor_type, session_id, raw]
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether objects and lists lie deeper than that; level by level, so that no depth is too much for it."""
    found = [value]
    for _ in range(levels):
        inner = [one.values() if isinstance(one, dict) else one for one in found if isinstance(one, dict | list)]
        found = [item for group in inner for item in group]
        if not found:
            return False
    return any(isinstance(one, dict | list) for one in found)


class _DoubledKeyError(Exception):
    pass


def _once_each(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) != len({key for key, _value in pairs}):
        raise _DoubledKeyError


def _has_doubled_keys(body: bytes) -> bool:
    """Whether an object has a key twice, of which decoders keep one without a word; `body` is known to be JSON."""
    try:
        json.loads(body, object_pairs_hook=_once_each)
    except _DoubledKeyError:
        return True
    return False
