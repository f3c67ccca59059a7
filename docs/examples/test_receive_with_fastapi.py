"""Receiving webhooks in a FastAPI service, and a test of it behind uvicorn against the sandbox."""

# [start:app]
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

import interviewkit as ik
from interviewkit.harvest import Store
from interviewkit.webhooks import WebhookReceiver


async def tell(event: ik.WebhookEvent) -> None:
    """Whatever should follow: called at least once for each event, with the report as the vendor has it."""
    print(event.account, event.type.value, event.report and event.report.status.value)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with ik.Hub.from_env() as hub, await Store.open("reports.db") as store:
        receiver = WebhookReceiver(
            hub,
            store,
            secrets={"remoteinterview": os.environ["HOOK_SECRET"]},
            base_url=os.environ["PUBLIC_URL"],
            prefix="/hooks",
            on_event=tell,
        )
        app.state.receiver = receiver
        app.mount("/hooks", receiver.asgi())
        async with receiver:  # a mounted application hears nothing of the lifespan: start it here
            yield


app = FastAPI(lifespan=lifespan)
# [end:app]


# [start:test]
import asyncio

import pytest
import uvicorn

from interviewkit.sandbox import Sandbox


async def test_a_result_is_told_and_stored(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async with Sandbox() as box:
        settings = {"PUBLIC_URL": "https://hooks.example.com", "HOOK_SECRET": "a-secret-for-tests-only"}
        for name, value in {**box.environment, **settings}.items():
            monkeypatch.setenv(name, value)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]

        receiver = app.state.receiver
        url = receiver.callback_url("remoteinterview")  # what is pasted into Settings, Outgoing Webhooks
        box.remoteinterview.outgoing_webhooks.append(
            url.replace("https://hooks.example.com", f"http://127.0.0.1:{port}")
        )
        async with ik.connect("remoteinterview") as remoteinterview:
            test = await remoteinterview.list_assessments().first()
            assert test is not None
            invitation = await remoteinterview.invite_candidate(test.id, ik.Candidate(email="robin@example.com"))
        await box.work(invitation, settle=True)
        assert await receiver.idle(10)
        assert "remoteinterview result completed\n" in capsys.readouterr().out
        server.should_exit = True
        await serving
    async with await Store.open("reports.db") as store:
        assert [report.ref async for report in store.reports()] == [invitation.ref]


# [end:test]
