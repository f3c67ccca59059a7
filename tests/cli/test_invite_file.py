"""`invite` with a file, and `ledger`: who is invited at the sandbox, what is said of it, and the exit code."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interviewkit import Candidate, Hub, InviteLedger
from interviewkit.cli import invite_file as module
from interviewkit.cli.invite_result import ResultFile
from tests.cli.conftest import Run
from tests.cli.invite_stage import Stage, lines, result, states
from tests.cli.test_process import COMMAND

RESULT = "candidates.result.csv"


@pytest.fixture
def tests(stage: Stage, run: Run) -> dict[str, str]:
    """An assessment of each account."""
    return {one["account"]: one["id"] for one in lines(run("assessments", "--json"))}


def write(folder: Path, *rows: str, name: str = "candidates.csv") -> str:
    (folder / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
    return name


def people(folder: Path, prefix: str, count: int, name: str = "candidates.csv") -> list[str]:
    """A file of so many, none of whom another test knows; returns their mailboxes."""
    found = [f"{prefix}-{one}@example.com" for one in range(count)]
    write(folder, "email,first_name,stage", *(f"{one},Robin,screen" for one in found), name=name)
    return found


class Vendor:
    """Who was invited at one vendor."""

    def __init__(self, stage: Stage, account: str, test: str) -> None:
        self.stage = stage
        self.account = account
        self.arguments = ("--assessment", test, "--account", account)

    def invited(self, mailboxes: list[str]) -> list[int]:
        kind, name = {"codility": ("session.invite", "email"), "remoteinterview": ("candidate.invite", "email")}[
            self.account
        ]
        found = self.stage.commits(kind, name)
        return [found[one] for one in mailboxes]


@pytest.fixture
def remote(stage: Stage, tests: dict[str, str]) -> Vendor:
    return Vendor(stage, "remoteinterview", tests["remoteinterview"])


@pytest.fixture
def codility(stage: Stage, tests: dict[str, str]) -> Vendor:
    return Vendor(stage, "codility", tests["codility"])


# --- once each ---


@pytest.mark.parametrize("account", ["codility", "remoteinterview"])
def test_everybody_is_invited_once_however_often_the_file_is_fed_in(
    run: Run, stage: Stage, tests: dict[str, str], tmp_path: Path, account: str
) -> None:
    vendor = Vendor(stage, account, tests[account])
    mailboxes = people(tmp_path, f"once-{account}", 3)
    first = run("invite", *vendor.arguments, "candidates.csv")
    assert (first.code, states(tmp_path / RESULT)) == (0, ["invited"] * 3), first.err
    urls = [row["url"] for row in result(tmp_path / RESULT)]
    for again in ("candidates.csv", RESULT):
        ran = run("invite", *vendor.arguments, again)
        assert (ran.code, states(tmp_path / RESULT)) == (0, ["already_invited"] * 3)
        assert [row["url"] for row in result(tmp_path / RESULT)] == urls
    assert vendor.invited(mailboxes) == [1, 1, 1]
    assert [row["email"] for row in result(tmp_path / RESULT)] == mailboxes
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in {".csv", ".part"}) == [
        "candidates.csv", RESULT,
    ]  # fmt: skip


def test_the_result_has_the_inputs_columns_and_what_became_of_each_row(
    run: Run, codility: Vendor, tmp_path: Path
) -> None:
    (mailbox,) = people(tmp_path, "columns", 1)
    ran = run("invite", *codility.arguments, "candidates.csv")
    (row,) = result(tmp_path / RESULT)
    assert list(row) == [
        "email", "first_name", "stage", "reference", "state", "url", "ref", "email_sent", "operation_id", "error",
        "warnings",
    ]  # fmt: skip
    assert (row["email"], row["stage"], row["email_sent"], row["error"]) == (mailbox, "screen", "false", "")
    assert row["url"].startswith("http")
    assert row["ref"].startswith("codility:take_home:")
    assert "carried through to the result, and told to nobody: stage\n" in ran.err
    assert "1 row has no reference" in ran.err
    outcome, last = lines(ran)
    assert (outcome["line"], outcome["reference"], outcome["url"]) == (2, row["reference"], row["url"])
    assert (outcome["state"], outcome["email_sent"], outcome["error"]) == ("invited", False, None)
    assert last == {"summary": {"invited": 1, "result": RESULT, "dry_run": False}}


@pytest.mark.parametrize("account", ["codility", "remoteinterview"])
def test_every_row_that_the_ledger_knows_has_its_number_there(
    run: Run, stage: Stage, tests: dict[str, str], tmp_path: Path, account: str
) -> None:
    vendor = Vendor(stage, account, tests[account])
    people(tmp_path, f"numbered-{account}", 3)
    ran = run("invite", *vendor.arguments, "candidates.csv")
    rows = result(tmp_path / RESULT)
    numbers = [row["operation_id"] for row in rows]
    assert len({*numbers}) == 3
    assert {one["operation_id"] for one in lines(ran) if "line" in one} == {*numbers}
    for row in rows:  # what a number is good for
        (told,) = lines(run("ledger", "resolve", row["operation_id"]))
        assert (told["id"], told["reference"], told["state"]) == (row["operation_id"], row["reference"], "done")
    run("invite", *vendor.arguments, RESULT)
    assert [row["operation_id"] for row in result(tmp_path / RESULT)] == numbers


def test_a_column_that_is_called_like_the_results_keeps_its_values(run: Run, codility: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,State", "state@example.com,CA")
    ran = run("invite", *codility.arguments, "candidates.csv")
    assert "the column State is called input_state in the result" in ran.err
    run("invite", *codility.arguments, RESULT)
    (row,) = result(tmp_path / RESULT)
    assert (row["input_state"], row["state"]) == ("CA", "already_invited")


def test_the_vendor_mails_only_who_was_not_mailed(run: Run, codility: Vendor, tmp_path: Path) -> None:
    mailboxes = people(tmp_path, "mailed", 2)
    before = sum(codility.stage.commits("session.email", "vendor").values())
    for _ in range(2):
        assert run("invite", *codility.arguments, "candidates.csv", "--send-mail").code == 0
    assert [row["email_sent"] for row in result(tmp_path / RESULT)] == ["true", "true"]
    assert sum(codility.stage.commits("session.email", "vendor").values()) - before == len(mailboxes)


def test_a_mail_that_fails_is_done_in_part(run: Run, codility: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "unmailed", 2)
    codility.stage.fail("codility", kind="status", status=400, route="*/email/")
    ran = run("invite", *codility.arguments, "candidates.csv", "--send-mail")
    assert ran.code == 3
    assert sorted(row["email_sent"] for row in result(tmp_path / RESULT)) == ["false", "true"]


# --- bad rows ---


def test_bad_rows_are_named_and_the_others_are_invited(run: Run, remote: Vendor, tmp_path: Path) -> None:
    write(
        tmp_path, "email;reference;name", "bad-1@example.com;b1;Robin", "no mailbox;b2;", "bad-1@example.com;b1;Alex",
        ";b4;Sam", "bad-1@example.com;b1;Robin",
    )  # fmt: skip
    ran = run("invite", *remote.arguments, "candidates.csv")
    assert ran.code == 3
    for said in (
        "line 3: its e-mail is no mailbox", "line 4: it has the reference of line 2, and other data",
        "line 5: remoteinterview.invite_candidate: a Candidate with an email is required",
        "line 6: duplicate: line 2 asks for the same",
    ):  # fmt: skip
        assert said in ran.err
    found = result(tmp_path / RESULT, delimiter=";")
    assert [row["state"] for row in found] == ["invited", "refused", "refused", "refused", "duplicate"]
    assert [row["reference"] for row in found] == ["b1", "b2", "b1", "b4", "b1"]
    assert remote.invited(["bad-1@example.com"]) == [1]


def test_a_bad_row_that_is_mended_in_the_result_is_invited(run: Run, remote: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email", "mended-1@example.com", "mended-2 at example.com")
    assert run("invite", *remote.arguments, "candidates.csv").code == 3
    text = (tmp_path / RESULT).read_text()
    (tmp_path / RESULT).write_text(text.replace("mended-2 at ", "mended-2@"))
    assert run("invite", *remote.arguments, RESULT).code == 0
    assert states(tmp_path / RESULT) == ["already_invited", "invited"]
    assert remote.invited(["mended-1@example.com", "mended-2@example.com"]) == [1, 1]


def test_a_repeated_row_that_is_mended_is_somebody_elses(run: Run, remote: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,name", "rep-1@example.com,Robin", "rep-1@example.com,Alex", "rep-1@example.com,Robin")
    assert run("invite", *remote.arguments, "candidates.csv").code == 3
    head, first, other, same = (tmp_path / RESULT).read_text().splitlines()
    mended = [other.replace("rep-1", "rep-2"), same.replace("rep-1", "rep-3")]
    (tmp_path / RESULT).write_text("\n".join([head, first, *mended]))
    assert run("invite", *remote.arguments, RESULT).code == 0
    assert remote.invited([f"rep-{one}@example.com" for one in (1, 2, 3)]) == [1, 1, 1]


def test_only_bad_rows_are_a_failure(run: Run, remote: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email", "nobody")
    assert run("invite", *remote.arguments, "candidates.csv").code == 1


@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_a_row_that_repeats_a_refused_one_is_no_success(
    run: Run, codility: Vendor, tmp_path: Path, dry: tuple[str, ...]
) -> None:
    write(tmp_path, "email,reference", "nobody,r1", "nobody,r1")
    write(tmp_path, "email,reference,last_name", f"repeats{len(dry)}@example.com,rr{len(dry)},Robin", name="first.csv")
    run("invite", *codility.arguments, "first.csv")
    other = f"repeats{len(dry)}@example.com,rr{len(dry)},Alex"
    write(tmp_path, "email,reference,last_name", other, other, name="other.csv")
    ran = run("invite", *codility.arguments, "other.csv", *dry)
    assert [one["state"] for one in lines(ran) if "state" in one].count("refused") == 1
    assert (ran.code, '"duplicate":1' in ran.out) == (1, True), ran.out


def test_one_row_whose_mail_fails_is_done_in_part(run: Run, codility: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "unmailed-alone", 1)
    codility.stage.fail("codility", kind="status", status=400, route="*/email/")
    assert run("invite", *codility.arguments, "candidates.csv", "--send-mail").code == 3


def test_a_refused_row_may_get_another_reference(run: Run, codility: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,reference,last_name", "another-1@example.com,an1,Robin")
    run("invite", *codility.arguments, "candidates.csv")
    write(tmp_path, "email,reference,last_name", "another-2@example.com,an1,Alex")
    assert run("invite", *codility.arguments, "candidates.csv").code == 1
    (tmp_path / RESULT).write_text((tmp_path / RESULT).read_text().replace(",an1,", ",an2,"))
    ran = run("invite", *codility.arguments, RESULT)
    assert (ran.code, states(tmp_path / RESULT)) == (0, ["invited"]), ran.err
    assert codility.invited(["another-1@example.com", "another-2@example.com"]) == [1, 1]


def test_a_reference_with_other_data_is_refused_and_nothing_is_doubled(
    run: Run, codility: Vendor, tmp_path: Path
) -> None:
    write(tmp_path, "email,reference,last_name", "other-data@example.com,od,Robin")
    run("invite", *codility.arguments, "candidates.csv")
    write(tmp_path, "email,reference,last_name", "other-data@example.com,od,Alex")
    ran = run("invite", *codility.arguments, "candidates.csv")
    assert (ran.code, states(tmp_path / RESULT)) == (1, ["refused"])
    assert "candidate.last_name" in ran.err
    assert codility.invited(["other-data@example.com"]) == [1]


def test_two_references_of_one_mailbox_are_warned_of(run: Run, codility: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,reference", "twice@example.com,1", "Twice@example.com,2")
    ran = run("invite", *codility.arguments, "candidates.csv")
    assert "line 3: the mailbox of line 2 under another reference: both are invited" in ran.err


# --- what fails ---


def test_an_answer_that_is_lost_is_looked_for(run: Run, remote: Vendor, tmp_path: Path) -> None:
    mailboxes = people(tmp_path, "lost", 2)
    remote.stage.fail("remoteinterview", kind="reset", committed=True)
    ran = run("invite", *remote.arguments, "candidates.csv")
    assert (ran.code, states(tmp_path / RESULT)) == (0, ["invited"] * 2)
    assert remote.invited(mailboxes) == [1, 1]
    assert sorted(bool(row["url"]) for row in result(tmp_path / RESULT)) == [False, True]
    assert "which has no links" in ran.err


def test_what_cannot_be_looked_for_stays_unknown_until_somebody_settles_it(
    run: Run, stage: Stage, tmp_path: Path
) -> None:
    write(tmp_path, "name,reference", "Pat Example,p1", "Kim Example,p2")
    stage.fail("coderpad", kind="reset", committed=True)
    ran = run("invite", "--account", "coderpad", "candidates.csv")
    assert (ran.code, sorted(states(tmp_path / RESULT))) == (3, ["invited", "unknown"])
    assert 'agree to a marker with marker = "notes"' in ran.err
    (ident,) = [row["operation_id"] for row in result(tmp_path / RESULT) if row["state"] == "unknown"]
    assert f"`interviewkit ledger resolve {ident}`" in ran.err
    assert "await" not in ran.err

    (open_one,) = lines(run("ledger", "status"))
    assert (open_one["id"], open_one["account"], open_one["method"], open_one["state"]) == (
        ident, "coderpad", "invite_candidate", "unknown",
    )  # fmt: skip
    assert "TransportError" in open_one["error"]
    looked = run("ledger", "resolve", ident)
    assert (looked.code, lines(looked)[0]["state"]) == (1, "unknown")
    assert "--happened" in looked.err
    said = run("ledger", "resolve", ident, "--happened", "yes")
    assert (said.code, lines(said)[0]["state"]) == (0, "done")
    assert lines(run("ledger", "status")) == []

    again = run("invite", "--account", "coderpad", RESULT)
    assert (again.code, states(tmp_path / RESULT)) == (0, ["already_invited"] * 2)
    assert sum(stage.commits("pad.create", "title")[f"Interview with {one} Example"] for one in ("Pat", "Kim")) == 2


def test_an_account_with_a_marker_needs_nobody(run: Run, stage: Stage, tmp_path: Path) -> None:
    stage.write_config(tmp_path, 'marker = "notes"', only="coderpad")
    write(tmp_path, "name,reference", "Mar Example,m1")
    stage.fail("coderpad", kind="reset", committed=True)
    ran = run("invite", "candidates.csv")
    assert (ran.code, states(tmp_path / RESULT), ran.err.count("note")) == (0, ["invited"], 0)
    assert stage.commits("pad.create", "title")["Interview with Mar Example"] == 1


@pytest.mark.parametrize("status", [401, 404])
def test_what_concerns_every_row_ends_the_run_and_is_said_once(
    run: Run, remote: Vendor, tmp_path: Path, status: int
) -> None:
    mailboxes = people(tmp_path, f"all-{status}", 12)
    remote.stage.fail("remoteinterview", kind="status", status=status, times=None)
    ran = run("invite", *remote.arguments, "candidates.csv")
    assert ran.code == 1
    assert len(re.findall(r"^error:", ran.err, re.MULTILINE)) == 1
    assert {*states(tmp_path / RESULT)} == {"failed", "pending"}
    assert states(tmp_path / RESULT).count("pending") >= 4
    remote.stage.heal()
    assert run("invite", *remote.arguments, RESULT).code == 0
    assert remote.invited(mailboxes) == [1] * 12


def test_a_row_that_the_vendor_refuses_is_tried_again_by_the_next_run(
    run: Run, codility: Vendor, tmp_path: Path
) -> None:
    mailboxes = people(tmp_path, "again", 2)
    codility.stage.fail("codility", kind="status", status=400)
    ran = run("invite", *codility.arguments, "candidates.csv")
    assert (ran.code, states(tmp_path / RESULT)) == (1, ["refused"] * 2)
    assert run("invite", *codility.arguments, RESULT).code == 0
    assert codility.invited(mailboxes) == [1, 1]


# --- the result's file ---


def test_a_result_of_other_candidates_is_not_overwritten(run: Run, codility: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "first", 1)
    run("invite", *codility.arguments, "candidates.csv")
    kept = (tmp_path / RESULT).read_bytes()
    others = people(tmp_path, "second", 1)
    ran = run("invite", *codility.arguments, "candidates.csv")
    assert (ran.code, (tmp_path / RESULT).read_bytes()) == (2, kept)
    assert f"{RESULT} is there, and is not the result of these candidates; nothing was sent" in ran.err
    assert codility.invited(others) == [0]
    assert run("invite", *codility.arguments, "candidates.csv", "--overwrite").code == 0
    assert run("invite", *codility.arguments, "candidates.csv", "--result", "other.csv").code == 0
    assert states(tmp_path / RESULT) == ["invited"]
    assert states(tmp_path / "other.csv") == ["already_invited"]


def test_any_other_file_is_not_overwritten(run: Run, codility: Vendor, tmp_path: Path) -> None:
    mailboxes = people(tmp_path, "foreign", 1)
    write(tmp_path, "email,first_name,stage,salary", f"{mailboxes[0]},Robin,screen,1", name=RESULT)
    kept = (tmp_path / RESULT).read_bytes()
    assert run("invite", *codility.arguments, "candidates.csv").code == 2
    assert (tmp_path / RESULT).read_bytes() == kept
    assert codility.invited(mailboxes) == [0]


@pytest.mark.parametrize("what", ["assessment", "store"])
def test_a_result_is_not_taken_for_another_assessments_or_stores(
    run: Run, remote: Vendor, tmp_path: Path, what: str
) -> None:
    mailboxes = people(tmp_path, f"foreign-{what}", 2)
    run("invite", *remote.arguments, "candidates.csv")
    kept = (tmp_path / RESULT).read_bytes()
    test = "-JOther" if what == "assessment" else remote.arguments[1]
    more = () if what == "assessment" else ("--store", "sqlite:///other.db")
    for name in (RESULT, "candidates.csv"):
        ran = run("invite", "--assessment", test, "--account", "remoteinterview", name, *more)
        assert (ran.code, (tmp_path / RESULT).read_bytes()) == (2, kept)
        assert "nothing was sent" in ran.err
    assert remote.invited(mailboxes) == [1, 1]


def test_the_result_is_as_private_as_its_source_and_nothing_half_written_stays(
    run: Run, codility: Vendor, tmp_path: Path
) -> None:
    people(tmp_path, "private", 1)
    (tmp_path / "candidates.csv").chmod(0o640)
    (tmp_path / f".{RESULT}.killed.part").write_text("half of a result")
    run("invite", *codility.arguments, "candidates.csv")
    assert (tmp_path / RESULT).stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.glob(".*.part")) == []


def test_a_result_that_cannot_be_written_is_said_before_anything_is_sent(
    run: Run, codility: Vendor, tmp_path: Path
) -> None:
    mailboxes = people(tmp_path, "unwritable", 1)
    ran = run("invite", *codility.arguments, "candidates.csv", "--result", "no/such/folder.csv")
    assert ran.code == 2
    assert "cannot be written" in ran.err
    assert codility.invited(mailboxes) == [0]


def test_the_result_on_the_disk_keeps_up_with_the_run(
    run: Run, remote: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(tmp_path, "keeps-up", 3)
    seen: list[list[str]] = []
    save = ResultFile.save

    def watched(self: ResultFile, fates: Any) -> None:
        save(self, fates)
        seen.append(states(tmp_path / RESULT))

    monkeypatch.setattr(ResultFile, "save", watched)
    monkeypatch.setattr(module, "_SAVED_EVERY", 0.0)
    run("invite", *remote.arguments, "candidates.csv")
    assert [one.count("invited") for one in seen] == [0, 1, 2, 3, 3]
    assert seen[0] == ["pending"] * 3


# --- a dry run ---


def test_a_dry_run_sends_nothing_and_says_what_would_be(run: Run, remote: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,reference", "dry-1@example.com,d1")
    run("invite", *remote.arguments, "candidates.csv")
    write(
        tmp_path, "email,reference", "dry-1@example.com,d1", "dry-2@example.com,d2", ",d3", "bad,d4",
        "dry-2@example.com,d2", "other@example.com,d1", name="more.csv",
    )  # fmt: skip
    before = remote.stage.requests()
    ran = run("invite", *remote.arguments, "more.csv", "--dry-run")
    assert remote.stage.requests() - before == 1  # the list of tests
    *rows, last = lines(ran)
    assert ran.code == 3
    assert [row["state"] for row in rows] == [
        "already_invited", "would_invite", "refused", "refused", "duplicate", "refused",
    ]  # fmt: skip
    assert last["summary"]["dry_run"] is True
    assert remote.invited(["dry-1@example.com", "dry-2@example.com"]) == [1, 0]
    assert not (tmp_path / "more.result.csv").exists()
    shown = run("invite", *remote.arguments, "more.csv", "--dry-run", terminal=True)
    assert "would invite" in shown.out
    assert "1 already invited, 3 refused, 1 duplicate, 1 would invite" in re.sub(r"\x1b\[[\d;]*m", "", shown.err)


def test_a_dry_run_shows_what_differs_from_an_earlier_run(run: Run, codility: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "email,reference,last_name", "dry-diff@example.com,dd,Robin")
    run("invite", *codility.arguments, "candidates.csv")
    write(tmp_path, "email,reference,last_name", "dry-diff@example.com,dd,Alex", name="changed.csv")
    ran = run("invite", *codility.arguments, "changed.csv", "--dry-run")
    assert lines(ran)[0]["state"] == "refused"
    assert "candidate.last_name" in ran.err


def test_a_dry_run_speaks_of_what_would_be(run: Run, remote: Vendor, tmp_path: Path) -> None:
    rows = [f"nobody-{one}" for one in range(22)]
    write(tmp_path, "email,reference,stage,State", "would-1@example.com,w1,screen,CA", "Would-1@example.com,w2,screen,",
          *(f"{one},b{one},screen," for one in rows))  # fmt: skip
    ran = run("invite", *remote.arguments, "candidates.csv", "--dry-run", terminal=True)
    err = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", ran.err)
    for said in (
        "note: would be carried through to the result, and told to nobody: stage",
        "note: the column State would be called input_state in the result",
        "the mailbox of line 2 under another reference: both would be invited",
        "2 rows more: --json says why",
        "a dry run, nothing was sent: 22 refused, 2 would invite",
        f"without --dry-run the result would go to {RESULT}",
    ):
        assert said in err
    assert not re.search(r"the result (is|says)|are invited|is called|inviting|note: carried", err)
    shown = run("invite", *remote.arguments, "candidates.csv", "--dry-run")
    assert "2 rows more: the lines on standard output say why" in shown.err


def test_a_dry_run_says_what_would_be_looked_for(run: Run, stage: Stage, tmp_path: Path) -> None:
    write(tmp_path, "name,reference", "Dry Look,dl1")
    stage.fail("coderpad", kind="reset", committed=True)
    run("invite", "--account", "coderpad", "candidates.csv")
    ran = run("invite", "--account", "coderpad", "candidates.csv", "--dry-run", terminal=True)
    assert ran.code == 1
    assert "would look first" in ran.out
    assert "nothing was sent: 1 would look first" in re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", ran.err)


def test_a_dry_run_makes_no_store(run: Run, codility: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "no-store", 1)
    assert run("invite", *codility.arguments, "candidates.csv", "--dry-run").code == 0
    assert not (tmp_path / "interviewkit.db").exists()


def test_a_dry_run_tells_of_an_assessment_that_is_not_there(run: Run, remote: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "no-test", 1)
    arguments = ("--assessment", "-JNone", "--account", "remoteinterview", "candidates.csv")
    ran = run("invite", *arguments, "--dry-run")
    assert ran.code == 2
    assert "remoteinterview has no assessment -JNone" in ran.err


# --- wrong usage ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("candidates.csv", "--name", "Robin"), "a candidate's data stand in the file's columns"),
        (("--dry-run",), "go with a file"),
        (
            ("candidates.csv", "--callback-url", "https://ats.example.com/hook"),
            "the vendor cannot be told: callback_url",
        ),
        (("missing.csv",), "missing.csv cannot be read"),
        (("candidates.csv", "--store", "mysql://x"), "store"),
        (("candidates.csv", "--account", "nobody"), "no account nobody"),
        (("candidates.csv", "--reference-column", "x"), "no column 'x'"),
    ],
)
def test_wrong_usage_sends_nothing_and_leaves_nothing(
    run: Run, remote: Vendor, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    mailboxes = people(tmp_path, "usage", 1)
    there = {path.name for path in tmp_path.iterdir()}
    given = remote.arguments if "--account" not in arguments else remote.arguments[:2]
    ran = run("invite", *given, *arguments)
    assert (ran.code, said in ran.err) == (2, True), ran.err
    assert remote.invited(mailboxes) == [0]
    assert {path.name for path in tmp_path.iterdir()} - there <= {"interviewkit.db", "interviewkit.db-wal"}


def test_several_accounts_need_a_choice(run: Run, stage: Stage, tmp_path: Path) -> None:
    people(tmp_path, "several", 1)
    ran = run("invite", "candidates.csv")
    assert ran.code == 2
    assert "say --account with one of: coderpad, remoteinterview, codility" in ran.err
    assert not (tmp_path / "interviewkit.db").exists()


def test_a_ledger_command_without_a_store_or_an_operation_says_so(run: Run, stage: Stage, tmp_path: Path) -> None:
    for command in (("status",), ("resolve", "any")):
        ran = run("ledger", *command)
        hint = "`interviewkit invite` makes one, from a file or with --store"
        assert (ran.code, ran.err) == (2, f"error: there is no store interviewkit.db ({hint})\n")
    write(tmp_path, "name", "Lou Example")
    run("invite", "--account", "coderpad", "candidates.csv")
    ran = run("ledger", "resolve", "nonsense")
    assert (ran.code, "the store knows no operation nonsense" in ran.err) == (2, True)


# --- one candidate ---


def test_one_candidate_is_invited_once_with_a_store(run: Run, remote: Vendor) -> None:
    one = ("--email", "single@example.com", "--store", "sqlite:///interviewkit.db")
    made = [json.loads(run("invite", *remote.arguments, *one).out) for _ in range(2)]
    assert made[0] == made[1]
    assert made[0]["reference"].startswith("ik-")
    assert remote.invited(["single@example.com"]) == [1]
    run("invite", remote.arguments[1], *remote.arguments[2:], "--email", "single@example.com")
    assert remote.invited(["single@example.com"]) == [2]


def test_one_candidate_and_a_file_have_the_same_reference(run: Run, remote: Vendor, tmp_path: Path) -> None:
    (mailbox,) = people(tmp_path, "both", 1)
    run("invite", *remote.arguments, "candidates.csv")
    ran = run(
        "invite", *remote.arguments, "--email", mailbox, "--first-name", "Robin", "--store", "sqlite:///interviewkit.db"
    )
    assert ran.code == 0, ran.err
    assert remote.invited([mailbox]) == [1]


async def test_the_accounts_of_a_hub_write_through_one_ledger(stage: Stage, tmp_path: Path) -> None:
    person = Candidate(email="hub@example.com", name="Hub Example")
    for _ in range(2):
        async with (
            await InviteLedger.open(tmp_path / "hub.db") as ledger,
            Hub.from_config(tmp_path / "interviewkit.toml", ledger=ledger) as hub,
        ):
            await hub["coderpad"].create_session(title="Hub round", reference="h1")
            test = await hub["remoteinterview"].list_assessments().first()
            assert test is not None
            await hub["remoteinterview"].invite_candidate(test.id, person, reference="h1")
    assert stage.commits("pad.create", "title")["Hub round"] == 1
    assert stage.commits("candidate.invite", "email")["hub@example.com"] == 1


async def test_the_environments_accounts_write_through_a_ledger_too(stage: Stage) -> None:
    async with InviteLedger() as ledger, Hub.from_env(ledger=ledger) as hub:
        for _ in range(2):
            await hub["coderpad"].create_session(title="Environment round", reference="e1")
    assert stage.commits("pad.create", "title")["Environment round"] == 1


def test_without_the_harvests_libraries_a_file_is_refused_in_one_line(stage: Stage, tmp_path: Path) -> None:
    people(tmp_path, "extra", 1)
    without = "import sys; sys.modules['sqlalchemy'] = None; from interviewkit.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", without, "invite", "--assessment", "1", "candidates.csv"], cwd=tmp_path,
        env=stage.variables(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: the harvest needs an extra (pip install 'interviewkit[harvest]')\n"


# --- at a terminal, and interrupted ---


def test_at_a_terminal_there_are_counts_and_where_the_result_is(run: Run, codility: Vendor, tmp_path: Path) -> None:
    people(tmp_path, "terminal", 2)
    ran = run("invite", *codility.arguments, "candidates.csv", terminal=True)
    err = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", ran.err)
    assert "2/2" in err
    assert err.rstrip().endswith(f"2 invited\nthe result is in {RESULT}")
    assert "{" not in ran.out


def test_ctrl_c_finishes_what_is_in_flight_and_leaves_a_result(
    stage: Stage, remote: Vendor, run: Run, tmp_path: Path
) -> None:
    mailboxes = people(tmp_path, "interrupted", 40)
    stage.ask("POST", "/faults", vendor="remoteinterview", method="POST", kind="latency", seconds=0.04)
    with subprocess.Popen(
        [*COMMAND, "invite", *remote.arguments, "candidates.csv"], cwd=tmp_path, env=stage.variables(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        out, err = child.stdout.read(), child.stderr.read()  # `communicate` would lose what `readline` has buffered
    stage.heal()
    assert child.returncode == 130, err
    found = states(tmp_path / RESULT)
    assert {*found} == {"invited", "pending"}
    assert found.count("invited") == len(out.splitlines())  # the first line was read before, the last is the summary
    assert "finishing what is in flight" in err
    assert run("invite", *remote.arguments, RESULT).code == 0
    assert remote.invited(mailboxes) == [1] * 40


@pytest.mark.timeout(90)
def test_a_second_ctrl_c_says_what_is_left_open_and_how_to_go_on(
    stage: Stage, remote: Vendor, run: Run, tmp_path: Path
) -> None:
    mailboxes = people(tmp_path, "twice-interrupted", 12)
    quick = [sys.executable, "-m", "tests.cli.hasty", "invite", *remote.arguments]
    stage.fail("remoteinterview", kind="latency", seconds=1.5, times=None)  # what was sent is still committed then
    with subprocess.Popen(
        [*quick, "candidates.csv"], cwd=tmp_path, env=stage.variables(), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stderr is not None
        while [one["state"] for one in lines(run("ledger", "status"))].count("sent") < 4:
            assert child.poll() is None
        child.send_signal(signal.SIGINT)
        said = ""
        while "finishing" not in said:
            said = child.stderr.readline()
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        err = child.stderr.read()
    assert child.returncode == 130
    told = re.fullmatch(
        rf"ended at once: (\d) rows were in flight, and the ledger knows how far each came; to go on feed {RESULT} in "
        r"again: it looks before it sends\n", err,
    )  # fmt: skip
    assert told is not None, err
    left = result(tmp_path / RESULT)
    assert {"unknown", "pending"} <= {row["state"] for row in left}
    open_ones = {one["id"]: one["reference"] for one in lines(run("ledger", "status"))}
    numbered = {row["operation_id"]: row["reference"] for row in left if row["state"] in {"unknown", "pending"}}
    assert {ident: reference for ident, reference in numbered.items() if ident} == open_ones
    assert len(open_ones) == int(told[1])
    stage.heal()
    done = subprocess.run(
        [*quick, RESULT], cwd=tmp_path, env=stage.variables(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert remote.invited(mailboxes) == [1] * 12


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals of this kind")
def test_a_second_ctrl_c_leaves_no_bar_at_a_terminal(stage: Stage, remote: Vendor, run: Run, tmp_path: Path) -> None:
    people(tmp_path, "bar-interrupted", 2)
    stage.fail("remoteinterview", kind="latency", seconds=3.0, times=None)
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*COMMAND, "invite", *remote.arguments, "candidates.csv"], cwd=tmp_path, env=stage.variables(),
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
    ) as child:  # fmt: skip
        os.close(theirs)
        said = b""
        while b"inviting" not in said or len(lines(run("ledger", "status"))) < 2:
            said += os.read(ours, 65536)
        child.send_signal(signal.SIGINT)
        while b"finishing" not in said:
            said += os.read(ours, 65536)
        child.send_signal(signal.SIGINT)
        with contextlib.suppress(OSError):  # how Linux tells the end
            while more := os.read(ours, 65536):
                said += more
    os.close(ours)
    assert child.returncode == 130
    last = said.rpartition(b"2 rows were in flight")[2]
    assert last
    assert b"inviting" not in last
    assert said.count(b"\x1b[?25h") == 1  # the cursor is shown again


def test_who_reads_no_further_stops_the_run(stage: Stage, remote: Vendor, run: Run, tmp_path: Path) -> None:
    mailboxes = people(tmp_path, "unread", 30)
    command = " ".join([*COMMAND, "invite", *remote.arguments, "candidates.csv"])
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} | head -n 1"], cwd=tmp_path, env=stage.variables(), capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert {*states(tmp_path / RESULT)} == {"invited", "pending"}
    assert run("ledger", "status").out == ""  # what was in flight came to its end
    run("invite", *remote.arguments, RESULT)
    assert remote.invited(mailboxes) == [1] * 30


def test_the_result_can_be_read_by_any_csv_reader(run: Run, codility: Vendor, tmp_path: Path) -> None:
    write(tmp_path, "name,email", '"Example, ""Rob""",reader@example.com')
    run("invite", *codility.arguments, "candidates.csv")
    with (tmp_path / RESULT).open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["name"] == 'Example, "Rob"'
