"""Each protocol method: its exact requests, its one model, its errors."""

from __future__ import annotations

import copy
import io
import json
import logging
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interviewkit.capabilities import Feature, Support
from interviewkit.errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    InterviewKitError,
    InvalidArgumentError,
    InvalidRequestError,
    MalformedResponseError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    RateLimitedError,
    TransportError,
    UnsupportedError,
    VendorError,
    VendorUnavailableError,
)
from interviewkit.http.limits import RateLimit
from interviewkit.model import (
    Artifact,
    ArtifactKind,
    Candidate,
    SessionKind,
    SessionRef,
    SessionStatus,
    TemporaryLink,
)
from interviewkit.provider import VendorOptions
from interviewkit.providers import codility
from interviewkit.providers.codility import EU, Codility, CodilityOptions
from interviewkit.testing.scripted import Scripted, Sent, answer

from .conftest import Make

WHITEBOARD = {"test_url": "https://app.codility.com/test/CL-S4SWMD-QY6/", "access_code": "343434"}
REF = SessionRef(provider="codility", kind=SessionKind.TAKE_HOME, id="KKUFDG-5V5")
PDF = Artifact(ref=REF, kind=ArtifactKind.PDF, needs_auth=True)


def asked(script: Scripted) -> list[tuple[str, str, Any]]:
    return [(sent.method, sent.url, None if sent.body is None else json.loads(sent.body)) for sent in script.sent]


# --- set-up ----------------------------------------------------------------------------------------------------------


async def test_the_token_goes_out_as_a_bearer_however_it_was_pasted(make: Make) -> None:
    for pasted in ("eu.abc", " Bearer eu.abc ", "Authorization: Bearer eu.abc"):
        provider, script = make(answer({"level": "ok"}), token=pasted, base_url=EU)
        await provider.check()
        assert script.sent[0].url == "https://app-eu.codility.com/api/account/credit-level/"
        assert script.sent[0].headers == {"Accept": "application/json", "Authorization": "Bearer eu.abc"}


async def test_token_and_host_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODILITY_TOKEN", "from-environment")
    monkeypatch.setenv("CODILITY_BASE_URL", "https://app.codility.com/")
    script = Scripted([answer({"level": "ok"})])
    await Codility(transport=script).check()
    assert script.sent[0].url == "https://app.codility.com/api/account/credit-level/"
    assert script.sent[0].headers["Authorization"] == "Bearer from-environment"


@pytest.mark.parametrize("token", [None, "", "   ", 5])
def test_without_a_token_the_error_says_where_to_get_one(token: Any) -> None:
    with pytest.raises(ConfigurationError, match="My Account > Settings > Integrations") as caught:
        Codility(token)
    assert caught.value.provider == "codility"


@pytest.mark.parametrize("settings", [{"ledger": object()}, {"unsupported": "ignore"}, {"timeout": 0}])
def test_wrong_settings_are_refused(settings: Any) -> None:
    with pytest.raises(ConfigurationError):
        Codility("t", **settings)
    with pytest.raises(ConfigurationError):
        Codility("t", base_url="http://codility.com")


def test_the_vendors_limit_holds_unless_told(make: Make) -> None:
    def limit(provider: Codility) -> Any:
        assert provider._connection is not None
        return provider._connection.runner.endpoints["api"].limiter.limit  # type: ignore[attr-defined]

    assert limit(make(token="limit-a")[0]) == RateLimit(500, 3600)
    assert limit(make(token="limit-b", limit=RateLimit(9, 60))[0]) == RateLimit(9, 60)


# --- creating --------------------------------------------------------------------------------------------------------


async def test_a_session_is_a_whiteboard(make: Make) -> None:
    provider, script = make(answer(WHITEBOARD))
    session = await provider.create_session(title="Pairing with A. N.")
    assert asked(script) == [
        ("POST", "https://codility.com/api/codelive/create_whiteboard/", {"room_name": "Pairing with A. N."})
    ]
    assert (str(session.ref), session.status, session.title) == (
        "codility:live:CL-S4SWMD-QY6", SessionStatus.CREATED, "Pairing with A. N.",
    )  # fmt: skip
    assert (session.access_code, session.account, session.warnings) == ("343434", "acme", ())


