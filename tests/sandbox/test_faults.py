"""Faults on request: each does what it says, to the requests it is meant for."""

from __future__ import annotations

import asyncio
import json
import time
from email.utils import parsedate_to_datetime

import aiohttp
import pytest

from interviewkit.sandbox import Fault, FaultKind

from .client import Client
from .conftest import open_box

PADS = "/api/pads"
CUT = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)


async def create(client: Client) -> int:
    return (await client.coderpad("POST", PADS, data={"language": "go"})).status


async def test_a_fault_is_used_up_and_then_all_is_well(client: Client) -> None:
    client.box.coderpad.fail(Fault.server_error(503), times=2)
    assert [(await client.coderpad("GET", PADS)).status for _ in range(3)] == [503, 503, 200]


async def test_a_fault_meets_only_its_method_and_route(client: Client) -> None:
    client.box.coderpad.fail(Fault.server_error(), method="POST", route=PADS)
    assert (await client.coderpad("GET", PADS)).status == 200
    client.box.coderpad.fail(Fault.server_error(502), route="/api/pads/*/events")
    pad = (await client.every_pad())[0]["id"]
    statuses = [(await client.coderpad("GET", f"/api/pads/{pad}")).status]
    statuses += [(await client.coderpad("GET", f"/api/pads/{pad}/events")).status, await create(client)]
    assert statuses == [200, 502, 500]


async def test_a_route_is_named_by_its_template(client: Client) -> None:
    client.box.coderpad.fail(Fault.server_error(), route="/api/pads/{pad_id}")
    rows = await client.every_pad()
    assert (await client.coderpad("GET", f"/api/pads/{rows[0]['id']}")).status == 500


@pytest.mark.parametrize(("committed", "writes"), [(False, 0), (True, 1)])
async def test_a_server_error_comes_before_or_after_the_write(client: Client, committed: bool, writes: int) -> None:
    client.box.coderpad.fail(Fault.server_error(committed=committed))
    assert (await create(client), len(client.box.coderpad.commits)) == (500, writes)


@pytest.mark.parametrize(("committed", "writes"), [(False, 0), (True, 1)])
async def test_a_reset_comes_before_or_after_the_write(client: Client, committed: bool, writes: int) -> None:
    client.box.coderpad.fail(Fault.reset(committed=committed))
    with pytest.raises(CUT):
        await create(client)
    assert len(client.box.coderpad.commits) == writes
    assert client.box.coderpad.seen[-1].status is None


async def test_a_late_commit_lands_after_the_line_was_cut(client: Client) -> None:
    client.box.coderpad.fail(Fault.late_commit(0.02))
    with pytest.raises(CUT):
        await create(client)
    at_once = len(client.box.coderpad.commits)
    await asyncio.sleep(0.045)
    assert (at_once, len(client.box.coderpad.commits)) == (0, 1)


async def test_latency_answers_late_and_correctly(client: Client) -> None:
    client.box.coderpad.fail(Fault.latency(0.03))
    began = time.monotonic()
    assert (await client.coderpad("GET", PADS)).status == 200
    assert time.monotonic() - began >= 0.03


async def test_429_comes_with_seconds_with_a_date_or_with_nothing(client: Client) -> None:
    for retry_after in (7, "date", None):
        client.box.coderpad.fail(Fault.rate_limited(retry_after))
    headers = [(await client.coderpad("GET", PADS)).headers.get("Retry-After") for _ in range(3)]
    assert (headers[0], headers[2]) == ("7", None)
    assert parsedate_to_datetime(headers[1] or "").tzinfo is not None


async def test_a_truncated_answer_announces_more_than_it_sends(client: Client) -> None:
    client.box.coderpad.fail(Fault.truncated())
    with pytest.raises(aiohttp.ClientPayloadError):
        await client.coderpad("GET", PADS)


