"""A vendor that never was, for tests of the runner: its calls, a runner for them, and a clock moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from interviewkit.http.credentials import Credential, StaticCredential
from interviewkit.http.decode import plain
from interviewkit.http.limits import Limiter, RateLimit, WindowLimiter
from interviewkit.http.observe import Observer
from interviewkit.http.refusal import refusal
from interviewkit.http.retry import RetryPolicy
from interviewkit.http.runner import Endpoint, Runner, Sender
from interviewkit.http.wire import Body, Call, Form, Request, Response, path
from interviewkit.testing.scripted import Answer, Scripted

BASE = "https://vendor.example"
KEY = "s3cr3t-key-of-acme"
EMAIL = "candidate.one@example.com"


def read_value(response: Response) -> Any:
    """Reads an answer that is JSON of any kind."""
    return plain(response.body)


def get(pad_id: str = "DM32JWG2", query: Sequence[tuple[str, str]] = ()) -> Call[Any]:
    """A read."""
    return Call(
        "acme", "get_pad", Request("GET", path("/api/pads/{pad_id}", pad_id=pad_id), tuple(query)), read_value, True
    )


def create(body: Body | None = None) -> Call[Any]:
    """A write."""
    sent = body or Form((("title", "Backend"), ("candidate", EMAIL)))
    return Call("acme", "create_pad", Request("POST", path("/api/pads"), body=sent), read_value)


@attrs.define
class Clock:
    """Time that stands still until someone sleeps."""

    now: float = 1000.0
    slept: list[float] = attrs.field(factory=list)

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds
        await asyncio.sleep(0)


def runner(
    answers: Iterable[Answer] | Sender = (), *, clock: Clock | None = None, retry: RetryPolicy | None = None,
    timeout: float = 30.0, limit: RateLimit | None = None, limiter: Limiter | None = None,
    credential: Credential | None = None, observers: Sequence[Observer] = (), jitter: float = 1.0,
) -> Runner:  # fmt: skip
    """A runner over scripted answers (or another sender); with `jitter=1.0` the pauses are 0.5, 1, 2, 4, 8 seconds."""
    time = clock or Clock()
    sender = Scripted(answers) if isinstance(answers, Iterable) else answers
    made = credential or StaticCredential(KEY, header='Token token="{}"')
    return Runner(
        provider="acme", account="acme-main", transport=sender, refuse=refusal,
        endpoints={"api": Endpoint(BASE, made, limiter or WindowLimiter(limit))},
        timeout=timeout, retry=retry or RetryPolicy(), observers=observers,
        clock=time, sleep=time.sleep, jitter=lambda: jitter,
    )  # fmt: skip
