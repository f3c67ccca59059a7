"""Codility's callbacks: which ones are proved, and what they tell."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.webhooks import parse

TOKEN = "callback-token-1"
Body = Callable[..., bytes]


@pytest.fixture
def body(payload: Callable[[str], Any]) -> Body:
    """A callback's body: the vendor's envelope around the vendor's session, with changes."""

    def make(event: str = "result", **changed: Any) -> bytes:
        envelope = payload("codility/webhook_envelope.shape.json")
        session = payload("codility/session_detail.not_started.response.json")
        return json.dumps({**envelope, "event": event, "session": {**session, **changed}}).encode()

    return make


def signed(body: bytes, token: str = TOKEN) -> dict[str, str]:
    """The newer form's headers."""
    return {"Authorization": f"Bearer {token}", "Checksum": hashlib.md5(body + token.encode()).hexdigest()}  # noqa: S324


# --- what a callback tells -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "type"), [("result", ik.EventType.RESULT), ("similarity", ik.EventType.SIMILARITY)])
def test_a_callback_names_its_session_and_says_what_happened(body: Body, word: str, type: ik.EventType) -> None:
    event = parse("codility", {}, body(word, candidate="ref-77"))
    assert (event.type, event.vendor_type, event.provider, event.account) == (type, word, "codility", None)
    assert str(event.ref) == "codility:take_home:KKUFDG-5V5"
    assert (event.session_id, event.reference) == ("KKUFDG-5V5", "ref-77")


def test_the_report_is_the_one_that_the_same_detail_gives_when_it_is_fetched(body: Body) -> None:
    evaluation = {"tasks": [], "result": 80, "max_result": 100}
    text = body(evaluation=evaluation, similarity={"text": "acknowledged"}, start_date="2019-04-24T14:00:00Z")
    event = parse("codility", {}, text)
    assert event.report is not None
    assert event.report.score == ik.Score(points=80, max_points=100)
    assert event.report.status is ik.SessionStatus.COMPLETED
    assert event.report.similarity == ik.Similarity(
        status=ik.SimilarityStatus.ACKNOWLEDGED, vendor_status="acknowledged"
    )
    assert event.report.candidate is not None
    assert event.report.candidate.email == "robert.lewandowski@example.com"
    assert event.report.fetched_at is None
    assert event.report.raw == json.loads(text)["session"]
    assert event.raw == json.loads(text)


def test_a_session_that_names_itself_by_an_id_needs_no_address(body: Body) -> None:
    assert parse("codility", {}, body(id="ABC-1", url=None)).session_id == "ABC-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"url": None}, {"url": "https://codility.com/api/"}, {"url": None, "id": ""}, {"url": None, "id": "a\x00b"},
        {"url": None, "id": "x" * 513}, {"url": "https://codility.com/api/sessions/%C3%BC/"}, {"url": "https://[/"},
    ],
)  # fmt: skip
def test_a_session_that_nothing_identifies_is_kept_as_unreadable(body: Body, changed: dict[str, Any]) -> None:
    text = body(**changed)
    with pytest.raises(ik.BadEventError) as caught:
        parse("codility", {}, text)
    assert (caught.value.paths, caught.value.is_json) == (("$.session.url",), True)
    assert caught.value.raw == json.loads(text)


@pytest.mark.parametrize(
    ("whole", "path"),
    [
        ({"event": "session_close", "session": {}}, "$.event"),
        ({"event": 7, "session": {}}, "$.event"),
        ({"session": {}}, "$"),
        ({"event": "result"}, "$"),
        ({"event": "result", "session": None}, "$.session"),
        ({"event": "result", "session": {"id": "A-1", "email": 7}}, "$.session.email"),
        ({"event": "result", "session": {"id": "A-1", "create_date": "soon"}}, "$.session.create_date"),
        (
            {"event": "result", "session": {"id": "A-1", "evaluation": {"result": "many"}}},
            "$.session.evaluation.result",
        ),
    ],
)
def test_an_undocumented_shape_is_told_by_its_path_and_keeps_the_json(whole: dict[str, Any], path: str) -> None:
    with pytest.raises(ik.BadEventError) as caught:
        parse("codility", {}, json.dumps(whole).encode())
    assert (caught.value.paths, caught.value.raw, caught.value.is_json) == ((path,), whole, True)
    assert f" at {path} " in str(caught.value)
    assert str(caught.value).startswith("codility.parse_event: the delivery is not what the vendor documents: ")
    assert not [word for word in ("session_close", "soon", "many") if word in str(caught.value)]


# --- what proves it --------------------------------------------------------------------------------------------------


def test_token_and_checksum_prove_a_callback(body: Body) -> None:
    text = body()
    assert parse("codility", signed(text), text, secrets=[TOKEN]).is_verified


def test_without_secrets_both_forms_are_read_and_neither_is_verified(body: Body) -> None:
    text = body()
    assert not parse("codility", {"Content-Type": "text/plain"}, text).is_verified
    assert not parse("codility", signed(text), text).is_verified


@pytest.mark.parametrize("secrets", [["old", TOKEN], [TOKEN, "new"], [b"old", TOKEN.encode()], TOKEN, TOKEN.encode()])
def test_while_secrets_are_exchanged_each_of_them_will_do(body: Body, secrets: Any) -> None:
    text = body()
    assert parse("codility", signed(text), text, secrets=secrets).is_verified


