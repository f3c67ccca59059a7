"""Spans and metrics of the calls, as an OpenTelemetry backend gets them."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from interviewkit.errors import ConfigurationError, InterviewKitError, Outcome, TransportError
from interviewkit.http.limits import RateLimit
from interviewkit.http.observe import Attempt, AttemptResult
from interviewkit.telemetry import OpenTelemetryObserver
from interviewkit.testing.scripted import Answer, answer
from tests.http.calls import EMAIL, KEY, Clock, create, get, runner
from tests.http.test_limits import Stuck

OK = answer({"status": "OK"})


class Backend:
    """An observer, and what it exported."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        self._reader = InMemoryMetricReader()
        self.tracers = TracerProvider()
        self.tracers.add_span_processor(SimpleSpanProcessor(self._spans))
        self.observer = OpenTelemetryObserver(self.tracers, MeterProvider([self._reader]))

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    def points(self, name: str) -> list[Any]:
        data = self._reader.get_metrics_data()
        metrics = (
            [one for resource in data.resource_metrics for scope in resource.scope_metrics for one in scope.metrics]
            if data
            else []
        )
        return [point for metric in metrics if metric.name == name for point in metric.data.data_points]


@pytest.fixture
def backend() -> Backend:
    return Backend()


async def test_an_attempt_is_a_client_span_under_the_callers_with_the_conventions_attributes(backend: Backend) -> None:
    tracer = backend.tracers.get_tracer("test")
    with tracer.start_as_current_span("caller") as caller:
        await runner([OK], observers=[backend.observer]).send(get())
    span = backend.spans[0]
    assert (span.name, span.kind, span.status.status_code) == (
        "GET /api/pads/{pad_id}",
        SpanKind.CLIENT,
        StatusCode.UNSET,
    )
    assert span.parent is not None
    assert span.parent.span_id == caller.get_span_context().span_id
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "server.address": "vendor.example",
        "server.port": 443,
        "url.template": "/api/pads/{pad_id}",
        "interviewkit.provider": "acme",
        "interviewkit.operation": "get_pad",
        "interviewkit.account": "acme-main",
    }


async def test_a_repeated_attempt_is_a_second_span_that_counts(backend: Backend) -> None:
    await runner([answer(status=503), OK], observers=[backend.observer]).send(get())
    first, second = backend.spans
    assert first.attributes is not None
    assert second.attributes is not None
    assert first.status.status_code is StatusCode.ERROR
    assert (first.attributes["error.type"], first.attributes["http.response.status_code"]) == ("503", 503)
    assert "http.request.resend_count" not in first.attributes
    assert second.attributes["http.request.resend_count"] == 1
    [retries] = backend.points("interviewkit.retries")
    assert (retries.value, retries.attributes["http.response.status_code"]) == (1, 503)


@pytest.mark.parametrize(
    ("ended", "kind"),
    [
        (TransportError("lost", outcome=Outcome.UNKNOWN), "TransportError"),
        (answer(status=302), "TransportError"),
        (answer(status=404), "404"),
    ],
)
async def test_an_error_has_a_type(backend: Backend, ended: Answer, kind: str) -> None:
    with pytest.raises(InterviewKitError):
        await runner([ended], observers=[backend.observer]).send(create())
    [span] = backend.spans
    assert span.attributes is not None
    assert span.attributes["error.type"] == kind
    assert span.status.status_code is StatusCode.ERROR
    [duration] = backend.points("http.client.request.duration")
    assert duration.attributes["error.type"] == kind


async def test_a_cancelled_attempt_ends_its_span(backend: Backend) -> None:
    stuck = Stuck()
    call = asyncio.ensure_future(runner(stuck, observers=[backend.observer]).send(get()))
    await stuck.asked.wait()
    before = backend.spans
    assert before == ()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    [span] = backend.spans
    assert span.attributes is not None
    assert span.attributes["error.type"] == "CancelledError"


async def test_durations_and_waits_are_measured_in_seconds(backend: Backend) -> None:
    clock = Clock()
    run = runner([OK, OK], clock=clock, limit=RateLimit(1, 20), observers=[backend.observer])
    await run.send(get())
    await run.send(get())
    [duration] = backend.points("http.client.request.duration")
    [wait] = backend.points("interviewkit.rate_limit.wait")
    assert (duration.count, duration.explicit_bounds[0]) == (2, 0.005)
    assert (wait.count, wait.sum) == (1, 20)


def _attempt(host: str) -> Attempt:
    return Attempt(provider="p", account="a", operation="o", method="GET", route="/x", host=host, number=1)


@pytest.mark.parametrize(
    ("host", "address", "port"),
    [
        ("vendor.example", "vendor.example", 443),
        ("localhost:8080", "localhost", 8080),
        ("[::1]:8080", "::1", 8080),
        ("[::1]", "::1", 443),
    ],
)
def test_the_host_is_told_apart_from_its_port(backend: Backend, host: str, address: str, port: int) -> None:
    attempt = _attempt(host)
    backend.observer.on_request(attempt)
    backend.observer.on_response(AttemptResult(attempt=attempt, duration=0.1, status=200))
    [span] = backend.spans
    assert span.attributes is not None
    assert (span.attributes["server.address"], span.attributes["server.port"]) == (address, port)


def test_equal_attempts_that_overlap_have_a_span_each(backend: Backend) -> None:
    one, other = _attempt("v.example"), _attempt("v.example")
    backend.observer.on_request(one)
    backend.observer.on_request(other)
    backend.observer.on_response(AttemptResult(attempt=other, duration=0.1, status=500, error="VendorUnavailableError"))
    backend.observer.on_response(AttemptResult(attempt=one, duration=0.1, status=200))
    assert [span.status.status_code for span in backend.spans] == [StatusCode.ERROR, StatusCode.UNSET]


async def test_nothing_that_is_exported_identifies_anyone(backend: Backend) -> None:
    run = runner([answer(status=503), OK, OK], observers=[backend.observer])
    await run.send(get("PAD-OF-A-CANDIDATE", (("email", EMAIL),)))
    await run.send(create())
    exported = "".join(span.to_json() for span in backend.spans) + str(backend._reader.get_metrics_data())
    assert len(backend.spans) == 3
    assert all(secret not in exported for secret in (KEY, EMAIL, "PAD-OF-A-CANDIDATE", "candidate.one"))


def test_without_opentelemetry_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"interviewkit\[otel\]"):
        OpenTelemetryObserver()