async def test_a_whiteboard_without_title_invents_none(make: Make) -> None:
    provider, script = make(answer(WHITEBOARD))
    await provider.create_session(options=CodilityOptions(extra={"colour": "green"}))
    assert asked(script)[0][2] == {"colour": "green"}


@pytest.mark.parametrize(
    "given",
    [
        {"language": "go"},
        {"template_id": "1"},
        {"notes": "n"},
        {"private": True},
        {"private": False},
        {"reference": "r"},
    ],
)
async def test_what_a_whiteboard_cannot_be_told_raises_or_warns(make: Make, given: dict[str, Any]) -> None:
    provider, script = make()
    with pytest.raises(UnsupportedError) as caught:
        await provider.create_session(title="t", **given)
    assert (caught.value.outcome, script.sent) == (Outcome.NOT_SENT, [])
    provider, _ = make(answer(WHITEBOARD), unsupported="warn")
    session = await provider.create_session(title="t", **given)
    assert [dropped.field for dropped in session.warnings] == list(given)


async def test_a_whiteboards_candidate_is_only_a_warning(make: Make) -> None:
    session = await make(answer(WHITEBOARD))[0].create_session(candidate=Candidate(email="ada@example.com"))
    assert [dropped.field for dropped in session.warnings] == ["candidate"]


async def test_a_whiteboard_without_a_link_was_created(make: Make) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        await make(answer({"access_code": "343434"}))[0].create_session(title="t")
    error = caught.value
    assert (error.outcome, error.operation, error.account) == (Outcome.APPLIED, "create_session", "acme")
    assert error.raw == {"access_code": "343434"}


async def test_another_vendors_options_are_refused(make: Make) -> None:
    class Foreign(VendorOptions):
        pass

    provider, script = make()
    with pytest.raises(InvalidArgumentError):
        await provider.create_session(options=Foreign())
    with pytest.raises(InvalidArgumentError):
        await provider.invite_candidate("1", Candidate(), options=Foreign())
    with pytest.raises(InvalidArgumentError):
        provider.invite_candidates("1", [], options=Foreign())
    assert script.sent == []


# --- lists -----------------------------------------------------------------------------------------------------------


def page(*rows: Any, following: str | None = None, count: int | None = None) -> Any:
    return answer(
        {"count": len(rows) if count is None else count, "next": following, "previous": None, "results": rows}
    )


async def test_sessions_are_listed_page_by_page_on_the_known_path(make: Make) -> None:
    provider, script = make(
        page({"id": "A-1"}, following="https://elsewhere.example/x/?page=2", count=2), page({"id": "B-2"}, count=2)
    )
    assert [session.ref.id for session in await provider.list_sessions().collect()] == ["A-1", "B-2"]
    assert asked(script) == [
        ("GET", "https://codility.com/api/sessions/", None),
        ("GET", "https://codility.com/api/sessions/?page=2", None),
    ]


async def test_one_tests_sessions_are_listed(make: Make) -> None:
    provider, script = make(page({"id": "A-1"}, following="https://x/?page=2", count=2), page({"id": "B-2"}, count=2))
    await provider.list_sessions(assessment_id="122537").collect()
    assert [url for _, url, _ in asked(script)] == [
        "https://codility.com/api/tests/122537/sessions/", "https://codility.com/api/tests/122537/sessions/?page=2",
    ]  # fmt: skip


async def test_a_list_goes_on_from_a_cursor(make: Make) -> None:
    provider, script = make(page({"id": "B-2"}))
    await provider.list_sessions().resume("page=7").collect()
    assert asked(script)[0][1] == "https://codility.com/api/sessions/?page=7"


@pytest.mark.parametrize(
    ("kind", "expected"), [(SessionKind.LIVE, ["CL-A-1"]), (SessionKind.TAKE_HOME, ["B-2", "C-3"])]
)
async def test_kinds_are_told_apart_by_id(make: Make, kind: SessionKind, expected: list[str]) -> None:
    provider, _ = make(
        page({"id": "B-2"}, following="?page=2", count=3), page({"id": "CL-A-1"}, {"id": "C-3"}, count=3)
    )
    pages = [page async for page in provider.list_sessions(kind=kind).pages()]
    assert [session.ref.id for page in pages for session in page.items] == expected
    assert {page.total for page in pages} == {None}


