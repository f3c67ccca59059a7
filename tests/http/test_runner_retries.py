"""Which attempts are repeated, after how long, and what the error says of a write's fate."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from interviewkit.errors import (
    AuthenticationError,
    ConflictError,
    DeadlineExceededError,
    InterviewKitError,
    InvalidArgumentError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    RateLimitedError,
    TransportError,
    VendorUnavailableError,
)
from interviewkit.http.limits import patience
from interviewkit.http.retry import RetryPolicy
from interviewkit.http.runner import Runner
from interviewkit.http.wire import Call, Form, Json, Request, path
from interviewkit.testing.scripted import Answer, Scripted, answer
from tests.http.calls import BASE, EMAIL, KEY, Clock, create, get, read_value, runner

OK = answer({"status": "OK"})


def refused() -> TransportError:
    return TransportError("no connection to the host", outcome=Outcome.NOT_SENT)


def reset() -> TransportError:
    return TransportError("the connection was lost before an answer came", outcome=Outcome.UNKNOWN)


def sent(run: Runner) -> int:
    assert isinstance(run.transport, Scripted)
    return len(run.transport.sent)


async def failure(run: Runner, call: Call[Any]) -> InterviewKitError:
    with pytest.raises(InterviewKitError) as caught:
        await run.send(call)
    return caught.value


async def test_one_request_carries_the_key_the_path_and_the_form() -> None:
    script = Scripted([OK])
    assert await runner(script).send(create()) == {"status": "OK"}
    [request] = script.sent
    assert (request.method, request.url) == ("POST", f"{BASE}/api/pads")
    assert request.headers == {
        "Accept": "application/json",
        "Authorization": f'Token token="{KEY}"',
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert request.body == b"title=Backend&candidate=candidate.one%40example.com"
    assert request.timeout == 30.0


# what comes first, whether the call is a write → requests sent, pauses, the error in the end if there is
# one, its outcome
TABLE: list[tuple[str, Answer, bool, int, list[float], type[InterviewKitError] | None, Outcome | None]] = [
    ("a read after a refused connection", refused(), False, 2, [0.5], None, None),
    ("a read after a reset", reset(), False, 2, [0.5], None, None),
    ("a read after 408", answer(status=408), False, 2, [0.5], None, None),
    ("a read after 425", answer(status=425), False, 2, [0.5], None, None),
    ("a read after 429", answer(status=429), False, 2, [0.5], None, None),
    ("a read after 500", answer(status=500), False, 2, [0.5], None, None),
    ("a read after 502", answer(status=502), False, 2, [0.5], None, None),
    ("a read after 503", answer(status=503), False, 2, [0.5], None, None),
    ("a read after 504", answer(status=504), False, 2, [0.5], None, None),
    ("a read after 501", answer(status=501), False, 1, [], VendorUnavailableError, None),
    ("a read after 400", answer(status=400), False, 1, [], InvalidRequestError, None),
    ("a read after 401", answer(status=401), False, 1, [], AuthenticationError, None),
    ("a read after 403", answer(status=403), False, 1, [], PermissionDeniedError, None),
    ("a read after 404", answer(status=404), False, 1, [], NotFoundError, None),
    ("a read after 409", answer(status=409), False, 1, [], ConflictError, None),
    ("a read after 422", answer(status=422), False, 1, [], InvalidRequestError, None),
    ("a read after a redirect", answer(status=302), False, 1, [], TransportError, None),
    ("a write after a refused connection", refused(), True, 2, [0.5], None, None),
    ("a write after 429", answer(status=429), True, 2, [0.5], None, None),
    ("a write after a reset", reset(), True, 1, [], TransportError, Outcome.UNKNOWN),
    ("a write after 408", answer(status=408), True, 1, [], InvalidRequestError, Outcome.UNKNOWN),
    ("a write after 500", answer(status=500), True, 1, [], VendorUnavailableError, Outcome.UNKNOWN),
    ("a write after 503", answer(status=503), True, 1, [], VendorUnavailableError, Outcome.UNKNOWN),
    ("a write after a redirect", answer(status=303), True, 1, [], TransportError, Outcome.UNKNOWN),
    ("a write after 400", answer(status=400), True, 1, [], InvalidRequestError, Outcome.REFUSED),
    ("a write after 401", answer(status=401), True, 1, [], AuthenticationError, Outcome.REFUSED),
    ("a write after 404", answer(status=404), True, 1, [], NotFoundError, Outcome.REFUSED),
]


@pytest.mark.parametrize(
    ("first", "write", "requests", "pauses", "error", "outcome"),
    [row[1:] for row in TABLE],
    ids=[row[0] for row in TABLE],
)
async def test_an_attempt_is_repeated_only_where_that_is_safe(
    first: Answer, write: bool, requests: int, pauses: list[float], error: type[InterviewKitError] | None,
    outcome: Outcome | None,
) -> None:  # fmt: skip
    clock = Clock()
    run = runner([first, OK], clock=clock)
    call = create() if write else get()
    if error is None:
        assert await run.send(call) == {"status": "OK"}
    else:
        found = await failure(run, call)
        assert type(found) is error
        assert found.outcome is outcome
        assert (found.provider, found.operation, found.account) == ("acme", call.operation, "acme-main")
        assert found.hint
        if outcome is Outcome.UNKNOWN:
            assert not found.retryable
            assert "unknown" in str(found)
    assert (sent(run), clock.slept) == (requests, pauses)


@pytest.mark.parametrize(
    ("attempts", "pauses"), [(1, []), (2, [0.5]), (3, [0.5, 1]), (6, [0.5, 1, 2, 4, 8]), (7, [0.5, 1, 2, 4, 8, 8])]
)
async def test_a_read_gets_as_many_attempts_as_the_policy_says(attempts: int, pauses: list[float]) -> None:
    clock = Clock()
    run = runner([answer(status=503)] * 10, clock=clock, retry=RetryPolicy(attempts=attempts), timeout=100)
    found = await failure(run, get())
    assert (type(found), found.retryable) == (VendorUnavailableError, True)
    assert (sent(run), clock.slept) == (attempts, pauses)


@pytest.mark.parametrize(("jitter", "pause"), [(0.0, 0.25), (0.5, 0.375), (1.0, 0.5)])
async def test_a_pause_is_between_half_and_all_of_the_policys_delay(jitter: float, pause: float) -> None:
    clock = Clock()
    await runner([reset(), OK], clock=clock, jitter=jitter).send(get())
    assert clock.slept == [pause]


def _http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize(
    ("header", "lowest", "highest"),
    [("7", 7, 7), ("0", 0.5, 0.5), ("2.5", 2.5, 2.5), (" 3 ", 3, 3), ("soon", 0.5, 0.5), ("-4", 0.5, 0.5), ("",
     0.5, 0.5),
     (-100.0, 0.5, 0.5), (12.0, 10, 12.1)],
)  # fmt: skip
async def test_retry_after_is_obeyed(header: str | float, lowest: float, highest: float, write: bool) -> None:
    clock = Clock()
    text = header if isinstance(header, str) else _http_date(header)
    run = runner([answer(status=429, headers={"retry-after": text}), OK], clock=clock)
    await run.send(create() if write else get())
    assert lowest <= clock.slept[0] <= highest
    assert sent(run) == 2


async def test_retry_after_of_503_is_obeyed_by_a_read() -> None:
    clock = Clock()
    await runner([answer(status=503, headers={"retry-after": "6"}), OK], clock=clock).send(get())
    assert clock.slept == [6]


@pytest.mark.parametrize("seconds", ["31", "99999999999999999999", "1" * 5000])
async def test_a_pause_beyond_the_deadline_is_an_error_at_once(seconds: str) -> None:
    clock = Clock()
    run = runner([answer(status=429, headers={"retry-after": seconds}), OK], clock=clock)
    found = await failure(run, get())
    assert isinstance(found, RateLimitedError)
    assert found.retry_after is not None
    assert found.retry_after >= 31
    assert (sent(run), clock.slept) == (1, [])


async def test_the_deadline_covers_attempts_and_pauses() -> None:
    clock = Clock()

    def slow(_request: object) -> Any:
        clock.now += 4
        return answer(status=503)

    run = runner(Scripted(respond=slow), clock=clock, retry=RetryPolicy(attempts=10), timeout=10)
    found = await failure(run, get())
    assert type(found) is VendorUnavailableError
    assert isinstance(run.transport, Scripted)
    assert [request.timeout for request in run.transport.sent] == [10, 5.5, 0.5]


async def test_a_deadline_that_passed_is_not_repeated() -> None:
    late = DeadlineExceededError("no whole answer", outcome=Outcome.UNKNOWN)
    run = runner([late, OK])
    found = await failure(run, get())
    assert isinstance(found, TimeoutError)
    assert (sent(run), found.outcome) == (1, None)


async def test_a_patient_reader_waits_out_a_429_beyond_the_deadline() -> None:
    clock = Clock()
    run = runner([answer(status=429, headers={"retry-after": "100"}), answer(status=503), OK], clock=clock)
    with patience(None):
        assert await run.send(get()) == {"status": "OK"}
    assert clock.slept == [100, 1]
    assert isinstance(run.transport, Scripted)
    assert run.transport.sent[1].timeout == 30


async def test_a_reader_with_some_patience_waits_that_long_and_no_longer() -> None:
    clock = Clock()
    run = runner([answer(status=429, headers={"retry-after": "100"})] * 2, clock=clock)
    with patience(99):
        assert isinstance(await failure(run, get()), RateLimitedError)
    assert clock.slept == []


async def test_an_absurd_pause_is_asked_again_after_an_hour() -> None:
    clock = Clock()
    run = runner([answer(status=429, headers={"retry-after": "99999999"}), OK], clock=clock)
    with patience(None):
        await run.send(get())
    assert clock.slept == [3600]


async def test_an_unreadable_answer_to_a_write_may_have_been_applied() -> None:
    run = runner([answer(b"<html>")])
    found = await failure(run, create())
    assert isinstance(found, MalformedResponseError)
    assert found.outcome is Outcome.UNKNOWN
    assert (found.provider, found.operation, sent(run)) == ("acme", "create_pad", 1)


async def test_a_refusal_that_came_with_200_is_a_refusal() -> None:
    def read(_response: object) -> Any:
        raise ConflictError("the vendor says no")

    run = runner([answer(headers={"x-request-id": "r-7"})])
    found = await failure(run, Call("acme", "create_pad", create().request, read))
    assert isinstance(found, ConflictError)
    assert (found.outcome, found.status, found.request_id) == (Outcome.REFUSED, 200, "r-7")


@pytest.mark.parametrize(
    "request_",
    [
        Request("POST", path("/x"), body=Json({"a": {1, 2}})),
        Request("POST", path("/x"), body=Json(float("nan"))),
        Request("POST", path("/x"), body=Form((("a", "\ud83d"),))),
        Request("GET", path("/x"), (("a", "\ud83d"),)),
    ],
)
async def test_what_cannot_be_written_is_not_sent(request_: Request) -> None:
    run = runner([OK])
    found = await failure(run, Call("acme", "op", request_, read_value))
    assert isinstance(found, InvalidArgumentError)
    assert (found.provider, found.operation, sent(run)) == ("acme", "op", 0)


async def test_a_key_in_the_query_follows_the_query() -> None:
    from interviewkit.http.credentials import StaticCredential

    script = Scripted([OK, OK])
    run = runner(script, credential=StaticCredential("a&b", query="key"))
    await run.send(get())
    await run.send(get(query=(("page", "2"),)))
    assert [request.url.partition("?")[2] for request in script.sent] == ["key=a%26b", "page=2&key=a%26b"]
    assert "Authorization" not in script.sent[0].headers


def test_a_candidate_stands_in_no_repr_of_a_call() -> None:
    assert EMAIL not in repr(create())


@pytest.mark.parametrize(("write", "outcome"), [(True, Outcome.UNKNOWN), (False, None)])
async def test_a_reader_that_refuses_an_answer_does_not_say_that_nothing_was_sent(
    write: bool, outcome: Outcome | None
) -> None:
    def read(_response: object) -> None:
        raise InvalidArgumentError("an id that is none")

    found = await failure(runner([OK]), (create() if write else get()).reading(read))
    assert found.outcome is outcome
