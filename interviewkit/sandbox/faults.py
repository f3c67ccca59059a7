"""The faults a vendor can be told to have: each wraps the rest of a request's way."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum
from typing import Any

import attrs
from aiohttp import web

Proceed = Callable[[], Awaitable[web.StreamResponse]]

APPLY_AT_MOST: ContextVar[int | None] = ContextVar("apply_at_most", default=None)
"""How many rows of a batch a handler may still apply; None is all of them."""

STATUS_KEYS = frozenset({"state", "status", "level", "text", "kind"})
CHUNK = 64 * 1024
MADE_UP_WORDS = {
    "pending": "on_hold",
    "started": "rehearsing",
    "ended": "archived",
    "completed": "shortlisted",
    "accepted": "offered",
    "ok": "plenty",
    "acknowledged": "reviewed",
}


class FaultKind(StrEnum):
    """The ways in which a request can go wrong."""

    LATENCY = "latency"
    STATUS = "status"
    RESET = "reset"
    LATE_COMMIT = "late_commit"
    TRUNCATED = "truncated"
    GARBAGE = "garbage"
    OVERSIZED = "oversized"
    GZIP_BOMB = "gzip_bomb"
    REDIRECT = "redirect"
    CHANGED_WORDS = "changed_words"
    PARTIAL_BATCH = "partial_batch"


GARBAGE: dict[str, tuple[bytes, str]] = {
    "html": (b"<!doctype html><title>Sign in</title><h1>Please sign in</h1>", "text/html"),
    "empty": (b"", "application/json"),
    "not_utf8": (b'{"status": "OK", "name": "\xff\xfe\xe9"}', "application/json"),
    "wrong_shape": (b'["neither", "an object", 42]', "application/json"),
    "deep": (b"[" * 200_000 + b"]" * 200_000, "application/json"),
    "not_json": (b'{"status": "OK", ', "application/json"),
}


@attrs.frozen(kw_only=True)
class Fault:
    """One way to fail; build it by the named constructors, for instance `Fault.server_error(committed=True)`."""

    kind: FaultKind = attrs.field(converter=FaultKind)
    status: int = 500
    seconds: float = 0.0
    retry_after: float | str | None = None
    committed: bool = False
    flavour: str = "html"
    size: int = 64 * 1024 * 1024
    location: str = "http://127.0.0.1:9/elsewhere"
    words: Mapping[str, str] = attrs.field(factory=lambda: MADE_UP_WORDS)
    applied: int = 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fault:
        """The fault that a control request describes; `ValueError` for a kind or a field that does not exist."""
        unknown = set(data) - {field.name for field in attrs.fields(cls)}
        if "kind" not in data or unknown:
            raise ValueError(f"a fault has a kind and known fields; unknown: {sorted(unknown)}")
        return cls(**data)

    @classmethod
    def latency(cls, seconds: float) -> Fault:
        """Answer correctly, but `seconds` of real time later."""
        return cls(kind=FaultKind.LATENCY, seconds=seconds)

    @classmethod
    def rate_limited(cls, retry_after: float | str | None = None) -> Fault:
        """429; `retry_after` in seconds, or "date" for the header's date form one second ahead, or no header."""
        return cls(kind=FaultKind.STATUS, status=429, retry_after=retry_after)

    @classmethod
    def server_error(
        cls, status: int = 500, *, committed: bool = False, retry_after: float | str | None = None
    ) -> Fault:
        """An error status; with `committed`, only after the write took effect."""
        return cls(kind=FaultKind.STATUS, status=status, committed=committed, retry_after=retry_after)

    @classmethod
    def reset(cls, *, committed: bool = False) -> Fault:
        """Reset the connection; with `committed`, only after the write took effect."""
        return cls(kind=FaultKind.RESET, committed=committed)

    @classmethod
    def late_commit(cls, seconds: float = 0.02) -> Fault:
        """Reset the connection, and let the write take effect `seconds` of real time after that."""
        return cls(kind=FaultKind.LATE_COMMIT, seconds=seconds)

    @classmethod
    def truncated(cls) -> Fault:
        """Send half of the announced body, then close."""
        return cls(kind=FaultKind.TRUNCATED)

    @classmethod
    def garbage(cls, flavour: str = "html") -> Fault:
        """A 200 that is not the vendor's: html, empty, not_utf8, wrong_shape, deep or not_json."""
        if flavour not in GARBAGE:
            raise ValueError(f"garbage comes as {', '.join(GARBAGE)}")
        return cls(kind=FaultKind.GARBAGE, flavour=flavour)

    @classmethod
    def oversized(cls, size: int = 64 * 1024 * 1024) -> Fault:
        """A correct JSON object of `size` bytes and more."""
        return cls(kind=FaultKind.OVERSIZED, size=size)

    @classmethod
    def gzip_bomb(cls, size: int = 64 * 1024 * 1024) -> Fault:
        """A small compressed body that unfolds to `size` bytes."""
        return cls(kind=FaultKind.GZIP_BOMB, size=size)

    @classmethod
    def redirect(cls, location: str = "http://127.0.0.1:9/elsewhere", status: int = 307) -> Fault:
        """Send the client elsewhere; a careful one does not go."""
        return cls(kind=FaultKind.REDIRECT, location=location, status=status)

    @classmethod
    def changed_words(cls, words: Mapping[str, str] | None = None) -> Fault:
        """Answer correctly, but with status words nobody has seen yet."""
        return cls(kind=FaultKind.CHANGED_WORDS, words=words or MADE_UP_WORDS)

    @classmethod
    def partial_batch(cls, applied: int) -> Fault:
        """Codility's invite: apply the first `applied` candidates, then answer 500."""
        return cls(kind=FaultKind.PARTIAL_BATCH, applied=applied)


