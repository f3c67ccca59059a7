"""Looking through a vendor's lists: bounded, remembered, and never sure of what it could not see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

import interviewkit as ik
from interviewkit.capabilities import Capabilities, Feature, native
from interviewkit.http.wire import Page, Problem
from interviewkit.pager import Pager
from interviewkit.webhooks.scanning import NotYetError, Scanner


@attrs.define
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


class Lists(ik.BaseProvider):
    """A vendor of tests and candidates."""

    name = "lists"
    capabilities = Capabilities({Feature.LIST_ASSESSMENTS: native(), Feature.LIST_SESSIONS: native()})

    def __init__(self, tests: dict[str, list[str]]) -> None:
        super().__init__(account="acme")
        self.tests = tests
        self.asked: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.problems: tuple[Problem, ...] = ()

    def list_assessments(self, *, include_archived: bool = False) -> Pager[ik.Assessment]:
        async def fetch(_cursor: str | None) -> Page[ik.Assessment]:
            self.asked.append("tests")
            return Page(tuple(ik.Assessment(id=one, provider="lists", account="acme", title=one) for one in self.tests))

        return Pager(fetch)

    def list_sessions(self, *, assessment_id: str | None = None, **_filters: Any) -> Pager[ik.Session]:
        async def fetch(_cursor: str | None) -> Page[ik.Session]:
            self.asked.append(str(assessment_id))
            if (error := self.errors.get(str(assessment_id))) is not None:
                raise error
            found = self.tests.get(str(assessment_id), [])
            return Page(tuple(_session(str(assessment_id), one) for one in found), self.problems)

        return Pager(fetch)


def ref(test: str, name: str) -> ik.SessionRef:
    return ik.SessionRef(provider="lists", kind=ik.SessionKind.TAKE_HOME, id=name, parent=test)


def _session(test: str, name: str) -> ik.Session:
    return ik.Session(
        ref=ref(test, name), provider="lists", account="acme", kind=ik.SessionKind.TAKE_HOME,
        status=ik.SessionStatus.COMPLETED,
    )  # fmt: skip


Make = Callable[..., tuple[Scanner, Lists, Clock]]


@pytest.fixture
def make() -> Make:
    def scanner(most: int = 50, **tests: list[str]) -> tuple[Scanner, Lists, Clock]:
        clock, lists = Clock(), Lists(tests or {"a": ["ada"], "b": ["bob", "ada"], "c": ["cy"]})
        return Scanner(lists, max_requests=most, clock=clock), lists, clock

    return scanner


async def test_it_reads_until_the_session_is_found_and_remembers_what_it_saw(make: Make) -> None:
    scanner, lists, _ = make()
    assert await scanner.find("bob", age=0) == {ref("b", "bob")}
    assert lists.asked == ["tests", "a", "b"]
    assert await scanner.find("ada", age=0) == {ref("a", "ada"), ref("b", "ada")}
    assert lists.asked == ["tests", "a", "b"]
    assert await scanner.find("cy", age=0) == {ref("c", "cy")}
    assert lists.asked == ["tests", "a", "b", "c"]


async def test_only_a_scan_that_began_late_enough_shows_that_a_session_is_not_there(make: Make) -> None:
    scanner, lists, clock = make()
    with pytest.raises(NotYetError) as early:
        await scanner.find("eve", age=0)
    assert early.value.seconds == pytest.approx(60)
    clock.now += 60
    lists.tests["c"].append("eve")
    assert await scanner.find("eve", age=60) == {ref("c", "eve")}
    assert await scanner.find("fay", age=60) == set()
    assert lists.asked == ["tests", "a", "b", "c"] * 2


async def test_made_up_ids_share_one_scan_a_minute_and_the_hours_requests(make: Make) -> None:
    scanner, lists, clock = make(10)
    for minute in range(30):
        for number in range(5):
            with pytest.raises(NotYetError):
                await scanner.find(f"nobody-{minute}-{number}", age=0)
        assert len(lists.asked) == min(4 * (minute + 1), 10)
        clock.now += 60
    assert len(lists.asked) == 10
    with pytest.raises(NotYetError) as later:
        await scanner.find("nobody", age=0)
    assert later.value.seconds == pytest.approx(3600 - 30 * 60)


async def test_a_scan_that_was_cut_short_by_the_limit_goes_on_where_it_was(make: Make) -> None:
    scanner, lists, clock = make(2)
    with pytest.raises(NotYetError) as later:
        await scanner.find("cy", age=0)
    assert lists.asked == ["tests", "a"]
    clock.now += later.value.seconds
    assert await scanner.find("cy", age=3600) == {ref("c", "cy")}
    assert lists.asked == ["tests", "a", "b", "c"]


@pytest.mark.parametrize("error", [ik.MalformedResponseError("odd"), ik.PermissionDeniedError("no", status=403)])
async def test_a_list_that_cannot_be_read_is_passed_by_and_nobody_is_said_not_to_be_there(
    make: Make, error: ik.InterviewKitError
) -> None:
    scanner, lists, _ = make()
    lists.errors["a"] = error
    assert await scanner.find("cy", age=100) == {ref("c", "cy")}
    with pytest.raises(type(error)):
        await scanner.find("eve", age=100)


async def test_a_row_that_cannot_be_read_may_be_the_one(make: Make) -> None:
    scanner, lists, _ = make()
    lists.problems = (Problem({}, ik.MalformedResponseError("odd")),)
    with pytest.raises(ik.MalformedResponseError):
        await scanner.find("eve", age=100)


async def test_a_test_that_is_gone_holds_nobody(make: Make) -> None:
    scanner, lists, _ = make()
    lists.errors["a"] = ik.NotFoundError("gone", status=404)
    assert await scanner.find("eve", age=100) == set()


async def test_a_vendor_that_is_away_is_asked_again_at_the_same_place(make: Make) -> None:
    scanner, lists, _ = make()
    lists.errors["b"] = ik.VendorUnavailableError("away", status=503)
    with pytest.raises(ik.VendorUnavailableError):
        await scanner.find("cy", age=0)
    lists.errors.clear()
    assert await scanner.find("cy", age=0) == {ref("c", "cy")}
    assert lists.asked == ["tests", "a", "b", "b", "c"]


async def test_without_lists_nobody_is_found(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner, lists, _ = make()
    monkeypatch.setattr(Lists, "capabilities", Capabilities())
    assert await scanner.find("ada", age=0) == set()
    assert lists.asked == []
