"""What a receiver tells Prometheus: its format, its numbers, and nobody's data."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import attrs

from interviewkit.webhooks import InboxStatus, metrics
from interviewkit.webhooks.answers import Verdict
from interviewkit.webhooks.metrics import ACCEPTED, STATES, Family, exposition

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? -?[0-9.e+]+')


def counters(**more: Any) -> Any:
    found = {
        "answers": Counter(), "settled": Counter(), "retried": Counter(), "lag": 0.0, "in_flight": 0,
        "is_processing": True, **more,
    }  # fmt: skip
    return cast("Any", SimpleNamespace(**found))


def shown(*families: Family) -> list[str]:
    return [line for line in exposition(families).splitlines() if not line.startswith("#")]


def test_a_family_has_a_head_and_a_line_for_each_of_its_values() -> None:
    family = Family("queue", "gauge", "What waits.", ("account",), {("b",): 2, ("a",): 1})
    assert exposition([family]) == (
        "# HELP interviewkit_webhooks_queue What waits.\n"
        "# TYPE interviewkit_webhooks_queue gauge\n"
        'interviewkit_webhooks_queue{account="a"} 1\n'
        'interviewkit_webhooks_queue{account="b"} 2\n'
    )


def test_labels_are_escaped() -> None:
    (line,) = shown(Family("queue", "gauge", "", ("account",), {('a"\\\nb',): 1}))
    assert line == 'interviewkit_webhooks_queue{account="a\\"\\\\\\nb"} 1'
    assert SAMPLE.fullmatch(line)


def test_what_was_accepted_and_what_was_refused_are_two_counters() -> None:
    answers = Counter({("acme", "stored"): 3, ("acme", "duplicate"): 2, (None, "nowhere"): 5, ("acme", "not_json"): 1})
    settled = Counter({("acme", "codility", "result", "done"): 3, ("acme", "codility", None, "failed"): 1})
    found = shown(*metrics.of_counters(counters(answers=answers, settled=settled, retried=Counter(acme=4), lag=0.25)))
    assert found == [
        'interviewkit_webhooks_deliveries_total{account="acme",outcome="duplicate"} 2',
        'interviewkit_webhooks_deliveries_total{account="acme",outcome="stored"} 3',
        'interviewkit_webhooks_refused_total{account="",reason="nowhere"} 5',
        'interviewkit_webhooks_refused_total{account="acme",reason="not_json"} 1',
        'interviewkit_webhooks_events_total{account="acme",provider="codility",type="",outcome="failed"} 1',
        'interviewkit_webhooks_events_total{account="acme",provider="codility",type="result",outcome="done"} 3',
        'interviewkit_webhooks_retries_total{account="acme"} 4',
        "interviewkit_webhooks_lag_seconds 0.25",
        "interviewkit_webhooks_in_flight 0",
        "interviewkit_webhooks_processing 1",
    ]
    assert all(SAMPLE.fullmatch(line) for line in found)


def test_every_verdict_is_accepted_or_refused_as_its_answer_says() -> None:
    from interviewkit.webhooks.answers import answer

    assert {one for one in Verdict if answer(one).status == 200} == ACCEPTED


def test_the_queue_is_that_of_the_store() -> None:
    status = InboxStatus(
        account="acme", provider="codility", received=7, done=2, failed=1, oldest_waiting=NOW - timedelta(seconds=90)
    )
    found = shown(*metrics.of_store([status, InboxStatus(account="idle", provider="codility")], NOW))
    assert found[:5] == [
        "interviewkit_webhooks_store_up 1",
        'interviewkit_webhooks_queue{account="acme"} 7',
        'interviewkit_webhooks_queue{account="idle"} 0',
        'interviewkit_webhooks_oldest_waiting_seconds{account="acme"} 90',
        'interviewkit_webhooks_oldest_waiting_seconds{account="idle"} 0',
    ]
    assert 'interviewkit_webhooks_stored{account="acme",provider="codility",state="failed"} 1' in found
    assert len(found) == 5 + 2 * len(STATES)


def test_all_states_of_an_event_are_told() -> None:
    from interviewkit.webhooks import EventState

    assert {*STATES} == {*EventState, "acknowledged"}
    assert {*STATES} < {field.name for field in attrs.fields(InboxStatus)}


def test_a_store_that_does_not_answer_is_told() -> None:
    assert shown(*metrics.of_store(None, NOW)) == ["interviewkit_webhooks_store_up 0"]
