"""Commands over fake accounts: what they print, and the exit code of whatever may go wrong."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from pathlib import Path

import pytest

import interviewkit
from interviewkit import (
    AuthenticationError,
    InterviewKitError,
    InvalidRequestError,
    MalformedResponseError,
    Outcome,
    RateLimitedError,
    TransportError,
    registry,
)
from interviewkit.cli.app import app
from interviewkit.cli.messages import told
from tests.cli.conftest import Accounts, Run
from tests.fake_vendor import FakeProvider, trouble


def rows(out: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.splitlines()]


def test_sessions_into_a_pipe_are_json_lines(run: Run, accounts: Accounts) -> None:
    accounts(one={}, two={"pages": [("c",)]})
    ran = run("sessions")
    assert (ran.code, ran.err) == (0, "")
    assert sorted((row["account"], row["ref"]) for row in rows(ran.out)) == [
        ("one", "fake:live:a"), ("one", "fake:live:b"), ("two", "fake:live:c"),
    ]  # fmt: skip


def test_lists_leave_links_and_access_codes_out_unless_told(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    assert "sesame" not in run("sessions", "--json").out
    assert "secret" not in run("sessions", "--json").out
    assert rows(run("sessions", "--json", "--full").out)[0]["access_code"] == "sesame"


def test_sessions_at_a_terminal_are_a_table(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("sessions", terminal=True)
    assert ran.code == 0
    assert "fake:live:a" in ran.out
    assert "candidate" in ran.out
    assert not ran.out.lstrip().startswith("{")
    assert "sesame" not in ran.out
    assert "2 rows of 1 account" in ran.err


def test_what_a_vendor_says_cannot_steer_the_terminal(run: Run, accounts: Accounts) -> None:
    accounts(one={"pages": [("x\x1b]0;owned\x07[red]y\u202e",)]})
    for arguments in (["sessions"], ["sessions", "--json"], ["report", "x%1B]0;owned%07[red]y", "--account", "one"]):
        ran = run(*arguments, terminal=True, columns=220)
        assert "\x1b]0" not in ran.out
        assert "\x07" not in ran.out
        assert "\u202e" not in ran.out
        assert "[red]y" in ran.out


def test_an_account_that_fails_makes_it_done_in_part(run: Run, accounts: Accounts) -> None:
    accounts(good={}, bad={"failing": trouble(), "pages": []})
    ran = run("sessions", "--json")
    assert ran.code == 3
    assert len(rows(ran.out)) == 2
    assert ran.err == "error: bad: fake.list_sessions: the vendor is away\n"


def test_rows_that_cannot_be_read_make_it_done_in_part(run: Run, accounts: Accounts) -> None:
    accounts(one={"bad_rows": 2})
    ran = run("sessions", "--json")
    assert (ran.code, len(rows(ran.out))) == (3, 2)
    assert "one: 2 rows could not be read" in ran.err


@pytest.mark.parametrize(
    ("error", "code"), [(trouble(), 1), (TransportError("no connection"), 1), (ZeroDivisionError(), 1)]
)
def test_when_no_account_delivers_it_failed(run: Run, accounts: Accounts, error: Exception, code: int) -> None:
    accounts(one={"failing": error, "pages": []})
    ran = run("sessions", "--json")
    assert (ran.code, ran.out) == (code, "")
    assert "Traceback" not in ran.err


def test_what_no_account_can_do_is_wrong_usage(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("sessions", "--updated-since", "2026-11-01")
    assert ran.code == 2
    assert ran.err.startswith("error: one: fake.")
    assert "updated_since" in ran.err


def test_a_limit_ends_the_list_quietly(run: Run, accounts: Accounts) -> None:
    accounts(one={"pages": [(f"p{number}",) for number in range(50)]}, two={"delay": 0.02})
    ran = run("sessions", "--limit", "3")
    assert (ran.code, len(rows(ran.out)), ran.err) == (0, 3, "")


def test_a_list_can_be_narrowed_to_accounts(run: Run, accounts: Accounts) -> None:
    accounts(one={}, two={}, three={})
    ran = run("sessions", "--account", "one", "--account=two")
    assert {row["account"] for row in rows(ran.out)} == {"one", "two"}


def test_assessments_are_listed(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    assert rows(run("assessments").out)[0]["id"] == "-Jr"
    assert "Algorithms" in run("assessments", terminal=True).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "Unknown command"),
        (["sessions", "--nonsense"], "nonsense"),
        (["sessions", "--limit", "many"], "--limit"),
        (["sessions", "--limit", "0"], "--limit is at least 1"),
        (["sessions", "--kind", "party"], "kind"),
        (["sessions", "--updated-since", "yesterday"], "--updated-since is no ISO 8601 time"),
        (["sessions", "--assessment"], "--assessment"),
        (["sessions", "--assessment", "--json"], "--assessment needs a value"),
        (["sessions", "--assessment", "--limit", "3"], "--assessment needs a value"),
        (["create", "--title", "--language", "python"], "--title needs a value"),
        (["sessions", "--account", "nobody"], "no account nobody"),
        (["sessions", "--config", "absent.toml"], "absent.toml cannot be read"),
        (["sessions", "--sandbox", "--config", "x.toml"], "exclude each other"),
        (["invite", "--emial=x"], "no option is called --emial (did you mean --email?)"),
        (["invite", "--emial", "a@example.com"], "no option is called --emial (did you mean --email?)"),
        (["invite", "T", "--quantum"], "no option is called --quantum"),
        (["report", "a", "b"], "too many arguments: b"),
        (["sandbox", "--port", "99999"], "--port is"),
        (["sandbox", "--port=65534"], "--port is"),
        (["sandbox", "--port", "-5"], "--port is"),
        (["sandbox", "--faults", "2"], "--faults is 0 to 1"),
        (["report"], "report"),
        (["report", "no:reference"], "not a session reference"),
        (["create"], "this needs one account (say --account with one of: one, two)"),
        (["create", "--account", "one"], "fake.create_session: "),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(run: Run, accounts: Accounts, arguments: list[str], said: str) -> None:
    accounts(one={}, two={})
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.err.startswith("error: ")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""


def test_without_any_account_it_says_how_to_get_one(run: Run) -> None:
    ran = run("sessions")
    assert ran.code == 2
    assert "interviewkit.toml" in ran.err
    assert "--sandbox" in ran.err


def test_the_environment_is_used_where_there_is_no_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class FromEnvironment(FakeProvider):
        def __init__(self, *, account: str | None = None) -> None:
            super().__init__("k", account=account)

    monkeypatch.setattr(registry, "_registered", {"codility": FromEnvironment})
    monkeypatch.setenv("CODILITY_TOKEN", "t")
    ran = run("sessions")
    assert ran.code == 0
    assert {row["account"] for row in rows(ran.out)} == {"codility"}


def test_a_report_into_a_pipe_is_one_line_of_json(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("report", "a", "--account", "one")
    assert ran.code == 0
    assert rows(ran.out)[0]["ref"] == "fake:live:a"


def test_a_report_at_a_terminal_is_shown_in_full(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("report", "fake:live:a", "--account", "one", terminal=True)
    assert ran.code == 0
    assert "Backend Candidate" in ran.out
    assert "sesame" not in ran.out


def test_a_report_goes_to_a_file(run: Run, accounts: Accounts, tmp_path: Path) -> None:
    accounts(one={})
    assert run("report", "a", "--output", "a.json").out == ""
    assert json.loads((tmp_path / "a.json").read_text())["ref"] == "fake:live:a"
    ran = run("report", "a", "--output", "nowhere/a.json")
    assert ran.code == 1
    assert "nowhere/a.json cannot be written" in ran.err


def test_an_expected_error_is_one_line_and_exit_code_1(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("report", "missing")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: fake.fetch_report: no such session")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize(("word", "value"), [("--assessment", "-JrvNKhZ"), ("--assessment=-JrvNKhZ", None)])
def test_an_id_may_begin_with_a_hyphen(word: str, value: str | None) -> None:
    tokens = ["sessions", word, *([value] if value else []), "--json"]
    _, bound, _ = app.parse_args(tokens, exit_on_error=False, print_error=False)
    assert bound.arguments["assessment"] == "-JrvNKhZ"
    assert bound.arguments["common"].json


@pytest.mark.parametrize("tokens", [["-Jr", "--email", "a@example.com"], ["--email", "a@example.com", "-Jr"]])
def test_a_positional_id_may_begin_with_a_hyphen(tokens: list[str]) -> None:
    _, bound, _ = app.parse_args(["invite", *tokens], exit_on_error=False, print_error=False)
    assert bound.arguments["assessment_or_file"] == "-Jr"
    assert bound.arguments["person"].email == "a@example.com"


def test_the_matrix_names_every_provider_and_reports_a_broken_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", {"fake": FakeProvider})
    ran = run("providers")
    matrix = {row["provider"]: row["capabilities"] for row in rows(ran.out)}
    assert {"coderpad", "remoteinterview", "codility", "fake"} <= set(matrix)
    assert matrix["fake"]["list_sessions"]["support"] == "native"  # type: ignore[index]
    assert ran.code == 0
    registry._registered["mute"] = object
    entries = registry.entries()
    broken = registry.Entry("acme", "acme-kit", "no_such_module:Acme")
    monkeypatch.setattr(registry, "entries", lambda: {**entries, "acme": (broken,)})
    ran = run("providers", terminal=True)
    assert ran.code == 3
    assert "webhooks" in ran.out
    assert "acme-kit" in ran.err
    assert "provider mute declares no capabilities" in ran.err


def test_check_names_each_account_and_fails_in_part(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    ran = run("check")
    assert rows(ran.out)[0]["error"] == "UnsupportedError"
    assert ran.code == 2


def test_check_says_whose_key_is_refused(run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(good={}, bad={})

    async def check(self: FakeProvider) -> interviewkit.AccountStatus:
        if self.account == "bad":
            raise AuthenticationError("the key is not accepted", provider="fake", operation="check", status=401)
        return interviewkit.AccountStatus(ok=True, remaining=5)

    monkeypatch.setattr(FakeProvider, "check", check)
    ran = run("check")
    assert ran.code == 3
    found = {row["account"]: row for row in rows(ran.out)}
    assert (found["good"]["remaining"], found["bad"]["ok"]) == (5, False)
    assert ran.err.startswith("error: bad: fake.check: the key is not accepted")


def test_an_interrupt_ends_it_with_130_and_no_traceback(
    run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts(one={"failing": KeyboardInterrupt(), "pages": []})

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("interviewkit.cli.lists._show", interrupted)
    ran = run("sessions")
    assert (ran.code, ran.out, ran.err) == (130, "", "")


def test_an_error_of_many_lines_is_shown_in_one(run: Run, accounts: Accounts) -> None:
    accounts(one={"failing": InterviewKitError("a\nb\x1b[2J"), "pages": []})
    assert run("sessions", "--json").err == "error: one: fake: a b [2J\n"


def test_flags_need_no_value_and_what_stands_after_two_hyphens_is_no_option(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    assert run("create", "--private", "--title", "Pairing").err.startswith("error: fake.create_session: ")
    assert "not a session reference" in run("report", "--", "--no:such").err


@pytest.mark.parametrize("command", [("create", "--title", "x"), ("invite", "T", "--email", "a@example.com")])
def test_an_interrupted_write_says_that_it_may_have_happened(
    run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    accounts(one={})

    async def on_its_way(*_: object, **__: object) -> None:
        signal.raise_signal(signal.SIGINT)
        await asyncio.sleep(5)

    monkeypatch.setattr(FakeProvider, "create_session", on_its_way)
    monkeypatch.setattr(FakeProvider, "invite_candidate", on_its_way)
    ran = run(*command)
    assert (ran.code, ran.out) == (130, "")
    assert "may have been made. Look with `interviewkit sessions` before you repeat it" in ran.err


def test_the_vendors_own_words_stand_in_a_refusal_and_hints_for_programs_do_not(
    run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts(one={})

    async def refused(*_: object, **__: object) -> None:
        raise InvalidRequestError(
            "the vendor calls the request wrong", vendor_message="no\nmailbox\x1b[2J", raw={"k": "v"}
        )

    monkeypatch.setattr(FakeProvider, "invite_candidate", refused)
    ran = run("invite", "T", "--email", "robin@example.com")
    assert (ran.code, ran.err) == (1, "error: the vendor calls the request wrong; the vendor says: no mailbox [2J\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InterviewKitError("x", hint="leave it out, or make the provider with unsupported='warn'"), '"warn"'),
        (TransportError("x", hint="raise max_response_bytes if this size is expected"), "account's table"),
        (RateLimitedError("x"), "(wait a while)"),
        (MalformedResponseError("x"), None),
        (TransportError("x"), "(try again later)"),
        (TransportError("x", outcome=Outcome.UNKNOWN), "[outcome: unknown]"),
        (InvalidRequestError("x", vendor_message="w" * 1000), "w…"),
    ],
)
def test_hints_speak_of_the_command_line(error: InterviewKitError, said: str | None) -> None:
    text = told(error)
    assert text == "x" if said is None else said in text
    assert len(text) < 400
    for programming in (".raw", ".vendor_message", "='", ".retry_after"):
        assert programming not in text


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 100, 140])
def test_nothing_in_a_table_is_cut_without_an_ellipsis(run: Run, accounts: Accounts, columns: int) -> None:
    ident = "i" * 90
    accounts(acme_interviews={"pages": [(ident, "short")]})
    ran = run("sessions", terminal=True, columns=columns)
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in ran.out.splitlines()]
    assert max(map(len, rows)) <= columns
    words = "–", "acme_interviews", "completed", "Backend", "Candidate", "Interview", "short", f"fake:live:{ident}"
    for row in rows[2:]:
        for word in row.split():
            assert word in (*words, f"fake:live:{words[-2]}", ident) or word.endswith("…"), word
    assert "not whole at this width: " in ran.err
    assert "(--json has all)" in ran.err


def test_columns_are_left_out_before_a_short_reference_is_cut(run: Run, accounts: Accounts) -> None:
    ident = "CQF9L5-EVD-0123456"
    accounts(**{"an-account-with-a-long-name": {"pages": [(ident,)]}})
    ran = run("sessions", terminal=True, columns=80)
    assert f"fake:live:{ident} " in ran.out
    assert "created" not in ran.out
    assert "created" in ran.err


def test_a_wide_terminal_shows_references_whole(run: Run, accounts: Accounts) -> None:
    accounts(one={"pages": [("i" * 90,)]})
    ran = run("sessions", terminal=True, columns=300)
    assert f"fake:live:{'i' * 90} " in ran.out
    assert ran.err.endswith("1 row of 1 account\n")


def test_help_and_version_are_done(run: Run) -> None:
    assert run("--help").code == 0
    assert run("--version").out.strip() == interviewkit.__version__


@pytest.mark.parametrize("sessions", ["-1", "100000"])
def test_the_demo_refuses_more_sessions_than_a_vendors_limit_allows(run: Run, sessions: str) -> None:
    ran = run("demo", f"--sessions={sessions}")
    assert ran.code == 2
    assert "--sessions is 0 to 600" in ran.err
