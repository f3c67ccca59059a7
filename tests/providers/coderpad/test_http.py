"""Four requests through real aiohttp: what leaves is what the vendor's page shows (https://coderpad.io/api)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from interviewkit import SessionStatus
from interviewkit.providers.coderpad import CoderPad, CoderPadOptions

from .conftest import KEY

TOKEN = f'Token token="{KEY}"'


def sent_headers(sent: Any) -> dict[str, str]:
    return {name: value for name, value in sent.headers.items() if name in {"Accept", "Authorization", "Content-Type"}}


async def test_the_quota_is_asked_for(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    aioresponse.get("https://app.coderpad.io/api/quota", payload=payload("coderpad/interview_quota_limited_2018.json"))
    async with CoderPad(KEY) as pads:
        assert (await pads.check()).remaining == 87
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("GET", "https://app.coderpad.io/api/quota", None)
    assert sent_headers(sent) == {"Accept": "application/json", "Authorization": TOKEN}


async def test_a_pad_is_created(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    aioresponse.post("https://app.coderpad.io/api/pads", payload=payload("coderpad/interview_pad_create.json"))
    async with CoderPad(KEY) as pads:
        session = await pads.create_session(
            title="Rob Zombie's Interview", language="ruby", notes="Your private notes",
            options=CoderPadOptions(contents="print 'Hello, World'"),
        )  # fmt: skip
    assert session.status is SessionStatus.CREATED
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url) == ("POST", "https://app.coderpad.io/api/pads")
    assert sent_headers(sent) == {
        "Accept": "application/json", "Authorization": TOKEN, "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    assert sent.body == (
        b"title=Rob%20Zombie%27s%20Interview&language=ruby&contents=print%20%27Hello%2C%20World%27"
        b"&notes=Your%20private%20notes"
    )


async def test_pads_are_listed_with_a_plain_comma(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    url = "https://app.coderpad.io/api/organization/pads?sort=created_at,asc"
    aioresponse.get(url, payload=payload("coderpad/interview_organization_pads_2018_inline_events.json"))
    async with CoderPad(KEY, organization=True, auth="bearer") as pads:
        first = await pads.list_sessions().first()
    assert first is not None
    assert first.ref.id == "PP7J474P"
    (sent,) = aioresponse.sent
    assert (sent.url, sent.headers["Authorization"]) == (url, f"Bearer {KEY}")


async def test_a_pad_is_ended(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    url = "https://app.coderpad.io/api/pads/AFQ2K9A3"
    aioresponse.put(url, payload=payload("coderpad/interview_pad_update.json"))
    async with CoderPad(KEY) as pads:
        await pads.end_session("AFQ2K9A3")
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("PUT", url, b"ended=true")
