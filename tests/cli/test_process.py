"""The command as a process of its own: the demo, the sandbox, a missing extra, a closed pipe, an interrupt."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import interviewkit
from interviewkit.cli import demo, sandboxed
from interviewkit.serialize import report_from_json
from tests.cli.conftest import Run

ROOT = str(Path(interviewkit.__file__).parents[1])
COMMAND = (sys.executable, "-m", "interviewkit.cli")


def environment(**more: str) -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": ROOT, **more}


def call(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_demo_shows_three_vendors_side_by_side_in_under_ten_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    ran = call(tmp_path, "demo")
    took = time.monotonic() - began
    assert (ran.returncode, ran.stderr) == (0, "")
    for shown in ("coderpad", "remoteinterview", "codility", "Scores side by side", "Test cases", "Notes", "Timeline"):
        assert shown in ran.stdout
    assert took < 10
    lines = (tmp_path / "interviewkit-demo" / "reports.jsonl").read_text().splitlines()
    reports = [report_from_json(json.loads(line)) for line in lines]
    assert {report.provider for report in reports} == {"coderpad", "remoteinterview", "codility"}
    assert any(report.score for report in reports)
    assert any(report.tasks and report.tasks[0].files for report in reports)
    assert f"{len(reports)} sessions" in ran.stdout
    told, _, _ = ran.stdout.partition("One candidate's report in full")
    assert "…" not in told.partition("sessions\n")[2]
    assert "Interview with Backend Engineer" in told
    assert re.search(r"coderpad +status +remoteinterview +score +codility +score", told)
    assert "\nunknown: " in told


@pytest.mark.parametrize("columns", [60, 80, 100])
def test_the_demo_fits_a_terminal_and_cuts_nothing_without_an_ellipsis(run: Run, columns: int) -> None:
    ran = run("demo", "--sessions", "6", terminal=True, columns=columns)
    shown = re.sub(r"\x1b\[[0-9;]*m", "", ran.out)
    assert ran.code == 0
    assert max(map(len, shown.splitlines())) <= columns
    days = re.findall(r"\b20\d\d-[\d-]*…?", shown)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d|20.*…", day) for day in days)
    assert days


@pytest.mark.parametrize(
    ("step", "who"),
    [
        ("invite_and_create", "coderpad."),
        ("list_everything", ".list_"),
        ("fetch_everything", "coderpad."),
        ("count_requests", "no connection"),
    ],
)
def test_the_demo_fails_in_one_line_when_the_sandbox_dies_on_the_way(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step: str, who: str
) -> None:
    real = getattr(demo, step)
    started: list[sandboxed.Running] = []
    enter = sandboxed.Running.__init__

    def remember(self: sandboxed.Running, *arguments: Any, **keywords: Any) -> None:
        enter(self, *arguments, **keywords)
        started.append(self)

    async def killed_first(*arguments: Any) -> Any:
        started[0].process.kill()
        await started[0].process.wait()
        return await real(*arguments)

    monkeypatch.setattr(sandboxed.Running, "__init__", remember)
    monkeypatch.setattr(demo, step, killed_first)
    ran = run("demo")
    assert ran.code == 1
    assert ran.err.startswith("error: ")
    assert who in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "interviewkit-demo").exists()


def test_the_demo_says_that_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    (tmp_path / "folder" / "reports.jsonl").mkdir(parents=True)
    for output in ("taken", "taken/below", "folder"):
        ran = run("demo", "--output", output)
        assert (ran.code, ran.out) == (1, "")
        assert "cannot be written" in ran.err


def test_the_trial_of_the_demos_folder_leaves_nothing(tmp_path: Path) -> None:
    demo.check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
@pytest.mark.parametrize("command", ["--help", "providers", "demo"])
def test_a_full_disk_is_one_clear_line(tmp_path: Path, command: str) -> None:
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*COMMAND, command], cwd=tmp_path, env=environment(), stdout=full, stderr=subprocess.PIPE, text=True,
            timeout=30, check=False,
        )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (1, "error: the output cannot be written: No space left on device\n")


def test_a_sandbox_that_does_not_start_says_why(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "interviewkit.py").write_text("raise ImportError('not whole')\n")
    monkeypatch.setattr(sandboxed, "_environment", lambda: {**os.environ, "PYTHONPATH": str(tmp_path)})
    ran = run("sessions", "--sandbox")
    assert ran.code == 1
    assert ran.err.startswith("error: the sandbox did not start: ")
    assert "not whole" in ran.err


async def test_a_sandbox_ends_by_itself_when_it_is_no_longer_needed() -> None:
    async with sandboxed.running(sessions=3) as box:
        assert (await box.control("GET", "/health"))["ok"]
    assert box.process.returncode == 0


def test_a_session_is_created_listed_and_reported_in_a_sandbox(tmp_path: Path) -> None:
    made = call(tmp_path, "create", "--sandbox", "--account", "sandbox-codility", "--title", "Pairing")
    assert made.returncode == 0
    assert json.loads(made.stdout)["access_code"]
    invited = call(tmp_path, "invite", "--sandbox", "--account", "sandbox-coderpad", "--name", "Backend Candidate")
    assert invited.returncode == 0
    assert json.loads(invited.stdout)["url"].startswith("http://127.0.0.1:")


def test_the_accounts_that_the_sandbox_prints_lead_to_it(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--json", "--sessions", "3"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        checked = call(tmp_path, "check", **ready["environment"])
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=10)
    assert checked.returncode == 0
    assert {json.loads(line)["account"] for line in checked.stdout.splitlines()} == {
        "coderpad", "remoteinterview", "codility",
    }  # fmt: skip
    assert (process.returncode, complaints) == (0, "")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "rich.py").write_text("raise ModuleNotFoundError(\"No module named 'rich'\", name='rich')\n")
    ran = subprocess.run(
        [*COMMAND, "sessions"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert ran.stderr == "error: the command line needs an extra: pip install 'interviewkit[cli]'\n"


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["/bin/bash", "-c", f'{" ".join(COMMAND)} sessions --sandbox | head -1; echo "code ${{PIPESTATUS[0]}}"'],
        cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    first, code = ran.stdout.splitlines()
    assert json.loads(first)["provider"]
    assert (code, ran.stderr) == ("code 0", "")


def children(process: subprocess.Popen[str]) -> list[str]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return []


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the sandbox's process in /proc")
def test_an_interrupted_command_leaves_no_sandbox_and_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "sessions", "--sandbox"],
        cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        until = time.monotonic() + 20
        while not (begun := children(process)) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, "", "")
    assert begun
    assert not any(Path(f"/proc/{child}").exists() for child in begun)
