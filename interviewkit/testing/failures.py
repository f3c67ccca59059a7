"""Checks on what goes wrong: the right error, the right number of attempts, and what is known of a write's fate."""

from __future__ import annotations

import re

import pytest

from interviewkit.capabilities import Feature
from interviewkit.errors import (
    AuthenticationError,
    ConflictError,
    DeadlineExceededError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitedError,
    TransportError,
    VendorError,
    VendorUnavailableError,
)
from interviewkit.http.retry import RetryPolicy
from interviewkit.testing.operations import Operation, download
from interviewkit.testing.stage import PROMPT, Scene, Stage
from interviewkit.testing.tap import GARBAGE, Fault

ONCE = RetryPolicy(attempts=1)


class Failures(Stage):
    """What goes wrong, and what it is called."""

    async def _statuses(self, *statuses: int, expect: type[VendorError]) -> None:
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                for status in statuses:
                    scene.fail(Fault(kind="status", status=status))
                    error = await scene.error(operation)
                    assert isinstance(error, expect), f"{operation.name}: {status} is {type(error).__name__}"
                    assert error.status == status
                    scene.calm()

    async def test_401_is_an_authentication_error(self) -> None:
        await self._statuses(401, expect=AuthenticationError)

    async def test_403_is_a_permission_error(self) -> None:
        await self._statuses(403, expect=PermissionDeniedError)

    async def test_404_is_a_not_found_error(self) -> None:
        await self._statuses(404, expect=NotFoundError)

    async def test_409_is_a_conflict_error(self) -> None:
        await self._statuses(409, expect=ConflictError)

    async def test_another_4xx_is_an_invalid_request_error(self) -> None:
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                for status in (400, 405, 422):
                    scene.fail(Fault(kind="status", status=status))
                    error = await scene.error(operation)
                    # ending what can no longer be ended is a conflict, whatever status the vendor gives it
                    ending = operation.name == "end_session" and isinstance(error, ConflictError)
                    what = f"{operation.name}: {status} is {type(error).__name__}"
                    assert ending or isinstance(error, InvalidRequestError), what
                    scene.calm()

    async def test_5xx_is_a_vendor_unavailable_error(self) -> None:
        await self._statuses(500, 502, 503, expect=VendorUnavailableError)

    async def test_429_is_a_rate_limit_error_with_the_vendors_pause(self) -> None:
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                scene.fail(Fault(kind="status", status=429, headers={"retry-after": "7"}))
                error = await scene.error(operation)
                quota = isinstance(error, QuotaExceededError) and scene.is_write(operation)
                if not quota:
                    assert isinstance(error, RateLimitedError), f"{operation.name}: 429 is {type(error).__name__}"
                    assert error.retry_after == 7, f"{operation.name} loses the vendor's Retry-After"
                scene.clock.now += 60
                scene.calm()

    async def test_a_read_waits_out_the_vendors_pause_and_goes_on(self) -> None:
        async with self.scene() as scene:
            for operation in self._reads(scene):
                scene.fail(Fault(kind="status", status=429, headers={"retry-after": "7"}), times=1)
                scene.clock.slept.clear()
                await scene.run(operation)
                assert sum(scene.clock.slept) >= 7, f"{operation.name} does not wait as long as the vendor asks"
                scene.calm()

    async def test_an_unknown_id_is_not_found_by_provider_and_kind_of_id(self) -> None:
        async with self.scene() as scene:
            unknown = scene.backend.unknown
            asks = {Feature.GET_SESSION: scene.provider.get_session, Feature.FETCH_REPORT: scene.provider.fetch_report}
            for feature, ask in asks.items():
                if scene.has(feature):
                    with pytest.raises(NotFoundError) as caught:
                        await ask(unknown)
                    assert caught.value.provider == scene.provider.name
                    assert re.search(r"\b(id|code|key|number)\b", caught.value.message), "which kind of id is unknown?"

    async def test_every_error_names_provider_operation_and_account(self) -> None:
        faults = [Fault(kind="status", status=status) for status in (400, 401, 404, 429, 500)]
        faults += [Fault(kind="reset"), Fault(kind="garbage", flavour="html")]
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                for fault in faults:
                    scene.tap.fail(fault)
                    error = await scene.outcome(operation)
                    if error is not None:
                        what = f"{operation.name}: {type(error).__name__} after {fault.kind}"
                        assert error.provider == scene.provider.name, f"{what} names no provider"
                        assert error.operation, f"{what} names no operation"
                        assert error.account == scene.provider.account, f"{what} names no account"
                    scene.clock.now += 60
                    scene.calm()

    async def test_a_read_is_repeated_until_it_succeeds(self) -> None:
        async with self.scene() as scene:
            for fault in (Fault(kind="status", status=503), Fault(kind="reset"), Fault(kind="truncated")):
                for operation in self._reads(scene):
                    healthy = len(await scene.requests(operation))
                    scene.calm()
                    scene.fail(fault, times=PROMPT.attempts - 1)
                    again = len(await scene.requests(operation))
                    assert again == healthy + PROMPT.attempts - 1, f"{operation.name}, {fault.kind}: {again} requests"
                    scene.calm()

    async def test_a_read_is_not_repeated_more_often_than_told(self) -> None:
        async with self.scene() as scene:
            for operation in self._reads(scene):
                scene.fail(Fault(kind="status", status=503))
                await scene.error(operation)
                assert len(scene.tap.sent) == PROMPT.attempts, f"{operation.name} sent {len(scene.tap.sent)} requests"
                scene.calm()

    async def test_a_write_is_sent_at_most_once_and_its_fate_is_unknown(self) -> None:
        async with self.scene() as scene:
            for fault in (Fault(kind="reset"), Fault(kind="truncated"), Fault(kind="status", status=500)):
                for operation in self._writes(scene):
                    scene.fail(fault, writes_only=True)
                    error = await scene.error(operation)
                    writes = [sent for sent in scene.tap.sent if sent.method != "GET"]
                    assert len(writes) == 1, f"{operation.name} was sent {len(writes)} times after {fault.kind}"
                    assert error.outcome is Outcome.UNKNOWN, f"{operation.name} after {fault.kind}: {error.outcome}"
                    assert not error.retryable, f"{operation.name}: a write of unknown fate is no matter of repeating"
                    scene.calm()

    async def test_a_refused_write_says_refused(self) -> None:
        async with self.scene() as scene:
            for operation in self._writes(scene):
                for status in (400, 401, 403):
                    scene.fail(Fault(kind="status", status=status), writes_only=True)
                    error = await scene.error(operation)
                    assert error.outcome is Outcome.REFUSED, f"{operation.name} after {status}: {error.outcome}"
                    scene.calm()

    async def test_a_refused_connection_means_not_sent(self) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                scene.tap.fail(Fault(kind="refused"))
                error = await scene.error(operation)
                assert isinstance(error, TransportError), f"{operation.name}: {type(error).__name__}"
                assert error.outcome is Outcome.NOT_SENT, f"{operation.name}: {error.outcome}"
                scene.calm()

    async def test_an_answer_cut_short_is_a_transport_error(self) -> None:
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                scene.fail(Fault(kind="truncated"))
                error = await scene.error(operation)
                assert isinstance(error, TransportError), f"{operation.name}: {type(error).__name__}"
                assert not isinstance(error, DeadlineExceededError)
                scene.calm()

    async def test_garbage_is_a_malformed_response_with_its_path_and_body(self) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                await scene.run(operation)
                answered = scene.tap.answers[-1][1].body.strip() not in {b"", b"{}"}
                scene.calm()
                for flavour in GARBAGE if answered or operation.result else ():
                    scene.fail(Fault(kind="garbage", flavour=flavour))
                    error = await scene.error(operation)
                    what = f"{operation.name}: {flavour} is {type(error).__name__}"
                    assert isinstance(error, MalformedResponseError), what
                    assert all(path.startswith("$") for path in error.paths), error.paths
                    assert error.paths, f"{what} without a path"
                    assert error.raw is not None, f"{what} without the raw body"
                    if scene.is_write(operation):
                        assert error.outcome in {Outcome.UNKNOWN, Outcome.APPLIED}, f"{what}, {error.outcome}"
                    scene.calm()

    async def test_an_empty_object_is_never_an_empty_model(self) -> None:
        async with self.scene() as scene:
            for operation in [one for one in scene.operations if one.result]:
                scene.tap.fail(Fault(kind="status", status=200, body=b"{}"))
                error = await scene.error(operation)
                assert isinstance(error, MalformedResponseError | VendorError), f"{operation.name}: {error!r}"
                scene.calm()

    async def test_a_deadline_is_a_deadline_exceeded_error(self) -> None:
        async with self.scene(timeout=0.004) as scene:
            for operation in scene.operations:
                scene.tap.fail(Fault(kind="hang"))
                error = await scene.error(operation)
                assert isinstance(error, DeadlineExceededError), f"{operation.name}: {type(error).__name__}"
                assert isinstance(error, TimeoutError)
                assert all(sent.timeout < 0.005 for sent in scene.tap.sent), f"{operation.name} has more time"
                scene.calm()

    async def test_a_redirect_is_not_followed(self) -> None:
        async with self.scene(retry=ONCE) as scene:
            for operation in scene.operations:
                scene.fail(Fault(kind="redirect"))
                error = await scene.error(operation)
                assert isinstance(error, TransportError), f"{operation.name}: {type(error).__name__}"
                assert not any("elsewhere.example" in sent.url for sent in scene.tap.sent)
                assert len(scene.tap.sent) == 1, f"{operation.name} sent {len(scene.tap.sent)} requests"
                scene.calm()

    async def test_a_file_that_is_gone_is_a_vendor_error(self) -> None:
        async with self.scene(retry=ONCE) as scene:
            if scene.has(Feature.DOWNLOAD):
                assert await download(scene.provider, scene.backend), "the downloaded file is empty"
                for status in (404, 500):
                    scene.tap.fail(Fault(kind="status", status=status))
                    with pytest.raises(VendorError):
                        await download(scene.provider, scene.backend)
                    scene.calm()

    @staticmethod
    def _reads(scene: Scene) -> list[Operation]:
        once = scene.backend.never_repeated
        return [one for one in scene.operations if one.name not in once and not scene.is_write(one)]

    @staticmethod
    def _writes(scene: Scene) -> list[Operation]:
        return [one for one in scene.operations if scene.is_write(one)]
