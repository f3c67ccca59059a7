"""The protocol on RemoteInterview and CodeInterview: one exact request and one model a method, and what goes wrong."""

from __future__ import annotations

import io
import json
import logging
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.http.wire import Response
from interviewkit.testing.scripted import Scripted, answer

KEY = "283h4g4h4h"
API = "https://api.remoteinterview.io"
PADS = "https://api.codeinterview.io"
TEST = "-JyFeLky3OS0amN"
LUKE = "X3JpY2FuZF90ZXNldy5pbw~~"
CANDIDATE_REF = f"remoteinterview:take_home:{TEST}/{LUKE}"
PAD_REF = "remoteinterview:live:82388c2b7e632"
Payload = Callable[[str], Any]


def provider(*answers: Any, **settings: Any) -> tuple[ik.RemoteInterview, Scripted]:
    script = Scripted([one if isinstance(one, Response | Exception) else answer(one) for one in answers])
    settings = {"retry": ik.RetryPolicy(attempts=1), "transport": script, **settings}
    return ik.RemoteInterview(KEY, **settings), script


def urls(script: Scripted) -> list[str]:
    return [sent.url.removesuffix(f"?key={KEY}") for sent in script.sent]


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_create_session_creates_a_pad(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/codeinterview_pads_new.response.json"), account="acme")
    session = await vendor.create_session(title="Interview with Luke", candidate=ik.Candidate(name="Luke"))
    (sent,) = script.sent
    assert (sent.method, sent.url, sent.body) == (
        "POST", f"{PADS}/1/pads/new?key={KEY}", b'{"name":"Interview with Luke"}',
    )  # fmt: skip
    assert session == ik.Session(
        ref=ik.SessionRef(provider="remoteinterview", kind=ik.SessionKind.LIVE, id="82388c2b7e632"),
        provider="remoteinterview",
        account="acme",
        kind=ik.SessionKind.LIVE,
        status=ik.SessionStatus.CREATED,
        title="Interview with Luke",
        candidate_url="https://codeinterview.io/82388c2b7e632",
        warnings=(ik.Dropped(field="candidate", reason="a pad names no candidate: put the name into the title"),),
    )


INSTRUCTIONS = {"language": "python", "template_id": "t", "notes": "n", "private": True, "reference": "r"}


@pytest.mark.parametrize("field", INSTRUCTIONS)
async def test_what_a_pad_cannot_be_told_is_refused_before_any_request(field: str) -> None:
    vendor, script = provider()
    with pytest.raises(ik.UnsupportedError, match=field) as caught:
        await vendor.create_session(title="x", **{field: INSTRUCTIONS[field]})  # type: ignore[arg-type]
    assert (caught.value.outcome, script.sent) == (ik.Outcome.NOT_SENT, [])


async def test_what_a_pad_cannot_be_told_comes_back_as_warnings_when_asked(payload: Payload) -> None:
    vendor, _ = provider(payload("remoteinterview/pads_new.response.json"), unsupported="warn")
    session = await vendor.create_session(title="x", **INSTRUCTIONS)  # type: ignore[arg-type]
    assert [one.field for one in session.warnings] == list(INSTRUCTIONS)
    assert session.language is None


async def test_bodies_are_form_encoded_and_take_extra_fields_when_asked(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/pads_new.response.json"), form_bodies=True)
    options = ik.RemoteInterviewOptions(extra={"name": "B", "colour": "red"})
    await vendor.create_session(title="A", options=options)
    assert script.sent[0].body == b"name=B&colour=red"


async def test_an_invitation_takes_extra_fields_and_the_form_too(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/candidate_invite.response.json"), form_bodies=True)
    options = ik.RemoteInterviewOptions(extra={"name": "John"})
    await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"), options=options)
    assert script.sent[0].body == b"email=john%40example.com&name=John"


async def test_get_session_reads_a_candidate_or_a_pad(payload: Payload) -> None:
    vendor, script = provider(
        payload("remoteinterview/candidate_detail.response.json"),
        payload("remoteinterview/codeinterview_pad_detail.response.repaired.json"),
    )
    candidate, pad = await vendor.get_session(CANDIDATE_REF), await vendor.get_session(PAD_REF)
    assert urls(script) == [f"{API}/1/tests/{TEST}/candidates/{LUKE}/", f"{PADS}/1/pads/82388c2b7e632"]
    assert (str(candidate.ref), candidate.vendor_status, candidate.assessment_id) == (CANDIDATE_REF, "completed", TEST)
    assert (str(pad.ref), pad.status, pad.language) == (PAD_REF, ik.SessionStatus.COMPLETED, "cpp")


async def test_fetch_report_reads_a_candidates_report_or_a_pad(payload: Payload) -> None:
    vendor, script = provider(
        payload("remoteinterview/candidate_report.response.json"),
        payload("remoteinterview/codeinterview_pad_detail.response.repaired.json"),
    )
    before = datetime.now(UTC)
    report, pad = await vendor.fetch_report(CANDIDATE_REF), await vendor.fetch_report(PAD_REF)
    assert urls(script) == [f"{API}/1/tests/{TEST}/candidates/{LUKE}/report", f"{PADS}/1/pads/82388c2b7e632"]
    assert (str(report.ref), report.score, len(report.tasks)) == (CANDIDATE_REF, ik.Score(points=90, max_points=100), 2)
    assert pad.notes == "Candidate may need a Yoda bootcamp."
    assert report.fetched_at is not None
    assert before <= report.fetched_at <= datetime.now(UTC)


async def test_fetch_reports_gives_each_its_own_outcome(payload: Payload) -> None:
    vendor, _ = provider(payload("remoteinterview/candidate_report.response.json"), answer({}, status=404))
    outcomes = [one async for one in vendor.fetch_reports([CANDIDATE_REF, PAD_REF, "bare"], concurrency=1)]
    errors = [type(one.error).__name__ for one in outcomes]
    assert errors == ["NoneType", "NotFoundError", "InvalidArgumentError"]


async def test_end_session_ends_a_pad() -> None:
    vendor, script = provider({"msg": "success"})
    await vendor.end_session(PAD_REF)
    (sent,) = script.sent
    assert (sent.method, sent.url, sent.body) == ("POST", f"{PADS}/1/pads/82388c2b7e632/end?key={KEY}", None)


async def test_a_candidate_cannot_be_ended() -> None:
    vendor, script = provider()
    with pytest.raises(ik.UnsupportedError, match="neither be cancelled nor deleted"):
        await vendor.end_session(CANDIDATE_REF)
    assert script.sent == []


@pytest.mark.parametrize("ref", [
    "82388c2b7e632", LUKE, f"{TEST}/{LUKE}", f"remoteinterview:take_home:{LUKE}", "remoteinterview:live:a/b",
])  # fmt: skip
async def test_a_reference_without_its_parts_is_refused_with_the_full_form_named(ref: str) -> None:
    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError) as caught:
        await vendor.fetch_report(ref)
    assert "remoteinterview:take_home:TEST_ID/CANDIDATE_ID" in str(caught.value)
    assert "remoteinterview:live:PAD_ID" in str(caught.value)
    assert LUKE not in str(caught.value)
    assert script.sent == []


async def test_another_vendors_reference_is_refused() -> None:
    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError):
        await vendor.get_session("coderpad:live:DM32JWG2")
    assert script.sent == []


# --- tests and candidates --------------------------------------------------------------------------------------------


async def test_invite_candidate_invites(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/candidate_invite.response.json"))
    person = ik.Candidate(email="john@example.com", first_name="John", phone="+49 30 1234567", attributes={"team": "a"})
    invitation = await vendor.invite_candidate("-JrvNKhZ", person)
    (sent,) = script.sent
    assert (sent.method, sent.url, sent.body) == (
        "POST", f"{API}/1/tests/-JrvNKhZ/candidates?key={KEY}", b'{"email":"john@example.com"}',
    )  # fmt: skip
    assert str(invitation.ref) == "remoteinterview:take_home:-JrvNKhZ/AjHh1jh4jhKJHJKh424hjt"
    url = "http://app.remoteinterview.io/tests/#?roomid=JrvNKhZ&candidateemail=AjHh1jh4jhKJHJKh424hjt"
    assert (invitation.url, invitation.email_sent) == (url, False)
    assert [one.field for one in invitation.warnings] == [
        "candidate.name", "candidate.phone", "candidate.attributes",
    ]  # fmt: skip
    assert invitation.candidate is not None
    assert invitation.candidate.id == "AjHh1jh4jhKJHJKh424hjt"


ASKED: dict[str, Any] = {
    "reference": "r-1",
    "email": True,
    "callback_url": "https://ats.example.com/hook",
    "report_emails": ["hr@example.com"],
    "redirect_url": "https://ats.example.com/thanks",
}


@pytest.mark.parametrize("field", ASKED)
async def test_what_an_invitation_cannot_be_told_is_refused_before_any_request(field: str) -> None:
    vendor, script = provider()
    with pytest.raises(ik.UnsupportedError, match=field) as caught:
        await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"), **{field: ASKED[field]})
    assert script.sent == []
    assert "ats.example.com" not in str(caught.value)


async def test_what_an_invitation_cannot_be_told_comes_back_as_warnings_when_asked(payload: Payload) -> None:
    vendor, _ = provider(payload("remoteinterview/candidate_invite.response.json"), unsupported="warn")
    asked = {**ASKED, "email": ik.InvitationEmail(subject="Hello")}
    invitation = await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"), **asked)
    assert [one.field for one in invitation.warnings] == list(ASKED)
    assert invitation.email_sent is False


@pytest.mark.parametrize(("test_id", "candidate"), [
    (None, ik.Candidate(email="john@example.com")), (TEST, ik.Candidate(name="John")), (TEST, "john@example.com"),
    (TEST, ik.Candidate(email="john")), ("", ik.Candidate(email="john@example.com")),
    ("../x", ik.Candidate(email="john@example.com")),
])  # fmt: skip
async def test_an_invitation_needs_a_test_and_a_mailbox(test_id: str | None, candidate: Any) -> None:
    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError) as caught:
        await vendor.invite_candidate(test_id, candidate)
    assert script.sent == []
    assert caught.value.operation
    assert "john" not in str(caught.value)


async def test_another_vendors_options_are_refused() -> None:
    class OtherOptions(ik.VendorOptions):
        pass

    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError):
        await vendor.create_session(options=OtherOptions())
    with pytest.raises(ik.InvalidArgumentError):
        await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"), options=OtherOptions())
    assert script.sent == []


