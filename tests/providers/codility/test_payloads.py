"""Every payload of the vendor, read into its shape and translated, written out whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interviewkit.http.decode import structure
from interviewkit.http.wire import Call, Page, Response
from interviewkit.model import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    Candidate,
    Invitation,
    Report,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    Similarity,
    SimilarityStatus,
    TaskKind,
    TaskResult,
    TemporaryLink,
)
from interviewkit.providers import codility
from interviewkit.providers.codility import shapes, translate

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
Read = Callable[[Call[Any], str], Any]


@pytest.fixture
def read(payload_bytes: Callable[[str], bytes]) -> Read:
    return lambda call, name: call.read(Response(200, {}, payload_bytes(f"codility/{name}")))


def ref(ident: str, kind: SessionKind = SessionKind.TAKE_HOME) -> SessionRef:
    return SessionRef(provider="codility", kind=kind, id=ident)


def test_every_payload_of_the_vendor_is_covered_here_or_among_the_calls() -> None:
    tests = Path(__file__).parent
    told = "".join(path.read_text() for path in tests.glob("test_*.py"))
    names = {path.name for path in (tests.parents[1] / "payloads" / "codility").iterdir()}
    assert names
    assert {name for name in names if name not in told} == set()


def test_credit_level(read: Read, payload: Callable[[str], Any]) -> None:
    found = read(codility.get_credit_level(), "account_credit_level.response.json")
    assert found == shapes.CreditLevel(credits_available=30, level="ok", message=None)
    status = translate.account_status(found)
    assert status == AccountStatus(ok=True, remaining=30, level="ok")
    assert status.raw == payload("codility/account_credit_level.response.json")


def test_user_logins(read: Read) -> None:
    jan = shapes.User(first_name="Jan", last_name="Kowalski", email="kowalski@example.com")
    assert read(codility.list_user_logins(), "account_user_logins.response.json") == Page(
        (
            shapes.UserLogin(timestamp="2019-01-02 00:00:00", ip="127.0.0.1", user=jan),
            shapes.UserLogin(timestamp="2019-01-01 00:00:00", ip="127.0.0.1", user=jan),
        ),
        total=2,
    )


def test_email_templates(read: Read) -> None:
    fields: dict[str, Any] = {"reply_to": "test@example.com", "subject": "Email template test", "content": "Hello!"}
    saved = read(codility.list_saved_email_templates(), "email_templates_saved.response.json")
    assert saved == Page((shapes.EmailTemplate(name="test_template", **fields),), total=1)
    default = read(codility.get_default_email_template(), "email_templates_default.response.json")
    assert default == shapes.EmailTemplate(**fields)
    created = codility.create_email_template(name="n", subject="s", content="c", reply_to=["a@example.com"])
    assert read(created, "email_templates_create.response.json") == "ok"


def test_sessions_list(read: Read, payload: Callable[[str], Any]) -> None:
    page = read(codility.list_sessions(), "sessions_list.response.repaired.json")
    first, second = payload("codility/sessions_list.response.repaired.json")["results"]
    assert page == Page(
        (
            shapes.SessionSummary(**{**first, "similarity": shapes.SimilarityCheck(**first["similarity"])}),
            shapes.SessionSummary(**second),
        ),
        total=30,
    )
    sessions = [translate.summary(row, "acme") for row in page.items]
    assert sessions == [
        Session(
            ref=ref("3T6G76-Y23"), provider="codility", account="acme", kind=SessionKind.TAKE_HOME,
            status=SessionStatus.IN_PROGRESS, assessment_id="122537",
            candidate=Candidate(email="nie.onu@example.com", first_name="Onufry", last_name="Niewiadomski"),
            created_at=datetime(2019, 4, 24, 14, 0, tzinfo=UTC), started_at=datetime(2019, 4, 24, 14, 45, tzinfo=UTC),
        ),
        Session(
            ref=ref("3T6G86-Y23"), provider="codility", account="acme", kind=SessionKind.TAKE_HOME,
            status=SessionStatus.INVITED, assessment_id="122537", reference="my_candidate_123",
            candidate=Candidate(email="pa.ko@example.com", first_name="Konstanty", last_name="Pasek"),
            created_at=datetime(2019, 4, 24, 14, 0, tzinfo=UTC),
        ),
    ]  # fmt: skip
    assert [session.raw for session in sessions] == [first, second]


def test_the_vendors_broken_example_of_a_list_is_what_was_repaired(payload_bytes: Callable[[str], bytes]) -> None:
    broken = payload_bytes("codility/sessions_list.response.raw-malformed.txt").decode()
    mended = broken.replace("confirmed.png\n", 'confirmed.png",\n').replace("    },\n    ...\n", "    }\n")
    repaired = json.loads(payload_bytes("codility/sessions_list.response.repaired.json"))
    assert json.loads(mended) == repaired
    section = payload_bytes("codility/codelive_section.raw-malformed.txt").decode()
    mended = "{" + section.strip().replace(":2019-07-08T09:10:15.137,", ':"2019-07-08T09:10:15.137",') + "}"
    assert json.loads(mended) == json.loads(payload_bytes("codility/codelive_section.repaired.json"))
    body = payload_bytes("codility/test_invite.request.raw-malformed.txt").decode()
    mended = body[body.index("{") : body.rindex("}") + 1].replace(']\n      "event', '],\n      "event')
    assert json.loads(mended) == json.loads(payload_bytes("codility/test_invite.request.repaired.json"))


def test_test_sessions_list(read: Read) -> None:
    page = read(codility.list_test_sessions("122537"), "test_sessions_list.response.json")
    assert [translate.summary(row, "acme") for row in page.items] == [
        Session(
            ref=ref("<session_id>"), provider="codility", account="acme", kind=SessionKind.TAKE_HOME,
            status=SessionStatus.INVITED, assessment_id="<test_id>",
            candidate=Candidate(email="j.str@example.com", first_name="Johan", last_name="Strauss"),
            created_at=datetime(2014, 1, 21, 16, 15, 1, tzinfo=UTC),
        )
    ]  # fmt: skip
    assert page.total == 1


def test_session_detail_as_a_report(read: Read, payload: Callable[[str], Any]) -> None:
    detail = read(codility.get_session("KKUFDG-5V5"), "session_detail.not_started.response.json")
    shown = payload("codility/session_detail.not_started.response.json")
    report = translate.report(detail, "acme", requested="KKUFDG-5V5", fetched_at=NOW)
    session = Session(
        ref=ref("KKUFDG-5V5"), provider="codility", account="acme", kind=SessionKind.TAKE_HOME,
        status=SessionStatus.INVITED, assessment_id="37087736411",
        candidate=Candidate(email="robert.lewandowski@example.com", first_name="Robert", last_name="Lewandowski"),
        candidate_url="https://app.codility.com/test/KKUFDG-5V5",
        report_url="https://app.codility.com/tickets/KKUFDG-5V5/",
    )  # fmt: skip
    assert report == Report(
        ref=ref("KKUFDG-5V5"), provider="codility", account="acme", session=session, status=SessionStatus.INVITED,
        tasks=(TaskResult(id="abs_distinct", title="AbsDistinct", kind=TaskKind.UNKNOWN),),
        similarity=Similarity(status=SimilarityStatus.NONE),
        artifacts=(
            Artifact(
                ref=ref("KKUFDG-5V5"), kind=ArtifactKind.REPORT, url="https://app.codility.com/tickets/KKUFDG-5V5/",
                media_type="text/html", needs_auth=True,
            ),
        ),
        fetched_at=NOW,
    )  # fmt: skip
    assert report.raw == report.session.raw == shown
    assert report.tasks[0].raw == shown["evaluation"]["tasks"][0]


def test_codelive_section(payload: Callable[[str], Any]) -> None:
    shown = payload("codility/session_detail.not_started.response.json")
    shown |= payload("codility/codelive_section.repaired.json")
    shown |= {
        "url": "https://codility.com/api/sessions/CL-S4SWMD-QY6/",
        "start_codelive_url": "https://app.codility.com/codelive/CL-S4SWMD-QY6/start/",
    }
    session = translate.session(structure(shown, shapes.SessionDetail), "acme", requested="CL-S4SWMD-QY6")
    assert session == Session(
        ref=ref("CL-S4SWMD-QY6", SessionKind.LIVE), provider="codility", account="acme", kind=SessionKind.LIVE,
        status=SessionStatus.IN_PROGRESS, assessment_id="37087736411",
        candidate=Candidate(email="robert.lewandowski@example.com", first_name="Robert", last_name="Lewandowski"),
        candidate_url="https://app.codility.com/test/KKUFDG-5V5",
        report_url="https://app.codility.com/tickets/KKUFDG-5V5/",
        interviewer_url="https://app.codility.com/codelive/CL-S4SWMD-QY6/start/", access_code="343434",
        started_at=datetime(2019, 7, 8, 9, 10, 15, 137000, tzinfo=UTC),
        updated_at=datetime(2019, 7, 8, 9, 19, 15, 137000, tzinfo=UTC),
    )  # fmt: skip


def test_whiteboard(read: Read, payload: Callable[[str], Any]) -> None:
    made = read(codility.create_whiteboard("example name"), "codelive_create_whiteboard.response.json")
    assert made == shapes.Whiteboard(test_url="https://app.codility.com/test/CL-S4SWMD-QY6/", access_code="343434")
    session = translate.whiteboard(made, "acme", title="example name", warnings=())
    assert session == Session(
        ref=ref("CL-S4SWMD-QY6", SessionKind.LIVE), provider="codility", account="acme", kind=SessionKind.LIVE,
        status=SessionStatus.CREATED, title="example name",
        candidate_url="https://app.codility.com/test/CL-S4SWMD-QY6/", access_code="343434",
    )  # fmt: skip
    assert session.raw == payload("codility/codelive_create_whiteboard.response.json")


def test_tests_list_and_detail(read: Read, payload: Callable[[str], Any]) -> None:
    common: dict[str, Any] = {
        "provider": "codility", "account": "acme", "title": "Design task for PDF", "kind": SessionKind.TAKE_HOME,
        "created_at": datetime(2017, 6, 27, 15, 2, 15, 437000, tzinfo=UTC), "is_archived": False,
    }  # fmt: skip
    page = read(codility.list_tests(is_archived=False), "tests_list.response.json")
    found = [translate.assessment(test, "acme") for test in page.items]
    assert found == [Assessment(id="123", **common)]
    assert [one.raw for one in found] == payload("codility/tests_list.response.json")["results"]
    detail = read(codility.get_test(123), "test_detail.response.json")
    assert detail == shapes.Test(**payload("codility/test_detail.response.json"))
    assert translate.assessment(detail, "acme") == Assessment(id="<test-id>", **common)


@pytest.mark.parametrize(
    ("name", "sent", "session", "link"),
    [
        ("test_invite.response.json", "123", "6ZZ5JT-2D3", "https://app.codility.com/test/6ZZ5JT-2D3"),
        ("test_invite.response.workato-sample.json", "1", "M6CW57-7EC", "https://app.codility.com/test/M6CW57-7EC/"),
    ],
)
def test_invitations(read: Read, payload: Callable[[str], Any], name: str, sent: str, session: str, link: str) -> None:
    page = read(codility.invite(1, [shapes.InviteCandidate(id=sent)]), name)
    ada = Candidate(email="ada@example.com")
    made = translate.invitation(page.items[0], "acme", candidate=ada, assessment_id="1", sent_id=sent, warnings=())
    assert made == Invitation(
        ref=ref(session), provider="codility", account="acme", url=link, candidate=ada, assessment_id="1",
        reference=sent, email_sent=False,
    )  # fmt: skip
    assert made.raw == payload(f"codility/{name}")["candidates"][0]


def test_mailed_and_cancelled(read: Read) -> None:
    done = shapes.Result(result="OK")
    assert read(codility.send_session_email("KKUFDG-5V5"), "session_email.response.json") == done
    assert read(codility.cancel_session("KKUFDG-5V5"), "session_cancel.response.json") == done


def test_embed_links(read: Read) -> None:
    report = read(codility.embed_report("KKUFDG-5V5"), "session_embed_report.response.json")
    assert translate.link(report) == TemporaryLink(
        url="https://codility.com/api/tickets/<session_id>/?sat=AAoWaNQB",
        expires_at=datetime(2017, 7, 6, 15, 11, 24, 534000, tzinfo=UTC),
    )
    similarity = read(codility.embed_similarity("MTK2AM-KSX"), "session_embed_similarity.response.json")
    assert translate.link(similarity) == TemporaryLink(
        url="https://codility.com/similarity/tickets/MTK2AM-KSX/?sat=wf58aRC1",
        expires_at=datetime(2017, 7, 5, 15, 18, 59, 280000, tzinfo=UTC),
    )


def test_webhook_envelope_holds_a_session_detail(payload: Callable[[str], Any]) -> None:
    shown = payload("codility/webhook_envelope.shape.json")
    assert shown["event"] in ("result", "similarity")
    detail = structure({**shown["session"], "url": "https://codility.com/api/sessions/A-1/"}, shapes.SessionDetail)
    assert translate.session(detail, "acme", requested="asked for") == Session(
        ref=ref("A-1"), provider="codility", account="acme", kind=SessionKind.TAKE_HOME, status=SessionStatus.INVITED
    )
