"""What a delivery is answered, and what is kept of it: nothing that was refused, one row of what came often."""

from __future__ import annotations

import asyncio
import gzip
import hmac
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

import interviewkit as ik
from interviewkit.errors import StoreError
from interviewkit.harvest import Store
from interviewkit.webhooks import EventState, WebhookReceiver
from interviewkit.webhooks.committing import GroupCommit
from interviewkit.webhooks.inbox import Inbox
from interviewkit.webhooks.paths import token_of
from interviewkit.webhooks.reading import CutShortError

from .door import (
    ACME,
    ACME_PATH,
    OTHER,
    OTHER_TOKEN,
    SECRETS,
    TESTS,
    TESTS_PATH,
    TOKEN,
    Entrance,
    entrance,
    pieces,
    result,
    signed,
)

Bytes = Callable[[str], bytes]
REPORT = "remoteinterview/webhook_test_report.json"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Entrance]:
    async with entrance(tmp_path / "store.db") as found:
        yield found


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[Entrance]:
    """One whose Codility accounts sign."""
    async with entrance(tmp_path / "store.db", tokens={ACME: [TOKEN], OTHER: OTHER_TOKEN}) as found:
        yield found


# --- what is kept ----------------------------------------------------------------------------------------------------


async def test_an_event_is_stored_when_it_is_answered(door: Entrance, payload_bytes: Bytes) -> None:
    assert await door.post(ACME_PATH, result()) == 200
    assert await door.post(TESTS_PATH, payload_bytes(REPORT)) == 200
    first, second = await door.rows()
    assert (first.account, first.provider, first.type, first.state) == (ACME, "codility", "result", "received")
    assert (first.ref, first.reference, first.body) == ("codility:take_home:KKUFDG-5V5", "ref-77", result())
    assert (second.account, second.ref, second.reference) == (TESTS, None, None)


async def test_a_duplicate_is_answered_the_same_and_counted(door: Entrance) -> None:
    spaced = json.dumps(json.loads(result()), indent=1).encode()
    assert [await door.post(ACME_PATH, body) for body in (result(), result(), spaced)] == [200] * 3
    assert await door.kept() == [("received", 3)]
    assert door.receiver.counters.answers == {(ACME, "stored"): 1, (ACME, "duplicate"): 2}


async def test_the_same_session_with_other_content_is_another_event(door: Entrance) -> None:
    await door.post(ACME_PATH, result())
    await door.post(ACME_PATH, result(similarity={"text": "suspected"}))
    assert await door.kept() == [("received", 1), ("received", 1)]


async def test_two_accounts_may_hear_of_the_same_event(door: Entrance) -> None:
    for path in (ACME_PATH, f"/{OTHER}/{SECRETS[OTHER]}"):
        await door.post(path, result())
    assert sorted((row.account, row.copies) for row in await door.rows()) == [(ACME, 1), (OTHER, 1)]


async def test_fifty_concurrent_copies_are_one_row(tmp_path: Path) -> None:
    async with entrance(tmp_path / "store.db") as one, entrance(tmp_path / "store.db") as two:
        sent = [(one, two)[number % 2].post(ACME_PATH, pieces(result())) for number in range(50)]
        assert await asyncio.gather(*sent) == [200] * 50
        assert await one.kept() == [("received", 50)]


@pytest.mark.parametrize("body", [b'{"event": "paid", "session": {}}', b"[]", b"null", b'{"a": 1, "a": 2}', b"{}"])
async def test_json_of_unknown_shape_is_kept_as_unreadable_and_seen(door: Entrance, body: bytes) -> None:
    assert [await door.post(ACME_PATH, body) for _ in range(2)] == [200, 200]
    (row,) = await door.rows()
    assert (row.state, row.copies, row.body) == (EventState.UNREADABLE, 2, body)
    (status,) = await Inbox(door.store).status()
    assert (status.unreadable, [one.error for one in status.problems]) == (1, [row.error])
    assert row.error.startswith("the delivery ")


# --- what is refused -------------------------------------------------------------------------------------------------

WRONG_PATHS = [
    "", "/", "//", f"/{ACME}", f"/{ACME}/", f"/{ACME}/wrong-secret-0123456789", f"/{SECRETS[ACME][0]}",
    f"/{ACME}/{SECRETS[OTHER]}", f"/nobody/{SECRETS[ACME][0]}", f"/{ACME.upper()}/{SECRETS[ACME][0]}",
    f"{ACME_PATH}/", f"{ACME_PATH}//", f"{ACME_PATH}/a/b", f"/{ACME_PATH}", f"/x{ACME_PATH}", f"{ACME_PATH}\0",
    f"{ACME_PATH[:-1]}", f"{ACME_PATH} ", f"/{ACME}/{SECRETS[ACME][0]}\ud800", "/pads/codility-secret-0123",
    "/.well-known", "*",
]  # fmt: skip


