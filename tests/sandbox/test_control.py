"""The sandbox's face: accounts, configuration, counters, control routes, and the runner in another process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tomllib
from typing import Any

import pytest

from interviewkit.sandbox import Sandbox, serve

from .client import Answer, Client
from .conftest import open_box


async def control(client: Client, method: str, path: str, **options: Any) -> Answer:
    return await client.ask(method, client.box.control_url + path, **options)


async def test_accounts_environment_and_configuration_agree(client: Client) -> None:
    box = client.box
    accounts = tomllib.loads(box.config_toml())["accounts"]
    resolved = {
        label: {k: box.environment.get(str(v).removeprefix("env:"), v) for k, v in keywords.items()}
        for label, keywords in accounts.items()
    }
    assert resolved == box.accounts
    assert set(box.accounts) == {"sandbox-coderpad", "sandbox-remoteinterview", "sandbox-codility"}


async def test_no_secret_stands_in_the_configuration(client: Client) -> None:
    secrets = [v for k, v in client.box.environment.items() if k.endswith(("KEY", "TOKEN"))]
    assert not any(secret in client.box.config_toml() for secret in secrets)
    assert all(f"='{secret}'" in client.box.export_lines() for secret in secrets)


async def test_requests_are_counted_by_method_and_route_template(client: Client) -> None:
    rows = await client.every_pad()
    for row in rows[:3]:
        await client.coderpad("GET", f"/api/pads/{row['id']}")
    assert client.box.coderpad.counts[("GET", "/api/pads/{pad_id}")] == 3
    assert client.box.coderpad.seen[-1].status == 200


async def test_another_process_can_play_candidate(client: Client) -> None:
    ident = await client.invite()
    worked = await control(client, "POST", "/candidates/work", json={"id": ident, "until": "started"})
    unknown = await control(client, "POST", "/candidates/work", json={"id": "nobody"})
    wrong = await control(client, "POST", "/candidates/work", json={"until": "hired"})
    assert (worked.json, unknown.status, wrong.status) == ({"worked": [ident]}, 404, 400)
    assert (await control(client, "POST", "/candidates/work")).json == {"worked": [ident]}


async def test_another_process_can_order_faults_limits_and_time(client: Client) -> None:
    order = {"vendor": "coderpad", "kind": "status", "status": 502, "route": "/api/user", "times": 1}
    assert (await control(client, "POST", "/faults", json=order)).json == {"ok": True}
    assert [(await client.coderpad("GET", "/api/user")).status for _ in range(2)] == [502, 200]
    before = client.box.clock.now()
    await control(client, "POST", "/clock", json={"advance": 60})
    assert (client.box.clock.now() - before).total_seconds() == 60
    await control(client, "POST", "/limits", json={"vendor": "coderpad", "requests": 1, "per_seconds": 5})
    assert [(await client.coderpad("GET", "/api/user")).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/faults", {"kind": "quake"}), ("/faults", {"vendor": "acme", "kind": "reset"}), ("/clock", {"advance": -1})],
)
async def test_wrong_orders_are_refused(client: Client, path: str, body: dict[str, Any]) -> None:
    assert (await control(client, "POST", path, json=body)).status == 400


async def test_another_process_can_read_what_happened(client: Client) -> None:
    ident = await client.invite("ats-1")
    commits = (await control(client, "GET", "/commits")).json["commits"]
    requests = (await control(client, "GET", "/requests")).json["codility"]
    counts = (await control(client, "GET", "/counts")).json["codility"]
    health = (await control(client, "GET", "/health")).json
    assert [(commit["id"], commit["candidate"]) for commit in commits] == [(ident, "ats-1")]
    assert [(row["method"], row["status"]) for row in requests] == [("POST", 201)]
    assert counts == {"POST /api/tests/{test_id}/invite/": 1}
    assert health["ok"]
    assert (await control(client, "GET", "/violations")).json == {"violations": []}


async def test_the_request_log_shows_no_key(client: Client) -> None:
    await client.tests("GET", "/1/tests")
    body = (await control(client, "GET", "/requests")).body.decode()
    assert client.box.remoteinterview.api_key not in body
    assert client.box.remoteinterview.api_key not in repr(client.box.remoteinterview.seen[-1])


async def test_nobody_unknown_works(client: Client) -> None:
    with pytest.raises(LookupError):
        await client.box.work("nobody")
    with pytest.raises(ValueError, match="until"):
        await client.box.work(until="hired")


async def test_the_first_port_can_be_chosen() -> None:
    async with open_box(sessions=3) as probe:
        port = int(probe.box.control_url.rpartition(":")[2])
    ports = []
    for first in range(port + 1000, port + 9000, 1000):
        box = Sandbox(sessions=3, port=first % 60_000 + 2_000)
        try:
            await box.start()
        except OSError:
            continue
        ports = [int(site.base_url.rpartition(":")[2]) for vendor in box.vendors for site in vendor.sites]
        await box.close()
        break
    assert ports == list(range(ports[0], ports[0] + 7))


async def test_serve_hands_over_a_running_sandbox_and_stops_when_told() -> None:
    stop, ready = asyncio.Event(), []

    def on_ready(box: Sandbox) -> None:
        ready.append(box.control_url)
        stop.set()

    async with asyncio.timeout(5):
        await serve(sessions=3, on_ready=on_ready, stop=stop)
    assert ready[0].startswith("http://127.0.0.1:")


async def start(*arguments: str, **pipes: Any) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "interviewkit.sandbox", "--sessions", "3", *arguments)
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, **pipes)


async def test_the_runner_tells_one_line_of_json_and_stops_on_a_signal() -> None:
    process = await start("--json")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        ready = json.loads(await process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert set(ready) == {"accounts", "environment", "control_url"}


async def test_the_runner_ends_with_its_parent_when_asked_to() -> None:
    process = await start("--json", "--exit-with-parent", stdin=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    async with asyncio.timeout(20):
        await process.stdout.readline()
        process.stdin.close()
        assert await process.wait() == 0


async def test_the_runner_prints_configuration_for_people() -> None:
    process = await start("--exit-with-parent", stdin=asyncio.subprocess.DEVNULL)
    async with asyncio.timeout(20):
        out, _ = await process.communicate()
    text = out.decode()
    assert "[accounts.sandbox-codility]" in text
    assert "export CODILITY_TOKEN=" in text
