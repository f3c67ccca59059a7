"""Every documented endpoint of RemoteInterview (tests, candidates) and CodeInterview (live pads), one function each.

Sources: https://www.remoteinterview.io/api and https://codeinterview.io/api (read 2026-11). Send a call with
`provider.send(call)`. Lists come whole: the vendor has no paging, no filters and no order. How a POST body is encoded
is not documented: JSON unless `form=True`. Each function raises `InvalidArgumentError` for an id that is empty or would
lead to another route.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from interviewkit.errors import InvalidArgumentError
from interviewkit.http.decode import One, Rows
from interviewkit.http.wire import Body, Call, Form, Json, Page, Request, Response, fields, path
from interviewkit.providers.remoteinterview.problems import Confirmed
from interviewkit.providers.remoteinterview.shapes import (
    CandidateReport,
    Confirmation,
    CreatedCandidate,
    CreatedPad,
    Pad,
    Test,
    TestCandidate,
)

T = TypeVar("T")

PROVIDER = "remoteinterview"
API = "api"
PADS = "pads"


def list_tests() -> Call[Page[Test]]:
    """All tests that the key's owner is a recruiter of. Source: https://www.remoteinterview.io/api, GET /1/tests."""
    return _read("list_tests", "/1/tests", {}, Rows(Test))


def list_candidates(test_id: str) -> Call[Page[TestCandidate]]:
    """All candidates of a test, with their scores as far as there are any.

    Raises `NotFoundError` for an unknown test. Source: https://www.remoteinterview.io/api, GET /1/tests/:id/candidates.
    """
    return _read(
        "list_candidates", "/1/tests/{test_id}/candidates", {"test_id": test_id}, Rows(TestCandidate), "test id"
    )


def get_candidate(test_id: str, candidate_id: str) -> Call[TestCandidate]:
    """One candidate of a test, without score.

    Raises `NotFoundError` for an unknown test or candidate. The slash at the end is the vendor's. Source:
    https://www.remoteinterview.io/api, GET /1/tests/:id/candidates/:candidateid/.
    """
    ids = {"test_id": test_id, "candidate_id": candidate_id}
    route = "/1/tests/{test_id}/candidates/{candidate_id}/"
    return _read("get_candidate", route, ids, One(TestCandidate), "test id or candidate id")


def create_candidate(
    test_id: str, email: str, *, form: bool = False, extra: Mapping[str, Any] | None = None
) -> Call[CreatedCandidate]:
    """Invite a candidate to a test: a new link each time, also for a mailbox that was invited before; no mail is sent.

    `extra` is merged last into the body. Raises `InvalidArgumentError` for what is no mailbox, `NotFoundError` for an
    unknown test, `VendorError` for an answer without "success". Source: https://www.remoteinterview.io/api,
    POST /1/tests/:id/candidates.
    """
    name, at, domain = email.partition("@") if isinstance(email, str) else ("", "", "")
    if not (name and at and domain) or any(letter.isspace() for letter in email):
        raise InvalidArgumentError("email is not a mailbox", provider=PROVIDER, operation="create_candidate")
    body = _body({"email": email, **(extra or {})}, form=form)
    route = "/1/tests/{test_id}/candidates"
    return _write("create_candidate", route, {"test_id": test_id}, CreatedCandidate, API, body, "test id")


def get_report(test_id: str, candidate_id: str) -> Call[CandidateReport]:
    """A candidate's report: tasks, test cases, code, submissions, and the score as the vendor counts it.

    Raises `NotFoundError` for an unknown test or candidate. Source: https://www.remoteinterview.io/api,
    GET /1/tests/:id/candidates/:candidateid/report.
    """
    ids = {"test_id": test_id, "candidate_id": candidate_id}
    route = "/1/tests/{test_id}/candidates/{candidate_id}/report"
    return _read("get_report", route, ids, One(CandidateReport), "test id or candidate id")


def list_pads() -> Call[Page[Pad]]:
    """All live pads of the key's owner and their team. Source: https://codeinterview.io/api, GET /1/pads."""
    return _read("list_pads", "/1/pads", {}, Rows(Pad), endpoint=PADS)


def create_pad(
    name: str | None = None, *, form: bool = False, extra: Mapping[str, Any] | None = None
) -> Call[CreatedPad]:
    """Create a live pad, with a name if one is given; `extra` is merged last into the body.

    Raises `VendorError` for an answer without "success". Source: https://codeinterview.io/api, POST /1/pads/new.
    """
    named = {} if name is None else {"name": name}
    return _write("create_pad", "/1/pads/new", {}, CreatedPad, PADS, _body({**named, **(extra or {})}, form=form))


def get_pad(pad_id: str) -> Call[Pad]:
    """One live pad with its last code, the interviewers' notes and the language that is selected.

    Raises `NotFoundError` for an unknown pad. Source: https://codeinterview.io/api, GET /1/pads/:id.
    """
    return _read("get_pad", "/1/pads/{pad_id}", {"pad_id": pad_id}, One(Pad), "pad id", PADS)


def end_pad(pad_id: str) -> Call[Confirmation]:
    """End a live pad: the candidate is locked out.

    Raises `NotFoundError` for an unknown pad, `VendorError` for an answer without "success". Source:
    https://codeinterview.io/api, POST /1/pads/:id/end (an empty body).
    """
    return _write("end_pad", "/1/pads/{pad_id}/end", {"pad_id": pad_id}, Confirmation, PADS, None, "pad id")


def _read(
    operation: str,
    route: str,
    ids: Mapping[str, str],
    read: Callable[[Response], T],
    subject: str | None = None,
    endpoint: str = API,
) -> Call[T]:
    request = _request(operation, "GET", route, ids, endpoint, None)
    return Call(PROVIDER, operation, request, read, repeatable=True, subject=subject)


def _write(
    operation: str,
    route: str,
    ids: Mapping[str, str],
    shape: type[T],
    endpoint: str,
    body: Body | None,
    subject: str | None = None,
) -> Call[T]:
    return Call(
        PROVIDER, operation, _request(operation, "POST", route, ids, endpoint, body), Confirmed(shape), subject=subject
    )


def _request(
    operation: str, method: str, route: str, ids: Mapping[str, str], endpoint: str, body: Body | None
) -> Request:
    try:
        return Request(method, path(route, **ids), body=body, endpoint=endpoint)
    except InvalidArgumentError as error:
        raise error.locate(provider=PROVIDER, operation=operation) from None


def _body(value: dict[str, Any], *, form: bool) -> Body:
    return Form(fields(value)) if form else Json(value)
