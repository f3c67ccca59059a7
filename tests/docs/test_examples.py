"""Every example of the documentation runs against the sandbox and prints what its page shows."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from interviewkit.sandbox import Sandbox

from .conftest import DOCS, EXAMPLES, ROOT

SUITES = sorted(EXAMPLES.glob("test_*.py"))
MODULES = {EXAMPLES / "acme.py"}
"""Imported by a suite; not a program by itself."""
PROGRAMS = sorted({*EXAMPLES.glob("*.py")} - {*SUITES} - MODULES)
SECONDS = 60


def run(path: Path) -> str:
    """What an example prints, run as `python example.py` would run it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(path), run_name="__main__")
    return printed.getvalue()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
async def test_example_runs_and_prints_what_its_page_shows(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with Sandbox() as box:
        for name, value in box.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("CODILITY_CLIENT_ID", box.codility.oauth.client_id)
        monkeypatch.setenv("CODILITY_CLIENT_SECRET", box.codility.oauth.client_secret)
        (tmp_path / "interviewkit.toml").write_text(box.config_toml(), encoding="utf-8")
        printed = await asyncio.wait_for(asyncio.to_thread(run, path), SECONDS)
        assert box.violations == []
    shown = EXAMPLES / "output" / f"{path.stem}.txt"
    if os.environ.get("WRITE_EXAMPLE_OUTPUT"):
        shown.write_text(printed, encoding="utf-8")
    assert printed == shown.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
def test_example_suite_is_green(path: Path, tmp_path: Path) -> None:
    """A test file that a page shows, run by pytest as a reader runs it: in a folder of its own."""
    for source in {*SUITES, *MODULES}:
        (tmp_path / source.name).write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n", encoding="utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", path.name],
        cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_every_example_stands_on_a_page() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in [ROOT / "README.md", *DOCS.rglob("*.md")])
    unused = [path.name for path in EXAMPLES.iterdir() if path.suffix in {".py", ".toml"} and path.name not in pages]
    assert unused == []


def test_every_stored_output_belongs_to_an_example() -> None:
    stored = {path.stem for path in (EXAMPLES / "output").glob("*.txt")}
    assert stored == {path.stem for path in PROGRAMS}


def test_the_example_configuration_holds_three_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    from interviewkit import config

    monkeypatch.setenv("ACME_CODILITY_TOKEN", "token")
    monkeypatch.setenv("ACME_CODERPAD_KEY", "key")
    found = config.load(EXAMPLES / "interviewkit.toml", only=["acme-codility", "acme-pads"])
    assert [(account.label, account.provider) for account in found] == [
        ("acme-codility", "codility"), ("acme-pads", "coderpad"),
    ]  # fmt: skip
