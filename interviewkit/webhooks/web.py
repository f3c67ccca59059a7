"""The receiver as an `aiohttp.web` application."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web

from interviewkit.webhooks.reading import CutShortError

if TYPE_CHECKING:
    from interviewkit.webhooks.receiver import WebhookReceiver

_BROKEN = (aiohttp.ClientError, aiohttp.http.HttpProcessingError, web.RequestPayloadError, OSError, TimeoutError)


def application(receiver: WebhookReceiver) -> web.Application:
    """An application whose every path and method goes to the receiver."""

    async def take(request: web.Request) -> web.Response:
        tail = request.match_info["tail"]
        found = await receiver.receive(request.method, f"/{tail}", request.headers, _pieces(request))
        response = web.Response(status=found.status, headers=found.headers, body=found.body)
        if not request.content.at_eof():
            response.force_close()  # nobody waits for the rest of a body that is not wanted
        return response

    async def alive(_app: web.Application) -> AsyncIterator[None]:
        if receiver.is_started:
            yield
            return
        async with receiver:
            yield

    made = web.Application()
    made.router.add_route("*", "/{tail:.*}", take)
    made.cleanup_ctx.append(alive)
    return made


async def _pieces(request: web.Request) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in request.content.iter_any():
            yield piece
    except _BROKEN:
        raise CutShortError from None
