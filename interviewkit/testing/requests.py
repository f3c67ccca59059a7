"""Checks on what goes out: the documented requests, the credentials, and to whom they go."""

from __future__ import annotations

import asyncio
import io
import json
import re
from typing import Any
from urllib.parse import urlsplit

from interviewkit.capabilities import Feature
from interviewkit.errors import InterviewKitError
from interviewkit.http.wire import Response
from interviewkit.model import Artifact
from interviewkit.testing.backend import Expected
from interviewkit.testing.operations import OPERATIONS, download
from interviewkit.testing.scripted import Sent
from interviewkit.testing.stage import Scene, Stage

ELSEWHERE = "https://elsewhere.example"


def as_sent(sent: Sent) -> tuple[str, str, bytes]:
    """Method, target and body of a request."""
    parts = urlsplit(sent.url)
    return sent.method, parts.path + (f"?{parts.query}" if parts.query else ""), sent.body or b""


def content_type(sent: Sent) -> str | None:
    """The `Content-Type` of a request."""
    return next((value for name, value in sent.headers.items() if name.lower() == "content-type"), None)


def shows(sent: Sent, secret: str) -> bool:
    """Whether a secret stands in a request's headers or URL."""
    return secret in sent.url or any(secret in value for value in sent.headers.values())


class Requests(Stage):
    """What goes out."""

    async def test_each_operation_sends_exactly_what_the_vendor_documents(self) -> None:
        for operation in OPERATIONS:
            async with self.scene() as scene:
                if not scene.has(operation.feature):
                    continue
                expected: list[Expected] = list(scene.backend.expected.get(operation.name, ()))
                assert expected, f"the Backend does not say what {operation.name} is expected to send"
                sent = await scene.requests(operation)
                wanted = sorted((one.method, one.target, one.body or b"") for one in expected)
                assert sorted(map(as_sent, sent)) == wanted, f"{operation.name} sends something else"
                types = {one.content_type for one in expected if one.content_type}
                assert types <= {content_type(one) for one in sent}, f"{operation.name}: another Content-Type"

    async def test_every_request_carries_the_credentials(self) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                for sent in await scene.requests(operation):
                    keys = [key for key in scene.backend.credentials if shows(sent, key)]
                    assert keys, f"{operation.name} sent a request without credentials"

    async def test_credentials_and_requests_keep_to_the_vendors_host(self) -> None:
        async with self.scene() as scene:
            backend, tap = scene.backend, scene.tap
            home = {urlsplit(sent.url).netloc for each in scene.operations for sent in await scene.requests(each)}
            tap.edit = _lead_elsewhere
            for operation in [one for one in scene.operations if not scene.is_write(one)]:
                before = len(tap.sent)
                try:
                    result = await scene.run(operation)
                    await self._fetch_all(scene.provider, result)
                except InterviewKitError:
                    pass
                self._keeps_the_key(scene, tap.sent[before:], home)
            if scene.has(Feature.DOWNLOAD):
                scene.calm()
                await download(scene.provider, backend)
                self._keeps_the_key(scene, tap.sent, home)

    @staticmethod
    def _keeps_the_key(scene: Scene, requests: list[Sent], home: set[str]) -> None:
        for sent in requests:
            away = urlsplit(sent.url).netloc not in home
            given = away and any(shows(sent, key) for key in scene.backend.credentials)
            assert not given, f"the key was given to {urlsplit(sent.url).netloc}"

    @staticmethod
    async def _fetch_all(provider: Any, result: Any) -> None:
        for artifact in getattr(result, "artifacts", ()):
            assert isinstance(artifact, Artifact)
            try:
                await provider.download(artifact, io.BytesIO())
            except InterviewKitError:
                continue

    async def test_nothing_is_sent_before_it_is_asked_for(self) -> None:
        async with self.scene() as scene:
            if scene.has(Feature.LIST_SESSIONS):
                scene.provider.list_sessions(**scene.backend.listing)
            if scene.has(Feature.LIST_ASSESSMENTS):
                scene.provider.list_assessments()
            if scene.has(Feature.FETCH_REPORT):
                scene.provider.fetch_reports([scene.backend.finished])
            for _turn in range(5):
                await asyncio.sleep(0)
            assert not scene.tap.sent, "something is sent before anyone asks for a row"


def _lead_elsewhere(sent: Sent, answer: Response) -> Response:
    """The same answer, with every absolute URL in it leading to another host."""
    try:
        text = json.dumps(json.loads(answer.body))
    except ValueError:
        return answer
    return Response(answer.status, answer.headers, re.sub(r"https?://[^/\"?#\\]+", ELSEWHERE, text).encode())
