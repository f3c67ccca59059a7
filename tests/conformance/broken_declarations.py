"""Providers that declare wrongly, send wrongly, or take wrong arguments."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, ClassVar
from urllib.parse import urlsplit

import attrs

from interviewkit import Call, Dropped, Feature, InvalidArgumentError, SessionRef, Support, UnsupportedError
from interviewkit.capabilities import native, unsupported
from interviewkit.http.decode import One
from interviewkit.http.wire import Path, Request
from interviewkit.testing import Backend, FakeOptions, FakeProvider, FakeVendor, Sent
from interviewkit.testing.fake_shapes import AccountRow, SessionRow, account_status, session

from .broken import Declaring, Meddled, breaks
from .fake_backend import fake_backend

# --- declarations ----------------------------------------------------------------------------------------------------


@attrs.frozen
class Lookalike:
    """Has what a `Capability` has, and is none."""

    support: Support = Support.UNSUPPORTED
    note: str = "the fake vendor sends nothing by itself"

    def __bool__(self) -> bool:
        return False


@breaks("test_it_speaks_the_protocol_and_says_who_it_is")
class DeclaresLookalikes(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.WEBHOOKS: Lookalike()}


@breaks("test_what_is_emulated_or_unsupported_carries_a_note")
class DeclaresWithoutNote(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.WEBHOOKS: unsupported("")}


@breaks("test_what_is_declared_supported_works")
class NeverMails(FakeProvider):
    async def invite_candidate(self, *given: Any, email: Any = False, **asked: Any) -> Any:
        made = await super().invite_candidate(*given, email=email, **asked)
        return attrs.evolve(made, email_sent=False) if email else made


@breaks("test_what_is_declared_supported_works", "test_updated_since_leaves_out_what_is_older")
class DeclaresWhatItRefuses(FakeProvider):
    def list_sessions(self, *, updated_since: Any = None, **asked: Any) -> Any:
        if updated_since is not None:
            raise UnsupportedError("not after all", provider="fake", operation="list_sessions")
        return super().list_sessions(**asked)


@breaks("test_what_is_declared_unsupported_raises_with_its_note_and_sends_nothing")
class RefusesInWordsOnly(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.UPDATED_SINCE: unsupported("its lists are not filtered")}

    def list_sessions(self, *, updated_since: Any = None, **asked: Any) -> Any:
        return super().list_sessions(**asked)


@breaks("test_what_is_declared_unsupported_raises_with_its_note_and_sends_nothing")
class RefusesWithoutItsNote(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.CHECK: unsupported("the vendor tells nothing of plans")}

    async def check(self) -> Any:
        raise UnsupportedError("no", provider="fake", operation="check")


@breaks("test_updated_since_leaves_out_what_is_older")
class IgnoresTheTime(FakeProvider):
    def list_sessions(self, *, updated_since: Any = None, **asked: Any) -> Any:
        return super().list_sessions(**asked)


@breaks("test_webhooks_are_declared_where_events_can_be_read")
class DeclaresWebhooks(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.WEBHOOKS: native()}


@breaks("test_no_instruction_is_dropped_in_silence")
class WarnsInsteadOfRefusing(FakeProvider):
    async def invite_candidate(self, *given: Any, redirect_url: Any = None, **asked: Any) -> Any:
        made = await super().invite_candidate(*given, **asked)
        dropped = (Dropped(field="redirect_url", reason="no field for it"),) if redirect_url else ()
        return attrs.evolve(made, warnings=(*made.warnings, *dropped))


@breaks(
    "test_no_instruction_is_dropped_in_silence",
    "test_with_unsupported_warn_what_was_dropped_comes_back_as_warnings",
)
class DropsInSilence(FakeProvider):
    async def create_session(self, *, notes: Any = None, **asked: Any) -> Any:
        return await super().create_session(**asked)


@breaks("test_with_unsupported_warn_what_was_dropped_comes_back_as_warnings")
class RefusesInsteadOfWarning(Declaring):
    declared: ClassVar[dict[Feature, Any]] = {Feature.CALLBACK: unsupported("calls nobody back")}

    async def invite_candidate(self, *given: Any, callback_url: Any = None, **asked: Any) -> Any:
        if callback_url:
            raise UnsupportedError("calls nobody back", provider="fake", operation="invite_candidate")
        return await super().invite_candidate(*given, **asked)


@breaks("test_what_only_describes_a_candidate_never_stops_an_invitation")
class ForgetsThePhone(FakeProvider):
    async def invite_candidate(self, assessment_id: Any, candidate: Any, **asked: Any) -> Any:
        return await super().invite_candidate(assessment_id, attrs.evolve(candidate, phone=None), **asked)


# --- requests --------------------------------------------------------------------------------------------------------


@breaks("test_each_operation_sends_exactly_what_the_vendor_documents")
class AsksForMore(FakeProvider):
    async def check(self) -> Any:
        request = Request("GET", Path("/account", "/account"), query=(("verbose", "1"),))
        return account_status(await self.send(Call("fake", "check", request, One(AccountRow), repeatable=True)))


def trusting_backend() -> Backend:
    """A vendor that takes requests without credentials."""
    backend = fake_backend()
    carrier = backend.transport
    vendor: FakeVendor = carrier.__self__  # type: ignore[attr-defined]
    respond = vendor.respond

    def trust(sent: Sent) -> Any:
        return respond(attrs.evolve(sent, headers={**sent.headers, "Authorization": f"Bearer {vendor.api_key}"}))

    vendor.respond = trust  # type: ignore[method-assign]
    return backend


@breaks("test_every_request_carries_the_credentials", backend=trusting_backend)
class ForgetsTheKey(Meddled):
    async def meddle(self, carry: Any, method: str, url: str, settings: Any, **rest: Any) -> Any:
        if url.endswith("/account"):
            rest["headers"] = {name: value for name, value in rest["headers"].items() if name != "Authorization"}
        return await carry(method, url, **rest)


@breaks("test_credentials_and_requests_keep_to_the_vendors_host")
class TakesTheKeyAnywhere(FakeProvider):
    async def get_session(self, ref: Any) -> Any:
        found = await super().get_session(ref)
        if urlsplit(found.candidate_url or "").hostname not in {None, "fake.example"}:
            assert self._connection is not None
            await self._connection.transport.send(
                "GET", str(found.candidate_url), headers={"Authorization": "Bearer fake-key-K3Y"}, body=None,
                timeout=1, max_bytes=99,
            )  # fmt: skip
        return found


@breaks("test_nothing_is_sent_before_it_is_asked_for", "test_cancelling_leaves_no_task_behind")
class FetchesEagerly(FakeProvider):
    def list_assessments(self, **asked: Any) -> Any:
        pager = super().list_assessments(**asked)
        fetch = pager._fetch
        ahead = asyncio.ensure_future(fetch(None))

        async def cached(cursor: str | None) -> Any:
            nonlocal ahead
            if cursor is not None or ahead.cancelled():
                return await fetch(cursor)
            page, ahead = await ahead, asyncio.get_running_loop().create_future()  # type: ignore[assignment]
            ahead.cancel()
            return page

        pager._fetch = cached
        return pager


# --- arguments -------------------------------------------------------------------------------------------------------


@breaks("test_no_id_leads_to_another_route")
class WritesPathsByHand(FakeProvider):
    async def get_session(self, ref: Any) -> Any:
        where = Path("/sessions/{session_id}", f"/sessions/{self.resolve(ref).id}")
        read = One(SessionRow)
        call = Call("fake", "get_session", Request("GET", where), read, repeatable=True, subject="session id")
        return session(await self.send(call), self.account)


@breaks("test_an_empty_id_is_refused")
class TakesAnEmptyIdForAny(FakeProvider):
    async def get_session(self, ref: Any) -> Any:
        if isinstance(ref, str) and ref.endswith(":"):
            return await self.list_sessions().first()
        return await super().get_session(ref)


@breaks("test_another_vendors_reference_is_refused")
class TakesAnyReference(FakeProvider):
    async def get_session(self, ref: Any) -> Any:
        with contextlib.suppress(InvalidArgumentError):
            parsed = SessionRef.parse(ref) if isinstance(ref, str) else ref
            if isinstance(parsed, SessionRef):
                ref = attrs.evolve(parsed, provider="fake")
        return await super().get_session(ref)


@breaks("test_another_vendors_options_are_refused")
class TakesAnyOptions(FakeProvider):
    async def invite_candidate(self, *given: Any, options: Any = None, **asked: Any) -> Any:
        own = options if isinstance(options, FakeOptions) else None
        return await super().invite_candidate(*given, options=own, **asked)
