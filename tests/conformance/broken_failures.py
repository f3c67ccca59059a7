"""Providers that call failures by wrong names, repeat what they must not, or show what they must not."""

from __future__ import annotations

import logging
from typing import Any

import attrs

from interviewkit import (
    AccountStatus,
    AuthenticationError,
    ConflictError,
    InterviewKitError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    RateLimitedError,
    TransportError,
    VendorError,
)
from interviewkit.http.wire import Response
from interviewkit.testing import FakeProvider

from .broken import Erring, Meddled, breaks, recast

# --- names of errors -------------------------------------------------------------------------------------------------


@breaks("test_401_is_an_authentication_error")
class Misnames401(Erring):
    def err(self, call: Any, error: Any) -> Any:
        return recast(error, PermissionDeniedError) if isinstance(error, AuthenticationError) else error


@breaks("test_403_is_a_permission_error")
class Misnames403(Erring):
    def err(self, call: Any, error: Any) -> Any:
        return recast(error, AuthenticationError) if isinstance(error, PermissionDeniedError) else error


@breaks("test_404_is_a_not_found_error")
class Misnames404(Erring):
    def err(self, call: Any, error: Any) -> Any:
        known = isinstance(error, NotFoundError) and call.operation == "check"
        return recast(error, InvalidRequestError) if known else error


@breaks("test_409_is_a_conflict_error")
class Misnames409(Erring):
    def err(self, call: Any, error: Any) -> Any:
        return recast(error, InvalidRequestError) if isinstance(error, ConflictError) else error


@breaks("test_another_4xx_is_an_invalid_request_error")
class Misnames422(Erring):
    def err(self, call: Any, error: Any) -> Any:
        return recast(error, VendorError) if getattr(error, "status", None) == 422 else error


@breaks("test_5xx_is_a_vendor_unavailable_error")
class Misnames502(Erring):
    def err(self, call: Any, error: Any) -> Any:
        return recast(error, InvalidRequestError) if getattr(error, "status", None) == 502 else error