@pytest.mark.parametrize("path", WRONG_PATHS)
async def test_a_path_of_nobodys_is_a_404_without_a_hint(door: Entrance, path: str) -> None:
    assert await door.post(path, _never()) == 404
    assert await door.kept() == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "", "POST "])
async def test_another_method_is_no_other_answer_than_a_wrong_path(door: Entrance, method: str) -> None:
    right, wrong = [
        await door.receiver.receive(method, path, {}, _never()) for path in (ACME_PATH, "/nobody/nothing-0123456789")
    ]
    assert right == wrong
    assert right.status == 404


def _compared(receiver: WebhookReceiver, path: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How long the texts were of each comparison."""
    seen: list[int] = []
    compare = hmac.compare_digest

    def note(one: bytes, other: bytes) -> bool:
        seen.append(len(one) - len(other))
        return compare(one, other)

    with monkeypatch.context() as patched:
        patched.setattr(hmac, "compare_digest", note)
        receiver._doors.find(path)
    return seen


@pytest.mark.parametrize("path", [*WRONG_PATHS, ACME_PATH, TESTS_PATH, f"{ACME_PATH}/token"])
async def test_every_path_takes_the_same_comparisons(
    door: Entrance, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _compared(door.receiver, path, monkeypatch) == [0] * 2 * 4


@pytest.mark.parametrize("coding", ["gzip", "br", "identity, gzip", "GZIP", " deflate ", "x"])
async def test_a_compressed_body_is_refused_unread(door: Entrance, coding: str) -> None:
    headers = {"Content-Encoding": coding}
    assert await door.post(ACME_PATH, _never(), headers) == 415
    assert await door.post(ACME_PATH, gzip.compress(result()), headers) == 415
    assert await door.kept() == []


@pytest.mark.parametrize("coding", ["identity", "", "Identity"])
async def test_identity_is_no_compression(door: Entrance, coding: str) -> None:
    assert await door.post(ACME_PATH, result(), [(b"content-encoding", coding.encode())]) == 200


async def test_an_oversized_body_is_refused_by_its_header_or_as_soon_as_it_is_too_long(tmp_path: Path) -> None:
    async with entrance(tmp_path / "store.db", max_body_bytes=1000) as door:
        big = result(note="x" * 1000)
        assert await door.post(ACME_PATH, _never(), {"Content-Length": "1001"}) == 413
        assert await door.post(ACME_PATH, _never(), {"Content-Length": "9" * 5000}) == 413
        assert await door.post(ACME_PATH, big) == 413
        assert await door.post(ACME_PATH, pieces(b"{", b" " * 1000, _Poison())) == 413
        assert await door.post(ACME_PATH, big, {"Content-Length": "12"}) == 413
        assert await door.kept() == []
        fitting = result(note="x" * (1000 - len(result(note=""))))
        assert len(fitting) == 1000
        assert await door.post(ACME_PATH, pieces(fitting[:500], fitting[500:]), {"Content-Length": "1000"}) == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"result", b"\xff\xfe{}", b'{"event": "\xff"}', b"{}{}", result() + b"x", b"NaN", b'{"a": Infinity}',
        b"[" * 2000 + b"]" * 2000, "{}".encode("utf-16"), b"event=result",
    ],
)  # fmt: skip
async def test_what_is_no_json_in_utf_8_is_refused(door: Entrance, body: bytes) -> None:
    assert await door.post(ACME_PATH, body) == 400
    assert await door.post(TESTS_PATH, pieces(body)) == 400
    assert await door.kept() == []


async def test_a_body_that_is_cut_short_is_not_stored(door: Entrance) -> None:
    assert await door.post(ACME_PATH, _cut_short(result())) == 400
    assert await door.kept() == []


async def test_a_client_that_is_gone_leaves_nothing_half_stored(door: Entrance) -> None:
    reading = asyncio.create_task(door.post(ACME_PATH, _endless(result())))
    await asyncio.sleep(0.01)
    reading.cancel()
    storing = asyncio.create_task(door.post(ACME_PATH, result()))
    await asyncio.sleep(0)
    storing.cancel()
    assert [type(one) for one in await asyncio.gather(reading, storing, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2
    await door.receiver.aclose()
    assert await door.kept() in ([], [("received", 1)])
    assert await door.post(ACME_PATH, result()) == 200
    assert [row.body for row in await door.rows()] == [result()]


# --- signatures ------------------------------------------------------------------------------------------------------


async def test_where_there_are_tokens_only_what_they_sign_is_taken(guarded: Entrance) -> None:
    body = result()
    assert await guarded.post(ACME_PATH, body) == 401
    assert await guarded.post(ACME_PATH, body, signed(body, "eu.made-up")) == 401
    assert await guarded.post(ACME_PATH, body, signed(body, OTHER_TOKEN)) == 401
    assert await guarded.post(ACME_PATH, body, signed(body + b" ")) == 401
    assert await guarded.post(ACME_PATH, b"[]", {"authorization": "\ud800"}) == 401
    assert await guarded.kept() == []
    assert await guarded.post(ACME_PATH, body, signed(body)) == 200
    (row,) = await guarded.rows()
    assert (row.is_verified, row.headers) == (True, None)


async def test_two_tokens_may_be_valid(tmp_path: Path) -> None:
    async with entrance(tmp_path / "store.db", tokens={ACME: ["eu.new", TOKEN]}) as door:
        for token, candidate in (("eu.new", "ref-1"), (TOKEN, "ref-2")):
            body = result(candidate=candidate)
            assert await door.post(ACME_PATH, body, signed(body, token)) == 200


# --- URLs ------------------------------------------------------------------------------------------------------------


async def test_both_of_two_secrets_are_valid_and_the_first_is_given_away(door: Entrance) -> None:
    new, old = SECRETS[ACME]
    assert door.receiver.callback_url(ACME) == f"https://hooks.example.com/in/hooks/{ACME}/{new}"
    assert door.receiver.callback_url(TESTS) == f"https://hooks.example.com/in/hooks/tests%2Feu/{SECRETS[TESTS]}"
    assert [await door.post(f"/{ACME}/{one}", result()) for one in (new, old)] == [200, 200]
    assert await door.kept() == [("received", 2)]


def below(url: str) -> str:
    return url.removeprefix("https://hooks.example.com/in/hooks")


async def test_a_sessions_own_url_takes_no_other_sessions_events(door: Entrance) -> None:
    path = below(door.receiver.callback_url(ACME, reference="ref-77"))
    assert path.startswith(f"{ACME_PATH}/")
    assert len(path.removeprefix(f"{ACME_PATH}/")) == 22
    assert await door.post(path, result(candidate="ref-78")) == 403
    assert await door.post(path, result(candidate=None)) == 403
    assert await door.post(path, result(candidate="")) == 403
    assert await door.post(below(door.receiver.callback_url(ACME, reference="")), result(candidate=None)) == 403
    assert await door.post(path[:-1], result()) == 403
    assert await door.post(f"{ACME_PATH}/x", result()) == 403
    assert await door.kept() == []
    assert await door.post(path, result()) == 200


async def test_a_token_of_another_account_or_secret_is_refused(door: Entrance) -> None:
    token = door.receiver.callback_url(OTHER, reference="ref-77").rpartition("/")[2]
    assert await door.post(f"{ACME_PATH}/{token}", result()) == 403
    token = door.receiver.callback_url(ACME, reference="ref-77").rpartition("/")[2]
    assert await door.post(f"/{ACME}/{SECRETS[ACME][1]}/{token}", result()) == 403
    assert await door.kept() == []


def test_accounts_with_the_same_secret_have_other_tokens() -> None:
    assert token_of(SECRETS[OTHER], ACME, "ref-77") != token_of(SECRETS[OTHER], OTHER, "ref-77")


async def test_no_url_of_one_session_where_the_vendor_has_one_for_all(door: Entrance, payload_bytes: Bytes) -> None:
    with pytest.raises(ik.InvalidArgumentError, match="one URL for all sessions"):
        door.receiver.callback_url(TESTS, reference="ref-77")
    assert await door.post(f"{TESTS_PATH}/sometoken", payload_bytes(REPORT)) == 403
    assert await door.kept() == []


async def test_a_url_is_given_only_of_what_is_known(tmp_path: Path) -> None:
    async with entrance(tmp_path / "store.db", base_url=None) as door:
        with pytest.raises(ik.ConfigurationError, match="base_url"):
            door.receiver.callback_url(ACME)
        with pytest.raises(ik.InvalidArgumentError, match="no webhooks are taken for the account 'pads'"):
            door.receiver.callback_url("pads")


# --- the store -------------------------------------------------------------------------------------------------------


async def test_a_store_that_fails_is_a_503_and_nothing_else_is(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_self: Inbox, _arrivals: Any) -> Any:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Inbox, "put", fail)
        assert await asyncio.gather(*(door.post(ACME_PATH, result()) for _ in range(3))) == [503] * 3
        assert await door.post("/nobody/nothing", result()) == 404
        assert await door.post(ACME_PATH, b"{") == 400
    assert await door.kept() == []
    assert await door.post(ACME_PATH, result()) == 200


async def test_a_bug_in_storing_is_a_503_and_ends_nothing(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    async def stumble(_self: Inbox, _arrivals: Any) -> Any:
        raise RecursionError

    with monkeypatch.context() as patched:
        patched.setattr(Inbox, "put", stumble)
        assert await door.post(ACME_PATH, result()) == 503
    assert await door.post(ACME_PATH, result()) == 200


async def test_a_store_that_is_slow_is_a_503_before_the_vendor_gives_up(door: Entrance) -> None:
    receiver = door.receiver
    receiver._commits = GroupCommit(receiver._inbox, patience=0.02)
    async with door.store.writing(), asyncio.timeout(2):
        assert await door.post(ACME_PATH, result()) == 503
    await receiver.aclose()
    assert await door.kept() == [("received", 1)]  # it was stored after all, and a second delivery is a duplicate


async def test_what_does_not_fit_into_memory_is_a_503(door: Entrance) -> None:
    receiver = door.receiver
    receiver._commits = GroupCommit(receiver._inbox, most_bytes=len(result()) + 10)
    async with door.store.writing():
        first = asyncio.create_task(door.post(ACME_PATH, result()))
        await asyncio.sleep(0)
        assert await door.post(ACME_PATH, result(candidate="ref-78")) == 503
    assert await first == 200


async def test_events_that_arrive_together_share_a_transaction(door: Entrance, monkeypatch: pytest.MonkeyPatch) -> None:
    transactions = []
    put = Inbox.put

    async def note(self: Inbox, arrivals: Any) -> Any:
        transactions.append(len(arrivals))
        return await put(self, arrivals)

    monkeypatch.setattr(Inbox, "put", note)
    sent = [door.post(ACME_PATH, result(candidate=f"ref-{number}")) for number in range(100)]
    assert await asyncio.gather(*sent) == [200] * 100
    assert sum(transactions) == 100
    assert len(transactions) <= 5


# --- erased people ---------------------------------------------------------------------------------------------------


@pytest.fixture
def erasure_key(monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setenv("INTERVIEWKIT_ERASURE_KEY", "ab" * 32)
    return bytes.fromhex("ab" * 32)


@pytest.mark.parametrize(
    "body",
    [
        result(email="Robin@Example.com"), b'{"event": "paid", "who": "robin\\u0040example.com"}',
        result(email="ada@example.com", note="mail robin@example.com"),
    ],
)  # fmt: skip
async def test_an_event_about_an_erased_person_is_taken_and_not_kept(
    door: Entrance, erasure_key: bytes, body: bytes
) -> None:
    from interviewkit.harvest.erase import forget

    assert await door.post(ACME_PATH, result()) == 200
    await forget(door.store, email="robin@example.com", key=erasure_key)
    assert await door.post(ACME_PATH, body) == 200
    assert await door.kept() == [("received", 1)]
    assert door.receiver.counters.answers[ACME, "forgotten"] == 1


async def test_an_erased_session_is_taken_and_not_kept(door: Entrance, erasure_key: bytes) -> None:
    from interviewkit.harvest.erasures import hash_of_ref, insert

    async with door.store.writing() as connection:
        hashes = [hash_of_ref(erasure_key, ACME, "codility:take_home:KKUFDG-5V5")]
        await insert(connection, erasure_key, hashes, await door.store.now(connection))
    assert await door.post(ACME_PATH, result()) == 200
    assert await door.kept() == []


async def test_without_the_key_of_erasures_nothing_is_stored_and_nothing_started(
    door: Entrance, erasure_key: bytes, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from interviewkit.harvest.erasures import insert

    async with door.store.writing() as connection:
        await insert(connection, erasure_key, ["00"], await door.store.now(connection))
    monkeypatch.delenv("INTERVIEWKIT_ERASURE_KEY")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert await door.post(ACME_PATH, result()) == 503
    with pytest.raises(ik.ConfigurationError, match="the key of their hashes is missing"):
        await door.receiver.start()


# --- nothing shows ---------------------------------------------------------------------------------------------------


async def test_no_log_repr_or_counter_holds_a_secret_a_path_or_a_person(
    guarded: Entrance, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    body = result()
    for path in (ACME_PATH, "/nobody/nothing", guarded.receiver.callback_url(ACME, reference="ref-77")[-80:]):
        await guarded.post(path, body, signed(body))
    monkeypatch.setattr(Inbox, "put", _fail)
    await guarded.post(ACME_PATH, body, signed(body))
    shown = caplog.text + repr([guarded.receiver, guarded.receiver.counters, guarded.receiver._doors])
    door = guarded.receiver._doors.find(ACME_PATH)
    shown += repr(door)
    assert "was not stored" in caplog.text
    for hidden in (*SECRETS[ACME], TOKEN, "ada@example.com", "ref-77", "KKUFDG", "Ada"):
        assert hidden not in shown


async def _fail(_self: Inbox, _arrivals: Any) -> Any:
    raise StoreError("the disk is full")


# --- the set-up ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"secrets": {}}, "needs an account with a secret"),
        ({"secrets": {"acme": []}}, "'acme' has no webhook secret"),
        ({"secrets": {"acme": "short"}}, "16 or more letters"),
        ({"secrets": {"acme": ["acme-secret-0123456789", "a/secret-with-a-slash"]}}, "16 or more letters"),
        ({"secrets": {"acme": 7}}, "a text or a list of texts, not int"),
        ({"secrets": {"nobody": "acme-secret-0123456789"}}, "'nobody', which there is not"),
        ({"secrets": {"pads": "pads-secret-0123456789"}}, "sends no webhooks"),
        ({"tokens": {"pads": "x"}}, "token names the account 'pads', which has no secret"),
        ({"tokens": {"tests/eu": "x"}}, "signs no webhook"),
        ({"tokens": {"acme": ""}}, "a secret is empty"),
        ({"base_url": "http://hooks.example.com"}, "not https"),
        ({"base_url": "hooks.example.com"}, "the beginning of a URL"),
        ({"base_url": "https://me@hooks.example.com"}, "the beginning of a URL"),
        ({"base_url": "https://hooks.example.com/?a=1"}, "the beginning of a URL"),
        ({"base_url": "https://hooks.example.com:x"}, "the beginning of a URL"),
        ({"max_body_bytes": 0}, "max_body_bytes= is a whole number"),
        ({"concurrency": True}, "concurrency= is a whole number"),
    ],
)
async def test_a_wrong_set_up_is_told_in_one_line_without_the_secret(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ik.ConfigurationError) as caught:
        async with entrance(tmp_path / "store.db", **options):
            pass
    assert words in str(caught.value)
    assert "a/secret-with" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments",
    [(None, "/", {}, b""), ("POST", None, {}, b""), ("POST", ACME_PATH, None, b""), ("POST", ACME_PATH, {}, "text")],
)
async def test_arguments_of_a_wrong_type_are_named(door: Entrance, arguments: Any) -> None:
    if arguments[0] is None:
        arguments = (None, ACME_PATH, *arguments[2:])
    with pytest.raises(ik.InvalidArgumentError):
        await door.receiver.receive(*arguments)


async def test_a_provider_of_somebody_else_may_fail_in_its_own_way(tmp_path: Path) -> None:
    class Odd(ik.BaseProvider):
        name = "odd"

        @classmethod
        def parse_event(cls, headers: Any, body: bytes, *, secrets: Any = (), account: Any = None) -> Any:
            raise KeyError("ada@example.com")

    async with ik.Hub([Odd(account="odd")]) as hub, await Store.open(tmp_path / "store.db") as store:
        receiver = WebhookReceiver(hub, store, secrets={"odd": "odd-secret-0123456789"}, fetch_back=False)
        door = Entrance(receiver=receiver, store=store)
        assert await door.post("/odd/odd-secret-0123456789", b'{"a": 1}') == 200
        assert await door.post("/odd/odd-secret-0123456789", b"no json") == 400
        assert await door.post("/odd/odd-secret-0123456789", b"[" * 500 + b"]" * 500) == 400
        (row,) = await door.rows()
        assert (row.state, row.error) == ("unreadable", "the provider failed: KeyError")
        with pytest.raises(ik.ConfigurationError, match="no report can be fetched"):
            WebhookReceiver(hub, store, secrets={"odd": "odd-secret-0123456789"})


async def _never() -> AsyncIterator[bytes]:
    raise AssertionError("the body was read")
    yield b""


async def _cut_short(body: bytes) -> AsyncIterator[bytes]:
    yield body
    raise CutShortError


async def _endless(body: bytes) -> AsyncIterator[bytes]:
    yield body
    await asyncio.Event().wait()


class _Poison(bytes):
    """A piece that must not be asked for."""

    def __len__(self) -> int:
        raise AssertionError("more was read than is wanted")
