"""Each endpoint's request, written out by hand from https://codility.com/api-documentation/ (read 2026-11)."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from interviewkit.errors import InvalidArgumentError, MalformedResponseError
from interviewkit.http.wire import Call, Response
from interviewkit.providers import codility
from interviewkit.providers.codility import EventCallback, InviteCandidate

ID = "KKUFDG-5V5"

EXACT: list[tuple[Call[Any], str, str, bytes | None]] = [
    (codility.get_credit_level(), "GET", "/api/account/credit-level/", None),
    (codility.list_user_logins(), "GET", "/api/account/user-logins/", None),
    (codility.list_user_logins(1), "GET", "/api/account/user-logins/?page=1", None),
    (codility.list_saved_email_templates(), "GET", "/api/email-templates/saved/", None),
    (codility.get_default_email_template(), "GET", "/api/email-templates/default/", None),
    (
        codility.create_email_template(
            name="new_test_template", subject="S", content="<p>[PRIVATE_TEST_LINK]</p>",
            reply_to=["test1@example.com", "test2@example.com"],
        ),
        "POST",
        "/api/email-templates/create/",
        (b'{"name":"new_test_template","reply_to":["test1@example.com","test2@example.com"],"subject":"S",'
        b'"content":"<p>[PRIVATE_TEST_LINK]</p>"}'),
    ),
    (codility.list_sessions(), "GET", "/api/sessions/", None),
    (codility.list_sessions("page=2"), "GET", "/api/sessions/?page=2", None),
    (codility.get_session(ID), "GET", "/api/sessions/KKUFDG-5V5/", None),
    (codility.send_session_email(ID), "POST", "/api/sessions/KKUFDG-5V5/email/", b"{}"),
    (
        codility.send_session_email(
            ID, subject="Hello from the other side", content="[PRIVATE_TEST_LINK]", reply_to="leen.hash@example.com",
            cc=["robert.lewandowski@example.com", "john.doe@example.com"],
        ),
        "POST",
        "/api/sessions/KKUFDG-5V5/email/",
        (b'{"subject":"Hello from the other side","content":"[PRIVATE_TEST_LINK]","reply_to":"leen.hash@example.com",'
        b'"cc":["robert.lewandowski@example.com","john.doe@example.com"]}'),
    ),
    (codility.cancel_session(ID), "POST", "/api/sessions/KKUFDG-5V5/cancel/", None),
    (codility.embed_report(ID), "POST", "/api/sessions/KKUFDG-5V5/embed_report/", None),
    (codility.get_session_pdf(ID), "GET", "/api/sessions/KKUFDG-5V5/pdf/", None),
    (codility.embed_similarity(ID), "POST", "/api/sessions/KKUFDG-5V5/embed_similarity/", None),
    (codility.list_tests(), "GET", "/api/tests/", None),
    (codility.list_tests(is_archived=False), "GET", "/api/tests/?is_archived=False", None),
    (codility.list_tests(is_archived=True, page=3), "GET", "/api/tests/?is_archived=True&page=3", None),
    (codility.get_test(37087736411), "GET", "/api/tests/37087736411/", None),
    (
        codility.invite(
            122537, [InviteCandidate(id="123")], rpt_emails=["raven@example.com", "starfire@example.com"],
            event_callbacks=[EventCallback(event="result", url="http://example.com/handle_result")],
        ),
        "POST",
        "/api/tests/122537/invite/",
        (b'{"candidates":[{"id":"123"}],"rpt_emails":["raven@example.com","starfire@example.com"],'
        b'"event_callbacks":[{"event":"result","url":"http://example.com/handle_result"}]}'),
    ),
    (codility.list_test_sessions("122537"), "GET", "/api/tests/122537/sessions/", None),
    (codility.list_test_sessions(122537, page=2), "GET", "/api/tests/122537/sessions/?page=2", None),
    (
        codility.create_whiteboard("example name"), "POST", "/api/codelive/create_whiteboard/",
        b'{"room_name":"example name"}',
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "target", "body"), EXACT, ids=[f"{row[0].operation}-{at}" for at, row in enumerate(EXACT)]
)
def test_each_endpoint_sends_exactly_this(call: Call[Any], method: str, target: str, body: bytes | None) -> None:
    request = call.request
    assert (call.provider, request.method, request.target) == ("codility", method, target)
    assert (None if request.body is None else request.body.encode()) == body
    assert request.body is None or request.body.content_type == "application/json"


def test_every_documented_endpoint_has_an_exact_request() -> None:
    documented = {
        name for name in codility.__all__
        if callable(found := getattr(codility, name)) and getattr(found, "__module__", "").endswith(".calls")
    }  # fmt: skip
    assert documented == {call.operation for call, *_ in EXACT}
    assert len(documented) == 17


def test_reads_may_be_sent_again_and_writes_may_not() -> None:
    assert all(call.repeatable is (method == "GET") for call, method, *_ in EXACT)


def test_json_is_asked_for_everywhere_but_where_the_answer_is_a_pdf() -> None:
    accepts = {call.request.accept for call, *_ in EXACT if call.operation != "get_session_pdf"}
    assert accepts == {"application/json"}
    assert codility.get_session_pdf(ID).request.accept.startswith("application/pdf")


def test_all_fields_of_a_candidate_are_sent_and_extra_goes_last() -> None:
    someone = InviteCandidate(
        id=7, first_name="Ada", last_name="Okoro", email="ada@example.com", redirect_url="https://example.com/done",
        additional_data={"team": "payments"},
    )  # fmt: skip
    call = codility.invite("1", [someone], rpt_emails=[], extra={"rpt_emails": ["a@example.com"], "new": 1})
    assert call.request.body is not None
    assert call.request.body.encode() == (
        b'{"candidates":[{"id":7,"first_name":"Ada","last_name":"Okoro","email":"ada@example.com",'
        b'"redirect_url":"https://example.com/done","additional_data":{"team":"payments"}}],'
        b'"rpt_emails":["a@example.com"],"new":1}'
    )


def test_the_requests_that_the_vendor_shows_are_sent_as_shown(payload: Callable[[str], Any]) -> None:
    shown = payload("codility/email_templates_create.request.json")
    assert _sent(codility.create_email_template(**shown)) == shown
    shown = payload("codility/session_email.request.json")
    assert _sent(codility.send_session_email(ID, **shown)) == shown
    shown = payload("codility/codelive_create_whiteboard.request.json")
    assert _sent(codility.create_whiteboard(**shown)) == shown


def test_two_callbacks_may_share_an_address(payload: Callable[[str], Any]) -> None:
    shown = payload("codility/test_invite.request.third-party-two-callbacks.json")
    shown["event_callbacks"] = [{**one, "url": "https://example.com/hook"} for one in shown["event_callbacks"]]
    callbacks = [EventCallback(**one) for one in shown["event_callbacks"]]
    assert _sent(codility.invite(1, [InviteCandidate(**shown["candidates"][0])], event_callbacks=callbacks)) == shown


def _sent(call: Call[Any]) -> Any:
    assert call.request.body is not None
    return json.loads(call.request.body.encode())


@pytest.mark.parametrize("bad", ["../x", "a/b", "a\\b", "", " ", ".", "..", "a\nb"])
@pytest.mark.parametrize(
    "make",
    [
        codility.get_session, codility.cancel_session, codility.embed_report, codility.embed_similarity,
        codility.get_session_pdf, codility.send_session_email, codility.get_test, codility.list_test_sessions,
    ],
)  # fmt: skip
def test_an_id_that_would_lead_elsewhere_is_refused_before_anything_is_built(
    make: Callable[[str], Call[Any]], bad: str
) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        make(bad)
    assert (caught.value.provider, caught.value.operation) == ("codility", make.__name__)


def test_letters_of_a_query_are_quoted_into_the_id() -> None:
    assert codility.get_session("a?x#y").request.target == "/api/sessions/a%3Fx%23y/"


@pytest.mark.parametrize("page", [0, -1, True, "", "0", "next", 1.5])
def test_a_page_that_is_none_is_refused(page: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        codility.list_sessions(page)


@pytest.mark.parametrize(
    "make",
    [
        lambda: codility.send_session_email(ID, content="Begin here"),
        lambda: codility.send_session_email(ID, content=""),
        lambda: codility.send_session_email(ID, cc="a@example.com"),
        lambda: codility.create_email_template(name="n", subject="s", content="c", reply_to="a@example.com"),
        lambda: codility.invite(1, []),
        lambda: codility.invite(1, [InviteCandidate(id="")]),
        lambda: codility.invite(1, [InviteCandidate(id="1", redirect_url="example.com")]),
        lambda: codility.invite(1, [InviteCandidate(id="1")], rpt_emails="a@example.com"),
        lambda: codility.invite(1, [InviteCandidate(id="1")], rpt_emails=[""]),
        lambda: codility.invite(1, [InviteCandidate(id="1")], event_callbacks=[EventCallback(event="started", url="https://x")]),
        lambda: codility.invite(1, [InviteCandidate(id="1")], event_callbacks=[EventCallback(event="result", url="")]),
        lambda: codility.list_tests(is_archived="False"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_wrong_arguments_are_refused_here(make: Callable[[], Call[Any]]) -> None:
    with pytest.raises(InvalidArgumentError):
        make()


# --- pages -----------------------------------------------------------------------------------------------------------


def _page(next_url: Any, rows: list[Any] | None = None) -> Response:
    return Response(
        200, {}, json.dumps({"count": 3, "next": next_url, "previous": None, "results": rows or []}).encode()
    )


@pytest.mark.parametrize(
    ("next_url", "query"),
    [
        ("https://codility.com/api/sessions/?page=2", "page=2"),
        ("https://evil.example/else/?page=2", "page=2"),
        ("https://codility.com/api/sessions/?limit=50&offset=50", "limit=50&offset=50"),
        ("https://codility.com/api/sessions/?cursor=cD0y%3D%3D", "cursor=cD0y%3D%3D"),
        ("?page=9", "page=9"),
    ],
)
def test_the_next_page_is_asked_for_on_the_known_path(next_url: str, query: str) -> None:
    page = codility.list_sessions().read(_page(next_url))
    assert (page.cursor, page.total) == (query, 3)
    assert codility.list_sessions(page.cursor).request.target == f"/api/sessions/?{query}"


@pytest.mark.parametrize("last", [None, ""])
def test_the_last_page_has_no_cursor(last: str | None) -> None:
    assert codility.list_sessions().read(_page(last)).cursor is None


def test_a_filter_stands_once_in_the_next_pages_query() -> None:
    page = codility.list_tests(is_archived=False).read(
        _page("https://codility.com/api/tests/?is_archived=False&page=2")
    )
    assert (
        codility.list_tests(is_archived=False, page=page.cursor).request.target
        == "/api/tests/?is_archived=False&page=2"
    )


@pytest.mark.parametrize("lost", ["https://codility.com/api/sessions/", "https://[", 7])
def test_a_next_page_that_cannot_be_asked_for_is_no_silent_end(lost: Any) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        codility.list_sessions().read(_page(lost))
    assert caught.value.paths == ("$.next",)


def test_one_bad_row_becomes_a_problem_and_the_others_come() -> None:
    page = codility.list_sessions().read(_page(None, [{"id": "A-1"}, {"id": "B-2", "email": 5}, 7, {"id": "C-3"}]))
    assert [row.id for row in page.items] == ["A-1", "C-3"]
    assert [(problem.raw, problem.error.paths) for problem in page.problems] == [
        ({"id": "B-2", "email": 5}, ("$.results[1].email",)),
        (7, ("$.results[2]",)),
    ]


# --- other answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"<!doctype html>", b"", b'{"detail":"Not found."}', b"100% done"])
def test_what_is_no_pdf_is_not_taken_for_one(body: bytes) -> None:
    with pytest.raises(MalformedResponseError):
        codility.get_session_pdf(ID).read(Response(200, {"content-type": "application/pdf"}, body))


def test_a_pdf_comes_as_its_bytes() -> None:
    assert codility.get_session_pdf(ID).read(Response(200, {}, b"%PDF-1.7\n...")) == b"%PDF-1.7\n..."


@pytest.mark.parametrize("make", [codility.cancel_session, codility.send_session_email])
def test_another_word_than_ok_is_not_taken_for_done(make: Callable[[str], Call[Any]]) -> None:
    assert make(ID).read(Response(200, {}, b'{"result":"ok"}')).result == "ok"
    for body, path in ((b'{"result":"QUEUE FULL"}', "$.result"), (b'{"result":null}', "$.result"), (b"{}", "$")):
        with pytest.raises(MalformedResponseError) as caught:
            make(ID).read(Response(200, {}, body))
        assert (caught.value.paths, caught.value.raw) == ((path,), json.loads(body))


@pytest.mark.parametrize(
    "call",
    [
        codility.get_credit_level(), codility.get_default_email_template(), codility.get_session(ID),
        codility.get_test(1),
    ],
    ids=lambda call: call.operation,
)  # fmt: skip
def test_an_object_with_no_documented_field_is_not_taken_for_an_answer(call: Call[Any]) -> None:
    with pytest.raises(MalformedResponseError) as caught:
        call.read(Response(200, {}, b'{"message_": "moved"}'))
    assert (caught.value.paths, caught.value.raw) == (("$",), {"message_": "moved"})


# --- calls are values ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [row[0] for row in EXACT], ids=lambda call: call.operation)
def test_calls_pickle_and_compare(call: Call[Any]) -> None:
    assert pickle.loads(pickle.dumps(call)) == call  # noqa: S301
    assert call != codility.get_session("another")


def test_a_calls_repr_shows_no_person_and_describe_shows_all() -> None:
    call = codility.invite(
        1, [InviteCandidate(id="ref-9", first_name="Ada", email="ada@example.com")], rpt_emails=["boss@example.com"]
    )
    assert (
        repr(call)
        == "<Call codility.invite POST /api/tests/{test_id}/invite/ body: Json(value=['candidates', 'rpt_emails'])>"
    )
    assert call.describe() == (
        "POST /api/tests/1/invite/\nAccept: application/json\nContent-Type: application/json\n\n"
        '{"candidates":[{"id":"ref-9","first_name":"Ada","email":"ada@example.com"}],"rpt_emails":["boss@example.com"]}'
    )


def test_what_is_sent_hides_the_person_in_its_repr() -> None:
    shown = repr(InviteCandidate(id="ref-9", first_name="Ada", email="ada@example.com", additional_data={"a": 1}))
    assert shown == "InviteCandidate()"
    assert repr(EventCallback(event="result", url="https://example.com/?key=1")) == "EventCallback(event='result')"
