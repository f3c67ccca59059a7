"""Through real aiohttp: the one request that leaves, and the model that comes of its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import interviewkit as ik

TEST = "-JyFeLky3OS0amN"
LUKE = "X3JpY2FuZF90ZXNldy5pbw~~"
Payload = Callable[[str], Any]


async def test_a_report_is_one_get_with_the_key_in_the_query(aioresponse: Any, payload: Payload) -> None:
    url = f"https://api.remoteinterview.io/1/tests/{TEST}/candidates/{LUKE}/report?key=283h4g4h4h"
    aioresponse.get(url, payload=payload("remoteinterview/candidate_report.response.json"))
    async with ik.RemoteInterview("283h4g4h4h") as vendor:
        report = await vendor.fetch_report(f"remoteinterview:take_home:{TEST}/{LUKE}")
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("GET", url, None)
    assert "Authorization" not in sent.headers
    assert report.score == ik.Score(points=90, max_points=100)


async def test_an_invitation_is_one_post_of_json(aioresponse: Any, payload: Payload) -> None:
    url = f"https://api.remoteinterview.io/1/tests/{TEST}/candidates?key=283h4g4h4h"
    aioresponse.post(url, payload=payload("remoteinterview/candidate_invite.response.json"))
    async with ik.RemoteInterview("283h4g4h4h") as vendor:
        invitation = await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"))
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("POST", url, b'{"email":"john@example.com"}')
    assert sent.headers["Content-Type"] == "application/json"
    assert str(invitation.ref) == f"remoteinterview:take_home:{TEST}/AjHh1jh4jhKJHJKh424hjt"


async def test_a_pad_is_ended_at_the_pads_host_with_an_empty_body(aioresponse: Any) -> None:
    url = "https://api.codeinterview.io/1/pads/82388c2b7e632/end?key=p4ds"
    aioresponse.post(url, payload={"msg": "success"})
    async with ik.RemoteInterview("283h4g4h4h", pads_api_key="p4ds") as vendor:
        await vendor.end_session("remoteinterview:live:82388c2b7e632")
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("POST", url, None)


async def test_a_broken_connection_shows_neither_key_nor_candidate(aioresponse: Any) -> None:
    url = f"https://api.remoteinterview.io/1/tests/{TEST}/candidates/{LUKE}/?key=283h4g4h4h"
    aioresponse.get(url, exception=OSError(f"cannot reach {url}"))
    async with ik.RemoteInterview("283h4g4h4h", retry=ik.RetryPolicy(attempts=1)) as vendor:
        with pytest.raises(ik.TransportError) as caught:
            await vendor.get_session(f"remoteinterview:take_home:{TEST}/{LUKE}")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert not any(secret in f"{caught.value!r} {caught.value}" for secret in ("283h4g4h4h", LUKE))
