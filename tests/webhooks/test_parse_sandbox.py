"""What the sandbox posts, written from the vendors' pages by itself, is what the providers read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import attrs
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import interviewkit as ik
from interviewkit.sandbox import Sandbox
from interviewkit.webhooks import parse

Letters = list[tuple[web.Request, bytes]]


@pytest.fixture
def letters() -> Letters:
    return []


@pytest.fixture
async def url(letters: Letters) -> AsyncIterator[str]:
    async def take(request: web.Request) -> web.Response:
        letters.append((request, await request.read()))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/hook"))


@pytest.mark.parametrize("token", [None, "callback-token-1"])
@pytest.mark.parametrize("name", ["codility", "remoteinterview"])
async def test_an_event_tells_the_report_that_can_be_fetched(
    name: str, token: str | None, url: str, letters: Letters
) -> None:
    secrets = [token] if token and name == "codility" else []
    async with Sandbox(callback_token=token) as box:
        keywords = dict(box.accounts[f"sandbox-{name}"])
        box.remoteinterview.outgoing_webhooks.append(url)
        async with ik.connect(keywords.pop("provider"), **keywords) as provider:
            test = await provider.list_assessments().first()
            assert test is not None
            callback = url if provider.capabilities[ik.Feature.CALLBACK] else None
            candidate = ik.Candidate(email="ada@example.com")
            made = await provider.invite_candidate(test.id, candidate, callback_url=callback)
            await box.work(made.ref, settle=True)
            fetched = await provider.fetch_report(made.ref)
            ((request, body),) = letters
            for headers in (request.headers, request.raw_headers):  # a framework's, and as ASGI has them
                event = parse(provider, headers, body, secrets)
                assert (event.type, event.is_verified) == (ik.EventType.RESULT, bool(secrets))
                assert event.ref in {None, made.ref}
                assert event.with_ref(made.ref).report == attrs.evolve(fetched, fetched_at=None)
                assert event.reference == made.reference
