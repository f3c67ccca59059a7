"""A Codility provider whose network is a script."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from interviewkit.http.retry import RetryPolicy
from interviewkit.providers.codility import Codility
from interviewkit.testing.scripted import Answer, Scripted

_NUMBERS = itertools.count()
Make = Callable[..., tuple[Codility, Scripted]]


@pytest.fixture
def make() -> Make:
    """`make(answer, …, unsupported="warn")`: a provider and its script."""

    def made(*answers: Answer, **settings: Any) -> tuple[Codility, Scripted]:
        script = Scripted(answers, respond=settings.pop("respond", None))
        settings = {"retry": RetryPolicy(attempts=1), "account": "acme", **settings}
        token = settings.pop("token", f"secret-token-{next(_NUMBERS)}")  # one each: a token's limiter is shared
        return Codility(token, transport=script, **settings), script

    return made
