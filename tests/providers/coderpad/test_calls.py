"""Every endpoint's exact request, written out from https://coderpad.io/api and https://api.interview.coderpad.io."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from interviewkit import InvalidArgumentError
from interviewkit.http.wire import Call
from interviewkit.providers import coderpad
from interviewkit.providers.coderpad import CandidateInstruction, QuestionFile

FORM = "application/x-www-form-urlencoded"


def request(call: Call[Any]) -> tuple[str, str, str | None, bytes | None]:
    made = call.request
    if made.body is None:
        return made.method, made.target, None, None
    return made.method, made.target, made.body.content_type, made.body.encode()


READS: list[tuple[Call[Any], str]] = [
    (coderpad.list_pads(), "/api/pads"),
    (coderpad.list_pads(sort="updated_at,desc"), "/api/pads?sort=updated_at,desc"),
    (coderpad.list_pads(page=2), "/api/pads?page=2"),
    (coderpad.list_pads(sort="created_at", cursor="page=3"), "/api/pads?sort=created_at&page=3"),
    (coderpad.list_pads(cursor="cursor=b3Bh cXVl=="), "/api/pads?cursor=b3Bh%20cXVl%3D%3D"),
    (coderpad.list_pads(cursor="b3BhcXVl"), "/api/pads?cursor=b3BhcXVl"),
    (coderpad.get_pad("DM32JWG2"), "/api/pads/DM32JWG2"),
    (coderpad.get_pad("a?x#y%"), "/api/pads/a%3Fx%23y%25"),
    (coderpad.list_pad_events("DM32JWG2"), "/api/pads/DM32JWG2/events"),
    (
        coderpad.list_pad_events("DM32JWG2", sort="created_at,asc", page=2),
        "/api/pads/DM32JWG2/events?sort=created_at,asc&page=2",
    ),
    (coderpad.get_pad_environment(42), "/api/pad_environments/42"),
    (coderpad.list_questions(), "/api/questions"),
    (coderpad.list_questions(sort="used,desc", cursor="page=2"), "/api/questions?sort=used,desc&page=2"),
    (
        coderpad.list_questions(text="two sum", pad_types=["live", "any"]),
        "/api/questions?text=two%20sum&pad_types%5B%5D=live&pad_types%5B%5D=any",
    ),
    (coderpad.get_question(42), "/api/questions/42"),
    (coderpad.list_question_variants(42), "/api/questions/42/variants"),
    (coderpad.get_question_variant(42, 7), "/api/questions/42/variants/7"),
    (coderpad.get_quota(), "/api/quota"),
    (coderpad.get_user(), "/api/user"),
    (coderpad.get_organization(), "/api/organization"),
    (coderpad.list_organization_users(), "/api/organization/users"),
    (coderpad.list_organization_users(email="a+b@example.com"), "/api/organization/users?email=a%2Bb%40example.com"),
    (coderpad.get_organization_stats(), "/api/organization/stats"),
    (
        coderpad.get_organization_stats(
            start_time=datetime(2015, 12, 7, 0, 31, 52, tzinfo=UTC),
            end_time=datetime(2015, 12, 15, 1, 31, 52, tzinfo=timezone(timedelta(hours=1))),
        ),
        "/api/organization/stats?start_time=2015-12-07T00:31:52Z&end_time=2015-12-15T00:31:52Z",
    ),
    (
        coderpad.list_organization_pads(sort="updated_at,desc", page=2),
        "/api/organization/pads?sort=updated_at,desc&page=2",
    ),
    (
        coderpad.list_organization_questions(sort="updated_at,desc", pad_type="take_home", language="ruby"),
        "/api/organization/questions?sort=updated_at,desc&pad_type=take_home&language=ruby",
    ),
]


@pytest.mark.parametrize(("call", "target"), READS, ids=[f"{call.operation}-{n}" for n, (call, _) in enumerate(READS)])
def test_a_read_is_a_get_without_body_that_may_be_repeated(call: Call[Any], target: str) -> None:
    assert request(call) == ("GET", target, None, None)
    assert call.repeatable


PAD_WRITES: list[tuple[Call[Any], str, str, bytes]] = [
    (coderpad.create_pad(), "POST", "/api/pads", b""),
    (
        coderpad.create_pad(
            title="Rob's Interview", language="ruby", contents="print 'Hi & bye'", notes="Your notes", private=True,
            execution_enabled=False,
        ),
        "POST",
        "/api/pads",
        (b"title=Rob%27s%20Interview&language=ruby&contents=print%20%27Hi%20%26%20bye%27&notes=Your%20notes&private=true"
        b"&execution_enabled=false"),
    ),
    (
        coderpad.create_pad(question_id=42, user_email="owner@example.com", team_id="68264172-5a54"),
        "POST",
        "/api/pads",
        b"question_id=42&user_email=owner%40example.com&team_id=68264172-5a54",
    ),
    (
        coderpad.create_pad(
            restrict_interviewer_access=True, disable_coaching_tips=True, take_home=True, take_home_time_limit=90,
            ai_assist_enabled=False, extra={"waiting_room": True, "ai_assist_enabled": True},
        ),
        "POST",
        "/api/pads",
        (b"restrict_interviewer_access=true&disable_coaching_tips=true&take_home=true&take_home_time_limit=90"
        b"&ai_assist_enabled=true&waiting_room=true"),
    ),
    (
        coderpad.update_pad("AFQ2K9A3", title="Interview with Greg"),
        "PUT",
        "/api/pads/AFQ2K9A3",
        b"title=Interview%20with%20Greg",
    ),
    (
        coderpad.update_pad(
            "AFQ2K9A3", language="go", question_id="7", notes="", private=False, execution_enabled=True,
            user_email="o@example.com", restrict_interviewer_access=False, disable_coaching_tips=False,
        ),
        "PUT",
        "/api/pads/AFQ2K9A3",
        (b"language=go&question_id=7&notes=&private=false&execution_enabled=true&user_email=o%40example.com"
        b"&restrict_interviewer_access=false&disable_coaching_tips=false"),
    ),
    (
        coderpad.update_pad("AFQ2K9A3", contents="", destroy_history=True),
        "PUT",
        "/api/pads/AFQ2K9A3",
        b"contents=",
    ),
    (coderpad.end_pad("AFQ2K9A3"), "PUT", "/api/pads/AFQ2K9A3", b"ended=true"),
    (coderpad.delete_pad("AFQ2K9A3"), "PUT", "/api/pads/AFQ2K9A3", b"deleted=true"),
]  # fmt: skip

QUESTION_WRITES: list[tuple[Call[Any], str, str, bytes]] = [
    (
        coderpad.create_question(
            title="Are avocados fruity?", language="ruby", description="Round 2", contents="def f;\n  end\n",
            solution="This", candidate_description="Implement",
        ),
        "POST",
        "/api/questions",
        (b"question%5Btitle%5D=Are%20avocados%20fruity%3F&question%5Blanguage%5D=ruby&question%5Bdescription%5D=Round%202"
        b"&question%5Bcontents%5D=def%20f%3B%0A%20%20end%0A&question%5Bsolution%5D=This"
        b"&question%5Bcandidate_description%5D=Implement"),
    ),
    (
        coderpad.create_question(
            title="T", language="multifile_python",
            candidate_instructions=[
                CandidateInstruction(instructions="Go", default_visible=True), {"instructions": "é"},
            ],
            file_contents=[QuestionFile(path="main.py", contents="x = 1\n")], shared=False, take_home=True,
            pad_type="take_home", custom_database_id=5, ai_assist_custom_system_prompt="Hints only",
        ),
        "POST",
        "/api/questions",
        (b"question%5Btitle%5D=T&question%5Blanguage%5D=multifile_python"
        b"&question%5Bcandidate_instructions%5D=%5B%7B%22instructions%22%3A%22Go%22%2C%22default_visible%22%3Atrue%7D%2C"
        b"%7B%22instructions%22%3A%22%C3%A9%22%7D%5D"
        b"&question%5Bai_assist_custom_system_prompt%5D=Hints%20only"
        b"&question%5Bfile_contents%5D=%5B%7B%22path%22%3A%22main.py%22%2C%22contents%22%3A%22x%20%3D%201%5Cn%22%7D%5D"
        b"&question%5Bshared%5D=false&question%5Btake_home%5D=true&question%5Bpad_type%5D=take_home"
        b"&question%5Bcustom_database_id%5D=5"),
    ),
    (
        coderpad.update_question(42, description="Less points now", extra={"rubric": ["a", "b"]}),
        "PUT",
        "/api/questions/42",
        b"question%5Bdescription%5D=Less%20points%20now&question%5Brubric%5D=%5B%22a%22%2C%22b%22%5D",
    ),
    (
        coderpad.update_question(
            42, title="T", language="go", description="", solution="S", candidate_instructions=[],
            file_contents=[{"path": "a.go", "contents": ""}], ai_assist_custom_system_prompt="Hints", shared=True,
            take_home=False, pad_type="any", custom_database_id=6,
        ),
        "PUT",
        "/api/questions/42",
        (b"question%5Btitle%5D=T&question%5Blanguage%5D=go&question%5Bdescription%5D=&question%5Bsolution%5D=S"
        b"&question%5Bcandidate_instructions%5D=%5B%5D&question%5Bai_assist_custom_system_prompt%5D=Hints"
        b"&question%5Bfile_contents%5D=%5B%7B%22path%22%3A%22a.go%22%2C%22contents%22%3A%22%22%7D%5D"
        b"&question%5Bshared%5D=true&question%5Btake_home%5D=false&question%5Bpad_type%5D=any"
        b"&question%5Bcustom_database_id%5D=6"),
    ),
    (
        coderpad.update_question(42, contents="x", candidate_description="Do"),
        "PUT",
        "/api/questions/42",
        b"question%5Bcontents%5D=x&question%5Bcandidate_description%5D=Do",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "target", "body"),
    [*PAD_WRITES, *QUESTION_WRITES],
    ids=[f"{row[0].operation}-{n}" for n, row in enumerate([*PAD_WRITES, *QUESTION_WRITES])],
)
def test_a_write_is_a_form_that_is_sent_once(call: Call[Any], method: str, target: str, body: bytes) -> None:
    assert request(call) == (method, target, FORM, body)
    assert not call.repeatable


def test_a_list_of_interviewers_needs_json_where_execution_enabled_is_a_word() -> None:
    created = coderpad.create_pad(
        title="É", private=True, execution_enabled=False, allowed_interviewer_emails=["i@example.com"]
    )
    assert request(created) == (
        "POST",
        "/api/pads",
        "application/json",
        '{"pad":{"title":"É","private":true,"execution_enabled":"false","allowed_interviewer_emails":["i@example.com"]}}'
        .encode(),
    )  # fmt: skip
    enabled = coderpad.update_pad("AFQ2K9A3", execution_enabled=True, allowed_interviewer_emails=())
    assert request(enabled)[3] == b'{"pad":{"execution_enabled":"true","allowed_interviewer_emails":[]}}'
    cleared = coderpad.update_pad("AFQ2K9A3", allowed_interviewer_emails=[])
    assert request(cleared) == (
        "PUT", "/api/pads/AFQ2K9A3", "application/json", b'{"pad":{"allowed_interviewer_emails":[]}}',
    )  # fmt: skip


def test_an_extra_that_no_form_can_carry_is_sent_as_json() -> None:
    assert request(coderpad.create_pad(extra={"tags": ["a"], "notes": None}))[2:] == (
        "application/json", b'{"pad":{"tags":["a"],"notes":null}}',
    )  # fmt: skip


def test_a_zip_file_is_sent_as_multipart() -> None:
    method, target, content_type, body = request(
        coderpad.create_question(title="T", language="ruby", zip_file=b"PK\x03\x04\x00")
    )
    boundary = (content_type or "").removeprefix("multipart/form-data; boundary=")
    assert (method, target) == ("POST", "/api/questions")
    assert boundary
    assert (
        body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="question[title]"\r\n\r\nT\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="question[language]"\r\n\r\nruby\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="question[zip_file]"; filename="files.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        ).encode()
        + b"PK\x03\x04\x00"
        + f"\r\n--{boundary}--\r\n".encode()
    )


def test_an_update_may_be_a_zip_file_alone() -> None:
    method, target, content_type, body = request(coderpad.update_question(1, zip_file=b"PK"))
    boundary = (content_type or "").removeprefix("multipart/form-data; boundary=")
    assert (method, target) == ("PUT", "/api/questions/1")
    assert (
        body
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="question[zip_file]"; filename="files.zip"\r\n'
            f"Content-Type: application/zip\r\n\r\nPK\r\n--{boundary}--\r\n"
        ).encode()
    )


def test_a_question_is_deleted_without_a_body() -> None:
    call = coderpad.delete_question(42)
    assert request(call) == ("DELETE", "/api/questions/42", None, None)
    assert not call.repeatable


VARIANT_WRITES: list[tuple[Call[Any], str, str, bytes]] = [
    (
        coderpad.create_question_variant(42, language="java", contents="", solution="s"),
        "POST", "/api/questions/42/variants", b'{"language":"java","contents":"","solution":"s"}',
    ),
    (
        coderpad.create_question_variant(
            42, language="multifile_python", file_contents=[{"path": "a", "contents": "b"}]
        ),
        "POST", "/api/questions/42/variants",
        b'{"language":"multifile_python","file_contents":[{"path":"a","contents":"b"}]}',
    ),
    (
        coderpad.update_question_variant(42, 7, contents=None),
        "PUT", "/api/questions/42/variants/7", b'{"contents":null}',
    ),
    (
        coderpad.update_question_variant(
            42, 7, language="go", file_contents=[], solution=None, extra={"display": "Go"}
        ),
        "PUT", "/api/questions/42/variants/7",
        b'{"language":"go","solution":null,"file_contents":[],"display":"Go"}',
    ),
]  # fmt: skip


@pytest.mark.parametrize(("call", "method", "target", "body"), VARIANT_WRITES, ids=range(len(VARIANT_WRITES)))
def test_a_variant_is_written_as_json(call: Call[Any], method: str, target: str, body: bytes) -> None:
    assert request(call) == (method, target, "application/json", body)
    assert not call.repeatable


def test_a_variant_is_deleted_without_a_body() -> None:
    call = coderpad.delete_question_variant(42, 7)
    assert request(call) == ("DELETE", "/api/questions/42/variants/7", None, None)
    assert not call.repeatable


BY_ID: list[Callable[[Any], Call[Any]]] = [
    coderpad.get_pad, coderpad.end_pad, coderpad.delete_pad, coderpad.list_pad_events, coderpad.get_pad_environment,
    coderpad.get_question, coderpad.delete_question, coderpad.list_question_variants,
    lambda bad: coderpad.update_pad(bad, title="t"),
    lambda bad: coderpad.update_question(bad, title="t"),
    lambda bad: coderpad.create_question_variant(bad, language="go"),
    lambda bad: coderpad.get_question_variant(1, bad),
    lambda bad: coderpad.get_question_variant(bad, 1),
    lambda bad: coderpad.update_question_variant(1, bad, language="go"),
    lambda bad: coderpad.delete_question_variant(1, bad),
]  # fmt: skip


@pytest.mark.parametrize("make", BY_ID, ids=range(len(BY_ID)))
@pytest.mark.parametrize("bad", ["", " ", ".", "..", "../x", "a/b", "a\\b", "a\nb", None, True])
def test_no_id_leads_to_another_route(make: Callable[[Any], Call[Any]], bad: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        make(bad)


NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
WRONG: dict[str, Callable[[], Call[Any]]] = {
    "unknown sort": lambda: coderpad.list_pads(sort="title"),
    "unknown direction": lambda: coderpad.list_pads(sort="created_at,up"),
    "sort with a trailing comma": lambda: coderpad.list_pads(sort="created_at,"),
    "page zero": lambda: coderpad.list_pads(page=0),
    "page and cursor": lambda: coderpad.list_pads(page=1, cursor="page=2"),
    "empty cursor": lambda: coderpad.list_pads(cursor=""),
    "page cursor without number": lambda: coderpad.list_organization_pads(cursor="page=x"),
    "contents and question": lambda: coderpad.create_pad(contents="", question_id=1),
    "contents and question by extra": lambda: coderpad.create_pad(contents="x", extra={"question_id": 1}),
    "one mailbox as text": lambda: coderpad.create_pad(allowed_interviewer_emails="a@example.com"),
    "no time limit": lambda: coderpad.create_pad(take_home_time_limit=0),
    "time limit as a flag": lambda: coderpad.create_pad(take_home_time_limit=True),
    "nothing to update": lambda: coderpad.update_pad("A"),
    "contents without consent": lambda: coderpad.update_pad("A", contents="x"),
    "blank contents without consent": lambda: coderpad.update_pad("A", contents=""),
    "contents by extra without consent": lambda: coderpad.update_pad("A", extra={"contents": "x"}),
    "reopening": lambda: coderpad.update_pad("A", extra={"ended": False}),
    "deleting by update": lambda: coderpad.update_pad("A", title="t", extra={"deleted": True}),
    "stats with one end": lambda: coderpad.get_organization_stats(start_time=NOON),
    "stats without zone": lambda: coderpad.get_organization_stats(start_time=NOON, end_time=NOON.replace(tzinfo=None)),
    "pad_types as text": lambda: coderpad.list_questions(pad_types="live"),
    "unknown pad_types": lambda: coderpad.list_questions(pad_types=["dead"]),
    "any as a filter": lambda: coderpad.list_organization_questions(pad_type="any"),
    "question without title": lambda: coderpad.create_question(title="", language="go"),
    "question without language": lambda: coderpad.create_question(title="t", language=""),
    "two kinds of contents": lambda: coderpad.create_question(
        title="t", language="go", contents="x", file_contents=[{"path": "a", "contents": "b"}]
    ),
    "contents and zip": lambda: coderpad.update_question(1, contents="x", zip_file=b"PK"),
    "empty zip": lambda: coderpad.update_question(1, zip_file=b""),
    "two kinds of instructions": lambda: coderpad.create_question(
        title="t", language="go", candidate_description="a", candidate_instructions=[{"instructions": "a"}]
    ),
    "instructions as text": lambda: coderpad.update_question(1, candidate_instructions="do"),  # type: ignore[arg-type]
    "instruction without text": lambda: coderpad.update_question(1, candidate_instructions=[{"default_visible": True}]),
    "file without path": lambda: coderpad.update_question(1, file_contents=[{"contents": "x"}]),
    "file without contents": lambda: coderpad.update_question(1, file_contents=[{"path": "x"}]),
    "unknown pad type": lambda: coderpad.update_question(1, pad_type="dead"),
    "no question change": lambda: coderpad.update_question(1),
    "variant without language": lambda: coderpad.create_question_variant(1, language=""),
    "variant with two contents": lambda: coderpad.update_question_variant(
        1, 2, contents=None, file_contents=[{"path": "a", "contents": "b"}]
    ),
    "no variant change": lambda: coderpad.update_question_variant(1, 2),
}


@pytest.mark.parametrize("make", WRONG.values(), ids=WRONG)
def test_arguments_that_the_vendor_would_refuse_or_ignore_are_refused_at_once(make: Callable[[], Call[Any]]) -> None:
    with pytest.raises(InvalidArgumentError):
        make()


def test_every_endpoint_has_an_exact_request() -> None:
    functions = {name for name in coderpad.__all__ if name[0].islower()}
    alone = {"delete_question", "delete_question_variant"}  # each has a test of its own above
    assert functions == {call.operation for call in ALL} | alone
    assert len(functions) == 25


ALL = [call for call, *_ in [*READS]] + [row[0] for row in [*PAD_WRITES, *QUESTION_WRITES, *VARIANT_WRITES]]


@pytest.mark.parametrize("call", ALL, ids=[f"{call.operation}-{n}" for n, call in enumerate(ALL)])
def test_a_call_compares_and_pickles(call: Call[Any]) -> None:
    assert pickle.loads(pickle.dumps(call)) == call  # noqa: S301
    assert call.provider == "coderpad"


def test_calls_of_other_arguments_differ() -> None:
    assert coderpad.get_pad("A") != coderpad.get_pad("B")
    assert coderpad.list_pads() != coderpad.list_organization_pads()


def test_a_repr_names_the_fields_and_none_of_the_values() -> None:
    call = coderpad.create_pad(title="Greg", notes="gregarious", user_email="greg@example.com")
    assert repr(call) == "<Call coderpad.create_pad POST /api/pads body: Form(fields=['title', 'notes', 'user_email'])>"
    assert repr(coderpad.get_pad("DM32JWG2")) == "<Call coderpad.get_pad GET /api/pads/{pad_id}>"


def test_describe_shows_the_whole_request() -> None:
    assert coderpad.update_pad("AB", title="Greg & Co").describe() == (
        "PUT /api/pads/AB\nAccept: application/json\nContent-Type: application/x-www-form-urlencoded\n\n"
        "title=Greg%20%26%20Co"
    )
