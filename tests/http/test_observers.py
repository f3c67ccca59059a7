"""What observers hear, and what becomes of their own exceptions."""

from __future__ import annotations

import asyncio

import pytest

from interviewkit.errors import DeadlineExceededError, InterviewKitError, Outcome, TransportError
from interviewkit.http.limits import RateLimit, Slot, WindowLimiter
from interviewkit.http.observe import Attempt, AttemptResult, Observer
from interviewkit.testing.scripted import Scripted, answer
from tests.http.calls import EMAIL, KEY, Clock, create, get, runner
from tests.http.test_limits import Stuck

OK = answer({"status": "OK"})


class Notes(Observer):
    """Writes everything down."""

    def __init__(self) -> None:
        self.begun: list[Attempt] = []
        self.ended: list[AttemptResult] = []

    def on_request(self, attempt: Attempt) -> None:
        self.begun.append(attempt)

    def on_response(self, result: AttemptResult) -> None:
        self.ended.append(result)


class Objection(Exception):  # noqa: N818
    """An observer's own."""


class Objector(Observer):
    """Raises at one of the two occasions."""

    def __init__(self, at: str) -> None:
        self.at = at

    def on_request(self, attempt: Attempt) -> None:
        if self.at == "request":
            raise Objection

    def on_response(self, result: AttemptResult) -> None:
        if self.at == "response":
            raise Objection


async def test_each_request_is_told_with_its_number_status_duration_and_next_pause() -> None:
    notes, clock = Notes(), Clock()

    def respond(_sent: object) -> object:
        clock.now += 0.25
        return answers.pop(0)

    answers = [answer(status=503), OK]
    await runner(Scripted(respond=respond), clock=clock, observers=[notes]).send(get())  # type: ignore[arg-type]
    assert [attempt.number for attempt in notes.begun] == [1, 2]
    first = notes.begun[0]
    assert (first.provider, first.account, first.operation) == ("acme", "acme-main", "get_pad")
    assert (first.method, first.route, first.host) == ("GET", "/api/pads/{pad_id}", "vendor.example")
    assert [(end.status, end.error, end.duration, end.retry_in, end.response_bytes) for end in notes.ended] == [
        (503, "VendorUnavailableError", 0.25, 0.5, 4),
        (200, None, 0.25, None, 16),
    ]


async def test_an_attempt_without_an_answer_has_an_error_and_no_status() -> None:
    notes = Notes()
    lost = TransportError("lost", outcome=Outcome.UNKNOWN)
    with pytest.raises(TransportError):
        await runner([lost], observers=[notes]).send(create())
    [end] = notes.ended
    assert (end.status, end.error, end.retry_in, end.response_bytes) == (None, "TransportError", None, None)


async def test_the_wait_for_a_slot_is_told() -> None:
    notes = Notes()
    run = runner([OK] * 2, limit=RateLimit(1, 20), observers=[notes])
    await run.send(get())
    await run.send(get())
    assert [attempt.waited for attempt in notes.begun] == [0, 20]


async def test_a_cancelled_attempt_is_told() -> None:
    notes, stuck = Notes(), Stuck()
    call = asyncio.ensure_future(runner(stuck, observers=[notes]).send(get()))
    await stuck.asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert [end.error for end in notes.ended] == ["CancelledError"]


async def test_nothing_that_observers_hear_identifies_anyone() -> None:
    notes = Notes()
    await runner([OK], observers=[notes]).send(create())
    await runner([OK], observers=[notes]).send(get("PAD-OF-A-CANDIDATE", (("email", EMAIL),)))
    heard = repr((notes.begun, notes.ended))
    assert all(secret not in heard for secret in (KEY, EMAIL, "PAD-OF-A-CANDIDATE"))


@pytest.mark.parametrize(("at", "sent"), [("request", 0), ("response", 1)])
async def test_an_observers_exception_reaches_the_caller_and_leaks_no_slot(at: str, sent: int) -> None:
    clock, before, after = Clock(), Notes(), Notes()
    limiter = WindowLimiter(RateLimit(1, 20))
    script = Scripted([OK])
    run = runner(script, clock=clock, limiter=limiter, observers=[before, Objector(at), after])
    with pytest.raises(Objection):
        await run.send(get())
    assert len(script.sent) == sent
    assert [end.error for end in before.ended] == [None if sent else "Objection"]
    assert len(after.begun) == len(after.ended) == sent
    assert isinstance(limiter.take(clock.now + 20 * sent), Slot)
    assert limiter.take(clock.now + 20 * sent) == 20


async def test_a_request_whose_deadline_passed_before_it_was_sent_is_not_announced() -> None:
    notes, clock = Notes(), Clock()
    ticks = iter([1000.0, 1000.0, 1031.0])
    run = runner([OK], clock=clock, observers=[notes], limit=RateLimit(1, 60))
    object.__setattr__(run, "clock", lambda: next(ticks, 1031.0))
    with pytest.raises(DeadlineExceededError) as caught:
        await run.send(create())
    assert caught.value.outcome is Outcome.NOT_SENT
    assert notes.begun == []
    limiter = run.endpoints["api"].limiter
    assert isinstance(limiter.take(1031.0), Slot)


async def test_an_observer_that_overrides_nothing_hears_in_peace() -> None:
    assert await runner([OK], observers=[Observer()]).send(get()) == {"status": "OK"}


def test_objections_are_no_errors_of_ours() -> None:
    assert not issubclass(Objection, InterviewKitError)
