"""The receiver behind real servers: aiohttp.web, and uvicorn with and without Starlette."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import uvicorn
from aiohttp import web
from starlette.applications import Starlette
from starlette.routing import Mount

from interviewkit.webhooks import WebhookReceiver

from .door import ACME, ACME_PATH, SECRETS, TESTS_PATH, Entrance, entrance, result
from .hooks import serving

Serve = Callable[[WebhookReceiver], Any]
SLASHED = TESTS_PATH.replace("tests/eu", "tests%2Feu")
"""The path of the account whose label has a slash, as a URL has it."""


@asynccontextmanager
async def aiohttp_alone(receiver: WebhookReceiver) -> AsyncIterator[str]:
    async def make(_url: str) -> web.Application:
        return receiver.application()

    async with serving(make) as url:
        yield url


@asynccontextmanager
async def aiohttp_mounted(receiver: WebhookReceiver) -> AsyncIterator[str]:
    async def make(_url: str) -> web.Application:
        app = web.Application()
        app.add_subapp("/in/hooks", receiver.application())
        return app

    async with serving(make) as url:
        yield f"{url}/in/hooks"


@asynccontextmanager
async def behind_uvicorn(app: Any, **options: Any) -> AsyncIterator[str]:
    config = uvicorn.Config(app, log_level="critical", timeout_graceful_shutdown=1, **options)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        running = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@asynccontextmanager
async def asgi_alone(receiver: WebhookReceiver) -> AsyncIterator[str]:
    async with behind_uvicorn(receiver.asgi(), lifespan="on") as url:
        yield url


@asynccontextmanager
async def asgi_below_a_root_path(receiver: WebhookReceiver) -> AsyncIterator[str]:
    async with behind_uvicorn(receiver.asgi(), lifespan="on", root_path="/in") as url:
        yield url


@asynccontextmanager
async def starlette(receiver: WebhookReceiver) -> AsyncIterator[str]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with receiver:
            yield

    app = Starlette(routes=[Mount("/in/hooks", receiver.asgi())], lifespan=lifespan)
    async with behind_uvicorn(app, lifespan="on") as url:
        yield f"{url}/in/hooks"


EVERY = pytest.mark.parametrize(
    "serve", [aiohttp_alone, aiohttp_mounted, asgi_alone, asgi_below_a_root_path, starlette]
)


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Entrance]:
    async with entrance(tmp_path / "store.db", fetch_back=False, max_body_bytes=100_000) as found:
        yield found


@EVERY
async def test_what_is_posted_is_stored_and_processed(door: Entrance, serve: Serve, payload_bytes: Any) -> None:
    report = payload_bytes("remoteinterview/webhook_test_report.json")
    async with serve(door.receiver) as url, aiohttp.ClientSession() as session:
        assert door.receiver.is_started
        for path, body in ((ACME_PATH, result()), (ACME_PATH, result()), (SLASHED, report)):
            async with session.post(f"{url}{path}", data=body) as answer:
                assert (answer.status, await answer.read()) == (200, b"")
        assert await door.receiver.idle(10)
    assert not door.receiver.is_started
    assert sorted(await door.kept()) == [("done", 1), ("done", 2)]


@EVERY
async def test_whatever_is_asked_elsewhere_looks_the_same(door: Entrance, serve: Serve) -> None:
    wrong = [
        ("GET", ACME_PATH), ("OPTIONS", ACME_PATH), ("PUT", ACME_PATH), ("POST", f"/{ACME}/wrong-secret-0123456789"),
        ("POST", "/"), ("POST", f"{ACME_PATH}/"), ("DELETE", "/nobody/nothing"), ("POST", f"/{ACME}"),
        ("POST", ACME_PATH.replace("/acme", "/acme%00")),
    ]  # fmt: skip
    async with serve(door.receiver) as url, aiohttp.ClientSession() as session:
        seen = set()
        for method, path in wrong:
            async with session.request(method, f"{url}{path}", data=result()) as answer:
                shown = {name: value for name, value in answer.headers.items() if name not in {"Date", "Connection"}}
                seen.add((answer.status, await answer.read(), tuple(sorted(shown.items()))))
        assert len(seen) == 1
        assert next(iter(seen))[:2] == (404, b"")
    assert await door.kept() == []


@EVERY
async def test_limits_hold_for_bodies_with_and_without_a_length(door: Entrance, serve: Serve) -> None:
    async def drip(size: int) -> AsyncIterator[bytes]:
        for _ in range(size // 1000):
            yield b" " * 1000

    async with serve(door.receiver) as url, aiohttp.ClientSession() as session:
        for body, headers, expected in (
            (b" " * 100_001, {}, 413), (drip(150_000), {}, 413), (result(), {"Content-Encoding": "gzip"}, 415),
            (drip(5_000), {}, 400), (result(), {}, 200),
        ):  # fmt: skip
            async with session.post(f"{url}{ACME_PATH}", data=body, headers=headers) as answer:
                assert answer.status == expected
    assert len(await door.rows()) == 1


@EVERY
async def test_a_client_that_leaves_in_the_middle_leaves_nothing(door: Entrance, serve: Serve) -> None:
    async with serve(door.receiver) as url:
        host, _, rest = url.removeprefix("http://").partition("/")
        name, _, port = host.partition(":")
        path = f"/{rest}{ACME_PATH}" if rest else ACME_PATH
        for head in (b"Content-Length: 500", b"Transfer-Encoding: chunked"):
            reader, writer = await asyncio.open_connection(name, int(port))
            writer.write(b"POST " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n" + b"8\r\n{")
            await writer.drain()
            await asyncio.sleep(0.02)
            writer.close()
            await writer.wait_closed()
            del reader
        async with aiohttp.ClientSession() as session, session.post(f"{url}{ACME_PATH}", data=result()) as answer:
            assert answer.status == 200
        assert await door.receiver.idle(10)
    assert len(await door.rows()) == 1


@pytest.mark.parametrize("make", ["application", "asgi"])
async def test_a_receiver_that_was_started_before_is_left_running(door: Entrance, make: str) -> None:
    async with door.receiver:
        opened = aiohttp_alone(door.receiver) if make == "application" else asgi_alone(door.receiver)
        async with opened:
            pass
        assert door.receiver.is_started


# --- ASGI by hand ----------------------------------------------------------------------------------------------------


class Conversation:
    """What a server says to an application, and what that answers."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self._messages = list(messages)
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        return self._messages.pop(0)

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def with_(self, app: Callable[..., Awaitable[None]], **scope: Any) -> list[Any]:
        await app(scope, self.receive, self.send)
        return self.sent


