"""Where a session stands, what a report holds, and the vendor's traps: one test each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from interviewkit.errors import MalformedResponseError, Outcome
from interviewkit.http.decode import structure
from interviewkit.model import (
    ArtifactKind,
    Candidate,
    Score,
    SessionKind,
    SessionStatus,
    Similarity,
    SimilarityStatus,
    TaskKind,
)
from interviewkit.providers.codility import shapes, translate

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
URL = "https://codility.com/api/sessions/KKUFDG-5V5/"
START, CLOSE = "2026-10-01T09:00:00Z", "2026-10-01T11:00:00Z"
CANCEL = {"cancel_url": f"{URL}cancel/"}
SCORED = {"evaluation": {"tasks": [], "result": 0, "max_result": 100}}
UNSCORED: dict[str, Any] = {"evaluation": {"tasks": [], "result": None, "max_result": 100}}


def detail(**fields: Any) -> shapes.SessionDetail:
    return structure({"url": URL, **fields}, shapes.SessionDetail)


def session(**fields: Any) -> Any:
    return translate.session(detail(**fields), "acme", requested="asked-for")


def report(**fields: Any) -> Any:
    return translate.report(detail(**fields), "acme", requested="asked-for", fetched_at=NOW)


def row(**fields: Any) -> Any:
    return translate.summary(structure({"url": URL, **fields}, shapes.SessionSummary), "acme")


# --- status ----------------------------------------------------------------------------------------------------------

STATUSES: dict[str, tuple[dict[str, Any], SessionStatus]] = {
    "never started": ({"start_date": None, **UNSCORED, **CANCEL}, SessionStatus.INVITED),
    "never started, no word on cancelling": ({"start_date": None}, SessionStatus.INVITED),
    "never started, cannot be cancelled": ({"start_date": None, **UNSCORED, "cancel_url": None}, SessionStatus.UNKNOWN),
    "never started, closed": ({"start_date": None, "close_date": CLOSE, **CANCEL}, SessionStatus.UNKNOWN),
    "started": ({"start_date": START, **UNSCORED, **CANCEL}, SessionStatus.IN_PROGRESS),
    "started, being evaluated": ({"start_date": START, **UNSCORED, "cancel_url": None}, SessionStatus.IN_PROGRESS),
    "started and closed": ({"start_date": START, "close_date": CLOSE, **UNSCORED}, SessionStatus.COMPLETED),
    "evaluated": ({"start_date": START, **SCORED, "cancel_url": None}, SessionStatus.COMPLETED),
    "evaluated and closed": ({"start_date": START, "close_date": CLOSE, **SCORED}, SessionStatus.COMPLETED),
    "evaluated, start not told": ({**SCORED, "cancel_url": None}, SessionStatus.COMPLETED),
    "evaluated and closed, start not told": ({"close_date": CLOSE, **SCORED}, SessionStatus.COMPLETED),
    "nobody in the whiteboard": ({"codelive": {"candidate_start_date": None}, **CANCEL}, SessionStatus.INVITED),
    "somebody in the whiteboard": ({"codelive": {"candidate_start_date": START}}, SessionStatus.IN_PROGRESS),
}


@pytest.mark.parametrize(("fields", "expected"), STATUSES.values(), ids=STATUSES)
def test_the_status_follows_from_dates_and_result(fields: dict[str, Any], expected: SessionStatus) -> None:
    found = report(**fields)
    assert (found.status, found.session.status, found.vendor_status) == (expected, expected, None)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"start_date": None}, SessionStatus.INVITED),
        ({"start_date": START}, SessionStatus.IN_PROGRESS),
        ({"start_date": START, "close_date": CLOSE}, SessionStatus.COMPLETED),
        ({"start_date": None, "close_date": CLOSE}, SessionStatus.UNKNOWN),
    ],
)
def test_a_rows_status_follows_from_its_dates_alone(fields: dict[str, Any], expected: SessionStatus) -> None:
    assert row(**fields).status is expected


def test_a_report_is_final_with_its_result_even_when_similarity_is_still_to_come() -> None:
    assert report(start_date=START, **SCORED, similarity=None).is_final
    assert not report(start_date=START, close_date=CLOSE, **UNSCORED).is_final


# --- ids -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "word", "expected"),
    [
        ("https://codility.com/api/sessions/3T6G76-Y23/?format=json", "sessions", "3T6G76-Y23"),
        ("https://codility.com/api/sessions/3T6G76-Y23", "sessions", "3T6G76-Y23"),
        ("https://app.codility.com/test/CL-S4SWMD-QY6/", "test", "CL-S4SWMD-QY6"),
        ("https://app.codility.com/test/CL-S4SWMD-QY6", "test", "CL-S4SWMD-QY6"),
        ("https://codility.com/api/tests/37087736411/", "tests", "37087736411"),
        ("https://codility.com/api/sessions/", "sessions", None),
        ("https://app.codility.com/test/", "test", None),
        ("https://[", "sessions", None),
        ("", "sessions", None),
        (None, "sessions", None),
    ],
)
def test_an_id_is_the_segment_after_its_word(url: str | None, word: str, expected: str | None) -> None:
    assert translate.id_after(word, url) == expected


def test_a_detail_names_itself_by_id_then_by_address_else_it_is_the_one_asked_for() -> None:
    assert session(id="A-1").ref.id == "A-1"
    assert session().ref.id == "KKUFDG-5V5"
    assert session(url=None).ref.id == "asked-for"


def test_a_row_without_id_is_named_by_its_address_and_one_without_both_is_no_row() -> None:
    assert row().ref.id == "KKUFDG-5V5"
    with pytest.raises(MalformedResponseError) as caught:
        row(url=None)
    assert caught.value.paths == ("$.id",)


def test_codelive_sessions_are_live_by_id_or_by_their_section() -> None:
    by_id = row(id="CL-S4SWMD-QY6")
    assert (by_id.ref.kind, by_id.kind) == (SessionKind.LIVE, SessionKind.LIVE)
    by_section = session(codelive={})
    assert (by_section.ref.kind, by_section.kind) == (SessionKind.TAKE_HOME, SessionKind.LIVE)


def test_ids_may_be_numbers() -> None:
    found = row(id=77, candidate=5)
    assert (found.ref.id, found.reference) == ("77", "5")
    assert translate.assessment(shapes.Test(id=37087736411), "acme").id == "37087736411"


@pytest.mark.parametrize(
    "link",
    [None, "", "https://app.codility.com/test/", "https://app.codility.com/room/CL-A-B/", "https://x/test/S4SWMD-QY6"],
)
def test_a_whiteboard_whose_link_tells_no_id_was_created_all_the_same(link: str | None) -> None:
    made = structure({"test_url": link, "access_code": "343434"}, shapes.Whiteboard)
    with pytest.raises(MalformedResponseError) as caught:
        translate.whiteboard(made, "acme", title=None, warnings=())
    assert caught.value.outcome is Outcome.APPLIED
    assert caught.value.raw == {"test_url": link, "access_code": "343434"}
    assert "343434" not in str(caught.value)


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-04-24T14:00:00Z", datetime(2019, 4, 24, 14, 0, tzinfo=UTC)),
        ("2017-06-27T15:02:15.437", datetime(2017, 6, 27, 15, 2, 15, 437000, tzinfo=UTC)),
        ("2019-01-02 00:00:00", datetime(2019, 1, 2, tzinfo=UTC)),
        ("2026-10-01T09:00:00+02:00", datetime(2026, 10, 1, 7, 0, tzinfo=UTC)),
        (None, None),
    ],
)
def test_all_the_vendors_times_are_read_as_utc(text: str | None, expected: datetime | None) -> None:
    assert session(create_date=text).created_at == expected


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"create_date": "soon"}, "$.create_date"),
        ({"start_date": ""}, "$.start_date"),
        ({"close_date": "24/04/2019"}, "$.close_date"),
        ({"codelive": {"candidate_start_date": "x"}}, "$.codelive.candidate_start_date"),
        ({"codelive": {"last_activity_date": "x"}}, "$.codelive.last_activity_date"),
    ],
)
def test_what_is_no_time_is_named_by_its_path(fields: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        session(**fields)
    assert caught.value.paths == (path,)


# --- people ----------------------------------------------------------------------------------------------------------


def test_pretest_answers_and_stored_data_are_the_candidates_attributes() -> None:
    data = {
        "field_of_study": "physics", "school": "Example University", "academic_degree": None,
        "programming_experience": "5 years", "profile_url": "https://example.com/ada",
        "additional_data": {"requisition": 12},
    }  # fmt: skip
    found = session(email="ada@example.com", candidate_data=data).candidate
    assert found == Candidate(
        email="ada@example.com", attributes={name: value for name, value in data.items() if value is not None}
    )


@pytest.mark.parametrize("stored", ["text", 5, ["a"], False])
def test_stored_data_may_be_any_json(stored: Any) -> None:
    assert session(candidate_data={"additional_data": stored}).candidate.attributes == {"additional_data": stored}


def test_a_session_that_tells_nothing_of_its_candidate_has_none() -> None:
    assert session(first_name="", email=None, candidate_data={"additional_data": {}}).candidate is None


# --- results ---------------------------------------------------------------------------------------------------------

TASKS = [
    {"task_name": "AbsDistinct", "name": "abs_distinct", "result": 50, "max_result": 100, "prg_lang": "py3"},
    {"task_name": "SqlEvents", "name": "sql_events", "result": None, "max_result": 50, "prg_lang": "SQL"},
    {"task_name": None, "name": "essay", "result": 0, "max_result": 0, "prg_lang": None},
    {"task_name": "Odd", "name": None, "result": "12.5", "max_result": "20", "prg_lang": "Zig"},
]


def test_tasks_keep_the_vendors_words_beside_ours() -> None:
    found = report(start_date=START, evaluation={"tasks": TASKS, "result": 62.5, "max_result": 170})
    assert [(t.id, t.title, t.kind, t.language, t.vendor_language, t.score) for t in found.tasks] == [
        ("abs_distinct", "AbsDistinct", TaskKind.CODING, "python", "py3", Score(points=50, max_points=100)),
        ("sql_events", "SqlEvents", TaskKind.SQL, "sql", "SQL", None),
        ("essay", "essay", TaskKind.UNKNOWN, None, None, Score(points=0, max_points=0)),
        (None, "Odd", TaskKind.CODING, "zig", "Zig", Score(points=12.5, max_points=20)),
    ]
    assert [task.raw for task in found.tasks] == TASKS
    assert found.score == found.session.score == Score(points=62.5, max_points=170)
    assert found.tasks[2].score.percent is None


@pytest.mark.parametrize(("result", "expected"), [(None, None), ("", None), (0, 0), ("60", 60.0), (99.5, 99.5)])
def test_a_result_may_be_a_number_or_a_number_as_text(result: Any, expected: float | None) -> None:
    score = session(evaluation={"result": result, "max_result": 100}).score
    assert (None if score is None else score.points) == expected


@pytest.mark.parametrize("result", ["good", "nan", "inf"])
def test_a_result_that_is_no_number_is_named_by_its_path(result: str) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        session(evaluation={"tasks": [{"result": 1}], "result": result})
    assert caught.value.paths == ("$.evaluation.result",)
    with pytest.raises(MalformedResponseError) as caught:
        report(evaluation={"tasks": [{"result": 1}, {"result": result}]})
    assert caught.value.paths == ("$.evaluation.tasks[1].result",)


def test_a_sessions_language_is_that_of_all_its_tasks_or_unknown() -> None:
    one = {"tasks": [{"prg_lang": "py"}, {"prg_lang": "py3"}, {"prg_lang": None}]}
    assert session(evaluation=one).language == "python"
    assert session(evaluation={"tasks": [{"prg_lang": "py3"}, {"prg_lang": "go"}]}).language is None


@pytest.mark.parametrize(
    ("word", "name"),
    [
        *translate.LANGUAGES.items(),
        *(("py3", "python"), ("Python", "python"), ("Python 3.12", "python"), ("Java 21", "java"), ("java8", "java")),
        *(("C++20", "cpp"), ("swift4", "swift"), ("Go", "go"), ("7", "7"), (None, None), ("", None)),
    ],
)
def test_languages_have_one_name(word: str | None, name: str | None) -> None:
    assert translate.language(word) == name


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (None, Similarity(status=SimilarityStatus.NONE)),
        ({"text": "acknowledged"}, Similarity(status=SimilarityStatus.ACKNOWLEDGED, vendor_status="acknowledged")),
        ({"text": "Acknowledged"}, Similarity(status=SimilarityStatus.ACKNOWLEDGED, vendor_status="Acknowledged")),
        ({"text": "confirmed"}, Similarity(status=SimilarityStatus.UNKNOWN, vendor_status="confirmed")),
        ({"text": None}, Similarity(status=SimilarityStatus.UNKNOWN)),
        ({}, Similarity(status=SimilarityStatus.UNKNOWN)),
    ],
)
def test_similarity_words_that_nobody_has_seen_are_unknown(check: Any, expected: Similarity) -> None:
    assert report(similarity=check).similarity == expected


def test_artifacts_are_those_that_there_are() -> None:
    full = report(
        start_date=START, **SCORED, report_link="https://app.codility.com/tickets/A/", similarity={"text": "x"},
        feedback_link="https://app.codility.com/feedback/A/",
    )  # fmt: skip
    assert [(one.kind, one.url, one.media_type, one.needs_auth) for one in full.artifacts] == [
        (ArtifactKind.REPORT, "https://app.codility.com/tickets/A/", "text/html", True),
        (ArtifactKind.PDF, None, "application/pdf", True),
        (ArtifactKind.SIMILARITY, None, "text/html", True),
        (ArtifactKind.FEEDBACK, "https://app.codility.com/feedback/A/", "text/html", True),
    ]
    assert report(start_date=None, **CANCEL).artifacts == ()


def test_links_and_codes_of_a_session_are_where_they_are_looked_for() -> None:
    found = session(
        test_link="https://app.codility.com/test/A", start_codelive_url="https://app.codility.com/start/",
        report_link="https://app.codility.com/tickets/A/", codelive={"access_code": 343434}, close_date=CLOSE,
    )  # fmt: skip
    assert (found.candidate_url, found.interviewer_url, found.report_url, found.access_code) == (
        "https://app.codility.com/test/A", "https://app.codility.com/start/", "https://app.codility.com/tickets/A/",
        "343434",
    )  # fmt: skip
    assert found.ended_at == datetime(2026, 10, 1, 11, 0, tzinfo=UTC)


def test_an_invitation_whose_row_tells_no_session_stands_all_the_same() -> None:
    by_link = structure({"id": "1", "test_link": "https://app.codility.com/test/A-1"}, shapes.InvitedCandidate)
    given: dict[str, Any] = {"candidate": Candidate(), "assessment_id": "1", "sent_id": "1", "warnings": ()}
    assert translate.invitation(by_link, "acme", **given).ref.id == "A-1"
    with pytest.raises(MalformedResponseError) as caught:
        translate.invitation(structure({"id": "1"}, shapes.InvitedCandidate), "acme", **given)
    assert caught.value.outcome is Outcome.APPLIED
