"""Checks on a provider's life: opening, copying, closing, working on many things at once, being cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import attrs
import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import InterviewKitError, NotFoundError
from interviewkit.model import InviteRequest, Report, SessionRef
from interviewkit.testing.backend import Backend
from interviewkit.testing.stage import Stage
from interviewkit.testing.tap import Fault


class Lifecycle(Stage):
    """Nothing is left open, running or half done."""

    async def test_async_with_closes_the_connections(self) -> None:
        async with self.scene() as scene:
            async with scene.provider as entered:
                assert entered is scene.provider
                await scene.run(scene.operations[0])
                assert not scene.tap.closed
            assert scene.tap.closed, "async with leaves the connections open"

    async def test_closing_twice_is_no_error(self) -> None:
        async with self.scene() as scene:
            await scene.run(scene.operations[0])
            await scene.provider.aclose()
            assert scene.tap.closed, "aclose() leaves the connections open"
            await scene.provider.aclose()

    async def test_a_closed_provider_refuses_to_send(self) -> None:
        async with self.scene() as scene:
            await scene.provider.aclose()
            for operation in scene.operations:
                await scene.error(operation)
            assert not scene.tap.sent

    async def test_a_copy_shares_the_connections_and_leaves_them_open(self) -> None:
        async with self.scene() as scene:
            copied = scene.provider.with_options(timeout=5.0)
            assert (copied.name, copied.account) == (scene.provider.name, scene.provider.account)
            await scene.operations[0].run(copied, scene.backend)
            assert scene.tap.sent, "the copy uses other connections"
            assert scene.tap.sent[-1].timeout < 5.1, "the copy does not take its own timeout"
            await copied.aclose()
            assert not scene.tap.closed, "closing a copy closes the connections that it shares"
            scene.calm()
            await scene.run(scene.operations[0])
            assert scene.tap.sent[-1].timeout > 5.1, "making a copy changes the original"

    async def test_a_borrowed_session_is_left_open(self) -> None:
        aiohttp = pytest.importorskip("aiohttp")
        async with self.backend() as backend, aiohttp.ClientSession() as session:
            provider = self.provider(session=session, account="borrowed")
            if backend.wire is not None:  # a sandbox listens: let the connections really be used
                await provider.list_sessions(**backend.listing).first()
            await provider.aclose()
            assert not session.closed, "a borrowed session was closed"
            assert not session.connector.closed, "a borrowed session's connections were closed"

    async def test_fetch_reports_keeps_to_its_concurrency(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.FETCH_REPORT):
                return
            scene.tap.hold()

            async def refs() -> AsyncIterator[SessionRef]:
                for _number in range(8):
                    yield scene.backend.finished

            async with _under_way(_gather(scene.provider.fetch_reports(refs(), concurrency=3))) as task:
                await _until(lambda: scene.tap.in_flight >= 3, task)
                for _turn in range(20):
                    await asyncio.sleep(0)
                assert scene.tap.in_flight == 3, f"{scene.tap.in_flight} reports are under way, 3 were allowed"
                scene.tap.release()
                outcomes = await task
            assert [one.error for one in outcomes] == [None] * 8
            assert all(isinstance(one.report, Report) and one.account == scene.provider.account for one in outcomes)

    async def test_one_bad_reference_ends_no_other_report(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.FETCH_REPORT):
                return
            backend = scene.backend
            refs = [backend.finished, backend.unknown, "no reference:at all", backend.unfinished]
            outcomes = await _gather(scene.provider.fetch_reports(iter(refs)))
            by_ref = {str(one.ref): one for one in outcomes}
            assert len(outcomes) == len(by_ref) == 4, f"{len(outcomes)} outcomes of 4 references"
            assert isinstance(by_ref[str(backend.finished)].report, Report)
            assert isinstance(by_ref[str(backend.unfinished)].report, Report)
            assert isinstance(by_ref[str(backend.unknown)].error, NotFoundError)
            assert isinstance(by_ref["no reference:at all"].error, InterviewKitError)

    async def test_cancelling_leaves_no_task_behind(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.FETCH_REPORT):
                return
            before = asyncio.all_tasks()
            scene.tap.hold()
            refs: list[SessionRef] = [scene.backend.finished] * 5
            async with _under_way(_gather(scene.provider.fetch_reports(refs, concurrency=5))) as task:
                await _until(lambda: scene.tap.in_flight >= 5, task)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert asyncio.all_tasks() <= before, "tasks go on after the caller was cancelled"
            assert scene.tap.in_flight == 0

    async def test_a_cancelled_call_is_cancelled_and_no_error_of_its_own(self) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                scene.tap.hold()
                before = len(scene.tap.sent)
                async with _under_way(scene.run(operation)) as task:
                    await _until(lambda before=before: len(scene.tap.sent) > before, task)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
                assert scene.tap.in_flight == 0, f"{operation.name} goes on after it was cancelled"
                scene.tap.release()

    async def test_invite_candidates_gives_one_outcome_a_candidate(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.BATCH_INVITE):
                return
            requests = _batch(scene.backend)
            outcomes = await _gather(scene.provider.invite_candidates(scene.backend.assessment_id, requests))
            assert sorted(_mailbox(one.request) for one in outcomes) == sorted(map(_mailbox, requests))
            for one in outcomes:
                assert one.error is None, f"an invitation of a batch failed: {one.error}"
                assert one.invitation.candidate.email == one.request.candidate.email, "invitations are mixed up"
            assert len({str(one.invitation.ref) for one in outcomes}) == len(requests), "two share an invitation"

    async def test_a_batch_that_fails_gives_every_candidate_its_error(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.BATCH_INVITE):
                return
            scene.tap.fail(Fault(kind="status", status=400), writes_only=True)
            requests = _batch(scene.backend)
            outcomes = await _gather(scene.provider.invite_candidates(scene.backend.assessment_id, requests))
            assert sorted(_mailbox(one.request) for one in outcomes) == sorted(map(_mailbox, requests))
            assert all(isinstance(one.error, InterviewKitError) and one.invitation is None for one in outcomes)


def _batch(backend: Backend) -> list[InviteRequest]:
    mailboxes = [f"conformance-{number}@example.com" for number in range(3)]
    return [InviteRequest(candidate=attrs.evolve(backend.candidate, email=one)) for one in mailboxes]


def _mailbox(request: InviteRequest) -> str:
    return str(request.candidate.email)


async def _gather(outcomes: Any) -> list[Any]:
    return [outcome async for outcome in outcomes]


@contextlib.asynccontextmanager
async def _under_way(work: Coroutine[Any, Any, Any]) -> AsyncIterator[asyncio.Task[Any]]:
    """Work that goes on beside the check. It ends with the check, and its error is read whatever the check says:
    asyncio logs an unread one from the garbage collector, in the middle of anything, and pytest's parsing of sources
    does not survive that on Python 3.11 (https://github.com/python/cpython/issues/106905, read 2026-11)."""
    task = asyncio.ensure_future(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _until(there: Callable[..., bool], task: asyncio.Task[Any]) -> None:
    """Wait until work has come so far; work that failed before raises its own error, which says why."""
    for _turn in range(500):
        if there():
            return
        if task.done():
            task.result()
            break
        await asyncio.sleep(0.001)
    raise AssertionError("the provider does not use the concurrency that it was given, or sends nothing")
