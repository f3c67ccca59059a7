"""A sandbox in a process of its own, for commands that invite: its accounts, and what really happened there."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

import interviewkit

ROOT = str(Path(interviewkit.__file__).parents[1])
BESIDE = str(Path(__file__).parents[2])
"""Where the tests are, which need not be where the package is."""


@attrs.frozen
class Stage:
    """The sandbox's accounts, and its control site."""

    accounts: Mapping[str, Mapping[str, str]]
    environment: Mapping[str, str]
    control_url: str

    def ask(self, method: str, path: str, /, **body: Any) -> Any:
        """Ask the control site."""
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.control_url + path, method=method, headers={"Content-Type": "application/json"},
            data=json.dumps(body).encode() if body else None,
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.loads(answer.read())

    def commits(self, kind: str, name: str) -> Counter[str]:
        """How often each value of a detail stands in the commits of a kind."""
        return Counter(one[name] for one in self.ask("GET", "/commits")["commits"] if one["kind"] == kind)

    def requests(self) -> int:
        """How many requests reached the vendors."""
        return sum(sum(counts.values()) for counts in self.ask("GET", "/counts").values())

    def fail(self, vendor: str, /, **fault: Any) -> None:
        """Order a fault of the vendor's next POST, once unless told."""
        self.ask("POST", "/faults", vendor=vendor, method="POST", **{"times": 1, **fault})

    def heal(self) -> None:
        """Take all faults back."""
        for vendor in ("coderpad", "remoteinterview", "codility"):
            self.ask("DELETE", "/faults", vendor=vendor)

    def write_config(self, folder: Path, *lines: str, only: str | None = None) -> None:
        """Write interviewkit.toml; `lines` go to every account that is written."""
        variables = {value: name for name, value in self.environment.items()}
        text = ""
        for label, keywords in self.accounts.items():
            if only in {None, label.removeprefix("sandbox-")}:
                secret = {"api_key", "pads_api_key", "token"}
                told = [
                    f'{key} = "env:{variables[value]}"' if key in secret else f'{key} = "{value}"'
                    for key, value in keywords.items()
                ]
                text += "\n".join([f"[accounts.{label.removeprefix('sandbox-')}]", *told, *lines, ""])
        (folder / "interviewkit.toml").write_text(text, encoding="utf-8")

    def variables(self) -> dict[str, str]:
        """The environment of a command in a process of its own."""
        return {**os.environ, **self.environment, "PYTHONPATH": os.pathsep.join((ROOT, BESIDE))}


def lines(ran: Any) -> list[dict[str, Any]]:
    """What a command printed as JSON Lines."""
    return [json.loads(line) for line in ran.out.splitlines()]


@contextmanager
def staged() -> Iterator[Stage]:
    """Start a sandbox, and stop it in the end."""
    with subprocess.Popen(
        [sys.executable, "-m", "interviewkit.sandbox", "--seed", "5", "--sessions", "9", "--json",
         "--exit-with-parent"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": ROOT}, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        yield Stage(ready["accounts"], ready["environment"], ready["control_url"])
        process.stdin.close()


def result(path: Path, *, delimiter: str = ",") -> list[dict[str, str]]:
    """A result's rows."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def states(path: Path) -> list[str]:
    """What became of a result's rows."""
    return [row["state"] for row in result(path)]
