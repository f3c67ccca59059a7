"""The shared model as JSON and back, exactly."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import interviewkit as ik
from interviewkit.serialize import dumps, from_json, report_from_json, to_json

texts = st.text(st.characters(codec="utf-8"), max_size=12)
maybe = texts | st.none()
numbers = st.integers(-(10**6), 10**6) | st.floats(allow_nan=False, allow_infinity=False)
times = st.datetimes(timezones=st.just(UTC)) | st.none()
raws = st.dictionaries(
    texts,
    st.recursive(st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
    max_size=3,
)  # fmt: skip
ids = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
refs = st.builds(
    ik.SessionRef, provider=st.just("fake"), kind=st.sampled_from(ik.SessionKind), id=ids, parent=ids | st.none()
)
scores = st.builds(ik.Score, points=numbers, max_points=numbers | st.none()) | st.none()
candidates = st.builds(ik.Candidate, email=maybe, name=maybe, phone=maybe, id=maybe, attributes=raws) | st.none()
files = st.builds(ik.SourceFile, path=texts, content=maybe, language=maybe)
cases = st.builds(ik.TestCaseResult, name=maybe, passed=st.booleans() | st.none(), max_points=numbers, raw=raws)
artifacts = st.builds(ik.Artifact, ref=refs, kind=st.sampled_from(ik.ArtifactKind), url=maybe, expires_at=times)
tasks = st.builds(
    ik.TaskResult, id=maybe, kind=st.sampled_from(ik.TaskKind), score=scores, files=st.tuples(files),
    tags=st.tuples(texts), test_cases=st.tuples(cases), artifacts=st.tuples(artifacts), updated_at=times, raw=raws,
)  # fmt: skip
events = st.builds(ik.TimelineEvent, at=times, kind=st.sampled_from(ik.TimelineKind), actor=maybe, raw=raws)
sessions = st.builds(
    ik.Session, ref=refs, provider=texts, account=texts, kind=st.sampled_from(ik.SessionKind),
    status=st.sampled_from(ik.SessionStatus), decision=st.sampled_from(ik.Decision) | st.none(), candidate=candidates,
    created_at=times, participants=st.tuples(texts, texts), score=scores, raw=raws,
)  # fmt: skip
reports = st.builds(
    ik.Report, ref=refs, provider=texts, account=texts, session=sessions, status=st.sampled_from(ik.SessionStatus),
    score=scores, tasks=st.tuples(tasks), notes=maybe, timeline=st.tuples(events), artifacts=st.tuples(artifacts),
    similarity=st.builds(ik.Similarity, status=st.sampled_from(ik.SimilarityStatus)) | st.none(), fetched_at=times,
    is_final=st.booleans(), warnings=st.tuples(st.builds(ik.Dropped, field=texts, reason=texts)), raw=raws,
)  # fmt: skip


def raws_of(value: Any) -> Any:
    """Every `raw` within an object, which equality leaves out."""
    if attrs.has(type(value)):
        return [raws_of(getattr(value, field.name)) for field in attrs.fields(type(value))]
    if isinstance(value, tuple):
        return [raws_of(one) for one in value]
    return value


@settings(max_examples=30, deadline=None)
@given(reports)
def test_a_report_comes_back_from_its_line_exactly(report: ik.Report) -> None:
    line = dumps(report)
    assert len(line.splitlines()) == 1
    again = report_from_json(json.loads(line))
    assert again == report
    assert raws_of(again) == raws_of(report)


@settings(max_examples=20, deadline=None)
@given(sessions)
def test_a_session_comes_back_exactly(session: ik.Session) -> None:
    again = from_json(json.loads(dumps(session)), ik.Session)
    assert again == session
    assert again.raw == session.raw


def minimal(**fields: Any) -> ik.Report:
    ref = ik.SessionRef(provider="fake", kind=ik.SessionKind.LIVE, id="a b")
    session = ik.Session(ref=ref, provider="fake", account="acme", kind=ref.kind, status=ik.SessionStatus.COMPLETED)
    return ik.Report(ref=ref, provider="fake", account="acme", session=session, status=session.status, **fields)


def test_words_times_and_references_are_written_as_people_read_them() -> None:
    report = minimal(
        fetched_at=datetime(2026, 11, 3, 12, 30, tzinfo=timezone(timedelta(hours=2))),
        timeline=(ik.TimelineEvent(at=None, kind=ik.TimelineKind.RAN),),
    )
    written = to_json(report)
    assert written["ref"] == "fake:live:a%20b"
    assert written["status"] == "completed"
    assert written["fetched_at"] == "2026-11-03T10:30:00Z"
    assert written["timeline"][0]["kind"] == "ran"
    assert json.loads(json.dumps(written)) == written


def test_the_error_of_an_outcome_is_its_class_and_text() -> None:
    outcome = ik.ReportOutcome(
        ref="x", account="acme", error=ik.NotFoundError("no such pad", provider="coderpad", hint="look")
    )
    assert to_json(outcome)["error"] == {"error": "NotFoundError", "message": "coderpad: no such pad (look)"}


def test_a_line_holds_nothing_that_breaks_it_or_steers_a_terminal() -> None:
    line = dumps({"notes": "a\x1b[31m\x9b\u2028\u202eb\ud800"})
    assert line.isascii()
    assert "\x1b" not in line
    assert json.loads(line) == {"notes": "a\x1b[31m\x9b\u2028\u202eb\ud800"}


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_json_cannot_say_is_an_error(value: Any) -> None:
    with pytest.raises(ik.InvalidArgumentError):
        dumps({"x": value})


def test_a_time_without_a_zone_is_an_error() -> None:
    with pytest.raises(ik.InvalidArgumentError, match="zone"):
        dumps(minimal(fetched_at=datetime(2026, 1, 1)))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"status": "shortlisted"}, "$.status"),
        ({"is_final": "yes"}, "$.is_final"),
        ({"fetched_at": "2026-01-01"}, "$.fetched_at"),
        ({"fetched_at": 5}, "$.fetched_at"),
        ({"ref": "nowhere"}, "$.ref"),
        ({"score": {"points": "9"}}, "$.score.points"),
        ({"tasks": "abc"}, "$.tasks"),
        ({"raw": []}, "$.raw"),
        ({"notes": 5}, "$.notes"),
    ],
)
def test_what_is_no_report_names_the_path_and_not_the_value(change: dict[str, Any], path: str) -> None:
    with pytest.raises(ik.InvalidArgumentError) as caught:
        report_from_json(to_json(minimal()) | change)
    assert path in str(caught.value)
    assert "shortlisted" not in str(caught.value)


@pytest.mark.parametrize("value", [None, [], "x", 5])
def test_what_is_no_object_is_no_report(value: Any) -> None:
    with pytest.raises(ik.InvalidArgumentError):
        report_from_json(value)
