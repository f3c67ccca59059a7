"""Keys and candidates' data stand in no text, context, traceback or log record of whatever goes wrong."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator

import pytest

from interviewkit.errors import InterviewKitError
from interviewkit.http.connection import Connection, Host
from interviewkit.http.credentials import StaticCredential
from interviewkit.http.refusal import refusal
from interviewkit.http.retry import RetryPolicy
from interviewkit.http.wire import Call, Form, Json, Request, path
from tests.http.calls import EMAIL, KEY, read_value
from tests.http.servers import RawServer, Script, closed_port, raw_server, reset, says

SECRETS = (KEY, EMAIL, EMAIL.replace("@", "%40"), "PAD-OF-A-CANDIDATE", "candidate.one")


async def _reset(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.take(reader)
    reset(writer)


async def _silence(server: RawServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await server.take(reader)
    await asyncio.sleep(5)


def _whole(status: int, body: bytes) -> Script:
    head = b"HTTP/1.1 %d X\r\nLocation: /x?email=%s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    return says(head % (status, EMAIL.encode(), len(body)) + body)


FAULTS: dict[str, Script] = {
    "reset": _reset,
    "silent": _silence,
    "closed": says(b""),
    "cut short": says(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + EMAIL.encode()),
    "garbage": says(f"{EMAIL} {KEY}\r\n\r\n".encode()),
    "too large": _whole(200, EMAIL.encode() * 500),
    "not JSON": _whole(200, f"<b>{EMAIL}</b>".encode()),
    "a string": _whole(200, f'"{EMAIL}'.encode()),
    "redirect": _whole(302, b""),
    **{
        str(status): _whole(status, f'{{"message": "{EMAIL} {KEY}"}}'.encode())
        for status in (400, 401, 403, 404, 409, 429, 500)
    },
}


def _calls() -> Iterator[Call[object]]:
    route = path("/api/pads/{pad_id}", pad_id="PAD-OF-A-CANDIDATE")
    query = (("email", EMAIL),)
    yield Call("acme", "get_pad", Request("GET", route, query), read_value, True)
    yield Call("acme", "create_pad", Request("POST", route, query, Form((("email", EMAIL),))), read_value)
    yield Call("acme", "put_pad", Request("PUT", route, query, Json({"email": EMAIL})), read_value)


def _connection(url: str, credential: StaticCredential, timeout: float = 5.0) -> Connection:
    return Connection.open(
        "acme", {"api": Host(base_url=url, credential=credential)}, refusal,
        {"retry": RetryPolicy(attempts=2, base_delay=0, max_delay=0), "timeout": timeout, "max_response_bytes": 5000},
    )  # fmt: skip


def everything_shown(error: BaseException) -> str:
    """All that a log or a bug report would show of an error."""
    seen, shown = set[int](), [*traceback.format_exception(error)]
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            shown += [str(one), repr(one), repr(one.args)]
            left += [one.__context__, one.__cause__]
    return "\n".join(shown)


def _assert_clean(text: str) -> None:
    found = [secret for secret in SECRETS if secret in text]
    assert not found, text


@pytest.mark.parametrize(
    "credential",
    [StaticCredential(KEY, header="Bearer {}"), StaticCredential(KEY, query="key")],
    ids=["header", "query"],
)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_error_and_no_log_shows_a_secret(
    fault: str, credential: StaticCredential, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with raw_server(FAULTS[fault]) as server:
        connection = _connection(server.url, credential, 0.1 if fault == "silent" else 5.0)
        for call in _calls():
            with pytest.raises(InterviewKitError) as caught:
                await connection.send(call)
            _assert_clean(everything_shown(caught.value))
            assert caught.value.__cause__ is None
            again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
            assert (type(again), str(again)) == (type(caught.value), str(caught.value))
        await connection.aclose()
    assert server.requests
    _assert_clean(caplog.text)
    _assert_clean(" ".join(repr(record.args) for record in caplog.records))


@pytest.mark.parametrize("url", [lambda: f"http://127.0.0.1:{closed_port()}", lambda: "http://no-such-host.invalid"])
async def test_no_error_of_connecting_shows_a_secret(url: Callable[[], str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connection = Connection.open(
        "acme", {"api": Host(base_url=url(), credential=StaticCredential(KEY, query="key"))}, refusal,
        {"retry": RetryPolicy(attempts=2, base_delay=0, max_delay=0), "allow_http": True},
    )  # fmt: skip
    for call in _calls():
        with pytest.raises(InterviewKitError) as caught:
            await connection.send(call)
        _assert_clean(everything_shown(caught.value))
    await connection.aclose()
    _assert_clean(caplog.text)


async def test_no_successful_call_logs_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with raw_server(_whole(200, b"{}")) as server:
        connection = _connection(server.url, StaticCredential(KEY, query="key"))
        for call in _calls():
            await connection.send(call)
        await connection.aclose()
    assert len(server.requests) == 3
    _assert_clean(caplog.text)


def test_a_call_masks_what_describe_shows() -> None:
    for call in _calls():
        _assert_clean(repr(call) + str(call) + f"{call}")
        assert "PAD-OF-A-CANDIDATE" in call.describe()
