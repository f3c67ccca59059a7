"""The list over two hosts: its order, its cursors, and that nothing is lost in silence."""

from __future__ import annotations

from typing import Any

import pytest

import interviewkit as ik
from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Scripted, Sent, answer

API = "https://api.remoteinterview.io"
PADS = "https://api.codeinterview.io"
TESTS = [{"id": "-A", "title": "First"}, {"id": "-B", "title": "Second"}, {"id": "-C", "title": "Third"}]
WORLD: dict[str, Any] = {
    f"{API}/1/tests": TESTS,
    f"{API}/1/tests/-A/candidates": [{"id": "a1", "email": "ann@example.com"}, {"id": "a2"}],
    f"{API}/1/tests/-B/candidates": [{"id": "b1"}],
    f"{API}/1/tests/-C/candidates": [{"id": "c1"}],
    f"{PADS}/1/pads": [{"id": "p1", "ended_at": 1903935600000}, {"id": "p2"}],
}
TAKE_HOME = [
    "remoteinterview:take_home:-A/a1",
    "remoteinterview:take_home:-A/a2",
    "remoteinterview:take_home:-B/b1",
    "remoteinterview:take_home:-C/c1",
]
LIVE = ["remoteinterview:live:p1", "remoteinterview:live:p2"]


def vendor_with(**changed: Any) -> tuple[ik.RemoteInterview, Scripted]:
    """A provider over `WORLD`, where some answers are others: tests, A, B, C, pads."""
    short = {"tests": f"{API}/1/tests", "pads": f"{PADS}/1/pads"}
    world = WORLD | {short.get(key, f"{API}/1/tests/-{key}/candidates"): value for key, value in changed.items()}

    def respond(sent: Sent) -> Response:
        found = world[sent.url.removesuffix("?key=k")]
        return found if isinstance(found, Response) else answer(found)

    script = Scripted(respond=respond)
    return ik.RemoteInterview("k", transport=script, retry=ik.RetryPolicy(attempts=1), account="acme"), script


def refs(sessions: list[ik.Session]) -> list[str]:
    return [str(one.ref) for one in sessions]


def routes(script: Scripted) -> list[str]:
    return [sent.url.removesuffix("?key=k").partition("/1/")[2] for sent in script.sent]


async def read(pager: ik.Pager[ik.Session]) -> tuple[list[str], ik.InterviewKitError | None]:
    """The references that came, and the error after them."""
    found: list[ik.Session] = []
    try:
        async for one in pager:
            found.append(one)  # noqa: PERF401 - what came before an error counts
    except ik.InterviewKitError as error:
        return refs(found), error
    return refs(found), None


async def test_candidates_of_all_tests_come_first_then_pads() -> None:
    vendor, script = vendor_with()
    sessions = await vendor.list_sessions().collect()
    assert refs(sessions) == TAKE_HOME + LIVE
    assert routes(script) == ["tests", "tests/-A/candidates", "tests/-B/candidates", "tests/-C/candidates", "pads"]
    assert [(one.title, one.assessment_id) for one in sessions[:3]] == [
        ("First", "-A"),
        ("First", "-A"),
        ("Second", "-B"),
    ]
    assert {one.account for one in sessions} == {"acme"}


async def test_a_kind_narrows_the_list_and_its_requests() -> None:
    vendor, script = vendor_with()
    assert refs(await vendor.list_sessions(kind=ik.SessionKind.LIVE).collect()) == LIVE
    assert routes(script) == ["pads"]
    assert refs(await vendor.list_sessions(kind=ik.SessionKind.TAKE_HOME).collect()) == TAKE_HOME
    assert "pads" not in routes(script)[1:]


async def test_one_tests_candidates_take_one_request() -> None:
    vendor, script = vendor_with()
    sessions = await vendor.list_sessions(assessment_id="-B").collect()
    assert (refs(sessions), routes(script)) == (["remoteinterview:take_home:-B/b1"], ["tests/-B/candidates"])
    assert sessions[0].title is None


async def test_only_a_list_of_one_test_knows_its_total() -> None:
    vendor, _ = vendor_with()
    assert [page.total async for page in vendor.list_sessions(assessment_id="-A").pages()] == [2]
    assert [page.total async for page in vendor.list_sessions().pages()] == [None] * 4


async def test_an_unknown_test_is_not_found() -> None:
    vendor, _ = vendor_with(B=answer({}, status=404))
    with pytest.raises(ik.NotFoundError, match="no such test id"):
        await vendor.list_sessions(assessment_id="-B").collect()


@pytest.mark.parametrize("arguments", [
    {"kind": "both"}, {"kind": ik.SessionKind.LIVE, "assessment_id": "-A"}, {"assessment_id": "a/b"},
    {"assessment_id": ""},
])  # fmt: skip
def test_a_list_that_cannot_be_is_refused_at_the_call(arguments: dict[str, Any]) -> None:
    vendor, script = vendor_with()
    with pytest.raises(ik.InvalidArgumentError):
        vendor.list_sessions(**arguments)
    assert script.sent == []


