"""What every test shares: the vendors' payloads, answers in place of a network, and none of the machine's accounts."""

from __future__ import annotations

import json
import signal
import weakref
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import aioresponses.core
import attrs
import pytest
from yarl import URL

from interviewkit.http import limits

PAYLOADS = Path(__file__).parent / "payloads"
_VARIABLES = (
    "CODERPAD_API_KEY", "CODERPAD_BASE_URL", "REMOTEINTERVIEW_API_KEY", "REMOTEINTERVIEW_PADS_API_KEY",
    "REMOTEINTERVIEW_BASE_URL", "REMOTEINTERVIEW_PADS_BASE_URL", "CODILITY_TOKEN", "CODILITY_BASE_URL",
)  # fmt: skip


def pytest_configure() -> None:
    """A suite that a shell starts in the background is told to ignore Ctrl-C, and so are the programs it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_accounts_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _no_requests_of_other_tests() -> Iterator[None]:
    """Sandboxes have the same keys: a provider not yet collected would share its window with the next test."""
    with pytest.MonkeyPatch.context() as patched:  # a test may undo its own
        patched.setattr(limits, "_shared", weakref.WeakValueDictionary())
        yield


@pytest.fixture
def payload() -> Callable[[str], Any]:
    """Decoded JSON of a vendor payload: `payload("coderpad/interview_pad_get.json")`."""
    return lambda name: json.loads((PAYLOADS / name).read_bytes())


@pytest.fixture
def payload_bytes() -> Callable[[str], bytes]:
    """The bytes of a vendor payload."""
    return lambda name: (PAYLOADS / name).read_bytes()


class _ResponseWithWriter(aiohttp.ClientResponse):
    """aiohttp 3.14 asks for a `stream_writer`, which aioresponses 0.7.9 does not hand over."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", SimpleNamespace(output_size=0))
        super().__init__(*args, **kwargs)


def _fits_this_aiohttp() -> bool:
    try:
        aioresponses.core.RequestMatch("http://localhost")._build_response(URL("http://localhost"))
    except TypeError:
        return False
    return True


@attrs.frozen
class SentRequest:
    """A request exactly as it was handed to aiohttp."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


class ExactResponses(aioresponses.aioresponses):
    """`aioresponses` that also keeps, in `sent`, each request with its URL as it is written on the wire."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[SentRequest] = []

    async def _request_mock(
        self, orig_self: aiohttp.ClientSession, method: str, url: Any, *args: Any, **kwargs: Any
    ) -> aiohttp.ClientResponse:
        headers = {**orig_self.headers, **(kwargs.get("headers") or {})}
        self.sent.append(SentRequest(method, str(url), headers, kwargs.get("data")))
        plain = URL(str(url))  # requoted as the URLs are that a test writes, so that an encoded one matches
        return await super()._request_mock(orig_self, method, plain, *args, **kwargs)


@pytest.fixture
def aioresponse(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExactResponses]:
    """aiohttp answered from a table: `aioresponse.get(url, payload=...)`; `aioresponse.sent` keeps what was sent."""
    if not _fits_this_aiohttp():
        monkeypatch.setattr(aioresponses.core, "ClientResponse", _ResponseWithWriter)
    answers = ExactResponses()
    with answers:
        yield answers
