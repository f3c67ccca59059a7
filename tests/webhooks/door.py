"""A receiver whose accounts' vendors are never asked: what matters is what it answers and what it keeps."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs

import interviewkit as ik
from interviewkit.harvest import Store
from interviewkit.webhooks import WebhookReceiver

from .hooks import rows

ACME, OTHER, TESTS = "acme", "other", "tests/eu"
SECRETS: dict[str, Any] = {
    ACME: ["acme-secret-0123456789", "acme-secret-before-that"], OTHER: "other-secret-0123456789",
    TESTS: "tests-secret-0123456789",
}  # fmt: skip
TOKEN, OTHER_TOKEN = "eu.token-of-acme", "eu.token-of-other"
ACME_PATH = f"/{ACME}/{SECRETS[ACME][0]}"
TESTS_PATH = f"/{TESTS}/{SECRETS[TESTS]}"


@attrs.frozen(kw_only=True)
class Entrance:
    """A receiver and its store."""

    receiver: WebhookReceiver
    store: Store

    async def post(self, path: str, body: Any, headers: Any = (), method: str = "POST") -> int:
        """The status of the answer; its body is always empty."""
        answer = await self.receiver.receive(method, path, headers, body)
        assert answer.body == b""
        assert set(answer.headers) == ({"Retry-After"} if answer.status == 503 else set())
        return answer.status

    async def rows(self) -> list[Any]:
        """The inbox."""
        return await rows(self.store)

    async def kept(self) -> list[tuple[str, int]]:
        """State and copies of each row."""
        return [(row.state, row.copies) for row in await self.rows()]


@asynccontextmanager
async def entrance(store_url: str | os.PathLike[str], **options: Any) -> AsyncIterator[Entrance]:
    """A receiver that is not started: what it takes stays as it is stored."""
    providers = [
        ik.Codility(token="t", account=ACME), ik.Codility(token="u", account=OTHER),
        ik.RemoteInterview(api_key="k", account=TESTS), ik.CoderPad(api_key="c", account="pads"),
    ]  # fmt: skip
    async with ik.Hub(providers) as hub, await Store.open(store_url) as store:
        given = {"secrets": SECRETS, "base_url": "https://hooks.example.com/in", "prefix": "/hooks/", **options}
        yield Entrance(receiver=WebhookReceiver(hub, store, **given), store=store)


def result(session: str = "KKUFDG-5V5", candidate: str | None = "ref-77", **more: Any) -> bytes:
    """A Codility callback."""
    detail = {
        "url": f"https://codility.com/api/sessions/{session}/", "candidate": candidate, "email": "ada@example.com",
        "first_name": "Ada", **more,
    }  # fmt: skip
    return json.dumps({"event": "result", "session": detail}).encode()


def signed(body: bytes, token: str = TOKEN) -> dict[str, str]:
    """The headers of a signed callback."""
    checksum = hashlib.md5(body + token.encode(), usedforsecurity=False).hexdigest()
    return {"Authorization": f"Bearer {token}", "Checksum": checksum}


async def pieces(*parts: bytes) -> AsyncIterator[bytes]:
    """A body as it comes over the network."""
    for part in parts:
        yield part
