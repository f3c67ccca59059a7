"""Receiving webhooks in an aiohttp.web service, and a test of it against the sandbox."""

# [start:app]
import os
from contextlib import AsyncExitStack

from aiohttp import web

import interviewkit as ik
from interviewkit.harvest import Store
from interviewkit.webhooks import WebhookReceiver

RECEIVER = web.AppKey("receiver", WebhookReceiver)


async def tell(event: ik.WebhookEvent) -> None:
    """Whatever should follow: called at least once for each event, with the report as the vendor has it."""
    print(event.account, event.type.value, event.reference, event.report and event.report.status.value)


async def make_app() -> web.Application:
    stack = AsyncExitStack()
    hub = await stack.enter_async_context(ik.Hub.from_env())
    store = await stack.enter_async_context(await Store.open("reports.db"))
    receiver = WebhookReceiver(
        hub,
        store,
        secrets={"codility": os.environ["HOOK_SECRET"]},
        tokens={"codility": os.environ["CALLBACK_TOKEN"]},
        base_url=os.environ["PUBLIC_URL"],
        prefix="/hooks",
        on_event=tell,
    )
    app = web.Application()
    app[RECEIVER] = receiver
    app.add_subapp("/hooks", receiver.application())  # starts with the app and ends with it

    async def close(_app: web.Application) -> None:
        await stack.aclose()

    app.on_cleanup.append(close)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), host="127.0.0.1", port=8080)
# [end:app]


# [start:test]
import pytest
from aiohttp.test_utils import TestServer, unused_port

from interviewkit.sandbox import Sandbox


async def test_a_result_is_told_and_stored(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    port = unused_port()
    async with Sandbox(callback_token="eu.callback-token") as box:
        settings = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "CALLBACK_TOKEN": "eu.callback-token"}
        for name, value in {**box.environment, **settings, "HOOK_SECRET": "a-secret-for-tests-only"}.items():
            monkeypatch.setenv(name, value)
        app = await make_app()
        async with TestServer(app, port=port), ik.connect("codility") as codility:
            test = await codility.list_assessments().first()
            assert test is not None
            invitation = await codility.invite_candidate(
                test.id,
                ik.Candidate(email="robin@example.com"),
                reference="hire-17",
                callback_url=app[RECEIVER].callback_url("codility", reference="hire-17"),
            )
            await box.work(invitation, settle=True)  # Robin takes the test, and Codility posts the result
            assert await app[RECEIVER].idle(10)
            assert capsys.readouterr().out == "codility result hire-17 completed\n"
    async with await Store.open("reports.db") as store:
        assert [report.ref async for report in store.reports()] == [invitation.ref]


# [end:test]
