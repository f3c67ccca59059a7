"""Any vendor's delivery as an event: whose it is, in which forms headers, bodies and secrets come, what is shown."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from multidict import CIMultiDict

import interviewkit as ik
from interviewkit import registry
from interviewkit.deliveries import Headers, dedupe_key, read_body
from interviewkit.webhooks import parse

REPORT = "remoteinterview/webhook_test_report.json"
SESSION = {"url": "https://codility.com/api/sessions/KKUFDG-5V5/", "candidate": "ref-77", "email": "ada@example.com"}
RESULT = json.dumps({"event": "result", "session": {**SESSION, "first_name": "Ada"}}).encode()


# --- whose it is -----------------------------------------------------------------------------------------------------


async def test_a_name_a_class_and_a_provider_read_the_same_and_a_provider_knows_its_account() -> None:
    async with ik.Codility(token="t", account="acme") as acme:
        named, typed, owned = (parse(one, {}, RESULT) for one in ("codility", ik.Codility, acme))
    assert named == typed
    assert (named.account, owned.account) == (None, "acme")
    assert (named.report and named.report.account, owned.report and owned.report.account) == ("codility", "acme")
    assert named.dedupe_key == owned.dedupe_key


@pytest.mark.parametrize("provider", ["coderpad", ik.CoderPad])
def test_a_vendor_that_sends_no_webhooks_is_unsupported_with_the_reason(provider: Any) -> None:
    with pytest.raises(ik.UnsupportedError) as caught:
        parse(provider, {}, b"{}")
    assert ik.CoderPad.capabilities[ik.Feature.WEBHOOKS].note in str(caught.value)
    assert (caught.value.provider, caught.value.operation) == ("coderpad", "parse_event")


def test_an_unknown_name_is_a_configuration_error() -> None:
    with pytest.raises(ik.ConfigurationError, match="did you mean codility"):
        parse("codilty", {}, b"{}")


@pytest.mark.parametrize("provider", [None, 7, object(), b"codility"])
def test_what_is_no_provider_is_an_invalid_argument(provider: Any) -> None:
    with pytest.raises(ik.InvalidArgumentError, match="provider is a name"):
        parse(provider, {}, b"{}")


class Acme(ik.BaseProvider):
    """A provider of another package."""

    name = "acme"

    @staticmethod
    def parse_event(
        headers: Headers, body: bytes, *, secrets: tuple[bytes, ...] = (), account: str | None = None
    ) -> ik.WebhookEvent:
        raw = read_body(body)
        if secrets and [secret.decode() for secret in secrets] != list(headers.get("x-acme", ())):
            raise ik.SignatureError("not ours")
        return ik.WebhookEvent(
            type=ik.EventType.RESULT, vendor_type="done", provider="acme", account=account, session_id="1", raw=raw,
            dedupe_key=dedupe_key("acme", "done", "1", raw), is_verified=bool(secrets),
        )  # fmt: skip


@pytest.fixture
def acme() -> Iterator[type[Acme]]:
    registry.register("acme", Acme)
    yield Acme
    del registry._registered["acme"]


def test_a_provider_of_another_package_reads_its_own_events(acme: type[Acme]) -> None:
    assert parse("acme", {"X-Acme": "s"}, b"{}", secrets=["s"]).is_verified
    assert parse(acme(account="mine"), {}, b"{}").account == "mine"


def test_an_error_of_a_provider_says_where_it_happened(acme: type[Acme]) -> None:
    with pytest.raises(ik.SignatureError) as caught:
        parse(acme(account="mine"), {}, b"{}", secrets=["s"])
    told = (caught.value.provider, caught.value.operation, caught.value.account)
    assert told == ("acme", "parse_event", "mine")


# --- forms -----------------------------------------------------------------------------------------------------------

HEADERS: dict[str, Any] = {
    "a dict": {"X-ACME": "a"},
    "bytes": {b"x-Acme": b"a"},
    "pairs": [("x-acme", "a")],
    "pairs of bytes": ((b"X-Acme", b"a"),),
    "aiohttp's": CIMultiDict([("X-Acme", "a")]),
    "an iterator": iter([("X-Acme", "a")]),
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_headers_come_in_any_form_and_case(acme: type[Acme], headers: Any) -> None:
    assert parse(acme, headers, b"{}", secrets=["a"]).is_verified


@pytest.mark.parametrize(
    "headers", [CIMultiDict([("x-acme", "a"), ("X-Acme", "b")]), [("X-Acme", "a"), (b"x-acme", b"b")]]
)
def test_a_header_that_came_twice_keeps_both_values(acme: type[Acme], headers: Any) -> None:
    assert parse(acme, headers, b"{}", secrets=["a", "b"]).is_verified


def test_a_name_that_only_looks_like_a_headers_is_another() -> None:
    with pytest.raises(ik.SignatureError, match="no MD5"):  # the sign of kelvin is a "k" in lower case
        parse("codility", [("Authorization", "Bearer t"), ("Chec\u212asum", "0" * 32)], RESULT)


@pytest.mark.parametrize("headers", [None, 7, "x-acme", ["x"], [("a", "b", "c")], {7: "a"}, [(None, "a")]])
def test_what_are_no_headers_is_an_invalid_argument(acme: type[Acme], headers: Any) -> None:
    with pytest.raises(ik.InvalidArgumentError, match="headers are"):
        parse(acme, headers, b"{}")


@pytest.mark.parametrize("body", [None, "{}", {}, bytearray(b"{}")])
def test_a_body_that_is_no_bytes_is_an_invalid_argument(body: Any) -> None:
    with pytest.raises(ik.InvalidArgumentError, match="body is bytes"):
        parse("codility", {}, body)


@pytest.mark.parametrize("secrets", [None, 7, [None], [7], [""], [b""], "", b"", ["good", ""]])
def test_a_secret_that_is_empty_or_none_is_never_taken_for_no_secret(acme: type[Acme], secrets: Any) -> None:
    for provider in (acme, ik.Codility):
        with pytest.raises(ik.InvalidArgumentError):
            parse(provider, {}, RESULT, secrets=secrets)


def test_secrets_of_any_letters_are_compared_and_not_stumbled_over() -> None:
    with pytest.raises(ik.SignatureError):
        parse("codility", {}, RESULT, secrets=["ü\ud800", b"\xff"])


# --- bodies ----------------------------------------------------------------------------------------------------------

NO_JSON = {
    "nothing": b"", "words": b"event=result", "HTML": b"<html>", "cut short": RESULT[:-1], "Latin-1": b'{"a": "\xe9"}',
    "UTF-16": RESULT.decode().encode("utf-16"), "a byte order mark": b"\xef\xbb\xbf" + RESULT, "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}', "a number beyond all": b'{"a": 1e999}', "gzip": b"\x1f\x8b\x08" + RESULT,
    "a number of 5000 digits": b'{"a": ' + b"9" * 5000 + b"}", "two values": RESULT + RESULT,
    "too deep": b'{"a":' * 65 + b"1" + b"}" * 65, "far too deep": b"[" * 100_000,
}  # fmt: skip
JSON = {
    "a list": b"[1]", "null": b"null", "a word": b'"result"', "a doubled key": b'{"event": "x", "event": "result"}',
    "a doubled key within": b'{"event": "result", "session": {"id": "A", "id": "B"}}', "empty": b"{}",
}  # fmt: skip


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
@pytest.mark.parametrize("provider", ["codility", "remoteinterview"])
def test_what_is_no_json_to_keep_says_so_and_keeps_nothing(provider: str, body: bytes) -> None:
    with pytest.raises(ik.BadEventError) as caught:
        parse(provider, {}, body)
    assert (caught.value.is_json, caught.value.raw, len(caught.value.paths)) == (False, None, 1)


@pytest.mark.parametrize("body", JSON.values(), ids=JSON)
@pytest.mark.parametrize("provider", ["codility", "remoteinterview"])
def test_json_that_is_no_event_is_kept(provider: str, body: bytes) -> None:
    with pytest.raises(ik.BadEventError) as caught:
        parse(provider, {}, body)
    assert (caught.value.is_json, caught.value.raw) == (True, json.loads(body))


@pytest.mark.parametrize("body", [b"[1]", b"null", b"7"])
def test_a_body_is_an_object(body: bytes) -> None:
    with pytest.raises(ik.BadEventError, match="no JSON object"):
        read_body(body)


def test_what_a_vendor_may_well_send_is_read() -> None:
    odd = {"session": {**SESSION, "new": [[10**30]], "first_name": "\ud83d", "campaign_url": None}, "event": "result"}
    deep: Any = 1
    for _ in range(63):
        deep = [deep]
    event = parse("codility", {}, json.dumps({**odd, "deep": deep}).encode())
    assert event.raw["session"]["new"] == [[10**30]]
    assert event.raw["session"]["first_name"] == "\ufffd"  # half a letter, which has no UTF-8 form
    assert event.raw["deep"] == deep


# --- what is shown, and what lasts -----------------------------------------------------------------------------------

PERSONAL = ("ada", "luke", "ref-77", "X3Jp", "KKUFDG", "sentence")


@pytest.fixture(params=["codility", "remoteinterview"])
def event(request: pytest.FixtureRequest, payload_bytes: Callable[[str], bytes]) -> ik.WebhookEvent:
    return parse(request.param, {}, RESULT if request.param == "codility" else payload_bytes(REPORT))


def test_no_repr_of_an_event_shows_a_person_or_an_id_that_names_one(event: ik.WebhookEvent) -> None:
    assert not [word for word in PERSONAL if word.casefold() in repr(event).casefold()]
    assert f"type={ik.EventType.RESULT!r}" in repr(event)


def test_an_event_pickles_copies_compares_and_is_a_key(event: ik.WebhookEvent) -> None:
    for again in (pickle.loads(pickle.dumps(event)), copy.deepcopy(event)):  # noqa: S301
        assert (again, hash(again), again.raw) == (event, hash(event), event.raw)
        assert (again.report and again.report.raw) == (event.report and event.report.raw)


@pytest.mark.parametrize(
    "body", [b'{"event": "ada@example.com"}', b'{"event": "result", "session": {"id": {"ada": 1}}}']
)
def test_an_error_shows_nothing_of_the_body_and_pickles_with_it(body: bytes) -> None:
    with pytest.raises(ik.BadEventError) as caught:
        parse("codility", {}, body)
    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert (again.raw, again.is_json, again.paths) == (json.loads(body), True, caught.value.paths)
    assert "ada" not in repr(again) + str(again)


def test_a_key_of_two_parts_is_not_the_key_of_other_parts() -> None:
    keys = [dedupe_key("a", "b", "c", {}), dedupe_key("a", "bc", "", {}), dedupe_key("a", None, None, {})]
    assert len({*keys}) == len(keys)
    assert dedupe_key("a", "b", "c", {"x": 1, "y": 2}) == dedupe_key("a", "b", "c", {"y": 2, "x": 1})


def test_reading_one_vendors_delivery_needs_no_store_and_no_other_vendor() -> None:
    script = (
        f"import sys; from interviewkit.webhooks import parse; parse('codility', {{}}, {RESULT!r}); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    names = set(done.stdout.split())
    assert "interviewkit.providers.codility.events" in names
    assert not names & {
        "sqlalchemy",
        "aiohttp.web",
        "cattrs",
        "interviewkit.harvest",
        "interviewkit.providers.coderpad",
    }
