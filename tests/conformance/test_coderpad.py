"""The conformance kit on CoderPad, against the sandbox."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from interviewkit import CoderPad
from interviewkit.testing import Backend, ConformanceSuite

from .sandbox_backends import coderpad_backend


class TestCoderPad(ConformanceSuite):
    def setup_method(self) -> None:
        self.keywords: dict[str, Any] = {}

    def make_provider(self, **settings: Any) -> CoderPad:
        return CoderPad(**self.keywords, **settings)

    def make_backend(self) -> AbstractAsyncContextManager[Backend]:
        return coderpad_backend(self.keywords)
