"""Everything that is checked: `nox` runs lint, typing, tests and docs; `nox -l` lists the rest."""

from __future__ import annotations

import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.5"
nox.options.sessions = ["lint", "typing", "tests", "docs"]
nox.options.error_on_missing_interpreters = False
nox.options.default_venv_backend = "venv"

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
OLDEST = PYTHONS[0]


def _groups(session: nox.Session, *names: str) -> None:
    """Install dependency groups, without the project itself (the wheel is installed apart)."""
    wanted = [
        one
        for one in nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), *names)
        if not one.startswith("interviewkit")
    ]
    session.install("--quiet", *wanted)


def _wheel(session: nox.Session, extras: str = "all") -> None:
    """Build the wheel in this session and install it: what is tested is what users get."""
    folder = Path(session.create_tmp()) / "dist"
    shutil.rmtree(folder, ignore_errors=True)
    session.install("--quiet", "build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(folder), ".", silent=True)
    (wheel,) = folder.glob("*.whl")
    session.install("--quiet", f"{wheel}[{extras}]" if extras else str(wheel))


def _beside_the_wheel(session: nox.Session) -> None:
    """Work in a folder with the tests and what they read, but without the source: only the wheel can be imported."""
    root = Path(__file__).parent
    folder = Path(session.create_tmp()) / "beside"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("tests", "docs"):
        shutil.copytree(root / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(root / name, folder / name)
    session.chdir(folder)


@nox.session(python=OLDEST)
def lint(session: nox.Session) -> None:
    """Format and rules."""
    _groups(session, "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session(python=OLDEST)
def typing(session: nox.Session) -> None:
    """mypy --strict on the package, pyright on a file that uses the public API."""
    _groups(session, "typing", "tests")
    session.install("--quiet", ".[all]")
    session.run("mypy", "--strict", "-p", "interviewkit")
    session.run("pyright", "--pythonpath", shutil.which("python", path=session.bin) or "python")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The suite against the built wheel, on every Python that is found."""
    _groups(session, "tests")
    _wheel(session)
    _beside_the_wheel(session)
    session.run("python", "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", *session.posargs)


@nox.session(python=OLDEST)
def docs(session: nox.Session) -> None:
    """The documentation, every warning an error, and its generated parts up to date."""
    _groups(session, "docs", "lint")  # ruff formats the signatures
    session.install("--quiet", ".[all]")
    session.run("python", "docs/generate.py", "--check")
    site = Path(session.create_tmp()) / "site"
    session.run("mkdocs", "build", "--strict", "-f", ".mkdocs.yml", "--site-dir", str(site))


@nox.session(python=OLDEST)
def soak(session: nox.Session) -> None:
    """The long rounds: 200 kills on each database, 100,000 sessions, a virtual day. Half an hour, or more.

    `INTERVIEWKIT_SOAK_KILLS` and `INTERVIEWKIT_SOAK_SESSIONS` set how long.
    """
    _groups(session, "tests")
    _wheel(session)
    _beside_the_wheel(session)
    session.run("python", "-m", "pytest", "-p", "no:cacheprovider", "-s", "--timeout=0", "-m", "soak", *session.posargs)


@nox.session(python="3.12")
def bench(session: nox.Session) -> None:
    """Speed and size as ratios in one run, printed as tables."""
    _groups(session, "bench")
    _wheel(session)
    session.run("python", "tests/bench/run.py", *session.posargs)


@nox.session(python=OLDEST)
def demo(session: nox.Session) -> None:
    """The demo as a newcomer runs it: from the wheel, in a clean environment."""
    _wheel(session, extras="cli,harvest")
    session.chdir(session.create_tmp())
    session.run("interviewkit", "demo", *session.posargs)
