"""Mistaken arguments: the same refusal at every provider, by the protocol's own names, before anything is sent."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.testing.scripted import Answer, Scripted, answer

CANDIDATE = ik.Candidate(email="candidate.one@example.com")
MAKERS: dict[str, Callable[..., ik.BaseProvider]] = {
    "coderpad": lambda **given: ik.CoderPad("key-one", **given),
    "codility": lambda **given: ik.Codility("key-two", **given),
    "remoteinterview": lambda **given: ik.RemoteInterview("key-three", **given),
}
AWARE = "datetime with a time zone"


def scripted(name: str, *answers: Answer, **settings: Any) -> tuple[Any, Scripted]:
    script = Scripted(answers)
    return MAKERS[name](transport=script, retry=ik.RetryPolicy(attempts=1), **settings), script


async def outcome_of(made: Any) -> Any:
    """The result of a coroutine, the rows of an iterator."""
    if hasattr(made, "__aiter__"):
        return [one async for one in made]
    return await made


# --- the protocol's arguments ----------------------------------------------------------------------------------------

MISTAKES: list[tuple[str, str, tuple[Any, ...], dict[str, Any], str]] = [
    *(("create_session", "title", (), {"title": bad}, "title is a text") for bad in (5, "", " ")),
    ("create_session", "language", (), {"language": 5}, "language is a text"),
    (
        "create_session",
        "candidate",
        (),
        {"candidate": "candidate.one@example.com"},
        "candidate is a Candidate, not str",
    ),
    ("create_session", "private", (), {"private": "no"}, "private is True, False or None, not str"),
    *(("invite_candidate", "candidate", ("1", bad), {}, "candidate is a Candidate") for bad in ("a@example.com", None)),
    ("invite_candidate", "assessment", (1, CANDIDATE), {}, "assessment_id is an id, as text"),
    ("invite_candidate", "email", ("1", CANDIDATE), {"email": "yes"}, "email is True, False or an InvitationEmail"),
    *(
        ("invite_candidate", "mails", ("1", CANDIDATE), {"report_emails": bad}, "report_emails is a list of mailboxes")
        for bad in ("a@example.com", [None], 5)
    ),
    *(
        ("invite_candidates", "requests", ("1", bad), {}, "requests is a list")
        for bad in (None, "a@example.com", CANDIDATE, ik.InviteRequest(candidate=CANDIDATE))
    ),
    ("invite_candidates", "row", ("1", [CANDIDATE, "a@example.com"]), {}, "a batch holds InviteRequests or Candidates"),
    ("invite_candidates", "mails", ("1", []), {"report_emails": "a@example.com"}, "report_emails is a list"),
    ("list_sessions", "kind", (), {"kind": "bogus"}, "kind is a SessionKind"),
    ("list_sessions", "assessment", (), {"assessment_id": 5}, "assessment_id is an id, as text"),
    ("list_sessions", "naive", (), {"updated_since": datetime(2026, 1, 1)}, AWARE),  # noqa: DTZ001
    ("list_sessions", "since", (), {"updated_since": "2026-01-01"}, AWARE),
    *(("fetch_reports", "refs", (bad,), {}, "refs is a list of references") for bad in (None, "abc", 5)),
    ("fetch_reports", "concurrency", (["abc"],), {"concurrency": "8"}, "concurrency is a whole number"),
    *(
        ("fetch_reports", "patience", (["abc"],), {"patience": bad}, "patience is a number of seconds")
        for bad in (-1, "5", float("nan"))
    ),
    ("download", "artifact", (None, io.BytesIO()), {}, "artifact is an Artifact"),
    ("send", "call", ("x",), {}, r"send\(\) takes a Call, not str"),
]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("operation", "_what", "given", "keywords", "said"), MISTAKES)
async def test_a_mistaken_argument_is_refused_by_its_name_before_anything_is_sent(
    name: str, operation: str, _what: str, given: tuple[Any, ...], keywords: dict[str, Any], said: str
) -> None:
    provider, script = scripted(name)
    with pytest.raises(ik.InvalidArgumentError, match=said) as caught:
        await outcome_of(getattr(provider, operation)(*given, **keywords))
    assert "example.com" not in str(caught.value)
    assert script.sent == []
    assert caught.value.outcome is ik.Outcome.NOT_SENT
    assert (caught.value.provider, caught.value.operation) == (name, operation)


@pytest.mark.parametrize("name", MAKERS)
async def test_a_target_that_cannot_be_written_to_is_refused_before_the_file_is_asked_for(name: str) -> None:
    provider, script = scripted(name)
    kind, own = {
        "coderpad": (ik.ArtifactKind.DRAWING, "coderpad:live:ABC"),
        "codility": (ik.ArtifactKind.PDF, "codility:take_home:ABCDEF-ABC"),
        "remoteinterview": (ik.ArtifactKind.SUBMISSION, "remoteinterview:take_home:T/C"),
    }[name]
    artifact = ik.Artifact(ref=ik.SessionRef.parse(own), kind=kind)
    with pytest.raises(ik.InvalidArgumentError, match="target is a path"):
        await provider.download(artifact, None)
    assert script.sent == []


# --- references ------------------------------------------------------------------------------------------------------

MISFITS = [
    ("coderpad", "coderpad:live:foo/JFDDP3TQ", "coderpad:live:PAD_ID"),
    ("coderpad", "coderpad:live:../x", "coderpad:live:PAD_ID"),
    ("coderpad", "coderpad:take_home:X", "coderpad:live:PAD_ID"),
    ("coderpad", "coderpad:nonsense", "coderpad:live:PAD_ID"),
    ("codility", "codility:take_home:zzz/CQF9L5-EVD", "codility:take_home:SESSION_ID"),
    ("codility", "codility:live:CQF9L5-EVD", "codility:take_home:ID"),
    ("codility", "codility:take_home:CL-S4SWMD-QY6", "codility:live:ID"),
    ("remoteinterview", "remoteinterview:take_home:X3Jp", "remoteinterview:take_home:TEST_ID/CANDIDATE_ID"),
    ("remoteinterview", "remoteinterview:live:T/P", "remoteinterview:live:PAD_ID"),
    ("remoteinterview", "X3Jp", "remoteinterview:take_home:TEST_ID/CANDIDATE_ID"),
    ("remoteinterview", 5, "remoteinterview:live:PAD_ID"),
]


@pytest.mark.parametrize(("name", "ref", "right"), MISFITS)
@pytest.mark.parametrize("operation", ["get_session", "fetch_report", "end_session"])
async def test_a_reference_of_another_form_is_refused_with_the_right_one(
    name: str, ref: Any, right: str, operation: str
) -> None:
    provider, script = scripted(name)
    with pytest.raises(ik.InvalidArgumentError) as caught:
        await getattr(provider, operation)(ref)
    assert right in str(caught.value)
    assert (caught.value.provider, caught.value.operation, script.sent) == (name, operation, [])


class OneSpace(ik.BaseProvider):
    """Somebody else's provider: says only what a bare id means."""

    name = "one"
    ref_kind = ik.SessionKind.LIVE


