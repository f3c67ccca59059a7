"""Nonsense that users send to the sandbox: refused in one clear line, and everything goes on after it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
import struct
import sys
from typing import Any

import pytest

from interviewkit.sandbox import Fault, Sandbox, VirtualClock

from .client import Client
from .test_control import control

STATUS = {"kind": "status"}


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("/faults", {}, "a fault has a kind, one of latency, status"),
        ("/faults", {"kind": "quake"}, "kind is one of latency, status"),
        ("/faults", {"kind": ["status"]}, "kind is one of"),
        ("/faults", {**STATUS, "status": "a"}, "status is a whole number"),
        ("/faults", {**STATUS, "status": 9999}, "status is 200 to 599"),
        ("/faults", {**STATUS, "status": True}, "status is a whole number"),
        ("/faults", {"kind": "redirect", "status": 500}, "status is 300 to 399"),
        ("/faults", {**STATUS, "force": 1}, "there is no force"),
        ("/faults", {**STATUS, "retry_after": "soon"}, "retry_after is"),
        ("/faults", {**STATUS, "retry_after": -1}, "retry_after is"),
        ("/faults", {**STATUS, "committed": "yes"}, "committed is true or false"),
        ("/faults", {"kind": "latency", "seconds": -1}, "seconds is 0 to 3600"),
        ("/faults", {"kind": "latency", "seconds": 1e9}, "seconds is 0 to 3600"),
        ("/faults", {"kind": "garbage", "flavour": "salty"}, "flavour is one of html, empty"),
        ("/faults", {"kind": "oversized", "size": -5}, "size is 0 to"),
        ("/faults", {"kind": "redirect", "location": 5}, "location is a text"),
        ("/faults", {"kind": "redirect", "location": "http://a\r\nb: c"}, "location is a text"),
        ("/faults", {"kind": "changed_words", "words": ["a", "b"]}, "words maps a word to another"),
        ("/faults", {"kind": "changed_words", "words": {"a": 1}}, "words maps a word to another"),
        ("/faults", {"kind": "partial_batch", "applied": -1}, "applied is 0 to"),
        ("/faults", {"kind": "partial_batch", "vendor": "coderpad"}, "coderpad takes no batch"),
        ("/faults", {**STATUS, "times": -1}, "times is 1 to"),
        ("/faults", {**STATUS, "times": "2"}, "times is a whole number"),
        ("/faults", {**STATUS, "probability": 1.5}, "probability is 0 to 1"),
        ("/faults", {**STATUS, "method": "GTE"}, "method is one of GET, POST"),
        ("/faults", {**STATUS, "route": ["/x"]}, "route is a text"),
        ("/faults", {**STATUS, "vendor": "acme"}, "vendor is one of coderpad, remoteinterview, codility"),
        ("/faults", {"kind": "partial_batch", "applied": 1.5}, "applied is a whole number"),
        ("/faults", {"kind": "partial_batch", "share": 2}, "share is 0 to 1"),
        ("/faults", {"kind": "timeout", "seconds": -1}, "seconds is 0 to"),
        ("/storm", {}, "faults is a list"),
        ("/storm", {"faults": []}, "at least one fault"),
        ("/storm", {"faults": ["reset"]}, "faults is a list"),
        ("/storm", {"faults": [{"kind": "quake"}]}, "kind is one of"),
        ("/storm", {"faults": [{"kind": "reset"}], "probability": 2}, "probability is 0 to 1"),
        ("/storm", {"faults": [{"kind": "reset"}], "routes": "/api"}, "routes is a list"),
        ("/storm", {"faults": [{"kind": "partial_batch"}], "routes": ["/x"]}, "no batch"),
        ("/storm", {"faults": [{"kind": "reset"}], "vendor": "acme"}, "vendor is one of"),
        ("/settings", {"index_lag": -1}, "index_lag is 0 to"),
        ("/settings", {"clock_skew": "60"}, "clock_skew is a number"),
        ("/settings", {"skew": 1}, "there is no skew"),
        ("/candidates/hasten", {}, "vendor is one of"),
        ("/candidates/hasten", {"vendor": "coderpad"}, "coderpad sends no webhooks"),
        ("/candidates/hasten", {"vendor": "codility", "times": -1}, "times is 0 to"),
        ("/candidates/hasten", {"vendor": "codility", "until": "hired"}, "until is one of"),
        ("/candidates/work", {"settle": "yes"}, "settle is true or false"),
        ("/webhooks", {}, "url is a text"),
        ("/webhooks", {"url": 5}, "url is a text"),
        ("/webhooks", {"url": "http://127.0.0.1/", "vendor": "codility"}, "only remoteinterview"),
        ("/webhooks/settings", {"copies": 0}, "copies is 1 to"),
        ("/webhooks/settings", {"callback_token": 5}, "callback_token is a text"),
        ("/webhooks/settings", {"speed": 5}, "there is no speed"),
        ("/webhooks/release", {"order": "sideways"}, "order is one of kept"),
        ("/webhooks/settle", {"timeout": -1}, "timeout is 0 to"),
        ("/webhooks/repeat", {"number": "1"}, "number is a whole number"),
        ("/webhooks/forge", {"vendor": "acme"}, "vendor is one of"),
        ("/webhooks/forge", {"vendor": "codility", "how": "clumsy"}, "how is one of"),
        ("/webhooks/forge", {"id": 5}, "id is a text"),
        ("/clock", {}, "advance is a number"),
        ("/clock", {"advance": "60"}, "advance is a number"),
        ("/clock", {"advance": 1e12}, "advance is 0 to"),
        ("/clock", {"advance": -1}, "advance is 0 to"),
        ("/clock", {"advance": 1, "backwards": True}, "there is no backwards"),
        ("/limits", {"requests": -1}, "requests is 1 to"),
        ("/limits", {"requests": "a"}, "requests is a whole number"),
        ("/limits", {"requests": 1, "per_seconds": 0}, "per_seconds is"),
        ("/candidates/work", {"id": 5}, "id is a text"),
        ("/candidates/work", {"until": ["started"]}, "until is one of started, submitted, evaluated"),
        ("/candidates/work", {"ident": "x"}, "there is no ident"),
    ],
)
async def test_a_nonsensical_order_is_refused_and_changes_nothing(
    client: Client, path: str, body: dict[str, Any], says: str
) -> None:
    before = client.box.clock.now()
    refused = await control(client, "POST", path, json=body)
    assert refused.status == 400
    assert says in refused.json["error"]
    assert client.box.clock.now() == before
    assert [(await client.coderpad("GET", "/api/user")).status, *rules(client)] == [200]


def rules(client: Client) -> list[Any]:
    return [rule for vendor in client.box.vendors for rule in vendor.traffic.rules]


@pytest.mark.parametrize("seconds", [1e12, -1, math.nan, math.inf])
def test_the_clock_moves_forward_by_a_century_at_most(seconds: float) -> None:
    clock = VirtualClock(frozen=True)
    before = clock.now()
    with pytest.raises(ValueError, match="seconds is 0 to"):
        clock.advance(seconds)
    assert clock.now() == before


async def test_the_clock_stands_the_most_that_it_takes(client: Client) -> None:
    clock = client.box.clock
    clock.advance(3_155_760_000)
    with pytest.raises(ValueError, match="seconds is 0 to 0"):
        clock.advance(1)
    assert await client.invite()
    assert (await control(client, "GET", "/health")).status == 200


@pytest.mark.parametrize("path", ["/nope", "/clock"])
async def test_a_control_route_that_does_not_exist_names_those_that_do(client: Client, path: str) -> None:
    answer = await control(client, "GET", path)
    assert answer.status == 404
    assert f"no route GET {path}" in answer.json["error"]
    assert "POST /clock" in answer.json["error"]


async def test_a_redirect_without_a_status_is_a_302(client: Client) -> None:
    await control(client, "POST", "/faults", json={"vendor": "coderpad", "kind": "redirect"})
    assert (await client.coderpad("GET", "/api/user")).status == 302
    assert (Fault.redirect().status, Fault(kind="redirect").status, Fault(kind="status").status) == (302, 302, 500)


async def test_a_partial_batch_waits_for_the_invitation_of_many(client: Client) -> None:
    await control(client, "POST", "/faults", json={"kind": "partial_batch", "applied": 1})
    test = client.box.codility.sessions.tests[0].id
    read = await client.codility("GET", f"/api/tests/{test}/")
    people = {"candidates": [{"id": "c0"}, {"id": "c1"}]}
    invited = await client.codility("POST", f"/api/tests/{test}/invite/", json=people)
    assert (read.status, invited.status, len(client.box.commits)) == (200, 500, 1)
    assert rules(client) == []


@pytest.mark.parametrize("port", [99_999, 65_534, -5, 65_535])
def test_ports_that_do_not_exist_are_refused_before_anything_starts(port: int) -> None:
    with pytest.raises(ValueError, match="port is 0, for free ones, or 1 to 65528: the sandbox takes 8 in a row"):
        Sandbox(port=port)


def test_the_last_ports_can_be_had() -> None:
    assert Sandbox(port=65_528)


@pytest.mark.parametrize("share", [-0.1, 1.5, math.nan])
def test_a_share_of_faults_is_between_none_and_all(share: float) -> None:
    with pytest.raises(ValueError, match="faults is 0 to 1"):
        Sandbox(faults=share)


async def run(*arguments: str) -> tuple[int | None, str]:
    command = (sys.executable, "-m", "interviewkit.sandbox", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    async with asyncio.timeout(20):
        _, complaint = await process.communicate()
    return process.returncode, complaint.decode()


async def test_the_runner_says_in_one_line_what_it_cannot_do() -> None:
    code, complaint = await run("--port", "99999")
    assert (code, "Traceback" in complaint) == (2, False)
    assert complaint.splitlines()[-1].endswith("the sandbox takes 8 in a row")


async def test_the_runner_says_in_one_line_that_a_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        if port > 65_528:
            pytest.skip("the system gave one of the last ports")
        code, complaint = await run("--port", str(port))
    assert (code, len(complaint.splitlines())) == (1, 1)
    assert f"port {port}" in complaint


async def leave(url: str, sent: bytes, *, read: int = 0, reset: bool = True) -> None:
    """A client that says something and goes away."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent)
    await writer.drain()
    if read:
        await reader.read(read)
    await asyncio.sleep(0.01)
    if reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    await asyncio.sleep(0.03)


