"""Credentials that change: asked before each request, renewed once after a 401, never shown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from interviewkit.errors import AuthenticationError, ConfigurationError, DeadlineExceededError, Outcome, TransportError
from interviewkit.http.credentials import TokenCredential
from interviewkit.http.limits import RateLimit, Slot, WindowLimiter
from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Scripted, Sent, answer
from tests.http.calls import Clock, create, get, runner
from tests.http.test_observers import Notes

OK, NO = answer({"status": "OK"}), answer(status=401)


class Tokens:
    """A token source that counts."""

    def __init__(self, *, stale: bool = False) -> None:
        self.current = 1
        self.renewals: list[str] = []
        self.stale = stale

    async def token(self) -> str:
        return f"token-{self.current}"

    async def renewed(self, refused: str) -> str:
        self.renewals.append(refused)
        self.current += not self.stale
        return await self.token()


def bearers(script: Scripted) -> list[str]:
    return [sent.headers["Authorization"] for sent in script.sent]


async def test_a_refused_token_is_renewed_once_and_the_call_sent_again_even_a_write() -> None:
    tokens, script, notes, clock = Tokens(), Scripted([NO, OK]), Notes(), Clock()
    run = runner(script, credential=TokenCredential(tokens), observers=[notes], clock=clock)
    assert await run.send(create()) == {"status": "OK"}
    assert bearers(script) == ["Bearer token-1", "Bearer token-2"]
    assert (tokens.renewals, clock.slept) == (["token-1"], [])
    assert [attempt.number for attempt in notes.begun] == [1, 2]
    assert [end.retry_in for end in notes.ended] == [0.0, None]


async def test_a_second_refusal_is_the_callers() -> None:
    tokens, script = Tokens(), Scripted([NO, NO, OK])
    with pytest.raises(AuthenticationError) as caught:
        await runner(script, credential=TokenCredential(tokens)).send(create())
    assert (len(script.sent), len(tokens.renewals)) == (2, 1)
    assert caught.value.outcome is Outcome.REFUSED


async def test_a_source_that_has_nothing_fresh_ends_the_call() -> None:
    tokens, script = Tokens(stale=True), Scripted([NO, OK])
    with pytest.raises(AuthenticationError):
        await runner(script, credential=TokenCredential(tokens)).send(get())
    assert len(script.sent) == 1


async def test_a_renewal_takes_no_attempt_from_the_policy() -> None:
    script = Scripted([NO, answer(status=503), answer(status=503), OK])
    assert await runner(script, credential=TokenCredential(Tokens())).send(get()) == {"status": "OK"}


async def test_calls_that_were_refused_together_renew_the_token_once() -> None:
    tokens = Tokens()
    both_sent = asyncio.Event()

    class Meeting(Scripted):
        async def send(self, *args: Any, **kwargs: Any) -> Response:
            found = await super().send(*args, **kwargs)
            if len(self.sent) == 2:
                both_sent.set()
            await both_sent.wait()
            return found

    def respond(sent: Sent) -> Response:
        return NO if sent.headers["Authorization"] == "Bearer token-1" else OK

    script = Meeting(respond=respond)
    run = runner(script, credential=TokenCredential(tokens))
    await asyncio.gather(run.send(get()), run.send(get()))
    assert tokens.renewals == ["token-1"]
    assert sorted(bearers(script)) == ["Bearer token-1"] * 2 + ["Bearer token-2"] * 2


class Failing(Tokens):
    """A source whose own request fails."""

    def __init__(self, error: Exception, *, at: str) -> None:
        super().__init__()
        self.error = error
        self.at = at

    async def token(self) -> str:
        if self.at == "token":
            raise self.error
        return await super().token()

    async def renewed(self, refused: str) -> str:
        raise self.error


async def test_without_a_token_nothing_is_sent_and_the_slot_is_given_back() -> None:
    script, clock, limiter = Scripted([OK]), Clock(), WindowLimiter(RateLimit(1, 20))
    lost = TransportError("no token endpoint", outcome=Outcome.UNKNOWN)
    run = runner(script, credential=TokenCredential(Failing(lost, at="token")), limiter=limiter, clock=clock)
    with pytest.raises(TransportError) as caught:
        await run.send(create())
    assert (caught.value.outcome, caught.value.operation, script.sent) == (Outcome.NOT_SENT, "create_pad", [])
    assert isinstance(limiter.take(clock.now), Slot)


async def test_a_failed_renewal_of_a_write_says_that_the_write_was_refused() -> None:
    lost = TransportError("no token endpoint", outcome=Outcome.UNKNOWN)
    run = runner([NO, OK], credential=TokenCredential(Failing(lost, at="renewed")))
    with pytest.raises(TransportError) as caught:
        await run.send(create())
    assert (caught.value.outcome, caught.value.provider) == (Outcome.REFUSED, "acme")


@pytest.mark.parametrize("error", [RuntimeError("the caller's own"), TimeoutError()])
async def test_a_sources_own_exception_passes_through(error: Exception) -> None:
    run = runner([OK], credential=TokenCredential(Failing(error, at="token")))
    with pytest.raises(type(error)) as caught:
        await run.send(get())
    assert caught.value is error


async def test_a_token_that_takes_too_long_is_a_deadline_and_sends_nothing() -> None:
    class Slow(Tokens):
        async def token(self) -> str:
            return await asyncio.Future()

    script, limiter = Scripted([OK]), WindowLimiter(RateLimit(1, 20))
    run = runner(script, credential=TokenCredential(Slow()), timeout=0.02, limiter=limiter)
    with pytest.raises(DeadlineExceededError) as caught:
        await run.send(create())
    assert (caught.value.outcome, script.sent) == (Outcome.NOT_SENT, [])
    assert isinstance(limiter.take(1000.0), Slot)


@pytest.mark.parametrize("token", ["", "a\r\nX-Injected: 1", "tökén", None, 5])
async def test_a_token_that_no_header_can_hold_is_refused(token: object) -> None:
    class Odd(Tokens):
        async def token(self) -> str:
            return token  # type: ignore[return-value]

    script = Scripted([OK])
    with pytest.raises(ConfigurationError) as caught:
        await runner(script, credential=TokenCredential(Odd())).send(get())
    assert "Injected" not in str(caught.value)
    assert script.sent == []


def test_a_token_stands_in_no_repr() -> None:
    credential = TokenCredential(Tokens())
    asyncio.run(credential.refresh())
    assert credential.headers == {"Authorization": "Bearer token-1"}
    assert "token-1" not in repr(credential)