async def test_an_invitation_is_sent_once_when_its_fate_is_unknown() -> None:
    broken = ik.TransportError("the connection was lost before an answer came", outcome=ik.Outcome.UNKNOWN)
    vendor, script = provider(broken, retry=ik.RetryPolicy(attempts=3))
    with pytest.raises(ik.TransportError) as caught:
        await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"))
    assert (caught.value.outcome, len(script.sent)) == (ik.Outcome.UNKNOWN, 1)


async def test_invite_candidates_keeps_each_ones_failure_apart(payload: Payload) -> None:
    vendor, _ = provider(payload("remoteinterview/candidate_invite.response.json"), {"message": "no more"})
    people = [ik.Candidate(email="john@example.com"), ik.Candidate(email="luke@example.com"), ik.Candidate(name="x")]
    outcomes = [one async for one in vendor.invite_candidates(TEST, people)]
    assert sorted(type(one.error).__name__ for one in outcomes) == ["InvalidArgumentError", "NoneType", "VendorError"]


async def test_list_assessments_lists_the_tests(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/tests_list.response.json"))
    found = await vendor.list_assessments(include_archived=True).collect()
    assert urls(script) == [f"{API}/1/tests"]
    assert [(one.id, one.title, one.kind) for one in found] == [
        ("-JyFeLky3OS0amN", "Junior JavaScript Engineer", ik.SessionKind.TAKE_HOME),
        ("-JyjFBLwh0M9e", "Interns Summer 15", ik.SessionKind.TAKE_HOME),
    ]


async def test_a_list_of_one_page_has_nothing_to_resume() -> None:
    vendor, script = provider()
    for pager in (vendor.list_assessments(), vendor.list_sessions(assessment_id=TEST)):
        with pytest.raises(ik.InvalidArgumentError):
            await pager.resume("all:").collect()
    assert script.sent == []


async def test_check_lists_the_tests(payload: Payload) -> None:
    vendor, script = provider(payload("remoteinterview/tests_list.response.json"))
    status = await vendor.check()
    assert urls(script) == [f"{API}/1/tests"]
    assert (status.ok, status.message, status.limit) == (True, "2 tests to be seen", None)
    assert status.raw == {"tests": payload("remoteinterview/tests_list.response.json")}


async def test_check_counts_tests_that_cannot_be_read_too() -> None:
    vendor, _ = provider([{"id": "-A"}, {"title": "no id"}])
    assert (await vendor.check()).message == "2 tests to be seen"


# --- files -----------------------------------------------------------------------------------------------------------


def submission(url: str | None) -> ik.Artifact:
    return ik.Artifact(ref=ik.SessionRef.parse(CANDIDATE_REF), kind=ik.ArtifactKind.SUBMISSION, url=url)


@pytest.mark.parametrize("url", [
    "http://uploads-g.remoteinterview.io/uploads/submission.zip", "https://files.codeinterview.io/a.zip",
])  # fmt: skip
async def test_a_submission_is_fetched_without_the_key(url: str) -> None:
    vendor, script = provider(answer(b"PK\x03\x04"))
    target = io.BytesIO()
    assert await vendor.download(submission(url), target) == 4
    assert target.getvalue() == b"PK\x03\x04"
    assert (script.sent[0].url, dict(script.sent[0].headers)) == (url, {"Accept": "*/*"})


@pytest.mark.parametrize("url", [
    None, "http://uploads.example.com/a.zip", "https://remoteinterview.io.example.com/a.zip", "file:///etc/passwd",
    "https://evilremoteinterview.io/a.zip", "http://127.0.0.1/a.zip", "http://user:pw@a.remoteinterview.io/a.zip",
])  # fmt: skip
async def test_a_file_elsewhere_is_refused_and_its_url_not_shown(url: str | None) -> None:
    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError) as caught:
        await vendor.download(submission(url), io.BytesIO())
    assert script.sent == []
    assert "a.zip" not in str(caught.value)


