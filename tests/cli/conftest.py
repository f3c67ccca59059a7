"""A command line in this process: its exit code, stdout and stderr, with or without a terminal."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from interviewkit import registry
from interviewkit.cli import main
from tests.cli.invite_stage import Stage, staged
from tests.fake_vendor import FakeProvider


@attrs.frozen
class Ran:
    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


Run = Callable[..., Ran]
Accounts = Callable[..., None]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run("sessions", "--json")`, in a folder of its own; `terminal=True` gives it a screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def call(*arguments: str, terminal: bool = False, columns: int = 100) -> Ran:
        make = Terminal if terminal else io.StringIO
        out, err = make(), make()
        with monkeypatch.context() as patch:
            patch.setenv("COLUMNS", str(columns))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = main(list(arguments))
        return Ran(code, out.getvalue(), err.getvalue())

    return call


@pytest.fixture
def accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Accounts:
    """Write an interviewkit.toml of fake accounts: `accounts(one={}, two={"bad_rows": 1})`."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setenv("FAKE_KEY", "k")

    def write(**labels: dict[str, object]) -> None:
        lines = []
        for label, keywords in labels.items():
            name = f"fake_{label}"

            class Bound(FakeProvider):
                extra = keywords

                def __init__(self, api_key: str, *, account: str | None = None) -> None:
                    super().__init__(api_key, account=account, **self.extra)  # type: ignore[arg-type]

            registry._registered[name] = Bound
            lines.append(f'[accounts.{label}]\nprovider = "{name}"\napi_key = "env:FAKE_KEY"\n')
        (tmp_path / "interviewkit.toml").write_text("\n".join(lines))

    return write


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Stage]:
    """A sandbox for commands that invite."""
    with staged() as found:
        yield found


@pytest.fixture
def stage(sandbox: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """The sandbox without faults, and an account for each vendor."""
    for name, value in sandbox.environment.items():
        monkeypatch.setenv(name, value)
    sandbox.write_config(tmp_path)
    yield sandbox
    sandbox.heal()
