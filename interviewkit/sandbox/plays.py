"""How each fault is played: around the rest of a request's way, or in its place."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import time
from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from .faults import GARBAGE, Fault, FaultKind

Proceed = Callable[[], Awaitable[web.StreamResponse]]

APPLY: ContextVar[Callable[[int], int]] = ContextVar("apply", default=lambda size: size)
"""How many rows of a batch of this size a handler may apply."""

STATUS_KEYS = frozenset({"state", "status", "level", "text", "kind"})
CHUNK = 64 * 1024
GLANCE = 0.02
"""Seconds after which it is looked again whether a client still waits."""


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


async def _timeout(fault: Fault, request: web.Request, proceed: Proceed) -> web.StreamResponse:
    if fault.committed:
        await proceed()
    until = time.monotonic() + fault.seconds
    # aiohttp tells a handler of a client that went away by the transport alone.
    while (left := until - time.monotonic()) > 0 and request.transport is not None:  # noqa: ASYNC110
        await asyncio.sleep(min(left, GLANCE))
    return cut(request)


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
    def applied(size: int) -> int:
        return fault.applied or 0 if fault.share is None else int(fault.share * size)

    reset = APPLY.set(applied)
    try:
        await proceed()
    finally:
        APPLY.reset(reset)
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
    FaultKind.TIMEOUT: _timeout,
    FaultKind.TRUNCATED: _truncated,
    FaultKind.GARBAGE: _garbage,
    FaultKind.OVERSIZED: _oversized,
    FaultKind.GZIP_BOMB: _gzip_bomb,
    FaultKind.REDIRECT: _redirect,
    FaultKind.CHANGED_WORDS: _changed_words,
    FaultKind.PARTIAL_BATCH: _partial_batch,
}
