"""Accounts from a file and the environment: every mistake in one clear line, and no secret in it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from interviewkit import ConfigurationError, RateLimit, RetryPolicy, config, registry
from tests.fake_vendor import FakeProvider

SECRET = "sk-very-secret-value"


@pytest.fixture(autouse=True)
def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {"fake": FakeProvider})
    monkeypatch.setenv("ACME_KEY", SECRET)
    monkeypatch.delenv("ACME_NO_KEY", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "interviewkit.toml"
    path.write_text(text)
    return path


def account(folder: Path, *lines: str, provider: str = "fake") -> config.Account:
    head = f'[accounts.acme]\nprovider = "{provider}"\n'
    return config.load(write(folder, head + "\n".join(lines)))[0]


def test_an_account_is_read_with_its_secret_from_the_environment(tmp_path: Path) -> None:
    found = account(tmp_path, 'api_key = "env:ACME_KEY"', "delay = 0.5")
    assert (found.label, found.provider) == ("acme", "fake")
    assert found.keywords == {"api_key": SECRET, "delay": 0.5}
    assert SECRET not in repr(found)
    assert found.connect().account == "acme"


def test_limit_and_retry_become_their_classes(tmp_path: Path) -> None:
    found = account(
        tmp_path,
        'token = "env:ACME_KEY"',
        "limit = { requests = 500, per_seconds = 3600 }",
        "retry = { attempts = 2 }",
        provider="codility",
    )
    assert found.keywords["limit"] == RateLimit(500, 3600)
    assert found.keywords["retry"] == RetryPolicy(attempts=2)


def test_an_alias_is_the_provider_it_stands_for(tmp_path: Path) -> None:
    assert account(tmp_path, 'api_key = "env:ACME_KEY"', provider="codeinterview").provider == "remoteinterview"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f'api_key = "{SECRET}"', r'api_key is a secret.*"env:ACME_API_KEY"'),
        ("api_key = 17", "api_key is a secret"),
        ('api_key = "env:ACME_NO_KEY"', "environment variable ACME_NO_KEY, which is not set"),
        (f'api_key = "env:{SECRET}"', "names no environment variable"),
        ('api_key = "keyring:nowhere"', 'write "keyring:SERVICE/NAME"'),
        ('api_kye = "env:ACME_KEY"', r"'api_kye' \(did you mean api_key\?\)"),
        ("delay = 1", "needs api_key"),
        ('account = "other"', "the table's name is the account's label"),
    ],
)
def test_what_is_wrong_with_an_account_is_said_in_one_line_without_the_secret(
    tmp_path: Path, line: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        account(tmp_path, line)
    assert "account acme" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("organization = 'yes'", "organization is true or false, not text"),
        ("base_url = 5", "base_url is text, not a whole number"),
        ("timeout = 'long'", "timeout is a number, not text"),
        ("limit = 5", "limit is a table such as { requests = 500, per_seconds = 3600 }, not a whole number"),
        ("limit = { requests = 5 }", "limit lacks per_seconds"),
        ("limit = { requests = 'x', per_seconds = 5 }", "limit.requests is a whole number, not text"),
        ("limit = { requests = 0, per_seconds = 5 }", "limit is wrong: RateLimit: requests >= 1"),
        ("limit = { request = 5, per_seconds = 1 }", "limit knows no 'request'"),
        ("retry = 2026-11-01", "retry is a table such as .*, not a time"),
        ("unsupported = 'ignore'", 'unsupported is "raise" or "warn", not another word'),
        ("auth = 'basic'", 'auth is "token" or "bearer", not another word'),
        ("session = 'x'", "session is an object that only a program can give"),
    ],
)
def test_a_value_of_the_wrong_type_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=f"account acme: {said}"):
        account(tmp_path, 'api_key = "env:ACME_KEY"', line, provider="coderpad")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no accounts"),
        ("[account.acme]\n", "'account' is unknown"),
        ("[accounts]\nacme = 5\n", "account acme is not a table"),
        ("[accounts.acme]\n", "names no provider"),
        ('[accounts.acme]\nprovider = "nobody"\n', "account acme: no provider is called 'nobody'"),
        ("[accounts.acme\n", "is not TOML.*line 1"),
    ],
)
def test_a_file_that_holds_no_account_says_why(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        config.load(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_a_configuration_error(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            config.load(path)
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        config.load(tmp_path / "latin.toml")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "marked.toml"
    path.write_bytes(b'\xef\xbb\xbf[accounts.acme]\nprovider = "fake"\napi_key = "env:ACME_KEY"\n')
    assert config.load(path)[0].label == "acme"


def test_the_secrets_of_accounts_that_are_not_asked_for_need_not_be_there(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[accounts.one]\nprovider = "fake"\napi_key = "env:ACME_KEY"\n'
        '[accounts.two]\nprovider = "fake"\napi_key = "env:ACME_NO_KEY"\n',
    )
    assert [found.label for found in config.load(path, only=["one"])] == ["one"]
    with pytest.raises(ConfigurationError, match=r"account two.*ACME_NO_KEY"):
        config.load(path)
    with pytest.raises(ConfigurationError, match=r"no account three.*there are: one, two"):
        config.load(path, only=["three"])


def keyring_module(answer: Any) -> SimpleNamespace:
    class LockedError(Exception):
        pass

    def get_password(service: str, name: str) -> str | None:
        if answer == "locked":
            raise LockedError
        return answer if (service, name) == ("acme/kit", "token") else None

    errors = SimpleNamespace(KeyringError=LockedError)
    return SimpleNamespace(get_password=get_password, errors=errors, __path__=[])


def test_a_secret_comes_from_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = keyring_module(SECRET)
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", fake.errors)
    assert account(tmp_path, 'api_key = "keyring:acme/kit/token"').keywords["api_key"] == SECRET
    with pytest.raises(ConfigurationError, match="the keyring has no entry acme/other"):
        account(tmp_path, 'api_key = "keyring:acme/other"')


def test_a_keyring_that_cannot_be_read_is_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = keyring_module("locked")
    monkeypatch.setitem(sys.modules, "keyring", fake)
    monkeypatch.setitem(sys.modules, "keyring.errors", fake.errors)
    with pytest.raises(ConfigurationError, match="the keyring cannot be read"):
        account(tmp_path, 'api_key = "keyring:acme/kit/token"')


def test_a_missing_keyring_extra_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'interviewkit\[keyring\]'"):
        account(tmp_path, 'api_key = "keyring:acme/kit/token"')


def test_a_provider_that_refuses_its_keywords_is_named_with_its_account(tmp_path: Path) -> None:
    found = account(tmp_path, 'api_key = "env:ACME_KEY"', 'base_url = "http://vendor.example"', provider="coderpad")
    with pytest.raises(ConfigurationError, match="account acme: base_url is plain http") as caught:
        found.connect()
    assert caught.value.account == "acme"
    assert "allow_http = true" in str(caught.value)


def test_an_account_is_named_also_when_its_label_is_a_word_of_the_error(tmp_path: Path) -> None:
    path = write(tmp_path, '[accounts.base]\nprovider = "coderpad"\napi_key = "env:ACME_KEY"\nbase_url = "nowhere"\n')
    with pytest.raises(ConfigurationError, match="account base: base_url is not a URL"):
        config.load(path)[0].connect()


def test_keywords_that_only_a_program_can_give_are_not_offered(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="knows no keyword 'quantum'") as caught:
        account(tmp_path, 'api_key = "env:ACME_KEY"', "quantum = 1", provider="coderpad")
    offered = str(caught.value).partition("known: ")[2].rstrip(")").split(", ")
    assert {"api_key", "timeout", "allow_http"} <= set(offered)
    assert not {"session", "clock", "random", "sleep", "observers", "transport", "limiter", "ledger"} & set(offered)


def test_the_environment_has_an_account_for_each_vendor_whose_variable_is_set() -> None:
    found = config.from_environment({"CODILITY_TOKEN": "t", "CODERPAD_API_KEY": " ", "HOME": "/"})
    assert found == (config.Account("codility", "codility"),)
