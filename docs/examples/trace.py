"""Calls as OpenTelemetry spans, here written to memory instead of to a collector."""

import asyncio

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import interviewkit as ik
from interviewkit.telemetry import OpenTelemetryObserver


async def main() -> None:
    exporter = InMemorySpanExporter()
    # [start:trace]
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    async with ik.Codility(observers=[OpenTelemetryObserver(tracer_provider=tracing)]) as codility:
        await codility.check()
    # [end:trace]
    for span in exporter.get_finished_spans():
        print(span.name, dict(span.attributes or {}).get("http.response.status_code"))


asyncio.run(main())
