"""Every CoderPad payload, read by the call it answers: the whole shape, and what it becomes in the shared model."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import attrs
import pytest

from interviewkit import (
    AccountStatus,
    Artifact,
    ArtifactKind,
    Assessment,
    AuthenticationError,
    Session,
    SessionKind,
    SessionRef,
    SessionStatus,
    SourceFile,
    TaskKind,
    TaskResult,
    TimelineEvent,
    TimelineKind,
)
from interviewkit.http.wire import Call, Page, Response
from interviewkit.providers import coderpad
from interviewkit.providers.coderpad import (
    Ack,
    CandidateInstruction,
    CustomFile,
    Environment,
    EnvironmentFile,
    Event,
    History,
    Organization,
    OrganizationStats,
    OrganizationUser,
    Pad,
    PadDetail,
    Question,
    QuestionFile,
    QuestionTestCase,
    QuestionVariant,
    Quota,
    Team,
    User,
    UserStats,
    problems,
    reports,
    translate,
)

T = TypeVar("T")
Bytes = Callable[[str], bytes]

MAIN = Team(id="68264172-5a54-4ac3-962b-cb8d1ad15d05", name="Main Team")
SECOND = Team(id="4a0f61a3-3013-49f5-9eb7-9f83712a49bf", name="Second Team")
THIRD = Team(id="ddc4ce0a-93ec-4bad-9a1a-3d2db96f6220", name="Third Team")
PROMPT = "Only provide hints."


@pytest.fixture
def read(payload_bytes: Bytes) -> Callable[[Call[Any], str], Any]:
    """What a call makes of a payload."""

    def made(call: Call[T], name: str) -> T:
        return call.read(Response(200, {}, payload_bytes(f"coderpad/{name}.json")))

    return made


Read = Callable[[Call[Any], str], Any]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def ref(pad_id: str) -> SessionRef:
    return SessionRef(provider="coderpad", kind=SessionKind.LIVE, id=pad_id)


def as_session(pad: Pad) -> Session:
    return translate.session(pad, account="acme")


# --- pads ------------------------------------------------------------------------------------------------------------


CREATED = Pad(
    id="ABC1234", title="Untitled Pad - ABC1234", state="pending", type="live", owner_email="user27@example.com",
    language="javascript", private=True, execution_enabled=True, participants=(),
    events="https://app.coderpad.io/api/pads/ABC1234/events", created_at="2023-08-11T18:50:12Z",
    updated_at="2023-08-11T18:50:12Z", url="https://coderpad.io/ABC1234",
    playback="https://coderpad.io/ABC1234/playback",
    history="https://coderpad-5.firebaseio.com/ABC1234/history.json", question_ids=(), pad_environment_ids=(5018867,),
    team=MAIN,
)  # fmt: skip


def test_interview_pad_create(read: Read) -> None:
    pad = read(coderpad.create_pad(), "interview_pad_create")
    assert pad == CREATED
    assert as_session(pad) == Session(
        ref=ref("ABC1234"), provider="coderpad", account="acme", kind=SessionKind.LIVE, status=SessionStatus.CREATED,
        vendor_status="pending", title="Untitled Pad - ABC1234", language="javascript",
        created_at=at("2023-08-11T18:50:12Z"), updated_at=at("2023-08-11T18:50:12Z"),
        candidate_url="https://coderpad.io/ABC1234", interviewer_url="https://coderpad.io/ABC1234",
        playback_url="https://coderpad.io/ABC1234/playback",
    )  # fmt: skip


def test_raw_is_the_vendors_object_untouched(read: Read, payload: Callable[[str], Any]) -> None:
    pad = read(coderpad.create_pad(), "interview_pad_create")
    assert as_session(pad).raw == pad.raw == payload("coderpad/interview_pad_create.json")


def test_interview_pad_get(read: Read) -> None:
    pad = read(coderpad.get_pad("983SDkjdsh"), "interview_pad_get")
    assert pad == PadDetail(
        id="983SDkjdsh", title="Untitled Pad - 983SDkjdsh", state="pending", type="live",
        owner_email="user78@example.com", language="postgresql", private=True, execution_enabled=True,
        participants=("some.person",), events="https://app.coderpad.io/api/pads/983SDkjdsh/events",
        created_at="2023-08-02T10:27:51Z", updated_at="2023-08-02T10:29:49Z", url="https://coderpad.io/983SDkjdsh",
        playback="https://coderpad.io/983SDkjdsh/playback", question_ids=(), pad_environment_ids=(1234567, 7654321),
        active_environment_id=1234567, team=MAIN,
    )  # fmt: skip
    session = as_session(pad)
    assert (session.status, session.participants, session.language, session.ended_at) == (
        SessionStatus.CREATED, ("some.person",), "postgresql", None,
    )  # fmt: skip


EVENTS_2014 = (
    Event(
        message="2014-11-14T03:05:11Z: Vincent joined the pad", kind="joined", user_name="Vincent",
        user_email="vincent@example.com", created_at="2014-11-14T03:05:11Z",
    ),
    Event(
        message="2014-11-14T03:06:56Z: Guest joined the pad", kind="joined", user_name="Guest",
        created_at="2014-11-14T03:06:56Z",
    ),
    Event(
        message="2014-11-14T03:07:01Z: Guest ran python code", kind="ran", metadata="python", user_name="Guest",
        created_at="2014-11-14T03:07:01Z",
    ),
    Event(
        message="2014-11-14T03:40:52Z: Guest left the pad", kind="left", user_name="Guest",
        created_at="2014-11-14T03:40:52Z",
    ),
)  # fmt: skip


def test_interview_pad_show_2014_inline_events(read: Read) -> None:
    pad = read(coderpad.get_pad("DM32JWG2"), "interview_pad_show_2014_inline_events")
    assert pad == PadDetail(
        id="DM32JWG2", title="Ruby Test", owner_email="owner@example.com", language="ruby",
        participants=("vincent", "Guest 405"), contents="5.times do\n  puts 'Hello, World!'\nend\n",
        notes="Greg was a *very* gregarious candidate, whom...", events=EVENTS_2014, private=False,
        execution_enabled=True, created_at="2014-11-14T03:02:45Z", updated_at="2014-11-14T03:06:39Z",
        ended_at="2014-11-14T03:06:39Z", url="https://coderpad.io/DM32JWG2",
        playback="https://coderpad.io/DM32JWG2/playback",
        history="https://coderpad.firebaseio.com/DM32JWG2/history.json", drawing="https://storage.googleapis.com/...",
    )  # fmt: skip
    now = at("2026-11-01T12:00:00Z")
    report = reports.report(pad, (), reports.with_raw(pad), account="acme", fetched_at=now)
    assert report.session.status is SessionStatus.COMPLETED
    assert report.session.vendor_status is None
    assert report.is_final
    assert report.notes == "Greg was a *very* gregarious candidate, whom..."
    assert report.tasks == (
        TaskResult(
            kind=TaskKind.CODING, language="ruby", vendor_language="ruby",
            files=(
                SourceFile(
                    path="main", content="5.times do\n  puts 'Hello, World!'\nend\n", language="ruby",
                    history_url="https://coderpad.firebaseio.com/DM32JWG2/history.json",
                ),
            ),
        ),
    )  # fmt: skip
    assert report.timeline == (
        TimelineEvent(
            at=at("2014-11-14T03:05:11Z"), kind=TimelineKind.JOINED, vendor_kind="joined", actor="Vincent",
            actor_email="vincent@example.com",
        ),
        TimelineEvent(at=at("2014-11-14T03:06:56Z"), kind=TimelineKind.JOINED, vendor_kind="joined", actor="Guest"),
        TimelineEvent(
            at=at("2014-11-14T03:07:01Z"), kind=TimelineKind.RAN, vendor_kind="ran", actor="Guest", detail="python",
        ),
        TimelineEvent(at=at("2014-11-14T03:40:52Z"), kind=TimelineKind.LEFT, vendor_kind="left", actor="Guest"),
    )  # fmt: skip
    assert report.timeline[0].raw == pad.raw["events"][0]
    assert report.artifacts == (
        Artifact(
            ref=ref("DM32JWG2"), kind=ArtifactKind.PLAYBACK, url="https://coderpad.io/DM32JWG2/playback",
            media_type="text/html", needs_auth=True,
        ),
        Artifact(
            ref=ref("DM32JWG2"), kind=ArtifactKind.DRAWING, url="https://storage.googleapis.com/...",
            expires_at=now + timedelta(minutes=5),
        ),
        Artifact(
            ref=ref("DM32JWG2"), kind=ArtifactKind.HISTORY, media_type="application/json",
            url="https://coderpad.firebaseio.com/DM32JWG2/history.json",
        ),
    )  # fmt: skip
    assert report.raw == {"pad": pad.raw, "environments": [], "events": pad.raw["events"]}


PAD_2015 = Pad(
    id="DM32JWG2", title="Ruby Test", language="ruby", participants=("vincent", "Guest 405"),
    contents="5.times do\n  puts 'Hello, World!'\nend\n",
    events=(
        "2014-11-14T03:05:11Z: Vincent joined the pad", "2014-11-14T03:05:17Z: Vincent locked the pad",
        "2014-11-14T03:05:21Z: Vincent unlocked the pad", "2014-11-14T03:05:25Z: Guest 202 joined the pad",
        "2014-11-14T03:06:39Z: Guest 202 ran csharp code",
    ),
    private=False, execution_enabled=True, created_at="2014-11-14T03:02:45Z",
    updated_at="2014-11-14T03:06:39Z", url="https://coderpad.io/DM32JWG2",
    playback="https://coderpad.io/DM32JWG2/playback", history="https://coderpad.firebaseio.com/DM32JWG2/history.json",
)  # fmt: skip


def test_interview_pad_get_2015_string_events(read: Read) -> None:
    pad = read(coderpad.get_pad("DM32JWG2"), "interview_pad_get_2015_string_events")
    assert pad == PadDetail(**attrs.asdict(PAD_2015, recurse=False))
    assert (pad.raw["locked"], pad.raw["hangout"]) == (False, "https://coderpad.io/DM32JWG2/hangout")
    assert as_session(pad).status is SessionStatus.IN_PROGRESS
    assert reports.timeline(reports.with_raw(pad)) == (
        TimelineEvent(at=at("2014-11-14T03:05:11Z"), kind=TimelineKind.JOINED, vendor_kind="joined", actor="Vincent"),
        TimelineEvent(at=at("2014-11-14T03:05:17Z"), kind=TimelineKind.OTHER, vendor_kind="locked", actor="Vincent"),
        TimelineEvent(at=at("2014-11-14T03:05:21Z"), kind=TimelineKind.OTHER, vendor_kind="unlocked", actor="Vincent"),
        TimelineEvent(at=at("2014-11-14T03:05:25Z"), kind=TimelineKind.JOINED, vendor_kind="joined", actor="Guest 202"),
        TimelineEvent(
            at=at("2014-11-14T03:06:39Z"), kind=TimelineKind.RAN, vendor_kind="ran", actor="Guest 202", detail="csharp"
        ),
    )


def test_interview_pads_list_2015_whose_rows_repeat_the_status(read: Read) -> None:
    page = read(coderpad.list_pads(), "interview_pads_list_2015")
    assert page == Page((PAD_2015,), (), "page=2", 420)
    assert page.items[0].raw["status"] == "OK"


def test_interview_pad_get_2026_extended(read: Read) -> None:
    pad = read(coderpad.get_pad("ABCD2345"), "interview_pad_get_2026_extended")
    assert pad == PadDetail(
        id="ABCD2345", title="Untitled Pad - ABCD2345", state="started", type="live", owner_email="owner@example.com",
        private=True, execution_enabled=True, participants=("Owner", None, "Candidate"),
        events="https://app.coderpad.io/api/pads/ABCD2345/events", created_at="2026-09-30T10:00:00Z",
        updated_at="2026-09-30T09:59:59.512Z", url="https://app.coderpad.io/ABCD2345",
        playback="https://app.coderpad.io/ABCD2345/playback", question_ids=(42,),
        pad_environment_ids=(1234567, 1234568), active_environment_id=1234568, team=MAIN,
        restrict_interviewer_access=False, allowed_interviewer_emails=[],
        pad_interviewer_notifications=[
            {
                "id": 42, "title": "Code pasted", "message": "The candidate pasted code from outside the pad.",
                "priority": 2, "request_id": "request-42", "auto_dismissed": False, "dismissed_at": None,
                "useful": None, "created_at": "2026-09-30T10:05:00Z", "updated_at": "2026-09-30T10:05:00Z",
            },
        ],
        transcript=[
            {
                "id": "t1", "kind": "speech", "text": "Hello", "timestamp": 1790762700000, "speaker_name": "Owner",
                "speaker_role": "interviewer",
            },
        ],
        transcript_source_unavailable=False,
        review_reports=[
            {
                "id": "r1", "status": "completed", "created_at": "2026-09-30T11:00:00Z",
                "updated_at": "2026-09-30T11:01:00Z", "title": "Review", "summary": "ok", "file_paths": [],
            },
        ],
    )  # fmt: skip
    assert as_session(pad) == Session(
        ref=ref("ABCD2345"), provider="coderpad", account="acme", kind=SessionKind.LIVE,
        status=SessionStatus.IN_PROGRESS, vendor_status="started", title="Untitled Pad - ABCD2345", assessment_id="42",
        participants=("Owner", "Candidate"), created_at=at("2026-09-30T10:00:00Z"),
        updated_at=datetime(2026, 9, 30, 9, 59, 59, 512000, tzinfo=UTC), candidate_url="https://app.coderpad.io/ABCD2345",
        interviewer_url="https://app.coderpad.io/ABCD2345", playback_url="https://app.coderpad.io/ABCD2345/playback",
    )  # fmt: skip


def listed(pad_id: str, shard: int, **fields: Any) -> Pad:
    return Pad(
        id=pad_id, title=f"Untitled Pad - {pad_id}", type="live", execution_enabled=True,
        events=f"https://app.coderpad.io/api/pads/{pad_id}/events", url=f"https://coderpad.io/{pad_id}",
        playback=f"https://coderpad.io/{pad_id}/playback",
        history=f"https://coderpad-{shard}.firebaseio.com/{pad_id}/history.json", **fields,
    )  # fmt: skip


def test_interview_pads_list(read: Read) -> None:
    page = read(coderpad.list_pads(), "interview_pads_list")
    assert page == Page(
        (
            listed(
                "AB12345", 8, state="pending", owner_email="user78@example.com", language="go", private=True,
                participants=("some.person",), created_at="2023-08-02T12:22:30Z", updated_at="2023-08-02T12:24:16Z",
                question_ids=(), pad_environment_ids=(5467777,), active_environment_id=5467777, team=MAIN,
            ),
            listed(
                "CGH8767", 6, state="pending", owner_email="user78@example.com", language="postgresql", private=True,
                participants=("person.some",), created_at="2023-08-02T10:27:51Z", updated_at="2023-08-02T10:29:49Z",
                question_ids=(), pad_environment_ids=(1234567, 7654321), active_environment_id=7654321, team=SECOND,
            ),
            listed(
                "12PQRTS", 7, state="pending", owner_email="user61@example.com", language="ruby", private=True,
                participants=("robert.coder",), notes="This is a good candidaite", created_at="2023-08-02T09:25:49Z",
                updated_at="2023-08-02T09:28:02Z", question_ids=(54321,),
                pad_environment_ids=(1234567, 1234568, 1234569), active_environment_id=1234569, team=MAIN,
            ),
        ),
        (), "page=2", 1234,
    )  # fmt: skip
    sessions = page.map(as_session)
    assert [(row.ref.id, row.assessment_id, row.participants) for row in sessions.items] == [
        ("AB12345", None, ("some.person",)), ("CGH8767", None, ("person.some",)),
        ("12PQRTS", "54321", ("robert.coder",)),
    ]  # fmt: skip


def test_interview_pads_list_cursor_2026(read: Read) -> None:
    assert read(coderpad.list_pads(), "interview_pads_list_cursor_2026") == Page((), (), "cursor=b3BhcXVl", 120)


def test_interview_organization_pads(read: Read) -> None:
    page = read(coderpad.list_organization_pads(), "interview_organization_pads")
    assert page == Page(
        (
            listed(
                "ABC1234", 10, state="started", owner_email="user56@example.com", private=False,
                participants=("Loick", "Candidate Luke", "some.user"),
                notes="Here is where our private notes will live\n", created_at="2023-08-03T14:46:43Z",
                updated_at="2023-08-03T14:53:58Z", question_ids=(9876543,), pad_environment_ids=(1234567, 2345678),
                active_environment_id=2345678, team=THIRD,
            ),
            listed(
                "XYZ4567", 4, state="pending", owner_email="user31@example.com", private=False,
                participants=("chase.bailkin",), notes="", created_at="2023-08-03T14:22:53Z",
                updated_at="2023-08-03T14:37:08Z", question_ids=(253253,), pad_environment_ids=(5556666, 6667777),
                active_environment_id=6667777, team=MAIN,
            ),
        ),
        (), "page=2", 50,
    )  # fmt: skip
    assert [as_session(pad).status for pad in page.items] == [SessionStatus.IN_PROGRESS, SessionStatus.CREATED]


def test_interview_organization_pads_2018_inline_events(read: Read) -> None:
    page = read(coderpad.list_organization_pads(), "interview_organization_pads_2018_inline_events")
    assert page == Page(
        (
            Pad(
                id="PP7J474P", title="JavaScript Test", owner_email="kristin@example.com", language="javascript",
                participants=("Kristin", "Guest 104"), contents="var _ = require('underscore');\n...", private=False,
                execution_enabled=True,
                events=(
                    Event(
                        message="2018-02-13T02:06:32Z: Kristin joined the pad", kind="joined", user_name="Kristin",
                        user_email="kristin@example.com", created_at="2018-02-13T02:06:32Z",
                    ),
                    Event(
                        message="2018-02-13T18:57:47Z: Kristin ran javascript code", kind="ran", metadata="javascript",
                        user_name="Kristin", user_email="kristin@example.com", created_at="2018-02-13T18:57:47Z",
                    ),
                ),
                notes="Brenda did a fantastic job talking through the prompt ...", created_at="2018-02-13T02:06:30Z",
                updated_at="2018-02-13T06:21:26Z", url="https://coderpad.io/PP7J474P",
                playback="https://coderpad.io/PP7J474P/playback",
                history="https://coderpadproject.firebaseio.com/PP7J474P/history.json",
                drawing="https://storage.googleapis.com/...",
            ),
        ),
        (), "page=2", 512,
    )  # fmt: skip
    assert as_session(page.items[0]).status is SessionStatus.IN_PROGRESS


def test_interview_pad_update(read: Read) -> None:
    assert read(coderpad.update_pad("AB", title="t"), "interview_pad_update") == Ack(status="OK")
    assert read(coderpad.end_pad("AB"), "interview_pad_update") == Ack(status="OK")


def test_interview_pad_events(read: Read) -> None:
    page = read(coderpad.list_pad_events("ABC1234"), "interview_pad_events")
    ken: dict[str, Any] = {"user_name": "ken", "user_email": "user27@example.com"}
    alan: dict[str, Any] = {"user_name": "Alan Turing"}
    assert page == Page(
        (
            Event(
                message="2023-06-28T17:16:53Z: Sidekiq auto_ended the interview", kind="auto_ended",
                created_at="2023-06-28T17:16:53Z",
            ),
            Event(
                message="2023-06-21T17:18:06Z: Alan Turing left the pad", kind="left",
                created_at="2023-06-21T17:18:06Z", **alan,
            ),
            Event(
                message="2023-06-21T17:16:49Z: Someone started the interview", kind="started",
                created_at="2023-06-21T17:16:49Z",
            ),
            Event(
                message="2023-06-21T17:16:41Z: Alan Turing ran javascript code", kind="ran", metadata="javascript",
                created_at="2023-06-21T17:16:41Z", **alan,
            ),
            Event(
                message="2023-06-21T17:15:23Z: Alan Turing joined the pad", kind="joined",
                user_email="user33@example.com", created_at="2023-06-21T17:15:23Z", **alan,
            ),
            Event(
                message="2023-06-21T17:13:28Z: ken joined the pad", kind="joined", created_at="2023-06-21T17:13:28Z",
                **ken,
            ),
            Event(
                message="2023-06-21T17:13:26Z: ken added_question ID 123456", kind="added_question", metadata="123456",
                created_at="2023-06-21T17:13:26Z", **ken,
            ),
        ),
        (), None, 7,
    )  # fmt: skip
    timeline = reports.timeline(page.items)
    assert [(one.kind, one.vendor_kind, one.actor, one.detail) for one in timeline] == [
        (TimelineKind.OTHER, "added_question", "ken", "123456"),
        (TimelineKind.JOINED, "joined", "ken", None),
        (TimelineKind.JOINED, "joined", "Alan Turing", None),
        (TimelineKind.RAN, "ran", "Alan Turing", "javascript"),
        (TimelineKind.STARTED, "started", None, None),
        (TimelineKind.LEFT, "left", "Alan Turing", None),
        (TimelineKind.ENDED, "auto_ended", None, None),
    ]
    assert timeline[0].raw == page.items[-1].raw
    session = translate.session(CREATED, account="acme", events=page.items)
    assert session.started_at == at("2023-06-21T17:16:49Z")


JAVA = "https://coderpad-7.firebaseio.com/4MT73N3J/environmentFiles/java/Y29kZXJwYWQvU29sdXRpb24uamF2YQ==/history.json"


def test_interview_pad_environment(read: Read) -> None:
    environment = read(coderpad.get_pad_environment(1234567), "interview_pad_environment")
    (file,) = environment.file_contents
    assert file.contents.startswith("/*\n * Click `Run`")
    assert environment == Environment(
        id=1234567, pad_id=88112233, language="java",
        file_contents=(EnvironmentFile(path="coderpad/Solution.java", contents=file.contents, history=JAVA),),
        created_at="2023-08-02T09:02:13.159-07:00", updated_at="2023-08-02T09:02:18.142-07:00",
    )  # fmt: skip
    assert reports.task(environment) == TaskResult(
        id="1234567", kind=TaskKind.CODING, language="java", vendor_language="java",
        files=(
            SourceFile(path="coderpad/Solution.java", content=file.contents, language="java", history_url=JAVA),
        ),
        updated_at=datetime(2023, 8, 2, 16, 2, 18, 142000, tzinfo=UTC),
    )  # fmt: skip


def test_interview_pad_environment_2022(read: Read) -> None:
    assert read(coderpad.get_pad_environment(1), "interview_pad_environment_2022") == Environment(
        id=1, pad_id=3, language="ruby",
        file_contents=(
            EnvironmentFile(path="coderpad/main.rb", contents="5.times do\n  puts 'Hello, World!'\nend\n"),
        ),
        created_at="2022-09-12T13:49:45.390-07:00", updated_at="2022-09-12T13:50:42.058-07:00",
    )  # fmt: skip


def test_interview_environment_binary_file_2026(read: Read) -> None:
    at_firebase = "https://coderpad-7.firebaseio.com/4MT73N3J/environmentFiles/django"
    environment = read(coderpad.get_pad_environment(1234567), "interview_environment_binary_file_2026")
    assert environment == Environment(
        id=1234567, pad_id=88112233, example_question_id="examples/035-django-shopping-list", language="django",
        file_contents=(
            EnvironmentFile(
                path="app/main.py", contents="print('hi')\n", history=f"{at_firebase}/YXBwL21haW4ucHk=/history.json"
            ),
            EnvironmentFile(path="image.png", history=f"{at_firebase}/aW1hZ2UucG5n/history.json", binary=True),
        ),
        created_at="2023-08-02T09:02:13.159-07:00", updated_at="2023-08-02T09:02:18.142-07:00",
    )  # fmt: skip
    assert [file.content for file in reports.task(environment).files] == ["print('hi')\n", None]


# --- questions -------------------------------------------------------------------------------------------------------


def test_interview_question_2019(read: Read) -> None:
    question = read(coderpad.get_question(42), "interview_question_2019")
    assert question == Question(
        id=42, title="Are fruits tomatoes?", author_name="Molly Macadamia", owner_email="molly@example.com",
        language="postgresql", description="Use SQL magic to discover the answer.",
        contents="SELECT * FROM fruits;\n", shared=True, used=0, created_at="2019-01-25T02:07:12Z",
        updated_at="2019-01-25T02:07:12Z",
    )  # fmt: skip
    assert translate.assessment(question, account="acme") == Assessment(
        id="42", provider="coderpad", account="acme", title="Are fruits tomatoes?",
        created_at=at("2019-01-25T02:07:12Z"),
    )  # fmt: skip


AVOCADOS = Question(
    id=255896, title="Are avocados fruity?", owner_email="user27@example.com", language="ruby",
    candidate_instructions=(), shared=True, used=0, take_home=False, test_cases_enabled=False, pad_type="live",
    is_draft=False, author_name="ken", organization_name="CoderPad", custom_files=(),
    ai_assist_custom_system_prompt=PROMPT, created_at="2023-08-03T11:32:56Z", updated_at="2023-08-03T11:32:56Z",
)  # fmt: skip


def test_interview_question_create(read: Read) -> None:
    question = read(coderpad.create_question(title="t", language="ruby"), "interview_question_create")
    assert question == AVOCADOS
    assert translate.assessment(question, account="acme").kind is SessionKind.LIVE


def test_interview_question_get(read: Read, payload: Callable[[str], Any]) -> None:
    raw = payload("coderpad/interview_question_get.json")
    question = read(coderpad.get_question(123456), "interview_question_get")
    assert question == Question(
        id=123456, title="Parking Lot OO", owner_email="user27@example.com", language="csharp",
        description="Example coding question testing knowledge of object-oriented principles for use during candidate"
        " interviews.",
        candidate_instructions=(
            CandidateInstruction(instructions=raw["candidate_instructions"][0]["instructions"], default_visible=True),
        ),
        contents=raw["contents"], shared=True, used=1, take_home=False, test_cases_enabled=False, pad_type="any",
        is_draft=False, author_name="ken", organization_name="CoderPad", custom_files=(),
        ai_assist_custom_system_prompt=PROMPT, created_at="2023-03-13T13:30:18Z", updated_at="2023-03-13T13:32:06Z",
    )  # fmt: skip
    assert translate.assessment(question, account="acme").kind is None
    assert question.raw == raw


@pytest.mark.parametrize("name", ["interview_question_update", "interview_question_delete"])
def test_interview_question_update_and_delete(read: Read, name: str) -> None:
    assert read(coderpad.update_question(42, title="t"), name) == Ack(status="OK")
    assert read(coderpad.delete_question(42), name) == Ack(status="OK")


def test_interview_question_variant_2026(read: Read) -> None:
    expected = QuestionVariant(
        id=7, question_id=42, project_template_id=12, project_template_slug="multifile_python",
        display="Python Project", file_contents=(QuestionFile(path="main.py", contents="print('hello')\n"),),
        created_at="2026-09-30T10:00:00Z", updated_at="2026-09-30T10:00:00Z",
    )  # fmt: skip
    for call in (
        coderpad.get_question_variant(42, 7),
        coderpad.create_question_variant(42, language="multifile_python"),
        coderpad.update_question_variant(42, 7, solution="s"),
    ):
        assert read(call, "interview_question_variant_2026") == expected


def test_interview_questions_list(read: Read, payload: Callable[[str], Any]) -> None:
    raw = payload("coderpad/interview_questions_list.json")["questions"]
    page = read(coderpad.list_questions(), "interview_questions_list")
    assert page == Page(
        (
            Question(
                id=12345, title="Request Construction", owner_email="user27@example.com", language="ruby",
                description=raw[0]["description"],
                candidate_instructions=(
                    CandidateInstruction(
                        instructions=raw[0]["candidate_instructions"][0]["instructions"], default_visible=True
                    ),
                ),
                shared=True, used=795, take_home=True, test_cases_enabled=True, solution="", pad_type="take_home",
                is_draft=False, author_name="Ray Sunshine", organization_name="CoderPad",
                custom_files=(
                    CustomFile(
                        id="12345-dfsdfs-32342-dfsdfsd", title="CSV file", description="A CSV of bank accounts",
                        filename="accounts.csv", filesize="6.11 KB",
                    ),
                ),
                public_take_home_setting_id=36, contents_for_test_cases=raw[0]["contents_for_test_cases"],
                test_cases=(
                    QuestionTestCase(
                        id=756, return_value=raw[0]["test_cases"][0]["return_value"], visible=False,
                        arguments=("1583819946183",),
                    ),
                    QuestionTestCase(id=757, return_value='""', visible=False, arguments=("-232",)),
                    QuestionTestCase(id=758, return_value='""', visible=False, arguments=("0",)),
                ),
                ai_assist_custom_system_prompt=PROMPT, created_at="2020-08-17T07:27:53Z",
                updated_at="2023-03-09T17:42:58Z",
            ),
            Question(
                id=45678, title="Fix this fizzbuzz", owner_email="user27@example.com", language="ruby",
                description="debug challenge", candidate_instructions=(CandidateInstruction(instructions=""),),
                contents="# What's wrong with this FizzBuzz implementation? ", shared=True, used=555, take_home=False,
                test_cases_enabled=False, solution="The buzz is fizzed by 5", pad_type="live", is_draft=False,
                author_name="Ken (CoderPad)", organization_name="CoderPad", custom_files=(),
                created_at="2017-09-12T18:30:54Z", updated_at="2023-01-27T19:47:07Z",
            ),
        ),
        (), "page=2", 816,
    )  # fmt: skip
    kinds = [translate.assessment(question, account="acme").kind for question in page.items]
    assert kinds == [SessionKind.TAKE_HOME, SessionKind.LIVE]


def test_interview_organization_questions(read: Read) -> None:
    page = read(coderpad.list_organization_questions(), "interview_organization_questions")
    some, more = "do some stuff", "do some more stuff"
    shared: dict[str, Any] = {
        "candidate_instructions": None, "shared": True, "take_home": False, "test_cases_enabled": False,
        "is_draft": False, "organization_name": "CoderPad", "custom_files": (),
    }  # fmt: skip
    assert page.items == (
        Question(**{
            **shared, "id": 123456, "title": "Are avocados fruity?", "owner_email": "user27@example.com",
            "language": "ruby", "candidate_instructions": (), "used": 0, "pad_type": "live", "author_name": "ken",
            "ai_assist_custom_system_prompt": PROMPT, "created_at": "2023-08-03T11:32:56Z",
            "updated_at": "2023-08-03T11:32:56Z",
        }),
        Question(**{
            **shared, "id": 654321, "title": "Copy of multifile TS question test", "owner_email": "user89@example.com",
            "candidate_instructions": (
                CandidateInstruction(instructions=some, default_visible=True),
                CandidateInstruction(instructions=more, default_visible=True),
            ),
            "used": 2, "solution": "", "pad_type": "any", "author_name": "User Person",
            "created_at": "2023-07-27T01:39:52Z", "updated_at": "2023-07-27T01:40:22Z",
        }),
        Question(**{
            **shared, "id": 245678, "title": "multifile TS question test", "owner_email": "user43@example.com",
            "candidate_instructions": (
                CandidateInstruction(instructions=some, default_visible=True),
                CandidateInstruction(instructions=more, default_visible=False),
            ),
            "used": 3, "solution": "", "pad_type": "any", "author_name": "doug",
            "created_at": "2023-07-24T15:05:28Z", "updated_at": "2023-07-24T15:08:46Z",
        }),
    )  # fmt: skip
    assert (page.cursor, page.total, page.problems) == ("page=2", 817, ())


# --- the account and its organization --------------------------------------------------------------------------------


def test_interview_quota_limited_2018_with_its_older_key(read: Read) -> None:
    quota = read(coderpad.get_quota(), "interview_quota_limited_2018")
    assert quota == Quota(
        trial_expires_at="2018-01-30T16:16:00.000-08:00", pads_used=33,
        quota_reset_at="2018-01-25T14:51:37.084-08:00", unlimited=False, pads_remaining=87, monthly_pad_limit=120,
    )  # fmt: skip
    assert translate.account_status(quota) == AccountStatus(
        ok=True, used=33, remaining=87, limit=120, unlimited=False,
        last_reset_at=datetime(2018, 1, 25, 22, 51, 37, 84000, tzinfo=UTC),
    )  # fmt: skip


def test_interview_quota_limited_2023_with_its_newer_key(read: Read) -> None:
    quota = read(coderpad.get_quota(), "interview_quota_limited_2023")
    assert (quota.billing_cycle_pad_limit, quota.monthly_pad_limit) == (120, None)
    status = translate.account_status(quota)
    assert (status.used, status.remaining, status.limit, status.unlimited) == (33, 87, 120, False)


def test_interview_quota_unlimited(read: Read) -> None:
    quota = read(coderpad.get_quota(), "interview_quota_unlimited")
    assert quota == Quota(
        trial_expires_at="2023-06-07T05:30:11.437-07:00", pads_used=270,
        quota_reset_at="2023-07-16T20:11:59.208-07:00", unlimited=True, overages_enabled=False,
    )  # fmt: skip
    assert translate.account_status(quota) == AccountStatus(
        ok=True, used=270, unlimited=True, last_reset_at=datetime(2023, 7, 17, 3, 11, 59, 208000, tzinfo=UTC)
    )


def test_interview_user_2026(read: Read) -> None:
    assert read(coderpad.get_user(), "interview_user_2026") == User(allow_pad_creation=False, analytics_id="")


USERS = (
    OrganizationUser(email="user.one@example.com", name="user.one", teams=(MAIN.id, SECOND.id, THIRD.id)),  # type: ignore[arg-type]
    OrganizationUser(email="person.two@example.com", name="person.two", teams=(SECOND.id,)),  # type: ignore[arg-type]
    OrganizationUser(email="buddy@example.com", name="Buddy", teams=(MAIN.id, THIRD.id)),  # type: ignore[arg-type]
)


def test_interview_organization(read: Read) -> None:
    assert read(coderpad.get_organization(), "interview_organization") == Organization(
        organization_name="Company", user_count=3, users=USERS, organization_default_language="java",
        single_sign_on_supported=True, single_sign_in_url="login.company.io", teams=(MAIN, SECOND, THIRD),
    )  # fmt: skip


def test_interview_organization_no_sso_2026(read: Read) -> None:
    assert read(coderpad.get_organization(), "interview_organization_no_sso_2026") == Organization(
        id=42, organization_name="Example", user_count=1,
        users=(OrganizationUser(email="user@example.com", name="User", teams=()),),
        organization_default_language="python",
        single_sign_on_supported=False, teams=(), child_organizations=[],
    )  # fmt: skip


def test_interview_organization_users(read: Read) -> None:
    page = read(coderpad.list_organization_users(), "interview_organization_users")
    assert page == Page(USERS, (), None, 3)


def test_interview_organization_stats(read: Read) -> None:
    assert read(coderpad.get_organization_stats(), "interview_organization_stats") == OrganizationStats(
        start_time="2023-07-27T07:27:21.613-07:00", end_time="2023-08-03T14:27:21.613+00:00", pads_created=107,
        users=(
            UserStats(email="user20@example.com", name="travis.taylor", pads_created=4),
            UserStats(email="user71@example.com", name="cole.carpenter", pads_created=1),
            UserStats(email="user66@example.com", name="frank.thetank", pads_created=9),
        ),
    )  # fmt: skip


def test_interview_organization_stats_2022(read: Read) -> None:
    assert read(coderpad.get_organization_stats(), "interview_organization_stats_2022") == OrganizationStats(
        start_time="2022-11-27T13:01:07Z", end_time="2022-12-05T13:01:07Z", pads_created=137,
        users=(
            UserStats(email="person@example.com", name="Person Surname", pads_created=7),
            UserStats(email="confidant@example.com", name="Confidant Methodical", pads_created=0),
        ),
    )  # fmt: skip


# --- errors, headers, histories --------------------------------------------------------------------------------------


def test_interview_error_401_under_either_status(payload_bytes: Bytes) -> None:
    body = payload_bytes("coderpad/interview_error_401.json")
    refused = problems.refuse(coderpad.get_quota(), Response(401, {"x-request-id": "r-1"}, body))
    assert isinstance(refused, AuthenticationError)
    assert (refused.status, refused.vendor_message, refused.request_id) == (401, "Invalid API key", "r-1")
    assert refused.raw == {"status": "ERROR", "message": "Invalid API key"}
    with pytest.raises(AuthenticationError) as caught:
        coderpad.get_quota().read(Response(200, {}, body))
    assert (caught.value.status, caught.value.vendor_message) == (200, "Invalid API key")


def test_interview_response_headers_carry_a_request_id_for_errors(payload: Callable[[str], Any]) -> None:
    for name, saved in payload("coderpad/interview_response_headers.json").items():
        headers = {key.lower(): value for key, value in saved.items()}
        error = problems.refuse(coderpad.get_quota(), Response(500, headers, b"<html>"))
        assert getattr(error, "request_id", None) == headers["x-request-id"], name


def test_firebase_history_real(payload_bytes: Bytes) -> None:
    history = History.parse(payload_bytes("coderpad/firebase_history_real.json"))
    assert history.text == payload_bytes("coderpad/firebase_history_real.expected.txt").decode()
    assert history.problems == ()
    assert len(history.revisions) == 29
    first = "def say_hello():\n    print 'Hello, World'\n\nfor i in xrange(5):\n    say_hello()\n"
    assert history.text_at("A0") == history.text_at(0) == first
    assert history.text_at("A9") == "def say_hello():\n    print 'Приве'\n\nsay_hello()\n"
    assert history.text_at("AG") == history.text_at(16) == "def say_hello():\n    print 'Привет, мир!'\n\nsay_hello()\n"
    assert history.revisions[0].author == "29505000"
    assert history.revisions[0].at == datetime(2016, 11, 11, 1, 58, 27, 704000, tzinfo=UTC)


def test_firebase_history_emoji_utf16(payload_bytes: Bytes) -> None:
    history = History.parse(payload_bytes("coderpad/firebase_history_emoji_utf16.json"))
    assert [text for _, text in history.texts()] == ["h😀i", "h😀!i", "h!i"]


def test_firebase_history_empty(payload_bytes: Bytes) -> None:
    assert History.parse(payload_bytes("coderpad/firebase_history_empty.json")) == History()


def test_every_payload_of_the_vendor_is_tested_here() -> None:
    from pathlib import Path

    here = Path(__file__)
    said = here.read_text(encoding="utf-8")
    files = {path.name.split(".")[0] for path in (here.parents[2] / "payloads" / "coderpad").iterdir()}
    assert {name for name in files if f'"{name}"' not in said and f"coderpad/{name}." not in said} == set()


def test_older_default_language_key_is_read() -> None:
    body = json.dumps({"status": "OK", "organization_name": "ACME Computing", "default_language": "erlang"}).encode()
    read = coderpad.get_organization().read(Response(200, {}, body))
    assert read == Organization(organization_name="ACME Computing", default_language="erlang")
