"""Every endpoint's exact request, written out from https://www.remoteinterview.io/api and https://codeinterview.io/api."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from interviewkit.errors import InvalidArgumentError, MalformedResponseError, Outcome, VendorError
from interviewkit.http.wire import Call, Response
from interviewkit.providers import remoteinterview as ri
from interviewkit.providers.remoteinterview import RemoteInterview
from interviewkit.testing.scripted import Scripted, answer

API = "https://api.remoteinterview.io"
PADS = "https://api.codeinterview.io"
CANDIDATE = {"id": "X3JpY2FuZ9ucGtAZ21haWwuY29t"}
MADE = {"message": "success", "id": "82388c2b7e632", "url": "https://codeinterview.io/82388c2b7e632"}

# call, answer, method, URL with the key, content type, body
REQUESTS: dict[str, tuple[Call[Any], Any, str, str, str | None, bytes | None]] = {
    "list_tests": (ri.list_tests(), [], "GET", f"{API}/1/tests?key=283h4g4h4h", None, None),
    "list_candidates": (
        ri.list_candidates("-JrvNKhZ"), [], "GET", f"{API}/1/tests/-JrvNKhZ/candidates?key=283h4g4h4h", None, None,
    ),
    "get_candidate, with the slash at the end": (
        ri.get_candidate("-JrvNKhZ", "X3JpY2FuZF90ZXNldy5pbw~~"), CANDIDATE, "GET",
        f"{API}/1/tests/-JrvNKhZ/candidates/X3JpY2FuZF90ZXNldy5pbw~~/?key=283h4g4h4h", None, None,
    ),
    "create_candidate": (
        ri.create_candidate("-JrvNKhZ", "john@example.com"), MADE, "POST",
        f"{API}/1/tests/-JrvNKhZ/candidates?key=283h4g4h4h", "application/json", b'{"email":"john@example.com"}',
    ),
    "create_candidate as a form": (
        ri.create_candidate("-JrvNKhZ", "john+1@example.com", form=True), MADE, "POST",
        f"{API}/1/tests/-JrvNKhZ/candidates?key=283h4g4h4h", "application/x-www-form-urlencoded",
        b"email=john%2B1%40example.com",
    ),
    "create_candidate with more": (
        ri.create_candidate("-JrvNKhZ", "john@example.com", extra={"name": "John"}), MADE, "POST",
        f"{API}/1/tests/-JrvNKhZ/candidates?key=283h4g4h4h", "application/json",
        b'{"email":"john@example.com","name":"John"}',
    ),
    "get_report": (
        ri.get_report("-JrvNKhZ", "X3JpY2FuZF90ZXNldy5pbw~~"), CANDIDATE, "GET",
        f"{API}/1/tests/-JrvNKhZ/candidates/X3JpY2FuZF90ZXNldy5pbw~~/report?key=283h4g4h4h", None, None,
    ),
    "list_pads": (ri.list_pads(), [], "GET", f"{PADS}/1/pads?key=p4ds", None, None),
    "create_pad": (
        ri.create_pad("Interview with Luke"), MADE, "POST", f"{PADS}/1/pads/new?key=p4ds", "application/json",
        b'{"name":"Interview with Luke"}',
    ),
    "create_pad without a name": (
        ri.create_pad(), MADE, "POST", f"{PADS}/1/pads/new?key=p4ds", "application/json", b"{}",
    ),
    "create_pad as a form": (
        ri.create_pad("A & B", form=True), MADE, "POST", f"{PADS}/1/pads/new?key=p4ds",
        "application/x-www-form-urlencoded", b"name=A%20%26%20B",
    ),
    "get_pad": (ri.get_pad("82388c2b7e632"), MADE, "GET", f"{PADS}/1/pads/82388c2b7e632?key=p4ds", None, None),
    "end_pad, with an empty body": (
        ri.end_pad("82388c2b7e632"), {"msg": "success"}, "POST",
        f"{PADS}/1/pads/82388c2b7e632/end?key=p4ds", None, None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REQUESTS)
async def test_each_endpoint_sends_the_documented_request(name: str) -> None:
    call, reply, method, url, content_type, body = REQUESTS[name]
    script = Scripted([answer(reply)])
    await RemoteInterview("283h4g4h4h", pads_api_key="p4ds", transport=script).send(call)
    (sent,) = script.sent
    assert (sent.method, sent.url, sent.headers.get("Content-Type"), sent.body) == (method, url, content_type, body)
    assert "Authorization" not in sent.headers


def test_every_call_function_has_an_exact_request() -> None:
    functions = {name for name in ri.__all__ if name[0].islower()}
    assert functions == {call.operation for call, *_ in REQUESTS.values()}


@pytest.mark.parametrize("name", REQUESTS)
def test_only_reads_may_be_repeated(name: str) -> None:
    call, _, method, *_ = REQUESTS[name]
    assert call.repeatable is (method == "GET")


@pytest.mark.parametrize("bad", ["../x", "a/b", "a\\b", "..", ".", "", " ", "a\nb", 7.5, None])
@pytest.mark.parametrize("build", [
    ri.list_candidates, ri.get_pad, ri.end_pad, lambda x: ri.get_candidate(x, "c"), lambda x: ri.get_candidate("t", x),
    lambda x: ri.get_report(x, "c"), lambda x: ri.get_report("t", x), lambda x: ri.create_candidate(x, "a@example.com"),
])  # fmt: skip
def test_an_id_that_leads_elsewhere_is_refused(build: Any, bad: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        build(bad)
    assert caught.value.provider == "remoteinterview"
    assert caught.value.operation


def test_an_id_with_a_query_in_it_is_quoted() -> None:
    assert ri.get_pad("a?x#y").request.target == "/1/pads/a%3Fx%23y"


@pytest.mark.parametrize("email", ["", "john", "@example.com", "john@", "jo hn@example.com", None, 7])
def test_what_is_no_mailbox_is_refused_without_being_shown(email: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="email is not a mailbox") as caught:
        ri.create_candidate("-JrvNKhZ", email)
    assert "john" not in str(caught.value)


def test_a_call_shows_no_personal_data_unless_asked() -> None:
    call = ri.create_candidate("-JrvNKhZ", "john@example.com")
    assert repr(call) == (
        "<Call remoteinterview.create_candidate POST /1/tests/{test_id}/candidates body: Json(value=['email'])>"
    )
    assert call.describe() == (
        "POST /1/tests/-JrvNKhZ/candidates\nAccept: application/json\nContent-Type: application/json\n\n"
        '{"email":"john@example.com"}'
    )
    assert "X3Jp" not in repr(ri.get_report("-JrvNKhZ", "X3JpY2FuZF90ZXNldy5pbw~~"))


@pytest.mark.parametrize("name", REQUESTS)
def test_calls_compare_and_pickle(name: str) -> None:
    call = REQUESTS[name][0]
    assert pickle.loads(pickle.dumps(call)) == call  # noqa: S301
    assert call != ri.get_pad("another")


@pytest.mark.parametrize("reply", [{"message": "success", "id": "a"}, {"msg": "success", "id": "a"}])
def test_a_write_is_confirmed_under_either_key(reply: dict[str, str]) -> None:
    assert ri.create_pad().read(answer(reply)).id == "a"


def test_another_word_than_success_is_a_refusal_with_the_words_kept_out_of_the_text() -> None:
    with pytest.raises(VendorError) as caught:
        ri.create_pad().read(answer({"message": "no plan for john@example.com"}))
    assert caught.value.outcome is Outcome.REFUSED
    assert caught.value.vendor_message == "no plan for john@example.com"
    assert "john" not in str(caught.value)


@pytest.mark.parametrize(("reply", "outcome", "path"), [
    ({"id": "a"}, None, "$.message"),
    ({"message": None, "id": "a"}, None, "$.message"),
    ({"message": "success"}, Outcome.APPLIED, "$"),
    ({"message": "success", "id": ""}, Outcome.APPLIED, "$.id"),
    ({"message": "success", "id": None}, Outcome.APPLIED, "$.id"),
])  # fmt: skip
def test_an_unreadable_confirmation_says_what_is_known_of_the_write(
    reply: dict[str, Any], outcome: Outcome | None, path: str
) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        ri.create_pad().read(answer(reply))
    assert (caught.value.outcome, caught.value.paths) == (outcome, (path,))
    assert caught.value.raw == reply


async def test_a_write_that_nothing_confirms_is_of_unknown_outcome() -> None:
    provider = RemoteInterview("k", transport=Scripted([answer({"id": "a"})]))
    with pytest.raises(MalformedResponseError) as caught:
        await provider.send(ri.create_pad())
    assert caught.value.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"[" * 3000, b'{"id": "\xff"}', b'{"message":"no"}', b'[{"id":1}]', b'"x"']
)
def test_an_answer_of_another_form_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        ri.get_pad("82388c2b7e632").read(Response(200, {}, body))
