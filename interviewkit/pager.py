"""Lists that are read page by page: lazily, whole, and saying so when they were not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, Literal, Self, TypeVar

from interviewkit.errors import InvalidArgumentError, ListingUnstableError, MalformedResponseError
from interviewkit.http.limits import check_patience
from interviewkit.http.limits import patience as be_patient
from interviewkit.http.wire import Page, Problem

T = TypeVar("T")
OnProblem = Literal["collect", "raise"]
OnIncomplete = Literal["raise", "flag"]

_EMPTY_PAGES = 100
"""So many pages in a row without a row, each with a next one: the list does not end."""
_WORDS = {"on_problem": ("collect", "raise"), "incomplete": ("raise", "flag")}


class Pager(Generic[T]):
    """Rows of a list: `async for item in pager`, `pager.pages()`, `await pager.first()`, `await pager.collect()`.

    Each iteration reads anew. `problems` holds the rows of the last iteration that could not be read, and `incomplete`
    is set when that iteration was seen to miss rows. Requests wait for the rate limiter as long as it takes, or for
    `patience` seconds.
    """

    def __init__(
        self,
        fetch: Callable[[str | None], Awaitable[Page[T]]],
        *,
        cursor: str | None = None,
        on_problem: OnProblem = "collect",
        incomplete: OnIncomplete = "raise",
        patience: float | None = None,
        provider: str | None = None,
        operation: str | None = None,
    ) -> None:
        for name, word in (("on_problem", on_problem), ("incomplete", incomplete)):
            if word not in _WORDS[name]:
                raise InvalidArgumentError(f"{name} is one of {_WORDS[name]}", provider=provider, operation=operation)
        try:
            check_patience(patience)
        except InvalidArgumentError as error:
            raise error.locate(provider=provider, operation=operation) from None
        self._fetch = fetch
        self._cursor = cursor
        self._provider = provider
        self._operation = operation
        self._patience = patience
        self._on_problem: OnProblem = on_problem
        self._on_incomplete: OnIncomplete = incomplete
        self.problems: list[Problem] = []
        self.incomplete = False

    def options(
        self,
        *,
        on_problem: OnProblem | None = None,
        incomplete: OnIncomplete | None = None,
        patience: float | None = None,
    ) -> Self:
        """The same list, read otherwise: rows that cannot be read collected or raised, losses raised or flagged."""
        return self._again(self._cursor, on_problem=on_problem, incomplete=incomplete, patience=patience)

    def resume(self, cursor: str) -> Self:
        """The same list from a page's `cursor` on."""
        if not isinstance(cursor, str) or not cursor:
            raise self._invalid("a cursor is the text that a page carries")
        return self._again(cursor)

    def _again(
        self,
        cursor: str | None,
        *,
        on_problem: OnProblem | None = None,
        incomplete: OnIncomplete | None = None,
        patience: float | None = None,
    ) -> Self:
        return type(self)(
            self._fetch,
            cursor=cursor,
            on_problem=on_problem or self._on_problem,
            incomplete=incomplete or self._on_incomplete,
            patience=self._patience if patience is None else patience,
            provider=self._provider,
            operation=self._operation,
        )

    def __aiter__(self) -> AsyncGenerator[T, None]:
        return self._rows(self._on_problem)

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Page by page. After the last one, raises `ListingUnstableError` if rows were lost on the way.

        Raises `MalformedResponseError` for a list that repeats a cursor or never ends, or, with
        `on_problem="raise"`, for the first row that cannot be read.
        """
        async with aclosing(self._read(self._on_problem)) as pages:
            async for page in pages:
                yield page

    async def _rows(self, on_problem: OnProblem) -> AsyncGenerator[T, None]:
        async with aclosing(self._read(on_problem)) as pages:
            async for page in pages:
                for item in page.items:
                    yield item

    async def _read(self, on_problem: OnProblem) -> AsyncGenerator[Page[T], None]:
        self.problems = []
        self.incomplete = False
        watch = _Watch(self._provider, self._operation, self._cursor)
        cursor = self._cursor
        while True:
            with be_patient(self._patience):
                page = await self._fetch(cursor)
            watch.see(page)
            self.problems.extend(page.problems)
            if page.problems and on_problem == "raise":
                raise page.problems[0].error.locate(provider=self._provider, operation=self._operation)
            yield page
            if page.cursor is None:
                break
            watch.follow(page.cursor)
            cursor = page.cursor
        lost = watch.lost()
        if lost is not None:
            self.incomplete = True
            if self._on_incomplete == "raise":
                raise lost

    async def first(self) -> T | None:
        """The first row, or `None` for an empty list."""
        async with aclosing(self._rows(self._on_problem)) as rows:
            return await anext(rows, None)

    async def collect(self, limit: int | None = None, *, on_problem: OnProblem = "raise") -> list[T]:
        """All rows, or the first `limit`. A row that cannot be read is an error, unless told `on_problem="collect"`."""
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise self._invalid("limit is a whole number from 1 on, or None for all rows")
        if on_problem not in _WORDS["on_problem"]:
            raise self._invalid(f"on_problem is one of {_WORDS['on_problem']}")
        found: list[T] = []
        async with aclosing(self._read(on_problem)) as pages:
            async for page in pages:
                found += page.items
                if limit is not None and len(found) >= limit:
                    break
        return found[:limit]

    def _invalid(self, text: str) -> InvalidArgumentError:
        return InvalidArgumentError(text, provider=self._provider, operation=self._operation)


class _Watch:
    """Notices what is wrong with a list while it is read, in constant memory (cycles by Brent's method)."""

    def __init__(self, provider: str | None, operation: str | None, start: str | None) -> None:
        self._provider = provider
        self._operation = operation
        self._rows = 0
        self._pages = 0
        self._empty = 0
        self._total: int | None = None
        self._shrank = False
        self._resumed = start is not None
        self._cursor = start
        self._mark: str | None = None
        self._power = 1
        self._since_mark = 0

    def see(self, page: Page[T]) -> None:
        rows = len(page.items) + len(page.problems)
        self._rows += rows
        self._pages += 1
        self._empty = 0 if rows else self._empty + 1
        if page.total is not None:
            self._shrank = self._shrank or (self._total is not None and page.total < self._total)
            self._total = page.total

    def follow(self, cursor: str) -> None:
        repeated = cursor in {self._cursor, self._mark}
        endless = self._empty >= _EMPTY_PAGES or (
            self._total is not None and self._rows > 2 * self._total + 1000  # twice over, and room for a growing list
        )
        if repeated or endless:
            raise MalformedResponseError(
                f"the list {'repeats a cursor' if repeated else 'does not end'} after {self._rows} rows on "
                f"{self._pages} pages, last cursor {cursor!r}",
                hint="the vendor's paging is broken: read the list again later",
                provider=self._provider,
                operation=self._operation,
            )
        self._cursor = cursor
        self._since_mark += 1
        if self._mark is None or self._since_mark == self._power:
            self._mark, self._power, self._since_mark = cursor, self._power * 2, 0

    def lost(self) -> ListingUnstableError | None:
        """What was lost: the count fell between two pages, or fewer rows came than were counted."""
        whole = self._pages > 1 and not self._resumed
        short = whole and self._total is not None and self._rows < self._total
        if not (self._shrank or short):
            return None
        return ListingUnstableError(
            f"the list lost rows while it was read: {self._rows} of {self._total} came",
            delivered=self._rows,
            expected=self._total,
            cursor=self._cursor,
            hint="read the list again",
            provider=self._provider,
            operation=self._operation,
        )