class Nested(ik.BaseProvider):
    """Somebody else's provider: its take-homes lie within a folder."""

    name = "nested"
    ref_forms = {ik.SessionKind.TAKE_HOME: "FOLDER/ID"}  # noqa: RUF012


class Free(ik.BaseProvider):
    """Somebody else's provider: says nothing of its references."""

    name = "free"


@pytest.mark.parametrize(
    ("provider", "fits", "misfits"),
    [
        (OneSpace(), ["a", "one:live:a"], ["one:live:x/a", "one:take_home:a"]),
        (Nested(), ["nested:take_home:f/a"], ["a", "nested:take_home:a", "nested:live:a", "nested:live:f/a"]),
        (Free(), ["free:live:a", "free:live:f/a", "free:take_home:a"], ["a", "one:live:a"]),
    ],
    ids=lambda given: getattr(given, "name", None),
)
def test_third_parties_get_the_same_by_declaring_their_forms(
    provider: ik.BaseProvider, fits: list[str], misfits: list[str]
) -> None:
    assert all(provider.resolve(ref).provider == provider.name for ref in fits)
    for ref in misfits:
        with pytest.raises(ik.InvalidArgumentError):
            provider.resolve(ref)


# --- instructions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["codility", "remoteinterview"])
async def test_private_false_is_an_instruction_too(name: str) -> None:
    provider, script = scripted(name)
    with pytest.raises(ik.UnsupportedError, match="private") as caught:
        await provider.create_session(title="Backend", private=False)
    assert str(caught.value).count(name) == 1
    assert script.sent == []


@pytest.mark.parametrize("name", ["coderpad", "remoteinterview"])
async def test_a_batch_that_cannot_be_told_something_is_refused_once_and_whole(name: str) -> None:
    provider, script = scripted(name)
    taken = iter([CANDIDATE, CANDIDATE])
    with pytest.raises(ik.UnsupportedError, match="callback_url") as caught:
        await outcome_of(provider.invite_candidates("1", taken, callback_url="https://example.com/hook"))
    assert (caught.value.operation, script.sent, len(list(taken))) == ("invite_candidates", [], 2)


