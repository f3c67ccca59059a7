"""Checks on what vendors really send: fields that are missing or null, words nobody has seen, and `raw` untouched."""

from __future__ import annotations

import json
from typing import Any

from interviewkit.capabilities import Feature
from interviewkit.errors import InterviewKitError, ListingUnstableError, MalformedResponseError, VendorError
from interviewkit.http.wire import Response
from interviewkit.model import SessionStatus
from interviewkit.testing.json_parts import GONE, Where, fields, parse, parts, replaced, rows_within, shown_in
from interviewkit.testing.operations import Operation
from interviewkit.testing.paging import LISTS
from interviewkit.testing.scripted import Sent
from interviewkit.testing.stage import Scene, Stage
from interviewkit.testing.walk import objects

WORD = "hovering"
"""A word that no vendor uses."""

EXPECTED = (MalformedResponseError, VendorError, ListingUnstableError)
"""What a changed answer may lead to, if not to a result."""


class Payloads(Stage):
    """Whatever a field holds, the result is a model, a problem or a `MalformedResponseError`."""

    async def test_a_missing_field_loses_at_most_its_own_row(self) -> None:
        await self._vary(lambda _: GONE)

    async def test_a_null_field_loses_at_most_its_own_row(self) -> None:
        await self._vary(lambda _: None)

    async def test_a_field_of_another_type_loses_at_most_its_own_row(self) -> None:
        await self._vary(lambda part: 7 if isinstance(part, str | dict) else ["neither", {"expected": 1}])

    async def test_an_unseen_word_in_any_field_loses_at_most_its_own_row(self) -> None:
        await self._vary(lambda part: WORD if isinstance(part, str) else part)

    async def _vary(self, change: Any) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                async with self.replay(scene, operation) as (again, result):
                    for place, (sent, answer) in enumerate(list(scene.tap.answers)):
                        for where, part in fields(parse(answer.body)):
                            new = change(part)
                            if new is part:
                                continue
                            again.calm()
                            again.tap.inner.rewind()  # type: ignore[attr-defined]
                            again.tap.edit = _nth(place, sent, where, new)
                            await self._tolerates(again, operation, result, answer, where)

    async def _tolerates(self, scene: Scene, operation: Operation, result: Any, answer: Response, where: Where) -> None:
        what = f"{operation.name}, {shown_in(where)} changed"
        if not operation.is_list:
            error = await scene.outcome(operation)
            assert error is None or isinstance(error, EXPECTED), f"{what}: {type(error).__name__}: {error}"
            return
        raws = [row.raw for row in result]
        in_row = _within_row(answer, raws, where)
        pager = _pager_of(scene, operation)
        try:
            items = await pager.collect(on_problem="collect")
        except EXPECTED as error:
            problem: InterviewKitError = error
            assert not in_row, f"{what}: the whole list is lost: {type(problem).__name__}"
            return
        except InterviewKitError as error:
            raise AssertionError(f"{what}: {type(error).__name__} instead of MalformedResponseError") from error
        lost = len(result) - len(items) - len(pager.problems)
        if in_row:
            assert lost == 0, f"{what}: {lost} of {len(result)} rows are lost"
            assert len(pager.problems) <= 1, f"{what}: more than its own row is a problem"
        elif not pager.problems:
            gone = any(row in raws for rows in _lists_at(answer, where) for row in rows)
            assert not gone, f"{what}: the rows are gone, and the list seems to be just shorter"

    async def test_an_unknown_status_is_unknown_and_kept_verbatim(self) -> None:
        async with self.scene() as scene:
            if not scene.has(Feature.GET_SESSION):
                return
            async with self.replay(scene, _operation(scene, Feature.GET_SESSION)) as (again, session):
                if not scene.backend.status_keys:
                    assert session.vendor_status is None, "this vendor has no word for it, and vendor_status is set"
                    return
                again.tap.edit = lambda sent, answer: _reworded(answer, scene.backend.status_keys)
                found = await again.provider.get_session(scene.backend.finished)
                assert found.status is SessionStatus.UNKNOWN, f"the word {WORD!r} is taken for {found.status}"
                assert found.vendor_status == WORD

    async def test_raw_is_the_vendors_json_untouched(self) -> None:
        async with self.scene() as scene:
            for operation in scene.operations:
                scene.calm()
                result = await scene.run(operation)
                answers = [parse(answer.body) for _sent, answer in scene.tap.answers]
                for found in objects(result):
                    raw = getattr(found, "raw", None)
                    if raw is None or (raw == {} and found is not result):
                        continue
                    assert type(raw) is dict, f"{operation.name}: raw is a {type(raw).__name__}"
                    assert _came(raw, answers), f"{operation.name}: {type(found).__name__}.raw is not what came"
                whole = result if isinstance(result, list) else [result] if hasattr(result, "raw") else []
                assert all(one.raw for one in whole), f"{operation.name}: raw is empty"


def _operation(scene: Scene, feature: Feature) -> Operation:
    return next(one for one in scene.operations if one.feature is feature)


def _pager_of(scene: Scene, operation: Operation) -> Any:
    assert operation.name in LISTS
    if operation.name == "list_sessions":
        return scene.provider.list_sessions(**scene.backend.listing)
    return scene.provider.list_assessments()


def _nth(place: int, first: Sent, where: Where, new: Any) -> Any:
    """Change one part of the answer in this place; of the others none."""
    done = False

    def edit(sent: Sent, answer: Response) -> Response:
        nonlocal done
        if done or (sent.method, sent.url) != (first.method, first.url):
            return answer
        done = True
        return Response(answer.status, answer.headers, json.dumps(replaced(parse(answer.body), where, new)).encode())

    return edit


def _within_row(answer: Response, raws: list[Any], where: Where) -> bool:
    """Whether a part lies within one row of the list."""
    return any(where[: len(row)] == row and len(where) > len(row) for row in rows_within(parse(answer.body), raws))


def _lists_at(answer: Response, where: Where) -> list[list[Any]]:
    """The rows that stood at a place, if a list with rows stood there."""
    return [part for place, part in parts(parse(answer.body)) if place == where and isinstance(part, list) and part]


def _reworded(answer: Response, keys: Any) -> Response:
    value = parse(answer.body)
    for where, part in list(parts(value)):
        if where[-1] in keys and isinstance(part, str):
            value = replaced(value, where, WORD)
    return Response(answer.status, answer.headers, json.dumps(value).encode())


def _came(raw: Any, answers: list[Any]) -> bool:
    """Whether an object came as it is, or is put together of objects that did."""
    everything = [*answers, *(part for answer in answers for _where, part in parts(answer))]
    if raw in everything:
        return True
    values = [one for value in raw.values() for one in (value if isinstance(value, list) else [value])]
    return bool(values) and all(value in everything for value in values if value is not None)
