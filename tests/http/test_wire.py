"""Requests as values: paths that no id can leave, bodies to the byte, calls that compare, pickle and keep secrets."""

from __future__ import annotations

import copy
import json
import pickle
from email import message_from_bytes
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from interviewkit.errors import InvalidArgumentError, MalformedResponseError
from interviewkit.http.decode import One, Rows
from interviewkit.http.wire import (
    Call,
    FilePart,
    Form,
    Json,
    Multipart,
    Page,
    Path,
    Problem,
    Request,
    Response,
    fields,
    path,
)
from tests.http.calls import EMAIL, create, get, read_value

ROUTE = "/api/tests/{test_id}/candidates/{candidate_id}"
ANY_TEXT = st.text(max_size=30) | st.text(st.sampled_from("./\\%?#&=;:@ \x00\n~+{}"), max_size=8)


@given(ANY_TEXT, ANY_TEXT)
@example("..", "x")
@example("{candidate_id}", "x")
@example("%2e%2e", "%2F")
@example("\ud83d", "x")
def test_no_id_leads_to_another_route(test_id: str, candidate_id: str) -> None:
    try:
        made = path(ROUTE, test_id=test_id, candidate_id=candidate_id)
    except InvalidArgumentError:
        return
    assert made.template == ROUTE
    segments = made.text.split("/")
    assert len(segments) == len(ROUTE.split("/"))
    assert [unquote(segments[3]), unquote(segments[5])] == [test_id, candidate_id]
    assert URL(f"https://vendor.example{made.text}").raw_path.count("/") == ROUTE.count("/")
    assert URL(f"https://vendor.example{made.text}", encoded=True).raw_path_qs == made.text


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "\t", ".", "..", "../x", "a/b", "a\\b", "a\x00", "a\nb", "a\x7f", "\ud83d", None, True, 1.5, b"x", ["x"]],
)
def test_what_is_no_id_is_refused_by_name(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="pad_id"):
        path("/api/pads/{pad_id}", pad_id=wrong)


def test_an_id_that_was_forgotten_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="route"):
        path(ROUTE, test_id="x")


@pytest.mark.parametrize(
    ("given_id", "sent"),
    [("DM32JWG2", "DM32JWG2"), (17, "17"), ("-JrvNKhZ", "-JrvNKhZ"), ("X3JpY2F~~", "X3JpY2F~~"), ("a?b#c", "a%3Fb%23c"),
     ("a b+c", "a%20b%2Bc"), ("é", "%C3%A9"), ("%2e%2e", "%252e%252e"), ("...", "..."), ("a:b@c", "a%3Ab%40c")],
)  # fmt: skip
def test_an_id_is_one_quoted_segment(given_id: str | int, sent: str) -> None:
    assert path("/api/pads/{pad_id}", pad_id=given_id).text == f"/api/pads/{sent}"


def test_a_path_shows_its_route_only() -> None:
    assert "DM32JWG2" not in repr(path("/api/pads/{pad_id}", pad_id="DM32JWG2"))


def test_fields_leave_out_none_and_write_booleans_small() -> None:
    assert fields({"a": None, "b": True, "c": False, "d": 0, "e": "", "f": 1.5}) == (
        ("b", "true"), ("c", "false"), ("d", "0"), ("e", ""), ("f", "1.5"),
    )  # fmt: skip
    assert fields([("x[]", 1), ("x[]", 2)]) == (("x[]", "1"), ("x[]", "2"))


PAIRS = st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=6)


@given(PAIRS)
@example([("q", "\ud83d")])
def test_query_and_form_give_back_what_went_in(pairs: list[tuple[str, str]]) -> None:
    request = Request("GET", path("/x"), tuple(pairs))
    try:
        target, body = request.target, Form(tuple(pairs)).encode()
    except InvalidArgumentError:
        assert any("\ud800" <= letter <= "\udfff" for pair in pairs for text in pair for letter in text)
        return
    assert parse_qsl(target.partition("?")[2], keep_blank_values=True) == pairs
    assert parse_qsl(body.decode(), keep_blank_values=True) == pairs
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target


def test_a_form_to_the_byte() -> None:
    assert Form((("title", "A & B"), ("notes", "50% é+\n"))).encode() == b"title=A%20%26%20B&notes=50%25%20%C3%A9%2B%0A"


def test_json_to_the_byte() -> None:
    assert Json({"a": [1, None, True], "é": "\u2028"}).encode() == '{"a":[1,null,true],"é":"\u2028"}'.encode()


@pytest.mark.parametrize("wrong", [{1, 2}, float("nan"), float("inf"), b"x", "\ud83d", object()])
def test_what_is_no_json_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgumentError):
        Json({"a": wrong}).encode()


def test_json_without_end_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    for wrong in (endless, deep):
        with pytest.raises(InvalidArgumentError):
            Json(wrong).encode()


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


