"""A CoderPad over scripted answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from interviewkit.http.retry import RetryPolicy
from interviewkit.providers.coderpad import CoderPad
from interviewkit.testing.scripted import Answer, Scripted, Sent

KEY = "8af9a3412559d803707937250dc1569d"


async def _no_pause(_seconds: float) -> None:
    """Retries need no real time here."""


@pytest.fixture
def scripted() -> Callable[..., tuple[CoderPad, Scripted]]:
    """A provider and its script: answers in order, or `respond=` a function of each request."""

    def make(
        *answers: Answer, respond: Callable[[Sent], Any] | None = None, **settings: Any
    ) -> tuple[CoderPad, Scripted]:
        script = settings.pop("transport", None) or Scripted(answers, respond=respond)
        settings = {"account": "acme", "retry": RetryPolicy(attempts=2), "sleep": _no_pause, **settings}
        return CoderPad(KEY, transport=script, **settings), script

    return make