@breaks("test_429_is_a_rate_limit_error_with_the_vendors_pause")
class LosesRetryAfter(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if isinstance(error, RateLimitedError):
            error.retry_after = None
        return error


@breaks("test_an_unknown_id_is_not_found_by_provider_and_kind_of_id")
class SaysNotWhichId(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if isinstance(error, NotFoundError):
            error.message = "not there"
        return error


@breaks("test_every_error_names_provider_operation_and_account")
class SaysNotWhoseError(Erring):
    def err(self, call: Any, error: Any) -> Any:
        error.account = None
        return error


@breaks("test_an_answer_cut_short_is_a_transport_error")
class MisnamesTruncation(Erring):
    def err(self, call: Any, error: Any) -> Any:
        cut = isinstance(error, TransportError) and "cut short" in error.message
        return recast(error, MalformedResponseError) if cut else error


@breaks("test_garbage_is_a_malformed_response_with_its_path_and_body")
class MisnamesHtml(Erring):
    def err(self, call: Any, error: Any) -> Any:
        html = isinstance(error, MalformedResponseError) and isinstance(error.raw, bytes) and error.raw[:1] == b"<"
        return recast(error, TransportError) if html else error


@breaks("test_garbage_is_a_malformed_response_with_its_path_and_body")
class SaysNotWhereGarbageIs(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if isinstance(error, MalformedResponseError) and error.paths == ("$",):
            error.paths = ()
        return error


@breaks("test_an_empty_object_is_never_an_empty_model")
class TakesNothingForAll(FakeProvider):
    async def check(self) -> Any:
        try:
            return await super().check()
        except MalformedResponseError as error:
            if error.raw != {}:
                raise
            return AccountStatus(ok=True)


# --- attempts and fates ----------------------------------------------------------------------------------------------


@breaks("test_a_read_waits_out_the_vendors_pause_and_goes_on")
class HearsNoPause(Meddled):
    async def meddle(self, carry: Any, method: str, url: str, settings: Any, **rest: Any) -> Any:
        answer = await carry(method, url, **rest)
        if settings["retry"].attempts == 1:
            return answer
        headers = {name: value for name, value in answer.headers.items() if name != "retry-after"}
        return Response(answer.status, headers, answer.body)


@breaks("test_a_read_is_repeated_until_it_succeeds")
class GivesUpOnTruncation(Meddled):
    async def meddle(self, carry: Any, method: str, url: str, settings: Any, **rest: Any) -> Any:
        try:
            return await carry(method, url, **rest)
        except TransportError as error:
            if method == "GET" and "cut short" in error.message:
                error.retryable, error.outcome = False, None
            raise


@breaks("test_a_read_is_not_repeated_more_often_than_told")
class Insists(FakeProvider):
    def __init__(self, *given: Any, **settings: Any) -> None:
        policy = settings.get("retry")
        if policy is not None and policy.attempts > 1:
            settings["retry"] = attrs.evolve(policy, attempts=policy.attempts + 1)
        super().__init__(*given, **settings)


@breaks("test_a_write_is_sent_at_most_once_and_its_fate_is_unknown")
class RepeatsWrites(Meddled):
    async def meddle(self, carry: Any, method: str, url: str, settings: Any, **rest: Any) -> Any:
        try:
            return await carry(method, url, **rest)
        except TransportError as error:
            if method == "GET" or error.outcome is not Outcome.UNKNOWN:
                raise
        return await carry(method, url, **rest)


@breaks("test_a_write_is_sent_at_most_once_and_its_fate_is_unknown")
class TakesSilenceForRefusal(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if error.outcome is Outcome.UNKNOWN and isinstance(error, TransportError):
            error.outcome = Outcome.REFUSED
        return error


@breaks("test_a_refused_write_says_refused")
class TakesRefusalForSilence(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if error.outcome is Outcome.REFUSED:
            error.outcome = Outcome.UNKNOWN
        return error


@breaks("test_a_refused_connection_means_not_sent")
class ForgetsThatNothingLeft(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if isinstance(error, TransportError) and error.outcome is Outcome.NOT_SENT:
            error.outcome = Outcome.UNKNOWN
        return error


@breaks("test_a_deadline_is_a_deadline_exceeded_error")
class HasAllTheTime(FakeProvider):
    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **{**settings, "timeout": 30.0})


@breaks("test_a_redirect_is_not_followed")
class FollowsRedirects(Meddled):
    async def meddle(self, carry: Any, method: str, url: str, settings: Any, **rest: Any) -> Any:
        answer = await carry(method, url, **rest)
        return await carry("GET", answer.headers["location"], **rest) if answer.status == 307 else answer


@breaks("test_a_file_that_is_gone_is_a_vendor_error")
class DownloadsNothing(FakeProvider):
    async def download(self, artifact: Any, target: Any) -> int:
        try:
            return await super().download(artifact, target)
        except VendorError:
            return 0


# --- secrets ---------------------------------------------------------------------------------------------------------


@breaks("test_no_repr_shows_a_secret_or_a_mailbox")
class ShowsItsKey(FakeProvider):
    def __init__(self, *given: Any, api_key: str, **settings: Any) -> None:
        super().__init__(*given, api_key=api_key, **settings)
        self.key = api_key

    def __repr__(self) -> str:
        return f"<ShowsItsKey key={self.key}>"


@breaks("test_no_error_shows_a_secret_or_a_mailbox")
class QuotesTheVendor(Erring):
    def err(self, call: Any, error: Any) -> Any:
        if isinstance(error, MalformedResponseError) and isinstance(error.raw, dict):
            error.hint = f"the vendor says {error.raw.get('detail')}"
        return error


@breaks("test_no_error_shows_a_secret_or_a_mailbox")
class ShowsTheUrlInTheContext(FakeProvider):
    async def check(self) -> Any:
        try:
            return await super().check()
        except InterviewKitError as error:
            error.__context__ = ValueError("https://api.fake.example/account?key=fake-key-K3Y")
            raise


@breaks("test_no_log_shows_a_secret_or_a_mailbox")
class LogsMailboxes(FakeProvider):
    async def invite_candidate(self, assessment_id: Any, candidate: Any, **asked: Any) -> Any:
        logging.getLogger("fake").debug("inviting %s", candidate.email)
        return await super().invite_candidate(assessment_id, candidate, **asked)


@breaks("test_observers_hear_of_every_attempt_and_learn_no_secret")
class TellsNobody(FakeProvider):
    def __init__(self, *given: Any, **settings: Any) -> None:
        super().__init__(*given, **{**settings, "observers": ()})