async def test_many_pages_without_a_session_of_the_kind_are_no_broken_list(make: Make) -> None:
    def respond(sent: Sent) -> Any:
        number = int(sent.url.partition("page=")[2] or 1)
        last = number == 25
        return page(
            {"id": "CL-Z-9" if last else f"A-{number}"}, following=None if last else f"?page={number + 1}", count=25
        )

    provider, script = make(respond=respond)
    pager = provider.list_sessions(kind=SessionKind.LIVE)
    assert [session.ref.id for session in await pager.collect()] == ["CL-Z-9"]
    assert [one.ref.id for one in await pager.resume("page=25").collect()] == ["CL-Z-9"]
    assert len(script.sent) == 26


async def test_rows_that_cannot_be_read_are_problems_that_say_where(make: Make) -> None:
    provider, _ = make(page({"id": "A-1"}, {"first_name": "Ada"}, {"id": "B-2", "start_date": "soon"}, {"id": []}))
    pager = provider.list_sessions()
    assert [session.ref.id for session in await pager.collect(on_problem="collect")] == ["A-1"]
    assert [(type(problem.error), problem.error.operation, problem.error.account) for problem in pager.problems] == [
        (MalformedResponseError, "list_sessions", "acme")
    ] * 3
    assert {"first_name": "Ada"} in [problem.raw for problem in pager.problems]


def test_sessions_since_a_time_cannot_be_listed_and_ids_are_checked_at_once(make: Make) -> None:
    provider, script = make()
    with pytest.raises(UnsupportedError, match="updated_since"):
        provider.list_sessions(updated_since=datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidArgumentError):
        provider.list_sessions(assessment_id="../sessions")
    assert script.sent == []


async def test_tests_are_listed_without_archived_ones_unless_told(make: Make) -> None:
    provider, script = make(page({"id": 123, "name": "T"}, {"name": "no id"}), page())
    pager = provider.list_assessments()
    assert [(one.id, one.title) for one in await pager.collect(on_problem="collect")] == [("123", "T")]
    assert pager.problems[0].error.paths == ("$.id",)
    await provider.list_assessments(include_archived=True).collect()
    assert [url for _, url, _ in asked(script)] == [
        "https://codility.com/api/tests/?is_archived=False", "https://codility.com/api/tests/",
    ]  # fmt: skip


# --- one session -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ref", ["KKUFDG-5V5", "codility:take_home:KKUFDG-5V5", REF])
async def test_a_session_is_read_by_any_reference(make: Make, ref: Any) -> None:
    provider, script = make(answer({"url": None, "start_date": "2026-10-01T09:00:00Z"}))
    session = await provider.get_session(ref)
    assert asked(script) == [("GET", "https://codility.com/api/sessions/KKUFDG-5V5/", None)]
    assert (session.ref, session.status) == (REF, SessionStatus.IN_PROGRESS)


def test_a_bare_id_tells_its_kind(make: Make) -> None:
    provider, _ = make()
    assert provider.resolve("CL-S4SWMD-QY6").kind is SessionKind.LIVE
    assert provider.resolve("KKUFDG-5V5").kind is SessionKind.TAKE_HOME
    for wrong in ("", "coderpad:live:X", 5):
        with pytest.raises(InvalidArgumentError):
            provider.resolve(wrong)  # type: ignore[arg-type]


async def test_a_report_is_one_request(make: Make, payload: Callable[[str], Any]) -> None:
    shown = payload("codility/session_detail.not_started.response.json")
    provider, script = make(answer(shown))
    before = datetime.now(UTC)
    report = await provider.fetch_report("KKUFDG-5V5")
    assert asked(script) == [("GET", "https://codility.com/api/sessions/KKUFDG-5V5/", None)]
    assert (report.ref, report.account, report.status) == (REF, "acme", SessionStatus.INVITED)
    assert report.fetched_at is not None
    assert before <= report.fetched_at <= datetime.now(UTC)
    again = pickle.loads(pickle.dumps(report))  # noqa: S301
    assert again == copy.deepcopy(report) == report
    assert again.raw == shown


