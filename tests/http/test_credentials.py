"""Keys as people paste them, base URLs as people type them, and settings of the wrong kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interviewkit.errors import ConfigurationError, InvalidArgumentError
from interviewkit.http.connection import Connection, Host, check_base_url, is_loopback
from interviewkit.http.credentials import NoCredential, StaticCredential, clean_secret
from interviewkit.http.limits import RateLimit
from interviewkit.http.refusal import refusal
from interviewkit.http.retry import RetryPolicy
from interviewkit.testing.scripted import Scripted, answer
from tests.http.calls import BASE, create, get


def clean(value: object) -> str:
    return clean_secret(value, what="api_key", provider="acme", hint="make one in the settings")


@pytest.mark.parametrize(
    "pasted",
    [
        "k3y", "  k3y\n", '"k3y"', "'k3y'", "Bearer k3y", "bearer   k3y", "Authorization: Bearer k3y",
        'Token token="k3y"',
        "Token token=k3y", 'Authorization: Token token="k3y"', "authorization:Token k3y", "Token k3y", '"Bearer k3y"',
        "Bearer 'k3y'", "\tAuthorization: Bearer k3y ",
    ],
)  # fmt: skip
def test_a_key_is_cleaned_of_what_it_was_pasted_with(pasted: str) -> None:
    assert clean(pasted) == "k3y"


@pytest.mark.parametrize(
    "key", ["Bearers", "token", "tokenk3y", "bearer-k3y", "a=b==", "a.b-c_d~e+f/g=", "Authorization"]
)
def test_a_key_that_only_looks_like_a_header_stays_whole(key: str) -> None:
    assert clean(key) == key


@pytest.mark.parametrize(
    "wrong",
    [
        None, 5, b"k3y", "", "   ", '""', "k3y\r\nX-Other: 1", "k3 y", "k\x00y", "ключ", 'k"y', "k\\y", "Bearer a b",
        "Bearer ", "bearer", "Authorization: Bearer ", "authorization:", "Authorization: Token", '"Bearer "',
        "Token token=", 'Token token=""',
    ],
)  # fmt: skip
def test_what_is_no_key_is_refused_without_being_shown(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="api_key") as caught:
        clean(wrong)
    assert caught.value.hint == "make one in the settings"
    assert caught.value.provider == "acme"
    if isinstance(wrong, str) and len(wrong.strip()) > 2:
        assert wrong not in str(caught.value)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'\\:"), min_size=1))
def test_cleaning_twice_is_cleaning_once(key: str) -> None:
    cleaned = clean(key)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "credential", [StaticCredential("s3cret", header="Bearer {}"), StaticCredential("s3cret", query="key")]
)
def test_a_key_stands_in_no_repr_and_in_no_fingerprint(credential: StaticCredential) -> None:
    assert "s3cret" not in repr(credential) + credential.fingerprint


async def test_no_credential_adds_nothing() -> None:
    nobody = NoCredential()
    await nobody.refresh()
    assert (dict(nobody.headers), nobody.query, await nobody.renew({})) == ({}, "", False)


def base(url: Any, *, allow_http: bool = False) -> str:
    return check_base_url(url, provider="acme", allow_http=allow_http)


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("https://vendor.example", "https://vendor.example"),
        ("https://vendor.example/", "https://vendor.example"),
        (" https://vendor.example/api/v1/ \n", "https://vendor.example/api/v1"),
        ("https://vendor.example:8443", "https://vendor.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://acme.localhost:8080", "http://acme.localhost:8080"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.1.2.3", "http://127.1.2.3"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_base_url_is_https_or_loopback(typed: str, used: str) -> None:
    assert base(typed) == used


@pytest.mark.parametrize(
    "wrong",
    [
        "http://vendor.example", "http://localhost.example.com", "http://127.0.0.1.example.com", "http://0.0.0.0",
        "http://[::2]", "http://192.168.0.1", "http://example.com#@localhost", "http://localhost@example.com",
        "ftp://vendor.example", "vendor.example", "//vendor.example", "https://", "", "https://u:p@vendor.example",
        "https://vendor.example?key=s3cret", "https://vendor.example#x", "https://vendor.example:port", "https://[::1",
        "https://vendor.example:99999", None, 5, "https://ven dor.example", "https://vendor.example\\@evil.example",
        "https://vendor.example/a b", "https://vendor.example/\u2028x",
    ],
)  # fmt: skip
def test_a_base_url_that_would_give_a_key_away_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigurationError, match="base_url") as caught:
        base(wrong)
    assert "s3cret" not in str(caught.value)


def test_plain_http_is_allowed_on_request() -> None:
    assert base("http://vendor.example", allow_http=True) == "http://vendor.example"


def test_no_host_is_no_loopback() -> None:
    assert not is_loopback(None)


def connect(**settings: Any) -> Connection:
    host = Host(base_url=BASE, credential=StaticCredential("k", header="Bearer {}"))
    script = Scripted(respond=lambda _sent: answer({"status": "OK"}))
    return Connection.open("acme", {"api": host}, refusal, {"transport": script, **settings})  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout": 0}, {"timeout": -1}, {"timeout": float("nan")}, {"timeout": True}, {"timeout": "30"},
        {"timeout": None},
        {"max_response_bytes": 1.5}, {"max_response_bytes": 0}, {"max_response_bytes": True}, {"retry": 3},
        {"limit": (500, 3600)}, {"reconcile_timeout": "x"}, {"account": 5}, {"account": " "}, {"limiter": 5},
        {"observers": 5}, {"observers": [object()]}, {"allow_http": "no"}, {"clock": 5}, {"sleep": 0.1}, {"random": 1},
    ],
)  # fmt: skip
def test_a_setting_of_the_wrong_kind_is_refused_by_name(wrong: dict[str, Any]) -> None:
    [name] = wrong
    with pytest.raises(ConfigurationError, match=name) as caught:
        connect(**wrong)
    assert caught.value.provider == "acme"


def test_a_keyword_that_nobody_knows_is_refused_with_the_closest_one() -> None:
    with pytest.raises(ConfigurationError, match=r"timout.*did you mean timeout"):
        connect(timout=5)


async def test_a_copy_with_other_options_uses_the_same_transport_and_leaves_it_open() -> None:
    connection = connect(limit=RateLimit(5, 60))
    copy = connection.with_options({"timeout": 5, "retry": RetryPolicy(attempts=1)})
    assert (copy.runner.timeout, connection.runner.timeout) == (5, 30)
    assert copy.transport is connection.transport
    assert copy.runner.endpoints is connection.runner.endpoints
    await copy.aclose()
    assert isinstance(connection.transport, Scripted)
    assert not connection.transport.closed
    await connection.aclose()
    assert connection.transport.closed


@pytest.mark.parametrize("wrong", [{"timeout": -1}, {"base_url": BASE}, {"api_key": "k"}, {"max_response_bytes": "1"}])
def test_a_copy_with_wrong_options_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError):
        connect().with_options(wrong)


async def test_another_vendors_call_is_refused() -> None:
    import attrs

    with pytest.raises(InvalidArgumentError, match="other"):
        await connect().send(attrs.evolve(get(), provider="other"))


async def test_a_timeout_may_be_endless() -> None:
    assert await connect(timeout=float("inf")).send(create()) == {"status": "OK"}