@pytest.mark.parametrize("reset", [True, False])
@pytest.mark.parametrize("case", ["within a long answer", "within its body", "after a bad chunk", "after bad gzip"])
async def test_a_client_that_goes_away_leaves_no_traceback(
    client: Client, caplog: pytest.LogCaptureFixture, case: str, reset: bool
) -> None:
    token = client.box.coderpad.api_key
    head = f'Host: x\r\nAuthorization: Token token="{token}"\r\nContent-Type: application/json\r\n'
    said = {
        "within a long answer": f"GET /api/pads HTTP/1.1\r\n{head}\r\n",
        "within its body": f"POST /api/pads HTTP/1.1\r\n{head}Content-Length: 99\r\n\r\n{{",
        "after a bad chunk": f"POST /api/pads HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "after bad gzip": f"POST /api/pads HTTP/1.1\r\n{head}Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    }[case]
    long = case == "within a long answer"
    if long:
        client.box.coderpad.fail(Fault.oversized())
    with caplog.at_level(logging.INFO):
        await leave(client.box.coderpad.base_url, said.encode(), read=1000 if long else 0, reset=reset)
    assert caplog.text == ""
    assert (await client.coderpad("GET", "/api/user")).status == 200


async def test_a_mistake_of_the_sandboxs_own_is_still_logged(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(client.box), "commits", property(lambda _box: 1 / 0))
    assert (await control(client, "GET", "/commits")).status == 500
    assert "ZeroDivisionError" in caplog.text
