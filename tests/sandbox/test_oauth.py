"""Codility's OAuth2 endpoints in the sandbox."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .client import Answer, Client

REDIRECT = "https://ats.example.com/codility/callback"
VERIFIER = "a-verifier-that-is-long-enough-for-the-standard-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


async def authorize(client: Client, **changes: str) -> Answer:
    query = {"response_type": "code", "client_id": client.box.codility.oauth.client_id, "redirect_uri": REDIRECT}
    query |= {"state": "s1", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **changes}
    return await client.ask("GET", f"{client.box.codility.base_url}/oauth2/authorize/", params=query)


async def code(client: Client) -> str:
    return parse_qs(urlsplit((await authorize(client)).headers["Location"]).query)["code"][0]


async def token(client: Client, **form: str) -> Answer:
    oauth = client.box.codility.oauth
    form = {"client_id": oauth.client_id, "client_secret": oauth.client_secret, **form}
    return await client.ask("POST", f"{client.box.codility.base_url}/oauth2/token/", data=form)


async def exchange(client: Client, **changes: str) -> Answer:
    form = {"grant_type": "authorization_code", "code": await code(client), "redirect_uri": REDIRECT}
    return await token(client, **{**form, "code_verifier": VERIFIER, **changes})


async def works(client: Client, access: str) -> bool:
    headers = {"Authorization": f"Bearer {access}"}
    return (await client.codility("GET", "/api/account/credit-level/", headers=headers)).status == 200


async def test_a_code_becomes_a_token_that_opens_the_api(client: Client) -> None:
    answer = (await exchange(client)).json
    assert await works(client, answer["access_token"])
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)


async def test_the_state_comes_back(client: Client) -> None:
    answer = await authorize(client)
    assert (answer.status, parse_qs(urlsplit(answer.headers["Location"]).query)["state"]) == (302, ["s1"])


async def test_a_token_ends_after_its_hour(client: Client) -> None:
    access = (await exchange(client)).json["access_token"]
    client.box.clock.advance(3600)
    assert not await works(client, access)


async def test_a_refresh_token_is_good_once(client: Client) -> None:
    first = (await exchange(client)).json["refresh_token"]
    second = await token(client, grant_type="refresh_token", refresh_token=first)
    again = await token(client, grant_type="refresh_token", refresh_token=first)
    assert (second.status, again.status, again.json) == (200, 400, {"error": "invalid_grant"})
    assert second.json["refresh_token"] != first


async def test_a_code_is_good_once(client: Client) -> None:
    form = {"grant_type": "authorization_code", "code": await code(client), "redirect_uri": REDIRECT}
    answers = [await token(client, **form, code_verifier=VERIFIER) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 400]


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "wrong"},
        {"redirect_uri": "https://other.example.com/"},
        {"code_verifier": "wrong"},
    ],
)
async def test_a_code_is_refused_unless_everything_fits(client: Client, changes: dict[str, str]) -> None:
    answer = await exchange(client, **changes)
    assert (answer.status, answer.json) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
async def test_wrong_clients_and_grants_are_named(client: Client, changes: dict[str, Any], error: str) -> None:
    assert (await exchange(client, **changes)).json == {"error": error}


async def test_the_client_may_stand_in_the_header(client: Client) -> None:
    oauth = client.box.codility.oauth
    basic = base64.b64encode(f"{oauth.client_id}:{oauth.client_secret}".encode()).decode()
    form = {"grant_type": "authorization_code", "code": await code(client), "redirect_uri": REDIRECT}
    url = f"{client.box.codility.base_url}/oauth2/token/"
    form["code_verifier"] = VERIFIER
    answer = await client.ask("POST", url, data=form, headers={"Authorization": f"Basic {basic}"})
    assert answer.status == 200


async def test_an_unknown_client_is_not_sent_back(client: Client) -> None:
    assert (await authorize(client, client_id="wrong")).status == 400
