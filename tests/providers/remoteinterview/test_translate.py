"""The tables of the translation, one test a row, and the vendor's traps, one test each."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from interviewkit.errors import MalformedResponseError
from interviewkit.http.decode import read_bytes
from interviewkit.model import Decision, Report, Score, SessionStatus, TaskKind, TaskResult
from interviewkit.providers import remoteinterview as ri
from interviewkit.providers.remoteinterview import translate

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[2] / "payloads" / "remoteinterview"
REF = translate.candidate_ref("-JrvNKhZ", "X3JpY2dmlldy5pbw~~")


def report_of(**fields: Any) -> Report:
    found = read_bytes(json.dumps({"id": "X3JpY2dmlldy5pbw~~", **fields}).encode(), ri.CandidateReport)
    return translate.candidate_report(found, REF, account="acme", fetched_at=NOW)


def task_of(**fields: Any) -> TaskResult:
    return report_of(tasks=[fields]).tasks[0]


@pytest.mark.parametrize(("word", "status", "decision", "is_final"), [
    ("accepted", SessionStatus.COMPLETED, Decision.ACCEPTED, True),
    ("completed", SessionStatus.COMPLETED, None, True),
    ("rejected", SessionStatus.UNKNOWN, None, False),
    ("invited", SessionStatus.UNKNOWN, None, False),
    ("Completed", SessionStatus.UNKNOWN, None, False),
    ("", SessionStatus.UNKNOWN, None, False),
    (None, SessionStatus.UNKNOWN, None, False),
])  # fmt: skip
def test_a_candidates_status(
    word: str | None, status: SessionStatus, decision: Decision | None, is_final: bool
) -> None:
    found = report_of(status=word)
    assert (found.status, found.decision, found.vendor_status, found.is_final) == (status, decision, word, is_final)


@pytest.mark.parametrize(("fields", "end_is_told", "status"), [
    ({"ended_at": 1903935600000}, True, SessionStatus.COMPLETED),
    ({"ended_at": 1903935600000}, False, SessionStatus.COMPLETED),
    ({"ended_at": None}, True, SessionStatus.CREATED),
    ({"ended_at": None}, False, SessionStatus.CREATED),
    ({}, True, SessionStatus.CREATED),
    ({}, False, SessionStatus.UNKNOWN),
])  # fmt: skip
def test_a_pads_status(fields: dict[str, Any], end_is_told: bool, status: SessionStatus) -> None:
    pad = read_bytes(json.dumps({"id": "82388c2b7e632", **fields}).encode(), ri.Pad)
    assert translate.pad_session(pad, account="acme", end_is_told=end_is_told).status is status
    report = translate.pad_report(pad, account="acme", fetched_at=NOW)
    assert report.is_final is ("ended_at" in fields and fields["ended_at"] is not None)
    assert report.tasks == ()


@pytest.mark.parametrize(("fields", "kind"), [
    ({"is_project": True, "submission": []}, TaskKind.PROJECT),
    ({"is_sql": True}, TaskKind.SQL),
    ({"is_multiple_choice": True}, TaskKind.MULTIPLE_CHOICE),
    ({"is_open_ended": True}, TaskKind.OPEN_ENDED),
    ({"is_sql": True, "code": "select 1"}, TaskKind.SQL),
    ({"is_sql": True, "is_open_ended": True}, TaskKind.UNKNOWN),
    ({"testcases": []}, TaskKind.CODING),
    ({"code": {"code": "x"}}, TaskKind.CODING),
    ({"is_project": False, "code": {}}, TaskKind.CODING),
    ({"submission": []}, TaskKind.PROJECT),
    ({"title": "Something new"}, TaskKind.UNKNOWN),
])  # fmt: skip
def test_a_tasks_kind(fields: dict[str, Any], kind: TaskKind) -> None:
    assert task_of(**fields).kind is kind


@pytest.mark.parametrize(("word", "name"), [
    ("C#", "csharp"), ("C/C++", "cpp"), ("C++", "cpp"), ("F#", "fsharp"), ("Python", "python"), ("Brainf", "brainf"),
    (None, None),
])  # fmt: skip
def test_a_language_keeps_the_vendors_word_beside_its_name(word: str | None, name: str | None) -> None:
    task = task_of(code={"code": "x", "codemode": word})
    assert (task.language, task.vendor_language, task.files[0].language) == (name, word, name)


def test_a_missing_score_is_none_and_never_zero() -> None:
    assert report_of().score is None
    assert report_of(score=None).score is None
    assert report_of(score={"total": 100}).score is None
    assert report_of(score={"got": 0}).score == Score(points=0)
    assert task_of(total_score=10).score is None


def test_a_score_is_as_given_although_the_tasks_add_up_to_another() -> None:
    found = report_of(score={"total": 100, "got": 90}, tasks=[{"total_score": 10, "given_score": 0}])
    assert (found.score, found.tasks[0].score) == (Score(points=90, max_points=100), Score(points=0, max_points=10))


def test_phone_and_notes_come_although_no_sample_shows_them() -> None:
    found = report_of(phone=49301234567, notes="Call back on Monday.")
    assert found.candidate is not None
    assert (found.candidate.phone, found.notes) == ("49301234567", "Call back on Monday.")


@pytest.mark.parametrize("notes", [["one", "two"], {"by": "someone"}])
def test_notes_of_an_unseen_form_stay_in_raw(notes: Any) -> None:
    found = report_of(notes=notes)
    assert found.notes is None
    assert found.raw["notes"] == notes


def test_tags_that_are_no_text_lose_no_row() -> None:
    found = report_of(tags=["senior", {"id": 7}])
    assert found.session.tags == ("senior",)
    assert found.raw["tags"] == ["senior", {"id": 7}]


def test_code_of_an_sql_task_may_be_plain_text() -> None:
    (file,) = task_of(is_sql=True, code="select 1").files
    assert (file.path, file.content, file.language) == ("main", "select 1", None)


def test_an_empty_file_is_a_file() -> None:
    assert task_of(code={"code": ""}).files[0].content == ""
    assert task_of(code={"codemode": "C#"}).files == ()


def test_an_unpacked_or_broken_submission_is_still_one() -> None:
    task = task_of(
        is_project=True, submission=[{"name": "a.zip", "url": "http://x.example/a.zip", "validZip": False}, {}]
    )
    assert [(one.name, one.url, one.needs_auth) for one in task.artifacts] == [
        ("a.zip", "http://x.example/a.zip", False), (None, None, False),
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["added_at", "tasks"])
def test_a_time_that_is_none_names_its_path_and_not_its_value(field: str) -> None:
    far = 10**20
    fields = {"added_at": far} if field == "added_at" else {"tasks": [{}, {"last_updated": far}]}
    with pytest.raises(MalformedResponseError) as caught:
        report_of(**fields)
    assert caught.value.paths == ("$.added_at" if field == "added_at" else "$.tasks[1].last_updated",)
    assert str(far) not in str(caught.value)


def test_a_shape_that_was_made_by_hand_translates_too() -> None:
    made = ri.CandidateReport(id="c", tasks=[ri.ReportTask(testcases=[ri.TaskTestCase(result=True)])])
    report = translate.candidate_report(made, REF, account="acme", fetched_at=NOW)
    assert report.tasks[0].test_cases[0].passed is True


def test_a_shape_that_was_changed_by_hand_gets_no_other_tasks_raw() -> None:
    found = read_bytes(b'{"id":"c","tasks":[{"title":"a"}]}', ri.CandidateReport)
    changed = attrs.evolve(found, tasks=[ri.ReportTask(title="b"), ri.ReportTask(title="a")])
    report = translate.candidate_report(changed, REF, account="acme", fetched_at=NOW)
    assert [task.raw for task in report.tasks] == [{}, {}]


def test_reports_and_shapes_pickle_and_copy_with_their_raw() -> None:
    report = report_of(status="completed", tasks=[{"testcases": [{"name": "a"}]}])
    for twin in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report), copy.copy(report)):  # noqa: S301
        assert (twin, twin.raw, twin.tasks[0].raw) == (report, report.raw, report.tasks[0].raw)
    shape = read_bytes(b'{"id":"a","new":1}', ri.Pad)
    assert pickle.loads(pickle.dumps(shape)).raw == {"id": "a", "new": 1}  # noqa: S301


SHAPES: dict[str, tuple[Any, str]] = {
    "candidate": (ri.TestCandidate, "candidate_detail.response.json"),
    "report": (ri.CandidateReport, "candidate_report.response.json"),
    "pad": (ri.Pad, "codeinterview_pad_detail.response.repaired.json"),
    "invitation": (ri.CreatedCandidate, "candidate_invite.response.json"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_shapes_repr_shows_no_personal_data(name: str) -> None:
    shape, file = SHAPES[name]
    shown = repr(read_bytes((PAYLOADS / file).read_bytes(), shape))
    for secret in ("example.com", "X3Jp", "AjHh", "roomid", "uploads", "Yoda", "iostream", "<p>"):
        assert secret not in shown


def test_what_a_candidate_wrote_stands_in_no_repr() -> None:
    assert "print" not in repr(ri.TaskCode(code="print(1)", codemode="Python"))
    assert "print" not in repr(ri.TaskTestCase(output="print", expected_output="print"))