@pytest.mark.parametrize(
    ("flavour", "error"),
    [
        ("html", json.JSONDecodeError),
        ("empty", json.JSONDecodeError),
        ("not_utf8", UnicodeDecodeError),
        ("not_json", json.JSONDecodeError),
        ("deep", RecursionError),
    ],
)
async def test_garbage_is_a_200_that_cannot_be_read(client: Client, flavour: str, error: type[Exception]) -> None:
    client.box.coderpad.fail(Fault.garbage(flavour))
    answer = await client.coderpad("GET", PADS)
    assert answer.status == 200
    with pytest.raises(error):
        _ = answer.json


async def test_a_wrong_shape_is_a_list_for_an_object_and_an_object_for_a_list(client: Client) -> None:
    client.box.coderpad.fail(Fault.garbage("wrong_shape"))
    client.box.remoteinterview.fail(Fault.garbage("wrong_shape"))
    shapes = (await client.coderpad("GET", PADS)).json, (await client.tests("GET", "/1/tests")).json
    assert [type(shape) for shape in shapes] == [list, dict]


async def test_an_oversized_answer_is_as_large_as_ordered(client: Client) -> None:
    client.box.coderpad.fail(Fault.oversized(300_000))
    answer = await client.coderpad("GET", PADS)
    assert len(answer.body) >= 300_000
    assert answer.json["status"] == "OK"


async def test_a_gzip_bomb_is_small_on_the_line(client: Client) -> None:
    client.box.coderpad.fail(Fault.gzip_bomb(1_000_000))
    answer = await client.coderpad("GET", PADS)
    assert len(answer.body) >= 1_000_000
    assert int(answer.headers["Content-Length"]) < 5_000


async def test_a_redirect_points_elsewhere(client: Client) -> None:
    client.box.coderpad.fail(Fault.redirect("https://elsewhere.example.com/"))
    answer = await client.coderpad("GET", PADS)
    assert (answer.status, answer.headers["Location"]) == (302, "https://elsewhere.example.com/")


async def test_changed_words_leave_everything_else_alone(plain: Client) -> None:
    healthy = (await plain.coderpad("GET", PADS)).json
    plain.box.coderpad.fail(Fault.changed_words({"ended": "archived"}))
    odd = (await plain.coderpad("GET", PADS)).json
    changed = [row["state"] for row in odd["pads"]]
    assert "archived" in changed
    assert "ended" not in changed
    assert [{**row, "state": ""} for row in odd["pads"]] == [{**row, "state": ""} for row in healthy["pads"]]


async def test_a_partial_batch_invites_the_first_and_then_fails(client: Client) -> None:
    client.box.codility.fail(Fault.partial_batch(2), method="POST")
    test = client.box.codility.sessions.tests[0].id
    people = {"candidates": [{"id": f"c{number}"} for number in range(5)]}
    answer = await client.codility("POST", f"/api/tests/{test}/invite/", json=people)
    assert (answer.status, [commit.detail["candidate"] for commit in client.box.commits]) == (500, ["c0", "c1"])


async def test_a_probable_fault_follows_the_seed() -> None:
    runs = []
    for seed in (1, 1, 2):
        async with open_box(seed=seed, sessions=3) as client:
            client.box.coderpad.fail(Fault.server_error(), times=None, probability=0.4)
            runs.append([(await client.coderpad("GET", "/api/user")).status for _ in range(30)])
    assert runs[0] == runs[1] != runs[2]
    assert {200, 500} == set(runs[0])


async def test_a_share_of_mixed_faults_can_be_on_from_the_start() -> None:
    async with open_box(sessions=3, faults=0.5) as client:
        outcomes = set()
        for _ in range(60):
            try:
                outcomes.add((await client.coderpad("GET", "/api/user")).status)
            except CUT:
                outcomes.add(0)
        assert {0, 200, 429, 500, 503} <= outcomes
        client.box.coderpad.heal()
        assert (await client.coderpad("GET", "/api/user")).status == 200


def test_every_kind_of_fault_can_be_ordered_as_json() -> None:
    assert [Fault.from_json({"kind": str(kind)}).kind for kind in FaultKind] == list(FaultKind)


@pytest.mark.parametrize("data", [{}, {"kind": "earthquake"}, {"kind": "reset", "force": 9}])
def test_a_fault_that_does_not_exist_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"kind|earthquake"):
        Fault.from_json(data)
