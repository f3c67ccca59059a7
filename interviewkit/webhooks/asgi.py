"""The receiver as an ASGI 3 application (https://asgi.readthedocs.io/en/latest/specs/main.html, read 2026-11)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, TypeAlias

from interviewkit.errors import InterviewKitError
from interviewkit.webhooks.answers import Answer
from interviewkit.webhooks.reading import CutShortError

if TYPE_CHECKING:
    from interviewkit.webhooks.receiver import WebhookReceiver

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]


def application(receiver: WebhookReceiver) -> AsgiApp:
    """An application whose every path and method goes to the receiver."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            found = await receiver.receive(scope["method"], _path(scope), scope["headers"], _pieces(receive))
            await _answer(found, send)
        elif scope["type"] == "lifespan":
            await _live(receiver, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close"})
        else:
            raise ValueError(f"this application serves no {scope['type']}")

    return serve


def _path(scope: Message) -> str:
    """The path below the mount point: some servers leave that in `path`, others do not."""
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    below = path.removeprefix(root)
    return below if below != path and below[:1] in {"", "/"} else path


async def _pieces(receive: Receive) -> AsyncGenerator[bytes, None]:
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise CutShortError
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def _answer(found: Answer, send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in found.headers.items()]
    length = (b"content-length", str(len(found.body)).encode())
    await send({"type": "http.response.start", "status": found.status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": found.body})


async def _live(receiver: WebhookReceiver, receive: Receive, send: Send) -> None:
    """Start and close the receiver with the server, unless it was started before."""
    is_ours = False
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                if not receiver.is_started:
                    await receiver.start()
                    is_ours = True
            except InterviewKitError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if is_ours:
                await receiver.aclose()
            await send({"type": "lifespan.shutdown.complete"})
            return
