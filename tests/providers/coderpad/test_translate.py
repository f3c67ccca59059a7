"""From CoderPad's words to the shared model's: statuses row by row, and each trap of the vendor's answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from interviewkit import (
    ArtifactKind,
    MalformedResponseError,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    TaskKind,
    TimelineKind,
    VendorError,
)
from interviewkit.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    Outcome,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitedError,
    VendorUnavailableError,
)
from interviewkit.http.wire import Call, Response
from interviewkit.providers import coderpad
from interviewkit.providers.coderpad import (
    Environment,
    EnvironmentFile,
    Event,
    Pad,
    Question,
    problems,
    reports,
    translate,
)

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def status(**fields: Any) -> SessionStatus:
    return translate.session(Pad(id="A1", **fields), account="acme").status


# --- statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("pending", SessionStatus.CREATED),
        ("draft", SessionStatus.CREATED),
        ("started", SessionStatus.IN_PROGRESS),
        ("active", SessionStatus.IN_PROGRESS),
        ("running", SessionStatus.IN_PROGRESS),
        ("ended", SessionStatus.COMPLETED),
        ("finished", SessionStatus.COMPLETED),
        ("completed", SessionStatus.COMPLETED),
        ("deleted", SessionStatus.CANCELLED),
        ("Started", SessionStatus.IN_PROGRESS),
        ("archived", SessionStatus.UNKNOWN),
        ("", SessionStatus.UNKNOWN),
    ],
)
def test_a_state_decides_and_is_kept_verbatim(word: str, expected: SessionStatus) -> None:
    session = translate.session(Pad(id="A1", state=word), account="acme")
    assert (session.status, session.vendor_status) == (expected, word)


def test_a_started_pad_with_an_end_is_in_progress_as_its_state_says() -> None:
    assert status(state="started", ended_at="2026-10-01T10:00:00Z") is SessionStatus.IN_PROGRESS


def test_a_pending_pad_with_participants_is_created_as_its_state_says() -> None:
    assert status(state="pending", participants=("Owner",)) is SessionStatus.CREATED


def test_without_state_an_end_completes() -> None:
    assert status(ended_at="2026-10-01T10:00:00Z") is SessionStatus.COMPLETED


@pytest.mark.parametrize("kind", ["ended", "auto_ended"])
def test_without_state_an_ending_event_completes(kind: str) -> None:
    assert status(events=(Event(kind="ran"), Event(kind=kind))) is SessionStatus.COMPLETED


@pytest.mark.parametrize("kind", ["started", "joined", "left", "ran", "enabled", "disabled"])
def test_without_state_activity_is_progress(kind: str) -> None:
    assert status(events=(Event(kind=kind),)) is SessionStatus.IN_PROGRESS


def test_without_state_participants_are_progress() -> None:
    assert status(participants=(None, "Guest 405")) is SessionStatus.IN_PROGRESS


@pytest.mark.parametrize("fields", [{}, {"participants": (None,)}, {"events": (Event(kind="added_question"),)}])
def test_without_any_sign_a_pad_is_created(fields: dict[str, Any]) -> None:
    assert status(**fields) is SessionStatus.CREATED


def test_without_state_the_events_that_were_fetched_decide() -> None:
    pad = Pad(id="A1", events="https://app.coderpad.io/api/pads/A1/events")
    report = reports.report(pad, (), (Event(kind="ended"),), account="acme", fetched_at=NOW)
    assert (report.status, report.session.status, report.is_final) == (
        SessionStatus.COMPLETED, SessionStatus.COMPLETED, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("state", "final"), [("pending", False), ("started", False), ("ended", True), ("deleted", True), ("odd", False)]
)
def test_a_report_is_final_once_the_pad_is_over(state: str, final: bool) -> None:
    report = reports.report(Pad(id="A1", state=state), (), (), account="acme", fetched_at=NOW)
    assert report.is_final is final


# --- sessions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("live", SessionKind.LIVE), ("take_home", SessionKind.TAKE_HOME), ("take-home", SessionKind.TAKE_HOME),
        (None, SessionKind.LIVE), ("odd", SessionKind.LIVE),
    ],
)  # fmt: skip
def test_the_type_gives_the_sessions_kind_and_the_reference_stays_live(word: str | None, kind: SessionKind) -> None:
    session = translate.session(Pad(id="A1", type=word), account="acme")
    assert (session.kind, str(session.ref)) == (kind, "coderpad:live:A1")


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("python3", "python"), ("python", "python"), ("nodejs", "javascript"), ("node", "javascript"), ("Go", "go"),
        ("multifile_java", "java"), ("objc", "objective-c"), ("vb", "visual-basic"), ("cpp", "cpp"), ("", None),
        (None, None), ("solidity", "solidity"),
    ],
)  # fmt: skip
def test_languages_have_their_usual_names(word: str | None, language: str | None) -> None:
    assert translate.session(Pad(id="A1", language=word), account="acme").language == language


@pytest.mark.parametrize(
    ("given", "first"), [((), None), ((42, 43), "42"), (("42",), "42"), (42, "42"), ("42", "42"), ((None, 7), "7")]
)
def test_question_ids_come_as_list_or_alone(given: Any, first: str | None) -> None:
    assert translate.session(Pad(id="A1", question_ids=given), account="acme").assessment_id == first


def test_a_pad_of_which_only_the_id_is_known_is_a_whole_session() -> None:
    made = translate.session(Pad(id="A1"), account="acme")
    alike = Session(
        ref=SessionRef.parse("coderpad:live:A1"), provider="coderpad", account="acme", kind=SessionKind.LIVE,
        status=SessionStatus.CREATED,
    )  # fmt: skip
    assert made == alike
    assert {field.name: getattr(made, field.name) for field in attrs.fields(Session)} == {
        field.name: getattr(alike, field.name) for field in attrs.fields(Session)
    }


def test_a_pad_without_an_id_is_malformed() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        translate.session(Pad(id=""), account="acme")
    assert caught.value.paths == ("$.id",)


@pytest.mark.parametrize("field", ["created_at", "updated_at", "ended_at"])
def test_a_time_that_is_none_is_malformed_at_its_path(field: str) -> None:
    fields: dict[str, Any] = {field: "yesterday"}
    with pytest.raises(MalformedResponseError) as caught:
        translate.session(Pad(id="A1", **fields), account="acme")
    assert caught.value.paths == (f"$.{field}",)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("live", SessionKind.LIVE), ("take_home", SessionKind.TAKE_HOME), ("any", None), (None, None), ("odd", None)],
)
def test_a_questions_pad_type_is_its_kind(kind: str | None, expected: SessionKind | None) -> None:
    assert translate.assessment(Question(id=1, pad_type=kind), account="acme").kind is expected


# --- reports ---------------------------------------------------------------------------------------------------------


def test_null_contents_are_no_task() -> None:
    assert reports.report(Pad(id="A1"), (), (), account="acme", fetched_at=NOW).tasks == ()


def test_contents_are_a_task_only_where_no_environment_is() -> None:
    pad = Pad(id="A1", contents="x", language="mysql")
    environment = Environment(id=7, language="postgresql", file_contents=(EnvironmentFile(path="a.sql", contents="y"),))
    alone = reports.report(pad, (), (), account="acme", fetched_at=NOW).tasks
    beside = reports.report(pad, (environment,), (), account="acme", fetched_at=NOW).tasks
    assert [(task.id, task.kind, task.files[0].content) for task in (*alone, *beside)] == [
        (None, TaskKind.SQL, "x"), ("7", TaskKind.SQL, "y"),
    ]  # fmt: skip


def test_empty_notes_stay_empty_and_null_notes_unknown() -> None:
    notes = [reports.report(Pad(id="A1", notes=n), (), (), account="a", fetched_at=NOW).notes for n in ("", None)]
    assert notes == ["", None]


def test_artifacts_are_those_that_have_a_link() -> None:
    pad = Pad(id="A1", playback="https://coderpad.io/A1/playback", drawing="", history=None)
    assert [artifact.kind for artifact in reports.artifacts(pad, fetched_at=NOW)] == [ArtifactKind.PLAYBACK]


def test_a_report_has_no_score() -> None:
    assert reports.report(Pad(id="A1"), (), (), account="acme", fetched_at=NOW).score is None


# --- events ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("joined", TimelineKind.JOINED), ("left", TimelineKind.LEFT), ("ran", TimelineKind.RAN),
        ("enabled", TimelineKind.EXECUTION_ENABLED), ("disabled", TimelineKind.EXECUTION_DISABLED),
        ("started", TimelineKind.STARTED), ("ended", TimelineKind.ENDED), ("auto_ended", TimelineKind.ENDED),
        ("added_question", TimelineKind.OTHER), ("pasted", TimelineKind.OTHER), (None, TimelineKind.OTHER),
    ],
)  # fmt: skip
def test_event_kinds(word: str | None, kind: TimelineKind) -> None:
    found = reports.timeline_event(Event(kind=word))
    assert (found.kind, found.vendor_kind) == (kind, word)


@pytest.mark.parametrize(
    ("text", "at", "vendor_kind", "actor", "detail"),
    [
        ("2014-11-14T03:06:39Z: Guest 202 ran csharp code", True, "ran", "Guest 202", "csharp"),
        ("2014-11-14T03:06:39Z: Ann ran ruby ended the interview", True, "ended", "Ann ran ruby", None),
        ("2014-11-14T03:06:39Z: Ann left the pad", True, "left", "Ann", None),
        ("2014-11-14T03:06:39Z: Ann enabled code execution", True, "enabled", "Ann", None),
        ("2014-11-14T03:06:39Z: something else", True, None, None, "2014-11-14T03:06:39Z: something else"),
        ("2014-99-14T03:06:39Z: Ann left the pad", False, None, None, "2014-99-14T03:06:39Z: Ann left the pad"),
        ("no time at all", False, None, None, "no time at all"),
        ("", False, None, None, ""),
    ],
)
def test_events_of_2015_are_read_from_their_text(
    text: str, at: bool, vendor_kind: str | None, actor: str | None, detail: str | None
) -> None:
    (found,) = reports.timeline(reports.with_raw(Pad(id="A1", events=(text,))))
    assert (found.at is not None, found.vendor_kind, found.actor, found.detail) == (at, vendor_kind, actor, detail)


def moments(*seconds: int | None) -> tuple[Event, ...]:
    return tuple(
        Event(kind="ran", metadata=str(place), created_at=None if s is None else f"2026-11-01T10:00:{s:02}Z")
        for place, s in enumerate(seconds)
    )


@pytest.mark.parametrize(
    ("seconds", "order"),
    [
        ((3, 2, 1), "210"), ((1, 2, 3), "012"), ((5, 3, 3, 1), "3210"), ((1, 3, 3, 5), "0123"), ((None, 2, 1), "210"),
        ((2, None, 3), "021"), ((), ""),
    ],
)  # fmt: skip
def test_a_timeline_is_oldest_first_and_stable(seconds: tuple[int | None, ...], order: str) -> None:
    assert "".join(one.detail or "" for one in reports.timeline(moments(*seconds))) == order


def test_null_events_are_left_out_and_the_others_keep_their_raw() -> None:
    body = b'{"id":"A1","events":[null,{"kind":"ran","metadata":"go"},"2014-11-14T03:06:39Z: Ann left the pad"]}'
    pad = coderpad.get_pad("A1").read(Response(200, {}, body))
    assert [event.raw for event in reports.with_raw(pad)] == [{"kind": "ran", "metadata": "go"}, {}]


# --- answers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("next_page", "cursor"),
    [
        (None, None),
        ("", None),
        ("https://app.coderpad.io/api/question?sort=updated_at,desc&page=2", "page=2"),
        ("https://evil.example.com/steal?page=3", "page=3"),
        ("https://app.coderpad.io/api/pads?page=2&cursor=abc", "cursor=abc"),
        ("/api/pads?cursor=a%2Bb%3D%3D", "cursor=a+b=="),
    ],
)
def test_a_next_page_gives_its_query_only(next_page: str | None, cursor: str | None) -> None:
    assert problems.cursor_of(next_page) == cursor


@pytest.mark.parametrize("next_page", ["https://app.coderpad.io/api/pads?offset=50", 7, True, "http://[", {"page": 2}])
def test_a_next_page_that_leads_nowhere_ends_no_list_in_silence(next_page: Any) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        problems.cursor_of(next_page)
    assert caught.value.paths == ("$.next_page",)


def answer(body: bytes, status: int = 200) -> Response:
    return Response(status, {}, body)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('"Invalid API key"', AuthenticationError), ('"Resource not found."', NotFoundError),
        ('"Forbidden"', PermissionDeniedError), ('"Bad Request"', InvalidRequestError),
        ('"Over quota"', QuotaExceededError), ('"Something of jane@example.com"', VendorError), ("null", VendorError),
        ("7", VendorError),
    ],
)  # fmt: skip
def test_an_error_inside_http_200_is_a_vendor_error(message: str, kind: type[VendorError]) -> None:
    body = f'{{"status":"ERROR","message":{message}}}'.encode()
    calls = (
        coderpad.list_pads(), coderpad.get_pad("A"), coderpad.get_quota(), coderpad.update_pad("A", title="t"),
        coderpad.update_question_variant(1, 2, solution=""),
    )  # fmt: skip
    for call in calls:
        with pytest.raises(VendorError) as caught:
            call.read(answer(body))
        assert type(caught.value) is kind
        assert caught.value.status == 200
        assert "jane" not in str(caught.value)


@pytest.mark.parametrize(
    "body", [b"<html>login</html>", b"", b"[]", b"null", b'"x"', b"{}", b'{"id":null}', b"\xff", b"[" * 9999]
)
def test_what_is_no_pad_becomes_no_pad(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        coderpad.get_pad("A").read(answer(body))


@pytest.mark.parametrize("body", [b"<html>", b"", b"[]", b'{"status":"OK"}', b'{"pads":null}', b'{"pads":{}}'])
def test_what_is_no_list_becomes_no_empty_page(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        coderpad.list_pads().read(answer(body))


def test_a_bad_row_becomes_a_problem_with_its_path_and_the_others_come() -> None:
    body = b'{"status":"OK","pads":[{"id":"A"},{"id":7},{"id":"B","participants":[1]},{"id":"C"}],"total":4}'
    page = coderpad.list_pads().read(answer(body))
    assert [pad.id for pad in page.items] == ["A", "C"]
    assert [problem.error.paths for problem in page.problems] == [("$.pads[1].id",), ("$.pads[2].participants[0]",)]
    assert page.problems[0].raw == {"id": 7}


@pytest.mark.parametrize("total", [b'"7"', b"true", b"null", b"1.5"])
def test_an_odd_total_is_no_total(total: bytes) -> None:
    assert coderpad.list_pads().read(answer(b'{"pads":[],"total":%s}' % total)).total is None


def test_a_deletion_may_be_acknowledged_by_nothing() -> None:
    assert coderpad.delete_question_variant(1, 2).read(answer(b"", 204)) == coderpad.Ack()
    with pytest.raises(MalformedResponseError):
        coderpad.delete_question_variant(1, 2).read(answer(b""))


@pytest.mark.parametrize("body", [b"{}", b'{"status":null}', b'{"id":null}', b'{"message":"done"}'])
@pytest.mark.parametrize(
    "call",
    [
        coderpad.end_pad("AB"), coderpad.delete_question(42), coderpad.update_question_variant(1, 2, solution="s"),
    ],
    ids=lambda call: call.operation,
)  # fmt: skip
def test_an_answer_that_does_not_say_ok_is_no_acknowledgement(call: Call[Any], body: bytes) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        call.read(answer(body))
    assert caught.value.paths == ("$.status",)


def test_variants_come_in_an_object_or_bare() -> None:
    for body in (b'{"status":"OK","variants":[{"id":7}]}', b' [{"id":7}]'):
        page = coderpad.list_question_variants(1).read(answer(body))
        assert (page.items, page.total) == ((coderpad.QuestionVariant(id=7),), 1)


def test_a_variants_update_may_be_acknowledged_only() -> None:
    call = coderpad.update_question_variant(1, 2, solution="s")
    assert call.read(answer(b'{"status":"OK"}')) == coderpad.Ack(status="OK")
    assert call.read(answer(b'{"id":2}')) == coderpad.QuestionVariant(id=2)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, InvalidRequestError), (401, AuthenticationError), (403, PermissionDeniedError), (404, NotFoundError),
        (422, InvalidRequestError), (429, RateLimitedError), (500, VendorUnavailableError),
        (503, VendorUnavailableError),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [b'{"status":"ERROR","message":"m","code":"c"}', b"<html>", b"", b"[]"])
def test_a_status_is_its_error_whatever_the_body(code: int, kind: type[VendorError], body: bytes) -> None:
    error = problems.refuse(coderpad.get_pad("A"), Response(code, {"retry-after": "7"}, body))
    assert type(error) is kind
    assert error.hint
    if isinstance(error, RateLimitedError):
        assert error.retry_after == 7


def test_only_creating_a_pad_takes_429_for_the_quota() -> None:
    body = b'{"status":"ERROR","message":"Over quota"}'
    quota = problems.refuse(coderpad.create_pad(), Response(429, {"x-request-id": "r-1"}, body))
    assert isinstance(quota, QuotaExceededError)
    assert (quota.request_id, quota.raw) == ("r-1", {"status": "ERROR", "message": "Over quota"})
    assert (quota.retryable, quota.outcome, quota.vendor_message) == (False, Outcome.REFUSED, "Over quota")
    for call in (coderpad.list_pads(), coderpad.update_pad("A", title="t")):
        assert isinstance(problems.refuse(call, answer(body, 429)), RateLimitedError)


def test_a_401_says_where_to_get_a_key() -> None:
    error = problems.refuse(coderpad.get_quota(), answer(b"", 401))
    assert "https://app.coderpad.io/settings" in str(error)


@pytest.mark.parametrize("flag", [b"true", b'"true"'])
def test_a_flag_may_come_as_its_word(flag: bytes) -> None:
    pad = coderpad.get_pad("A").read(answer(b'{"id":"A","execution_enabled":%s}' % flag))
    assert pad.execution_enabled in {True, "true"}