async def test_an_artifact_without_url_or_of_another_vendor_is_refused() -> None:
    vendor, script = provider()
    with pytest.raises(ik.InvalidArgumentError, match="has no url"):
        await vendor.download(submission(None), io.BytesIO())
    other = ik.SessionRef(provider="codility", kind=ik.SessionKind.TAKE_HOME, id="KKUFDG-5V5")
    url = "http://uploads-g.remoteinterview.io/uploads/submission.zip"
    with pytest.raises(ik.InvalidArgumentError, match="codility"):
        await vendor.download(ik.Artifact(ref=other, kind=ik.ArtifactKind.SUBMISSION, url=url), io.BytesIO())
    assert script.sent == []


async def test_a_file_on_this_machine_is_fetched_when_the_vendor_is_there_too() -> None:
    script = Scripted([answer(b"zip")])
    vendor = ik.RemoteInterview(KEY, base_url="http://127.0.0.1:8123", transport=script)
    assert await vendor.download(submission("http://127.0.0.1:9/a.zip"), io.BytesIO()) == 3


# --- set-up ----------------------------------------------------------------------------------------------------------


async def test_each_host_gets_its_own_key_and_base_url() -> None:
    script = Scripted([answer([]), answer([])])
    vendor = ik.RemoteInterview(
        " Bearer one ", pads_api_key="two", base_url="https://a.example.com/x/", pads_base_url="https://b.example.com",
        transport=script,
    )  # fmt: skip
    await vendor.list_sessions().collect()
    assert [sent.url for sent in script.sent] == [
        "https://a.example.com/x/1/tests?key=one", "https://b.example.com/1/pads?key=two",
    ]  # fmt: skip