def http(path: str = ACME_PATH, **more: Any) -> dict[str, Any]:
    return {"type": "http", "method": "POST", "path": path, "headers": [], **more}


@pytest.mark.parametrize(
    ("scope", "status"),
    [
        (http(root_path=""), 200), (http(), 200), (http(f"/in{ACME_PATH}", root_path="/in"), 200),
        (http(f"/in/hooks{ACME_PATH}", root_path="/in/hooks/"), 200), (http(ACME_PATH, root_path="/in"), 200),
        (http(f"/in{ACME_PATH}", root_path="/i"), 404), (http(f"/in{ACME_PATH}"), 404),
        (http(headers=[(b"content-encoding", b"br")]), 415), (http(headers=[(b"\xff", b"\xff")]), 200),
    ],
)  # fmt: skip
async def test_the_path_is_what_is_below_the_mount_point(door: Entrance, scope: Any, status: int) -> None:
    body = {"type": "http.request", "body": result(), "more_body": False}
    start, end = await Conversation(body).with_(door.receiver.asgi(), **scope)
    assert (start["status"], start["headers"], end["body"]) == (status, [(b"content-length", b"0")], b"")


async def test_a_body_in_pieces_is_put_together_and_one_without_an_end_is_not_stored(door: Entrance) -> None:
    all_of_it = {"type": "http.request", "body": result(), "more_body": True}
    gone = await Conversation(all_of_it, {"type": "http.disconnect"}).with_(door.receiver.asgi(), **http())
    assert gone[0]["status"] == 400
    assert await door.kept() == []
    first = {"type": "http.request", "body": result()[:9], "more_body": True}
    rest = {"type": "http.request", "body": result()[9:]}
    whole = await Conversation(first, {"type": "http.request", "more_body": True}, rest).with_(
        door.receiver.asgi(), **http()
    )
    assert whole[0]["status"] == 200
    assert [row.body for row in await door.rows()] == [result()]


async def test_a_start_that_fails_is_told_to_the_server(tmp_path: Path) -> None:
    async with entrance(tmp_path / "store.db") as door:
        from interviewkit.harvest.erasures import insert

        async with door.store.writing() as connection:
            await insert(connection, b"k" * 32, ["00"], await door.store.now(connection))
        (told,) = await Conversation({"type": "lifespan.startup"}).with_(door.receiver.asgi(), type="lifespan")
        assert told["type"] == "lifespan.startup.failed"
        assert "erased" in told["message"]


async def test_it_speaks_no_other_protocol(door: Entrance) -> None:
    told = await Conversation({"type": "websocket.connect"}).with_(door.receiver.asgi(), type="websocket", path="/")
    assert told == [{"type": "websocket.close"}]
    with pytest.raises(ValueError, match="serves no smtp"):
        await Conversation().with_(door.receiver.asgi(), type="smtp")


async def test_secrets_do_not_stand_in_the_applications_shown_form(door: Entrance) -> None:
    shown = repr(door.receiver.application()) + repr(door.receiver.asgi())
    assert not [secret for secret in SECRETS[ACME] if secret in shown]
