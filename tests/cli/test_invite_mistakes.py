"""`invite` and `ledger` after a mistake: it is named for what it is, nothing is sent, and the next command goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Ran, Run
from tests.cli.invite_stage import Stage, lines, result, states

SOURCE, RESULT = "c.csv", "c.result.csv"


@pytest.fixture
def tests(stage: Stage, run: Run) -> list[str]:
    """Two assessments of RemoteInterview."""
    return [one["id"] for one in lines(run("assessments", "--account", "remoteinterview", "--json"))][:2]


@pytest.fixture
def codility_test(stage: Stage, run: Run) -> str:
    return str(lines(run("assessments", "--account", "codility", "--json"))[0]["id"])


def people(folder: Path, *rows: str, head: str = "email") -> list[str]:
    (folder / SOURCE).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return list(rows)


def remotely(run: Run, test: str, *more: str) -> Ran:
    return run("invite", "--account", "remoteinterview", "--assessment", test, *more)


def invited(stage: Stage, mailboxes: list[str]) -> list[int]:
    found = stage.commits("candidate.invite", "email")
    return [found[one] for one in mailboxes]


# --- another assessment was meant ---


@pytest.mark.parametrize("again", [SOURCE, RESULT])
def test_rows_that_an_assessment_refused_are_invited_to_another_one(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path, again: str
) -> None:
    mailboxes = people(tmp_path, *(f"meant-{again}-{one}@example.com" for one in range(12)))
    stage.fail("remoteinterview", kind="status", status=404, times=None)
    assert remotely(run, tests[0], SOURCE).code == 1
    assert {*states(tmp_path / RESULT)} == {"failed", "pending"}
    stage.heal()
    ran = remotely(run, tests[1], again)
    assert (ran.code, {*states(tmp_path / RESULT)}) == (0, {"invited"}), ran.err
    (tmp_path / RESULT).unlink()  # the rows have the references that they had from the start
    assert remotely(run, tests[1], SOURCE).code == 0
    assert invited(stage, mailboxes) == [1] * 12


@pytest.mark.parametrize("again", [SOURCE, RESULT])
def test_a_result_of_another_assessment_is_called_that(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path, again: str
) -> None:
    mailboxes = people(tmp_path, f"elsewhere-{again}@example.com")
    assert remotely(run, tests[0], SOURCE).code == 0
    before = (tmp_path / RESULT).read_bytes()
    ran = remotely(run, tests[1], again)
    assert (ran.code, f"assessment {tests[0]}" in ran.err) == (2, True), ran.err
    assert "nothing was sent" in ran.err
    assert "knows nothing" not in ran.err
    assert (tmp_path / RESULT).read_bytes() == before
    assert invited(stage, mailboxes) == [1]


def test_what_nobody_knows_the_fate_of_is_not_fed_to_another_assessment(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path
) -> None:
    mailboxes = people(tmp_path, "fate@example.com")
    assert remotely(run, tests[0], SOURCE).code == 0
    (tmp_path / RESULT).write_text((tmp_path / RESULT).read_text().replace(",invited,", ",pending,"))
    ran = remotely(run, tests[1], RESULT)
    assert (ran.code, f"assessment {tests[0]}" in ran.err) == (2, True), ran.err
    assert invited(stage, mailboxes) == [1]


@pytest.mark.parametrize("again", [SOURCE, RESULT])
def test_what_a_killed_run_left_as_pending_is_not_fed_to_another_assessment(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path, again: str
) -> None:
    mailboxes = people(tmp_path, f"killed-{again}@example.com")
    assert remotely(run, tests[0], SOURCE).code == 0
    head, row = (tmp_path / RESULT).read_text().splitlines()
    (tmp_path / RESULT).write_text(f"{head}\n{','.join(row.split(',')[:2])},pending,,,,,,\n")
    ran = remotely(run, tests[1], again)
    assert (ran.code, f"for assessment {tests[0]}" in ran.err) == (2, True), ran.err
    assert invited(stage, mailboxes) == [1]


@pytest.mark.parametrize("account", ["coderpad", "codility"])
def test_a_name_is_enough_where_the_vendor_wants_no_mailbox(
    run: Run, stage: Stage, codility_test: str, tmp_path: Path, account: str
) -> None:
    people(tmp_path, ",Robin,", ",,id-7", head="email,name,id")
    test = ("--assessment", codility_test) if account == "codility" else ()
    ran = run("invite", "--account", account, *test, SOURCE)
    assert (ran.code, states(tmp_path / RESULT)) == (0, ["invited"] * 2), ran.err


@pytest.mark.parametrize("account", ["remoteinterview", "codility"])
def test_a_run_for_an_assessment_that_is_not_there_leaves_nothing(
    run: Run, stage: Stage, tmp_path: Path, account: str
) -> None:
    people(tmp_path, "nowhere@example.com")
    there, before = {*tmp_path.iterdir()}, stage.requests()
    ran = run("invite", "--account", account, "--assessment", "999", SOURCE)
    hint = "`interviewkit assessments` shows the ids"
    assert (ran.code, ran.err) == (2, f"error: {account} has no assessment 999; nothing was sent ({hint})\n")
    assert stage.requests() - before == 1
    assert {*tmp_path.iterdir()} == there


# --- a file that is none of ours ---


@pytest.mark.parametrize("again", [SOURCE, RESULT])
def test_a_result_in_another_encoding_is_told_how_to_save_it(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path, again: str
) -> None:
    people(tmp_path, f"latin-{again}@example.com,Ren\xe9", head="email,name")
    assert remotely(run, tests[0], SOURCE).code == 0
    text = (tmp_path / RESULT).read_text("utf-8")
    (tmp_path / RESULT).write_bytes(text.encode("latin-1"))
    ran = remotely(run, tests[0], again)
    assert (ran.code, 'save the file as "CSV UTF-8"' in ran.err) == (2, True), ran.err
    assert "line 2 was sent before, and it is not UTF-8 text" in ran.err
    assert (tmp_path / RESULT).read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize(
    ("name", "form"),
    [("people.xlsx", ()), ("people.XLS", ()), ("people.ods", ("--assessment", "T")), ("people.dat", ())],
)
def test_a_spreadsheets_own_file_is_no_assessment(
    run: Run, stage: Stage, tmp_path: Path, name: str, form: tuple[str, ...]
) -> None:
    if name != "people.xlsx":  # which is told by its name, also where it is not there
        (tmp_path / name).write_bytes(b"PK\x03\x04")
    ran = run("invite", name, *form, "--account", "codility", *(() if form else ("--email", "a@example.com")))
    assert (ran.code, ran.err) == (2, f"error: {name} looks like a file (save it as CSV UTF-8)\n")


def test_a_result_that_has_no_place_is_wrong_usage_and_leaves_nothing(run: Run, stage: Stage, tmp_path: Path) -> None:
    people(tmp_path, "placeless@example.com")
    there, before = {*tmp_path.iterdir()}, stage.requests()
    ran = run("invite", "--account", "codility", "--assessment", "1", SOURCE, "--result", "no/such/r.csv")
    assert (ran.code, "no/such/r.csv cannot be written: there is no folder no/such" in ran.err) == (2, True)
    assert stage.requests() == before
    assert {*tmp_path.iterdir()} == there


# --- nobody, and what is no mailbox ---


@pytest.mark.parametrize("store", [(), ("--store", "sqlite:///s.db")])
def test_nobody_is_not_invited(run: Run, stage: Stage, codility_test: str, store: tuple[str, ...]) -> None:
    before = stage.requests()
    ran = run("invite", codility_test, "--account", "codility", *store)
    assert (ran.code, ran.err) == (
        2, "error: nothing says who is invited (say --email, --name or --reference)\n"
    )  # fmt: skip
    assert stage.requests() == before


@pytest.mark.parametrize("account", ["codility", "remoteinterview", "coderpad"])
@pytest.mark.parametrize(
    ("option", "value"), [("--email", "zoe"), ("--email", ""), ("--email", "z oe@example.com"), ("--report-email", "x")]
)
def test_what_is_no_mailbox_is_said_before_anything_is_sent(
    run: Run, stage: Stage, account: str, option: str, value: str
) -> None:
    before = stage.requests()
    ran = run("invite", "T", "--account", account, "--name", "Zoe", f"{option}={value}")
    assert (ran.code, ran.err) == (2, f"error: {option} is no mailbox\n")
    assert stage.requests() == before


def test_a_files_report_mailbox_is_looked_at_too(run: Run, stage: Stage, codility_test: str, tmp_path: Path) -> None:
    people(tmp_path, "reported@example.com")
    there = {*tmp_path.iterdir()}
    given = ("--report-email", "a@example.com", "--report-email", "nobody")
    ran = run("invite", "--account", "codility", "--assessment", codility_test, SOURCE, *given)
    assert (ran.code, ran.err) == (2, "error: --report-email is no mailbox\n")
    assert {*tmp_path.iterdir()} == there


def test_a_row_with_a_reference_and_nobody_is_bad(run: Run, stage: Stage, codility_test: str, tmp_path: Path) -> None:
    people(tmp_path, ",,nobody-1", "named@example.com,,named-1", head="email,name,reference")
    ran = run("invite", "--account", "codility", "--assessment", codility_test, SOURCE)
    assert (ran.code, states(tmp_path / RESULT)) == (3, ["refused", "invited"])
    assert "line 2: it has a reference, and nothing says who it is about" in ran.err
    assert result(tmp_path / RESULT)[0]["reference"] == "nobody-1"


def test_a_file_of_references_alone_invites_by_them(run: Run, stage: Stage, codility_test: str, tmp_path: Path) -> None:
    people(tmp_path, "alone-1", "alone-2", head="reference")
    ran = run("invite", "--account", "codility", "--assessment", codility_test, SOURCE)
    assert (ran.code, states(tmp_path / RESULT)) == (0, ["invited"] * 2), ran.err


# --- what a program is told ---


def test_a_line_of_json_has_the_vendors_words_and_the_command_lines(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path
) -> None:
    people(tmp_path, "words@example.com")
    stage.fail("remoteinterview", kind="status", status=400, times=None)
    row, _ = lines(remotely(run, tests[0], SOURCE))
    assert row["error"]["error"] == "InvalidRequestError"
    assert row["error"]["message"] == result(tmp_path / RESULT)[0]["error"]
    assert "the vendor says: " in row["error"]["message"]
    assert ".vendor_message" not in row["error"]["message"]


def test_a_line_of_json_of_an_open_row_names_the_command_that_settles_it(
    run: Run, stage: Stage, tmp_path: Path
) -> None:
    people(tmp_path, "Open Example,o1", head="name,reference")
    stage.fail("coderpad", kind="reset", committed=True)
    row, _ = lines(run("invite", "--account", "coderpad", SOURCE))
    assert f"`interviewkit ledger resolve {row['operation_id']}`" in row["error"]["message"]
    assert "await" not in row["error"]["message"]


# --- the ledger ---


def test_a_word_on_what_is_settled_is_refused_with_the_option_as_it_is_typed(
    run: Run, stage: Stage, tests: list[str], tmp_path: Path
) -> None:
    people(tmp_path, "settled@example.com")
    assert remotely(run, tests[0], SOURCE).code == 0
    ident = result(tmp_path / RESULT)[0]["operation_id"]
    ran = run("ledger", "resolve", ident, "--happened", "no")
    assert ran.code == 2
    assert re.search(r"\(leave out --happened .*\)\n$", ran.err), ran.err
    assert "happened=" not in ran.err


@pytest.mark.parametrize("more", [(), ("--happened", "no")])
def test_an_operation_of_another_account_is_left_alone(
    run: Run, stage: Stage, tmp_path: Path, more: tuple[str, ...]
) -> None:
    people(tmp_path, f"Other Example{len(more)},oa{len(more)}", head="name,reference")
    stage.fail("coderpad", kind="reset", committed=True)
    run("invite", "--account", "coderpad", SOURCE)
    ident = result(tmp_path / RESULT)[0]["operation_id"]
    ran = run("ledger", "resolve", ident, "--account", "codility", *more)
    assert (ran.code, f"operation {ident} is of account coderpad" in ran.err) == (2, True), ran.err
    assert [one["id"] for one in lines(run("ledger", "status"))] == [ident]
