"""For the tests of providers and of programs that use them: scripted answers, a fake vendor, and the conformance kit.

`Scripted` and `FakeProvider` need nothing but the package; `ConformanceSuite` needs pytest, and is imported when it is
first used.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interviewkit.testing.backend import Backend, Expected, recorded
    from interviewkit.testing.conformance import ConformanceSuite
    from interviewkit.testing.fake import FakeOptions, FakeProvider
    from interviewkit.testing.fake_vendor import FakeVendor
    from interviewkit.testing.scripted import Scripted, Sent, answer
    from interviewkit.testing.tap import Fault

_HOME = {
    "Backend": "backend",
    "ConformanceSuite": "conformance",
    "Expected": "backend",
    "FakeOptions": "fake",
    "FakeProvider": "fake",
    "FakeVendor": "fake_vendor",
    "Fault": "tap",
    "Scripted": "scripted",
    "Sent": "scripted",
    "answer": "scripted",
    "recorded": "backend",
}
_CHECKS = (
    "arguments", "declaration", "failures", "lifecycle", "objects", "operations", "paging", "payloads", "privacy",
    "requests", "stage", "tap",
)  # fmt: skip

__all__ = [
    "Backend",
    "ConformanceSuite",
    "Expected",
    "FakeOptions",
    "FakeProvider",
    "FakeVendor",
    "Fault",
    "Scripted",
    "Sent",
    "answer",
    "recorded",
]


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if home == "conformance":
        import pytest

        checks = [f"{__name__}.{module}" for module in _CHECKS]
        pytest.register_assert_rewrite(*(module for module in checks if module not in sys.modules))
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