async def play(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    """Answer `request` as the fault says; `proceed` is the healthy way."""
    return await PLAYS[fault.kind](fault, request, proceed)


async def _latency(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    await asyncio.sleep(fault.seconds)
    return await proceed()


async def _status(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    if fault.committed:
        await proceed()
    headers = {}
    if fault.retry_after == "date":
        headers["Retry-After"] = format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)
    elif fault.retry_after is not None:
        headers["Retry-After"] = f"{float(fault.retry_after):g}"
    body = json.dumps({"status": "ERROR", "message": "sandbox fault", "detail": "sandbox fault"})
    return web.Response(status=fault.status, text=body, content_type="application/json", headers=headers)


async def _reset(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    if fault.committed:
        await proceed()
    return cut(request)


async def _late_commit(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    nothing = cut(request)
    await asyncio.sleep(fault.seconds)
    await proceed()
    return nothing


async def _truncated(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    whole = await proceed()
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b"{}"
    response = web.StreamResponse(
        status=whole.status, headers={"Content-Type": whole.content_type, "Content-Length": str(len(body))}
    )
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


async def _garbage(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    healthy = await proceed()
    body, media_type = GARBAGE[fault.flavour]
    is_list = isinstance(healthy, web.Response) and isinstance(healthy.body, bytes) and healthy.body.startswith(b"[")
    if fault.flavour == "wrong_shape" and is_list:
        body = b'{"neither": "a list", "nor": 42}'
    return web.Response(body=body, content_type=media_type)


async def _oversized(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    await proceed()
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"status": "OK", "padding": "')
    for _ in range(fault.size // CHUNK + 1):
        await response.write(b"x" * CHUNK)
    await response.write(b'"}')
    await response.write_eof()
    return response


async def _gzip_bomb(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    await proceed()
    body = gzip.compress(b'{"status": "OK", "padding": "' + b"x" * fault.size + b'"}', compresslevel=9)
    return web.Response(body=body, content_type="application/json", headers={"Content-Encoding": "gzip"})


async def _redirect(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    return web.Response(status=fault.status, headers={"Location": fault.location})


async def _changed_words(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    response = await proceed()
    if not isinstance(response, web.Response) or response.content_type != "application/json" or not response.text:
        return response
    changed = _reword(json.loads(response.text), fault.words)
    return web.Response(status=response.status, text=json.dumps(changed), content_type="application/json")


async def _partial_batch(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    reset = APPLY_AT_MOST.set(fault.applied)
    try:
        await proceed()
    finally:
        APPLY_AT_MOST.reset(reset)
    return web.Response(status=500, text='{"detail": "sandbox fault"}', content_type="application/json")


class NoAnswer(web.Response):
    """Takes the place of an answer on a line that was cut."""


def cut(request: web.Request) -> NoAnswer:
    """Reset the connection at once, so that the client sees RST and not an orderly end."""
    if (transport := request.transport) is not None:
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return NoAnswer()


def _reword(value: Any, words: Mapping[str, str], key: str | None = None) -> Any:
    if isinstance(value, dict):
        return {name: _reword(part, words, name) for name, part in value.items()}
    if isinstance(value, list):
        return [_reword(part, words, key) for part in value]
    if key in STATUS_KEYS and isinstance(value, str):
        return words.get(value, value)
    return value


PLAYS: dict[FaultKind, Callable[[Fault, web.Request, Proceed], Awaitable[web.StreamResponse]]] = {
    FaultKind.LATENCY: _latency,
    FaultKind.STATUS: _status,
    FaultKind.RESET: _reset,
    FaultKind.LATE_COMMIT: _late_commit,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.GARBAGE: _garbage,
    FaultKind.OVERSIZED: _oversized,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.REDIRECT: _redirect,
    FaultKind.CHANGED_WORDS: _changed_words,
    FaultKind.PARTIAL_BATCH: _partial_batch,
}
