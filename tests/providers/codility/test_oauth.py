"""OAuth2: where users are sent, what is asked of the token endpoint, and one refresh for all who wait."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from interviewkit.errors import (
    AuthenticationError,
    ConfigurationError,
    InterviewKitError,
    InvalidRequestError,
    MalformedResponseError,
    Outcome,
    TransportError,
    VendorUnavailableError,
)
from interviewkit.http.credentials import TokenSource
from interviewkit.providers.codility import Codility, OAuthApp, OAuthToken, Token
from interviewkit.testing.scripted import Scripted, Sent, answer

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
GRANTED = {"access_token": "at-2", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt-2", "scope": "a b"}
OLD = Token(access_token="at-1", refresh_token="rt-1", expires_at=NOW + HOUR)


def app(*answers: Any, respond: Any = None, **settings: Any) -> tuple[OAuthApp, Scripted]:
    script = Scripted(answers, respond=respond)
    given: dict[str, Any] = {"now": lambda: NOW, **settings}
    return OAuthApp("client-1", "s3cret", "https://ats.example.com/back", transport=script, **given), script


def test_users_are_sent_to_the_vendor_with_a_state_of_their_own() -> None:
    made, _ = app()
    url, state = made.authorize_url()
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "codility.com", "/oauth2/authorize/")
    assert parse_qs(parts.query) == {
        "response_type": ["code"], "client_id": ["client-1"], "redirect_uri": ["https://ats.example.com/back"],
        "state": [state],
    }  # fmt: skip
    assert len(state) >= 20
    assert made.authorize_url()[1] != state
    assert made.authorize_url("mine")[1] == "mine"


def test_a_sandbox_on_this_machine_may_be_plain_http() -> None:
    made, _ = app(base_url="http://127.0.0.1:8080/")
    assert made.authorize_url()[0].startswith("http://127.0.0.1:8080/oauth2/authorize/?")


async def test_a_code_is_exchanged_for_a_token() -> None:
    made, script = app(answer(GRANTED))
    token = await made.exchange("c0de", state="s-1", expected_state="s-1")
    sent = script.sent[0]
    assert (sent.method, sent.url) == ("POST", "https://codility.com/oauth2/token/")
    assert sent.headers == {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    assert parse_qs((sent.body or b"").decode()) == {
        "grant_type": ["authorization_code"], "client_id": ["client-1"], "client_secret": ["s3cret"],
        "code": ["c0de"], "redirect_uri": ["https://ats.example.com/back"],
    }  # fmt: skip
    assert token == Token(access_token="at-2", refresh_token="rt-2", expires_at=NOW + HOUR, scope=("a", "b"))


@pytest.mark.parametrize(("state", "expected"), [("s-1", "s-2"), ("", ""), ("s-1", ""), ("", "s-1"), (None, None)])
async def test_another_state_than_was_sent_exchanges_nothing(state: Any, expected: Any) -> None:
    made, script = app()
    with pytest.raises(AuthenticationError) as caught:
        await made.exchange("c0de", state=state, expected_state=expected)
    assert (caught.value.outcome, script.sent) == (Outcome.NOT_SENT, [])


async def test_a_token_is_refreshed_and_its_refresh_token_kept_unless_rotated() -> None:
    made, script = app(answer(GRANTED), answer({"access_token": "at-3"}))
    assert (await made.refresh(OLD)).refresh_token == "rt-2"
    again = await made.refresh(OLD)
    assert (again.refresh_token, again.expires_at, again.token_type) == ("rt-1", None, "Bearer")
    assert parse_qs((script.sent[0].body or b"").decode()) == {
        "grant_type": ["refresh_token"], "refresh_token": ["rt-1"], "client_id": ["client-1"],
        "client_secret": ["s3cret"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (400, {"error": "invalid_grant", "error_description": "rt-1 is dead"}, AuthenticationError, "invalid_grant"),
        (401, {"error": "invalid_client"}, AuthenticationError, "invalid_client"),
        (400, {"error": "something_new"}, AuthenticationError, "something_new"),
        (200, {"error": "access_denied"}, AuthenticationError, "access_denied"),
        (400, {"detail": "no"}, InvalidRequestError, None),
        (503, {}, VendorUnavailableError, None),
    ],
)
async def test_a_refusal_is_one_of_our_errors(status: int, body: Any, kind: type[Any], code: str | None) -> None:
    with pytest.raises(kind) as caught:
        await app(answer(body, status=status))[0].refresh(OLD)
    error = caught.value
    assert (type(error), error.status, error.code, error.raw) == (kind, status, code, body)
    assert (error.provider, error.operation) == ("codility", "refresh_token")
    assert not [secret for secret in ("rt-1", "at-1", "s3cret") if secret in f"{error} {error!r}"]


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"{}", b'{"access_token": 5}', b'{"access_token": ""}', b"access_token=at-9"],
)
async def test_an_answer_without_a_token_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        await app(answer(body))[0].refresh(OLD)


@pytest.mark.parametrize("expires_in", ["soon", None, [], 1e300])
async def test_a_lifetime_that_cannot_be_read_does_not_lose_the_token(expires_in: Any) -> None:
    token = await app(answer({"access_token": "at-9", "expires_in": expires_in}))[0].refresh(OLD)
    assert (token.access_token, token.expires_at) == ("at-9", None)


def test_the_set_up_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    for args in (("", "s", "https://x"), ("c", "", "https://x"), ("c", "s", "nowhere")):
        with pytest.raises(ConfigurationError):
            OAuthApp(*args)
    with pytest.raises(ConfigurationError):
        OAuthApp("c", "s", "https://x", base_url="http://codility.com")
    monkeypatch.setitem(sys.modules, "oauthlib", None)
    monkeypatch.setitem(sys.modules, "oauthlib.oauth2", None)
    with pytest.raises(ConfigurationError, match=r"interviewkit\[oauth\]"):
        OAuthApp("c", "s", "https://x")


async def test_the_application_closes_its_connections() -> None:
    made, script = app()
    async with made as entered:
        assert entered is made
    assert script.closed


def test_no_repr_shows_a_secret() -> None:
    made, _ = app()
    shown = f"{made!r} {OAuthToken(made, OLD)!r} {OLD!r}"
    assert not [secret for secret in ("s3cret", "at-1", "rt-1") if secret in shown]


# --- a token that renews itself --------------------------------------------------------------------------------------


async def test_a_token_is_used_until_shortly_before_its_end() -> None:
    clock = [NOW]
    made, script = app(answer(GRANTED), now=lambda: clock[0])
    source = OAuthToken(made, OLD)
    assert isinstance(source, TokenSource)
    clock[0] = NOW + HOUR - timedelta(seconds=31)
    assert (await source.token(), script.sent) == ("at-1", [])
    clock[0] += timedelta(seconds=1)
    assert (await source.token(), len(script.sent)) == ("at-2", 1)


async def test_a_token_whose_end_is_not_known_is_used_until_it_is_refused() -> None:
    made, script = app()
    assert await OAuthToken(made, Token(access_token="at-1", refresh_token="rt-1")).token() == "at-1"
    assert script.sent == []


async def test_a_token_that_cannot_be_refreshed_stays_refused() -> None:
    made, script = app()
    source = OAuthToken(made, Token(access_token="at-1", expires_at=NOW))
    assert await source.renewed("at-1") == "at-1"
    with pytest.raises(AuthenticationError, match="no refresh token") as caught:
        await source.token()
    assert (caught.value.outcome, script.sent) == (Outcome.NOT_SENT, [])


class Slow(Scripted):
    """Answers only after everyone had a chance to ask."""

    async def send(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().send(*args, **kwargs)
        for _ in range(5):
            await asyncio.sleep(0)
        return found


async def test_fifty_refused_calls_make_one_refresh() -> None:
    def respond(sent: Sent) -> Any:
        if sent.url.endswith("/oauth2/token/"):
            return answer(GRANTED)
        return answer({"level": "ok"}, status=200 if sent.headers["Authorization"] == "Bearer at-2" else 401)

    script = Slow(respond=respond)
    source = OAuthToken(OAuthApp("c", "s", "https://x", transport=script, now=lambda: NOW), OLD)
    provider = Codility(source, transport=script)
    found = await asyncio.gather(*(provider.check() for _ in range(50)))
    assert all(status.ok for status in found)
    urls = [sent.url for sent in script.sent]
    assert urls.count("https://codility.com/oauth2/token/") == 1
    assert len(urls) == 101


async def test_fifty_calls_share_one_failure_too() -> None:
    script = Slow(respond=lambda _: answer({"error": "invalid_grant"}, status=400))
    source = OAuthToken(OAuthApp("c", "s", "https://x", transport=script, now=lambda: NOW + HOUR), OLD)
    found = await asyncio.gather(*(source.token() for _ in range(50)), return_exceptions=True)
    assert {type(error) for error in found} == {AuthenticationError}
    assert len({id(error) for error in found}) == 50
    assert len(script.sent) == 1


async def test_a_refresh_goes_on_when_its_caller_gives_up() -> None:
    script = Slow([answer(GRANTED)])
    source = OAuthToken(OAuthApp("c", "s", "https://x", transport=script, now=lambda: NOW + HOUR), OLD)
    first = asyncio.ensure_future(source.token())
    for _ in range(5):
        await asyncio.sleep(0)
    assert len(script.sent) == 1
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await source.renewed("at-1") == "at-2"
    assert len(script.sent) == 1


async def test_a_new_token_is_stored_before_it_is_used() -> None:
    made, _ = app(answer(GRANTED))
    stored: list[tuple[Token, str]] = []

    async def store(token: Token) -> None:
        stored.append((token, source.current.access_token))

    source = OAuthToken(made, OLD, store=store)
    assert await source.renewed("at-1") == "at-2"
    assert [(token.refresh_token, before) for token, before in stored] == [("rt-2", "at-1")]


async def test_a_token_that_could_not_be_stored_is_offered_again_not_asked_for_again() -> None:
    made, script = app(answer(GRANTED))
    tries: list[str] = []

    async def store(token: Token) -> None:
        tries.append(token.access_token)
        if len(tries) == 1:
            raise OSError("disk full")

    source = OAuthToken(made, OLD, store=store)
    with pytest.raises(OSError, match="disk full"):
        await source.renewed("at-1")
    assert await source.renewed("at-1") == "at-2"
    assert (tries, len(script.sent)) == (["at-2", "at-2"], 1)


@pytest.mark.parametrize("failure", [answer({}, status=500), TransportError("lost", outcome=Outcome.UNKNOWN)])
async def test_a_write_that_got_no_token_was_not_sent(failure: Any) -> None:
    made, script = app(failure, now=lambda: NOW + HOUR)
    provider = Codility(OAuthToken(made, OLD), transport=script)
    with pytest.raises(InterviewKitError) as caught:
        await provider.create_session(title="t")
    assert caught.value.outcome is Outcome.NOT_SENT
    assert [sent.url for sent in script.sent] == ["https://codility.com/oauth2/token/"]


async def test_a_provider_sends_a_refused_write_again_with_the_fresh_token(payload: Callable[[str], Any]) -> None:
    board = payload("codility/codelive_create_whiteboard.response.json")
    made, script = app(answer({}, status=401), answer(GRANTED), answer(board))
    session = await Codility(OAuthToken(made, OLD), transport=script).create_session(title="t")
    assert session.access_code == "343434"
    assert [sent.headers.get("Authorization") for sent in script.sent] == ["Bearer at-1", None, "Bearer at-2"]
    assert json.loads(script.sent[2].body or b"") == {"room_name": "t"}
