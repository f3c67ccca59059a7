"""The policy and the header as plain functions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewkit.errors import ConfigurationError
from interviewkit.http.limits import RateLimit
from interviewkit.http.retry import Failure, RetryPolicy, next_wait, parse_retry_after

NOW = datetime(2026, 11, 6, 8, 49, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None), ("", None), ("0", 0), ("120", 120), ("1.5", 1.5), ("1e3", None), ("-1", None), ("+1",
        None), ("١", None),
        ("Fri, 06 Nov 2026 08:49:37 GMT", 7), ("Friday, 06-Nov-26 08:49:37 GMT", 7), ("Fri Nov  6 08:49:37 2026", 7),
        ("Fri, 06 Nov 2026 09:49:37 +0100", 7), ("Fri, 06 Nov 2026 08:49:00 GMT", 0),
        ("Fri, 99 Nov 2026 08:49:37 GMT", None), ("Fri, 06 Nov 99999999999999999999 08:49:37 GMT", None),
        ("9" * 400, 1e9), ("tomorrow", None),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@given(st.text(st.sampled_from("0123456789 ,:-+.GMTFriNov"), max_size=40) | st.text(max_size=20))
def test_whatever_the_header_says_it_is_no_error(header: str) -> None:
    found = parse_retry_after(header)
    assert found is None or found >= 0


@given(
    attempt=st.integers(1, 5),
    failure=st.sampled_from(Failure),
    status=st.none() | st.sampled_from([408, 425, 429, 500, 503]) | st.integers(300, 599),
    repeatable=st.booleans(),
    retry_after=st.none() | st.floats(0, 1e9),
    remaining=st.floats(-1, 100),
    jitter=st.floats(0, 1),
)
def test_a_pause_ends_before_the_deadline_and_a_write_that_left_is_repeated_after_429_only(
    attempt: int, failure: Failure, status: int | None, repeatable: bool, retry_after: float | None, remaining: float,
    jitter: float,
) -> None:  # fmt: skip
    wait = next_wait(
        RetryPolicy(), failure, attempt=attempt, status=status, repeatable=repeatable, retry_after=retry_after,
        remaining=remaining, jitter=jitter,
    )  # fmt: skip
    if wait is None:
        return
    assert 0 < wait < remaining
    assert wait >= (retry_after or 0)
    assert attempt < 3
    assert repeatable or failure is Failure.NOT_CONNECTED or (failure is Failure.REFUSED and status == 429)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"base_delay": -1}, {"base_delay": 2, "max_delay": 1}])
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError):
        RetryPolicy(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0), (1, -5)])
def test_a_limit_that_makes_no_sense_is_refused(wrong: tuple[int, float]) -> None:
    with pytest.raises(ConfigurationError):
        RateLimit(*wrong)