@pytest.mark.parametrize("pasted", [f"Bearer {TOKEN}", f" Authorization: Bearer {TOKEN}\n", f"{TOKEN}\n"])
def test_a_secret_that_was_copied_with_its_header_is_cleaned(body: Body, pasted: str) -> None:
    text = body()
    assert parse("codility", signed(text), text, secrets=[pasted]).is_verified


@pytest.mark.parametrize("blank", [" ", "Bearer ", "\n", b" "])
def test_a_secret_of_which_nothing_is_left_is_refused(body: Body, blank: str | bytes) -> None:
    with pytest.raises(ik.InvalidArgumentError, match="a secret is empty"):
        parse("codility", {}, body(), secrets=[blank])


def test_headers_that_were_left_out_do_not_get_around_the_secret(body: Body) -> None:
    with pytest.raises(ik.SignatureError, match="not signed"):
        parse("codility", {"Content-Type": "application/json"}, body(), secrets=[TOKEN])


def test_a_checksum_by_a_token_of_the_senders_own_proves_nothing(body: Body) -> None:
    text = body()
    with pytest.raises(ik.SignatureError, match="none of the secrets"):
        parse("codility", signed(text, "made-up"), text, secrets=[TOKEN])


@pytest.mark.parametrize("secrets", [[], [TOKEN]])
def test_a_changed_body_does_not_fit_its_checksum(body: Body, secrets: list[str]) -> None:
    headers = signed(body(candidate="ref-1"))
    with pytest.raises(ik.SignatureError, match="does not fit its body"):
        parse("codility", headers, body(candidate="ref-2"), secrets=secrets)


def test_a_forged_delivery_is_refused_before_its_body_is_read() -> None:
    with pytest.raises(ik.SignatureError):
        parse("codility", {}, b"{" * 10_000, secrets=[TOKEN])


GOOD = "0" * 32
MALFORMED: dict[str, Any] = {
    "no checksum": [("Authorization", f"Bearer {TOKEN}")],
    "no authorization": [("Checksum", GOOD)],
    "an empty authorization": [("Authorization", ""), ("Checksum", GOOD)],
    "an empty token": [("Authorization", "Bearer "), ("Checksum", GOOD)],
    "another scheme": [("Authorization", f"Basic {TOKEN}"), ("Checksum", GOOD)],
    "no scheme": [("Authorization", TOKEN), ("Checksum", GOOD)],
    "two tokens": [("Authorization", f"Bearer {TOKEN} {TOKEN}"), ("Checksum", GOOD)],
    "two authorizations": [("Authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer x"), ("Checksum", GOOD)],
    "two checksums": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", GOOD), ("CHECKSUM", GOOD)],
    "a token that is not ASCII": [("Authorization", "Bearer tökén"), ("Checksum", GOOD)],
    "a token beyond Latin-1": [("Authorization", "Bearer 密码\ud800"), ("Checksum", GOOD)],
    "bytes that are not UTF-8": [(b"Authorization", b"Bearer \xff\xfe"), (b"Checksum", GOOD.encode())],
    "control letters": [("Authorization", f"Bearer {TOKEN}\n\x00"), ("Checksum", GOOD)],
    "a huge token": [("Authorization", "Bearer " + "x" * 1_000_000), ("Checksum", GOOD)],
    "a token that is no text": [("Authorization", None), ("Checksum", GOOD)],
    "a checksum that is no text": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", 7)],
    "a checksum that is not ASCII": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", "ü" * 32)],
    "digits of another script": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", "٣" * 32)],
    "a short checksum": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", "0" * 31)],
    "a checksum in capitals": [("Authorization", f"Bearer {TOKEN}"), ("Checksum", "A" * 32)],
}


@pytest.mark.parametrize("secrets", [[], [TOKEN], ["tökén", "密码"]], ids=["none", "one", "odd"])
@pytest.mark.parametrize("headers", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_header_is_a_signature_error_whatever_it_holds(body: Body, headers: Any, secrets: Any) -> None:
    with pytest.raises(ik.SignatureError, match=r"no bearer token|no MD5|more than one") as caught:
        parse("codility", headers, body(), secrets=secrets)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("wrong", ["first", "second", "none of them"])
def test_each_secret_is_compared_over_bytes_whichever_fits(
    body: Body, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"first": ["x", TOKEN], "second": [TOKEN, "x"], "none of them": ["x", "y"]}[wrong]
    text, seen = body(), []
    compare = hmac.compare_digest

    def watched(one: Any, other: Any) -> bool:
        seen.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", watched)
    try:
        parse("codility", signed(text), text, secrets=secrets)
    except ik.SignatureError:
        assert wrong == "none of them"
    checksum = signed(text)["Checksum"].encode()
    assert seen == [*((TOKEN.encode(), one.encode()) for one in secrets), (checksum, checksum)]


# --- what tells two apart --------------------------------------------------------------------------------------------


def test_a_delivery_that_comes_again_has_the_same_key_in_whichever_form(body: Body) -> None:
    text = body()
    again = json.dumps(dict(reversed(json.loads(text).items())), indent=1).encode()
    keys = {parse("codility", {}, text).dedupe_key, parse("codility", signed(again), again, TOKEN).dedupe_key}
    assert len(keys) == 1
    assert [len(key) for key in keys] == [64]


def test_another_event_session_or_content_has_another_key(body: Body) -> None:
    bodies = [body(), body("similarity"), body(id="A-1"), body(similarity={"text": "acknowledged"})]
    assert len({parse("codility", {}, text).dedupe_key for text in bodies}) == len(bodies)
