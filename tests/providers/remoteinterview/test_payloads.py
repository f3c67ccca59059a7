"""Every payload of the vendor's pages, read whole: the vendor's shape, and what it is in the shared model."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interviewkit import model
from interviewkit.errors import MalformedResponseError
from interviewkit.http.decode import read_bytes, structure
from interviewkit.http.wire import Response
from interviewkit.model import (
    Artifact,
    ArtifactKind,
    Assessment,
    Decision,
    Invitation,
    Report,
    Score,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TestCaseResult,
)
from interviewkit.providers import remoteinterview as ri
from interviewkit.providers.remoteinterview import translate

PAYLOADS = Path(__file__).parents[2] / "payloads" / "remoteinterview"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
LUKE = "X3JpY2FuZF90ZXNldy5pbw~~"
JOHN = "X3JpY2FuZ9ucGtAZ21haWwuY29t"
LUKE_IN_THE_REPORT = "X3JpY2dmlldy5pbw~~"
CODE = '#include <iostream>\nusing namespace std;\n\nint main() {\n\tcout<<"Hello Dear";\n\treturn 0;\n}\n'


def body(name: str) -> bytes:
    return (PAYLOADS / name).read_bytes()


def answered(name: str) -> Response:
    return Response(200, {}, body(name))


def take_home(candidate_id: str) -> SessionRef:
    return SessionRef(provider="remoteinterview", kind=SessionKind.TAKE_HOME, id=candidate_id, parent="-JyFeLky3OS0amN")


def live(pad_id: str) -> SessionRef:
    return SessionRef(provider="remoteinterview", kind=SessionKind.LIVE, id=pad_id)


def candidate_session(found: Any, **more: Any) -> Session:
    ref = translate.candidate_ref("-JyFeLky3OS0amN", found.id)
    return translate.candidate_session(found, ref, account="acme", **more)


COVERED = {
    "candidate_detail.response.json", "candidate_invite.response.json", "candidate_report.response.json",
    "candidates_list.older-docs.response.json", "candidates_list.response.json",
    "codeinterview_pad_detail.response.raw-malformed.txt", "codeinterview_pad_detail.response.repaired.json",
    "codeinterview_pad_end.response.json", "codeinterview_pads_list.response.json",
    "codeinterview_pads_new.response.json", "pads_list.response.json", "pads_new.response.json",
    "tests_list.response.json", "webhook_test_report.json",
}  # fmt: skip


def test_every_payload_of_the_vendor_is_covered_here() -> None:
    assert {file.name for file in PAYLOADS.iterdir()} == COVERED


def test_tests_list() -> None:
    page = ri.list_tests().read(answered("tests_list.response.json"))
    assert page.items == (
        ri.Test(id="-JyFeLky3OS0amN", title="Junior JavaScript Engineer", timestamp=1441241066613),
        ri.Test(id="-JyjFBLwh0M9e", title="Interns Summer 15", timestamp=1441754302277),
    )
    assert [one.raw for one in page.items] == json.loads(body("tests_list.response.json"))
    assert translate.assessment(page.items[0], account="acme") == Assessment(
        id="-JyFeLky3OS0amN",
        provider="remoteinterview",
        account="acme",
        title="Junior JavaScript Engineer",
        kind=SessionKind.TAKE_HOME,
        created_at=datetime(2015, 9, 3, 0, 44, 26, 613000, tzinfo=UTC),
    )


def test_candidates_list() -> None:
    page = ri.list_candidates("-JyFeLky3OS0amN").read(answered("candidates_list.response.json"))
    assert page.items == (
        ri.TestCandidate(
            id=LUKE, status="accepted", added_at=1441755717707, email="luke@example.com", name="Luke", tags=[],
            score=ri.CandidateScore(total=100, got=90),
        ),
        ri.TestCandidate(
            id=JOHN, status="completed", added_at=1441756468443, email="john@example.com", name="John", tags=[],
            score=ri.CandidateScore(total=100, got=80),
        ),
    )  # fmt: skip
    session = candidate_session(page.items[0], title="Junior JavaScript Engineer")
    assert session == Session(
        ref=take_home(LUKE),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.TAKE_HOME,
        status=SessionStatus.COMPLETED,
        vendor_status="accepted",
        decision=Decision.ACCEPTED,
        title="Junior JavaScript Engineer",
        candidate=model.Candidate(email="luke@example.com", name="Luke", id=LUKE),
        assessment_id="-JyFeLky3OS0amN",
        created_at=datetime(2015, 9, 8, 23, 41, 57, 707000, tzinfo=UTC),
        score=Score(points=90, max_points=100),
    )
    assert session.raw == json.loads(body("candidates_list.response.json"))[0]


def test_candidates_list_of_the_older_page_has_no_score() -> None:
    page = ri.list_candidates("t").read(answered("candidates_list.older-docs.response.json"))
    sessions = [candidate_session(row) for row in page.items]
    assert [(one.vendor_status, one.score) for one in sessions] == [("accepted", None), ("completed", None)]
    assert page.items[1] == ri.TestCandidate(
        id=JOHN, status="completed", added_at=1441756468443, email="john@example.com", name="John", tags=[]
    )


def test_candidate_detail() -> None:
    found = ri.get_candidate("t", JOHN).read(answered("candidate_detail.response.json"))
    assert found == ri.TestCandidate(
        id=JOHN, status="completed", added_at=1441756468443, email="john@example.com", name="John", tags=[]
    )
    assert candidate_session(found) == Session(
        ref=take_home(JOHN),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.TAKE_HOME,
        status=SessionStatus.COMPLETED,
        vendor_status="completed",
        candidate=model.Candidate(email="john@example.com", name="John", id=JOHN),
        assessment_id="-JyFeLky3OS0amN",
        created_at=datetime(2015, 9, 8, 23, 54, 28, 443000, tzinfo=UTC),
    )


def test_candidate_invite_keeps_the_link_as_it_is() -> None:
    made = ri.create_candidate("-JrvNKhZ", "john@example.com").read(answered("candidate_invite.response.json"))
    url = "http://app.remoteinterview.io/tests/#?roomid=JrvNKhZ&candidateemail=AjHh1jh4jhKJHJKh424hjt"
    assert made == ri.CreatedCandidate(message="success", id="AjHh1jh4jhKJHJKh424hjt", url=url)
    asked = model.Candidate(email="john@example.com")
    assert translate.invitation(made, "-JrvNKhZ", asked, account="acme", warnings=()) == Invitation(
        ref=SessionRef(
            provider="remoteinterview", kind=SessionKind.TAKE_HOME, id="AjHh1jh4jhKJHJKh424hjt", parent="-JrvNKhZ"
        ),
        provider="remoteinterview",
        account="acme",
        url=url,
        candidate=model.Candidate(email="john@example.com", id="AjHh1jh4jhKJHJKh424hjt"),
        assessment_id="-JrvNKhZ",
        email_sent=False,
    )


def expected_tasks(raw: dict[str, Any]) -> tuple[TaskResult, ...]:
    points = (10, 10, 20, 20, 10, 10, 10, 10)
    return (
        TaskResult(
            title="Reverse words in a sentence",
            kind=TaskKind.CODING,
            language="csharp",
            vendor_language="C#",
            files=(SourceFile(path="main", content="...", language="csharp"),),
            test_cases=tuple(
                TestCaseResult(
                    name=f"Test Case {number}", passed=number != 8, max_points=worth, is_sample=number == 1,
                    output="...", expected_output="...",
                )
                for number, worth in enumerate(points, 1)
            ),
            auto_submitted=False,
            description_html=raw["tasks"][0]["body"],
            tags=("string", "reverse", "easy"),
            updated_at=datetime(2015, 9, 8, 23, 41, 55, 341000, tzinfo=UTC),
        ),
        TaskResult(
            id="-LavdyNutwJP6bidpdIn",
            title="JavaScript Take-home Project",
            kind=TaskKind.PROJECT,
            score=Score(points=0, max_points=10),
            artifacts=(
                Artifact(
                    ref=take_home(LUKE_IN_THE_REPORT),
                    kind=ArtifactKind.SUBMISSION,
                    url="http://uploads-g.remoteinterview.io/uploads/submission.zip",
                    name="submission.zip",
                ),
            ),
            auto_submitted=False,
            description_html="<p>Take-home project description</p>\n",
            updated_at=datetime(2015, 9, 8, 23, 41, 55, 344000, tzinfo=UTC),
        ),
    )  # fmt: skip


def assert_report_of_luke(found: ri.CandidateReport, raw: dict[str, Any]) -> None:
    ref = take_home(LUKE_IN_THE_REPORT)
    report = translate.candidate_report(found, ref, account="acme", fetched_at=NOW)
    assert report == Report(
        ref=ref,
        provider="remoteinterview",
        account="acme",
        session=Session(
            ref=ref,
            provider="remoteinterview",
            account="acme",
            kind=SessionKind.TAKE_HOME,
            status=SessionStatus.COMPLETED,
            vendor_status="completed",
            candidate=model.Candidate(email="luke@example.com", name="Luke", id=LUKE_IN_THE_REPORT),
            assessment_id="-JyFeLky3OS0amN",
            created_at=datetime(2015, 9, 8, 23, 41, 57, 707000, tzinfo=UTC),
            score=Score(points=90, max_points=100),
        ),
        status=SessionStatus.COMPLETED,
        vendor_status="completed",
        score=Score(points=90, max_points=100),
        tasks=expected_tasks(raw),
        is_final=True,
        fetched_at=NOW,
    )
    assert report.raw == report.session.raw == raw
    assert [task.raw for task in report.tasks] == raw["tasks"]
    assert [case.raw for case in report.tasks[0].test_cases] == raw["tasks"][0]["testcases"]


def test_candidate_report() -> None:
    found = ri.get_report("t", LUKE).read(answered("candidate_report.response.json"))
    assert_report_of_luke(found, json.loads(body("candidate_report.response.json")))
    assert found.tasks is not None
    assert found.tasks[1] == ri.ReportTask(
        id="-LavdyNutwJP6bidpdIn", title="JavaScript Take-home Project",
        body="<p>Take-home project description</p>\n", last_updated=1441755715344, is_auto_submitted=False,
        submission=[ri.Submission(
            name="submission.zip", url="http://uploads-g.remoteinterview.io/uploads/submission.zip", validZip=True,
        )],
        is_multiple_choice=False, is_project=True, is_sql=False, is_open_ended=False, total_score=10, given_score=0,
    )  # fmt: skip
    assert found.tasks[0].testcases is not None
    assert found.tasks[0].testcases[7] == ri.TaskTestCase(
        name="Test Case 8", is_sample=False, is_placeholder=False, points=10, result=False, output="...",
        expected_output="...",
    )  # fmt: skip
    assert found.tasks[0].code == ri.TaskCode(code="...", codemode="C#")


def test_the_webhooks_data_is_a_report() -> None:
    sent = json.loads(body("webhook_test_report.json"))
    assert sent["type"] == "test.report"
    assert_report_of_luke(structure(sent["data"], ri.CandidateReport), sent["data"])


def test_codeinterview_pad_detail() -> None:
    pad = ri.get_pad("82388c2b7e632").read(answered("codeinterview_pad_detail.response.repaired.json"))
    assert pad == ri.Pad(
        id="82388c2b7e632", name="Interview with Luke", timestamp=1903849200000, ended_at=1903935600000,
        tags=["intern", "jedi"], code=CODE, notes="Candidate may need a Yoda bootcamp.", language="C/C++",
    )  # fmt: skip
    session = Session(
        ref=live("82388c2b7e632"),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.LIVE,
        status=SessionStatus.COMPLETED,
        title="Interview with Luke",
        language="cpp",
        tags=("intern", "jedi"),
        created_at=datetime(2030, 5, 1, 7, 0, tzinfo=UTC),
        ended_at=datetime(2030, 5, 2, 7, 0, tzinfo=UTC),
    )
    report = translate.pad_report(pad, account="acme", fetched_at=NOW)
    assert report == Report(
        ref=live("82388c2b7e632"),
        provider="remoteinterview",
        account="acme",
        session=session,
        status=SessionStatus.COMPLETED,
        tasks=(
            TaskResult(
                title="Interview with Luke",
                kind=TaskKind.CODING,
                language="cpp",
                vendor_language="C/C++",
                files=(SourceFile(path="main", content=CODE, language="cpp"),),
            ),
        ),
        notes="Candidate may need a Yoda bootcamp.",
        is_final=True,
        fetched_at=NOW,
    )
    assert report.raw == json.loads(body("codeinterview_pad_detail.response.repaired.json"))


def test_codeinterview_pad_detail_as_the_page_prints_it_is_no_json() -> None:
    with pytest.raises(MalformedResponseError) as caught:
        read_bytes(body("codeinterview_pad_detail.response.raw-malformed.txt"), ri.Pad)
    assert "Hello Dear" not in str(caught.value)


def test_codeinterview_pads_list() -> None:
    page = ri.list_pads().read(answered("codeinterview_pads_list.response.json"))
    assert page.items == (
        ri.Pad(
            id="82388c2b7e632", name="Interview with Luke", timestamp=1903849200000, ended_at=1903935600000,
            tags=["intern", "jedi"],
        ),
        ri.Pad(id="9727633b7e632", name="Interview with Solo", timestamp=1901257200000, ended_at=1901343600000),
    )  # fmt: skip
    assert translate.pad_session(page.items[1], account="acme") == Session(
        ref=live("9727633b7e632"),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.LIVE,
        status=SessionStatus.COMPLETED,
        title="Interview with Solo",
        created_at=datetime(2030, 4, 1, 7, 0, tzinfo=UTC),
        ended_at=datetime(2030, 4, 2, 7, 0, tzinfo=UTC),
    )


def test_pads_list_of_the_older_page() -> None:
    page = ri.list_pads().read(answered("pads_list.response.json"))
    assert page.items == (
        ri.Pad(id="82388c2b7e632", name="Interview with Luke", timestamp=1441755717707),
        ri.Pad(id="9727633b7e632", name="Interview with Solo", timestamp=1441755738380),
    )
    assert translate.pad_session(page.items[0], account="acme", end_is_told=False) == Session(
        ref=live("82388c2b7e632"),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.LIVE,
        status=SessionStatus.UNKNOWN,
        title="Interview with Luke",
        created_at=datetime(2015, 9, 8, 23, 41, 57, 707000, tzinfo=UTC),
    )


@pytest.mark.parametrize("name", ["pads_new.response.json", "codeinterview_pads_new.response.json"])
def test_pads_new(name: str) -> None:
    made = ri.create_pad("Interview with Luke").read(answered(name))
    assert made == ri.CreatedPad(
        message="success", id="82388c2b7e632", url="https://codeinterview.io/82388c2b7e632"
    )  # fmt: skip
    session = translate.created_session(made, title="Interview with Luke", account="acme", warnings=())
    assert session == Session(
        ref=live("82388c2b7e632"),
        provider="remoteinterview",
        account="acme",
        kind=SessionKind.LIVE,
        status=SessionStatus.CREATED,
        title="Interview with Luke",
        candidate_url="https://codeinterview.io/82388c2b7e632",
    )
    assert session.raw == json.loads(body(name))


def test_codeinterview_pad_end() -> None:
    found = ri.end_pad("82388c2b7e632").read(answered("codeinterview_pad_end.response.json"))
    assert found == ri.Confirmation(msg="success")