@given(
    st.lists(st.tuples(NAMES, st.text(st.characters(codec="utf-8"), max_size=20)), max_size=3),
    st.lists(st.tuples(NAMES, NAMES, st.binary(max_size=40)), max_size=3),
)
def test_a_multipart_body_is_read_back_by_the_standard_parser(
    pairs: list[tuple[str, str]], files: list[tuple[str, str, bytes]]
) -> None:
    body = Multipart(
        tuple(pairs), tuple(FilePart(name, file, content, "application/zip") for name, file, content in files)
    )
    raw = body.encode()
    assert raw.endswith(f"--{body.boundary}--\r\n".encode())
    pieces = raw.split(f"--{body.boundary}\r\n".encode())
    assert len(pieces) - 1 == len(pairs) + len(files)
    for piece, (name, value) in zip(
        pieces[1:], [*pairs, *((name, content) for name, _file, content in files)], strict=True
    ):
        head, _, content = piece.removesuffix(f"--{body.boundary}--\r\n".encode()).partition(b"\r\n\r\n")
        assert content.removesuffix(b"\r\n") == (value.encode() if isinstance(value, str) else value)
        assert head.count(b"\r\n") <= 1
        assert name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").encode() in head


def test_a_multipart_body_as_the_email_parser_reads_it() -> None:
    body = Multipart(
        (("title", "Zip"), ("language", "html")), (FilePart("file", "a.zip", b"PK\x03\x04\r\n--x", "application/zip"),)
    )
    message = message_from_bytes(b"Content-Type: " + body.content_type.encode() + b"\r\n\r\n" + body.encode())
    parts: Any = message.get_payload()
    title, language, file = parts
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["title", "language", "file"]
    assert (title.get_payload(), language.get_payload()) == ("Zip", "html")
    assert (file.get_filename(), file.get_content_type()) == ("a.zip", "application/zip")
    assert file.get_payload(decode=True) == b"PK\x03\x04\r\n--x"


def test_a_files_type_cannot_add_a_header() -> None:
    with pytest.raises(InvalidArgumentError):
        FilePart("file", "a", b"", "text/plain\r\nX-Other: 1")


BODIES = [
    None,
    Form((("email", EMAIL),)),
    Json({"email": EMAIL, "deep": {"email": EMAIL}}),
    Json([EMAIL]),
    Multipart((("email", EMAIL),), (FilePart("file", "f.zip", EMAIL.encode(), "application/zip"),)),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("read", [read_value, One(dict), Rows(dict)])
def test_a_call_compares_pickles_copies_and_masks(body: Any, read: Any) -> None:
    def make(pad_id: str = "SECRETPAD") -> Call[Any]:
        route = path("/api/pads/{pad_id}", pad_id=pad_id)
        return Call("acme", "op", Request("POST", route, (("user", EMAIL),), body), read, subject="pad id")

    call = make()
    assert call == make() == pickle.loads(pickle.dumps(call)) == copy.deepcopy(call)  # noqa: S301
    assert hash(call) == hash(make())
    assert call != make("OTHER")
    assert all(secret not in repr(call) + repr(call.request) for secret in (EMAIL, "SECRETPAD", "one%40"))
    assert "/api/pads/{pad_id}" in repr(call)
    shown = call.describe()
    assert shown.startswith("POST /api/pads/SECRETPAD?user=candidate.one%40example.com\nAccept: application/json")
    if body is not None:
        assert f"Content-Type: {body.content_type}" in shown
        assert EMAIL in shown or EMAIL.replace("@", "%40") in shown


def test_calls_of_another_body_differ() -> None:
    assert create(Json({"a": 1})) != create(Json({"a": 2}))
    assert get("A") != get("B")


def test_a_response_does_not_show_its_body_or_headers() -> None:
    assert repr(Response(200, {"set-cookie": "secret"}, b"secret")) == "Response(status=200, body=<6 bytes>)"


def test_a_page_is_translated_row_by_row() -> None:
    def translate(row: int) -> str:
        if row == 2:
            raise MalformedResponseError("not a row", paths=("$.id",))
        return str(row)

    before = Problem({"id": None}, MalformedResponseError("bad"))
    page = Page((1, 2, 3), (before,), "c2", 9).map(translate)
    assert (page.items, page.cursor, page.total) == (("1", "3"), "c2", 9)
    assert [problem.error.paths for problem in page.problems] == [(), ("$.id",)]
    assert EMAIL not in repr(Problem({"email": EMAIL}, MalformedResponseError("bad")))


def test_a_body_of_json_is_what_the_standard_library_reads() -> None:
    value = {"title": "é", "n": 12345678901234567890}
    assert json.loads(Json(value).encode()) == value
    assert Path("/x", "/x") == path("/x")
