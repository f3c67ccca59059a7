"""Lists that are read page by page, and what a vendor can do wrong with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interviewkit.errors import InvalidArgumentError, ListingUnstableError, MalformedResponseError, TransportError
from interviewkit.http.limits import PATIENCE
from interviewkit.http.wire import Page, Problem
from interviewkit.pager import Pager

BAD = Problem({"id": None}, MalformedResponseError("bad row", paths=("$.rows[1].id",)))


class Vendor:
    """A list on pages: `asked` keeps each cursor that was asked for."""

    def __init__(self, pages: Sequence[Page[int]] | Callable[[str | None], Page[int]]) -> None:
        self.asked: list[str | None] = []
        self.patience: list[float] = []
        self._pages = pages

    async def fetch(self, cursor: str | None) -> Page[int]:
        await asyncio.sleep(0)
        self.asked.append(cursor)
        self.patience.append(PATIENCE.get())
        if callable(self._pages):
            return self._pages(cursor)
        return self._pages[0 if cursor is None else int(cursor)]

    def pager(self, **options: Any) -> Pager[int]:
        return Pager(self.fetch, provider="acme", operation="list_pads", **options)


def three() -> Vendor:
    return Vendor([Page((1, 2), (), "1", 5), Page((3, 4), (), "2", 5), Page((5,), (), None, 5)])


async def test_rows_come_in_order_and_each_page_is_asked_for_once() -> None:
    vendor = three()
    assert [row async for row in vendor.pager()] == [1, 2, 3, 4, 5]
    assert vendor.asked == [None, "1", "2"]


async def test_each_iteration_reads_anew() -> None:
    vendor = three()
    pager = vendor.pager()
    assert await pager.collect() == await pager.collect() == [1, 2, 3, 4, 5]
    assert len(vendor.asked) == 6


async def test_nothing_is_asked_before_it_is_needed() -> None:
    vendor = three()
    pager = vendor.pager()
    assert vendor.asked == []
    rows = aiter(pager)
    await anext(rows)
    await anext(rows)
    assert vendor.asked == [None]
    await anext(rows)
    assert vendor.asked == [None, "1"]
    await rows.aclose()


async def test_pages_come_as_they_are() -> None:
    pages = [page async for page in three().pager().pages()]
    assert [(page.items, page.cursor, page.total) for page in pages] == [
        ((1, 2), "1", 5),
        ((3, 4), "2", 5),
        ((5,), None, 5),
    ]


async def test_the_first_row_takes_one_page() -> None:
    vendor = three()
    assert await vendor.pager().first() == 1
    assert vendor.asked == [None]
    assert await Vendor([Page(())]).pager().first() is None
    assert await Vendor([Page((), (), "1"), Page((7,))]).pager().first() == 7


@pytest.mark.parametrize(("limit", "pages"), [(1, 1), (2, 1), (3, 2), (5, 3), (9, 3)])
async def test_collect_stops_at_the_limit_and_asks_for_no_page_too_many(limit: int, pages: int) -> None:
    vendor = three()
    assert await vendor.pager().collect(limit) == [1, 2, 3, 4, 5][:limit]
    assert len(vendor.asked) == pages


@pytest.mark.parametrize("wrong", [0, -1])
async def test_a_limit_is_at_least_one(wrong: int) -> None:
    with pytest.raises(InvalidArgumentError):
        await three().pager().collect(wrong)


async def test_duplicates_are_left_as_they_come() -> None:
    assert await Vendor([Page((1, 1), (), "1"), Page((1,))]).pager().collect() == [1, 1, 1]


# --- rows that cannot be read ---


def troubled() -> Vendor:
    return Vendor([Page((1,), (BAD,), "1"), Page((2,), (BAD,))])


async def test_rows_that_cannot_be_read_are_kept_apart() -> None:
    pager = troubled().pager()
    assert [row async for row in pager] == [1, 2]
    assert pager.problems == [BAD, BAD]
    assert [row async for row in pager] == [1, 2]
    assert len(pager.problems) == 2


async def test_on_request_they_are_errors() -> None:
    pager = troubled().pager().options(on_problem="raise")
    with pytest.raises(MalformedResponseError) as caught:
        [row async for row in pager]
    assert caught.value is BAD.error
    assert (caught.value.provider, caught.value.operation) == ("acme", "list_pads")


async def test_collect_raises_unless_told_to_collect() -> None:
    pager = troubled().pager()
    with pytest.raises(MalformedResponseError):
        await pager.collect()
    assert await pager.collect(on_problem="collect") == [1, 2]
    assert len(pager.problems) == 2
    assert [row async for row in pager] == [1, 2]


@pytest.mark.parametrize("wrong", [{"on_problem": "ignore"}, {"incomplete": "no"}])
def test_an_unknown_word_is_refused(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(InvalidArgumentError, match=name):
        three().pager().options(**wrong)


async def test_an_unknown_word_for_collect_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="on_problem"):
        await three().pager().collect(on_problem="ignore")  # type: ignore[arg-type]


# --- resuming ---


async def test_a_list_is_resumed_from_a_pages_cursor() -> None:
    vendor = three()
    pager = vendor.pager()
    async for page in pager.pages():
        if page.cursor == "1":
            break
    assert await pager.resume("1").collect() == [3, 4, 5]
    assert vendor.asked == [None, "1", "2"]


@pytest.mark.parametrize("wrong", ["", None, 2])
def test_what_is_no_cursor_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        three().pager().resume(wrong)


async def test_a_resumed_list_keeps_its_options() -> None:
    pager = troubled().pager(on_problem="raise").resume("1")
    with pytest.raises(MalformedResponseError):
        [row async for row in pager]


# --- lists that are broken ---


@settings(max_examples=60, deadline=None)
@given(tail=st.integers(0, 30), cycle=st.integers(1, 30), rows=st.integers(0, 2))
def test_a_cycle_of_any_length_is_found_soon(tail: int, cycle: int, rows: int) -> None:
    def page(cursor: str | None) -> Page[int]:
        here = 0 if cursor is None else int(cursor)
        after = here + 1 if here + 1 < tail + cycle else tail
        return Page((1,) * rows, (), str(after))

    vendor = Vendor(page)
    with pytest.raises(MalformedResponseError, match=r"repeats a cursor|does not end"):
        asyncio.run(vendor.pager().collect())
    assert len(vendor.asked) <= 4 * (tail + cycle) + 4


async def test_the_error_of_a_cycle_carries_counts_and_the_cursor() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        await Vendor(lambda _cursor: Page((41, 42), (), "again")).pager().collect()
    assert "4 rows on 2 pages, last cursor 'again'" in str(caught.value)
    assert (caught.value.provider, caught.value.operation) == ("acme", "list_pads")
    assert "41" not in str(caught.value)


async def test_empty_pages_without_end_are_an_error() -> None:
    vendor = Vendor(lambda cursor: Page((), (), str(int(cursor or 0) + 1)))
    with pytest.raises(MalformedResponseError, match="does not end"):
        await vendor.pager().collect()
    assert len(vendor.asked) == 100


async def test_some_empty_pages_are_none() -> None:
    pages = [Page[int]((), (), str(number + 1)) for number in range(60)] + [Page((7,))]
    assert await Vendor(pages).pager().collect() == [7]


async def test_a_list_far_longer_than_its_total_is_an_error() -> None:
    vendor = Vendor(lambda cursor: Page((1,) * 50, (), str(int(cursor or 0) + 1), 100))
    with pytest.raises(MalformedResponseError, match="does not end"):
        await vendor.pager().collect()
    assert len(vendor.asked) < 30


async def test_a_total_that_shrinks_means_that_rows_were_lost() -> None:
    vendor = Vendor([Page((1, 2), (), "1", 4), Page((4,), (), None, 3)])
    seen: list[int] = []
    pager = vendor.pager()

    async def read() -> None:
        async for row in pager:
            seen.append(row)  # noqa: PERF401

    with pytest.raises(ListingUnstableError) as caught:
        await read()
    assert seen == [1, 2, 4]
    assert pager.incomplete
    assert (caught.value.delivered, caught.value.expected, caught.value.cursor) == (3, 3, "1")
    assert (caught.value.provider, caught.value.retryable) == ("acme", True)


async def test_fewer_rows_than_the_total_mean_that_rows_were_lost() -> None:
    pages = [Page((1, 2), (), "1", 5), Page((3,), (), None, 5)]
    with pytest.raises(ListingUnstableError, match="3 of 5"):
        await Vendor(pages).pager().collect()
    pager = Vendor(pages).pager().options(incomplete="flag")
    assert await pager.collect() == [1, 2, 3]
    assert pager.incomplete


async def test_a_row_that_could_not_be_read_is_not_lost() -> None:
    pages = [Page((1,), (BAD,), "1", 3), Page((3,), (), None, 3)]
    assert await Vendor(pages).pager().collect(on_problem="collect") == [1, 3]


async def test_a_list_that_grows_is_whole() -> None:
    pages = [Page((1, 2), (), "1", 3), Page((3, 4), (), None, 4)]
    assert await Vendor(pages).pager().collect() == [1, 2, 3, 4]


async def test_a_resumed_list_is_not_short() -> None:
    vendor = Vendor([Page((1,), (), "1", 3), Page((2,), (), "2", 3), Page((3,), (), None, 3)])
    assert await vendor.pager().resume("1").collect() == [2, 3]


async def test_a_fresh_iteration_forgets_the_last_ones_loss() -> None:
    answers = [Page((1,), (), "1", 3), Page((2,), (), None, 3), Page((1, 2, 3), (), None, 3)]
    pager = Vendor(lambda _cursor: answers.pop(0)).pager(incomplete="flag")
    await pager.collect()
    assert pager.incomplete
    await pager.collect()
    assert not pager.incomplete


# --- requests ---


@pytest.mark.parametrize(("patience", "seconds"), [(None, float("inf")), (5.0, 5.0)])
async def test_requests_of_a_list_are_patient_and_nothing_else_is(patience: float | None, seconds: float) -> None:
    vendor = three()
    async for _row in vendor.pager(patience=patience):
        assert PATIENCE.get() == 0
    assert vendor.patience == [seconds] * 3


async def test_an_error_of_a_request_is_the_callers_and_the_list_can_go_on() -> None:
    failing = [TransportError("lost")]

    def page(cursor: str | None) -> Page[int]:
        if cursor == "1" and failing:
            raise failing.pop()
        return Page((1,), (), "1") if cursor is None else Page((2,))

    pager = Vendor(page).pager()
    with pytest.raises(TransportError):
        await pager.collect()
    assert await pager.resume("1").collect() == [2]


@pytest.mark.parametrize("limit", [0, -1, "5", 1.5, True])
async def test_a_limit_that_is_no_count_is_refused_with_its_place(limit: Any) -> None:
    vendor = three()
    with pytest.raises(InvalidArgumentError, match="limit is a whole number") as caught:
        await vendor.pager().collect(limit)
    assert (caught.value.operation, vendor.asked) == ("list_pads", [])


@pytest.mark.parametrize("patience", [-1, "5", float("nan"), True])
def test_patience_that_is_no_time_is_refused_when_it_is_given(patience: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="patience is a number") as caught:
        three().pager(patience=patience)
    assert caught.value.operation == "list_pads"
    with pytest.raises(InvalidArgumentError, match="patience is a number"):
        three().pager().options(patience=patience)
