"""Providers whose lists and lives are broken."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs

from interviewkit import AccountStatus, Feature, MalformedResponseError, Pager, Problem, ReportOutcome, TransportError
from interviewkit.testing import FakeProvider

from .broken import breaks

PAYLOADS = (
    "test_a_missing_field_loses_at_most_its_own_row",
    "test_a_null_field_loses_at_most_its_own_row",
    "test_a_field_of_another_type_loses_at_most_its_own_row",
    "test_an_unseen_word_in_any_field_loses_at_most_its_own_row",
)


class Paging(FakeProvider):
    """Changes each page of its sessions (`turn`), or the pager itself (`pager`)."""

    pager: type[Pager[Any]] = Pager

    def list_sessions(self, **asked: Any) -> Any:
        found = super().list_sessions(**asked)
        fetch = found._fetch

        async def turned(cursor: str | None) -> Any:
            return self.turn(await fetch(cursor))

        return self.pager(turned, provider=self.name, operation="list_sessions")

    def turn(self, page: Any) -> Any:
        return page


@breaks("test_a_list_delivers_every_row_once")
class LosesARow(Paging):
    def turn(self, page: Any) -> Any:
        return attrs.evolve(page, items=tuple(one for one in page.items if one.ref.id != "S5"), total=None)


@breaks("test_pages_are_fetched_only_when_they_are_wanted")
class ReadsAhead(FakeProvider):
    def list_sessions(self, **asked: Any) -> Any:
        found = super().list_sessions(**asked)
        fetch = found._fetch
        ahead: dict[str | None, Any] = {}

        async def prefetching(cursor: str | None) -> Any:
            page = ahead.pop(cursor, None) or await fetch(cursor)
            if page.cursor is not None and page.cursor != cursor:
                ahead[page.cursor] = await fetch(page.cursor)
            return page

        return Pager(prefetching, provider=self.name, operation="list_sessions")


class Limitless(Pager[Any]):
    async def collect(self, limit: Any = None, **how: Any) -> Any:
        return await super().collect(**how)


@breaks("test_first_and_limit_agree_with_the_whole_list")
class IgnoresLimits(Paging):
    pager = Limitless


class Restarting(Pager[Any]):
    def resume(self, cursor: str) -> Any:
        return self._again(None)


@breaks("test_reading_resumes_at_a_pages_cursor")
class BeginsAgain(Paging):
    pager = Restarting


@breaks("test_a_total_is_the_number_of_rows", "test_a_list_that_shrinks_while_it_is_read_says_so")
class CountsPages(Paging):
    def turn(self, page: Any) -> Any:
        return attrs.evolve(page, total=3)


@breaks("test_a_bad_row_is_a_problem_and_the_others_come")
class LosesTheBadRow(Paging):
    def turn(self, page: Any) -> Any:
        return attrs.evolve(page, problems=tuple(Problem(None, one.error) for one in page.problems))


@breaks("test_a_bad_row_is_a_problem_and_the_others_come", *PAYLOADS)
class LosesThePage(Paging):
    def turn(self, page: Any) -> Any:
        if page.problems:
            raise page.problems[0].error
        return page


class Quiet(Pager[Any]):
    async def _read(self, on_problem: Any) -> Any:
        try:
            async for page in super()._read(on_problem):
                yield page
        except MalformedResponseError as error:
            if "repeats a cursor" not in error.message:
                raise


@breaks("test_a_repeated_cursor_is_an_error_and_no_endless_list")
class StopsSilently(Paging):
    pager = Quiet


class Endless(Pager[Any]):
    async def _read(self, on_problem: Any) -> Any:
        self.problems, cursor = [], self._cursor
        while True:
            page = await self._fetch(cursor)
            self.problems += page.problems
            if page.problems and on_problem == "raise":
                raise page.problems[0].error
            yield page
            cursor = page.cursor
            if cursor is None:
                return


@breaks(
    "test_a_repeated_cursor_is_an_error_and_no_endless_list",
    "test_a_list_that_shrinks_while_it_is_read_says_so",
    "test_every_error_names_provider_operation_and_account",
)
class ReadsForEver(Paging):
    pager = Endless


class Flagging(Pager[Any]):
    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **{**how, "incomplete": "flag"})


@breaks("test_a_list_that_shrinks_while_it_is_read_says_so")
class ShrinksSilently(Paging):
    pager = Flagging


# --- life ------------------------------------------------------------------------------------------------------------


@breaks("test_async_with_closes_the_connections")
class LeavesItOpen(FakeProvider):
    async def __aexit__(self, *error: object) -> None:
        return None


@breaks("test_closing_twice_is_no_error")
class ClosesOnce(FakeProvider):
    closed = False

    async def aclose(self) -> None:
        if self.closed:
            raise RuntimeError("closed already")
        self.closed = True
        await super().aclose()


@breaks("test_a_closed_provider_refuses_to_send")
class AnswersFromTheGrave(FakeProvider):
    closed = False

    async def aclose(self) -> None:
        self.closed = True
        await super().aclose()

    async def check(self) -> Any:
        return AccountStatus(ok=True) if self.closed else await super().check()


@breaks("test_a_copy_shares_the_connections_and_leaves_them_open")
class CopiesClose(FakeProvider):
    def with_options(self, **changes: Any) -> Any:
        other = super().with_options(**changes)
        assert other._connection is not None
        other._connection._owner = True
        return other


@breaks("test_a_borrowed_session_is_left_open")
class ClosesWhatItBorrowed(FakeProvider):
    def __init__(self, *given: Any, **settings: Any) -> None:
        self.borrowed = settings.get("session")
        super().__init__(*given, **settings)

    async def aclose(self) -> None:
        await super().aclose()
        if self.borrowed is not None:
            await self.borrowed.close()


@breaks("test_fetch_reports_keeps_to_its_concurrency")
class FetchesAllAtOnce(FakeProvider):
    async def fetch_reports(self, refs: Any, *, concurrency: int = 8, patience: Any = None) -> Any:
        async for outcome in super().fetch_reports(refs, concurrency=100, patience=patience):
            yield outcome


@breaks("test_one_bad_reference_ends_no_other_report")
class StopsAtTheFirstError(FakeProvider):
    async def fetch_reports(self, refs: Any, **how: Any) -> Any:
        async for outcome in super().fetch_reports(refs, **how):
            if outcome.error is not None:
                raise outcome.error
            yield outcome


@breaks("test_cancelling_leaves_no_task_behind")
class ForgetsItsTasks(FakeProvider):
    async def fetch_reports(self, refs: Any, *, concurrency: int = 8, patience: Any = None) -> Any:
        self.require(Feature.FETCH_REPORT)
        gate = asyncio.Semaphore(concurrency)

        async def fetch(ref: Any) -> ReportOutcome:
            async with gate:
                outcomes = [one async for one in super(ForgetsItsTasks, self).fetch_reports([ref])]
                return outcomes[0]

        listed = [ref async for ref in refs] if hasattr(refs, "__aiter__") else [*refs]
        tasks = [asyncio.ensure_future(fetch(ref)) for ref in listed]
        for task in tasks:
            yield await asyncio.shield(task)


@breaks("test_a_cancelled_call_is_cancelled_and_no_error_of_its_own")
class TakesCancellingForFailure(FakeProvider):
    async def check(self) -> Any:
        try:
            return await super().check()
        except asyncio.CancelledError:
            raise TransportError("cancelled", provider="fake", operation="check") from None


@breaks("test_invite_candidates_gives_one_outcome_a_candidate")
class MixesInvitationsUp(FakeProvider):
    async def invite_candidates(self, *given: Any, **asked: Any) -> Any:
        outcomes = [one async for one in super().invite_candidates(*given, **asked)]
        made = [one.invitation for one in outcomes]
        for outcome, invitation in zip(outcomes, made[1:] + made[:1], strict=True):
            yield attrs.evolve(outcome, invitation=invitation)


@breaks("test_a_batch_that_fails_gives_every_candidate_its_error")
class BatchesStopAtTheFirstError(FakeProvider):
    async def invite_candidates(self, *given: Any, **asked: Any) -> Any:
        async for outcome in super().invite_candidates(*given, **asked):
            if outcome.error is not None:
                raise outcome.error
            yield outcome