async def test_what_a_report_cannot_be_made_of_is_kept_in_the_error(make: Make) -> None:
    body = {"create_date": "soon", "email": "ada@example.com"}
    with pytest.raises(MalformedResponseError) as caught:
        await make(answer(body))[0].fetch_report("A-1")
    error = caught.value
    assert (error.operation, error.account, error.raw, error.outcome) == ("fetch_report", "acme", body, None)
    assert "ada" not in str(error)


async def test_many_reports_keep_their_failures_apart(make: Make) -> None:
    provider, _ = make(answer({"url": None, "email": "a@example.com"}), answer({"detail": "Not found."}, status=404))
    found = {
        str(one.ref): one async for one in provider.fetch_reports(["A-1", "B-2", "coderpad:live:X"], concurrency=1)
    }
    assert found["codility:take_home:A-1"].report is not None
    assert isinstance(found["codility:take_home:B-2"].error, NotFoundError)
    assert isinstance(found["coderpad:live:X"].error, InvalidArgumentError)


async def test_ending_a_session_cancels_it(make: Make) -> None:
    provider, script = make(answer({"result": "OK"}))
    await provider.end_session("KKUFDG-5V5")
    assert asked(script) == [("POST", "https://codility.com/api/sessions/KKUFDG-5V5/cancel/", None)]


async def test_a_session_that_is_evaluating_or_closed_is_a_conflict(make: Make) -> None:
    provider, _ = make(answer({"detail": "Session cannot be cancelled."}, status=400))
    with pytest.raises(ConflictError) as caught:
        await provider.end_session("KKUFDG-5V5")
    error = caught.value
    assert (error.status, error.outcome, error.vendor_message, error.operation) == (
        400, Outcome.REFUSED, "Session cannot be cancelled.", "cancel_session",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "path"), [(ArtifactKind.REPORT, "embed_report"), (ArtifactKind.SIMILARITY, "embed_similarity")]
)
async def test_a_link_is_made_for_report_and_similarity(make: Make, kind: ArtifactKind, path: str) -> None:
    made = {"url": "https://codility.com/x/?sat=S3CRET", "valid_until": "2017-07-06T15:11:24.534"}
    provider, script = make(answer(made))
    link = await provider.report_link("KKUFDG-5V5", kind=kind)
    assert asked(script) == [("POST", f"https://codility.com/api/sessions/KKUFDG-5V5/{path}/", None)]
    assert link == TemporaryLink(url=made["url"], expires_at=datetime(2017, 7, 6, 15, 11, 24, 534000, tzinfo=UTC))
    assert "S3CRET" not in repr(link)


async def test_a_link_whose_end_cannot_be_read_was_made(make: Make) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        await make(answer({"url": "https://x/?sat=S3CRET", "valid_until": "later"}))[0].report_link("A-1")
    assert caught.value.outcome is Outcome.APPLIED
    assert "S3CRET" not in str(caught.value)


async def test_other_links_and_downloads_are_unsupported_and_send_nothing(make: Make, tmp_path: Path) -> None:
    provider, script = make()
    for kind in set(ArtifactKind) - {ArtifactKind.REPORT, ArtifactKind.SIMILARITY}:
        with pytest.raises(UnsupportedError, match="there are links to report and similarity"):
            await provider.report_link("A-1", kind=kind)
    for kind in set(ArtifactKind) - {ArtifactKind.PDF}:
        with pytest.raises(UnsupportedError, match="report_link"):
            await provider.download(Artifact(ref=REF, kind=kind), tmp_path / "file")
    assert script.sent == []


