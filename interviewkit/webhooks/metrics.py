"""What a receiver counts, in Prometheus' text format: no reference and no person stands in it.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import attrs

from interviewkit.webhooks.answers import Verdict

if TYPE_CHECKING:
    from interviewkit.webhooks import InboxStatus, ReceiverCounters
    from interviewkit.webhooks.connections import Connections

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ACCEPTED = frozenset({Verdict.STORED, Verdict.DUPLICATE, Verdict.UNREADABLE, Verdict.FORGOTTEN})
"""What becomes of a delivery that is answered with 200; any other verdict is a refusal."""
STATES = ("received", "done", "failed", "refused", "unreadable", "acknowledged")
_PREFIX = "interviewkit_webhooks_"


@attrs.frozen
class Family:
    """One metric: its name, `counter` or `gauge`, what it tells, its labels, and a number for each of their values."""

    name: str
    kind: str
    told: str
    labels: tuple[str, ...]
    values: Mapping[tuple[Any, ...], float]


def exposition(families: Iterable[Family]) -> str:
    """The metrics as Prometheus reads them."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def of_counters(counters: ReceiverCounters) -> Iterator[Family]:
    """What this process counted since it began."""
    accepted = {key: count for key, count in counters.answers.items() if key[1] in ACCEPTED}
    refused = {key: count for key, count in counters.answers.items() if key[1] not in ACCEPTED}
    retried = {(account,): count for account, count in counters.retried.items()}
    yield Family("deliveries_total", "counter", "Deliveries answered with 200.", ("account", "outcome"), accepted)
    yield Family("refused_total", "counter", "Deliveries that were refused.", ("account", "reason"), refused)
    labels = ("account", "provider", "type", "outcome")
    yield Family("events_total", "counter", "Events that were processed.", labels, counters.settled)
    yield Family("retries_total", "counter", "Times that a failure put an event off.", ("account",), retried)
    yield Family("lag_seconds", "gauge", "From arrival to done, of the event done last.", (), {(): counters.lag})
    yield Family("in_flight", "gauge", "Events that are being processed.", (), {(): counters.in_flight})
    yield Family("processing", "gauge", "Whether this process processes events.", (), {(): counters.is_processing})


def of_store(found: Sequence[InboxStatus] | None, now: datetime) -> Iterator[Family]:
    """What the store holds, of all processes that share it; `None` when it does not answer."""
    yield Family("store_up", "gauge", "Whether the store answers.", (), {(): found is not None})
    if found is None:
        return
    queue = {(one.account,): one.received for one in found}
    oldest = {(one.account,): _age(one.oldest_waiting, now) for one in found}
    stored = {(one.account, one.provider, state): getattr(one, state) for one in found for state in STATES}
    yield Family("queue", "gauge", "Events that wait to be processed.", ("account",), queue)
    yield Family("oldest_waiting_seconds", "gauge", "Age of the event that waits longest.", ("account",), oldest)
    yield Family("stored", "gauge", "Events in the store.", ("account", "provider", "state"), stored)


def of_connections(connections: Connections) -> Iterator[Family]:
    """Who is connected, and who was cut off for being slow."""
    counts = {(stage,): count for stage, count in connections.counts().items()}
    ended = {(reason,): count for reason, count in connections.ended.items()}
    yield Family("connections", "gauge", "Open connections, by what they wait for.", ("stage",), counts)
    yield Family("connections_ended_total", "counter", "Connections that were cut off.", ("reason",), ended)


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())


def _lines(family: Family) -> Iterator[str]:
    name = _PREFIX + family.name
    yield f"# HELP {name} {family.told}"
    yield f"# TYPE {name} {family.kind}"
    for key, value in sorted(family.values.items(), key=lambda one: tuple(map(_word, one[0]))):
        labels = ",".join(f'{label}="{_word(part)}"' for label, part in zip(family.labels, key, strict=True))
        yield f"{name}{{{labels}}} {float(value):.15g}" if labels else f"{name} {float(value):.15g}"


def _word(value: object) -> str:
    """A label's value; `""` is Prometheus' word for a label that is not there."""
    text = "" if value is None else str(value)
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
