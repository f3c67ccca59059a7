"""The table `[webhooks]`: every mistake in one clear line, and no secret in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from interviewkit import ConfigurationError, config

SECRET = "very-secret-value-0123456789"
ACCOUNTS = """
[accounts.acme]
provider = "codility"
token = "env:ACME_NO_KEY"
[accounts.other]
provider = "remoteinterview"
api_key = "env:ACME_NO_KEY"
"""
HEAD = '[webhooks]\nbase_url = "https://hooks.example.com/interviews"\n'
ACME = "[webhooks.accounts.acme]\n"
FIRST = 'secrets = "env:ACME_HOOK"\n'


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_HOOK", SECRET)
    monkeypatch.setenv("ACME_OLD_HOOK", SECRET + "-old")
    monkeypatch.delenv("ACME_NO_KEY", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "interviewkit.toml"
    path.write_text(ACCOUNTS + text)
    return path


def test_secrets_are_read_newest_first_and_the_accounts_own_are_not_needed(tmp_path: Path) -> None:
    lines = 'secrets = ["env:ACME_HOOK", "env:ACME_OLD_HOOK"]\ntokens = ["env:ACME_HOOK"]\n'
    found = config.load_webhooks(write(tmp_path, HEAD + ACME + lines))
    assert found.base_url == "https://hooks.example.com/interviews"
    assert found.secrets == {"acme": (SECRET, SECRET + "-old")}
    assert found.tokens == {"acme": (SECRET,)}
    assert SECRET not in repr(found)


def test_one_secret_needs_no_list_and_tokens_may_be_left_out(tmp_path: Path) -> None:
    found = config.load_webhooks(write(tmp_path, HEAD + ACME + FIRST))
    assert (found.secrets, found.tokens) == ({"acme": (SECRET,)}, {})


def test_secrets_of_accounts_that_are_not_asked_for_need_not_be_there(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + ACME + FIRST + '[webhooks.accounts.other]\nsecrets = "env:ACME_NO_KEY"\n')
    assert {*config.load_webhooks(path, only=["acme"]).secrets} == {"acme"}


def test_a_file_with_webhooks_is_one_of_accounts_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_NO_KEY", "k")
    path = write(tmp_path, HEAD + ACME + FIRST)
    assert [account.label for account in config.load(path)] == ["acme", "other"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"has no \[webhooks\] \(write \[webhooks\] with base_url"),
        ("[webhooks]\nbase_url = 5\n", "has a base_url that is no text"),
        (f"[webhooks]\n{ACME}{FIRST}", r"\[webhooks\] lacks base_url"),
        (HEAD, r"holds no accounts \(write \[webhooks.accounts.LABEL\]"),
        (f"{HEAD}accounts = 5\n", "holds no accounts"),
        (f'{HEAD}secret = "env:A"\n', r"knows no 'secret' \(known: base_url, accounts\)"),
        (f"{HEAD}[webhooks.accounts.nobody]\n{FIRST}", r"no account nobody \(there are: acme, other\)"),
        (f"{HEAD}[webhooks.accounts]\nacme = 5\n", "webhooks of account acme are no table"),
        (f"{HEAD}{ACME}", "webhooks of account acme: secrets are missing"),
        (f"{HEAD}{ACME}secrets = []\n", "secrets are missing"),
        (f'{HEAD}{ACME}secret = "env:A"\n', r"knows no 'secret' \(known: secrets, tokens\)"),
        (f'{HEAD}{ACME}secrets = "{SECRET}"\n', r'must not stand in the file.*"env:ACME_WEBHOOK_SECRET"'),
        (f'{HEAD}{ACME}secrets = ["env:ACME_HOOK", "{SECRET}"]\n', "must not stand in the file"),
        (f"{HEAD}{ACME}secrets = 17\n", "must not stand in the file"),
        (f'{HEAD}{ACME}{FIRST}tokens = "{SECRET}"\n', r'must not stand in the file.*"env:ACME_WEBHOOK_TOKEN"'),
        (f'{HEAD}{ACME}secrets = "env:ACME_NO_KEY"\n', "environment variable ACME_NO_KEY, which is not set"),
    ],
)
def test_what_is_wrong_is_said_in_one_line_without_a_secret(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        config.load_webhooks(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("label", "said"), [("nobody", "no account nobody"), ("other", "account other has no webhooks")]
)
def test_an_account_that_is_asked_for_has_to_be_there(tmp_path: Path, label: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        config.load_webhooks(write(tmp_path, HEAD + ACME + FIRST), only=[label])


def test_the_example_of_the_documentation_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME_HOOK_SECRET", "ACME_OLD_HOOK_SECRET", "ACME_CALLBACK_TOKEN", "ACME_TESTS_HOOK_SECRET"):
        monkeypatch.setenv(name, f"{SECRET}-{name}")
    found = config.load_webhooks(Path(__file__).parents[2] / "docs" / "examples" / "webhooks.toml")
    assert found.providers == {"acme-codility": "codility", "acme-tests": "remoteinterview"}
    assert [len(found.secrets["acme-codility"]), len(found.tokens["acme-codility"])] == [2, 1]
