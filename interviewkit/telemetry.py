"""Calls as OpenTelemetry spans and metrics: `observers=[OpenTelemetryObserver()]`, with the extra `interviewkit[otel]`.

Names and attributes follow OpenTelemetry's stable conventions for HTTP clients, but for `url.full`, which would show
keys and candidates' ids: <https://opentelemetry.io/docs/specs/semconv/http/http-spans/> (read 2026-11).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interviewkit.errors import ConfigurationError
from interviewkit.http.observe import Attempt, AttemptResult, Observer

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

_SCOPE = "interviewkit"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Seconds, from <https://opentelemetry.io/docs/specs/semconv/http/http-metrics/> (read 2026-11)."""
_HTTPS = 443


class OpenTelemetryObserver(Observer):
    """Makes a CLIENT span of every attempt, a child of the caller's current span, and measures it.

    Metrics: `http.client.request.duration` and `interviewkit.rate_limit.wait` (histograms, seconds) and
    `interviewkit.retries` (a counter). `tracer_provider` and `meter_provider` are the global ones unless given. Raises
    `ConfigurationError` when OpenTelemetry is not installed. No id, key, URL or personal data stands in what it makes.
    """

    def __init__(
        self, tracer_provider: TracerProvider | None = None, meter_provider: MeterProvider | None = None
    ) -> None:
        try:
            from opentelemetry import metrics, trace
        except ImportError:
            raise ConfigurationError(
                "OpenTelemetry is not installed", hint="pip install 'interviewkit[otel]'"
            ) from None
        self._kind = trace.SpanKind.CLIENT
        self._failed = trace.Status(trace.StatusCode.ERROR)
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._duration = meter.create_histogram(
            "http.client.request.duration", "s", "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=_BUCKETS,
        )  # fmt: skip
        self._waits = meter.create_histogram(
            "interviewkit.rate_limit.wait", "s", "How long requests were held back by the rate limiter."
        )
        self._retries = meter.create_counter("interviewkit.retries", "{request}", "Requests that will be sent again.")
        self._spans: dict[int, tuple[Attempt, Span]] = {}

    def on_request(self, attempt: Attempt) -> None:
        """Begin a span."""
        attributes = _attributes(attempt)
        if attempt.waited:
            self._waits.record(attempt.waited, attributes)
        if attempt.number > 1:
            attributes["http.request.resend_count"] = attempt.number - 1
        span = self._tracer.start_span(f"{attempt.method} {attempt.route}", kind=self._kind, attributes=attributes)
        self._spans[id(attempt)] = (attempt, span)  # two equal attempts may be under way: identity tells them apart

    def on_response(self, result: AttemptResult) -> None:
        """End the span and measure it."""
        _attempt, span = self._spans.pop(id(result.attempt), (None, None))
        outcome: dict[str, str | int] = {}
        if result.status is not None:
            outcome["http.response.status_code"] = result.status
        if result.error is not None:
            refused = result.status is not None and result.status >= 400
            outcome["error.type"] = str(result.status) if refused else result.error
        if span is not None:
            span.set_attributes(outcome)
            if result.error is not None:
                span.set_status(self._failed)
            span.end()
        attributes = _attributes(result.attempt) | outcome
        self._duration.record(result.duration, attributes)
        if result.retry_in is not None:
            self._retries.add(1, attributes)


def _attributes(attempt: Attempt) -> dict[str, str | int]:
    address, _, port = attempt.host.rpartition(":")
    if not port.isdigit():
        address, port = attempt.host, str(_HTTPS)  # plain http is for loopback, which has a port
    return {
        "http.request.method": attempt.method,
        "server.address": address.strip("[]"),
        "server.port": int(port),
        "url.template": attempt.route,
        "interviewkit.provider": attempt.provider,
        "interviewkit.operation": attempt.operation,
        "interviewkit.account": attempt.account,
    }