async def test_the_pdf_is_saved_whole(make: Make, tmp_path: Path) -> None:
    pdf = b"%PDF-1.7\n%%EOF"
    provider, script = make(answer(pdf), answer(pdf))
    assert await provider.download(PDF, tmp_path / "report.pdf") == len(pdf)
    assert (tmp_path / "report.pdf").read_bytes() == pdf
    assert script.sent[0].url == "https://codility.com/api/sessions/KKUFDG-5V5/pdf/"
    assert script.sent[0].headers["Accept"].startswith("application/pdf")
    target = io.BytesIO()
    assert await provider.download(PDF, target) == len(pdf)
    assert target.getvalue() == pdf


async def test_what_is_no_pdf_leaves_nothing_in_the_file(make: Make) -> None:
    target = io.BytesIO()
    with pytest.raises(MalformedResponseError):
        await make(answer(b"<html>login</html>"))[0].download(PDF, target)
    assert target.getvalue() == b""


async def test_checking_reads_the_credits(make: Make) -> None:
    provider, script = make(answer({"credits_available": 0, "level": "empty", "message": "No credits left"}))
    status = await provider.check()
    assert asked(script) == [("GET", "https://codility.com/api/account/credit-level/", None)]
    assert (status.ok, status.remaining, status.level, status.message) == (True, 0, "empty", "No credits left")
    assert status.raw == {"credits_available": 0, "level": "empty", "message": "No credits left"}


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequestError), (401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError),
        (405, InvalidRequestError), (409, ConflictError), (429, RateLimitedError), (500, VendorUnavailableError),
        (503, VendorUnavailableError),
    ],
)  # fmt: skip
async def test_statuses_are_errors_with_the_vendors_words_apart(
    make: Make, status: int, kind: type[VendorError]
) -> None:
    provider, _ = make(answer({"detail": "about ada@example.com"}, status=status, headers={"x-request-id": "r-1"}))
    with pytest.raises(kind) as caught:
        await provider.fetch_report("A-1")
    error = caught.value
    assert type(error) is kind
    assert (error.status, error.provider, error.operation, error.account, error.outcome, error.request_id) == (
        status, "codility", "get_session", "acme", None, "r-1",
    )  # fmt: skip
    assert (error.vendor_message, error.raw) == ("about ada@example.com", {"detail": "about ada@example.com"})
    assert "ada" not in str(error)


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, Outcome.REFUSED), (404, Outcome.REFUSED), (500, Outcome.UNKNOWN)]
)
async def test_a_writes_error_says_what_became_of_it(make: Make, status: int, outcome: Outcome) -> None:
    with pytest.raises(VendorError) as caught:
        await make(answer({}, status=status))[0].create_session(title="t")
    assert caught.value.outcome is outcome


async def test_a_refused_token_is_told_where_to_get_one_and_which_host(make: Make) -> None:
    with pytest.raises(AuthenticationError, match=r"My Account > Settings > Integrations.*app-eu\.codility\.com"):
        await make(answer({"detail": "Invalid token."}, status=401))[0].check()


async def test_an_unknown_id_names_its_kind(make: Make) -> None:
    with pytest.raises(NotFoundError, match="session id"):
        await make(answer(b"<h1>Not Found</h1>", status=404))[0].get_session("A-1")
    with pytest.raises(NotFoundError, match="test id"):
        await make(answer({}, status=404))[0].list_sessions(assessment_id="9").collect()


async def test_the_limits_pause_is_kept(make: Make) -> None:
    with pytest.raises(RateLimitedError, match="500 requests") as caught:
        await make(answer({}, status=429, headers={"retry-after": "1800"}), token="paused")[0].check()
    assert caught.value.retry_after == 1800


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"detail": "Not found."}, "Not found."),
        ({"candidates": [{"id": ["This field is required."]}]}, "candidates: id: This field is required."),
        ({"cc": ["a", "b"], "subject": ["c"]}, "cc: a; b; subject: c"),
        (["one", "two"], "one; two"),
        ("plain", "plain"),
        ({}, None),
        ([], None),
        (5, None),
        (b"<!doctype html>", None),
        (b"[" * 300 + b'"deep"' + b"]" * 300, None),
    ],
)
async def test_the_vendors_error_bodies_are_understood(make: Make, body: Any, message: str | None) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        await make(answer(body, status=400))[0].check()
    assert caught.value.vendor_message == message


