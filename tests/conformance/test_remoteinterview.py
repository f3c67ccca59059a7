"""The conformance kit on RemoteInterview, against the sandbox: once for its tests, once for its live pads."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar

from interviewkit import RemoteInterview, SessionKind
from interviewkit.testing import Backend, ConformanceSuite

from .sandbox_backends import remoteinterview_backend


class TestRemoteInterview(ConformanceSuite):
    kind: ClassVar[SessionKind] = SessionKind.TAKE_HOME

    def setup_method(self) -> None:
        self.keywords: dict[str, Any] = {}

    def make_provider(self, **settings: Any) -> RemoteInterview:
        return RemoteInterview(**self.keywords, **settings)

    def make_backend(self) -> AbstractAsyncContextManager[Backend]:
        return remoteinterview_backend(self.keywords, self.kind)


class TestRemoteInterviewPads(TestRemoteInterview):
    kind = SessionKind.LIVE
