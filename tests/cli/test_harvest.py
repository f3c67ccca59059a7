"""`harvest`, its `status` and `forget`: what they print and leave, and the exit code of whatever may go wrong."""

from __future__ import annotations

import io
import json
import os
import re
import select
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from interviewkit import AuthenticationError
from interviewkit.cli import demo, demo_harvest, sandboxed
from interviewkit.harvest import Harvester
from tests.cli.conftest import Accounts, Ran, Run, Terminal
from tests.cli.test_process import COMMAND, ROOT, call, environment
from tests.fake_vendor import trouble
from tests.harvest.conftest import _server, postgres, postgres_url  # noqa: F401

STORE = "interviewkit.db"
PERSON = "candidate@example.com"  # of all of the fake vendor's sessions


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def plain(text: str) -> str:
    """A terminal's text without colours."""
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def summary(out: str) -> dict[str, dict[str, Any]]:
    """The last line's accounts by label."""
    return {one["account"]: one for one in lines(out)[-1]["summary"]["accounts"]}


def stored(folder: Path, name: str = STORE) -> list[tuple[str, str]]:
    with sqlite3.connect(folder / name) as connection:
        found = connection.execute("SELECT account, ref FROM report WHERE deleted_at IS NULL ORDER BY 1, 2").fetchall()
    connection.close()
    return found


# --- a pass ---


def test_into_a_pipe_each_outcome_is_a_line_and_the_summary_is_the_last(run: Run, accounts: Accounts) -> None:
    accounts(one={}, two={"pages": [("c",)]})
    ran = run("harvest")
    *outcomes, last = lines(ran.out)
    assert (ran.code, ran.err) == (0, "")
    assert sorted((one["account"], one["ref"], one["change"]) for one in outcomes) == [
        ("one", "fake:live:a", "new"), ("one", "fake:live:b", "new"), ("two", "fake:live:c", "new"),
    ]  # fmt: skip
    assert sorted(one["seq"] for one in outcomes) == [1, 2, 3]
    assert {one["state"] for one in last["summary"]["accounts"]} == {"done"}


def test_a_second_pass_brings_what_is_new_only(run: Run, accounts: Accounts, tmp_path: Path) -> None:
    accounts(one={})
    run("harvest")
    accounts(one={"pages": [("a", "b", "c")]})
    outcomes = [one for one in lines(run("harvest").out)[:-1] if one["change"] != "unchanged"]
    assert [(one["ref"], one["change"]) for one in outcomes] == [("fake:live:c", "new")]
    assert len(stored(tmp_path)) == 3


def test_at_a_terminal_there_are_bars_and_a_table(run: Run, accounts: Accounts) -> None:
    accounts(one={"delay": 0.02}, two={})
    ran = run("harvest", terminal=True, columns=120)
    assert ran.code == 0
    assert re.search(
        r"account +state +new +changed +unchanged +gone +unreadable +failed +requests +next due", plain(ran.out)
    )
    assert re.search(r"one +done +2 .*in (59|60) min", plain(ran.out))
    assert re.search("[12]/2 reports", plain(ran.err))
    assert "{" not in ran.out


def test_only_accounts_that_are_due_are_harvested_where_that_is_asked(run: Run, accounts: Accounts) -> None:
    accounts(one={})
    assert summary(run("harvest", "--due").out)["one"]["state"] == "done"
    assert summary(run("harvest", "--due").out)["one"]["state"] == "not_due"
    assert summary(run("harvest").out)["one"]["state"] == "done"


@pytest.mark.parametrize(("arguments", "seconds"), [((), 86400.0), (("--sweep-every", "1.5"), 5400.0)])
def test_lists_are_read_whole_as_often_as_told(
    run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], seconds: float
) -> None:
    told: list[float] = []

    class Watched(Harvester):
        def __init__(self, *given: Any, **options: Any) -> None:
            told.append(options["sweep_every"])
            super().__init__(*given, **options)

    async def work(*_: Any, sweep_every: float, **_options: Any) -> None:
        told.append(sweep_every)

    monkeypatch.setattr("interviewkit.harvest.Harvester", Watched, raising=False)
    monkeypatch.setattr("interviewkit.harvest.worker.work", work)
    monkeypatch.setattr("interviewkit.cli.stores.check", lambda *_, **_options: None)
    accounts(one={})
    assert run("harvest", *arguments).code == 0
    assert run("harvest", "worker", "--store", STORE, *arguments).code == 0
    assert told == [seconds, seconds]