@pytest.mark.parametrize("body", [b"", b"<!doctype html>", b"[]", b"null", b"\xff", b'{"results": {}}', b"[" * 100_000])
async def test_answers_that_nobody_documents_are_malformed_everywhere(make: Make, body: bytes, tmp_path: Path) -> None:
    for use in _uses(tmp_path / "file"):
        provider, _ = make(respond=lambda _: answer(body))
        with pytest.raises(MalformedResponseError) as caught:
            await use(provider)
        assert caught.value.provider == "codility"


def _uses(target: Path) -> Iterator[Callable[[Codility], Any]]:
    yield lambda p: p.create_session(title="t")
    yield lambda p: p.list_sessions().collect()
    yield lambda p: p.get_session("A-1")
    yield lambda p: p.fetch_report("A-1")
    yield lambda p: p.invite_candidate("1", Candidate(email="ada@example.com"))
    yield lambda p: p.list_assessments().collect()
    yield lambda p: p.end_session("A-1")
    yield lambda p: p.report_link("A-1")
    yield lambda p: p.download(PDF, target)
    yield lambda p: p.check()


# --- partial payloads ------------------------------------------------------------------------------------------------


def _without_each_key(value: Any) -> Iterator[tuple[str, Any]]:
    """The value without one of its keys, or with `null` there, in turn at every depth."""
    found = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in found:
        if isinstance(value, dict):
            yield f".{key}", {name: kept for name, kept in value.items() if name != key}
        if inner is not None:
            yield f".{key}=null", _with(value, key, None)
        for path, partial in _without_each_key(inner):
            yield f".{key}{path}", _with(value, key, partial)


def _with(value: Any, key: Any, inner: Any) -> Any:
    changed = copy.copy(value)
    changed[key] = inner
    return changed


FULL_DETAIL = {
    "url": "https://codility.com/api/sessions/CL-A-1/", "candidate": "r-1", "first_name": "Ada", "last_name": "Okoro",
    "email": "ada@example.com", "create_date": "2026-10-01T08:00:00Z", "start_date": "2026-10-01T09:00:00Z",
    "close_date": "2026-10-01T10:00:00Z", "campaign_url": "https://codility.com/api/tests/1/",
    "similarity": {"text": "acknowledged", "icon": "https://codility.com/i.png", "embed_url": "https://codility.com/e/"},
    "evaluation": {
        "tasks": [{"task_name": "T", "name": "t", "result": 5, "max_result": 10, "prg_lang": "go"}],
        "result": 5, "max_result": 10,
    },
    "report_link": "https://x/", "pdf_report_url": "https://x/", "feedback_link": "https://x/", "cancel_url": "https://x/",
    "start_codelive_url": "https://x/", "test_link": "https://x/",
    "candidate_data": {
        "field_of_study": "a", "school": "b", "academic_degree": "c", "programming_experience": "d", "profile_url": "e",
        "additional_data": {"k": 1},
    },
    "codelive": {
        "candidate_start_date": "2026-10-01T09:00:00", "last_activity_date": "2026-10-01T09:30:00", "access_code": "1",
    },
}  # fmt: skip
ROW = {
    key: FULL_DETAIL[key]
    for key in (
        "candidate", "first_name", "last_name", "email", "create_date", "start_date", "close_date", "campaign_url",
        "similarity",
    )
}  # fmt: skip


async def test_no_field_of_a_session_is_indispensable_but_a_task_is_an_object(make: Make) -> None:
    refused = set()
    for path, partial in _without_each_key(FULL_DETAIL):
        try:
            report = await make(answer(partial))[0].fetch_report("CL-A-1")
        except MalformedResponseError:
            refused.add(path)
        else:
            assert report.ref.id == "CL-A-1"
            assert report.raw == partial
    assert refused == {".evaluation.tasks.0=null"}


async def test_a_row_of_a_list_needs_an_id_or_an_address(make: Make) -> None:
    both = {**ROW, "id": "CL-A-1", "url": FULL_DETAIL["url"]}
    for one in ("id", "url"):
        for path, partial in _without_each_key({key: value for key, value in both.items() if key != one}):
            pager = make(page(partial))[0].list_sessions()
            rows = await pager.collect(on_problem="collect")
            identity = {".id", ".id=null", ".url", ".url=null"}
            assert [len(rows), len(pager.problems)] == ([0, 1] if path in identity else [1, 0]), path


