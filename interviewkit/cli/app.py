"""The commands, and what becomes of their errors."""

from __future__ import annotations

import asyncio
import inspect
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import cyclopts
from cyclopts import App, Parameter

import interviewkit
from interviewkit.cli.demo import demo
from interviewkit.cli.exits import DONE, INTERRUPTED, USAGE, code
from interviewkit.cli.lists import assessments, sessions
from interviewkit.cli.overview import check, providers
from interviewkit.cli.render import Screen
from interviewkit.cli.session import create, invite, report
from interviewkit.errors import InterviewKitError, InvalidArgumentError

app = App(
    name="interviewkit",
    help="Technical interviews at CoderPad, RemoteInterview/CodeInterview and Codility, through one command.",
    version=interviewkit.__version__,
    help_format="plaintext",
)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _run(arguments: Sequence[str]) -> int:
    screen = Screen()
    try:
        command, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
        result = command(*bound.args, **bound.kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        sys.stdout.flush()
    except cyclopts.CycloptsError as error:
        screen.fail(" ".join(str(error).split()))
        return USAGE
    except InterviewKitError as error:
        screen.fail(error)
        return code(error)
    return result if isinstance(result, int) else DONE


async def sandbox(
    *,
    seed: int = 7,
    sessions: int = 30,
    port: int = 0,
    faults: float = 0.0,
    quirks: bool = True,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Serve the three vendors on loopback until Ctrl-C, and print the accounts that lead to them.

    Parameters
    ----------
    seed
        Same seed, same people and sessions.
    sessions
        Size of the base population, about a third at each vendor.
    port
        First port to listen on; free ones unless given.
    faults
        Share of requests that fail, 0 to 1.
    quirks
        Show the oddities of the vendors' answers.
    json
        One JSON line when ready, for programs.
    """
    from interviewkit.sandbox import serve
    from interviewkit.sandbox.__main__ import announce, announce_json

    if not 0 <= faults <= 1 or sessions < 0:
        raise InvalidArgumentError("--faults is 0 to 1, --sessions at least 0")
    try:
        await serve(
            seed=seed, sessions=sessions, port=port, faults=faults, quirks=quirks,
            on_ready=announce_json if json else announce,
        )  # fmt: skip
    except OSError as error:
        raise InterviewKitError(f"the sandbox cannot listen: {error.strerror or error}") from None


for command in (demo, sandbox, providers, check, assessments, sessions, report, create, invite):
    app.command(command)
