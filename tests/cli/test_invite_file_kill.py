"""`invite` with a file at a vendor that fails, killed again and again: the vendor's commit log is the judge."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.cli.invite_stage import Stage, result, states

CANDIDATES = 48
KILLS = 4
RUNS = KILLS + 6
SECONDS = 90.0
FAULTS: list[dict[str, Any]] = [
    {"kind": "reset"}, {"kind": "reset", "committed": True}, {"kind": "late_commit", "seconds": 0.2},
    {"kind": "status", "status": 500}, {"kind": "status", "status": 502, "committed": True},
    {"kind": "truncated"},
]  # fmt: skip
COMMITS = {
    "remoteinterview": ("candidate.invite", "email"), "codility": ("session.invite", "email"),
    "coderpad": ("pad.create", "title"),
}  # fmt: skip


@attrs.define
class Scene:
    """One file at one vendor."""

    stage: Stage
    vendor: str
    folder: Path
    arguments: tuple[str, ...]
    names: list[str]

    @property
    def source(self) -> str:
        """What is fed in: the result, as soon as there is one."""
        name = "candidates.result.csv"
        return name if (self.folder / name).exists() else "candidates.csv"

    def run(self, *, kill_after: int | None) -> int | None:
        """Run the command; kill it as soon as so many more are invited. Returns its exit code; `None`: killed."""
        before = sum(self.commits())
        with subprocess.Popen(
            [sys.executable, "-m", "tests.cli.hasty", "invite", *self.arguments, str(self.folder / self.source),
             "--config", "interviewkit.toml"],
            cwd=self.folder, env=self.stage.variables(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        ) as child:  # fmt: skip
            assert child.stderr is not None
            until = time.monotonic() + SECONDS
            while kill_after is not None and child.poll() is None and sum(self.commits()) - before < kill_after:
                assert time.monotonic() < until
                time.sleep(0.02)
            if kill_after is not None:
                child.kill()
            told = child.stderr.read().decode()
            code = child.wait(SECONDS)
        assert "Traceback" not in told
        return None if code < 0 else code

    def commits(self) -> list[int]:
        """How often each candidate was invited."""
        found = self.stage.commits(*COMMITS[self.vendor])
        return [found[name] for name in self.names]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("vendor", COMMITS)
def test_a_run_that_is_killed_again_and_again_invites_everybody_once(
    sandbox: Stage, tmp_path: Path, vendor: str
) -> None:
    seed = random.SystemRandom().randrange(1, 10**6)
    print(f"seed {seed}")  # noqa: T201
    rng = random.Random(seed)
    scene = _scene(sandbox, tmp_path, vendor)
    for fault in FAULTS:
        sandbox.ask("POST", "/faults", vendor=vendor, method="POST", probability=0.05, **fault)
    killed = 0
    for number in range(RUNS):
        code = scene.run(kill_after=rng.randint(1, 4) if number < KILLS else None)
        killed += code is None
        if code == 0:
            break
    sandbox.heal()
    time.sleep(0.3)  # what is committed late is there by now
    assert killed == KILLS
    assert scene.commits() == [1] * CANDIDATES
    rows = result(tmp_path / "candidates.result.csv")
    key = "email" if vendor != "coderpad" else "name"
    assert [row[key] for row in rows] == [name.removeprefix("Interview with ") for name in scene.names]
    assert {*states(tmp_path / "candidates.result.csv")} <= {"invited", "already_invited"}
    assert len({row["ref"] for row in rows}) == CANDIDATES


def _scene(stage: Stage, folder: Path, vendor: str) -> Scene:
    more = ("timeout = 2.0", "reconcile_timeout = 15.0", *(('marker = "notes"',) if vendor == "coderpad" else ()))
    stage.write_config(folder, *more, only=vendor)
    if vendor == "coderpad":
        people = [f"Killed Applicant {one}" for one in range(CANDIDATES)]
        (folder / "candidates.csv").write_text("name\n" + "\n".join(people) + "\n")
        return Scene(stage, vendor, folder, (), [f"Interview with {one}" for one in people])
    mailboxes = [f"killed-{one}@example.com" for one in range(CANDIDATES)]
    (folder / "candidates.csv").write_text("email\n" + "\n".join(mailboxes) + "\n")
    test = _assessment(stage, vendor, folder)
    return Scene(stage, vendor, folder, ("--assessment", test), mailboxes)


def _assessment(stage: Stage, vendor: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "interviewkit.cli", "assessments", "--limit", "1", "--json"],
        cwd=folder, env=stage.variables(), capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    return str(json.loads(done.stdout)["id"])