async def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTEINTERVIEW_API_KEY", "one")
    monkeypatch.setenv("REMOTEINTERVIEW_PADS_API_KEY", "two")
    monkeypatch.setenv("REMOTEINTERVIEW_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("REMOTEINTERVIEW_PADS_BASE_URL", "http://127.0.0.1:2")
    script = Scripted([answer([]), answer([])])
    await ik.RemoteInterview(transport=script).list_sessions().collect()
    assert [sent.url for sent in script.sent] == [
        "http://127.0.0.1:1/1/tests?key=one",
        "http://127.0.0.1:2/1/pads?key=two",
    ]


async def test_a_given_key_is_never_joined_by_another_accounts_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REMOTEINTERVIEW_PADS_API_KEY", "of-another-account")
    vendor, script = provider([])
    await vendor.send(ik_list_pads())
    assert script.sent[0].url == f"{PADS}/1/pads?key={KEY}"


def ik_list_pads() -> Any:
    from interviewkit.providers import remoteinterview

    return remoteinterview.list_pads()


@pytest.mark.parametrize("settings", [
    {}, {"api_key": ""}, {"api_key": "k", "pads_api_key": " "}, {"api_key": "k", "base_url": "http://api.example.com"},
    {"api_key": "k", "ledger": object()}, {"api_key": "k", "unsupported": "ignore"}, {"api_key": "k", "timeout": 0},
])  # fmt: skip
def test_a_wrong_set_up_is_a_configuration_error(settings: dict[str, Any]) -> None:
    with pytest.raises(ik.ConfigurationError) as caught:
        ik.RemoteInterview(**settings)
    assert caught.value.provider == "remoteinterview"


def test_a_missing_key_says_where_to_get_one() -> None:
    with pytest.raises(ik.ConfigurationError, match=r"Settings.*REMOTEINTERVIEW_API_KEY"):
        ik.RemoteInterview()


def test_options_change_in_a_copy() -> None:
    vendor, _ = provider()
    assert vendor.with_options(timeout=1.5)._open_connection().runner.timeout == 1.5
    assert vendor._open_connection().runner.timeout == 30.0


# --- capabilities ----------------------------------------------------------------------------------------------------


def test_every_feature_is_declared_with_a_note() -> None:
    assert all(
        one.note and one.note != "the provider does not offer it" for one in ik.RemoteInterview.capabilities.values()
    )


UNSUPPORTED: dict[ik.Feature, Callable[[ik.RemoteInterview], Any]] = {
    ik.Feature.EMAIL_CANDIDATE: lambda it: it.invite_candidate(TEST, ik.Candidate(email="a@example.com"), email=True),
    ik.Feature.REPORT_LINK: lambda it: it.report_link(CANDIDATE_REF),
    ik.Feature.REFERENCE: lambda it: it.create_session(reference="r"),
    ik.Feature.CALLBACK: lambda it: it.invite_candidate(
        TEST, ik.Candidate(email="a@example.com"), callback_url="https://ats.example.com"
    ),
}


@pytest.mark.parametrize("feature", UNSUPPORTED)
async def test_an_unsupported_feature_raises_with_its_note_and_sends_nothing(feature: ik.Feature) -> None:
    vendor, script = provider()
    with pytest.raises(ik.UnsupportedError) as caught:
        await UNSUPPORTED[feature](vendor)
    assert vendor.capabilities[feature].note in str(caught.value)
    assert script.sent == []


def test_updated_since_is_refused_at_the_call() -> None:
    vendor, script = provider()
    with pytest.raises(ik.UnsupportedError):
        vendor.list_sessions(updated_since=datetime.now(UTC))
    assert script.sent == []


def test_what_is_declared_unsupported_is_all_that_is() -> None:
    refused = {feature for feature, one in ik.RemoteInterview.capabilities.items() if not one}
    assert refused == {*UNSUPPORTED, ik.Feature.UPDATED_SINCE}


# --- refusals and leaks ----------------------------------------------------------------------------------------------

REFUSALS: dict[int, type[ik.InterviewKitError]] = {
    400: ik.InvalidRequestError, 401: ik.AuthenticationError, 403: ik.PermissionDeniedError, 404: ik.NotFoundError,
    409: ik.ConflictError, 429: ik.RateLimitedError, 500: ik.VendorUnavailableError, 302: ik.TransportError,
}  # fmt: skip


@pytest.mark.parametrize(
    "body", [b"<html>no luke@example.com here</html>", b"", b'{"message":"luke@example.com"}', b"[1]"]
)
@pytest.mark.parametrize("status", REFUSALS)
async def test_each_status_is_its_error_whatever_the_body(status: int, body: bytes) -> None:
    vendor, _ = provider(answer(body, status=status))
    with pytest.raises(REFUSALS[status]) as caught:
        await vendor.fetch_report(CANDIDATE_REF)
    error: ik.InterviewKitError = caught.value
    assert (error.provider, error.operation) == ("remoteinterview", "get_report")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
    for secret in (KEY, LUKE, "luke", "key="):
        assert secret not in f"{error} {error!r}"


async def test_a_refused_key_says_where_to_get_one() -> None:
    vendor, _ = provider(answer({}, status=401), answer({}, status=401))
    with pytest.raises(ik.AuthenticationError, match=r"Settings \(click your name\).*argument api_key"):
        await vendor.check()
    with pytest.raises(ik.AuthenticationError, match="argument pads_api_key"):
        await vendor.get_session(PAD_REF)


@pytest.mark.parametrize(("body", "words"), [
    ({"message": "no"}, "no"), ({"msg": "no"}, "no"), ({"error": "no"}, "no"), ({"message": {"code": 1}}, None),
    ([], None),
])  # fmt: skip
async def test_the_vendors_own_words_are_kept_apart(body: Any, words: str | None) -> None:
    vendor, _ = provider(answer(body, status=400))
    with pytest.raises(ik.InvalidRequestError) as caught:
        await vendor.check()
    assert (caught.value.vendor_message, caught.value.raw) == (words, body)


async def test_an_unknown_id_names_its_kind() -> None:
    vendor, _ = provider(answer({}, status=404), answer({}, status=404))
    with pytest.raises(ik.NotFoundError, match="no such test id or candidate id"):
        await vendor.get_session(CANDIDATE_REF)
    with pytest.raises(ik.NotFoundError, match="no such pad id"):
        await vendor.get_session(PAD_REF)


async def test_nothing_personal_stands_in_reprs_and_logs(payload: Payload, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    vendor, _ = provider(
        answer({}, status=503), payload("remoteinterview/candidate_report.response.json"),
        payload("remoteinterview/candidate_invite.response.json"), retry=ik.RetryPolicy(attempts=2, base_delay=0.001),
    )  # fmt: skip
    report = await vendor.fetch_report(CANDIDATE_REF)
    invitation = await vendor.invite_candidate(TEST, ik.Candidate(email="john@example.com"))
    assert "attempt 1 failed" in caplog.text
    shown = f"{vendor!r} {report!r} {invitation!r} {caplog.text}"
    for secret in (KEY, LUKE, "luke@", "john@", "AjHh1jh4jhKJHJKh424hjt", "candidateemail", "oIetomeR"):
        assert secret not in shown


# --- partial payloads ------------------------------------------------------------------------------------------------


def without_each_key(value: Any, at: str = "") -> list[tuple[str, Any]]:
    """The payload once without each key, and once with null under it, at any depth."""
    found: list[tuple[str, Any]] = []
    items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    for key, inner in items:
        if isinstance(value, dict):
            found.append((f"{at}.{key}", {name: kept for name, kept in value.items() if name != key}))
            found.append((f"{at}.{key}=null", {**value, key: None}))
        for name, changed in without_each_key(inner, f"{at}.{key}"):
            copied = dict(value) if isinstance(value, dict) else list(value)
            copied[key] = changed
            found.append((name, copied))
    return found


async def read(name: str, body: Any) -> Any:
    operation, ref = READERS[name]
    vendor, _ = provider(body)
    return await getattr(vendor, operation)(*ref)


READERS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "candidate_detail.response.json": ("get_session", (CANDIDATE_REF,)),
    "candidate_report.response.json": ("fetch_report", (CANDIDATE_REF,)),
    "codeinterview_pad_detail.response.repaired.json": ("fetch_report", (PAD_REF,)),
    "codeinterview_pads_new.response.json": ("create_session", ()),
    "candidate_invite.response.json": ("invite_candidate", (TEST, ik.Candidate(email="john@example.com"))),
}
INDISPENSABLE = {".id", ".message"}
"""Without an id there is no identity; without "success" nothing says that a write happened."""


@pytest.mark.parametrize("name", READERS)
async def test_a_missing_or_null_field_loses_nothing_but_identity(name: str, payload: Payload) -> None:
    lost = set()
    for field, changed in without_each_key(payload(f"remoteinterview/{name}")):
        try:
            await read(name, changed)
        except ik.MalformedResponseError:
            lost.add(field.removesuffix("=null"))
    assert lost == INDISPENSABLE & {f".{key}" for key in payload(f"remoteinterview/{name}")}


@pytest.mark.parametrize(("name", "kind"), [
    ("tests_list.response.json", None), ("candidates_list.response.json", TEST),
    ("codeinterview_pads_list.response.json", ik.SessionKind.LIVE),
])  # fmt: skip
async def test_a_row_without_a_field_is_read_and_one_without_id_is_a_problem(
    name: str, kind: Any, payload: Payload
) -> None:
    for field, changed in without_each_key(payload(f"remoteinterview/{name}")):
        vendor, _ = provider(changed)
        if kind is None:
            pager: Any = vendor.list_assessments()
        else:
            pager = vendor.list_sessions(**({"assessment_id": kind} if kind == TEST else {"kind": kind}))
        rows = await pager.collect(on_problem="collect")
        number = field.split(".")[1]
        lost = field.removesuffix("=null") == f".{number}.id"
        assert (len(rows), len(pager.problems)) == ((1, 1) if lost else (2, 0)), field


@pytest.mark.parametrize("value", ["seven", 7, True, [], {}])
async def test_a_field_of_another_type_is_malformed_or_kept_in_raw(value: Any, payload: Payload) -> None:
    whole = payload("remoteinterview/candidate_report.response.json")
    for key in whole:
        vendor, _ = provider({**whole, key: value})
        try:
            report = await vendor.fetch_report(CANDIDATE_REF)
        except ik.MalformedResponseError as error:
            assert error.paths[0].startswith(f"$.{key}"), key  # noqa: PT017
        else:
            assert report.raw[key] == value


async def test_an_empty_id_is_a_problem_of_its_row() -> None:
    vendor, _ = provider([{"id": ""}, {"id": "82388c2b7e632"}])
    pager = vendor.list_sessions(kind=ik.SessionKind.LIVE)
    assert len(await pager.collect(on_problem="collect")) == 1
    assert pager.problems[0].raw == {"id": ""}


async def test_unknown_keys_stay_in_raw(payload: Payload) -> None:
    whole = {**payload("remoteinterview/candidate_detail.response.json"), "deadline": 1}
    vendor, _ = provider(whole)
    assert (await vendor.get_session(CANDIDATE_REF)).raw == whole


def test_payload_helper_drops_each_key() -> None:
    assert json.dumps(without_each_key({"a": [{"b": 1}]})) == json.dumps([
        [".a", {}], [".a=null", {"a": None}], [".a.0.b", {"a": [{}]}], [".a.0.b=null", {"a": [{"b": None}]}],
    ])  # fmt: skip
