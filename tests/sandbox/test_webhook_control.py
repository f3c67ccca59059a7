"""Webhooks, lags and storms from another process: the control routes do what the Python names do."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

from .client import Client
from .receiver import Receiver
from .test_control import control, start


async def told(client: Client, path: str, method: str = "POST", **body: Any) -> Any:
    answer = await control(client, method, path, **({"json": body} if method != "GET" else {}))
    assert answer.status == 200, answer.body
    return answer.json


async def test_the_accounts_webhooks_are_set_and_taken_away(client: Client) -> None:
    for url in ("http://127.0.0.1:1/a", "http://127.0.0.1:1/a", "http://127.0.0.1:1/b"):
        await told(client, "/webhooks", url=url)
    both = (await told(client, "/webhooks", "GET"))["outgoing"]
    assert both == {"remoteinterview": ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b"]}
    await told(client, "/webhooks", "DELETE", url="http://127.0.0.1:1/a")
    assert client.box.remoteinterview.outgoing_webhooks == ["http://127.0.0.1:1/b"]
    await told(client, "/webhooks", "DELETE")
    assert client.box.remoteinterview.outgoing_webhooks == []


async def test_settings_are_shown_but_not_the_token(client: Client) -> None:
    shown = await told(client, "/webhooks/settings", copies=3, pause=0, out_of_order=True, callback_token="hush-hush")
    assert {name: shown["settings"][name] for name in ("copies", "pause", "out_of_order", "signed", "attempts")} == {
        "copies": 3, "pause": 0, "out_of_order": True, "signed": True, "attempts": 3,
    }  # fmt: skip
    assert "hush" not in json.dumps(shown)
    assert (client.box.codility.callback_token, client.box.webhooks.copies) == ("hush-hush", 3)
    await told(client, "/webhooks/settings", callback_token=None, callback_content_type="text/html")
    assert (client.box.codility.callback_token, client.box.codility.callback_content_type) == (None, "text/html")


async def test_a_whole_round_by_control_routes(client: Client, receiver: Receiver) -> None:
    await told(client, "/webhooks", url=receiver.url)
    place = await client.invite_to_report("robin.private@example.com")
    worked = await told(client, "/candidates/work", id=place, settle=True)
    [delivery] = (await told(client, "/deliveries", "GET"))["deliveries"]
    assert (worked, receiver.events) == ({"worked": [place]}, ["test.report"])
    assert (delivery["state"], delivery["status"], delivery["attempts"]) == ("delivered", 200, 1)
    assert delivery["id"] == place
    assert not [
        part for part in ("account=1", "robin", receiver.posts[0].json["data"]["email"]) if part in str(delivery)
    ]
    again = await told(client, "/webhooks/repeat", number=delivery["number"], copies=2)
    assert ([one["state"] for one in again["deliveries"]], len(receiver.posts)) == (["delivered"] * 2, 3)


async def test_what_is_held_is_released(client: Client, receiver: Receiver) -> None:
    await told(client, "/webhooks/hold")
    for number in range(3):
        await client.invite(f"c{number}", event_callbacks=receiver.callbacks("result"))
    await told(client, "/candidates/work", settle=True)
    assert receiver.posts == []
    assert await told(client, "/webhooks/release", order="reversed") == {"released": 3}
    assert await told(client, "/webhooks/settle") == {"settled": True}
    assert [post.json["session"]["candidate"] for post in receiver.posts] == ["c2", "c1", "c0"]


async def test_waiting_for_a_silent_receiver_has_an_end(client: Client, receiver: Receiver) -> None:
    async def never(_post: object) -> None:
        await asyncio.Event().wait()

    receiver.meanwhile = never
    await client.invite(event_callbacks=receiver.callbacks("result"))
    await told(client, "/candidates/work")
    assert await told(client, "/webhooks/settle", timeout=0.01) == {"settled": False}


async def test_haste_and_forgery_can_be_ordered(client: Client, receiver: Receiver) -> None:
    await told(client, "/webhooks/settings", callback_token="good")
    await told(client, "/candidates/hasten", vendor="codility", until="evaluated")
    ident = await client.invite(event_callbacks=receiver.callbacks("result"))
    assert receiver.events == ["result"]
    forged = (await told(client, "/webhooks/forge", id=ident, how="other_token"))["delivery"]
    assert (forged["forgery"], forged["state"]) == ("other_token", "delivered")
    token = receiver.posts[1].headers["Authorization"].removeprefix("Bearer ")
    checksum = hashlib.md5(receiver.posts[1].body + token.encode(), usedforsecurity=False).hexdigest()
    assert (token != "good", receiver.posts[1].headers["Checksum"]) == (True, checksum)
    made_up = await told(client, "/webhooks/forge", vendor="remoteinterview", url=receiver.url)
    assert made_up["delivery"]["forgery"] == "made_up"


async def test_what_is_not_there_is_a_404(client: Client) -> None:
    for path, body in (("/webhooks/forge", {"id": "nobody"}), ("/webhooks/repeat", {"number": 5})):
        assert (await control(client, "POST", path, json=body)).status == 404


async def test_a_body_that_does_not_say_that_it_is_json_is_told_so(client: Client) -> None:
    refused = await control(client, "POST", "/webhooks", data='{"url": "http://127.0.0.1:1/"}')
    assert refused.status == 400
    assert "Content-Type" in refused.json["error"]


async def test_a_storm_is_ordered_counted_and_ended(client: Client) -> None:
    faults = [{"kind": "status", "status": 503}, {"kind": "partial_batch", "applied": None}]
    assert await told(client, "/storm", faults=faults, probability=1) == {"ok": True}
    statuses = [(await client.coderpad("POST", "/api/pads", data={"language": "go"})).status for _ in range(3)]
    played = await told(client, "/played", "GET")
    assert (statuses, played["coderpad"]) == ([503] * 3, {"status 503": 3})
    assert len(client.box.codility.traffic.rules) == 2
    await told(client, "/faults", "DELETE")
    assert (await client.coderpad("POST", "/api/pads", data={"language": "go"})).status == 200


async def test_lags_and_skews_are_set_by_vendor_or_for_all(client: Client) -> None:
    await told(client, "/settings", index_lag=0.5)
    shown = await told(client, "/settings", vendor="codility", clock_skew=-30)
    assert shown == {"codility": {"index_lag": 0.5, "clock_skew": -30}}
    assert [(one.index_lag, one.clock_skew) for one in client.box.vendors] == [(0.5, 0), (0.5, 0), (0.5, -30)]
    refused = await control(client, "POST", "/settings", json={"index_lag": 1, "clock_skew": "x"})
    assert (refused.status, {one.index_lag for one in client.box.vendors}) == (400, {0.5})


async def test_a_sandbox_process_posts_too(client: Client, receiver: Receiver) -> None:
    process = await start("--json", "--exit-with-parent", stdin=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    async with asyncio.timeout(20):
        ready = json.loads(await process.stdout.readline())
        account, origin = ready["accounts"]["sandbox-remoteinterview"], ready["control_url"]
        params = {"key": account["api_key"]}
        tests = (await client.ask("GET", f"{account['base_url']}/1/tests", params=params)).json
        url = f"{account['base_url']}/1/tests/{tests[0]['id']}/candidates"
        await client.ask("POST", f"{origin}/webhooks", json={"url": receiver.url})
        await client.ask("POST", url, params=params, json={"email": "robin@example.com"})
        await client.ask("POST", f"{origin}/candidates/work", json={"settle": True})
        process.stdin.close()
        assert await process.wait() == 0
    assert [post.json["data"]["email"] for post in receiver.posts] == ["robin@example.com"]