async def test_a_smaller_test_after_a_larger_one_is_no_loss() -> None:
    vendor, _ = vendor_with()
    pager = vendor.list_sessions(kind=ik.SessionKind.TAKE_HOME)
    assert refs(await pager.collect()) == TAKE_HOME
    assert pager.incomplete is False


async def test_many_tests_without_candidates_are_no_endless_list() -> None:
    empty: dict[str, Any] = {f"{API}/1/tests/-E{number}/candidates": [] for number in range(120)}
    world = {f"{API}/1/tests": [{"id": f"-E{number}"} for number in range(120)], **empty, f"{PADS}/1/pads": []}
    script = Scripted(respond=lambda sent: answer(world[sent.url.removesuffix("?key=k")]))
    assert await ik.RemoteInterview("k", transport=script).list_sessions().collect() == []
    assert len(script.sent) == 122


async def test_an_account_without_tests_still_has_pads() -> None:
    vendor, _ = vendor_with(tests=[])
    assert refs(await vendor.list_sessions().collect()) == LIVE
    assert await vendor.list_sessions(kind=ik.SessionKind.TAKE_HOME).collect() == []


# --- pads whose end is not told --------------------------------------------------------------------------------------


async def test_a_pad_without_end_is_open_where_another_has_one() -> None:
    vendor, _ = vendor_with()
    sessions = await vendor.list_sessions(kind=ik.SessionKind.LIVE).collect()
    assert [one.status for one in sessions] == [ik.SessionStatus.COMPLETED, ik.SessionStatus.CREATED]


async def test_pads_are_of_unknown_status_where_no_end_is_told_at_all() -> None:
    vendor, _ = vendor_with(pads=[{"id": "p1"}, {"id": "p2"}])
    sessions = await vendor.list_sessions(kind=ik.SessionKind.LIVE).collect()
    assert {one.status for one in sessions} == {ik.SessionStatus.UNKNOWN}


# --- cursors ---------------------------------------------------------------------------------------------------------


async def test_a_cursor_leads_on_in_another_process_and_holds_no_candidate() -> None:
    pages = [page async for page in vendor_with()[0].list_sessions().pages()]
    assert [page.cursor for page in pages] == ["all:-B", "all:-C", "pads:", None]
    for number, page in enumerate(pages[:-1], 1):
        vendor, _ = vendor_with()
        rest = await vendor.list_sessions().resume(str(page.cursor)).collect()
        assert refs(rest) == [ref for later in pages[number:] for ref in refs(list(later.items))]


async def test_a_cursor_quotes_the_tests_id() -> None:
    odd = "-A:?é"
    world = {
        f"{API}/1/tests": [{"id": "-A"}, {"id": odd}],
        f"{API}/1/tests/-A/candidates": [{"id": "a1"}],
        f"{API}/1/tests/-A%3A%3F%C3%A9/candidates": [{"id": "o1"}],
    }
    script = Scripted(respond=lambda sent: answer(world[sent.url.removesuffix("?key=k")]))
    pager = ik.RemoteInterview("k", transport=script).list_sessions(kind=ik.SessionKind.TAKE_HOME)
    pages = [page async for page in pager.pages()]
    assert [page.cursor for page in pages] == ["tests:-A%3A%3F%C3%A9", None]
    assert refs(await pager.resume("tests:-A%3A%3F%C3%A9").collect()) == ["remoteinterview:take_home:-A%3A%3F%C3%A9/o1"]


@pytest.mark.parametrize(("kind", "cursor"), [
    (None, "2"), (None, "other:-A"), (None, "all"), (ik.SessionKind.LIVE, "all:-A"),
    (ik.SessionKind.TAKE_HOME, "pads:"),
])  # fmt: skip
async def test_a_cursor_of_another_list_is_refused(kind: ik.SessionKind | None, cursor: str) -> None:
    vendor, script = vendor_with()
    with pytest.raises(ik.InvalidArgumentError, match="not a cursor of this list"):
        await vendor.list_sessions(kind=kind).resume(cursor).collect()
    assert script.sent == []


async def test_a_list_whose_next_test_is_gone_is_unstable() -> None:
    vendor, _ = vendor_with()
    with pytest.raises(ik.ListingUnstableError) as caught:
        await vendor.list_sessions().resume("all:-GONE").collect()
    assert (caught.value.cursor, caught.value.operation) == ("all:-GONE", "list_sessions")


async def test_each_iteration_reads_the_tests_anew() -> None:
    tests = [TESTS[:1], TESTS[1:2]]

    def respond(sent: Sent) -> Response:
        url = sent.url.removesuffix("?key=k")
        return answer(tests.pop(0) if url == f"{API}/1/tests" else WORLD[url])

    pager = ik.RemoteInterview("k", transport=Scripted(respond=respond)).list_sessions(kind=ik.SessionKind.TAKE_HOME)
    assert refs(await pager.collect()) == TAKE_HOME[:2]
    assert refs(await pager.collect()) == TAKE_HOME[2:3]