def test_one_account_that_fails_stops_no_other_and_says_why(run: Run, accounts: Accounts, tmp_path: Path) -> None:
    refused = AuthenticationError("the key is not accepted", status=401)
    accounts(good={}, bad={"failing": trouble(), "pages": []}, locked={"failing": refused, "pages": []})
    ran = run("harvest")
    states = {label: one["state"] for label, one in summary(ran.out).items()}
    assert (ran.code, states) == (3, {"good": "done", "bad": "failed", "locked": "parked"})
    assert [account for account, _ in stored(tmp_path)] == ["good", "good"]
    told = sorted(ran.err.splitlines())
    assert told[0].startswith("error: bad: ")
    assert "the vendor is away" in told[0]
    assert told[1].startswith("error: locked: ")
    assert "the key is not accepted" in told[1]
    assert len(told) == 2


def test_it_failed_when_no_account_brings_anything(run: Run, accounts: Accounts) -> None:
    accounts(bad={"failing": trouble(), "pages": []})
    ran = run("harvest")
    assert (ran.code, ran.err.count("\n")) == (1, 1)


def test_a_row_that_cannot_be_read_is_a_warning(run: Run, accounts: Accounts) -> None:
    accounts(one={"bad_rows": 1})
    ran = run("harvest")
    assert (ran.code, summary(ran.out)["one"]["unreadable"]) == (0, 1)
    assert ran.err.startswith("warning: one: 1 could not be read and is kept raw")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--store", "mysql://host/db"), "a store is SQLite or PostgreSQL, not mysql"),
        (("--store", "reports"), "neither a URL nor a file"),
        (("--store", "missing/x.db"), "missing/x.db cannot be opened: No such file or directory"),
        (("--store", "postgresql://u:secret@127.0.0.1:1/x"), "cannot be reached"),
        (("--account", "nobody"), "nobody"),
        (("--artifacts", "taken"), "taken cannot be written"),
        (("--artifacts", "taken/below"), "taken/below cannot be written"),
        (("--since", "yesterday"), "--since is no ISO 8601 time"),
        (("--since", "0001-01-01T00:00+14:00"), "--since is no ISO 8601 time"),
        (("--max-requests", "0"), "--max-requests is at least 1"),
        (("--concurrency", "0"), "--concurrency is at least 1"),
        (("--interval", "nan"), "--interval is a number of seconds"),
        (("--interval", "1e12"), "--interval is a number of seconds"),
        (("--sweep-every", "0"), "--sweep-every is a number of hours"),
        (("worker", "--store", "postgresql://h/d", "--sweep-every", "inf"), "--sweep-every is a number of hours"),
        (("--watch", "--due"), "--watch and --due exclude each other"),
        (("--artfacts", "x"), "did you mean --artifacts?"),
        (("bogus",), "too many arguments: bogus"),
        (("worker", "--stroe", "x"), "did you mean --store?"),
        (("worker",), "--store"),
        (("worker", "--store", "x.db"), "workers share a store on PostgreSQL"),
        (("status",), "there is no store interviewkit.db (`interviewkit harvest` makes one"),
        (("status", "--store", "taken"), "neither a URL nor a file"),
        (("forget", PERSON, "--yes"), "there is no store interviewkit.db"),
        (("forget", "--yes"), "nobody to forget was named"),
        (("forget", PERSON), "say --yes"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_changes_nothing(
    run: Run, accounts: Accounts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], told: str
) -> None:
    accounts(one={})
    (tmp_path / "taken").write_text("")
    before = sorted(tmp_path.iterdir())
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    ran = run("harvest", *arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert ran.err.startswith("error: ")
    assert told in ran.err
    assert "secret" not in ran.err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("command", [("harvest",), ("harvest", "status"), ("export", "--format", "csv")])
def test_a_store_of_a_newer_version_is_left_alone(
    run: Run, accounts: Accounts, tmp_path: Path, command: tuple[str, ...]
) -> None:
    accounts(one={})
    run("harvest")
    with sqlite3.connect(tmp_path / STORE) as connection:
        (table,) = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%_version'").fetchone()
        connection.execute(f"UPDATE {table} SET version_num = '9999'")  # noqa: S608
    connection.close()
    before = (tmp_path / STORE).read_bytes()
    ran = run(*command)
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert "newer version" in ran.err
    assert (tmp_path / STORE).read_bytes() == before


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    missing(tmp_path, "sqlalchemy")
    for command in (("harvest", "--sandbox"), ("harvest", "status"), ("export", "--format", "csv")):
        ran = call(tmp_path, *command, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == "error: the harvest needs an extra (pip install 'interviewkit[harvest]')\n"


def missing(folder: Path, name: str) -> None:
    """Let a library be missing for processes whose path begins with this folder."""
    (folder / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}', name='{name}')\n")


# --- processes, signals, budgets ---


@contextmanager
def served(sessions: int) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """A sandbox in a process of its own, and the environment whose accounts lead to it."""
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--json", "--sessions", str(sessions)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())["environment"]
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.communicate(timeout=20)


@contextmanager
def harvesting(folder: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A harvest that has stored its first report."""
    with subprocess.Popen(
        [*COMMAND, "harvest", *arguments], cwd=folder, env=environment(**more), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["change"] == "new"
            yield process
        finally:
            process.kill()


def test_ctrl_c_finishes_what_is_in_flight_and_the_next_run_goes_on_there(tmp_path: Path) -> None:
    with served(30) as (_, accounts):
        with harvesting(tmp_path, "--concurrency", "1", **accounts) as process:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        assert process.returncode == 130
        assert err == "finishing what is in flight; Ctrl-C once more ends at once\n"
        assert "stopped" in {one["state"] for one in summary(out).values()}
        before = stored(tmp_path)
        rest = call(tmp_path, "harvest", **accounts)
        assert rest.returncode == 0
        brought = {(one["account"], one["ref"]) for one in lines(rest.stdout)[:-1] if one["change"] == "new"}
        assert not brought & {*before}
        assert sorted(brought | {*before}) == stored(tmp_path)
        again = call(tmp_path, "harvest", **accounts)
        assert [one for one in lines(again.stdout)[:-1] if one["change"] == "new"] == []


def test_a_second_ctrl_c_ends_at_once(tmp_path: Path) -> None:
    with served(30) as (sandbox, accounts), harvesting(tmp_path, "--concurrency", "1", **accounts) as process:
        sandbox.send_signal(signal.SIGSTOP)  # what is in flight does not end
        assert process.stdout is not None
        assert process.stderr is not None
        while select.select([process.stdout], [], [], 0.5)[0]:  # until it waits for the sandbox
            assert os.read(process.stdout.fileno(), 65536)
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline().startswith("finishing what is in flight")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=5)
        assert (process.returncode, err) == (130, "")
        assert stored(tmp_path)


def test_requests_that_are_used_up_are_no_failure_and_the_next_run_goes_on_there(tmp_path: Path) -> None:
    with served(12) as (_, accounts):
        few = call(tmp_path, "harvest", "--max-requests", "6", **accounts)
        assert few.returncode == 0
        assert "budget" in {one["state"] for one in summary(few.stdout).values()}
        assert sum(one["requests"] for one in summary(few.stdout).values()) <= 6
        assert "requests are used up; the next harvest goes on there" in few.stderr
        rest = call(tmp_path, "harvest", **accounts)
        assert {one["state"] for one in summary(rest.stdout).values()} == {"done"}


def test_a_sandbox_that_goes_away_is_one_line_an_account(tmp_path: Path) -> None:
    with served(30) as (sandbox, accounts), harvesting(tmp_path, "--concurrency", "1", **accounts) as process:
        sandbox.kill()
        out, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "Traceback" not in err
    assert {one["state"] for one in summary(out).values()} <= {"done", "failed"}
    failed = [label for label, one in summary(out).items() if one["state"] == "failed"]
    assert failed
    assert all(f"error: {label}: " in err for label in failed)


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    command = f"{' '.join(COMMAND)} harvest --sandbox | head -1"
    ran = subprocess.run(
        ["/bin/bash", "-c", f'{command}; echo "code ${{PIPESTATUS[0]}}"'],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    first, code = ran.stdout.splitlines()
    assert json.loads(first)["change"] == "new"
    assert (code, ran.stderr) == ("code 0", "")


def test_a_worker_harvests_into_postgresql_until_it_is_told_to_end(tmp_path: Path, postgres_url: str) -> None:  # noqa: F811
    def reports() -> int:
        rows = lines(call(tmp_path, "harvest", "status", "--store", postgres_url).stdout)
        return sum(row.get("reports", 0) for row in rows)

    empty = call(tmp_path, "harvest", "status", "--store", postgres_url)
    assert (empty.returncode, empty.stderr.count("\n")) == (2, 1)  # nothing was made there
    with subprocess.Popen(
        [*COMMAND, "harvest", "worker", "--sandbox", "--store", postgres_url],
        cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stderr is not None
            assert process.stderr.readline() == "a worker for 3 accounts; Ctrl-C ends it\n"
            assert any(reports() for _ in range(30))
            process.terminate()
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert (process.returncode, err) == (0, "the worker has ended\n")


# --- status ---


def test_the_status_tells_of_accounts_and_consumers(run: Run, accounts: Accounts) -> None:
    refused = AuthenticationError("the key is not accepted", status=401)
    accounts(good={}, locked={"failing": refused, "pages": []})
    run("harvest")
    run("export", "--format", "jsonl", "--consumer", "warehouse")
    good, locked, consumer, whole = lines(run("harvest", "status").out)
    assert (good["account"], good["state"], good["reports"], good["parked"]) == ("good", "waiting", 2, None)
    assert good["last_run"]
    assert (good["last_state"], good["last_failed"]) == ("done", 0)
    assert locked["last_state"] == "parked"
    assert good["next_due"]
    assert (locked["state"], locked["reports"]) == ("parked", 0)
    assert "the key is not accepted" in locked["parked"]
    assert (consumer["consumer"], consumer["seq"], consumer["behind"]) == ("warehouse", 2, 0)
    assert whole == {"store": STORE, "seq": 2, "erased": 0}
    shown = run("harvest", "status", terminal=True, columns=140)
    assert re.search(r"good +waiting +2 .* done +0 ", plain(shown.out))
    assert re.search(r"warehouse +2 +0 ", plain(shown.out))


# --- forget ---


@pytest.fixture
def filled(run: Run, accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store with two sessions of one person in each of two accounts."""
    monkeypatch.setenv("INTERVIEWKIT_ERASURE_KEY", "5a" * 32)
    accounts(one={}, two={"pages": [("c", "d")]})
    assert run("harvest").code == 0


def answered(run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, *arguments: str) -> Ran:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    return run("harvest", "forget", *arguments, terminal=True)


@pytest.mark.usefixtures("filled")
def test_a_candidate_is_erased_and_not_brought_back(run: Run, tmp_path: Path) -> None:
    ran = run("harvest", "forget", "Candidate@Example.com", "--yes")
    (told,) = lines(ran.out)
    assert (ran.code, told["sessions"], told["accounts"], told["reports"]) == (0, 4, ["one", "two"], 4)
    assert "out of reach" in ran.err
    assert "example.com" not in (ran.out + ran.err).lower()
    assert stored(tmp_path) == []
    run("harvest")
    assert stored(tmp_path) == []
    assert lines(run("harvest", "status").out)[-1]["erased"] > 0


@pytest.mark.usefixtures("filled")
def test_a_dry_run_erases_nothing(run: Run, tmp_path: Path) -> None:
    (told,) = lines(run("harvest", "forget", PERSON, "--dry-run").out)
    assert (told["sessions"], told["dry_run"]) == (4, True)
    assert len(stored(tmp_path)) == 4


@pytest.mark.usefixtures("filled")
def test_a_single_session_is_erased(run: Run, tmp_path: Path) -> None:
    ran = run("harvest", "forget", "--ref", "fake:live:a", "--yes")
    assert (ran.code, "fake:live:a" in ran.out + ran.err) == (0, False)
    assert [ref for _, ref in stored(tmp_path)] == ["fake:live:b", "fake:live:c", "fake:live:d"]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("how", ["--dry-run", "--yes"])
def test_who_asks_for_json_gets_the_references_to_erase_in_exports(run: Run, how: str) -> None:
    (told,) = lines(run("harvest", "forget", PERSON, "--ref", "fake:live:a", how, "--json").out)
    assert told["refs"] == {"one": ["fake:live:a", "fake:live:b"], "two": ["fake:live:c", "fake:live:d"]}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("terminal", [True, False])
def test_references_are_told_to_nobody_else(run: Run, terminal: bool) -> None:
    ran = run("harvest", "forget", PERSON, "--dry-run", terminal=terminal)
    assert (ran.code, "fake:live" in ran.out + ran.err) == (0, False)


@pytest.mark.usefixtures("filled")
def test_a_person_at_a_terminal_is_asked_first(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = answered(run, monkeypatch, "\n", PERSON)
    assert (refused.code, len(stored(tmp_path))) == (1, 4)
    assert "there are 4 sessions in one, two" in refused.err
    assert "nothing was erased" in refused.err
    agreed = answered(run, monkeypatch, "y\n", PERSON)
    assert (agreed.code, stored(tmp_path)) == (0, [])
    assert "erased: 4 sessions" in agreed.err
    assert PERSON not in agreed.err + agreed.out + refused.err + refused.out


@pytest.mark.usefixtures("filled")
def test_somebody_unknown_is_remembered_all_the_same(run: Run, tmp_path: Path) -> None:
    ran = run("harvest", "forget", "nobody@example.com", "--yes", terminal=True)
    assert ran.code == 0
    assert "the store knows no such person" in ran.err
    assert len(stored(tmp_path)) == 4
    assert lines(run("harvest", "status").out)[-1]["erased"] == 1


# --- the demo ---


def test_the_demo_harvests_twice_and_asks_the_export_a_question(run: Run, tmp_path: Path) -> None:
    ran = run("demo", "--sessions", "12", terminal=True, columns=120)
    assert ran.code == 0
    shown = plain(ran.out)
    found = re.search(r"^all +(\d+) new +(\d+) +(.*?) +(\d+) *$", shown, re.MULTILINE)
    assert found is not None
    first, second = int(found[2]), int(found[4])
    assert found[3] == "1 new, 2 changed, 1 gone"
    assert 0 < second < first
    assert re.search(r"Which task do most candidates fail\?\n.*\n.*\n.+ \d+ of \d+", shown)
    for account in ("sandbox-remoteinterview", "sandbox-codility"):
        assert re.search(rf"^{account} +once +result +in the store *$", shown, re.MULTILINE)
    folder = tmp_path / "interviewkit-demo"
    assert sorted(path.name for path in folder.iterdir()) == [
        "harvest.db", "reports.jsonl", "reports.parquet", "tasks.parquet", "test_cases.parquet",
    ]  # fmt: skip
    assert len(stored(folder, "harvest.db")) == int(found[1]) + 2  # one came, one went, and two were told by webhook
    assert run("demo", "--sessions", "3").code == 0  # in place of the first one's files


def test_the_demo_fails_in_one_line_when_the_sandbox_dies_in_the_harvest(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = demo_harvest.harvest_twice

    async def killed_first(hub: Any, box: sandboxed.Running, *arguments: Any) -> Any:
        box.process.kill()
        await box.process.wait()
        return await real(hub, box, *arguments)

    monkeypatch.setattr(demo.demo_harvest, "harvest_twice", killed_first)
    ran = run("demo", "--sessions", "6")
    assert (ran.code, ran.err.count("\n")) == (1, 1)
    assert ran.err.startswith("error: ")
    assert not (tmp_path / "interviewkit-demo").exists()


def test_the_demo_says_what_is_left_out_without_the_extra(tmp_path: Path) -> None:
    missing(tmp_path, "sqlalchemy")
    ran = call(tmp_path, "demo", "--sessions", "6", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "The harvest is left out here: pip install 'interviewkit[harvest]'\n" in ran.stdout
    assert [path.name for path in (tmp_path / "interviewkit-demo").iterdir()] == ["reports.jsonl"]
