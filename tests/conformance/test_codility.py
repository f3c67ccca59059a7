"""The conformance kit on Codility, against the sandbox."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

from interviewkit import Codility
from interviewkit.testing import Backend, ConformanceSuite

from .sandbox_backends import codility_backend


class TestCodility(ConformanceSuite):
    def setup_method(self) -> None:
        self.keywords: dict[str, Any] = {}

    def make_provider(self, **settings: Any) -> Codility:
        return Codility(**self.keywords, **settings)

    def make_backend(self) -> AbstractAsyncContextManager[Backend]:
        return codility_backend(self.keywords)