# --- what fails ------------------------------------------------------------------------------------------------------

FAILURES = [answer({}, status=401), answer({}, status=403), answer({}, status=500), answer(b"<html>"), answer({})]


@pytest.mark.parametrize("failure", FAILURES)
async def test_when_the_tests_host_fails_the_pads_still_come_and_then_the_error(failure: Response) -> None:
    vendor, script = vendor_with(tests=failure)
    found, error = await read(vendor.list_sessions())
    assert (found, routes(script)) == (LIVE, ["tests", "pads"])
    assert "api.remoteinterview.io" in str(error)
    assert "https://api" not in str(error)
    assert error is not None
    assert error.args == (error.message,)
    assert "key=" not in str(error)


@pytest.mark.parametrize("failure", FAILURES)
async def test_when_the_pads_host_fails_the_candidates_have_come(failure: Response) -> None:
    vendor, _ = vendor_with(pads=failure)
    found, error = await read(vendor.list_sessions())
    assert found == TAKE_HOME
    assert "api.codeinterview.io" in str(error)


async def test_a_host_that_fails_half_way_is_asked_again_when_the_list_is_resumed() -> None:
    vendor, _ = vendor_with(B=answer({}, status=503))
    pager = vendor.list_sessions()
    cursors = []
    with pytest.raises(ik.VendorUnavailableError, match=r"api\.remoteinterview\.io"):  # noqa: PT012
        async for page in pager.pages():
            cursors.append(page.cursor)  # noqa: PERF401
    assert cursors == ["all:-B", "tests:-B"]
    healthy, _ = vendor_with()
    assert refs(await healthy.list_sessions().resume("tests:-B").collect()) == TAKE_HOME[2:]


async def test_the_same_pager_asks_again_too() -> None:
    answers = {"tests": [answer({}, status=503), answer(TESTS)]}

    def respond(sent: Sent) -> Response:
        url = sent.url.removesuffix("?key=k")
        return answers["tests"].pop(0) if url == f"{API}/1/tests" else answer(WORLD[url])

    script = Scripted(respond=respond)
    pager = ik.RemoteInterview("k", transport=script, retry=ik.RetryPolicy(attempts=1)).list_sessions()
    found, error = await read(pager)
    assert (found, type(error)) == (LIVE, ik.VendorUnavailableError)
    assert refs(await pager.resume("tests:").collect()) == TAKE_HOME


async def test_when_both_hosts_fail_the_error_names_both() -> None:
    vendor, _ = vendor_with(tests=answer({}, status=401), pads=answer({}, status=500))
    found, error = await read(vendor.list_sessions())
    assert (found, type(error)) == ([], ik.AuthenticationError)
    assert "(HTTP 401), at api.remoteinterview.io; api.codeinterview.io failed too" in str(error)


async def test_a_failure_of_the_only_host_asked_names_it() -> None:
    vendor, script = vendor_with(tests=answer({}, status=401))
    _, error = await read(vendor.list_sessions(kind=ik.SessionKind.TAKE_HOME))
    assert (type(error), routes(script)) == (ik.AuthenticationError, ["tests"])
    assert "api.remoteinterview.io" in str(error)


async def test_a_test_that_is_gone_is_a_problem_and_the_rest_comes() -> None:
    vendor, _ = vendor_with(B=answer({}, status=404))
    pager = vendor.list_sessions()
    found, error = await read(pager)
    assert (found, error) == ([*TAKE_HOME[:2], TAKE_HOME[3], *LIVE], None)
    assert [problem.raw for problem in pager.problems] == [{"test_id": "-B"}]
    with pytest.raises(ik.MalformedResponseError, match="its candidates are missing here"):
        await vendor.list_sessions().collect()


async def test_a_test_that_cannot_be_read_is_a_problem_and_the_rest_comes() -> None:
    vendor, _ = vendor_with(tests=[{"title": "no id"}, TESTS[0], {"id": ""}, {"id": "../x"}])
    pager = vendor.list_sessions()
    found, error = await read(pager)
    assert (found, error) == (TAKE_HOME[:2] + LIVE, None)
    assert [problem.raw for problem in pager.problems] == [{"title": "no id"}, {"id": ""}, {"test_id": "../x"}]
    assert len(await vendor.list_assessments().collect(on_problem="collect")) == 2


async def test_bad_rows_are_problems_of_their_page() -> None:
    vendor, _ = vendor_with(A=[{"id": "a1"}, {"id": 7}, {"id": "a3", "added_at": 10**20}], pads=[{"name": "p"}])
    pager = vendor.list_sessions()
    found, _ = await read(pager)
    assert found == ["remoteinterview:take_home:-A/a1", *TAKE_HOME[2:]]
    assert [problem.error.paths for problem in pager.problems] == [("$[1].id",), ("$.added_at",), ("$[0]",)]