@pytest.mark.parametrize("key", ["count", "next", "previous"])
async def test_a_page_needs_its_rows_only(make: Make, key: str) -> None:
    whole = {"count": 1, "next": None, "previous": None, "results": [{"id": "A-1"}]}
    del whole[key]
    assert len(await make(answer(whole))[0].list_sessions().collect()) == 1


async def test_an_embed_link_needs_its_address_only(make: Make) -> None:
    assert (await make(answer({"url": "https://x/"}))[0].report_link("A-1")).expires_at is None
    with pytest.raises(MalformedResponseError) as caught:
        await make(answer({"valid_until": None}))[0].report_link("A-1")
    assert caught.value.outcome is Outcome.UNKNOWN


# --- what it says it can do ------------------------------------------------------------------------------------------


def test_every_feature_is_declared_with_a_note(make: Make) -> None:
    declared = make()[0].capabilities
    assert {feature for feature in Feature if declared[feature].support is Support.UNSUPPORTED} == {
        Feature.UPDATED_SINCE,
    }  # fmt: skip
    assert all(declared[feature].note for feature in Feature)
    assert declared[Feature.FETCH_REPORT].limit == "500 requests per user and hour"


def test_every_endpoint_and_shape_is_to_be_had_from_the_package() -> None:
    missing = [name for name in codility.__all__ if not hasattr(codility, name)]
    assert missing == []
    shapes = {
        name
        for name, found in vars(codility.shapes).items()
        if getattr(found, "__module__", "") == codility.shapes.__name__
    }
    assert {name for name in shapes if name[0].isupper()} <= set(codility.__all__)


# --- nothing leaks ---------------------------------------------------------------------------------------------------

SECRETS = ("secret-token", "ada@example.com", "S3CRET", "343434", "ref-77")


async def _everything(provider: Codility) -> AsyncIterator[Any]:
    yield provider
    yield await provider.get_session("A-1")
    yield await provider.fetch_report("A-1")
    yield await provider.list_sessions().collect()
    yield await provider.invite_candidate("1", Candidate(email="ada@example.com"), reference="r")


async def test_no_repr_shows_a_key_a_mailbox_or_a_code(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    full = {
        **FULL_DETAIL, "codelive": {"access_code": "343434"}, "candidate": "r", "report_link": "https://x/?sat=S3CRET",
        "test_link": "https://x/?sat=S3CRET",
    }  # fmt: skip

    def respond(sent: Sent) -> Any:
        if sent.url.endswith("/invite/"):
            return answer({"candidates": [{"id": "r", "test_link": "https://x/test/A-1?sat=S3CRET"}]})
        return page({**ROW, "id": "A-1"}) if sent.url.endswith("/sessions/") else answer(full)

    shown = [repr(found) async for found in _everything(make(respond=respond)[0])]
    assert len(shown) == 5
    assert [secret for secret in SECRETS for text in [*shown, caplog.text] if secret in text] == []


@pytest.mark.parametrize(
    "failure", [answer({"detail": "ada@example.com secret-token"}, status=400), TransportError("the connection failed")]
)
async def test_no_error_shows_a_key_a_mailbox_or_a_reference(
    make: Make, failure: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InterviewKitError) as caught:
        await make(failure)[0].invite_candidate("1", Candidate(email="ada@example.com"), reference="ref-77")
    texts = [str(caught.value), repr(caught.value), caplog.text]
    assert [secret for secret in SECRETS for text in texts if secret in text] == []
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301


async def test_shapes_hide_people_and_codes(payload: Callable[[str], Any]) -> None:
    from interviewkit.http.decode import structure

    shown = repr(structure(FULL_DETAIL, codility.SessionDetail)) + repr(structure(ROW, codility.SessionSummary))
    for hidden in ("Ada", "Okoro", "ada@example.com", "access_code", "r-1", "school"):
        assert hidden not in shown
