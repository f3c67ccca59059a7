"""The conformance kit on the fake provider: whole, and without what few vendors have."""

from __future__ import annotations

from typing import Any

from interviewkit import Feature
from interviewkit.testing import Backend, ConformanceSuite, FakeProvider

from .fake_backend import fake_backend


class TestFakeProvider(ConformanceSuite):
    def make_provider(self, **settings: Any) -> FakeProvider:
        return FakeProvider(api_key="fake-key-K3Y", **settings)

    def make_backend(self) -> Backend:
        return fake_backend()


class TestFakeProviderWithLess(TestFakeProvider):
    """Much is unsupported here: that is asserted, not skipped."""

    def make_provider(self, **settings: Any) -> FakeProvider:
        less = {
            Feature.UPDATED_SINCE, Feature.REFERENCE, Feature.CALLBACK, Feature.EMAIL_CANDIDATE, Feature.BATCH_INVITE,
            Feature.REPORT_LINK, Feature.DOWNLOAD,
        }  # fmt: skip
        return FakeProvider(api_key="fake-key-K3Y", without=less, **settings)


class TestFakeProviderWithTheLeast(TestFakeProvider):
    """Only the list of sessions is left."""

    def make_provider(self, **settings: Any) -> FakeProvider:
        return FakeProvider(api_key="fake-key-K3Y", without=set(Feature) - {Feature.LIST_SESSIONS}, **settings)
