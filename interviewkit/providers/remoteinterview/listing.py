"""The list of all sessions, out of two hosts: the candidates of one test after the other, then the live pads.

The vendor's lists come whole, so a page is one test's candidates, or all pads. A cursor says what is left to read and
where to go on: `all:TEST` (that test's candidates and those of the tests after it, then pads), `tests:TEST` (no pads
after them), `pads:`. It holds a test's id, never a candidate's, which would give the e-mail away.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote

from interviewkit.errors import (
    InterviewKitError,
    InvalidArgumentError,
    ListingUnstableError,
    MalformedResponseError,
    NotFoundError,
    TransportError,
    VendorError,
)
from interviewkit.http.wire import Call, Page, Problem
from interviewkit.model import Session, SessionKind
from interviewkit.providers.remoteinterview import calls, translate
from interviewkit.providers.remoteinterview.problems import also_at, at_host
from interviewkit.providers.remoteinterview.shapes import Pad, Test

_HOST_FAILED = (VendorError, TransportError, MalformedResponseError)
_PLANS: Mapping[SessionKind | None, tuple[str, ...]] = {
    None: ("all", "tests", "pads"),
    SessionKind.TAKE_HOME: ("tests",),
    SessionKind.LIVE: ("pads",),
}


async def one_test(send: Callable[[Call[Any]], Awaitable[Any]], test_id: str, *, account: str) -> Page[Session]:
    """The candidates of one test, as one page; the test's title is not in that answer."""
    return await _candidates(send, test_id, None, account)


class AllSessions:
    """Fetches the pages of `list_sessions` by cursor.

    When the tests' host fails, the pads still come, and then the error that names the host; a resumed list asks that
    host again. A test that is gone although it was listed is a problem of the page.
    """

    def __init__(
        self,
        send: Callable[[Call[Any]], Awaitable[Any]],
        *,
        kind: SessionKind | None,
        account: str,
        hosts: Mapping[str, str],
    ) -> None:
        self._send = send
        self._plans = _PLANS[kind]
        self._account = account
        self._hosts = hosts
        self._titles: dict[str, str | None] = {}
        self._held: dict[str, InterviewKitError] = {}

    async def __call__(self, cursor: str | None) -> Page[Session]:
        plan, test_id = self._parse(cursor)
        if plan == "pads":
            return await self._pads()
        held = self._held.pop(test_id, None) if plan == "tests" else None
        if held is not None:
            raise held
        try:
            found = await self._from_test(plan, test_id)
        except _HOST_FAILED as error:
            failed = at_host(error, self._hosts[calls.API])
            if plan == "tests":
                raise failed from None
            return await self._pads_before(failed, test_id)
        if found is not None:
            return found
        return await self._pads() if plan == "all" else Page(())

    def _parse(self, cursor: str | None) -> tuple[str, str]:
        plan, colon, place = (f"{self._plans[0]}:" if cursor is None else cursor).partition(":")
        if plan not in self._plans or not colon:
            raise InvalidArgumentError(
                "not a cursor of this list", provider=calls.PROVIDER, operation="list_sessions",
                hint="resume with the cursor of a page of the same kind of list",
            )  # fmt: skip
        return plan, unquote(place)

    async def _from_test(self, plan: str, test_id: str) -> Page[Session] | None:
        """The first page that holds anything, from a test on (`""`: the first); tests without candidates are none."""
        if not test_id or not self._titles:
            rows: Page[Test] = await self._send(calls.list_tests())
            tests = rows.map(translate.identified)
            self._titles = {test.id: test.title for test in tests.items}
            if tests.problems and not test_id:
                return Page((), tests.problems, self._next(plan, next(iter(self._titles), None)))
        ids = list(self._titles)
        if test_id and test_id not in self._titles:
            raise ListingUnstableError(
                "the test that the list was to go on with is gone", provider=calls.PROVIDER,
                operation="list_sessions", cursor=f"{plan}:{quote(test_id, safe='')}",
                hint="read the list from its start",
            )  # fmt: skip
        for at in range(ids.index(test_id) if test_id else 0, len(ids)):
            page = await self._listed(ids[at])
            if page.items or page.problems:
                following = ids[at + 1] if at + 1 < len(ids) else None
                # No total: it counts one test, and the pager would take a smaller one after it for a loss.
                return Page(page.items, page.problems, self._next(plan, following))
        return None

    @staticmethod
    def _next(plan: str, test_id: str | None) -> str | None:
        if test_id is not None:
            return f"{plan}:{quote(test_id, safe='')}"
        return "pads:" if plan == "all" else None

    async def _listed(self, test_id: str) -> Page[Session]:
        try:
            return await _candidates(self._send, test_id, self._titles.get(test_id), self._account)
        except (NotFoundError, InvalidArgumentError):  # the latter: an id that would lead to another route
            error = MalformedResponseError(
                "the vendor lists a test and then does not find it: its candidates are missing here",
                paths=("$",), provider=calls.PROVIDER, operation="list_candidates", account=self._account,
                raw={"test_id": test_id}, retryable=True, hint="it may have been deleted meanwhile: list again",
            )  # fmt: skip
            return Page((), (Problem(error.raw, error),))

    async def _pads(self) -> Page[Session]:
        try:
            rows: Page[Pad] = await self._send(calls.list_pads())
        except _HOST_FAILED as error:
            raise at_host(error, self._hosts[calls.PADS]) from None
        # Where one pad's end is told, the answer is of the newer form, and a pad without `ended_at` has not ended.
        told = any(pad.ended_at is not None for pad in rows.items)
        page = rows.map(lambda pad: translate.pad_session(pad, account=self._account, end_is_told=told))
        return Page(page.items, page.problems)

    async def _pads_before(self, failed: InterviewKitError, test_id: str) -> Page[Session]:
        try:
            pads = await self._pads()
        except _HOST_FAILED:
            raise also_at(failed, self._hosts[calls.PADS]) from None
        self._held[test_id] = failed
        return Page(pads.items, pads.problems, f"tests:{quote(test_id, safe='')}")


async def _candidates(
    send: Callable[[Call[Any]], Awaitable[Any]], test_id: str, title: str | None, account: str
) -> Page[Session]:
    rows = await send(calls.list_candidates(test_id))
    page: Page[Session] = rows.map(
        lambda row: translate.candidate_session(
            row, translate.candidate_ref(test_id, row.id), account=account, title=title
        )
    )
    return page
