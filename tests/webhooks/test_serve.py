"""A receiver's own server: where it answers, what it says of its health, how it ends, and what it never says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest

from interviewkit import Codility, ConfigurationError, Hub, StoreError, WebhookEvent
from interviewkit.harvest import Store
from interviewkit.webhooks import Inbox, WebhookReceiver
from interviewkit.webhooks import serve as serving
from interviewkit.webhooks.serve import listen, serve

SECRET = "acme-secret-0123456789"
PATH = f"/acme/{SECRET}"
MAIL = "robin@example.com"


def result(number: int = 1) -> bytes:
    session = {"url": f"https://codility.com/api/sessions/KKUFDG-{number}/", "candidate": "hire-17", "email": MAIL}
    return json.dumps({"event": "result", "session": session}).encode()


@attrs.frozen
class Served:
    """A server that runs: its URLs, the receiver behind it, and how to end it."""

    url: str
    admin_url: str
    receiver: WebhookReceiver
    inbox: Inbox
    stop: asyncio.Event
    client: aiohttp.ClientSession
    ended: asyncio.Task[None]

    async def post(self, path: str = PATH, body: bytes | None = None) -> int:
        async with self.client.post(self.url + path, data=result() if body is None else body) as answer:
            return answer.status

    async def ask(self, path: str, url: str | None = None) -> tuple[int, str]:
        async with self.client.get((url or self.admin_url) + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, line: str) -> float:
        """The value of the metric that begins so."""
        _, text = await self.ask("/metrics")
        (found,) = re.findall(rf"^interviewkit_webhooks_{re.escape(line)} (\S+)$", text, re.MULTILINE)
        return float(found)


@contextlib.asynccontextmanager
async def served(
    folder: Path, *, path: str = "", on_event: Callable[[WebhookEvent], Awaitable[None]] | tuple[()] = ()
) -> AsyncIterator[Served]:
    ready: asyncio.Future[tuple[str, str]] = asyncio.get_running_loop().create_future()

    async def announce(*urls: str) -> None:
        ready.set_result((urls[0], urls[1]))

    async with (
        Hub([Codility(token="t", account="acme", base_url="http://127.0.0.1:1")]) as hub,
        await Store.open(folder / "reports.db") as store,
        aiohttp.ClientSession() as client,
    ):
        receiver = WebhookReceiver(
            hub, store, secrets={"acme": SECRET}, base_url=f"https://hooks.example.com{path}", fetch_back=False,
            store_reports=False, on_event=on_event,
        )  # fmt: skip
        stop, inbox = asyncio.Event(), Inbox(store)
        task = asyncio.create_task(
            serve(
                receiver, inbox, listening=listen("127.0.0.1", 0), admin=listen("127.0.0.1", 0), stop=stop, path=path,
                on_ready=announce,
            )
        )  # fmt: skip
        try:
            yield Served(*await asyncio.wait_for(ready, 20), receiver, inbox, stop, client, task)
        finally:
            stop.set()
            await asyncio.wait_for(task, 20)


@pytest.mark.parametrize("path", ["", "/interviews", "/a b/ü"])
async def test_it_answers_below_the_base_urls_path_and_where_a_proxy_cuts_that_off(tmp_path: Path, path: str) -> None:
    async with served(tmp_path, path=path) as server:
        assert await server.post(path + PATH) == 200
        assert await server.post(PATH, result(2)) == 200
        assert [await server.post(wrong) for wrong in ("/", path + PATH[:-1], f"/else{PATH}")] == [404, 404, 404]


async def test_what_nobody_may_learn_from_is_empty_also_at_the_root(tmp_path: Path) -> None:
    async with served(tmp_path, path="/interviews") as server:
        for path in ("/", "/interviews", "/interviews/acme", "/health", "/metrics", "/%00"):
            assert await server.ask(path, server.url) == (404, "")


async def test_metrics_tell_of_every_delivery_and_of_nobody(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        for body in (result(), result(), result(2), b"[]", b"not json"):
            await server.post(body=body)
        await server.post("/acme/another-secret-0123456789")
        assert await server.receiver.idle(10)
        for line, value in {
            'deliveries_total{account="acme",outcome="stored"}': 2,
            'deliveries_total{account="acme",outcome="duplicate"}': 1,
            'deliveries_total{account="acme",outcome="unreadable"}': 1,
            'refused_total{account="acme",reason="not_json"}': 1,
            'refused_total{account="",reason="nowhere"}': 1,
            'events_total{account="acme",provider="codility",type="result",outcome="done"}': 2,
            'queue{account="acme"}': 0,
            'stored{account="acme",provider="codility",state="done"}': 2,
            'stored{account="acme",provider="codility",state="unreadable"}': 1,
            "store_up": 1,
        }.items():
            assert await server.metric(line) == value
        assert 0 < await server.metric("lag_seconds") < 10
        _, text = await server.ask("/metrics")
        assert not [word for word in (SECRET, "KKUFDG", MAIL, "robin", "hire-17", "another") if word in text]


async def test_it_is_well_as_long_as_the_store_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def failing(**_: Any) -> Any:
        raise StoreError("the disk is gone")

    async def hanging(**_: Any) -> Any:
        await asyncio.Event().wait()

    async with served(tmp_path) as server:
        assert await server.ask("/health") == (200, "ok\n")
        monkeypatch.setattr(serving, "HEALTH_SECONDS", 0.02)
        for store in (failing, hanging):
            monkeypatch.setattr(server.inbox, "status", store)
            assert await server.ask("/health") == (503, "no store\n")
            assert await server.metric("store_up") == 0
            assert 'queue{account="acme"}' not in (await server.ask("/metrics"))[1]


async def test_it_is_not_well_when_what_it_stores_is_not_processed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_self: Inbox, **_: Any) -> Any:
        raise RuntimeError(f"{MAIL} at {PATH}")

    async with served(tmp_path) as server:
        assert await server.metric("processing") == 1
        monkeypatch.setattr(Inbox, "has_due", broken)
        assert await server.post() == 200
        async with asyncio.timeout(10):
            while server.receiver.is_processing:  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.005)
        assert await server.ask("/health") == (503, "not processing\n")
        assert await server.metric("processing") == 0
        assert await server.post(body=result(2)) == 200
        assert (await server.inbox.status())[0].received == 2
        told = [one.getMessage() for one in caplog.records if one.name == "interviewkit.webhooks"]
        assert [("RuntimeError" in one, MAIL in one, SECRET in one) for one in told] == [(True, False, False)]
        monkeypatch.undo()
        await server.receiver.start()
        assert await server.receiver.idle(10)
        assert await server.ask("/health") == (200, "ok\n")


async def test_an_event_under_way_is_finished_before_the_end(tmp_path: Path) -> None:
    begun, go, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow(_event: WebhookEvent) -> None:
        begun.set()
        await go.wait()
        done.set()

    async with served(tmp_path, on_event=slow) as server:
        await server.post()
        await begun.wait()
        server.stop.set()
        asyncio.get_running_loop().call_later(0.05, go.set)
        await server.ended
        assert done.is_set()
        (status,) = await server.inbox.status()
        assert (status.done, status.received) == (1, 0)


async def test_while_it_ends_it_says_so(tmp_path: Path) -> None:
    async with served(tmp_path) as server:
        reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
        writer.write(f"POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(result())}\r\n\r\n".encode())
        await asyncio.sleep(0.02)
        server.stop.set()
        await asyncio.sleep(0.02)
        assert await server.ask("/health") == (503, "ending\n")
        with pytest.raises(aiohttp.ClientConnectorError):
            await server.post()
        writer.write(result())
        assert (await reader.readline()).split()[1] == b"200"
        assert b"connection: close" in (await reader.read()).lower()
        writer.close()
        await server.ended
        assert (await server.inbox.status())[0].copies == 1


@pytest.mark.parametrize(
    "request_",
    [f"POST {PATH} HTTP/7.7\r\n\r\n", f"POST {PATH} HTTP/1.1\r\nBad Header {SECRET}\r\n\r\n", f"{PATH}\r\n\r\n"],
)
async def test_a_request_that_cannot_be_read_is_not_told_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, request_: str
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served(tmp_path) as server:
        reader, writer = await asyncio.open_connection(*server.url.removeprefix("http://").split(":"))
        writer.write(request_.encode())
        assert (await reader.readline()).split()[1] == b"400"
        writer.close()
    assert "a request could not be answered" in caplog.text
    assert SECRET not in caplog.text
    assert not any(record.exc_info for record in caplog.records if record.name.startswith("interviewkit"))


def test_a_port_that_is_taken_is_told_with_the_way_out() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            ConfigurationError, match=rf"127.0.0.1:{port}: Address already in use \(name another --port"
        ):
            listen("127.0.0.1", port, option="--port")


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 70_000, "there is no port 70000"), ("127.0.0.1", -1, "there is no port -1"),
        ("no.such.host.invalid", 0, "nothing can listen at no.such.host.invalid:0: [A-Z]"),
        ("192.0.2.1", 0, "nothing can listen at 192.0.2.1:0: Cannot assign requested address"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_a_configuration_error(host: str, port: int, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        listen(host, port)
