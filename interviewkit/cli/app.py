"""The commands, and what becomes of their errors."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import inspect
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import cyclopts
from cyclopts import App, Parameter

import interviewkit
from interviewkit.cli.demo import demo
from interviewkit.cli.exits import DONE, FAILED, INTERRUPTED, USAGE, code
from interviewkit.cli.export import export
from interviewkit.cli.forget import forget
from interviewkit.cli.harvest import harvest
from interviewkit.cli.invite import invite
from interviewkit.cli.ledger import ledger_resolve, ledger_status
from interviewkit.cli.lists import assessments, sessions
from interviewkit.cli.overview import check, providers
from interviewkit.cli.render import Screen
from interviewkit.cli.session import create, report
from interviewkit.cli.status import status
from interviewkit.cli.usage import check_options, complaint
from interviewkit.cli.webhook_settle import acknowledge, retry
from interviewkit.cli.webhook_status import status as webhook_status
from interviewkit.cli.webhook_urls import url
from interviewkit.cli.webhooks import serve
from interviewkit.cli.worker import worker
from interviewkit.errors import InterviewKitError, InvalidArgumentError

app = App(
    name="interviewkit",
    help="Technical interviews at CoderPad, RemoteInterview/CodeInterview and Codility, through one command.",
    version=interviewkit.__version__,
    help_format="plaintext",
)


_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""How writing to stdout fails when it is a file on a full or broken disk."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has seen enough
        _drop_output()
        return DONE
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _drop_output()
        with contextlib.suppress(OSError):  # stderr may lead to the same full disk
            Screen().fail(f"the output cannot be written: {error.strerror}")
        return FAILED


def _drop_output() -> None:
    """Lead stdout nowhere: Python would complain once more when it flushes at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(arguments: Sequence[str]) -> int:
    screen = Screen()
    try:
        check_options(app, arguments)
        command, bound, _ = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
        result = command(*bound.args, **bound.kwargs)
        if inspect.iscoroutine(result):
            result = asyncio.run(result)
        sys.stdout.flush()
    except cyclopts.CycloptsError as error:
        screen.fail(complaint(error))
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
    from interviewkit.sandbox import Sandbox, serve
    from interviewkit.sandbox.__main__ import announce, announce_json

    try:
        Sandbox(seed=seed, sessions=sessions, port=port, faults=faults)
    except ValueError as error:  # what it does not take is said before anything listens
        raise InvalidArgumentError(f"--{error}") from None
    try:
        await serve(
            seed=seed, sessions=sessions, port=port, faults=faults, quirks=quirks,
            on_ready=announce_json if json else announce,
        )  # fmt: skip
    except OSError as error:
        raise InterviewKitError(f"the sandbox cannot listen: {error.strerror or error}") from None


for command in (demo, sandbox, providers, check, assessments, sessions, report, create, invite, export):
    app.command(command)
harvesting = App(name="harvest", help_format="plaintext")
harvesting.default(harvest)
for part in (worker, status, forget):
    harvesting.command(part)
app.command(harvesting)
ledger = App(name="ledger", help="Writes whose fate is open.", help_format="plaintext")
ledger.command(ledger_status, name="status")
ledger.command(ledger_resolve, name="resolve")
app.command(ledger)
receiving = App(name="webhooks", help="Hear of results without asking: the vendors' webhooks.", help_format="plaintext")


@receiving.default
def _webhooks() -> int:
    app.help_print(["webhooks"])
    return USAGE


receiving.command(serve, name="serve")
receiving.command(webhook_status, name="status")
receiving.command(acknowledge, name="acknowledge")
receiving.command(retry, name="retry")
receiving.command(url, name="url")
app.command(receiving)
