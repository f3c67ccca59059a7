"""Four requests through real aiohttp: what leaves is what the vendor's page shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from interviewkit.model import Candidate
from interviewkit.providers.codility import Codility

BEARER = "Bearer eu.token"


def _headers(sent: Any) -> dict[str, str]:
    return {name: value for name, value in sent.headers.items() if name in {"Accept", "Authorization", "Content-Type"}}


async def test_credits_are_asked_for(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    aioresponse.get(
        "https://codility.com/api/account/credit-level/", payload=payload("codility/account_credit_level.response.json")
    )
    async with Codility("eu.token") as provider:
        assert (await provider.check()).remaining == 30
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("GET", "https://codility.com/api/account/credit-level/", None)
    assert _headers(sent) == {"Accept": "application/json", "Authorization": BEARER}


async def test_active_tests_are_asked_for(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    url = "https://codility.com/api/tests/?is_archived=False"
    aioresponse.get(url, payload=payload("codility/tests_list.response.json"))
    async with Codility("eu.token") as provider:
        assert [one.id for one in await provider.list_assessments().collect()] == ["123"]
    assert [sent.url for sent in aioresponse.sent] == [url]


async def test_a_candidate_is_invited(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    url = "https://codility.com/api/tests/122537/invite/"
    aioresponse.post(url, payload=payload("codility/test_invite.response.json"), status=201)
    async with Codility("eu.token") as provider:
        made = await provider.invite_candidate(
            "122537", Candidate(), reference="123", report_emails=["raven@example.com", "starfire@example.com"]
        )
    assert made.ref.id == "6ZZ5JT-2D3"
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url) == ("POST", url)
    assert _headers(sent) == {
        "Accept": "application/json", "Authorization": BEARER, "Content-Type": "application/json",
    }  # fmt: skip
    assert sent.body == b'{"candidates":[{"id":"123"}],"rpt_emails":["raven@example.com","starfire@example.com"]}'


async def test_a_session_is_cancelled_without_a_body(aioresponse: Any, payload: Callable[[str], Any]) -> None:
    url = "https://codility.com/api/sessions/KKUFDG-5V5/cancel/"
    aioresponse.post(url, body=json.dumps(payload("codility/session_cancel.response.json")))
    async with Codility("eu.token") as provider:
        await provider.end_session("KKUFDG-5V5")
    (sent,) = aioresponse.sent
    assert (sent.method, sent.url, sent.body) == ("POST", url, None)
