"""Checks on lists: every row, lazily, and an error where a list cannot be trusted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interviewkit.errors import ListingUnstableError, MalformedResponseError
from interviewkit.http.wire import Page, Response
from interviewkit.testing.json_parts import parse, replaced, rows_within
from interviewkit.testing.operations import OPERATIONS, Operation
from interviewkit.testing.scripted import Sent
from interviewkit.testing.stage import Scene, Stage

LISTS: dict[str, Operation] = {operation.name: operation for operation in OPERATIONS if operation.is_list}


def _pager(scene: Scene, name: str) -> Any:
    """A fresh pager of one of the two lists."""
    if name == "list_sessions":
        return scene.provider.list_sessions(**scene.backend.listing)
    return scene.provider.list_assessments()


def _declared(scene: Scene) -> list[str]:
    return [name for name, operation in LISTS.items() if scene.has(operation.feature)]


async def _pages(pager: Any) -> list[Page[Any]]:
    return [page async for page in pager.pages()]


class Paging(Stage):
    """Lists are read whole, lazily and honestly."""

    async def test_a_list_delivers_every_row_once(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                pager = _pager(scene, name)
                rows = [row async for row in pager]
                ids = [str(getattr(row, "ref", None) or row.id) for row in rows]
                assert len(ids) == len(set(ids)), f"{name} delivers rows twice"
                assert pager.problems == []
                assert await pager.collect() == rows
                if name == "list_sessions":
                    assert len(rows) == scene.backend.sessions, f"{len(rows)} of {scene.backend.sessions} rows came"

    async def test_pages_are_fetched_only_when_they_are_wanted(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                scene.calm()
                requests = [0, *[len(scene.tap.sent) async for _page in _pager(scene, name).pages()]]
                assert requests == sorted(set(requests)), f"{name} fetches pages ahead: {requests} requests"
                paged = len(requests) > 2 or not scene.backend.names_next_page
                assert paged or name != "list_sessions", "the Backend must have sessions on more than one page"
                scene.calm()
                await _pager(scene, name).first()
                assert len(scene.tap.sent) == requests[1], f"{name}: first() reads more than the first page"

    async def test_first_and_limit_agree_with_the_whole_list(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                pager = _pager(scene, name)
                rows = await pager.collect()
                assert await pager.first() == (rows[0] if rows else None)
                assert await pager.collect(limit=2) == rows[:2]
                assert await pager.collect(limit=len(rows) + 5) == rows

    async def test_reading_resumes_at_a_pages_cursor(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                pager = _pager(scene, name)
                pages = await _pages(pager)
                assert pages[-1].cursor is None, f"{name}: the last page has a cursor"
                for place, page in enumerate(pages[:-1]):
                    assert isinstance(page.cursor, str), f"{name}: a cursor is text"
                    rest = [row for later in pages[place + 1 :] for row in later.items]
                    assert [row async for row in pager.resume(page.cursor)] == rest, f"{name} resumes elsewhere"

    async def test_a_total_is_the_number_of_rows(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                pages = await _pages(_pager(scene, name))
                rows = sum(len(page.items) for page in pages)
                totals = {page.total for page in pages} - {None}
                assert totals <= {rows}, f"{name} says {totals} and has {rows}"

    async def test_a_bad_row_is_a_problem_and_the_others_come(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                async with self.replay(scene, LISTS[name]) as (again, rows):
                    bad = {"unexpected": "row"}
                    again.tap.edit = _spoil_first_row([row.raw for row in rows], bad)
                    pager = _pager(again, name)
                    left = [row async for row in pager]
                    assert left == rows[1:], f"{name}: {len(left)} of {len(rows) - 1} good rows came"
                    assert [problem.raw for problem in pager.problems] == [bad]
                    assert isinstance(pager.problems[0].error, MalformedResponseError)
                    assert pager.problems[0].error.paths
                    again.tap.inner.rewind()  # type: ignore[attr-defined]
                    again.tap.edit = _spoil_first_row([row.raw for row in rows], bad)
                    with pytest.raises(MalformedResponseError):
                        await _pager(again, name).collect()

    async def test_a_repeated_cursor_is_an_error_and_no_endless_list(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                scene.calm()
                await _pager(scene, name).first()
                first = scene.tap.answers[-1]
                pages = await _pages(_pager(scene, name))
                scene.calm()
                if len(pages) > 1 and scene.backend.names_next_page:
                    scene.tap.edit = _always(first)
                    with pytest.raises(MalformedResponseError, match="cursor"):
                        await _pager(scene, name).collect(on_problem="collect")

    async def test_a_list_that_shrinks_while_it_is_read_says_so(self) -> None:
        async with self.scene() as scene:
            for name in _declared(scene):
                scene.calm()
                pages = await _pages(_pager(scene, name))
                if len(pages) < 2 or pages[0].total is None or not scene.backend.names_next_page:
                    continue
                total = pages[0].total
                async with self.replay(scene, LISTS[name]) as (again, rows):
                    again.tap.edit = _lower_total_after_first_page(total, [row.raw for row in rows])
                    with pytest.raises(ListingUnstableError):
                        await _pager(again, name).collect()


def _spoil_first_row(rows: list[Any], bad: Any) -> Any:
    done = False

    def edit(sent: Sent, answer: Response) -> Response:
        nonlocal done
        value = parse(answer.body)
        found = None if done else rows_within(value, rows)
        if not found:
            return answer
        done = True
        return Response(answer.status, answer.headers, json.dumps(replaced(value, found[0], bad)).encode())

    return edit


def _always(first: tuple[Sent, Response]) -> Any:
    """Later requests of the same path get the answer of the first."""
    sent_first, answer_first = first
    path = sent_first.url.partition("?")[0]
    return lambda sent, answer: answer_first if sent.url.partition("?")[0] == path else answer


def _lower_total_after_first_page(total: int, rows: list[Any]) -> Any:
    seen = 0

    def edit(sent: Sent, answer: Response) -> Response:
        nonlocal seen
        value = parse(answer.body)
        seen += 1
        if seen == 1 or not isinstance(value, dict):
            return answer
        lower = {key: total - 1 if part == total and type(part) is int else part for key, part in value.items()}
        return Response(answer.status, answer.headers, json.dumps(lower).encode())

    return edit