async def test_a_batch_with_warnings_goes_on() -> None:
    provider, _ = scripted("coderpad", answer({"status": "OK", "id": "ABC", "title": "x"}), unsupported="warn")
    (one,) = await outcome_of(provider.invite_candidates(None, [CANDIDATE], callback_url="https://example.com/hook"))
    assert "callback_url" in [dropped.field for dropped in one.invitation.warnings]


@pytest.mark.parametrize("name", ["codility", "remoteinterview"])
def test_what_is_unsupported_names_the_method_that_was_called_and_the_provider_once(name: str) -> None:
    provider, _ = scripted(name)
    with pytest.raises(ik.UnsupportedError) as caught:
        provider.list_sessions(updated_since=datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    assert caught.value.operation == "list_sessions"
    assert str(caught.value).startswith(f"{name}.list_sessions: the vendor does not support updated_since: ")
    assert str(caught.value).count(name) == 1


# --- elsewhere -------------------------------------------------------------------------------------------------------


def test_capabilities_are_a_mapping_for_any_key() -> None:
    capabilities = ik.CoderPad.capabilities
    assert "nope" not in capabilities
    assert capabilities.get("nope") is None  # type: ignore[call-overload]
    assert capabilities["check"] == capabilities[ik.Feature.CHECK]  # type: ignore[index]
    with pytest.raises(KeyError, match="nope"):
        capabilities["nope"]  # type: ignore[index]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("listed", ["list_sessions", "list_assessments"])
async def test_a_cursor_of_no_page_is_refused_without_a_request(name: str, listed: str) -> None:
    provider, script = scripted(name)
    with pytest.raises(ik.InvalidArgumentError):
        await getattr(provider, listed)().resume("junk").collect()
    assert script.sent == []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("key", "said"), [(None, "missing"), (5, "is a text, not int")])
def test_a_missing_key_and_one_of_the_wrong_type_are_told_apart(name: str, key: Any, said: str) -> None:
    kind = {"coderpad": ik.CoderPad, "codility": ik.Codility, "remoteinterview": ik.RemoteInterview}[name]
    with pytest.raises(ik.ConfigurationError, match=said) as caught:
        kind(key)
    variable = "CODILITY_TOKEN" if name == "codility" else f"{name.upper()}_API_KEY"
    assert variable in str(caught.value.hint)
    assert caught.value.outcome is ik.Outcome.NOT_SENT


async def test_a_call_of_another_vendor_says_which_call_it_was() -> None:
    from interviewkit.providers import codility

    provider, _ = scripted("coderpad")
    with pytest.raises(ik.InvalidArgumentError, match="a call of codility") as caught:
        await provider.send(codility.get_credit_level())
    assert (caught.value.provider, caught.value.operation) == ("coderpad", "get_credit_level")


async def test_garbage_after_a_write_says_to_look_before_it_is_repeated() -> None:
    provider, _ = scripted("coderpad", answer(b"<html>"))
    with pytest.raises(ik.MalformedResponseError, match="look at the vendor's list before you repeat") as caught:
        await provider.create_session(title="Backend")
    assert (caught.value.outcome, caught.value.retryable) == (ik.Outcome.UNKNOWN, False)


async def test_garbage_after_a_read_has_no_fate() -> None:
    provider, _ = scripted("coderpad", answer(b"<html>"))
    with pytest.raises(ik.MalformedResponseError) as caught:
        await provider.check()
    assert caught.value.outcome is None
    assert "repeat" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "blamed"), [({"language": "klingon"}, True), ({"template_id": "7"}, False), ({"title": "x"}, False)]
)
async def test_an_unknown_language_is_blamed_only_where_one_was_sent(given: dict[str, Any], blamed: bool) -> None:
    provider, _ = scripted("coderpad", answer({"status": "ERROR", "message": "Bad request"}, status=400))
    with pytest.raises(ik.InvalidRequestError) as caught:
        await provider.create_session(**given)
    assert ("unknown language" in str(caught.value)) is blamed
    assert ".vendor_message" in str(caught.value)


async def test_a_pad_that_was_made_is_applied_whatever_becomes_of_its_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    from interviewkit.providers.coderpad import translate

    def fail(*_given: Any, **_keywords: Any) -> None:
        raise ik.InvalidArgumentError("a reference's id is a text that is not empty")

    monkeypatch.setattr(translate, "session", fail)
    provider, _ = scripted("coderpad", answer({"status": "OK", "id": "ABC"}))
    with pytest.raises(ik.InvalidArgumentError) as caught:
        await provider.create_session(title="Backend")
    assert caught.value.outcome is ik.Outcome.APPLIED
